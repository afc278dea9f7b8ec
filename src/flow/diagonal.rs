//! A scale and a shift of each coordinate: z = x e^s + b.
//!
//! log|dz/dx| = `sum_i` `s_i`. The rescaling layer of L. Dinh, D. Krueger, Y. Bengio, "NICE" (2014),
//! arXiv:1410.8516, section 3.3; started from data it is the actnorm of D. P. Kingma, P. Dhariwal,
//! "Glow" (2018), arXiv:1807.03039, section 3.1. Raw parameters are `[b, r]`, each `[dim]`, and
//! s = r/(1 + |r|/5).

use rand_distr::{Distribution as _, StandardNormal};
use rand_pcg::Pcg64Dxsm;

use super::{
    layer::{Layer, Record, TileGradient, Work, add_sum},
    tile::Tile,
};
use crate::kernel::{TILE, lane::Real, spline::LARGEST};

/// Random starts are this part as wide as asked for: a shift of a few units leaves the base's tails.
const MODEST: f64 = 0.3;

/// A diagonal linear map of the first `dim` coordinates.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Diagonal {
    dim: usize,
}

/// s of its raw parameter, and ds/dr.
pub(super) fn log_scale(raw: f64) -> (f64, f64) {
    let factor = 1.0 / (1.0 + raw.abs() / LARGEST);
    (raw * factor, factor * factor)
}

impl Diagonal {
    pub(crate) fn new(dim: usize) -> Self {
        Self { dim }
    }

    /// Raw parameters that give `points` (`[n * stride]`, the first `dim` coordinates of each counting)
    /// mean 0 and variance 1 at the latent end.
    pub(crate) fn standardise(&self, points: &[f64], stride: usize, parameters: &mut [f64]) {
        let n = (points.len() / stride).max(1) as f64;
        let (shifts, raws) = parameters.split_at_mut(self.dim);
        for (i, (shift, raw)) in shifts.iter_mut().zip(raws).enumerate() {
            let axis = || points.iter().skip(i).step_by(stride);
            let mean = axis().sum::<f64>() / n;
            let variance = axis().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
            // What does not vary, or hardly, is not blown up.
            let limit = 0.9 * LARGEST;
            let s = (-0.5 * variance.ln()).clamp(-limit, limit);
            *raw = s / (1.0 - s.abs() / LARGEST);
            *shift = -mean * s.exp();
        }
    }

    /// `(b, s, ds/dr)` of coordinate `i`.
    fn numbers<R: Real>(&self, values: &[R], i: usize) -> (f64, f64, f64) {
        let (s, derivative) = log_scale(values[self.dim + i].to_f64());
        (values[i].to_f64(), s, derivative)
    }
}

impl Layer for Diagonal {
    fn parameter_count(&self) -> usize {
        2 * self.dim
    }

    fn initialise(&self, spread: f64, parameters: &mut [f64], rng: &mut Pcg64Dxsm) {
        for p in parameters {
            let normal: f64 = StandardNormal.sample(rng);
            *p = MODEST * spread * normal;
        }
    }

    fn record<R: Real>(&self, keep: bool) -> Record<R> {
        Record::of_rows(keep, self.dim)
    }

    fn to_latent<R: Real>(&self, values: &[R], tile: &mut Tile, record: &mut Record<R>) {
        record.keep_rows(tile);
        let mut log_slope = 0.0;
        for (i, row) in tile.x.chunks_exact_mut(TILE).take(self.dim).enumerate() {
            let (b, s, _) = self.numbers(values, i);
            let scale = s.exp();
            for x in row {
                *x = x.mul_add(scale, b);
            }
            log_slope += s;
        }
        tile.log_q.iter_mut().for_each(|l| *l += log_slope);
    }

    fn to_data<R: Real>(&self, values: &[R], tile: &mut Tile, record: &mut Record<R>) {
        let mut log_slope = 0.0;
        for (i, row) in tile.x.chunks_exact_mut(TILE).take(self.dim).enumerate() {
            let (b, s, _) = self.numbers(values, i);
            let scale = (-s).exp();
            for z in row {
                *z = (*z - b) * scale;
            }
            log_slope += s;
        }
        tile.log_q.iter_mut().for_each(|l| *l += log_slope);
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
        let TileGradient { x, log_q } = gradient;
        let along: f64 = log_q.iter().map(|g| g.to_f64()).sum();
        let rows = x.chunks_exact_mut(TILE).zip(record.x.chunks_exact(TILE));
        for (i, (row, x)) in rows.enumerate() {
            let (_, s, derivative) = self.numbers(values, i);
            let scale = s.exp();
            let (mut by_shift, mut by_scale) = (0.0, 0.0);
            for (g, x) in row.iter_mut().zip(x) {
                let at_z = g.to_f64();
                by_shift += at_z;
                by_scale += at_z * x * scale;
                *g = R::from_f64(at_z * scale);
            }
            add_sum(&mut parameters[i], by_shift);
            add_sum(
                &mut parameters[self.dim + i],
                (by_scale + along) * derivative,
            );
        }
    }
}
