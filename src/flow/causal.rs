//! Autoregressive layers whose conditioner runs along the coordinates: see [`Cell`].
//!
//! As `autoregressive`, in the order of the coordinates. Both directions take one run of the conditioner, and
//! so does the gradient, whether it sees the data end or the latent one. Known weakness: one step has to wait
//! for the other, and all of them are kept.

use rand_distr::{Distribution as _, StandardNormal};
use rand_pcg::Pcg64Dxsm;

use super::{
    aligned::Aligned,
    cell::{Cell, Dense, INPUTS},
    element::Element,
    inputs::Inputs,
    layer::{Layer, Record, TileGradient, Work},
    place::Place,
    tile::Tile,
};
use crate::kernel::{TILE, dense::{Finish, PAD}, lane::Real, spline::Direction};

/// One such layer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Causal {
    dim: usize,
    element: Element,
    inputs: Inputs,
    parameters: usize,
    cell: Cell,
    output: Dense,
    /// whether conditioners see the latent end (IAF)
    inverse: bool,
}

impl Causal {
    pub(crate) fn new(place: &Place, inverse: bool, element: Element, cell: Cell) -> Self {
        let dim = place.active;
        let parameters = element.parameters();
        Self {
            dim,
            element,
            inputs: Inputs::new((0..dim).map(|i| (i, place.view(i)))),
            parameters,
            output: Dense {
                inputs: cell.features(),
                outputs: parameters,
                at: cell.parameter_count(),
            },
            cell,
            inverse,
        }
    }

    fn run<R: Real>(
        &self,
        direction: Direction,
        at_once: bool,
        values: &[R],
        tile: &mut Tile,
        record: &mut Record<R>,
    ) {
        let (rows, n) = (self.cell.rows() * TILE, self.parameters * TILE);
        let [seen, history] = &mut record.activations[..2] else {
            unreachable!("the layer's own buffers")
        };
        if at_once {
            self.inputs.fill(tile, seen);
        }
        for k in 0..self.dim {
            let block = &mut history[k * rows..];
            if k == 0 {
                block[..TILE].fill(R::ZERO);
            } else {
                block[..TILE].copy_from_slice(&seen[(k - 1) * TILE..k * TILE]);
            }
            let position = (2 * k + 1) as f64 / self.dim as f64 - 1.0;
            block[TILE..INPUTS * TILE].fill(R::from_f64(position));
            self.cell.step(values, k, history);
            let features = &history[(k + 1) * rows - self.output.inputs * TILE..(k + 1) * rows];
            let at = if record.keep { k * n } else { 0 };
            let raw = &mut record.raw[at..at + n];
            self.output.forward(values, features, raw, Finish::Nothing);
            self.element.evaluate(direction, raw, tile, k);
            if !at_once {
                self.inputs.fill_one(k, tile, seen);
            }
        }
    }

    fn keep<R: Real>(&self, tile: &Tile, record: &mut Record<R>) {
        if record.keep {
            record.x.copy_from_slice(&tile.x[..self.dim * TILE]);
        }
    }
}

impl Layer for Causal {
    fn parameter_count(&self) -> usize {
        self.output.end()
    }

    fn initialise(&self, spread: f64, parameters: &mut [f64], rng: &mut Pcg64Dxsm) {
        self.cell.initialise(self.dim, parameters, rng);
        for p in &mut parameters[self.output.at..] {
            let normal: f64 = StandardNormal.sample(rng);
            *p = spread * normal;
        }
    }

    fn record<R: Real>(&self, keep: bool) -> Record<R> {
        let block = self.parameters * TILE;
        Record {
            keep,
            x: Aligned::new(if keep { self.dim * TILE } else { 0 }),
            activations: vec![
                Aligned::new(self.dim * TILE),
                Aligned::new((self.dim * self.cell.rows() + PAD) * TILE),
            ],
            raw: Aligned::new(if keep { self.dim * block } else { block }),
        }
    }

    fn work<R: Real>(&self) -> Work<R> {
        let (scratch, most) = self.cell.scratch();
        let most = most.max(self.output.inputs);
        Work {
            gradients: vec![
                Aligned::new(self.dim * TILE),
                Aligned::new(self.dim * self.cell.rows() * TILE),
                Aligned::new(scratch * TILE),
            ],
            points: Aligned::new(most.next_multiple_of(PAD) * TILE),
            raw_gradient: Aligned::new(self.parameters * TILE),
        }
    }

    fn to_latent<R: Real>(&self, values: &[R], tile: &mut Tile, record: &mut Record<R>) {
        self.keep(tile, record);
        self.run(Direction::Forward, !self.inverse, values, tile, record);
    }

    fn to_data<R: Real>(&self, values: &[R], tile: &mut Tile, record: &mut Record<R>) {
        self.run(Direction::Inverse, self.inverse, values, tile, record);
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
        let (rows, n) = (self.cell.rows() * TILE, self.parameters * TILE);
        let [seen, history] = &record.activations[..] else {
            unreachable!("the layer's own buffers")
        };
        let [to_seen, blocks, scratch] = &mut work.gradients[..3] else {
            unreachable!("room for what the layer asked for")
        };
        let (to_seen, blocks) = (&mut to_seen[..self.dim * TILE], &mut blocks[..self.dim * rows]);
        to_seen[(self.dim - 1) * TILE..].fill(R::ZERO);
        blocks.fill(R::ZERO);
        for k in (0..self.dim).rev() {
            let only = |axis: usize| axis == k;
            if self.inverse {
                self.inputs.backward(seen, to_seen, &mut gradient.x, only);
            }
            self.element.backward(
                &record.raw[k * n..(k + 1) * n],
                &record.x[k * TILE..(k + 1) * TILE],
                &mut gradient.x[k * TILE..(k + 1) * TILE],
                &gradient.log_q,
                &mut work.raw_gradient,
            );
            if !self.inverse {
                self.inputs.backward(seen, to_seen, &mut gradient.x, only);
            }
            let raw = &work.raw_gradient[..n];
            let at = (k + 1) * rows - self.output.inputs * TILE;
            self.output.learn(&history[at..], raw, &mut work.points, parameters);
            self.output.backward(values, raw, &mut blocks[at..(k + 1) * rows], true);
            let (points, scratch) = (&mut work.points[..], &mut scratch[..]);
            self.cell.step_backward(values, k, (history, blocks), (points, scratch), parameters);
            if k > 0 {
                to_seen[(k - 1) * TILE..k * TILE].copy_from_slice(&blocks[k * rows..k * rows + TILE]);
            }
        }
    }
}
