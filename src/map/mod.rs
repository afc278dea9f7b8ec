//! Invertible maps of the open unit cube onto itself.
//!
//! z is the latent point, x the mapped one; `forward` is always z -> x. With z uniform,
//! x has the density q(x) = 1/|dx/dz|, so log q(x) = -`log_jac` in both directions.

mod additive;
mod chain;
mod grid;
mod identity;
mod mixture;
mod permutation;
mod rotation;

use std::any::Any;
use std::fmt::Debug;

pub(crate) use additive::{Additive, Normal, Patience, Peaked, Sample};
pub use chain::Chain;
pub use grid::{Grid, GridTraining};
pub use identity::Identity;
pub use mixture::{LogLinear, ProductMixture};
pub use permutation::Permutation;
pub use rotation::Rotation;

/// The largest f64 below 1; mapped points are kept within [1 - this, this].
pub(crate) const INSIDE: f64 = 1.0 - f64::EPSILON / 2.0;

/// Keeps a coordinate strictly inside (0, 1).
pub(crate) fn inside(x: f64) -> f64 {
    x.clamp(1.0 - INSIDE, INSIDE)
}

/// An invertible map of the open unit cube, with its Jacobian determinant.
///
/// Implement it for a map of your own to chain it with the others ([`Chain`]); only maps of
/// this crate can be saved to a file.
pub trait Map: Any + Debug + Send + Sync {
    /// Number of coordinates.
    fn dim(&self) -> usize;

    /// Maps latent points `z` to `x` (both `[n * dim]`, row-major) and writes
    /// log|dx/dz| into `log_jac` (`[n]`).
    fn forward(&self, z: &[f64], x: &mut [f64], log_jac: &mut [f64]);

    /// Maps points `x` back to `z` (both `[n * dim]`, row-major) and writes the same
    /// log|dx/dz| (not its negative) into `log_jac` (`[n]`).
    fn inverse(&self, x: &[f64], z: &mut [f64], log_jac: &mut [f64]);

    /// One line that says what the map is.
    fn describe(&self) -> String;
}
