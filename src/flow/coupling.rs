//! Coupling: splines on the masked coordinates, conditioned on the others.
//!
//! `z_i` = `S(x_i`; `c_i(x_B)`) for i in the mask, `z_B` = `x_B` for the rest; c is a perceptron.
//! log|dz/dx| = `sum_i` ln S'(`x_i`). L. Dinh, D. Krueger, Y. Bengio, "NICE" (2014),
//! arXiv:1410.8516; with splines: T. Müller et al. (2019), arXiv:1808.03856. The conditioner
//! sees only coordinates that pass unchanged, so both directions use the very same splines
//! and the map stays exactly invertible whatever the conditioner's precision.

use rand_pcg::Pcg64Dxsm;

use super::{
    aligned::Aligned,
    conditioner::Conditioner,
    layer::{Layer, Record, TileGradient, Work},
    spline::Spline,
    tile::Tile,
};
use crate::kernel::{
    TILE,
    dispatch::run,
    lane::Real,
    rows::{AddScaled, Center},
    spline::{Backward, Direction, Evaluate, backward, evaluate},
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
            let mut picked = Vec::with_capacity(mask.iter().filter(|m| **m == which).count());
            picked.extend((0..mask.len()).filter(|i| mask[*i] == which));
            picked
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

    /// Runs the conditioner on the kept coordinates of the tile, and each spline on its
    /// coordinate as soon as its parameters are there.
    fn run<R: Real>(
        &self,
        direction: Direction,
        values: &[R],
        tile: &mut Tile,
        record: &mut Record<R>,
    ) {
        let Record {
            keep,
            x: _,
            activations,
            raw,
        } = record;
        let inputs = activations[0].chunks_exact_mut(TILE);
        for (to, &i) in inputs.zip(&self.kept) {
            let from = &tile.x[i * TILE..(i + 1) * TILE];
            run(Center { from, to });
        }
        self.conditioner.hidden(values, activations);
        let n = self.spline.parameters();
        // One block of parameters serves all splines unless they are kept.
        for (j, &i) in self.transformed.iter().enumerate() {
            let block = if *keep { j * n * TILE } else { 0 };
            let raw = &mut raw[block..block + n * TILE];
            let which = j * n..(j + 1) * n;
            self.conditioner.outputs(values, activations, which, raw);
            evaluate(Evaluate {
                kind: self.spline.any(),
                bins: self.spline.bins,
                direction,
                raw,
                values: &mut tile.x[i * TILE..(i + 1) * TILE],
                slope: &mut tile.slope,
            });
            tile.count_factor();
        }
    }

    /// Keeps the coordinates at the data end.
    fn keep<R: Real>(&self, tile: &Tile, record: &mut Record<R>) {
        if !record.keep {
            return;
        }
        for (saved, &i) in record.x.chunks_exact_mut(TILE).zip(&self.transformed) {
            saved.copy_from_slice(&tile.x[i * TILE..(i + 1) * TILE]);
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

    fn record<R: Real>(&self, keep: bool) -> Record<R> {
        let block = self.spline.parameters() * TILE;
        let count = self.transformed.len();
        Record {
            keep,
            x: Aligned::new(if keep { count * TILE } else { 0 }),
            activations: self.conditioner.activations(),
            raw: Aligned::new(if keep { count * block } else { block }),
        }
    }

    fn work<R: Real>(&self) -> Work<R> {
        Work {
            raw_gradient: Aligned::new(self.spline.parameters() * TILE),
            ..self.conditioner.work()
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
        values: &[R],
        record: &Record<R>,
        work: &mut Work<R>,
        gradient: &mut TileGradient<R>,
        parameters: &mut [R],
    ) {
        self.conditioner.start_backward(record, work);
        let n = self.spline.parameters();
        for (j, &i) in self.transformed.iter().enumerate() {
            backward(Backward {
                kind: self.spline.any(),
                bins: self.spline.bins,
                raw: &record.raw[j * n * TILE..(j + 1) * n * TILE],
                x: &record.x[j * TILE..(j + 1) * TILE],
                gradient: &mut gradient.x[i * TILE..(i + 1) * TILE],
                log_slope_gradient: &gradient.log_q,
                raw_gradient: &mut work.raw_gradient[..n * TILE],
            });
            let which = j * n..(j + 1) * n;
            self.conditioner
                .outputs_backward(values, record, which, work, parameters);
        }
        self.conditioner
            .hidden_backward(values, record, work, parameters);
        for (from, &i) in work.gradients[0].chunks_exact(TILE).zip(&self.kept) {
            run(AddScaled {
                factor: R::TWO,
                from,
                total: &mut gradient.x[i * TILE..(i + 1) * TILE],
            });
        }
    }
}
