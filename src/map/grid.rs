//! The importance grid of VEGAS: one piecewise-linear map per axis.
//!
//! x = `e_k` + (K z - k)(e_{k+1} - `e_k`) for z in bin k of K, so that each bin is hit equally
//! often and dx/dz = K (e_{k+1} - `e_k`). Refinement moves the edges so that each bin carries
//! the same share of the damped variance of the weights: G. P. Lepage, "A new algorithm for
//! adaptive multidimensional integration", J. Comput. Phys. 27 (1978) 192, and "Adaptive
//! multidimensional integration: VEGAS enhanced" (2020), arXiv:2009.05112, section II.
//! Known weakness: the density factorises, so structure along diagonals is invisible to it.

use super::{Map, inside};
use crate::error::{Error, Result};

/// A factorised piecewise-linear map.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    dim: usize,
    bins: usize,
    /// `[dim * (bins + 1)]`, each axis rising from 0 to 1
    edges: Vec<f64>,
}

/// Accumulated squared weights per axis and bin: what a refinement needs.
#[derive(Clone, Debug, PartialEq)]
pub struct GridTraining {
    /// `[dim * bins]`
    squares: Vec<f64>,
    /// `[dim * bins]`
    counts: Vec<f64>,
}

impl Grid {
    /// The uniform grid, which is the identity.
    ///
    /// # Errors
    /// [`Error::ZeroDimension`], or [`Error::InvalidSetting`] for no bins.
    pub fn uniform(dim: usize, bins: usize) -> Result<Self> {
        if bins == 0 {
            let allowed = "at least 1";
            return Err(Error::InvalidSetting {
                name: "bins",
                value: 0.0,
                allowed,
            });
        }
        let axis: Vec<f64> = (0..=bins).map(|k| k as f64 / bins as f64).collect();
        Self::from_edges(dim, axis.repeat(dim))
    }

    /// A grid with the given `edges` (`[dim * (bins + 1)]`).
    ///
    /// # Errors
    /// [`Error::ZeroDimension`], or [`Error::InvalidSetting`] unless each axis rises
    /// strictly from exactly 0 to exactly 1.
    pub fn from_edges(dim: usize, edges: Vec<f64>) -> Result<Self> {
        if dim == 0 {
            return Err(Error::ZeroDimension);
        }
        let per_axis = edges.len() / dim;
        let fault = |value| Error::InvalidSetting {
            name: "edges",
            value,
            allowed: "strictly rising from 0 to 1 on each axis, as many on each",
        };
        if per_axis < 2 || per_axis * dim != edges.len() {
            return Err(fault(edges.len() as f64));
        }
        for axis in edges.chunks_exact(per_axis) {
            if axis[0].to_bits() != 0 {
                return Err(fault(axis[0]));
            }
            if axis[per_axis - 1].to_bits() != 1.0_f64.to_bits() {
                return Err(fault(axis[per_axis - 1]));
            }
            if let Some(pair) = axis
                .windows(2)
                .find(|pair| pair[0].total_cmp(&pair[1]).is_ge())
            {
                return Err(fault(pair[1]));
            }
        }
        Ok(Self {
            dim,
            bins: per_axis - 1,
            edges,
        })
    }

    /// Bins per axis.
    pub fn bins(&self) -> usize {
        self.bins
    }

    /// The edges, `[dim * (bins + 1)]`.
    pub fn edges(&self) -> &[f64] {
        &self.edges
    }

    /// Makes a uniform grid of another fineness that has the same map at the shared knots.
    #[must_use]
    pub fn resample(&self, bins: usize) -> Self {
        let mut edges = Vec::with_capacity(self.dim * (bins + 1));
        for axis in self.edges.chunks_exact(self.bins + 1) {
            for k in 0..=bins {
                let at = k as f64 / bins as f64 * self.bins as f64;
                let bin = bin_of(at, self.bins);
                edges.push(axis[bin] + (at - bin as f64) * (axis[bin + 1] - axis[bin]));
            }
        }
        let edges = strictly_rising(edges, bins + 1);
        Self {
            dim: self.dim,
            bins,
            edges,
        }
    }

    /// Moves the edges towards equal shares of the variance seen in `training`.
    ///
    /// With d the mean squared weights of the bins, smoothed as (1, 6, 1)/8 and normalised,
    /// each bin gets the importance [(1 - d)/ln(1/d)]^alpha. `alpha` = 0 changes nothing;
    /// 0.5 is the usual damping, 1.5 the classic one.
    #[must_use]
    pub fn refined(&self, training: &GridTraining, alpha: f64) -> Self {
        let n = self.bins;
        let mut edges = Vec::with_capacity(self.edges.len());
        let axes = self.edges.chunks_exact(n + 1).zip(training.axes(n));
        for (axis, (squares, counts)) in axes {
            match importance(squares, counts, alpha) {
                Some(importance) => rebin(axis, &importance, &mut edges),
                None => edges.extend_from_slice(axis),
            }
        }
        Self {
            dim: self.dim,
            bins: n,
            edges: strictly_rising(edges, n + 1),
        }
    }
}

/// The bin that holds `at` in 0..bins.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the value is a bin index, kept within range by min"
)]
fn bin_of(at: f64, bins: usize) -> usize {
    (at as usize).min(bins - 1)
}

/// Lepage's damped importance of each bin, or `None` where nothing was seen.
fn importance(squares: &[f64], counts: &[f64], alpha: f64) -> Option<Vec<f64>> {
    let n = squares.len();
    let mean: Vec<f64> = squares
        .iter()
        .zip(counts)
        .map(|(s, c)| if *c > 0.0 { s / c } else { 0.0 })
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
fn strictly_rising(mut edges: Vec<f64>, per_axis: usize) -> Vec<f64> {
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

impl Map for Grid {
    fn dim(&self) -> usize {
        self.dim
    }

    fn forward(&self, z: &[f64], x: &mut [f64], log_jac: &mut [f64]) {
        let bins = self.bins as f64;
        let points = z.chunks_exact(self.dim).zip(x.chunks_exact_mut(self.dim));
        for ((z, x), log_jac) in points.zip(log_jac) {
            *log_jac = log_product(self.edges.chunks_exact(self.bins + 1).zip(z).zip(x).map(
                |((axis, z), x)| {
                    let at = z * bins;
                    let k = bin_of(at, self.bins);
                    let width = axis[k + 1] - axis[k];
                    *x = inside(axis[k] + (at - k as f64) * width);
                    width * bins
                },
            ));
        }
    }

    fn inverse(&self, x: &[f64], z: &mut [f64], log_jac: &mut [f64]) {
        let bins = self.bins as f64;
        let points = x.chunks_exact(self.dim).zip(z.chunks_exact_mut(self.dim));
        for ((x, z), log_jac) in points.zip(log_jac) {
            *log_jac = log_product(self.edges.chunks_exact(self.bins + 1).zip(x).zip(z).map(
                |((axis, x), z)| {
                    let k = axis.partition_point(|e| e <= x).clamp(1, self.bins) - 1;
                    let width = axis[k + 1] - axis[k];
                    *z = inside((k as f64 + (x - axis[k]) / width) / bins);
                    width * bins
                },
            ));
        }
    }

    fn describe(&self) -> String {
        format!("VEGAS grid, d = {}, {} bins per axis", self.dim, self.bins)
    }
}

/// ln of a product of positive factors, with few logarithms and no overflow.
fn log_product(factors: impl Iterator<Item = f64>) -> f64 {
    let mut sum = 0.0;
    let mut product: f64 = 1.0;
    for factor in factors {
        product *= factor;
        if !(1e-100..1e100).contains(&product) {
            sum += product.ln();
            product = 1.0;
        }
    }
    sum + product.ln()
}

impl GridTraining {
    /// Nothing seen yet.
    pub fn new(grid: &Grid) -> Self {
        let n = grid.dim * grid.bins;
        Self {
            squares: vec![0.0; n],
            counts: vec![0.0; n],
        }
    }

    /// Adds weights `w` (`[n]`) of points drawn at latent `z` (`[n * dim]`) through `grid`.
    pub fn add(&mut self, grid: &Grid, z: &[f64], w: &[f64]) {
        let bins = grid.bins as f64;
        for (z, w) in z.chunks_exact(grid.dim).zip(w) {
            for (axis, z) in z.iter().enumerate() {
                let at = axis * grid.bins + bin_of(z * bins, grid.bins);
                self.squares[at] += w * w;
                self.counts[at] += 1.0;
            }
        }
    }

    /// Adds what another part of the iteration saw.
    pub fn merge(&mut self, other: &Self) {
        for (a, b) in self.squares.iter_mut().zip(&other.squares) {
            *a += b;
        }
        for (a, b) in self.counts.iter_mut().zip(&other.counts) {
            *a += b;
        }
    }

    fn axes(&self, bins: usize) -> impl Iterator<Item = (&[f64], &[f64])> {
        self.squares
            .chunks_exact(bins)
            .zip(self.counts.chunks_exact(bins))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Purpose, Streams};

    /// Trains on a product peak; the result must be much narrower there.
    fn trained(bins: usize) -> Grid {
        let mut grid = Grid::uniform(2, bins).unwrap();
        let mut z = vec![0.0; 2 * 20_000];
        for iteration in 0..10 {
            Streams::new(3).fill_points(Purpose::Adapt, iteration, 0, 2, &mut z);
            let mut x = vec![0.0; z.len()];
            let mut log_jac = vec![0.0; z.len() / 2];
            grid.forward(&z, &mut x, &mut log_jac);
            let peak = |x: f64, c: f64| (-((x - c) / 0.05).powi(2)).exp();
            let w: Vec<f64> = x
                .chunks_exact(2)
                .zip(&log_jac)
                .map(|(x, l)| peak(x[0], 0.3) * peak(x[1], 0.6) * l.exp())
                .collect();
            let mut training = GridTraining::new(&grid);
            training.add(&grid, &z, &w);
            grid = grid.refined(&training, 0.5);
        }
        grid
    }

    #[test]
    fn refinement_concentrates_bins_at_the_peak() {
        let grid = trained(50);
        let near = grid.edges()[..51]
            .iter()
            .filter(|e| (*e - 0.3).abs() < 0.1)
            .count();
        assert!(near > 35, "{near} of 51 edges near the peak");
    }

    #[test]
    fn nothing_seen_changes_nothing() {
        let grid = trained(20);
        assert_eq!(grid.refined(&GridTraining::new(&grid), 0.5), grid);
    }

    #[test]
    fn resampling_keeps_the_map() {
        let grid = trained(50);
        let finer = grid.resample(100);
        let z = [0.123, 0.456, 0.9, 0.02];
        let (mut a, mut b, mut l) = ([0.0; 4], [0.0; 4], [0.0; 2]);
        grid.forward(&z, &mut a, &mut l);
        finer.forward(&z, &mut b, &mut l);
        for (a, b) in a.iter().zip(b) {
            assert!((a - b).abs() < 1e-12);
        }
    }

    #[test]
    fn bad_edges_are_refused() {
        assert!(Grid::from_edges(1, vec![0.0, 0.5, 0.5, 1.0]).is_err());
        assert!(Grid::from_edges(1, vec![0.1, 1.0]).is_err());
        assert!(Grid::from_edges(1, vec![0.0, f64::NAN, 1.0]).is_err());
        assert!(Grid::from_edges(0, vec![]).is_err());
        assert!(Grid::uniform(2, 0).is_err());
    }
}
