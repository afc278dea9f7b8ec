//! Inverse autoregressive flow: a draw in one pass, the density in d passes.
//!
//! D. P. Kingma et al., "Improving variational inference with inverse autoregressive flow" (2016),
//! arXiv:1606.04934. The order of the coordinates is turned round after each layer.

use super::super::{Base, LayerConfig, Transform};

/// The layers, from the data end.
pub(super) fn layers(depth: usize) -> Vec<LayerConfig> {
    let step = [
        LayerConfig::Diagonal,
        LayerConfig::Autoregressive {
            transform: Transform::Affine,
            inverse: true,
            random: false,
        },
        LayerConfig::Reverse,
    ];
    let mut layers = vec![LayerConfig::Open(Base::Normal)];
    layers.extend(step.repeat(depth));
    layers.push(LayerConfig::Close(Base::Normal));
    layers
}
