//! Monte Carlo integration and importance sampling with normalizing flows and VEGAS.
//!
//! Hand over a function f on a box: [`Integrator`] looks where |f| lives, adapts a VEGAS grid or
//! trains a normalizing flow to that shape, freezes it, and draws from it. The result is a
//! [`Report`] with the integral, an error from fresh points only, and what speaks for or against
//! trusting it; the frozen proposal can be kept as a [`Sampler`] of weighted or unweighted
//! events.
//!
//! ```
//! use thalweg::{Domain, Integrator, Settings, Stop, from_fn};
//!
//! // int exp(-x^2 - y^2) over the plane is pi.
//! let line = (f64::NEG_INFINITY, f64::INFINITY);
//! let settings = Settings {
//!     domain: Some(Domain::new(&[line, line])?),
//!     stop: Stop::rel_error(1e-2),
//!     ..Settings::default()
//! };
//! let f = from_fn(2, |y| (-y[0] * y[0] - y[1] * y[1]).exp());
//! let report = Integrator::new(settings)?.integrate(&f)?;
//! assert!(report.estimate.pull(std::f64::consts::PI).abs() < 5.0);
//! # Ok::<(), thalweg::Error>(())
//! ```
//!
//! # Conventions
//!
//! z is the latent uniform point, x the point in the unit cube, y the point in the user's domain.
//! `forward` is z -> x, `log_jac` = log|dx/dz|, so log q(x) = -`log_jac`. A weight is
//! w = f(y) |dy/dx| / q(x), without 1/N: the integral is the mean of w. Points are row-major.
//!
//! The same seed gives the same bits on any number of threads (of one [`Level`] of vector
//! instructions). The library never prints and never reads the environment.
//!
//! # Where things are
//!
//! [`map`] holds invertible maps, [`flow`] the trainable ones, [`train`] losses and the trainer,
//! [`integrate`] runs and reports, [`event`] samplers, [`stats`] statistics.
#![deny(unsafe_code)]

mod error;
pub mod event;
pub mod flow;
mod integrand;
pub mod integrate;
#[expect(unsafe_code, reason = "vector instructions")]
#[expect(
    clippy::inline_always,
    reason = "kernels must take on the features of their shell"
)]
mod kernel;
mod list;
pub mod map;
mod persist;
mod rng;
mod sobol;
pub mod speed;
pub mod stats;
mod team;
pub mod train;

pub use error::{Error, Result};
pub use event::{Batch, Events, Sampler, Unweighted, Unweighting, UnweightingReport};
pub use flow::{Flow, FlowConfig};
pub use integrand::{
    Domain, FromBatchFn, FromFn, FromVectorFn, Integrand, IntegrandError, Points, from_batch_fn,
    from_fn, from_vector_fn,
};
pub use integrate::{
    Binned, Control, CostClass, Exploration, Integrator, LogOutcome, LogReport, Method,
    MultiChannel, NonFinite, Observable, Observer, Outcome, Partial, Placement, Progress, Report,
    Settings, Status, Stop, StopReason,
};
pub use kernel::Level;
pub use map::Map;
pub use persist::{CheckpointFile, EventFile};
pub use sobol::Sobol;
pub use stats::{Estimate, MaxWeight};
pub use team::Team;
