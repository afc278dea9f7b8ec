//! A spline of its own for each coordinate, without a conditioner.
//!
//! `z_i` = `S(x_i`; `c_i`). The whole flow in one dimension, and what a VEGAS grid can be turned
//! into when it shall go on learning; raw parameters are `[dim * parameters]`.

use std::f64::consts::LN_2;

use rand_distr::{Distribution as _, StandardNormal};
use rand_pcg::Pcg64Dxsm;

use super::{
    layer::{Layer, LayerScratch, TileGradient},
    spline::Spline,
    tile::Tile,
};
use crate::kernel::{
    TILE,
    lane::Real,
    spline::{Backward, Direction, backward, evaluate},
};
use crate::map::Grid;

/// One spline per coordinate.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Elementwise {
    dim: usize,
    spline: Spline,
}

impl Elementwise {
    pub(crate) fn new(dim: usize, spline: Spline) -> Self {
        Self { dim, spline }
    }

    /// Raw parameters that follow `grid` as closely as the bins allow: knots at equal shares
    /// of z, so that the heights are equal and the widths are the grid's.
    ///
    /// Only rational-quadratic splines have free widths and heights; other kinds stay the
    /// identity.
    pub(crate) fn follow(&self, grid: &Grid, parameters: &mut [f64]) {
        use super::spline::SplineKind::RationalQuadratic;
        if self.spline.kind != RationalQuadratic {
            return;
        }
        let bins = self.spline.bins;
        let coarse = grid.resample(bins);
        let axes = coarse.edges().chunks_exact(bins + 1);
        for (axis, raw) in axes.zip(parameters.chunks_exact_mut(self.spline.parameters())) {
            let width = |k: usize| (axis[k + 1] - axis[k]).max(2e-3);
            for (k, raw) in raw[..bins].iter_mut().enumerate() {
                *raw = width(k).ln();
            }
            raw[bins..2 * bins].fill(0.0);
            for k in 0..=bins {
                // slope at the knot: mean of the neighbouring bins' slopes (1/bins)/width
                let (left, right) = (width(k.max(1) - 1), width(k.min(bins - 1)));
                let slope = 0.5 * (1.0 / left + 1.0 / right) / bins as f64;
                let softplus = (slope * LN_2).max(1e-3);
                raw[2 * bins + k] = softplus + (-(-softplus).exp_m1()).ln();
            }
        }
    }

    /// The parameters of coordinate `i`, repeated for each point of a tile.
    fn spread<R: Real>(&self, values: &[R], i: usize, raw: &mut [R]) {
        let n = self.spline.parameters();
        for (row, v) in raw.chunks_exact_mut(TILE).zip(&values[i * n..(i + 1) * n]) {
            row.fill(*v);
        }
    }

    fn run<R: Real>(
        &self,
        direction: Direction,
        values: &[R],
        tile: &mut Tile,
        scratch: &mut LayerScratch<R>,
    ) {
        let raw = &mut scratch.activations[0];
        for i in 0..self.dim {
            self.spread(values, i, raw);
            let Tile { x, log_q } = tile;
            let row = &mut x[i * TILE..(i + 1) * TILE];
            evaluate(
                self.spline.any(),
                self.spline.bins,
                direction,
                raw,
                row,
                log_q,
            );
        }
    }
}

impl Layer for Elementwise {
    fn parameter_count(&self) -> usize {
        self.dim * self.spline.parameters()
    }

    fn initialise(&self, spread: f64, parameters: &mut [f64], rng: &mut Pcg64Dxsm) {
        for p in parameters {
            let normal: f64 = StandardNormal.sample(rng);
            *p = spread * normal;
        }
    }

    fn scratch<R: Real>(&self) -> LayerScratch<R> {
        let rows = vec![R::default(); self.spline.parameters() * TILE];
        LayerScratch {
            x: vec![0.0; self.dim * TILE],
            activations: vec![rows.clone()],
            gradients: vec![rows, vec![R::default(); self.parameter_count()]],
        }
    }

    fn transpose<R: Real>(&self, values: &[R], transposed: &mut [R]) {
        transposed.copy_from_slice(values);
    }

    fn to_latent<R: Real>(&self, values: &[R], tile: &mut Tile, scratch: &mut LayerScratch<R>) {
        scratch.x.copy_from_slice(&tile.x);
        self.run(Direction::Forward, values, tile, scratch);
    }

    fn to_data<R: Real>(&self, values: &[R], tile: &mut Tile, scratch: &mut LayerScratch<R>) {
        self.run(Direction::Inverse, values, tile, scratch);
    }

    fn backward<R: Real>(
        &self,
        transposed: &[R],
        scratch: &mut LayerScratch<R>,
        gradient: &mut TileGradient,
        parameters: &mut [R],
    ) {
        let LayerScratch {
            x,
            activations,
            gradients,
        } = scratch;
        let n = self.spline.parameters();
        for i in 0..self.dim {
            self.spread(transposed, i, &mut activations[0]);
            backward(Backward {
                kind: self.spline.any(),
                bins: self.spline.bins,
                raw: &activations[0],
                x: &x[i * TILE..(i + 1) * TILE],
                gradient: &mut gradient.x[i * TILE..(i + 1) * TILE],
                log_slope_gradient: &gradient.log_q,
                raw_gradient: &mut gradients[0],
            });
            let rows = gradients[0].chunks_exact(TILE);
            for (p, row) in parameters[i * n..(i + 1) * n].iter_mut().zip(rows) {
                let sum: f64 = row.iter().map(|g| g.to_f64()).sum();
                *p = R::from_f64(p.to_f64() + sum);
            }
        }
    }
}
