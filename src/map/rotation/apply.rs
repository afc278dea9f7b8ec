//! The rotation for many points at once.
//!
//! Tiles of points are laid out coordinate by coordinate (`[dim][TILE]`), so that the quantiles,
//! the matrix and Phi all run along the points: `v_j` = Phi^-1(`z_j`), `u_i` = sum over j of
//! `m_ij v_j`, `x_i` = Phi(`u_i`).
//! Known weakness: the matrix is read once per vector of points, so its cost of dim^2
//! multiplications per point exceeds that of Phi in more than about thirty dimensions.

#![expect(
    clippy::inline_always,
    reason = "kernels must take on the features of their shell"
)]

use super::inside;
use crate::kernel::{
    TILE,
    dispatch::Kernel,
    lane::{Lane, Simd},
    normal::{cdf, quantile},
};

/// to = Phi(matrix Phi^-1(from)).
pub(super) struct Apply<'a> {
    /// `[dim * dim]`, row-major
    pub(super) matrix: &'a [f64],
    pub(super) dim: usize,
    /// `[n * dim]`
    pub(super) from: &'a [f64],
    /// `[n * dim]`
    pub(super) to: &'a mut [f64],
    /// `[2 * dim * TILE]`
    pub(super) work: &'a mut [f64],
}

impl Kernel for Apply<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let dim = self.dim;
        let lanes = <S::F64 as Lane>::LANES;
        let (normal, turned) = self.work.split_at_mut(dim * TILE);
        let tiles = self.from.chunks(dim * TILE);
        for (from, to) in tiles.zip(self.to.chunks_mut(dim * TILE)) {
            let points = from.len() / dim;
            let width = points.next_multiple_of(lanes);
            for (j, row) in normal.chunks_exact_mut(TILE).enumerate() {
                for (row, point) in row.iter_mut().zip(from.chunks_exact(dim)) {
                    *row = point[j];
                }
                // What fills up the last vector need only be a number.
                row[points..width].fill(0.5);
                for part in row[..width].chunks_exact_mut(lanes) {
                    quantile(<S::F64 as Lane>::load(part)).store(part);
                }
            }
            let rows = self.matrix.chunks_exact(dim);
            for (row, turned) in rows.zip(turned.chunks_exact_mut(TILE)) {
                for (first, part) in turned[..width].chunks_exact_mut(lanes).enumerate() {
                    let mut sum = <S::F64 as Lane>::splat(0.0);
                    for (factor, normal) in row.iter().zip(normal.chunks_exact(TILE)) {
                        let v = <S::F64 as Lane>::load(&normal[first * lanes..]);
                        sum = <S::F64 as Lane>::splat(*factor).fma(v, sum);
                    }
                    cdf(sum).store(part);
                }
            }
            for (i, point) in to.chunks_exact_mut(dim).enumerate() {
                for (to, turned) in point.iter_mut().zip(turned.chunks_exact(TILE)) {
                    *to = inside(turned[i]);
                }
            }
        }
    }
}
