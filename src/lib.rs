//! placeholder
#![deny(unsafe_code)]
pub mod error;
pub mod integrand;
#[expect(unsafe_code, reason = "vector instructions")]
mod kernel;
pub mod map;
pub mod flow;
mod rng;
pub mod stats;
pub use integrand::*;
