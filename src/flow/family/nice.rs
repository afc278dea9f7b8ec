//! NICE: additive couplings, of volume 1, and one rescaling.
//!
//! L. Dinh, D. Krueger, Y. Bengio, "NICE" (2014), arXiv:1410.8516; with a normal base.

use super::super::{Base, LayerConfig, Transform};

/// The layers, from the data end.
pub(super) fn layers(depth: usize) -> Vec<LayerConfig> {
    let coupling = |k: usize| LayerConfig::Coupling {
        transform: Transform::Additive,
        odd: k % 2 == 1,
    };
    let mut layers = vec![LayerConfig::Open(Base::Normal)];
    layers.extend((0..depth).map(coupling));
    layers.extend([LayerConfig::Diagonal, LayerConfig::Close(Base::Normal)]);
    layers
}
