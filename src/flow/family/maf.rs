//! Masked autoregressive flow: the density in one pass, a draw in d passes.
//!
//! G. Papamakarios, T. Pavlakou, I. Murray, "Masked autoregressive flow for density estimation" (2017),
//! arXiv:1705.07057. The order of the coordinates is turned round after each layer.

use super::super::{Base, LayerConfig, Transform};

/// The layers, from the data end.
pub(super) fn layers(depth: usize) -> Vec<LayerConfig> {
    let step = [
        LayerConfig::Diagonal,
        LayerConfig::Autoregressive {
            transform: Transform::Affine,
            inverse: false,
            random: false,
        },
        LayerConfig::Reverse,
    ];
    let mut layers = vec![LayerConfig::Open(Base::Normal)];
    layers.extend(step.repeat(depth));
    layers.push(LayerConfig::Close(Base::Normal));
    layers
}
