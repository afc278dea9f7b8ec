//! Autoregressive layers: each coordinate conditioned on those before it, by one masked perceptron.
//!
//! Masked (MAF): `z_i` = S(`x_i`; `c_i(x_{<i})`). The density takes one pass, a draw d of them.
//! G. Papamakarios, T. Pavlakou, I. Murray (2017), arXiv:1705.07057.
//! Inverse (IAF): `z_i` = S(`x_i`; `c_i(z_{<i})`). A draw takes one pass, the density d of them, and so
//! does its gradient. D. P. Kingma et al. (2016), arXiv:1606.04934.
//! log|dz/dx| = `sum_i` ln S'(`x_i`) for both. "Before" is by an order of the coordinates.

use rand_pcg::Pcg64Dxsm;

use super::{
    aligned::Aligned,
    conditioner::Conditioner,
    element::Element,
    inputs::Inputs,
    layer::{Layer, Record, TileGradient, Work},
    made::Degrees,
    place::Place,
    tile::Tile,
};
use crate::kernel::{TILE, lane::Real, spline::Direction};

/// One autoregressive layer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Autoregressive {
    /// the coordinates, each after those that it sees
    order: Vec<usize>,
    /// per coordinate
    elements: Vec<Element>,
    inputs: Inputs,
    /// raw parameters of one coordinate
    parameters: usize,
    conditioner: Conditioner,
    /// whether conditioners see the latent end (IAF)
    inverse: bool,
}

impl Autoregressive {
    /// `order` holds each coordinate that `place` lets the layer change once.
    pub(crate) fn new(
        place: &Place,
        order: Vec<usize>,
        inverse: bool,
        element: Element,
        hidden: &[usize],
        slope: f64,
    ) -> Self {
        let dim = order.len();
        let elements = (0..dim).map(|i| place.element(i, element)).collect();
        let seen = (0..dim).chain(place.context());
        let inputs = Inputs::new(seen.map(|i| (i, place.view(i))));
        let mut degree = vec![0; place.context.end.max(dim)];
        order
            .iter()
            .enumerate()
            .for_each(|(k, i)| degree[*i] = k + 1);
        let parameters = element.parameters();
        let mut sizes = vec![inputs.rows()];
        sizes.extend_from_slice(hidden);
        sizes.push(dim * parameters);
        let of_inputs = inputs.axes().map(|i| degree[i]).collect();
        let of_outputs = (0..dim * parameters)
            .map(|k| degree[k / parameters])
            .collect();
        let degrees = Degrees::new(of_inputs, hidden, of_outputs);
        Self {
            order,
            elements,
            inputs,
            parameters,
            conditioner: Conditioner::new(&sizes, slope).masked(degrees),
            inverse,
        }
    }

    /// The function of coordinate `i`, whose parameters the conditioner has by now.
    fn one<R: Real>(
        &self,
        direction: Direction,
        values: &[R],
        tile: &mut Tile,
        record: &mut Record<R>,
        i: usize,
    ) {
        let n = self.parameters;
        let block = if record.keep { i * n * TILE } else { 0 };
        let raw = &mut record.raw[block..block + n * TILE];
        let which = i * n..(i + 1) * n;
        self.conditioner
            .outputs(values, &record.activations, which, raw);
        self.elements[i].evaluate(direction, raw, tile, i);
    }

    /// All coordinates from what the tile holds before.
    fn at_once<R: Real>(
        &self,
        direction: Direction,
        values: &[R],
        tile: &mut Tile,
        record: &mut Record<R>,
    ) {
        self.inputs.fill(tile, &mut record.activations[0]);
        self.conditioner.hidden(values, &mut record.activations);
        for i in 0..self.order.len() {
            self.one(direction, values, tile, record, i);
        }
    }

    /// One coordinate after the other, each from those that are done.
    fn in_turn<R: Real>(
        &self,
        direction: Direction,
        values: &[R],
        tile: &mut Tile,
        record: &mut Record<R>,
    ) {
        // What is not done yet is hidden by the masks.
        self.inputs.fill(tile, &mut record.activations[0]);
        for &i in &self.order {
            self.conditioner.hidden(values, &mut record.activations);
            self.one(direction, values, tile, record, i);
            self.inputs.fill_one(i, tile, &mut record.activations[0]);
        }
    }

    /// Keeps the coordinates at the data end.
    fn keep<R: Real>(&self, tile: &Tile, record: &mut Record<R>) {
        if record.keep {
            record.x.copy_from_slice(&tile.x[..self.order.len() * TILE]);
        }
    }

    /// Coordinate `i` of the backward pass; d loss / d raw is left in `work`.
    fn one_backward<R: Real>(
        &self,
        record: &Record<R>,
        work: &mut Work<R>,
        gradient: &mut TileGradient<R>,
        i: usize,
    ) {
        let n = self.parameters * TILE;
        self.elements[i].backward(
            &record.raw[i * n..(i + 1) * n],
            &record.x[i * TILE..(i + 1) * TILE],
            &mut gradient.x[i * TILE..(i + 1) * TILE],
            &gradient.log_q,
            &mut work.raw_gradient,
        );
    }
}

impl Layer for Autoregressive {
    fn parameter_count(&self) -> usize {
        self.conditioner.parameter_count()
    }

    fn passes(&self, direction: Direction) -> usize {
        if self.inverse == (direction == Direction::Forward) {
            self.order.len()
        } else {
            1
        }
    }

    fn initialise(&self, spread: f64, parameters: &mut [f64], rng: &mut Pcg64Dxsm) {
        self.conditioner.initialise(spread, parameters, rng);
    }

    fn fixed(&self) -> Vec<usize> {
        self.conditioner.fixed()
    }

    fn record<R: Real>(&self, keep: bool) -> Record<R> {
        let (block, dim) = (self.parameters * TILE, self.order.len());
        Record {
            keep,
            x: Aligned::new(if keep { dim * TILE } else { 0 }),
            activations: self.conditioner.activations(),
            raw: Aligned::new(if keep { dim * block } else { block }),
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
        if self.inverse {
            self.in_turn(Direction::Forward, values, tile, record);
        } else {
            self.at_once(Direction::Forward, values, tile, record);
        }
    }

    fn to_data<R: Real>(&self, values: &[R], tile: &mut Tile, record: &mut Record<R>) {
        if self.inverse {
            self.at_once(Direction::Inverse, values, tile, record);
        } else {
            self.in_turn(Direction::Inverse, values, tile, record);
        }
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
        let n = self.parameters;
        let features = &record.activations[0];
        if !self.inverse {
            self.conditioner.start_backward(record, work);
            for i in 0..self.order.len() {
                self.one_backward(record, work, gradient, i);
                let which = i * n..(i + 1) * n;
                self.conditioner
                    .outputs_backward(values, record, which, work, parameters);
            }
            self.conditioner
                .hidden_backward(values, record, work, parameters);
            let from = &work.gradients[0];
            self.inputs
                .backward(features, from, &mut gradient.x, |_| true);
            return;
        }
        // d loss / d z_i is complete once all that come after i have given their parts. What is taken
        // back to later coordinates and to i itself is zero by the masks.
        for (k, &i) in self.order.iter().enumerate().rev() {
            self.one_backward(record, work, gradient, i);
            self.conditioner.start_backward(record, work);
            let which = (i * n..(i + 1) * n, true, true);
            self.conditioner
                .some_outputs_backward(values, record, which, work, parameters);
            self.conditioner
                .hidden_backward(values, record, work, parameters);
            let earlier = |axis: usize| self.order[..k].contains(&axis) || axis >= self.order.len();
            let from = &work.gradients[0];
            self.inputs
                .backward(features, from, &mut gradient.x, earlier);
        }
    }
}
