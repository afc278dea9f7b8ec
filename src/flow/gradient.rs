//! Gradients of losses that depend on the flow through log q at given points.

use std::fmt::Debug;

use super::{
    AnyWeights, Flow, Precision, Weights,
    layer::{Layer as _, LayerScratch, TileGradient},
    tile::Tile,
};
use crate::kernel::{TILE, lane::Real};

/// Everything one thread needs to differentiate tiles, in one precision.
#[derive(Debug)]
struct Workspace<R> {
    tile: Tile,
    scratch: Vec<LayerScratch<R>>,
    gradient: TileGradient,
    /// `[parameters]`, summed over the tiles so far
    parameters: Vec<R>,
}

/// Differentiates tile after tile and sums the parameters' gradient.
#[derive(Debug)]
pub(crate) enum FlowGradient {
    F32(Box<Workspace32>),
    F64(Box<Workspace64>),
}
type Workspace32 = WorkspaceOf<f32>;
type Workspace64 = WorkspaceOf<f64>;

/// A workspace behind a name that the enum above may show.
#[derive(Debug)]
pub(crate) struct WorkspaceOf<R>(Workspace<R>);

/// Parameters in the working precision, shared by the threads of a step.
#[derive(Debug)]
pub(crate) struct ParameterFold(AnyWeights);

impl ParameterFold {
    pub(crate) fn new(flow: &Flow) -> Self {
        match flow.config.precision {
            Precision::F32 => Self(AnyWeights::F32(flow.convert())),
            Precision::F64 => Self(AnyWeights::F64(flow.convert())),
        }
    }

    /// Takes over new parameters without allocating.
    pub(crate) fn update(&mut self, flow: &Flow, parameters: &[f64]) {
        match &mut self.0 {
            AnyWeights::F32(w) => flow.convert_into(parameters, w),
            AnyWeights::F64(w) => flow.convert_into(parameters, w),
            AnyWeights::None => unreachable!("made in one precision"),
        }
    }
}

impl FlowGradient {
    pub(crate) fn new(flow: &Flow) -> Self {
        match flow.config.precision {
            Precision::F32 => Self::F32(Box::new(WorkspaceOf(Workspace::new(flow)))),
            Precision::F64 => Self::F64(Box::new(WorkspaceOf(Workspace::new(flow)))),
        }
    }

    /// Forgets the gradient summed so far.
    pub(crate) fn clear(&mut self) {
        match self {
            Self::F32(w) => w.0.parameters.fill(0.0),
            Self::F64(w) => w.0.parameters.fill(0.0),
        }
    }

    /// Takes up to `TILE` points; `loss` reads log q (`[n]`) and writes d loss / d log q.
    pub(crate) fn add_tile<'a>(
        &mut self,
        flow: &Flow,
        parameters: &ParameterFold,
        points: impl ExactSizeIterator<Item = &'a [f64]>,
        loss: impl FnMut(&[f64], &mut [f64]),
    ) {
        match (self, &parameters.0) {
            (Self::F32(w), AnyWeights::F32(p)) => w.0.add_tile(flow, p, points, loss),
            (Self::F64(w), AnyWeights::F64(p)) => w.0.add_tile(flow, p, points, loss),
            _ => unreachable!("a flow has one precision"),
        }
    }

    /// Adds the summed gradient to `total` (`[parameters]`).
    pub(crate) fn fold_into(&self, total: &mut [f64]) {
        match self {
            Self::F32(w) => w.0.fold_into(total),
            Self::F64(w) => w.0.fold_into(total),
        }
    }
}

impl<R: Real> Workspace<R> {
    fn new(flow: &Flow) -> Self {
        Self {
            tile: Tile::new(flow.dim),
            scratch: flow.scratch(),
            gradient: TileGradient::new(flow.dim),
            parameters: vec![R::default(); flow.parameters.len()],
        }
    }

    fn add_tile<'a>(
        &mut self,
        flow: &Flow,
        weights: &Weights<R>,
        points: impl ExactSizeIterator<Item = &'a [f64]>,
        mut loss: impl FnMut(&[f64], &mut [f64]),
    ) {
        let n = points.len().min(TILE);
        self.tile.load(points);
        for ((layer, range), scratch) in flow.layers.iter().zip(&mut self.scratch) {
            layer.to_latent(&weights.values[range.clone()], &mut self.tile, scratch);
        }
        // Unused places of the tile carry no gradient; the uniform base has none in z.
        self.gradient.x.fill(0.0);
        self.gradient.log_q.fill(0.0);
        loss(&self.tile.log_q[..n], &mut self.gradient.log_q[..n]);
        for ((layer, range), scratch) in flow.layers.iter().zip(&mut self.scratch).rev() {
            let transposed = &weights.transposed[range.clone()];
            let parameters = &mut self.parameters[range.clone()];
            layer.backward(transposed, scratch, &mut self.gradient, parameters);
        }
    }

    fn fold_into(&self, total: &mut [f64]) {
        for (total, own) in total.iter_mut().zip(&self.parameters) {
            *total += own.to_f64();
        }
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
        let parameters = ParameterFold::new(self);
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
        let mut total = vec![0.0; self.parameters.len()];
        workspace.fold_into(&mut total);
        (all, total)
    }
}
