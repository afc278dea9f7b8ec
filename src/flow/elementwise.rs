//! A spline of its own for each coordinate, without a conditioner.
//!
//! `z_i` = `S(x_i`; `c_i`). The whole flow in one dimension, and what a VEGAS grid can be turned
//! into when it shall go on learning; raw parameters are `[dim * parameters]`.

use std::f64::consts::LN_2;

use rand_distr::{Distribution as _, StandardNormal};
use rand_pcg::Pcg64Dxsm;

use super::{
    aligned::Aligned,
    element::Element,
    layer::{Layer, Record, TileGradient, Work, add_sum},
    place::Place,
    spline::Spline,
    tile::Tile,
};
use crate::kernel::{TILE, lane::Real, spline::Direction};
use crate::map::Grid;

/// One spline per coordinate.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Elementwise {
    /// per coordinate
    elements: Vec<Element>,
    spline: Spline,
}

impl Elementwise {
    /// On all coordinates that may be changed at `place`.
    pub(crate) fn new(place: &Place, spline: Spline) -> Self {
        let element = |i| place.element(i, spline.into());
        let elements = (0..place.active).map(element).collect();
        Self { elements, spline }
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
        let raws = parameters.chunks_exact_mut(self.spline.parameters());
        for ((axis, raw), element) in axes.zip(raws).zip(&self.elements) {
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
            if element.is_circular() {
                raw[3 * bins] = 0.0;
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
        record: &mut Record<R>,
    ) {
        let n = self.spline.parameters() * TILE;
        for (i, element) in self.elements.iter().enumerate() {
            let block = if record.keep { i * n } else { 0 };
            let raw = &mut record.raw[block..block + n];
            self.spread(values, i, raw);
            element.evaluate(direction, raw, tile, i);
        }
    }

    /// Keeps the coordinates at the data end.
    fn keep<R: Real>(&self, tile: &Tile, record: &mut Record<R>) {
        if record.keep {
            record
                .x
                .copy_from_slice(&tile.x[..self.elements.len() * TILE]);
        }
    }
}

impl Layer for Elementwise {
    fn parameter_count(&self) -> usize {
        self.elements.len() * self.spline.parameters()
    }

    fn initialise(&self, spread: f64, parameters: &mut [f64], rng: &mut Pcg64Dxsm) {
        for p in parameters {
            let normal: f64 = StandardNormal.sample(rng);
            *p = spread * normal;
        }
    }

    fn record<R: Real>(&self, keep: bool) -> Record<R> {
        let block = self.spline.parameters() * TILE;
        Record {
            keep,
            x: Aligned::new(if keep { self.elements.len() * TILE } else { 0 }),
            activations: Vec::new(),
            raw: Aligned::new(if keep {
                self.elements.len() * block
            } else {
                block
            }),
        }
    }

    fn work<R: Real>(&self) -> Work<R> {
        Work {
            raw_gradient: Aligned::new(self.spline.parameters() * TILE),
            ..Work::default()
        }
    }

    fn to_latent<R: Real>(&self, values: &[R], tile: &mut Tile, record: &mut Record<R>) {
        self.keep(tile, record);
        self.run(Direction::Forward, values, tile, record);
    }

    fn to_data<R: Real>(&self, values: &[R], tile: &mut Tile, record: &mut Record<R>) {
        self.run(Direction::Inverse, values, tile, record);
        self.keep(tile, record);
    }

    fn backward<R: Real>(
        &self,
        _: &[R],
        record: &Record<R>,
        work: &mut Work<R>,
        gradient: &mut TileGradient<R>,
        parameters: &mut [R],
    ) {
        let n = self.spline.parameters();
        for (i, element) in self.elements.iter().enumerate() {
            let raw_gradient = &mut work.raw_gradient[..n * TILE];
            element.backward(
                &record.raw[i * n * TILE..(i + 1) * n * TILE],
                &record.x[i * TILE..(i + 1) * TILE],
                &mut gradient.x[i * TILE..(i + 1) * TILE],
                &gradient.log_q,
                raw_gradient,
            );
            let rows = raw_gradient.chunks_exact(TILE);
            for (p, row) in parameters[i * n..(i + 1) * n].iter_mut().zip(rows) {
                add_sum(p, row.iter().map(|g| g.to_f64()).sum());
            }
        }
    }
}
