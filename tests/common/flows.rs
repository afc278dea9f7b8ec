//! Flows at random parameters that are far from the identity, but not hopelessly so.

use thalweg::{Flow, FlowConfig, flow::SplineKind};

use super::passes::far;

/// A flow far from the identity; see [`far`].
pub(crate) fn random_flow(dim: usize, config: &FlowConfig, seed: u64) -> Flow {
    far(
        Flow::new(dim, config, seed).expect("a valid configuration"),
        seed,
        2.0,
    )
}

/// Every family of splines.
pub(crate) const KINDS: [SplineKind; 3] = [
    SplineKind::Linear,
    SplineKind::Quadratic,
    SplineKind::RationalQuadratic,
];
