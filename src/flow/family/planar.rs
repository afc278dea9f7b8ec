//! Planar flow: each layer bends space along one direction.
//!
//! D. J. Rezende, S. Mohamed, "Variational inference with normalizing flows" (2015), arXiv:1505.05770.
//! Densities in one pass, draws by root finding. Known weakness: a layer has one direction only.

use super::super::{Base, LayerConfig};

/// The layers, from the data end.
pub(super) fn layers(depth: usize) -> Vec<LayerConfig> {
    let mut layers = vec![LayerConfig::Open(Base::Normal), LayerConfig::Diagonal];
    layers.extend(vec![LayerConfig::Planar; depth]);
    layers.push(LayerConfig::Close(Base::Normal));
    layers
}
