//! Linear maps with a determinant in O(d): z = L U x + b.
//!
//! L is lower triangular with a unit diagonal, U upper triangular with the diagonal e^s, so that
//! log|dz/dx| = `sum_i` `s_i`; both directions take O(d^2). Without U's upper part the map is triangular,
//! z = L e^s x + b. After a permutation it is the invertible 1x1 mixing of D. P. Kingma, P. Dhariwal,
//! "Glow" (2018), arXiv:1807.03039, section 3.2. Raw parameters: b (`[d]`), r (`[d]`) with
//! s = r/(1 + |r|/5), L row by row, U row by row.

use std::ops::Range;

use rand_distr::{Distribution as _, StandardNormal};
use rand_pcg::Pcg64Dxsm;

use super::{
    diagonal::log_scale,
    layer::{Layer, Record, TileGradient, Work, add_sum},
    tile::Tile,
};
use crate::kernel::{TILE, lane::Real};

/// A triangular map, or a product of two, of the first `dim` coordinates.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Linear {
    dim: usize,
    /// whether there is an upper part
    full: bool,
}

/// total += factor row, for two rows of `rows`.
fn add_row(rows: &mut [f64], to: usize, from: usize, factor: f64) {
    let (a, b) = (to.min(from), to.max(from));
    let (before, after) = rows.split_at_mut(b * TILE);
    let (low, high) = (&mut before[a * TILE..(a + 1) * TILE], &mut after[..TILE]);
    let (to, from) = if to < from { (low, high) } else { (high, low) };
    to.iter_mut().zip(from).for_each(|(t, f)| *t += factor * *f);
}

fn row(rows: &[f64], i: usize) -> &[f64] {
    &rows[i * TILE..(i + 1) * TILE]
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

impl Linear {
    pub(crate) fn new(dim: usize, full: bool) -> Self {
        Self { dim, full }
    }

    /// Where `L_ij`, i > j, stands among the parameters.
    fn lower(&self, i: usize, j: usize) -> usize {
        2 * self.dim + i * (i - 1) / 2 + j
    }

    /// Where `U_ij`, i < j, stands.
    fn upper(&self, i: usize, j: usize) -> usize {
        let half = self.dim * (self.dim - 1) / 2;
        let rows_before = i * (2 * self.dim - i - 1) / 2;
        2 * self.dim + half + rows_before + j - i - 1
    }

    /// The columns of row i that U has beside the diagonal.
    fn above(&self, i: usize) -> Range<usize> {
        if self.full { i + 1..self.dim } else { 0..0 }
    }

    fn log_scales<R: Real>(&self, values: &[R]) -> Vec<(f64, f64)> {
        let raw = values[self.dim..2 * self.dim].iter();
        raw.map(|r| log_scale(r.to_f64())).collect()
    }

    /// x -> U x in place.
    fn apply_upper<R: Real>(&self, values: &[R], scales: &[(f64, f64)], x: &mut [f64]) {
        for i in 0..self.dim {
            let scale = scales[i].0.exp();
            x[i * TILE..(i + 1) * TILE]
                .iter_mut()
                .for_each(|v| *v *= scale);
            for j in self.above(i) {
                add_row(x, i, j, values[self.upper(i, j)].to_f64());
            }
        }
    }

    fn add_log_slope(scales: &[(f64, f64)], tile: &mut Tile) {
        let sum: f64 = scales.iter().map(|(s, _)| s).sum();
        tile.log_q.iter_mut().for_each(|l| *l += sum);
    }
}

impl Layer for Linear {
    fn parameter_count(&self) -> usize {
        let half = self.dim * (self.dim - 1) / 2;
        2 * self.dim + if self.full { 2 * half } else { half }
    }

    fn initialise(&self, spread: f64, parameters: &mut [f64], rng: &mut Pcg64Dxsm) {
        for p in parameters {
            let normal: f64 = StandardNormal.sample(rng);
            *p = spread * normal;
        }
    }

    fn record<R: Real>(&self, keep: bool) -> Record<R> {
        Record::of_rows(keep, self.dim)
    }

    fn to_latent<R: Real>(&self, values: &[R], tile: &mut Tile, record: &mut Record<R>) {
        record.keep_rows(tile);
        let scales = self.log_scales(values);
        self.apply_upper(values, &scales, &mut tile.x);
        for i in (0..self.dim).rev() {
            for j in 0..i {
                add_row(&mut tile.x, i, j, values[self.lower(i, j)].to_f64());
            }
            let shift = values[i].to_f64();
            tile.x[i * TILE..(i + 1) * TILE]
                .iter_mut()
                .for_each(|z| *z += shift);
        }
        Self::add_log_slope(&scales, tile);
    }

    fn to_data<R: Real>(&self, values: &[R], tile: &mut Tile, record: &mut Record<R>) {
        let scales = self.log_scales(values);
        for i in 0..self.dim {
            let shift = values[i].to_f64();
            tile.x[i * TILE..(i + 1) * TILE]
                .iter_mut()
                .for_each(|z| *z -= shift);
            for j in 0..i {
                add_row(&mut tile.x, i, j, -values[self.lower(i, j)].to_f64());
            }
        }
        for i in (0..self.dim).rev() {
            for j in self.above(i) {
                add_row(&mut tile.x, i, j, -values[self.upper(i, j)].to_f64());
            }
            let scale = (-scales[i].0).exp();
            tile.x[i * TILE..(i + 1) * TILE]
                .iter_mut()
                .for_each(|v| *v *= scale);
        }
        Self::add_log_slope(&scales, tile);
        record.keep_rows(tile);
    }

    fn backward<R: Real>(
        &self,
        values: &[R],
        record: &Record<R>,
        _: &mut Work<R>,
        gradient: &mut TileGradient<R>,
        parameters: &mut [R],
    ) {
        let (d, x) = (self.dim, &record.x[..]);
        let scales = self.log_scales(values);
        let mut between = x.to_vec();
        self.apply_upper(values, &scales, &mut between);
        let mut g: Vec<f64> = gradient.x[..d * TILE].iter().map(|g| g.to_f64()).collect();
        for i in 0..d {
            add_sum(&mut parameters[i], row(&g, i).iter().sum());
            for j in 0..i {
                let sum = dot(row(&g, i), row(&between, j));
                add_sum(&mut parameters[self.lower(i, j)], sum);
            }
        }
        // L^T: row j takes from the rows below it, which are still those of z.
        for j in 0..d {
            for i in j + 1..d {
                add_row(&mut g, j, i, values[self.lower(i, j)].to_f64());
            }
        }
        let along: f64 = gradient.log_q.iter().map(|g| g.to_f64()).sum();
        for i in 0..d {
            let (s, derivative) = scales[i];
            let sum = s.exp() * dot(row(&g, i), row(x, i)) + along;
            add_sum(&mut parameters[d + i], sum * derivative);
            for j in self.above(i) {
                add_sum(
                    &mut parameters[self.upper(i, j)],
                    dot(row(&g, i), row(x, j)),
                );
            }
        }
        // U^T: row j takes from the rows above it, which are still those between.
        for j in (0..d).rev() {
            let scale = scales[j].0.exp();
            g[j * TILE..(j + 1) * TILE]
                .iter_mut()
                .for_each(|v| *v *= scale);
            for i in (0..j).filter(|_| self.full) {
                add_row(&mut g, j, i, values[self.upper(i, j)].to_f64());
            }
        }
        for (to, g) in gradient.x.iter_mut().zip(g) {
            *to = R::from_f64(g);
        }
    }
}
