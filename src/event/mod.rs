//! Events from a frozen proposal: points with weights, unweighted events, and scatterings.

mod fault;
mod generate;
mod kept;
mod of_samples;
mod record;
mod sampler;
mod sink;
mod unweight;

pub use crate::integrate::Shard;
pub use fault::EventFault;
pub use generate::{Generation, events};
pub use record::{Beam, Event, Particle, Process, Variation};
pub use sampler::{Batch, Events, Sampler};
pub use sink::{EventRun, EventSink, Subprocess, Summary};
pub use unweight::{Unweighted, Unweighting, UnweightingReport};
