//! Scatterings from a proposal: draws, weights, records, and what is told about all of them.
//!
//! Points and weights of all events are drawn first (8 bytes a coordinate and 24 more an event), so
//! that the cross section is known when the first record is made; records are made in blocks.
//!
//! Weights in the records, v being the weight among unweighted events: unit weights are 1 or -1;
//! others v <|w|>/<|v|>, the first mean over all draws, the second over the events, so that their
//! mean is the cross section; those of weighted events are w itself. Known weakness: unweighting
//! ends with the n-th event, which biases the mean over the draws by a part in n or less.

use std::collections::BTreeMap;

use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};

use super::record::{Event, Process};
use super::sampler::{Events, Sampler};
use super::sink::{EventRun, EventSink, Subprocess, Summary};
use super::unweight::{Unweighting, UnweightingReport};
use crate::error::{Error, Result, check};
use crate::integrate::Shard;
use crate::rng::{Purpose, Streams, unit};
use crate::stats::{CompensatedSum, Estimate, Moments};

/// Records that are made at once.
const BLOCK: usize = 8192;

/// Which events.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Generation {
    /// how many, all parts together
    pub n: u64,
    /// same seed, same events
    pub seed: u64,
    /// the part of them that is made
    pub shard: Shard,
    /// `None` for weighted events, one for each draw
    pub unweighting: Option<Unweighting>,
    /// the user's own notes, for the head of the file
    pub notes: BTreeMap<String, String>,
}

/// Points with the weights that their records get.
struct Drawn {
    events: Events,
    numbers: Vec<u64>,
    cross_section: Estimate,
    strategy: i32,
    draws: u64,
    calls: u64,
    unweighting: Option<UnweightingReport>,
}

/// Draws events of `process`, of which `sampler` must know the domain, into `sink`, and says what
/// they are.
///
/// # Errors
/// [`Error::InvalidSetting`] for no events; [`Error::InvalidEvent`] where the process makes an event
/// that no file can hold; what process, sampler ([`Sampler::unweighted`]) and sink report.
pub fn events(
    sampler: &Sampler,
    process: &dyn Process,
    what: &Generation,
    sink: &mut dyn EventSink,
) -> Result<EventRun> {
    let (first, n) = what.shard.range(what.n);
    let at_least = "at least 1 for each shard";
    check(n > 0, "the number of events", what.n as f64, at_least)?;
    let drawn = match &what.unweighting {
        Some(how) => {
            let first = how.first + what.shard.first_draw();
            unweighted(
                sampler,
                process,
                (n, what.seed),
                &Unweighting { first, ..*how },
            )?
        }
        None => weighted(sampler, process, (first, n), what.seed)?,
    };
    let mut sums = BTreeMap::new();
    let variations = process.variations();
    let streams = Streams::new(what.seed);
    sink.begin(&variations)?;
    for start in (0..drawn.numbers.len()).step_by(BLOCK) {
        let block = start..drawn.numbers.len().min(start + BLOCK);
        let make = |i: usize| record(process, (&drawn, i), variations.len(), streams);
        let records: Vec<Event> = block.into_par_iter().map(make).collect::<Result<_>>()?;
        for event in &records {
            sums.entry(event.process)
                .or_insert_with(Share::default)
                .add(event.weight);
        }
        sink.take(&records)?;
    }
    let run = EventRun {
        beams: process.beams(),
        variations,
        strategy: drawn.strategy,
        processes: subprocesses(&sums, &drawn),
        summary: Summary {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            seed: what.seed,
            shard: what.shard.to_string(),
            events: n,
            draws: drawn.draws,
            calls: drawn.calls,
            cross_section: drawn.cross_section.value,
            error: drawn.cross_section.error,
            unweighting: drawn.unweighting,
            notes: what.notes.clone(),
        },
    };
    sink.finish(&run)?;
    Ok(run)
}

/// One record with its weight.
fn record(
    process: &dyn Process,
    (drawn, i): (&Drawn, usize),
    variations: usize,
    streams: Streams,
) -> Result<Event> {
    let dim = drawn.events.dim;
    let number = drawn.numbers[i];
    let choice = unit(&mut streams.generator(Purpose::Choice, 0, u128::from(number)));
    let y = &drawn.events.points[i * dim..(i + 1) * dim];
    let mut event = process.event(y, choice)?;
    let weight = drawn.events.weights[i];
    event.weight *= weight;
    for variation in &mut event.variations {
        *variation *= weight;
    }
    let fault = |fault| Error::InvalidEvent {
        number: i as u64 + 1,
        fault,
    };
    event.check(variations).map_err(fault)?;
    Ok(event)
}

fn weighted(
    sampler: &Sampler,
    process: &dyn Process,
    (first, n): (u64, u64),
    seed: u64,
) -> Result<Drawn> {
    let count = usize::try_from(n).unwrap_or(usize::MAX);
    let events = sampler.weighted(&process, count, seed, first)?;
    let negative = events.weights.iter().any(|w| *w < 0.0);
    Ok(Drawn {
        cross_section: Estimate::from(Moments::from_slice(&events.weights)),
        numbers: (first..first + n).collect(),
        strategy: if negative { -4 } else { 4 },
        draws: n,
        calls: n,
        unweighting: None,
        events,
    })
}

fn unweighted(
    sampler: &Sampler,
    process: &dyn Process,
    (n, seed): (u64, u64),
    how: &Unweighting,
) -> Result<Drawn> {
    let count = usize::try_from(n).unwrap_or(usize::MAX);
    let made = sampler.unweighted(&process, count, seed, how)?;
    let mut events = made.events;
    let negative = events.weights.iter().any(|w| *w < 0.0);
    let varied = events.weights.iter().any(|w| w.abs() > 1.0);
    if varied {
        // Of the total weight only the sign is left to the events' own chance.
        let total: CompensatedSum = events.weights.iter().map(|w| w.abs()).collect();
        let factor = made.absolute.value / (total.value() / n as f64);
        for weight in &mut events.weights {
            *weight *= factor;
        }
    }
    let strategy = if varied { 4 } else { 3 };
    Ok(Drawn {
        cross_section: made.pooled,
        numbers: made.numbers,
        strategy: if negative { -strategy } else { strategy },
        draws: made.trials,
        calls: made.calls,
        unweighting: Some(made.report),
        events,
    })
}

/// The events of one subprocess.
#[derive(Default)]
struct Share {
    sum: CompensatedSum,
    largest: f64,
}

impl Share {
    fn add(&mut self, weight: f64) {
        self.sum.add(weight);
        self.largest = self.largest.max(weight.abs());
    }
}

/// Divides the cross section among the subprocesses as their events' weights are.
fn subprocesses(sums: &BTreeMap<i32, Share>, drawn: &Drawn) -> Vec<Subprocess> {
    let total: CompensatedSum = sums.values().map(|share| share.sum.value()).collect();
    let (n, whole) = (drawn.numbers.len() as f64, drawn.cross_section);
    let one = |(&number, share): (&i32, &Share)| {
        // Of a single one all is known, also where its weights cancel.
        let part = if sums.len() == 1 {
            1.0
        } else {
            share.sum.value() / total.value()
        };
        let chance = whole.value * ((part * (1.0 - part)).abs() / n).sqrt();
        Subprocess {
            number,
            cross_section: whole.value * part,
            error: (whole.error * part).hypot(chance),
            max_weight: share.largest,
        }
    };
    sums.iter().map(one).collect()
}
