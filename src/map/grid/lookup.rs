//! The grid map for many coordinates at once.
//!
//! Blocks of coordinates go through three loops: where in which bin (vectors), both edges of
//! the bin (loads one by one: a gather is no faster), x and dx/dz (vectors). The dx/dz of a point
//! are multiplied in groups that cannot leave the normal numbers, and one vector logarithm
//! serves several points:
//! `log_jac` = sum over groups of ln(product of K (e_{k+1} - `e_k`)).
//! x and z have the bits of the plain map on every level; `log_jac` agrees to rounding.
//! Known weakness: the loads are at random, so the edges should fit into the second cache.

#![expect(
    clippy::inline_always,
    reason = "kernels must take on the features of their shell"
)]
#![expect(
    clippy::cast_possible_truncation,
    reason = "indices of edges; `safe_factors` leaves larger grids to the plain map"
)]

use std::hint::select_unpredictable;

use super::{Grid, inside};
use crate::kernel::{
    dispatch::Kernel,
    lane::{Lane as _, Simd},
    math::ln,
};

/// Coordinates in a block: smaller ones leave the logarithms too short, larger ones take longer to
/// set up than a chunk of points in few dimensions is worth.
const BLOCK: usize = 256;

/// How many factors dx/dz of a grid have a product within 2^-1000 and 2^1000, whichever they
/// are; 0, for the plain map, where a factor alone is not or there are too many edges.
pub(super) fn safe_factors(edges: &[f64], bins: usize) -> usize {
    if u32::try_from(edges.len()).is_err() {
        return 0;
    }
    let fine = bins as f64;
    let mut largest: f64 = 1.0;
    let mut smallest: f64 = 1.0;
    for axis in edges.chunks_exact(bins + 1) {
        for (low, high) in axis.iter().zip(&axis[1..]) {
            let factor = (high - low) * fine;
            largest = if factor > largest { factor } else { largest };
            smallest = if factor < smallest { factor } else { smallest };
        }
    }
    let exponent = |x: f64| (x.to_bits() >> 52).abs_diff(1023) + 1;
    let worst = exponent(largest).max(exponent(smallest));
    usize::try_from(1000 / worst).unwrap_or(0)
}

/// z -> x, as in [`super::Map::forward`].
pub(super) struct Forward<'a> {
    pub(super) grid: &'a Grid,
    pub(super) z: &'a [f64],
    pub(super) x: &'a mut [f64],
    pub(super) log_jac: &'a mut [f64],
}

/// x -> z, as in [`super::Map::inverse`].
pub(super) struct Inverse<'a> {
    pub(super) grid: &'a Grid,
    pub(super) x: &'a [f64],
    pub(super) z: &'a mut [f64],
    pub(super) log_jac: &'a mut [f64],
}

/// What is known of the coordinates of a block, each `[BLOCK]`.
struct Block {
    /// index of the axis' first edge
    row: [u32; BLOCK],
    /// index of the lower edge
    edge: [u32; BLOCK],
    lower: [f64; BLOCK],
    /// the upper edges, later dx/dz
    upper: [f64; BLOCK],
}

impl Kernel for Forward<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self) {
        blocks::<S, FORWARD>(self.grid, self.z, self.x, self.log_jac);
    }
}

impl Kernel for Inverse<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self) {
        blocks::<S, INVERSE>(self.grid, self.x, self.z, self.log_jac);
    }
}

/// Directions of [`blocks`]: constants, because a function passed on is not sure to be inlined.
const FORWARD: bool = true;
const INVERSE: bool = false;

/// Maps blocks of whole points, or of a part of a point that is longer than a block.
#[inline(always)]
fn blocks<S: Simd, const DIRECTION: bool>(
    grid: &Grid,
    from: &[f64],
    to: &mut [f64],
    log_jac: &mut [f64],
) {
    let dim = grid.dim;
    let n = log_jac.len().min(from.len() / dim).min(to.len() / dim);
    let (from, to, log_jac) = (&from[..n * dim], &mut to[..n * dim], &mut log_jac[..n]);
    // Whole vectors of coordinates where that is possible.
    let points = match BLOCK / dim {
        fit @ 8.. => fit / 8 * 8,
        fit => fit.max(1),
    };
    let mut block = Block {
        row: [0; BLOCK],
        edge: [0; BLOCK],
        lower: [0.0; BLOCK],
        upper: [0.0; BLOCK],
    };
    let mut products = [1.0; BLOCK];
    let span = dim.min(BLOCK);
    block.start_at(grid, 0, span);
    let size = points * dim;
    let parts = from.chunks(size).zip(to.chunks_mut(size));
    for ((from, to), log_jac) in parts.zip(log_jac.chunks_mut(points)) {
        log_jac.fill(0.0);
        let size = log_jac.len() * span;
        for (part, (from, to)) in from.chunks(size).zip(to.chunks_mut(size)).enumerate() {
            let span = from.len() / log_jac.len();
            if dim > BLOCK {
                block.start_at(grid, part * BLOCK, span);
            }
            if DIRECTION == FORWARD {
                forward(grid, &mut block, from, to);
            } else {
                inverse(grid, &mut block, from, to);
            }
            let factors = &block.upper[..from.len()];
            for first in (0..span).step_by(grid.safe_factors) {
                let group = first..span.min(first + grid.safe_factors);
                let rows = factors.chunks_exact(span);
                for (product, row) in products.iter_mut().zip(rows) {
                    *product = row[group.clone()].iter().fold(1.0, |p, f| p * f);
                }
                add_logarithms::<S>(&mut products, log_jac);
            }
        }
    }
}

/// Adds ln of each product; the products are used up.
#[inline(always)]
fn add_logarithms<S: Simd>(products: &mut [f64; BLOCK], log_jac: &mut [f64]) {
    let lanes = S::F64::LANES;
    let vectors = log_jac.len().div_ceil(lanes);
    for vector in products.chunks_exact_mut(lanes).take(vectors) {
        ln(S::F64::load(vector)).store(vector);
    }
    for (log_jac, logarithm) in log_jac.iter_mut().zip(products) {
        *log_jac += *logarithm;
    }
}

impl Block {
    /// Sets the rows for points that start at `axis` and have `span` coordinates here.
    #[inline(always)]
    fn start_at(&mut self, grid: &Grid, axis: usize, span: usize) {
        let per_axis = grid.bins + 1;
        for (j, row) in self.row[..span].iter_mut().enumerate() {
            *row = ((axis + j) * per_axis) as u32;
        }
        let mut filled = span;
        while filled < BLOCK {
            let more = filled.min(BLOCK - filled);
            self.row.copy_within(..more, filled);
            filled += more;
        }
    }

    /// Reads both edges of the first `n` bins.
    #[inline(always)]
    fn look_up(&mut self, edges: &[f64], n: usize) {
        let upper_edges = &edges[1..];
        let found = self.lower.iter_mut().zip(&mut self.upper);
        for (at, (lower, upper)) in self.edge[..n].iter().zip(found) {
            *upper = upper_edges[*at as usize];
            *lower = edges[*at as usize];
        }
    }
}

/// 2^52: a number below it, added, shows its integral part in the low bits.
const TWO_52: f64 = 4503599627370496.0;

#[inline(always)]
fn forward(grid: &Grid, block: &mut Block, z: &[f64], x: &mut [f64]) {
    let bins = grid.bins as f64;
    let last = (grid.bins - 1) as f64;
    // Until the edges are known x holds the place within the bin.
    let places = block.row.iter().zip(&mut block.edge);
    for ((z, x), (row, edge)) in z.iter().zip(x.iter_mut()).zip(places) {
        let at = z * bins;
        // Also for what is not within the cube, there must be a bin.
        let at = if at > 0.0 { at } else { 0.0 };
        // The integral part, without an instruction that the oldest machines lack.
        let near = (at + TWO_52) - TWO_52;
        let k = near - if near > at { 1.0 } else { 0.0 };
        let k = if k < last { k } else { last };
        *x = at - k;
        *edge = row + (k + TWO_52).to_bits() as u32;
    }
    block.look_up(&grid.edges, z.len());
    let edges = block.lower.iter().zip(&mut block.upper);
    for (x, (lower, upper)) in x.iter_mut().zip(edges) {
        let width = *upper - lower;
        *x = inside(lower + *x * width);
        *upper = width * bins;
    }
}

#[inline(always)]
fn inverse(grid: &Grid, block: &mut Block, x: &[f64], z: &mut [f64]) {
    let bins = grid.bins as f64;
    let n = x.len();
    // Bisection of all side by side: no step of one has to wait for a step of another.
    block.edge[..n].copy_from_slice(&block.row[..n]);
    let mut left = grid.bins as u32;
    while left > 1 {
        let half = left / 2;
        for (edge, x) in block.edge[..n].iter_mut().zip(x) {
            let above = grid.edges[(*edge + half) as usize] <= *x;
            *edge += select_unpredictable(above, half, 0);
        }
        left -= half;
    }
    block.look_up(&grid.edges, n);
    let places = block.row.iter().zip(&block.edge);
    let edges = block.lower.iter().zip(&mut block.upper);
    for (((x, z), (row, edge)), (lower, upper)) in x.iter().zip(z).zip(places).zip(edges) {
        let width = *upper - lower;
        *z = inside((f64::from(edge - row) + (x - lower) / width) / bins);
        *upper = width * bins;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::{Level, dispatch::run_at};
    use crate::map::Map as _;
    use crate::rng::{Purpose, Streams};

    /// A grid whose widths spread over some powers of ten.
    fn rough(dim: usize, bins: usize, spread: f64) -> Grid {
        let mut u = vec![0.0; dim * bins];
        Streams::new(5).fill_points(Purpose::Adapt, 0, 0, bins, &mut u);
        let mut edges = Vec::new();
        for u in u.chunks_exact(bins) {
            let widths: Vec<f64> = u.iter().map(|u| 10.0_f64.powf(-spread * u)).collect();
            let total: f64 = widths.iter().sum();
            let mut edge = 0.0;
            for width in widths {
                edges.push(edge);
                edge += width / total;
            }
            edges.push(1.0);
        }
        Grid::from_edges(dim, edges).unwrap()
    }

    #[test]
    fn every_level_agrees_with_the_plain_map() {
        let sizes = [
            (1, 1),
            (1, 7),
            (2, 64),
            (3, 1000),
            (8, 100),
            (31, 33),
            (128, 5),
            (300, 9),
        ];
        for (dim, bins) in sizes {
            for spread in [0.5, 6.0] {
                let grid = rough(dim, bins, spread);
                for n in [1, 3, 70, 200] {
                    let mut z = vec![0.0; n * dim];
                    Streams::new(6).fill_points(Purpose::Sample, 0, 0, dim, &mut z);
                    let (mut x, mut log_jac) = (z.clone(), vec![0.0; n]);
                    grid.forward_plain(&z, &mut x, &mut log_jac);
                    let mut back = z.clone();
                    grid.inverse_plain(&x, &mut back, &mut vec![0.0; n]);
                    for level in Level::available() {
                        let (mut to, mut logs) = (vec![0.5; n * dim], vec![0.5; n]);
                        let near = |logs: &[f64]| {
                            let mut pairs = logs.iter().zip(&log_jac);
                            pairs.all(|(a, b)| (a - b).abs() < 1e-13 * (1.0 + b.abs()))
                        };
                        let (to_slice, log_jac) = (&mut to[..], &mut logs[..]);
                        run_at(
                            level,
                            Forward {
                                grid: &grid,
                                z: &z,
                                x: to_slice,
                                log_jac,
                            },
                        );
                        assert_eq!(to, x, "{level}, {dim}, {bins}, {n}");
                        assert!(near(&logs), "{level}, {dim}, {bins}, {n}");
                        let (to_slice, log_jac) = (&mut to[..], &mut logs[..]);
                        run_at(
                            level,
                            Inverse {
                                grid: &grid,
                                x: &x,
                                z: to_slice,
                                log_jac,
                            },
                        );
                        assert_eq!(to, back, "{level}, {dim}, {bins}, {n}");
                        assert!(near(&logs), "{level}, {dim}, {bins}, {n}");
                    }
                }
            }
        }
    }

    #[test]
    fn narrow_bins_do_not_overflow() {
        let tiny = f64::from_bits(1);
        let cases = [
            (vec![0.0, 1e-200, 1.0], 1),
            (vec![0.0, 1e-60, 1.0], 5),
            (vec![0.0, tiny, 1.0], 0),
        ];
        for (axis, expected) in cases {
            let grid = Grid::from_edges(9, axis.repeat(9)).unwrap();
            assert_eq!(grid.safe_factors, expected);
            let (mut x, mut log_jac) = ([0.0; 9], [0.0]);
            grid.forward(&[0.25; 9], &mut x, &mut log_jac);
            let exact = 9.0 * (2.0 * axis[1]).ln();
            assert!(
                (log_jac[0] / exact - 1.0).abs() < 1e-14,
                "{log_jac:?}, {exact}"
            );
        }
    }

    #[test]
    fn what_is_outside_harms_nobody() {
        let grid = rough(2, 10, 1.0);
        let z = [-1.0, f64::NAN, f64::INFINITY, 2.0, 1.0, 0.0];
        let (mut x, mut log_jac) = ([0.5; 6], [0.0; 3]);
        grid.forward(&z, &mut x, &mut log_jac);
        grid.inverse(&z, &mut x, &mut log_jac);
        assert!(log_jac.iter().all(|l| l.is_finite()));
    }
}
