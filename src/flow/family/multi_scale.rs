//! `RealNVP` with factoring-out: half of the coordinates go to the base after half of the layers.
//!
//! L. Dinh, J. Sohl-Dickstein, S. Bengio, "Density estimation using Real NVP" (2017), arXiv:1605.08803,
//! section 3.6. From three coordinates on, so that two are left to couple.

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
    layers.extend((0..depth.div_ceil(2)).flat_map(step));
    layers.extend([LayerConfig::Shuffle, LayerConfig::FactorOut]);
    layers.extend((depth.div_ceil(2)..depth).flat_map(step));
    layers.extend([LayerConfig::Diagonal, LayerConfig::Close(Base::Normal)]);
    layers
}
