//! Moving the edges of a grid to where the weights vary.
//!
//! With d the mean squared weights of the bins, smoothed as (1, 6, 1)/8 and normalised, each bin
//! gets the importance [(1 - d)/ln(1/d)]^alpha, and the new edges split the total importance
//! equally: G. P. Lepage, arXiv:2009.05112, section II. Known weakness: a bin that few points
//! hit has a noisy d; the smoothing helps only against its neighbours.

use super::{Grid, bin_of};

/// Accumulated squared weights per axis and bin: what a refinement needs.
#[derive(Clone, Debug, PartialEq)]
pub struct GridTraining {
    /// `[dim * bins]`: sum of the squared weights and number of points, side by side because
    /// each point changes both
    cells: Vec<[f64; 2]>,
}

impl Grid {
    /// Moves the edges towards equal shares of the variance seen in `training`.
    ///
    /// With d the mean squared weights of the bins, smoothed as (1, 6, 1)/8 and normalised,
    /// each bin gets the importance [(1 - d)/ln(1/d)]^alpha. `alpha` = 0 changes nothing;
    /// 0.5 is the usual damping, 1.5 the classic one.
    #[must_use]
    pub fn refined(&self, training: &GridTraining, alpha: f64) -> Self {
        let n = self.bins;
        let mut edges = Vec::with_capacity(self.edges.len());
        let axes = self.edges.chunks_exact(n + 1);
        for (axis, cells) in axes.zip(training.cells.chunks_exact(n)) {
            match importance(cells, alpha) {
                Some(importance) => rebin(axis, &importance, &mut edges),
                None => edges.extend_from_slice(axis),
            }
        }
        Self::with_rising(self.dim, strictly_rising(edges, n + 1))
    }
}

/// Lepage's damped importance of each bin, or `None` where nothing was seen.
fn importance(cells: &[[f64; 2]], alpha: f64) -> Option<Vec<f64>> {
    let n = cells.len();
    let mean: Vec<f64> = cells
        .iter()
        .map(|[s, c]| if *c > 0.0 { s / c } else { 0.0 })
        .collect();
    let max = mean.iter().fold(0.0, |a: f64, b| a.max(*b));
    if !(max > 0.0 && max.is_finite()) || n == 1 {
        return None;
    }
    let mean: Vec<f64> = mean.iter().map(|m| m / max).collect();
    let smooth: Vec<f64> = (0..n)
        .map(|k| match k {
            0 => (7.0 * mean[0] + mean[1]) / 8.0,
            k if k + 1 == n => (mean[k - 1] + 7.0 * mean[k]) / 8.0,
            k => (mean[k - 1] + 6.0 * mean[k] + mean[k + 1]) / 8.0,
        })
        .collect();
    let total: f64 = smooth.iter().sum();
    let damp = |d: f64| {
        if d <= 0.0 {
            0.0
        } else if d >= 1.0 {
            1.0
        } else {
            ((1.0 - d) / -d.ln()).powf(alpha)
        }
    };
    Some(smooth.iter().map(|d| damp(d / total)).collect())
}

/// Appends edges that split the total importance equally.
fn rebin(axis: &[f64], importance: &[f64], edges: &mut Vec<f64>) {
    let n = importance.len();
    let share = importance.iter().sum::<f64>() / n as f64;
    edges.push(0.0);
    let mut k = 0;
    let mut left = importance[0];
    for _ in 1..n {
        let mut need = share;
        while need > left && k + 1 < n {
            need -= left;
            k += 1;
            left = importance[k];
        }
        left -= need;
        let used = if importance[k] > 0.0 {
            1.0 - left / importance[k]
        } else {
            1.0
        };
        edges.push(axis[k] + used.clamp(0.0, 1.0) * (axis[k + 1] - axis[k]));
    }
    edges.push(1.0);
}

/// Repairs edges that rounding has made coincide.
pub(super) fn strictly_rising(mut edges: Vec<f64>, per_axis: usize) -> Vec<f64> {
    for axis in edges.chunks_exact_mut(per_axis) {
        axis[0] = 0.0;
        axis[per_axis - 1] = 1.0;
        for k in 1..per_axis - 1 {
            axis[k] = axis[k].max(axis[k - 1].next_up());
        }
        for k in (1..per_axis - 1).rev() {
            axis[k] = axis[k].min(axis[k + 1].next_down());
        }
    }
    edges
}

impl GridTraining {
    /// Nothing seen yet.
    pub fn new(grid: &Grid) -> Self {
        Self {
            cells: vec![[0.0; 2]; grid.dim * grid.bins],
        }
    }

    /// Adds weights `w` (`[n]`) of points drawn at latent `z` (`[n * dim]`) through `grid`.
    pub fn add(&mut self, grid: &Grid, z: &[f64], w: &[f64]) {
        let bins = grid.bins as f64;
        for (z, w) in z.chunks_exact(grid.dim).zip(w) {
            let square = w * w;
            for (cells, z) in self.cells.chunks_exact_mut(grid.bins).zip(z) {
                let [squares, counts] = &mut cells[bin_of(z * bins, grid.bins)];
                *squares += square;
                *counts += 1.0;
            }
        }
    }

    /// Adds what another part of the iteration saw.
    pub fn merge(&mut self, other: &Self) {
        for ([s, c], [more_s, more_c]) in self.cells.iter_mut().zip(&other.cells) {
            *s += more_s;
            *c += more_c;
        }
    }
}
