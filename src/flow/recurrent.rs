//! Autoregressive layers whose conditioner runs along the coordinates, with the same parameters at each.
//!
//! `z_k` = S(`x_k`; C (`p_k`, c, `h_k`) + b), `h_k` = G(`h_{k-1}`; `x_{k-1}`, `p_k`, c): G is a gated recurrent unit
//! ([`Gated`]) that begins with `h` = 0 and `x_{-1}` = 0, `p_k` = (2 k + 1)/d - 1 says where it is, c is the context.
//! log|dz/dx| = `sum_k` ln S'(`x_k`). A draw takes one run of the unit, as the density and its gradient do:
//! where a masked perceptron takes d passes for it, each step here waits for the coordinate before. The number
//! of parameters does not depend on d. Known weakness: what is far back is remembered in few numbers.
//! J. B. Oliva et al., "Transformation autoregressive networks" (2018), arXiv:1801.09819, section 3.1.

use rand_distr::{Distribution as _, StandardNormal};
use rand_pcg::Pcg64Dxsm;

use super::{
    aligned::Aligned,
    dense::{Dense, padded},
    element::Element,
    gated::{Back, Gated, Step},
    inputs::Inputs,
    layer::{Layer, Record, TileGradient, Work},
    place::Place,
    tile::Tile,
};
use crate::kernel::{TILE, lane::Real, spline::Direction};

/// One recurrent layer.
///
/// Rows of a record's activations: coordinates and context as they are seen, inputs of a step, what is kept of
/// each step (of one, where nothing is). Rows of the gradients: as the first, d/d (u, h), what a step works in.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Recurrent {
    /// coordinates, in whose order it runs
    dim: usize,
    element: Element,
    /// the coordinates, then the context: a row for each
    inputs: Inputs,
    unit: Gated,
    output: Dense,
}

/// Rows of the coordinate before and of the place.
const OWN: usize = 2;

impl Recurrent {
    /// Runs along the coordinates that `place` lets it change; none of them, nor of the context, is an angle.
    pub(crate) fn new(place: &Place, element: Element, features: usize) -> Self {
        let dim = place.active;
        let seen = (0..dim).chain(place.context());
        let given = OWN + place.context.len();
        let unit = Gated::new(given, features);
        Self {
            dim,
            element,
            inputs: Inputs::new(seen.map(|i| (i, place.view(i)))),
            output: Dense {
                inputs: given - 1 + features,
                outputs: element.parameters(),
                at: unit.parameter_count(),
            },
            unit,
        }
    }

    /// What the unit is given at coordinate `k`, from the rows that are seen; the context is there.
    fn give<R: Real>(&self, k: usize, seen: &[R], inputs: &mut [R]) {
        if k == 0 {
            inputs[..TILE].fill(R::ZERO);
        } else {
            inputs[..TILE].copy_from_slice(&seen[(k - 1) * TILE..k * TILE]);
        }
        let place = (2 * k + 1) as f64 / self.dim as f64 - 1.0;
        inputs[TILE..OWN * TILE].fill(R::from_f64(place));
    }

    /// Rows of the context among those that are seen, and among what the unit is given.
    fn context(&self) -> (usize, usize, usize) {
        let rows = self.inputs.rows() - self.dim;
        (self.dim * TILE, OWN * TILE, rows * TILE)
    }

    /// One coordinate after the other; all are seen at the data end.
    fn run<R: Real>(
        &self,
        direction: Direction,
        values: &[R],
        tile: &mut Tile,
        record: &mut Record<R>,
    ) {
        let [seen, inputs, kept] = &mut record.activations[..3] else {
            unreachable!("the layer's own buffers");
        };
        let (block, n) = (self.unit.kept() * TILE, self.output.outputs * TILE);
        self.inputs.fill(tile, seen);
        let (from, to, rows) = self.context();
        inputs[..self.unit.padded() * TILE].fill(R::ZERO);
        inputs[to..to + rows].copy_from_slice(&seen[from..from + rows]);
        for k in 0..self.dim {
            let (at, raw_at) = if record.keep {
                (k * block, k * n)
            } else {
                (0, 0)
            };
            self.give(k, seen, inputs);
            let mut step = Step {
                inputs: &mut *inputs,
                kept: &mut kept[at..at + block],
            };
            self.unit.forward(values, &mut step);
            let raw = &mut record.raw[raw_at..raw_at + n];
            self.output.forward(values, &inputs[TILE..], raw);
            self.element.evaluate(direction, raw, tile, k);
            if direction == Direction::Inverse {
                self.inputs.fill_one(k, tile, seen);
            }
        }
    }

    /// Keeps the coordinates at the data end.
    fn keep<R: Real>(&self, tile: &Tile, record: &mut Record<R>) {
        if record.keep {
            record.x.copy_from_slice(&tile.x[..self.dim * TILE]);
        }
    }
}

impl Layer for Recurrent {
    fn parameter_count(&self) -> usize {
        self.output.end()
    }

    fn passes(&self, _: Direction) -> usize {
        self.dim
    }

    fn initialise(&self, spread: f64, parameters: &mut [f64], rng: &mut Pcg64Dxsm) {
        self.unit.initialise(self.dim, parameters, rng);
        for p in &mut parameters[self.output.at..] {
            let normal: f64 = StandardNormal.sample(rng);
            *p = spread * normal;
        }
    }

    fn record<R: Real>(&self, keep: bool) -> Record<R> {
        let steps = if keep { self.dim } else { 1 };
        Record {
            keep,
            x: Aligned::new(if keep { self.dim * TILE } else { 0 }),
            activations: vec![
                Aligned::new(self.inputs.rows() * TILE),
                Aligned::new(2 * self.unit.padded() * TILE),
                Aligned::new(steps * self.unit.kept() * TILE),
            ],
            raw: Aligned::new(steps * self.output.outputs * TILE),
        }
    }

    fn work<R: Real>(&self) -> Work<R> {
        let state = self.output.inputs + 1;
        Work {
            gradients: vec![
                Aligned::new(self.inputs.rows() * TILE),
                Aligned::new(state * TILE),
                Aligned::new((self.unit.work() + 2 * self.unit.padded()) * TILE),
            ],
            points: Aligned::new(padded(state) * TILE),
            raw_gradient: Aligned::new(self.output.outputs * TILE),
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
        let (block, n) = (self.unit.kept() * TILE, self.output.outputs * TILE);
        let [seen, last, kept] = &record.activations[..] else {
            unreachable!("the layer's own buffers");
        };
        let [to_seen, state, rest] = &mut work.gradients[..3] else {
            unreachable!("room for what the layer asked for");
        };
        let (of_step, inputs) = rest.split_at_mut(self.unit.work() * TILE);
        let state = &mut state[..(self.output.inputs + 1) * TILE];
        state.fill(R::ZERO);
        // As the last step has left them: the context, and h.
        inputs[..last.len()].copy_from_slice(last);
        to_seen[(self.dim - 1) * TILE..self.dim * TILE].fill(R::ZERO);
        for k in (0..self.dim).rev() {
            let of = k * TILE..(k + 1) * TILE;
            let raw = &mut work.raw_gradient[..n];
            self.element.backward(
                &record.raw[k * n..(k + 1) * n],
                &record.x[of.clone()],
                &mut gradient.x[of],
                &gradient.log_q,
                raw,
            );
            self.inputs
                .backward(seen, to_seen, &mut gradient.x, |axis| axis == k);
            self.give(k, seen, inputs);
            state[..OWN * TILE].fill(R::ZERO);
            let points = &mut work.points;
            self.output.learn(&inputs[TILE..], raw, points, parameters);
            self.output.backward(values, raw, &mut state[TILE..]);
            let mut back = Back {
                state: &mut *state,
                work: &mut *of_step,
            };
            let step = (&mut *inputs, &kept[k * block..(k + 1) * block]);
            self.unit
                .backward(values, step, &mut back, points, parameters);
            if k > 0 {
                to_seen[(k - 1) * TILE..k * TILE].copy_from_slice(&state[..TILE]);
            }
        }
        let (to, from, rows) = self.context();
        to_seen[to..to + rows].copy_from_slice(&state[from..from + rows]);
        let dim = self.dim;
        self.inputs
            .backward(seen, to_seen, &mut gradient.x, |axis| axis >= dim);
    }
}
