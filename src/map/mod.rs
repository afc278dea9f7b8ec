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
use std::sync::Arc;

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
/// Implement it for a map of your own to chain it with the others ([`Chain`]), as an `Arc<dyn Map>` where
/// a flow is to be trained on top of it; only maps of this crate can be saved to a file.
///
/// ```
/// use std::sync::Arc;
///
/// use thalweg::integrate::Silent;
/// use thalweg::map::Chain;
/// use thalweg::{Flow, FlowConfig, Integrator, Map, Settings, Stop, from_fn};
///
/// /// x = z^2 on each axis: more points where f rises like 1/sqrt(x).
/// #[derive(Debug)]
/// struct Square(usize);
///
/// impl Map for Square {
///     fn dim(&self) -> usize {
///         self.0
///     }
///     fn forward(&self, z: &[f64], x: &mut [f64], log_jac: &mut [f64]) {
///         let rows = z.chunks_exact(self.0).zip(x.chunks_exact_mut(self.0));
///         for ((z, x), log_jac) in rows.zip(log_jac) {
///             *log_jac = z.iter().map(|z| (2.0 * z).ln()).sum();
///             x.iter_mut().zip(z).for_each(|(x, z)| *x = z * z);
///         }
///     }
///     fn inverse(&self, x: &[f64], z: &mut [f64], log_jac: &mut [f64]) {
///         z.iter_mut().zip(x).for_each(|(z, x)| *z = x.sqrt());
///         for (z, log_jac) in z.chunks_exact(self.0).zip(log_jac) {
///             *log_jac = z.iter().map(|z| (2.0 * z).ln()).sum();
///         }
///     }
///     fn describe(&self) -> String {
///         "squares".into()
///     }
/// }
///
/// // A new flow on top of it: int (1 + x0 x1)/(4 sqrt(x0 x1)) = 1 + 1/9.
/// let flow = Flow::new(2, &FlowConfig::default(), 1)?;
/// let squares: Arc<dyn Map> = Arc::new(Square(2));
/// let start = Chain::new(vec![Box::new(flow), Box::new(squares)])?;
/// let f = from_fn(2, |x| 0.25 * (1.0 + x[0] * x[1]) / (x[0] * x[1]).sqrt());
/// let integrator = Integrator::new(Settings { stop: Stop::rel_error(1e-2), ..Settings::default() })?;
/// let trained = integrator.train(&f, Some(&start), &mut Silent)?;
/// let report = integrator.estimate(&f, trained.map, &mut Silent)?.report;
/// assert!(report.estimate.pull(10.0 / 9.0).abs() < 5.0);
/// # Ok::<(), thalweg::Error>(())
/// ```
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

/// A map that several chains share.
impl Map for Arc<dyn Map> {
    fn dim(&self) -> usize {
        (**self).dim()
    }

    fn forward(&self, z: &[f64], x: &mut [f64], log_jac: &mut [f64]) {
        (**self).forward(z, x, log_jac);
    }

    fn inverse(&self, x: &[f64], z: &mut [f64], log_jac: &mut [f64]) {
        (**self).inverse(x, z, log_jac);
    }

    fn describe(&self) -> String {
        (**self).describe()
    }
}
