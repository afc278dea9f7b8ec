//! Monte Carlo integration and importance sampling with normalizing flows and VEGAS.
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
pub mod map;
mod persist;
mod rng;
pub mod stats;
pub mod train;

pub use error::{Error, Result};
pub use event::{Batch, Events, Sampler, Unweighted, Unweighting};
pub use flow::{Flow, FlowConfig};
pub use integrand::{
    Domain, FromBatchFn, FromFn, FromVectorFn, Integrand, IntegrandError, Points, from_batch_fn,
    from_fn, from_vector_fn,
};
pub use integrate::{
    Control, CostClass, Integrator, Method, NonFinite, Observer, Outcome, Progress, Report,
    Settings, Status, Stop, StopReason,
};
pub use kernel::Level;
pub use map::Map;
pub use stats::{Estimate, MaxWeight};
