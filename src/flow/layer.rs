//! One layer of a flow, on tiles.
//!
//! The density direction (x -> z) is the one that training runs and differentiates; sampling
//! (z -> x) uses the splines' inverse. Both add log|dz/dx| to the tile's log q.

use rand_pcg::Pcg64Dxsm;

use super::{conditioner::Activations, tile::Tile};
use crate::kernel::{TILE, lane::Real};

/// What a layer keeps of one tile for its backward pass.
#[derive(Debug, Default)]
pub(crate) struct LayerScratch<R> {
    /// `[transformed * TILE]`: coordinates before the splines
    pub(crate) x: Vec<f64>,
    pub(crate) activations: Activations<R>,
    pub(crate) gradients: Activations<R>,
}

/// Gradients of a loss on their way back, from the latent end to the data end.
#[derive(Debug)]
pub(crate) struct TileGradient {
    /// `[dim * TILE]`: d loss / d coordinates
    pub(crate) x: Vec<f64>,
    /// `[TILE]`: d loss / d log q
    pub(crate) log_q: Vec<f64>,
}

impl TileGradient {
    pub(crate) fn new(dim: usize) -> Self {
        Self {
            x: vec![0.0; dim * TILE],
            log_q: vec![0.0; TILE],
        }
    }
}

/// A trainable invertible layer. Parameters are a slice of the flow's flat vector.
pub(crate) trait Layer {
    fn parameter_count(&self) -> usize;
    /// Random start; `spread` 0 makes the layer the identity.
    fn initialise(&self, spread: f64, parameters: &mut [f64], rng: &mut Pcg64Dxsm);
    fn scratch<R: Real>(&self) -> LayerScratch<R>;
    /// Fills the transposed copy of the weight matrices.
    fn transpose<R: Real>(&self, values: &[R], transposed: &mut [R]);
    /// x -> z in place, recording in `scratch` what [`Layer::backward`] needs.
    fn to_latent<R: Real>(&self, values: &[R], tile: &mut Tile, scratch: &mut LayerScratch<R>);
    /// z -> x in place.
    fn to_data<R: Real>(&self, values: &[R], tile: &mut Tile, scratch: &mut LayerScratch<R>);
    /// Turns the gradient with respect to z into that with respect to x, and adds to the
    /// gradient of the parameters.
    fn backward<R: Real>(
        &self,
        transposed: &[R],
        scratch: &mut LayerScratch<R>,
        gradient: &mut TileGradient,
        parameters: &mut [R],
    );
}
