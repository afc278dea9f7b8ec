//! A linear map of the reals between normal quantiles: a Gaussian with any covariance.
//!
//! The first exercise: x = A z + b, log q(x) = log N(z) + log|det dz/dx|. One layer, whatever the depth.

use super::super::{Base, LayerConfig};

/// The layers, from the data end.
pub(super) fn layers(depth: usize) -> Vec<LayerConfig> {
    let _ = depth;
    vec![
        LayerConfig::Open(Base::Normal),
        LayerConfig::Diagonal,
        LayerConfig::Lu,
        LayerConfig::Close(Base::Normal),
    ]
}
