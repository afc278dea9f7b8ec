//! Coupling: functions of the masked coordinates, conditioned on the others.
//!
//! `z_i` = `S(x_i`; `c_i(x_B)`) for i in the mask, `z_B` = `x_B` for the rest; c is a perceptron.
//! log|dz/dx| = `sum_i` ln S'(`x_i`). L. Dinh, D. Krueger, Y. Bengio, "NICE" (2014),
//! arXiv:1410.8516; with splines: T. Müller et al. (2019), arXiv:1808.03856. The conditioner
//! sees only coordinates that pass unchanged, so both directions use the very same functions
//! and the map stays exactly invertible whatever the conditioner's precision.

use rand_pcg::Pcg64Dxsm;

use super::{
    aligned::Aligned,
    conditioner::Conditioner,
    element::Element,
    inputs::Inputs,
    layer::{Layer, Record, TileGradient, Work},
    place::Place,
    tile::Tile,
};
use crate::kernel::{TILE, lane::Real, spline::Direction};

/// One coupling.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Coupling {
    /// coordinates that are transformed, and how
    transformed: Vec<(usize, Element)>,
    /// coordinates that the conditioner sees
    kept: Inputs,
    /// raw parameters of one coordinate
    parameters: usize,
    conditioner: Conditioner,
}

impl Coupling {
    /// `mask`: true for the coordinates of `place` to transform; both kinds must occur, or there is a context.
    pub(crate) fn new(
        place: &Place,
        mask: &[bool],
        element: Element,
        hidden: &[usize],
        slope: f64,
    ) -> Self {
        let masked = (0..mask.len()).filter(|i| mask[*i]);
        let transformed: Vec<_> = masked.map(|i| (i, place.element(i, element))).collect();
        let others = (0..mask.len()).filter(|i| !mask[*i]).chain(place.context());
        let kept = Inputs::new(others.map(|i| (i, place.view(i))));
        let parameters = element.parameters();
        let mut sizes = vec![kept.rows()];
        sizes.extend_from_slice(hidden);
        sizes.push(transformed.len() * parameters);
        Self {
            transformed,
            kept,
            parameters,
            conditioner: Conditioner::new(&sizes, slope),
        }
    }

    /// Runs the conditioner on the kept coordinates of the tile, and each function on its
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
        self.kept.fill(tile, &mut activations[0]);
        self.conditioner.hidden(values, activations);
        let n = self.parameters;
        // One block of parameters serves all functions unless they are kept.
        for (j, (i, element)) in self.transformed.iter().enumerate() {
            let block = if *keep { j * n * TILE } else { 0 };
            let raw = &mut raw[block..block + n * TILE];
            let which = j * n..(j + 1) * n;
            self.conditioner.outputs(values, activations, which, raw);
            element.evaluate(direction, raw, tile, *i);
        }
    }

    /// Keeps the coordinates at the data end.
    fn keep<R: Real>(&self, tile: &Tile, record: &mut Record<R>) {
        if !record.keep {
            return;
        }
        for (saved, (i, _)) in record.x.chunks_exact_mut(TILE).zip(&self.transformed) {
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
        let block = self.parameters * TILE;
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
            raw_gradient: Aligned::new(self.parameters * TILE),
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
        let n = self.parameters;
        for (j, (i, element)) in self.transformed.iter().enumerate() {
            element.backward(
                &record.raw[j * n * TILE..(j + 1) * n * TILE],
                &record.x[j * TILE..(j + 1) * TILE],
                &mut gradient.x[i * TILE..(i + 1) * TILE],
                &gradient.log_q,
                &mut work.raw_gradient,
            );
            let which = j * n..(j + 1) * n;
            self.conditioner
                .outputs_backward(values, record, which, work, parameters);
        }
        self.conditioner
            .hidden_backward(values, record, work, parameters);
        let (features, from) = (&record.activations[0], &work.gradients[0]);
        self.kept
            .backward(features, from, &mut gradient.x, |_| true);
    }
}
