//! VEGAS+ by hand: one iteration after the other, each with an estimate of its own.
//!
//! [`Integrator`](super::Integrator) decides itself how long to adapt and estimates from fresh points
//! of a frozen grid. Here the caller decides: [`VegasPlus::iterate`] spends a given number of calls,
//! returns mean and covariance of all outputs, and then adapts grid and strata to what was seen.
//! Each iteration is unbiased by itself, because both come from earlier points only:
//!
//! ```text
//! value_o = 1/M sum_h mean_ho       covariance_op = 1/M^2 sum_h cov_h(w_o, w_p) / n_h
//! n_h proportional to s_h^beta, at least 2,   s_h: spread of the first output's weights in cell h
//! ```
//!
//! (G. P. Lepage, arXiv:2009.05112, section III.) Whoever wants to call the integrand himself takes the
//! points of a [`Pass`]. Known weaknesses: averages of iterations that are weighted by their own errors
//! are biased, because small values come with small errors; grid and strata follow the first output
//! alone; there is no scaling, so that squares of f below about 1e-150 or above 1e150 are lost.

mod config;
mod drawn;
mod pass;
mod state;
mod sums;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use config::PassConfig;
pub use drawn::Drawn;
pub use pass::Pass;
pub use state::VegasPlusState;

use config::{FEWEST_BINS, MOST_BINS};

use super::{caller::Caller, strata::Strata};
use crate::error::{Error, Result, check};
use crate::integrand::{Domain, Integrand};
use crate::map::{Grid, Map as _};

/// Points between two looks at what came out of a pass.
const BATCH: u64 = 1 << 14;

/// What an iteration found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PassEstimate {
    /// `[outputs]`: the integrals
    pub values: Vec<f64>,
    /// `[outputs * outputs]`: covariance of the values; off the diagonal 0 where that was not wanted
    pub covariance: Vec<f64>,
    /// calls of the integrand
    pub calls: u64,
}

impl PassEstimate {
    /// One-sigma errors, `[outputs]`.
    pub fn errors(&self) -> Vec<f64> {
        let diagonal = self.covariance.iter().step_by(self.values.len() + 1);
        diagonal.map(|variance| variance.sqrt()).collect()
    }
}

/// A grid with strata on a domain, adapted iteration by iteration.
///
/// ```
/// use thalweg::integrate::{PassConfig, VegasPlus};
/// use thalweg::{Domain, from_fn};
///
/// let f = from_fn(2, |x| (-50.0 * (x[0] - 0.3).powi(2) - 50.0 * (x[1] - 0.6).powi(2)).exp());
/// let mut vegas = VegasPlus::new(Domain::unit(2), 1)?;
/// let config = PassConfig { calls: 5000, ..PassConfig::default() };
/// for _ in 0..4 {
///     vegas.iterate(&f, &config)?;
/// }
/// let frozen = PassConfig { adapt: false, ..config };
/// let found = vegas.iterate(&f, &frozen)?;
/// assert!((found.values[0] - 0.062745).abs() < 5.0 * found.errors()[0]);
/// # Ok::<(), thalweg::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct VegasPlus {
    domain: Domain,
    grid: Grid,
    strata: Option<Strata>,
    seed: u64,
    /// passes that were planned so far: each has numbers of its own
    passes: u64,
}

impl VegasPlus {
    /// The uniform grid on `domain`; `seed` names all points.
    ///
    /// # Errors
    /// [`Error::ZeroDimension`]; [`Error::InvalidSetting`] for a domain with discrete coordinates, whose
    /// probabilities only a run learns.
    pub fn new(domain: Domain, seed: u64) -> Result<Self> {
        let discrete = domain.discrete().len();
        let name = "the number of discrete coordinates";
        check(discrete == 0, name, discrete as f64, "0 for single passes")?;
        let grid = Grid::uniform(domain.dim(), FEWEST_BINS)?;
        Ok(Self {
            domain,
            grid,
            strata: None,
            seed,
            passes: 0,
        })
    }

    /// Starts from `grid`; spreads of strata are forgotten.
    ///
    /// # Errors
    /// [`Error::DimensionMismatch`], or [`Error::InvalidSetting`] for more than 65536 bins.
    pub fn set_grid(&mut self, grid: Grid) -> Result<()> {
        let (found, expected) = (grid.dim(), self.domain.dim());
        if found != expected {
            return Err(Error::DimensionMismatch {
                what: "the grid",
                found,
                expected,
            });
        }
        let bins = grid.bins();
        check(bins <= MOST_BINS, "bins", bins as f64, "at most 65536")?;
        self.grid = grid;
        self.strata = None;
        Ok(())
    }

    /// The grid on the unit cube.
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// The domain.
    pub fn domain(&self) -> &Domain {
        &self.domain
    }

    /// Cells along each axis at the last iteration, `[dim]`; empty before the first.
    pub fn cells_per_axis(&self) -> &[u32] {
        self.strata.as_ref().map_or(&[], Strata::per_axis)
    }

    /// Spread of the first output's weights in each cell, divided by the largest, `[cells]`, the last
    /// axis fastest; empty before the first iteration.
    pub fn spreads(&self) -> &[f32] {
        self.strata.as_ref().map_or(&[], Strata::spread)
    }

    /// Plans an iteration whose points the caller wants to evaluate; [`Self::finish`] ends it.
    ///
    /// # Errors
    /// [`Error::InvalidSetting`], [`Error::ZeroOutputs`] or [`Error::DimensionMismatch`] for a
    /// configuration that cannot be used.
    pub fn plan(&mut self, config: &PassConfig) -> Result<Pass> {
        let dim = self.domain.dim();
        config.validate(dim)?;
        if config.adapt && config.alpha > 0.0 && config.bins() > self.grid.bins() {
            self.grid = self.grid.resample(config.bins());
        }
        let per_axis = config.shape(dim);
        let strata = match &self.strata {
            Some(last) => last.reshaped_to(per_axis),
            None => Strata::of_shape(per_axis),
        };
        self.strata = Some(strata.clone());
        let at = (self.seed, self.passes);
        self.passes += 1;
        Ok(Pass::new(
            (self.domain.clone(), self.grid.clone(), strata),
            config,
            at,
        ))
    }

    /// Ends an iteration and adapts to it, as its configuration says; `None`, and nothing adapts, where
    /// points of it are left.
    pub fn finish(&mut self, pass: Pass) -> Option<PassEstimate> {
        let estimate = pass.estimate()?;
        if let Some((grid, strata)) = pass.into_adapted() {
            self.grid = grid;
            self.strata = Some(strata);
        }
        Some(estimate)
    }

    /// One iteration; the bits do not depend on the number of threads. The number of outputs is the
    /// integrand's, whatever `config` says.
    ///
    /// # Errors
    /// As [`Self::plan`]; what the integrand reports; a value that is not finite. Nothing adapts then.
    pub fn iterate(
        &mut self,
        integrand: &dyn Integrand,
        config: &PassConfig,
    ) -> Result<PassEstimate> {
        let (found, expected) = (integrand.dim(), self.domain.dim());
        if found != expected {
            return Err(Error::DimensionMismatch {
                what: "the integrand",
                found,
                expected,
            });
        }
        let outputs = integrand.outputs();
        let config = PassConfig {
            outputs,
            ..config.clone()
        };
        let mut pass = self.plan(&config)?;
        let caller = Caller::new(integrand);
        let batch = integrand.batch().map_or(BATCH, |n| n as u64);
        while let Some(drawn) = pass.draw(batch) {
            let f = drawn.evaluated(&caller)?;
            pass.take(&drawn, &f)?;
        }
        self.finish(pass).ok_or(Error::Stopped)
    }
}
