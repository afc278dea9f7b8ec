//! Couplings of rational-quadratic splines on the unit cube, alternating halves, after one actnorm.
//!
//! C. Durkan et al., "Neural spline flows" (2019), arXiv:1906.04032. What [`FlowConfig`](crate::FlowConfig)
//! describes with other masks; here scale and shift are found first, among the reals.

use super::super::{Base, LayerConfig, Spline, SplineKind, Transform};

/// The layers, from the data end.
pub(super) fn layers(depth: usize) -> Vec<LayerConfig> {
    let spline = Spline {
        kind: SplineKind::RationalQuadratic,
        bins: 8,
    };
    let coupling = |k: usize| LayerConfig::Coupling {
        transform: Transform::Spline(spline),
        odd: k % 2 == 1,
    };
    let mut layers = vec![
        LayerConfig::Open(Base::Normal),
        LayerConfig::Diagonal,
        LayerConfig::Close(Base::Normal),
    ];
    layers.extend((0..depth).map(coupling));
    layers
}
