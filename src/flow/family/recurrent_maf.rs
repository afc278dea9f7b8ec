//! Masked autoregressive flow with a gated recurrent unit in place of the masked perceptron.
//!
//! J. B. Oliva et al., "Transformation autoregressive networks" (2018), arXiv:1801.09819, section 3.1; among
//! the reals. For long inputs: see `docs/families.md`.

use super::super::{Base, LayerConfig, Transform};

/// The layers, from the data end.
pub(super) fn layers(depth: usize) -> Vec<LayerConfig> {
    let step = [
        LayerConfig::Diagonal,
        LayerConfig::Recurrent {
            transform: Transform::Affine,
        },
        LayerConfig::Reverse,
    ];
    let mut layers = vec![LayerConfig::Open(Base::Normal)];
    layers.extend(step.repeat(depth));
    layers.push(LayerConfig::Close(Base::Normal));
    layers
}
