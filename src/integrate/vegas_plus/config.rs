//! How an iteration of VEGAS+ is made.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result, check};
use crate::integrate::strata::{MAX_CELLS, shape};

/// Fewest bins of an axis where more are allowed.
pub(super) const FEWEST_BINS: usize = 16;
/// Most bins of an axis: training keeps their indices in 16 bits.
pub(super) const MOST_BINS: usize = 1 << 16;
/// Points for each bin of an axis.
const POINTS_PER_BIN: u64 = 20;
/// How an iteration places its points, and what it adapts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PassConfig {
    /// about so many calls: two for each cell are made in any case
    pub calls: u64,
    /// values of a point
    pub outputs: usize,
    /// whether grid and strata change after it
    pub adapt: bool,
    /// how far a refinement of the grid goes towards what the points show: 1 all the way, 0 not at all
    pub alpha: f64,
    /// how strongly points gather in cells where the weights vary, 0 to 1
    pub beta: f64,
    /// part of the calls that the cells get two each of, 0 to 1
    pub base: f64,
    /// most bins of the grid per axis; fewer are used for few calls
    pub max_bins: usize,
    /// cells along each axis (`[dim]`), or as many as `base` allows
    pub cells: Option<Vec<u32>>,
    /// whether each axis has the same number of cells; else the first ones may have one more
    pub even: bool,
    /// most points of a cell
    pub max_per_cell: u32,
    /// whether covariances of different outputs are wanted; they take `outputs^2` operations a point
    pub covariance: bool,
}

impl Default for PassConfig {
    fn default() -> Self {
        Self {
            calls: 1000,
            outputs: 1,
            adapt: true,
            alpha: 0.5,
            beta: 0.75,
            base: 0.75,
            max_bins: 1000,
            cells: None,
            even: false,
            max_per_cell: 50_000,
            covariance: true,
        }
    }
}

impl PassConfig {
    pub(super) fn validate(&self, dim: usize) -> Result<()> {
        if self.outputs == 0 {
            return Err(Error::ZeroOutputs);
        }
        check(
            self.calls >= 2,
            "calls",
            self.calls as f64,
            "at least 2 per iteration",
        )?;
        for (name, value) in [
            ("alpha", self.alpha),
            ("beta", self.beta),
            ("base", self.base),
        ] {
            check((0.0..=1.0).contains(&value), name, value, "0 to 1")?;
        }
        let bins = self.max_bins;
        let few = (1..=MOST_BINS).contains(&bins);
        check(few, "max_bins", bins as f64, "1 to 65536")?;
        let most = self.max_per_cell;
        check(most >= 2, "max_per_cell", f64::from(most), "at least 2")?;
        let Some(cells) = &self.cells else {
            return Ok(());
        };
        if cells.len() != dim {
            return Err(Error::DimensionMismatch {
                what: "the list of cells per axis",
                found: cells.len(),
                expected: dim,
            });
        }
        let all: f64 = cells.iter().map(|n| f64::from(*n)).product();
        let ok = (1.0..=MAX_CELLS as f64).contains(&all);
        check(ok, "the number of cells", all, "1 to 2097152 in all")
    }

    /// Cells along the axes.
    pub(super) fn shape(&self, dim: usize) -> Vec<u32> {
        if let Some(cells) = &self.cells {
            return cells.clone();
        }
        let mut per_axis = shape(dim, self.calls as f64 * self.base / 2.0);
        if self.even
            && let Some(fewest) = per_axis.last().copied()
        {
            per_axis.fill(fewest);
        }
        per_axis
    }

    /// Bins of the grid.
    pub(super) fn bins(&self) -> usize {
        let bins = usize::try_from(self.calls / POINTS_PER_BIN).unwrap_or(usize::MAX);
        bins.clamp(FEWEST_BINS.min(self.max_bins), self.max_bins)
    }
}
