//! The closed set of layers, chosen at run time.

use rand_pcg::Pcg64Dxsm;

use super::{
    coupling::Coupling,
    elementwise::Elementwise,
    layer::{Layer, LayerScratch, TileGradient},
    tile::Tile,
};
use crate::kernel::lane::Real;

/// The layers that a flow can hold.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum AnyLayer {
    Coupling(Coupling),
    Elementwise(Elementwise),
}

/// Calls the same method on whichever layer it is.
macro_rules! each {
    ($self:ident, $layer:ident => $call:expr) => {
        match $self {
            AnyLayer::Coupling($layer) => $call,
            AnyLayer::Elementwise($layer) => $call,
        }
    };
}

impl Layer for AnyLayer {
    fn parameter_count(&self) -> usize {
        each!(self, l => l.parameter_count())
    }
    fn initialise(&self, spread: f64, parameters: &mut [f64], rng: &mut Pcg64Dxsm) {
        each!(self, l => l.initialise(spread, parameters, rng));
    }
    fn scratch<R: Real>(&self) -> LayerScratch<R> {
        each!(self, l => l.scratch())
    }
    fn transpose<R: Real>(&self, values: &[R], transposed: &mut [R]) {
        each!(self, l => l.transpose(values, transposed));
    }
    fn to_latent<R: Real>(&self, values: &[R], tile: &mut Tile, scratch: &mut LayerScratch<R>) {
        each!(self, l => l.to_latent(values, tile, scratch));
    }
    fn to_data<R: Real>(&self, values: &[R], tile: &mut Tile, scratch: &mut LayerScratch<R>) {
        each!(self, l => l.to_data(values, tile, scratch));
    }
    fn backward<R: Real>(
        &self,
        transposed: &[R],
        scratch: &mut LayerScratch<R>,
        gradient: &mut TileGradient,
        parameters: &mut [R],
    ) {
        each!(self, l => l.backward(transposed, scratch, gradient, parameters));
    }
}
