//! The importance grid of VEGAS: one piecewise-linear map per axis.
//!
//! x = `e_k` + (K z - k)(e_{k+1} - `e_k`) for z in bin k of K, so that each bin is hit equally
//! often and dx/dz = K (e_{k+1} - `e_k`). Refinement moves the edges so that each bin carries
//! the same share of the damped variance of the weights: G. P. Lepage, "A new algorithm for
//! adaptive multidimensional integration", J. Comput. Phys. 27 (1978) 192, and "Adaptive
//! multidimensional integration: VEGAS enhanced" (2020), arXiv:2009.05112, section II.
//! Known weakness: the density factorises, so structure along diagonals is invisible to it.

mod grading;
mod lookup;
mod normal;
mod refine;

use self::lookup::{Forward, Inverse, safe_factors};
use super::{Map, inside};
use crate::error::{Error, Result};
use crate::kernel::dispatch::run;

pub use refine::GridTraining;

/// A factorised piecewise-linear map.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    dim: usize,
    bins: usize,
    /// `[dim * (bins + 1)]`, each axis rising from 0 to 1
    edges: Vec<f64>,
    /// how many factors dx/dz can be multiplied without leaving the normal numbers
    safe_factors: usize,
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
        Ok(Self::with_rising(dim, edges))
    }

    /// Bins per axis.
    pub fn bins(&self) -> usize {
        self.bins
    }

    /// The edges, `[dim * (bins + 1)]`.
    pub fn edges(&self) -> &[f64] {
        &self.edges
    }

    /// The edges of one axis, `[bins + 1]`, rising from 0 to 1.
    ///
    /// # Panics
    /// If there is no such axis.
    pub fn axis_edges(&self, axis: usize) -> &[f64] {
        assert!(axis < self.dim, "the grid has {} axes", self.dim);
        &self.edges[axis * (self.bins + 1)..][..=self.bins]
    }

    /// The marginal density of one axis with respect to dx, `[bins]`: constant within a bin,
    /// 1/(K width). The density of the grid is the product over the axes.
    ///
    /// # Panics
    /// If there is no such axis.
    pub fn axis_density(&self, axis: usize) -> Vec<f64> {
        let bins = self.bins as f64;
        let widths = self.axis_edges(axis).windows(2).map(|e| e[1] - e[0]);
        widths.map(|width| (bins * width).recip()).collect()
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
        Self::with_rising(self.dim, refine::strictly_rising(edges, bins + 1))
    }

    /// A grid with `edges` (`[dim * (bins + 1)]`) that rise but for roundings.
    pub(crate) fn repaired(dim: usize, bins: usize, edges: Vec<f64>) -> Self {
        Self::with_rising(dim, refine::strictly_rising(edges, bins + 1))
    }

    /// A grid with `edges` (`[dim * (bins + 1)]`) that are known to be good.
    fn with_rising(dim: usize, edges: Vec<f64>) -> Self {
        let bins = edges.len() / dim - 1;
        let safe_factors = safe_factors(&edges, bins);
        Self {
            dim,
            bins,
            edges,
            safe_factors,
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
    (at as u32 as usize).min(bins - 1)
}

impl Map for Grid {
    fn dim(&self) -> usize {
        self.dim
    }

    fn forward(&self, z: &[f64], x: &mut [f64], log_jac: &mut [f64]) {
        if self.safe_factors == 0 {
            return self.forward_plain(z, x, log_jac);
        }
        run(Forward {
            grid: self,
            z,
            x,
            log_jac,
        });
    }

    fn inverse(&self, x: &[f64], z: &mut [f64], log_jac: &mut [f64]) {
        if self.safe_factors == 0 {
            return self.inverse_plain(x, z, log_jac);
        }
        run(Inverse {
            grid: self,
            x,
            z,
            log_jac,
        });
    }

    fn describe(&self) -> String {
        format!("VEGAS grid, d = {}, {} bins per axis", self.dim, self.bins)
    }
}

/// The map coordinate by coordinate: for bins so narrow that dx/dz is no normal number, and the
/// twin that the kernels are tested against.
impl Grid {
    fn forward_plain(&self, z: &[f64], x: &mut [f64], log_jac: &mut [f64]) {
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

    fn inverse_plain(&self, x: &[f64], z: &mut [f64], log_jac: &mut [f64]) {
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
    fn densities_of_the_axes_multiply_to_the_density() {
        let grid = trained(50);
        let z = [0.123, 0.456];
        let (mut x, mut log_jac) = ([0.0; 2], [0.0; 1]);
        grid.forward(&z, &mut x, &mut log_jac);
        let mut product = 1.0;
        for (axis, x) in x.iter().enumerate() {
            let (edges, density) = (grid.axis_edges(axis), grid.axis_density(axis));
            assert_eq!((edges.len(), density.len()), (51, 50));
            let mass = edges
                .windows(2)
                .zip(&density)
                .map(|(e, q)| (e[1] - e[0]) * q);
            assert!((mass.sum::<f64>() - 1.0).abs() < 1e-12);
            product *= density[edges.partition_point(|e| e <= x) - 1];
        }
        assert!((product.ln() + log_jac[0]).abs() < 1e-12);
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
