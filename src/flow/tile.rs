//! A tile: up to [`TILE`] points, dimension-major, on their way through a flow.

use super::aligned::Aligned;
use crate::kernel::{TILE, dispatch::run, rows::TakeLogs};

/// Points and the log-density collected so far.
#[derive(Clone, Debug)]
pub(crate) struct Tile {
    /// `[dim * TILE]`: coordinate i of point t is `x[i * TILE + t]`
    pub(crate) x: Aligned<f64>,
    /// `[TILE]`: log q = log|dz/dx|, summed over the layers passed
    pub(crate) log_q: Aligned<f64>,
    /// `[TILE]`: product of slopes whose logarithm is still to be added to `log_q`
    pub(crate) slope: Aligned<f64>,
    /// factors in `slope`
    factors: usize,
}

/// Slopes that are multiplied before a logarithm is taken: see [`crate::kernel::spline::Evaluate`].
const FACTORS: usize = 8;

impl Tile {
    pub(crate) fn new(dim: usize) -> Self {
        Self {
            x: Aligned::new(dim * TILE),
            log_q: Aligned::new(TILE),
            slope: Aligned::new(TILE),
            factors: 0,
        }
    }

    pub(crate) fn dim(&self) -> usize {
        self.x.len() / TILE
    }

    /// Takes up to `TILE` row-major points and clears the log-density; unused places hold 1/2.
    pub(crate) fn load<'a>(&mut self, rows: impl Iterator<Item = &'a [f64]>) {
        let mut n = 0;
        for row in rows {
            for (i, v) in row.iter().enumerate() {
                self.x[i * TILE + n] = *v;
            }
            n += 1;
        }
        if n < TILE {
            for axis in self.x.chunks_exact_mut(TILE) {
                axis[n..].fill(0.5);
            }
        }
        self.log_q.fill(0.0);
        self.slope.fill(1.0);
        self.factors = 0;
    }

    /// Says that a spline has multiplied `slope`.
    pub(crate) fn count_factor(&mut self) {
        self.factors += 1;
        if self.factors == FACTORS {
            self.finish();
        }
    }

    /// Brings `log_q` up to date.
    pub(crate) fn finish(&mut self) {
        if self.factors > 0 {
            run(TakeLogs {
                product: &mut self.slope,
                sum: &mut self.log_q,
            });
            self.factors = 0;
        }
    }

    /// Writes the first points back, row-major (`[n * dim]`), through `change`.
    pub(crate) fn store(&self, rows: &mut [f64], change: impl Fn(f64) -> f64) {
        for (t, row) in rows.chunks_exact_mut(self.dim()).enumerate() {
            for (i, v) in row.iter_mut().enumerate() {
                *v = change(self.x[i * TILE + t]);
            }
        }
    }
}
