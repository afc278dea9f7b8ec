//! Independent points, in equal batches weighted by calls.
//!
//! The number of points is planned from the spread that adapting or training saw, so that the
//! looks at the error are few: after [`BATCHES`] equal batches, and then after as many more as
//! the error then measured calls for. The error is the plain one over all points, sigma/sqrt(N);
//! batches serve the chi2 test only.
//! Batches of a mixture have a fixed number of points of each channel; their error is taken as if
//! each point had chosen its channel at random, which is never too small.

use serde::{Deserialize, Serialize};

use super::{
    super::{
        evaluator::{Block, CHUNK, Evaluated, Evaluator},
        mixture::Mixture,
        report::{Phase, StopReason},
        run::Run,
        settings::Placement,
    },
    BATCHES, Filled, Findings, Progress, Summary, Tally, chunk_size,
    histograms::of_independent,
    needed, reached, unscaled,
};
use crate::error::{Error, Result};
use crate::list;
use crate::rng::Purpose;
use crate::stats::{Covariance, Moments, WeightStats, consistency};

/// Everything summed over the estimate's points (in scaled units).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Sums {
    /// per output, per batch
    #[serde(deserialize_with = "list::lists")]
    batches: Vec<Vec<Moments>>,
    /// per output
    weights: Vec<WeightStats>,
    covariance: Option<Covariance>,
    tally: Tally,
}

/// One chunk's share of the sums.
#[derive(Serialize, Deserialize)]
struct Part {
    moments: Vec<Moments>,
    weights: Vec<WeightStats>,
    covariance: Option<Covariance>,
    filled: Filled,
}

impl Part {
    fn new(
        evaluator: &Evaluator<'_>,
        e: &Evaluated,
        (floors, with_covariance): (&[f64], bool),
    ) -> Result<Self> {
        let mut columns = e.columns();
        let filled = Filled::new(&evaluator.places(e)?, &columns[0]);
        let weights = columns.iter().zip(floors);
        let weights = weights
            .map(|(w, floor)| WeightStats::above(*floor, w, &[]))
            .collect();
        e.add_control(&mut columns);
        let covariance = with_covariance.then(|| {
            let n = e.log_jac.len();
            let rows: Vec<f64> = (0..n)
                .flat_map(|i| columns.iter().map(move |c| c[i]))
                .collect();
            Covariance::from_rows(&rows, columns.len())
        });
        Ok(Self {
            moments: columns.iter().map(|w| Moments::from_slice(w)).collect(),
            weights,
            covariance,
            filled,
        })
    }
}

impl Sums {
    fn new(run: &Run<'_>, with_covariance: bool) -> Self {
        let outputs = run.evaluator.outputs();
        Self {
            batches: vec![Vec::new(); outputs],
            weights: vec![WeightStats::default(); outputs],
            covariance: with_covariance.then(|| Covariance::new(outputs)),
            tally: Tally::new(run.evaluator.observables()),
        }
    }

    /// Whether they could be those of `run`.
    fn fits(&self, run: &Run<'_>) -> bool {
        let outputs = run.evaluator.outputs();
        let covariance = self.covariance.as_ref();
        let most = run.settings.stop.max_calls;
        let batch = |b: &Vec<Moments>| {
            b.len() == self.batches[0].len()
                && b.len() <= 2 * MOST_BATCHES
                && b.iter()
                    .map(|m| m.calls)
                    .try_fold(0, u64::checked_add)
                    .is_some_and(|n| n <= most)
        };
        self.batches.len() == outputs
            && self.batches.iter().all(batch)
            && self.weights.len() == outputs
            && covariance.is_none_or(|c| c.is_of(outputs))
            && self.tally.fits(run.evaluator.observables())
    }

    /// Takes in the chunks of one batch, in order; returns the moments of the first output.
    fn add(&mut self, parts: &[Part]) -> Moments {
        for (o, batches) in self.batches.iter_mut().enumerate() {
            let mut batch = Moments::default();
            for part in parts {
                batch.merge_from(&part.moments[o]);
                self.weights[o].merge_from(&part.weights[o]);
            }
            batches.push(batch);
        }
        if let Some(all) = &mut self.covariance {
            parts
                .iter()
                .filter_map(|p| p.covariance.as_ref())
                .for_each(|c| all.merge_from(c));
        }
        for part in parts {
            self.tally.add(&part.filled);
        }
        self.batches[0].last().copied().unwrap_or_default()
    }

    /// Halves the number of batches where there are many, so that memory does not grow.
    fn condense(&mut self) {
        if self.batches[0].len() < MOST_BATCHES {
            return;
        }
        for batches in &mut self.batches {
            *batches = batches
                .chunks(2)
                .map(|pair| pair.iter().fold(Moments::default(), |a, b| a.merge(b)))
                .collect();
        }
    }

    /// Moments of one output over all batches.
    fn total(&self, output: usize) -> Moments {
        let mut total = Moments::default();
        for batch in &self.batches[output] {
            total.merge_from(batch);
        }
        total
    }

    /// `even`: whether batches agree better than chance.
    fn findings(&self, run: &Run<'_>, stop: StopReason, even: bool) -> Findings {
        let exponents = &run.evaluator.exponents;
        let first = self.total(0);
        let outputs = exponents.iter().enumerate().map(|(o, exponent)| {
            let m = self.total(o);
            let summary = Summary {
                value: m.mean,
                error: m.error(),
                calls: m.calls,
                dof: None,
                rel_std: m.rel_std(),
                weights: &self.weights[o],
                consistency: consistency(&self.batches[o]),
            };
            summary.output(*exponent)
        });
        Findings {
            outputs: outputs.collect(),
            covariance: self
                .covariance
                .as_ref()
                .map(|c| unscaled(c.of_means().iter().copied(), exponents)),
            histograms: self.tally.binned(
                run.evaluator.observables(),
                exponents[0],
                of_independent(first.calls),
            ),
            constant: first.calls > 0 && first.m2 == 0.0,
            largest: self.weights[0].max_abs(),
            signal: self.weights.iter().any(|w| w.nonzero() > 0),
            even,
            placement: Placement::Random,
            stop,
        }
    }
}

/// Batches from which on pairs of them become one.
const MOST_BATCHES: usize = 1024;

/// Chunks of the batches that are drawn together, whatever the number of processes: after them comes a
/// checkpoint, and batches may become fewer.
const TOGETHER: u64 = 32;

/// Most points of a batch, whose chunks are kept until it is complete.
const LARGEST: u64 = 1 << 20;

/// As [`super::estimate`], with independent points.
pub(super) fn estimate(
    run: &mut Run<'_>,
    mixture: Mixture<'_>,
    rel_std: f64,
    most: Option<u64>,
) -> Result<Findings> {
    let with_covariance = run.settings.covariance && run.evaluator.outputs() > 1;
    let mut sums = Sums::new(run, with_covariance);
    let budget = run.calls_left().min(most.unwrap_or(u64::MAX));
    let planned = match run.target(1.0).or(run.settings.stop.rel_error) {
        Some(_) => needed(run, rel_std, None),
        None => budget,
    };
    // At least 64 points a batch, so that their means are normal enough for the chi2 test, and
    // at least a quarter of the training, beside which they cost little and make the error known.
    let least = (run.calls.training() / (4 * BATCHES)).max(64);
    let unit: u64 = mixture.shares().iter().sum();
    let size = batch_size((planned / BATCHES).max(least), budget, unit);
    let chunk = chunk_size(size * BATCHES).min(size);
    let mut rounds = BATCHES;
    if let Some(Progress::Random(kept, left)) = run.resume()? {
        // A file may hold anything.
        if !kept.fits(run) {
            return Err(Error::damaged());
        }
        (sums, rounds) = (kept, left);
    }
    let stop = loop {
        while rounds > 0 && run.calls_left() >= size && run.stopped.is_none() {
            // As many batches at a time as keep the threads busy.
            let together = (TOGETHER * chunk / size)
                .max(1)
                .min(rounds)
                .min(run.calls_left() / size);
            batches(run, mixture, &mut sums, (together, size, chunk))?;
            rounds -= together;
            run.keep(|| Progress::Random(sums.clone(), rounds));
        }
        if let Some(reason) = run.stopped {
            break reason;
        }
        let total = sums.total(0);
        if let Some(reason) = reached(run, total.mean, total.error()) {
            break reason;
        }
        if run.calls_left() < size || most.is_some() {
            break StopReason::Calls;
        }
        rounds = match run.target(total.mean) {
            Some(_) => needed(run, total.rel_std(), Some((total.mean, total.calls)))
                .div_ceil(size)
                .max(1),
            None => BATCHES,
        };
    };
    Ok(sums.findings(run, stop, unit > 1))
}

/// Draws some batches of `size` points each.
fn batches(
    run: &mut Run<'_>,
    mixture: Mixture<'_>,
    sums: &mut Sums,
    (together, size, chunk): (u64, u64, u64),
) -> Result<()> {
    let shares = mixture.shares();
    let unit: u64 = shares.iter().sum();
    let (before, units) = (run.calls.estimate / unit, size / unit);
    // Chunks straddle neither batches nor channels.
    let blocks = (0..together).flat_map(|batch| {
        shares.iter().enumerate().flat_map(move |(channel, share)| {
            let (first, points) = (share * (before + batch * units), share * units);
            (0..points.div_ceil(chunk)).map(move |c| {
                let block = Block {
                    purpose: Purpose::Estimate,
                    iteration: channel as u64,
                    first: first + c * chunk,
                    n: usize::try_from(chunk.min(points - c * chunk)).unwrap_or(usize::MAX),
                };
                (channel, block)
            })
        })
    });
    let with_covariance = sums.covariance.is_some();
    let floors: Vec<f64> = sums.weights.iter().map(WeightStats::floor).collect();
    let mut parts = Vec::new();
    run.jobs(
        Phase::Estimate,
        blocks,
        |(_, block)| block.n as u64,
        |evaluator, (channel, block)| mixture.draw(evaluator, *channel, evaluator.latent(*block)),
        |evaluator, _, e| Part::new(evaluator, &e, (&floors, with_covariance)),
        |_, part| parts.push(part),
    )?;
    let chunks = shares.iter().map(|share| (share * units).div_ceil(chunk));
    let per_batch = usize::try_from(chunks.sum::<u64>()).unwrap_or(usize::MAX);
    // Without all of its channels a batch of a mixture would be biased.
    let usable = |batch: &&[Part]| unit == 1 || batch.len() == per_batch;
    for batch in parts.chunks(per_batch).filter(usable) {
        let moments = sums.add(batch);
        run.step_with(Phase::Estimate, &moments, None);
    }
    sums.condense();
    Ok(())
}

/// Points of a batch: about `wanted`, whole chunks where there are several, and not more than the
/// budget allows; with several channels whole units of `unit` points, at least one.
fn batch_size(wanted: u64, budget: u64, unit: u64) -> u64 {
    let most = (budget / BATCHES).clamp(1, LARGEST);
    if unit > 1 {
        return (wanted.min(most) / unit).max(1) * unit;
    }
    let size = wanted.min(most);
    if size <= CHUNK {
        size
    } else {
        (size.div_ceil(CHUNK) * CHUNK).min(most / CHUNK * CHUNK)
    }
}

#[cfg(test)]
mod tests {
    use super::{LARGEST, batch_size};

    #[test]
    fn no_batch_is_large_whatever_the_budget() {
        for unit in [1, 35] {
            let size = batch_size(u64::MAX / 2, u64::MAX, unit);
            assert!(size <= LARGEST, "{size} points");
            assert_eq!(size % unit, 0);
        }
    }
}
