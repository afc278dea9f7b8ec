//! `RealNVP`: affine couplings of alternating halves, each after an actnorm.
//!
//! L. Dinh, J. Sohl-Dickstein, S. Bengio, "Density estimation using Real NVP" (2017), arXiv:1605.08803.

use super::super::{Base, LayerConfig, Transform};

/// The layers, from the data end.
pub(super) fn layers(depth: usize) -> Vec<LayerConfig> {
    let step = |k: usize| {
        let coupling = LayerConfig::Coupling {
            transform: Transform::Affine,
            odd: k % 2 == 1,
        };
        [LayerConfig::Diagonal, coupling]
    };
    let mut layers = vec![LayerConfig::Open(Base::Normal)];
    layers.extend((0..depth).flat_map(step));
    layers.push(LayerConfig::Close(Base::Normal));
    layers
}
