//! Glow: actnorm, invertible 1x1 mixing, affine coupling.
//!
//! D. P. Kingma, P. Dhariwal, "Glow" (2018), arXiv:1807.03039.

use super::super::{Base, LayerConfig, Transform};

/// The layers, from the data end.
pub(super) fn layers(depth: usize) -> Vec<LayerConfig> {
    let step = |k: usize| {
        let coupling = LayerConfig::Coupling {
            transform: Transform::Affine,
            odd: k % 2 == 1,
        };
        [LayerConfig::Diagonal, LayerConfig::Lu, coupling]
    };
    let mut layers = vec![LayerConfig::Open(Base::Normal)];
    layers.extend((0..depth).flat_map(step));
    layers.push(LayerConfig::Close(Base::Normal));
    layers
}
