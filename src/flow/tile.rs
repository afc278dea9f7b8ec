//! A tile: up to [`TILE`] points, dimension-major, on their way through a flow.

use super::aligned::Aligned;
use crate::kernel::TILE;

/// Points and the log-density collected so far.
#[derive(Clone, Debug)]
pub(crate) struct Tile {
    /// `[dim * TILE]`: coordinate i of point t is `x[i * TILE + t]`
    pub(crate) x: Aligned<f64>,
    /// `[TILE]`: log q = log|dz/dx|, summed over the layers passed
    pub(crate) log_q: Aligned<f64>,
}

impl Tile {
    pub(crate) fn new(dim: usize) -> Self {
        Self {
            x: Aligned::new(dim * TILE),
            log_q: Aligned::new(TILE),
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
