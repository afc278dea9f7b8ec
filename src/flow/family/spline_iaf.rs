//! Inverse autoregressive flow of rational-quadratic splines on the unit cube: a draw in one pass.
//!
//! C. Durkan et al., "Neural spline flows" (2019), arXiv:1906.04032, conditioned on the latent end.

use super::super::{LayerConfig, Spline, SplineKind, Transform};

/// The layers, from the data end.
pub(super) fn layers(depth: usize) -> Vec<LayerConfig> {
    let spline = Spline {
        kind: SplineKind::RationalQuadratic,
        bins: 8,
    };
    let step = [
        LayerConfig::Autoregressive {
            transform: Transform::Spline(spline),
            inverse: true,
            random: false,
        },
        LayerConfig::Reverse,
    ];
    step.repeat(depth)
}
