//! Coupling: splines on the masked coordinates, conditioned on the others.
//!
//! `z_i` = `S(x_i`; `c_i(x_B)`) for i in the mask, `z_B` = `x_B` for the rest; c is a perceptron.
//! log|dz/dx| = `sum_i` ln S'(`x_i`). L. Dinh, D. Krueger, Y. Bengio, "NICE" (2014),
//! arXiv:1410.8516; with splines: T. Müller et al. (2019), arXiv:1808.03856. The conditioner
//! sees only coordinates that pass unchanged, so both directions use the very same splines
//! and the map stays exactly invertible whatever the conditioner's precision.

use rand_pcg::Pcg64Dxsm;

use super::{
    conditioner::Conditioner,
    layer::{Layer, LayerScratch, TileGradient},
    spline::Spline,
    tile::Tile,
};
use crate::kernel::{
    TILE,
    lane::Real,
    spline::{Backward, Direction, backward, evaluate},
};

/// One coupling.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Coupling {
    /// coordinates that are transformed
    transformed: Vec<usize>,
    /// coordinates that the conditioner sees
    kept: Vec<usize>,
    spline: Spline,
    conditioner: Conditioner,
}

impl Coupling {
    /// `mask`: true for the coordinates to transform; both kinds must occur.
    pub(crate) fn new(mask: &[bool], spline: Spline, hidden: &[usize], slope: f64) -> Self {
        let pick = |which| {
            (0..mask.len())
                .filter(|i| mask[*i] == which)
                .collect::<Vec<_>>()
        };
        let (transformed, kept) = (pick(true), pick(false));
        let mut sizes = vec![kept.len()];
        sizes.extend_from_slice(hidden);
        sizes.push(transformed.len() * spline.parameters());
        Self {
            transformed,
            kept,
            spline,
            conditioner: Conditioner::new(&sizes, slope),
        }
    }

    /// Runs the conditioner on the kept coordinates of the tile.
    fn condition<R: Real>(&self, values: &[R], tile: &Tile, scratch: &mut LayerScratch<R>) {
        let inputs = scratch.activations[0].chunks_exact_mut(TILE);
        for (input, &i) in inputs.zip(&self.kept) {
            for (h, x) in input.iter_mut().zip(&tile.x[i * TILE..(i + 1) * TILE]) {
                *h = R::from_f64(2.0 * x - 1.0);
            }
        }
        self.conditioner.forward(values, &mut scratch.activations);
    }

    fn transform<R: Real>(&self, direction: Direction, tile: &mut Tile, scratch: &LayerScratch<R>) {
        let raw = scratch
            .activations
            .last()
            .expect("a conditioner has layers");
        let rows = raw.chunks_exact(self.spline.parameters() * TILE);
        let Tile { x, log_q } = tile;
        for (raw, &i) in rows.zip(&self.transformed) {
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

impl Layer for Coupling {
    fn parameter_count(&self) -> usize {
        self.conditioner.parameter_count()
    }

    fn initialise(&self, spread: f64, parameters: &mut [f64], rng: &mut Pcg64Dxsm) {
        self.conditioner.initialise(spread, parameters, rng);
    }

    fn scratch<R: Real>(&self) -> LayerScratch<R> {
        LayerScratch {
            x: vec![0.0; self.transformed.len() * TILE],
            activations: self.conditioner.activations(),
            gradients: self.conditioner.activations(),
        }
    }

    fn transpose<R: Real>(&self, values: &[R], transposed: &mut [R]) {
        self.conditioner.transpose(values, transposed);
    }

    fn to_latent<R: Real>(&self, values: &[R], tile: &mut Tile, scratch: &mut LayerScratch<R>) {
        self.condition(values, tile, scratch);
        for (saved, &i) in scratch.x.chunks_exact_mut(TILE).zip(&self.transformed) {
            saved.copy_from_slice(&tile.x[i * TILE..(i + 1) * TILE]);
        }
        self.transform(Direction::Forward, tile, scratch);
    }

    fn to_data<R: Real>(&self, values: &[R], tile: &mut Tile, scratch: &mut LayerScratch<R>) {
        self.condition(values, tile, scratch);
        self.transform(Direction::Inverse, tile, scratch);
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
        let raw = activations.last().expect("a conditioner has layers");
        let raw_gradient = gradients.last_mut().expect("a conditioner has layers");
        let block = self.spline.parameters() * TILE;
        let rows = raw
            .chunks_exact(block)
            .zip(raw_gradient.chunks_exact_mut(block));
        for (((raw, raw_gradient), x), &i) in rows.zip(x.chunks_exact(TILE)).zip(&self.transformed)
        {
            backward(Backward {
                kind: self.spline.any(),
                bins: self.spline.bins,
                raw,
                x,
                gradient: &mut gradient.x[i * TILE..(i + 1) * TILE],
                log_slope_gradient: &gradient.log_q,
                raw_gradient,
            });
        }
        self.conditioner
            .backward(transposed, activations, gradients, parameters);
        for (input, &i) in gradients[0].chunks_exact(TILE).zip(&self.kept) {
            for (g, h) in gradient.x[i * TILE..(i + 1) * TILE].iter_mut().zip(input) {
                *g += 2.0 * h.to_f64();
            }
        }
    }
}
