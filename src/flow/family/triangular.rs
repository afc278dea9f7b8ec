//! A triangular linear map of the reals between normal quantiles: the Cholesky factor of a Gaussian.
//!
//! One layer, whatever the depth.

use super::super::{Base, LayerConfig};

/// The layers, from the data end.
pub(super) fn layers(depth: usize) -> Vec<LayerConfig> {
    let _ = depth;
    vec![
        LayerConfig::Open(Base::Normal),
        LayerConfig::Diagonal,
        LayerConfig::Triangular,
        LayerConfig::Close(Base::Normal),
    ]
}
