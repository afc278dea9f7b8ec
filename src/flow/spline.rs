//! Monotone splines on the unit interval, the one-dimensional parts of a flow.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::kernel::{
    TILE,
    spline::{AnyKind, Backward, Direction, Evaluate, MAX_BINS, backward, evaluate},
};

/// The family of a spline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SplineKind {
    /// constant slope on equal bins (Müller et al. 2019, arXiv:1808.03856)
    Linear,
    /// linear slope on free bins (Müller et al. 2019, arXiv:1808.03856)
    Quadratic,
    /// rational-quadratic (Durkan et al. 2019, arXiv:1906.04032)
    RationalQuadratic,
}

impl SplineKind {
    pub(crate) fn any(self) -> AnyKind {
        match self {
            Self::Linear => AnyKind::Linear,
            Self::Quadratic => AnyKind::Quadratic,
            Self::RationalQuadratic => AnyKind::Rational,
        }
    }
}

/// A spline S of the unit interval onto itself with a number of bins; its parameters are given at each call.
///
/// Parameters are raw: unconstrained numbers, all zero for the identity. Bin widths and
/// heights are at least 1e-3, and so are the slopes at the knots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spline {
    /// the family
    pub kind: SplineKind,
    /// number of bins, 1 to 64
    pub bins: usize,
}

/// Derivatives of a loss; see [`Spline::backward`].
#[derive(Clone, Debug, PartialEq)]
pub struct SplineGradient {
    /// with respect to x
    pub x: f64,
    /// with respect to each raw parameter
    pub raw: Vec<f64>,
}

impl Spline {
    /// Checks the number of bins.
    ///
    /// # Errors
    /// [`Error::InvalidSetting`] unless it is between 1 and 64.
    pub fn new(kind: SplineKind, bins: usize) -> Result<Self> {
        if bins == 0 || bins > MAX_BINS {
            let value = bins as f64;
            return Err(Error::InvalidSetting {
                name: "spline bins",
                value,
                allowed: "1 to 64",
            });
        }
        Ok(Self { kind, bins })
    }

    /// Number of raw parameters: K, 2K + 1 and 3K + 1 for K bins.
    pub fn parameters(&self) -> usize {
        self.any().parameters(self.bins)
    }

    pub(crate) fn any(&self) -> AnyKind {
        self.kind.any()
    }

    /// `(S(x), ln S'(x))` for the raw parameters `raw`.
    ///
    /// # Panics
    /// If `raw` does not have [`Spline::parameters`] elements.
    pub fn forward(&self, raw: &[f64], x: f64) -> (f64, f64) {
        self.one(raw, x, Direction::Forward)
    }

    /// `(x, ln S'(x))` with S(x) = y.
    ///
    /// # Panics
    /// If `raw` does not have [`Spline::parameters`] elements.
    pub fn inverse(&self, raw: &[f64], y: f64) -> (f64, f64) {
        self.one(raw, y, Direction::Inverse)
    }

    /// The gradient of a loss of which d loss / d S(x) and d loss / d ln S'(x) are given.
    ///
    /// # Panics
    /// If `raw` does not have [`Spline::parameters`] elements.
    pub fn backward(&self, raw: &[f64], x: f64, gradient: (f64, f64)) -> SplineGradient {
        let mut raw = self.spread(raw);
        self.evaluate(&mut raw, x, Direction::Forward);
        let mut to_x = [gradient.0; TILE];
        let mut raw_gradient = vec![0.0; raw.len()];
        let row = Backward {
            kind: self.any(),
            bins: self.bins,
            raw: &raw,
            x: &[x; TILE],
            gradient: &mut to_x,
            log_slope_gradient: &[gradient.1; TILE],
            raw_gradient: &mut raw_gradient,
        };
        backward(row);
        let raw = raw_gradient.iter().step_by(TILE).copied().collect();
        SplineGradient { x: to_x[0], raw }
    }

    fn one(&self, raw: &[f64], at: f64, direction: Direction) -> (f64, f64) {
        self.evaluate(&mut self.spread(raw), at, direction)
    }

    fn evaluate(&self, raw: &mut [f64], at: f64, direction: Direction) -> (f64, f64) {
        let mut values = [at; TILE];
        let mut slope = [1.0; TILE];
        evaluate(Evaluate {
            kind: self.any(),
            bins: self.bins,
            direction,
            raw,
            values: &mut values,
            slope: &mut slope,
        });
        (values[0], slope[0].ln())
    }

    /// The same parameters for each point of a tile.
    fn spread(&self, raw: &[f64]) -> Vec<f64> {
        assert_eq!(raw.len(), self.parameters(), "raw parameters of {self:?}");
        raw.iter().flat_map(|r| [*r; TILE]).collect()
    }
}
