//! Where events go, and what is told about all of them.

use std::collections::BTreeMap;

use serde::Serialize;

use super::record::{Beam, Event, Variation};
use super::unweight::UnweightingReport;
use crate::error::Result;

/// Something that takes events: a file, or a list.
pub trait EventSink {
    /// Events are to come, with weights for these variations.
    ///
    /// # Errors
    /// Whatever keeps them from being written.
    fn begin(&mut self, variations: &[Variation]) -> Result<()>;

    /// Takes some more events, which have been checked.
    ///
    /// # Errors
    /// Whatever keeps them from being written.
    fn take(&mut self, events: &[Event]) -> Result<()>;

    /// There are no more events; this is what they are. Without this call nothing must look complete.
    ///
    /// # Errors
    /// Whatever keeps it from being written.
    fn finish(&mut self, run: &EventRun) -> Result<()>;
}

impl EventSink for Vec<Event> {
    fn begin(&mut self, _: &[Variation]) -> Result<()> {
        Ok(())
    }

    fn take(&mut self, events: &[Event]) -> Result<()> {
        self.extend_from_slice(events);
        Ok(())
    }

    fn finish(&mut self, _: &EventRun) -> Result<()> {
        Ok(())
    }
}

/// What is told about a sample of events; in brackets the names of the Les Houches accord.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EventRun {
    /// the beams
    pub beams: [Beam; 2],
    /// the weights that events carry beside their own
    pub variations: Vec<Variation>,
    /// 3 for unit weights, 4 for others, whose mean is the cross section; below 0 where some are
    /// negative (`IDWTUP`)
    pub strategy: i32,
    /// by rising number
    pub processes: Vec<Subprocess>,
    /// how the events came about
    pub summary: Summary,
}

/// A subprocess: what events of one number have in common.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Subprocess {
    /// the events' [`Event::process`] (`LPRUP`)
    pub number: i32,
    /// cross section in pb (`XSECUP`)
    pub cross_section: f64,
    /// its standard error in pb (`XERRUP`)
    pub error: f64,
    /// largest |weight| (`XMAXUP`)
    pub max_weight: f64,
}

/// How a sample of events came about. Cross sections and weights are in pb.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// version of this library
    pub version: String,
    /// the seed
    pub seed: u64,
    /// which part of the sample, `1/1` for all of it
    pub shard: String,
    /// number of events
    pub events: u64,
    /// draws that they were taken from
    pub draws: u64,
    /// calls of the matrix element for their weights
    pub calls: u64,
    /// cross section by all draws
    pub cross_section: f64,
    /// its standard error
    pub error: f64,
    /// of unweighted events
    pub unweighting: Option<UnweightingReport>,
    /// the user's own notes
    pub notes: BTreeMap<String, String>,
}
