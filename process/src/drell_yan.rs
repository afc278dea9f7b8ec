//! Lepton pairs from two protons at lowest order, with |M|^2 as a formula.
//!
//! S. Drell and T.-M. Yan (1970), with the Z boson:
//!
//! ```text
//! d sigma/(dm^2 dy dc dphi) = 1/(2 pi S) sum_q [ f_q(x1) f_qbar(x2) d(c) + f_qbar(x1) f_q(x2) d(-c) ]
//! d(c) = 1/3 pi alpha^2/(8 m^2) [ (|A_LL|^2 + |A_RR|^2)(1+c)^2 + (|A_LR|^2 + |A_RL|^2)(1-c)^2 ]
//! A_ij = Q_q Q_l + g_i^q g_j^l m^2/(m^2 - MZ^2 + i MZ Gamma),   x1,2 = m/sqrt(S) exp(+-y)
//! ```
//!
//! with g = (T3 - Q s2)/(sw cw) for left-handed ones and T3 = 0 for right-handed ones, c the cosine between
//! quark and negative lepton in their rest frame, and the factorisation scale m. No cuts; the integral over
//! phi is there for the four dimensions that events have.

use std::f64::consts::{PI, TAU};
use std::result::Result as StdResult;
use std::sync::Arc;

use thalweg::{Error, Integrand, IntegrandError, Points, Result};

use crate::pdf::{Grid, Luminosity, PdfError};
use crate::units::PB_PER_INVERSE_GEV2;

/// Quarks: numbers of d, u, s, c, b.
const QUARKS: usize = 5;

/// Constants of the electroweak model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Electroweak {
    /// alpha
    pub alpha: f64,
    /// sine squared of the weak mixing angle
    pub sin2: f64,
    /// mass of the Z boson in `GeV`
    pub mass: f64,
    /// its width in `GeV`
    pub width: f64,
    /// whether the width grows as m^2/MZ
    pub running: bool,
}

impl Electroweak {
    /// `|A_LL|^2 + |A_RR|^2` and `|A_LR|^2 + |A_RL|^2` of a quark of charge 2/3 or -1/3 at m^2 = `s`.
    fn amplitudes(&self, up: bool, s: f64) -> [f64; 2] {
        let (charge, isospin) = if up {
            (2.0 / 3.0, 0.5)
        } else {
            (-1.0 / 3.0, -0.5)
        };
        let norm = 1.0 / (self.sin2 * (1.0 - self.sin2)).sqrt();
        let couplings = |charge: f64, isospin: f64| {
            let right = -charge * self.sin2 * norm;
            [isospin * norm + right, right]
        };
        let (quark, lepton) = (couplings(charge, isospin), couplings(-1.0, -0.5));
        let distance = s - self.mass * self.mass;
        let width = if self.running {
            s / self.mass * self.width
        } else {
            self.mass * self.width
        };
        let scale = s / (distance * distance + width * width);
        let square = |g: f64, h: f64| {
            let (real, imaginary) = (-charge + g * h * scale * distance, g * h * scale * width);
            real * real + imaginary * imaginary
        };
        [
            square(quark[0], lepton[0]) + square(quark[1], lepton[1]),
            square(quark[0], lepton[1]) + square(quark[1], lepton[0]),
        ]
    }
}

/// The cross section in pb of `p p -> Z/gamma* -> l- l+` over the unit cube of (m^2, y, c, phi).
///
/// m^2 is flat between its ends and y within its limits at m.
#[derive(Debug)]
pub struct DrellYan {
    luminosity: Luminosity,
    /// S in `GeV`^2
    total: f64,
    /// of m in `GeV`
    range: (f64, f64),
    constants: Electroweak,
}

impl DrellYan {
    /// Two protons with the densities `grid` of together `energy` in `GeV`, pairs of masses in `range`.
    ///
    /// # Errors
    /// [`Error::InvalidSetting`] for a range that is empty or reaches above the energy.
    pub fn new(
        grid: Arc<Grid>,
        energy: f64,
        range: (f64, f64),
        constants: Electroweak,
    ) -> Result<Self> {
        let (low, high) = range;
        if !(low > 0.0 && low < high && high < energy && energy.is_finite()) {
            return Err(Error::InvalidSetting {
                name: "the highest mass",
                value: high,
                allowed: "above the lowest, which is above 0, and below the energy",
            });
        }
        let quarks = [1, 2, 3, 4, 5].map(|q| [[q, -q], [-q, q]]).concat();
        let luminosity =
            Luminosity::new(grid, [2212, 2212], &quarks).map_err(|_| Error::InvalidSetting {
                name: "the number of quarks",
                value: 0.0,
                allowed: "5, each with its antiquark",
            })?;
        Ok(Self {
            luminosity,
            total: energy * energy,
            range,
            constants,
        })
    }

    fn at(&self, u: &[f64]) -> StdResult<f64, PdfError> {
        let (low, high) = (self.range.0.powi(2), self.range.1.powi(2));
        let s = low + (high - low) * u[0];
        let reach = 0.5 * (self.total / s).ln();
        let y = (2.0 * u[1] - 1.0) * reach;
        let c = 2.0 * u[2] - 1.0;
        let root = (s / self.total).sqrt();
        let x = [root * y.exp(), root * (-y).exp()].map(|x| x.min(1.0));
        let mut f = [0.0; 2 * QUARKS];
        self.luminosity.eval(x, s, &mut f)?;
        let kinds = [false, true].map(|up| self.constants.amplitudes(up, s));
        let (forward, backward) = ((1.0 + c).powi(2), (1.0 - c).powi(2));
        let mut sum = 0.0;
        for (q, f) in f.chunks_exact(2).enumerate() {
            let [equal, opposite] = kinds[q % 2];
            sum += f[0] * (equal * forward + opposite * backward)
                + f[1] * (equal * backward + opposite * forward);
        }
        let partonic = PI * self.constants.alpha.powi(2) / (24.0 * s);
        let jacobian = (high - low) * 2.0 * reach * 2.0 * TAU;
        Ok(PB_PER_INVERSE_GEV2 * jacobian / (TAU * self.total) * partonic * sum)
    }
}

impl Integrand for DrellYan {
    fn dim(&self) -> usize {
        4
    }

    fn eval(&self, points: &Points<'_>, values: &mut [f64]) -> StdResult<(), IntegrandError> {
        for (u, value) in points.iter().zip(values) {
            *value = self.at(u).map_err(|e| IntegrandError::Failed {
                message: e.to_string(),
            })?;
        }
        Ok(())
    }
}
