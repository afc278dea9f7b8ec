//! Events from a frozen proposal.

mod record;
mod sampler;
mod unweight;

pub use record::{Beam, Event, Particle, Process, Variation};
pub use sampler::{Batch, Events, Sampler};
pub use unweight::{Unweighted, Unweighting};
