//! The state of a VEGAS+ iteration as plain data, to be kept and restored.

use serde::{Deserialize, Serialize};

use super::VegasPlus;
use crate::error::{Error, Result, check};
use crate::integrand::Domain;
use crate::integrate::strata::{MAX_CELLS, Strata};
use crate::map::Grid;

/// Everything that a [`VegasPlus`] knows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VegasPlusState {
    /// `(low, high)` per axis
    pub ranges: Vec<(f64, f64)>,
    /// `[dim * (bins + 1)]`: edges of the grid on the unit cube
    pub edges: Vec<f64>,
    /// `[dim]`: cells along each axis, or empty for none yet
    pub cells: Vec<u32>,
    /// `[cells]`: spread of the weights in each, the last axis fastest
    pub spreads: Vec<f32>,
    /// the seed
    pub seed: u64,
    /// passes that were planned
    pub passes: u64,
}

impl VegasPlus {
    /// The state: what is restored from it goes on with the same bits.
    pub fn state(&self) -> VegasPlusState {
        VegasPlusState {
            ranges: self.domain.ranges().to_vec(),
            edges: self.grid.edges().to_vec(),
            cells: self.cells_per_axis().to_vec(),
            spreads: self.spreads().to_vec(),
            seed: self.seed,
            passes: self.passes,
        }
    }

    /// Restores a state.
    ///
    /// # Errors
    /// As [`Domain::new`] and [`Grid::from_edges`]; [`Error::InvalidSetting`] where cells and spreads
    /// are not what they must be.
    pub fn from_state(state: &VegasPlusState) -> Result<Self> {
        let domain = Domain::new(&state.ranges)?;
        let dim = domain.dim();
        let mut made = Self::new(domain, state.seed)?;
        made.set_grid(Grid::from_edges(dim, state.edges.clone())?)?;
        made.passes = state.passes;
        if state.cells.is_empty() && state.spreads.is_empty() {
            return Ok(made);
        }
        let found = state.cells.len();
        if found != dim {
            return Err(Error::DimensionMismatch {
                what: "the list of cells per axis",
                found,
                expected: dim,
            });
        }
        let all: f64 = state.cells.iter().map(|n| f64::from(*n)).product();
        let ok = (1.0..=MAX_CELLS as f64).contains(&all);
        check(ok, "the number of cells", all, "1 to 2097152 in all")?;
        let mut strata = Strata::of_shape(state.cells.clone());
        let given = state.spreads.len();
        let fits = given == strata.cells();
        check(fits, "the number of spreads", given as f64, "one per cell")?;
        for (cell, spread) in state.spreads.iter().enumerate() {
            let spread = f64::from(*spread);
            let ok = spread.is_finite() && spread >= 0.0;
            check(ok, "a spread", spread, "finite and not negative")?;
            strata.set_spread(cell, spread);
        }
        made.strata = Some(strata);
        Ok(made)
    }
}
