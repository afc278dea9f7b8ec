//! Gradients of losses that depend on the flow through log q at given points, or at points
//! that the flow draws itself.

use std::mem::swap;

use super::{
    Flow, Precision, Values,
    aligned::Aligned,
    layer::{Layer as _, Record, TileGradient, Work},
    summed::SummedGradient,
    tile::Tile,
};
use crate::kernel::{TILE, dispatch::run, lane::Real, rows::Round};
use crate::map::inside;

/// Everything one thread needs to differentiate tiles, in one precision.
#[derive(Debug)]
pub(crate) struct Workspace<R: Copy + Default> {
    tile: Tile,
    records: Vec<Record<R>>,
    work: Work<R>,
    gradient: TileGradient<R>,
    /// `[parameters]`, summed over the tiles so far
    parameters: Aligned<R>,
    /// parameters without gradient: see [`Flow`]
    fixed: Vec<usize>,
    /// `[TILE * dim]`: points of a tile that is drawn, row-major
    points: Vec<f64>,
}

/// Differentiates tile after tile and sums the parameters' gradient.
#[derive(Debug)]
pub(crate) enum FlowGradient {
    F32(Box<Workspace<f32>>),
    F64(Box<Workspace<f64>>),
}

/// Parameters in the working precision, shared by the threads of a step.
#[derive(Debug)]
pub(crate) struct WorkingParameters(Values);

impl WorkingParameters {
    pub(crate) fn new(flow: &Flow) -> Self {
        Self(flow.values.clone())
    }

    /// Takes over new parameters without allocating.
    pub(crate) fn update(&mut self, parameters: &[f64]) {
        self.0.update(parameters);
    }
}

/// Calls the same method on the workspace and the parameters of one precision.
macro_rules! with_precision {
    ($self:ident, $parameters:ident, $w:ident, $p:ident => $call:expr) => {
        match ($self, &$parameters.0) {
            (FlowGradient::F32($w), Values::F32($p)) => $call,
            (FlowGradient::F64($w), Values::F64($p)) => $call,
            _ => unreachable!("a flow has one precision"),
        }
    };
}

impl FlowGradient {
    pub(crate) fn new(flow: &Flow) -> Self {
        match flow.precision() {
            Precision::F32 => Self::F32(Box::new(Workspace::new(flow))),
            Precision::F64 => Self::F64(Box::new(Workspace::new(flow))),
        }
    }

    /// Takes up to `TILE` points; `loss` reads log q (`[n]`) and writes d loss / d log q.
    pub(crate) fn add_tile<'a>(
        &mut self,
        flow: &Flow,
        parameters: &WorkingParameters,
        points: impl ExactSizeIterator<Item = &'a [f64]>,
        loss: impl FnMut(&[f64], &mut [f64]),
    ) {
        with_precision!(self, parameters, w, p => w.add_tile(flow, p, points, loss));
    }

    /// Draws n <= `TILE` points: `fill` writes z (`[n * dim]`), and `loss` reads x and log q
    /// (`[n]`) and writes d loss / d log q at fixed x.
    ///
    /// The same as drawing, followed by [`FlowGradient::add_tile`] at the points drawn, without
    /// running the conditioners again.
    pub(crate) fn draw_tile(
        &mut self,
        flow: &Flow,
        parameters: &WorkingParameters,
        n: usize,
        fill: impl FnOnce(&mut [f64]),
        loss: impl FnMut(&[f64], &[f64], &mut [f64]),
    ) {
        with_precision!(self, parameters, w, p => w.draw_tile(flow, p, n, fill, loss));
    }

    /// The summed gradient (`[parameters]`), which is forgotten.
    fn total(&mut self, flow: &Flow) -> Vec<f64> {
        let mut sum = SummedGradient::new(flow);
        self.move_to(&mut sum);
        let mut total = vec![0.0; flow.parameters.len()];
        sum.copy_to(&mut total);
        total
    }

    /// Puts the summed gradient in the place of `sum` and forgets it.
    pub(crate) fn move_to(&mut self, sum: &mut SummedGradient) {
        match (self, sum) {
            (Self::F32(w), SummedGradient::F32(sum)) => w.move_to(sum),
            (Self::F64(w), SummedGradient::F64(sum)) => w.move_to(sum),
            _ => unreachable!("a flow has one precision"),
        }
    }
}

impl<R: Real> Workspace<R> {
    fn new(flow: &Flow) -> Self {
        let mut work = Work::default();
        for (layer, _) in &flow.layers {
            work.grow(&layer.work());
        }
        Self {
            tile: Tile::new(flow.dim),
            records: flow.layers.iter().map(|(l, _)| l.record(true)).collect(),
            work,
            gradient: TileGradient::new(flow.dim),
            parameters: Aligned::new(flow.parameters.len()),
            fixed: flow.fixed.clone(),
            points: vec![0.0; TILE * flow.dim],
        }
    }

    fn add_tile<'a>(
        &mut self,
        flow: &Flow,
        values: &[R],
        points: impl ExactSizeIterator<Item = &'a [f64]>,
        mut loss: impl FnMut(&[f64], &mut [f64]),
    ) {
        let n = points.len().min(TILE);
        self.tile.load(points);
        for ((layer, range), record) in flow.layers.iter().zip(&mut self.records) {
            layer.to_latent(&values[range.clone()], &mut self.tile, record);
        }
        self.tile.finish();
        // Unused places of the tile carry no gradient.
        let mut gradient = [0.0; TILE];
        loss(&self.tile.log_q[..n], &mut gradient[..n]);
        self.backward(flow, values, &gradient);
    }

    fn draw_tile(
        &mut self,
        flow: &Flow,
        values: &[R],
        n: usize,
        fill: impl FnOnce(&mut [f64]),
        mut loss: impl FnMut(&[f64], &[f64], &mut [f64]),
    ) {
        let points = &mut self.points[..n * flow.dim];
        fill(points);
        self.tile.load(points.chunks_exact(flow.dim));
        for ((layer, range), record) in flow.layers.iter().zip(&mut self.records).rev() {
            layer.to_data(&values[range.clone()], &mut self.tile, record);
        }
        self.tile.finish();
        self.tile.store(points, inside);
        let mut gradient = [0.0; TILE];
        loss(points, &self.tile.log_q[..n], &mut gradient[..n]);
        self.backward(flow, values, &gradient);
    }

    /// From d loss / d log q (`[TILE]`) to the parameters; the uniform base has none in z.
    fn backward(&mut self, flow: &Flow, values: &[R], log_q: &[f64]) {
        self.gradient.x.fill(R::ZERO);
        run(Round {
            from: log_q,
            to: &mut self.gradient.log_q,
        });
        for ((layer, range), record) in flow.layers.iter().zip(&self.records).rev() {
            layer.backward(
                &values[range.clone()],
                record,
                &mut self.work,
                &mut self.gradient,
                &mut self.parameters[range.clone()],
            );
        }
    }

    /// What parameters without gradient have gathered.
    fn clear_fixed(&mut self) {
        self.fixed
            .iter()
            .for_each(|i| self.parameters[*i] = R::ZERO);
    }

    fn move_to(&mut self, sum: &mut Aligned<R>) {
        self.clear_fixed();
        swap(&mut self.parameters, sum);
        self.parameters.fill(R::ZERO);
    }
}

impl Flow {
    /// log q at `x` (`[n * dim]`) and the gradient of `sum_i loss_i(log q_i)` with respect to
    /// the parameters, where `loss` gets the index of a point and log q there and returns
    /// d `loss_i` / d log q.
    pub fn gradient(
        &self,
        x: &[f64],
        mut loss: impl FnMut(usize, f64) -> f64,
    ) -> (Vec<f64>, Vec<f64>) {
        let parameters = WorkingParameters::new(self);
        let mut workspace = FlowGradient::new(self);
        let mut all = Vec::with_capacity(x.len() / self.dim);
        for points in x.chunks(TILE * self.dim) {
            workspace.add_tile(
                self,
                &parameters,
                points.chunks_exact(self.dim),
                |log_q, g| {
                    for (log_q, g) in log_q.iter().zip(g) {
                        *g = loss(all.len(), *log_q);
                        all.push(*log_q);
                    }
                },
            );
        }
        (all, workspace.total(self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::FlowConfig;
    use crate::rng::{Purpose, Streams};

    /// Drawing and differentiating at once is drawing, then differentiating at those points.
    #[test]
    fn drawn_points_have_the_gradient_of_given_ones() {
        for (dim, elementwise_bins) in [(1, 0), (3, 6), (5, 0)] {
            let config = FlowConfig {
                precision: Precision::F64,
                elementwise_bins,
                ..FlowConfig::default()
            };
            let mut flow = Flow::new(dim, &config, 1).unwrap();
            flow.randomise(2, 0.3);
            let values = WorkingParameters::new(&flow);
            for n in [TILE, 17] {
                let pull = |log_q: f64| (1.3 * log_q).sin();
                let mut drawn = FlowGradient::new(&flow);
                let (mut points, mut drawn_log_q) = (Vec::new(), Vec::new());
                let fill = |z: &mut [f64]| {
                    Streams::new(3).fill_points(Purpose::Online, 0, 0, dim, z);
                };
                drawn.draw_tile(&flow, &values, n, fill, |x, log_q, g| {
                    (points, drawn_log_q) = (x.to_vec(), log_q.to_vec());
                    g.iter_mut().zip(log_q).for_each(|(g, l)| *g = pull(*l));
                });
                let total = drawn.total(&flow);
                let (log_q, expected) = flow.gradient(&points, |_, log_q| pull(log_q));
                for (a, b) in drawn_log_q.iter().zip(&log_q) {
                    assert!((a - b).abs() < 1e-9, "{dim} {n}: {a} {b}");
                }
                let size = expected.iter().fold(0.0, |m: f64, g| m.max(g.abs()));
                for (a, b) in total.iter().zip(&expected) {
                    assert!((a - b).abs() < 1e-8 * size, "{dim} {n}: {a} {b}");
                }
            }
        }
    }
}
