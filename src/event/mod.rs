//! Events from a frozen proposal.

mod sampler;
mod unweight;

pub use sampler::{Batch, Events, Sampler};
pub use unweight::{Unweighted, Unweighting};
