//! The closed set of layers, chosen at run time.

use rand_pcg::Pcg64Dxsm;

use super::{
    autoregressive::Autoregressive,
    coupling::Coupling,
    diagonal::Diagonal,
    elementwise::Elementwise,
    join::Join,
    layer::{Layer, Record, TileGradient, Work},
    linear::Linear,
    planar::Planar,
    recurrent::Recurrent,
    shuffle::Shuffle,
    tile::Tile,
};
use crate::kernel::{lane::Real, spline::Direction};

/// The layers that a flow can hold.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum AnyLayer {
    Coupling(Coupling),
    Elementwise(Elementwise),
    Autoregressive(Autoregressive),
    Recurrent(Recurrent),
    Diagonal(Diagonal),
    Linear(Linear),
    Planar(Planar),
    Shuffle(Shuffle),
    Join(Join),
}

/// Calls the same method on whichever layer it is.
macro_rules! each {
    ($self:ident, $layer:ident => $call:expr) => {
        match $self {
            AnyLayer::Coupling($layer) => $call,
            AnyLayer::Elementwise($layer) => $call,
            AnyLayer::Autoregressive($layer) => $call,
            AnyLayer::Recurrent($layer) => $call,
            AnyLayer::Diagonal($layer) => $call,
            AnyLayer::Linear($layer) => $call,
            AnyLayer::Planar($layer) => $call,
            AnyLayer::Shuffle($layer) => $call,
            AnyLayer::Join($layer) => $call,
        }
    };
}

impl AnyLayer {
    /// What layers of its kind are called.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Coupling(_) => "couplings",
            Self::Elementwise(_) => "elementwise",
            Self::Autoregressive(_) => "autoregressive",
            Self::Recurrent(_) => "recurrent",
            Self::Diagonal(_) => "diagonal",
            Self::Linear(_) => "linear",
            Self::Planar(_) => "planar",
            Self::Shuffle(_) => "permutations",
            Self::Join(_) => "joins",
        }
    }
}

impl Layer for AnyLayer {
    fn parameter_count(&self) -> usize {
        each!(self, l => l.parameter_count())
    }
    fn passes(&self, direction: Direction) -> usize {
        each!(self, l => l.passes(direction))
    }
    fn initialise(&self, spread: f64, parameters: &mut [f64], rng: &mut Pcg64Dxsm) {
        each!(self, l => l.initialise(spread, parameters, rng));
    }
    fn fixed(&self) -> Vec<usize> {
        each!(self, l => l.fixed())
    }
    fn record<R: Real>(&self, keep: bool) -> Record<R> {
        each!(self, l => l.record(keep))
    }
    fn work<R: Real>(&self) -> Work<R> {
        each!(self, l => l.work())
    }
    fn to_latent<R: Real>(&self, values: &[R], tile: &mut Tile, record: &mut Record<R>) {
        each!(self, l => l.to_latent(values, tile, record));
    }
    fn to_data<R: Real>(&self, values: &[R], tile: &mut Tile, record: &mut Record<R>) {
        each!(self, l => l.to_data(values, tile, record));
    }
    fn backward<R: Real>(
        &self,
        values: &[R],
        record: &Record<R>,
        work: &mut Work<R>,
        gradient: &mut TileGradient<R>,
        parameters: &mut [R],
    ) {
        each!(self, l => l.backward(values, record, work, gradient, parameters));
    }
}
