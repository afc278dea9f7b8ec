//! Sums over the points of nets.

use serde::{Deserialize, Serialize};

use super::super::{
    super::{
        evaluator::{Evaluated, Evaluator},
        mixture::Mixture,
        report::Phase,
        run::Run,
    },
    Filled, Tally, chunk_size, rounding,
};
use super::FEWEST_NETS;
use crate::error::Result;
use crate::rng::mix;
use crate::sobol::Sobol;
use crate::stats::{Moments, WeightStats};

/// One randomisation: its generators and the sums over its points so far.
pub(super) struct Net {
    /// per channel
    pub(super) sobols: Vec<Sobol>,
    /// per output
    pub(super) moments: Vec<Moments>,
    pub(super) tally: Tally,
}

/// One chunk's share.
#[derive(Serialize, Deserialize)]
pub(super) struct Part {
    pub(super) moments: Vec<Moments>,
    pub(super) weights: Vec<WeightStats>,
    pub(super) filled: Filled,
}

/// Some points of one channel of one net.
pub(super) struct Job {
    pub(super) net: usize,
    pub(super) channel: usize,
    pub(super) first: u64,
    pub(super) points: u64,
    /// whether the net's points end here
    pub(super) last: bool,
}

/// Nets with everything summed over their points (in scaled units).
pub(crate) struct Nets {
    pub(super) each: Vec<Net>,
    /// points per unit of each channel
    pub(super) shares: Vec<u64>,
    /// units of each net so far: points, where there is one channel
    pub(super) units: u64,
    pub(super) weights: Vec<WeightStats>,
}

impl Nets {
    /// `count` nets of their own for each `purpose`, with one channel.
    pub(crate) fn new(run: &Run<'_>, count: u64, purpose: u64) -> Result<Self> {
        Self::of_channels(run, count, purpose, vec![1])
    }

    /// As [`Self::new`], with channels whose points are as `shares`.
    pub(super) fn of_channels(
        run: &Run<'_>,
        count: u64,
        purpose: u64,
        shares: Vec<u64>,
    ) -> Result<Self> {
        let outputs = run.evaluator.outputs();
        let net = |r: u64| {
            let seed = mix(run.seed ^ mix(purpose << 32 | r));
            let channels = 0..shares.len() as u64;
            let seeds = channels.map(|c| if c == 0 { seed } else { mix(seed ^ mix(c)) });
            Ok(Net {
                sobols: seeds
                    .map(|seed| Sobol::new(run.evaluator.dim(), seed))
                    .collect::<Result<_>>()?,
                moments: vec![Moments::default(); outputs],
                tally: Tally::new(run.evaluator.observables()),
            })
        };
        Ok(Self {
            each: (0..count).map(net).collect::<Result<_>>()?,
            shares,
            units: 0,
            weights: vec![WeightStats::default(); outputs],
        })
    }

    /// Draws `more` units of each net; `watch` sees the latent points and the weights of the
    /// first output. What an early end leaves incomplete is dropped; whether anything was added.
    pub(crate) fn extend<'m>(
        &mut self,
        run: &mut Run<'_>,
        (phase, mixture): (Phase, impl Into<Mixture<'m>>),
        more: u64,
        mut watch: impl FnMut(Vec<f64>, Vec<f64>),
        watched: bool,
    ) -> Result<bool> {
        let mixture = mixture.into();
        let chunk = chunk_size(more * self.unit() * self.each.len() as u64);
        let (first, shares) = (self.units, &self.shares);
        let jobs = (0..self.each.len()).flat_map(|net| {
            shares.iter().enumerate().flat_map(move |(channel, share)| {
                let points = share * more;
                let chunks = points.div_ceil(chunk);
                (0..chunks).map(move |c| Job {
                    net,
                    channel,
                    first: share * first + c * chunk,
                    points: chunk.min(points - c * chunk),
                    last: channel + 1 == shares.len() && c + 1 == chunks,
                })
            })
        });
        let floors: Vec<f64> = self.weights.iter().map(WeightStats::floor).collect();
        let sobols: Vec<&[Sobol]> = self.each.iter().map(|n| &n.sobols[..]).collect();
        let mut moments: Vec<_> = self.each.iter().map(|n| n.moments.clone()).collect();
        let mut tallies: Vec<_> = self.each.iter().map(|n| n.tally.clone()).collect();
        let mut complete = 0;
        let weights = &mut self.weights;
        let histograms = phase == Phase::Estimate;
        run.jobs(
            phase,
            jobs,
            |job| job.points,
            |evaluator, job| {
                let sobol = &sobols[job.net][job.channel];
                let n = usize::try_from(job.points).unwrap_or(usize::MAX);
                let mut z = vec![0.0; n * evaluator.dim()];
                sobol.fill(job.first, &mut z);
                mixture.draw(evaluator, job.channel, z)
            },
            |evaluator, _, e| part(evaluator, e, (&floors[..], histograms), watched),
            |job, (part, seen)| {
                for (all, one) in moments[job.net].iter_mut().zip(&part.moments) {
                    all.merge_from(one);
                }
                tallies[job.net].add(&part.filled);
                for (all, one) in weights.iter_mut().zip(&part.weights) {
                    all.merge_from(one);
                }
                if let Some((z, w)) = seen {
                    watch(z, w);
                }
                if job.last {
                    complete = job.net + 1;
                }
            },
        )?;
        let (all, before) = (self.each.len() as u64, self.calls());
        // Where not all of them could go on, those that did, or all as they were: what has more
        // points. How many could go on knows nothing of the values.
        let grown = complete as u64 * (first + more) * self.unit();
        let enough = complete as u64 >= if first == 0 { 2 } else { FEWEST_NETS.min(all) };
        let go_on = complete as u64 == all || enough && grown > before;
        if go_on {
            self.each.truncate(complete);
            for ((net, moments), tally) in self.each.iter_mut().zip(moments).zip(tallies) {
                net.moments = moments;
                net.tally = tally;
            }
            self.units += more;
        }
        Ok(go_on)
    }

    /// Moments of output `o` over all points.
    pub(crate) fn all(&self, o: usize) -> Moments {
        let moments = self.each.iter().map(|n| &n.moments[o]);
        moments.fold(Moments::default(), |all, one| all.merge(one))
    }

    /// Moments of the means of the nets.
    pub(crate) fn means(&self, o: usize) -> Moments {
        let means: Vec<f64> = self.each.iter().map(|n| n.moments[o].mean).collect();
        Moments::from_slice(&means)
    }

    /// One-sigma error of the mean of output `o`.
    ///
    /// Where f has steps, all nets may have the same number of points on either side by chance.
    /// At the edge of f's support one point more or less counts, with the least that f may have
    /// there. Nets that agree to the last digit though their weights differ say nothing of the
    /// error: then it is that of one point, at most that of independent ones.
    pub(super) fn error(&self, o: usize) -> f64 {
        let (error, weights, all) = (self.means(o).error(), &self.weights[o], self.all(o));
        let calls = all.calls.max(1) as f64;
        let error = error.hypot(weights.least_edge() / calls);
        if error > rounding(weights) || all.m2 == 0.0 {
            return error;
        }
        error.max((weights.max_abs() / calls).min(all.error()))
    }

    /// Pareto shape of the tail of the first output's weights.
    pub(crate) fn khat(&self) -> Option<f64> {
        self.weights[0].khat()
    }

    /// Points of a unit.
    pub(super) fn unit(&self) -> u64 {
        self.shares.iter().sum()
    }

    /// Points of a net.
    pub(crate) fn points(&self) -> u64 {
        self.units * self.unit()
    }

    pub(crate) fn calls(&self) -> u64 {
        self.units * self.unit() * self.each.len() as u64
    }

    /// Records what is known now as a step.
    pub(crate) fn step(&self, run: &mut Run<'_>, phase: Phase, calls: u64) {
        let (all, value) = (self.all(0), self.means(0).mean);
        run.step_scaled(phase, calls, (value, self.error(0)), all.rel_std());
    }
}

/// Sums of some points of a net; with latent points and weights where `watched`.
#[expect(clippy::type_complexity, reason = "a part and what is watched")]
pub(super) fn part(
    evaluator: &Evaluator<'_>,
    e: Evaluated,
    (floors, histograms): (&[f64], bool),
    watched: bool,
) -> Result<(Part, Option<(Vec<f64>, Vec<f64>)>)> {
    let mut columns = e.columns();
    let mut filled = Filled::default();
    if histograms {
        filled = Filled::new(&evaluator.places(&e)?, &columns[0]);
    }
    let weights = columns.iter().zip(floors);
    let weights = weights
        .map(|(w, floor)| WeightStats::above(*floor, w, &[]))
        .collect();
    e.add_control(&mut columns);
    let part = Part {
        moments: columns.iter().map(|w| Moments::from_slice(w)).collect(),
        weights,
        filled,
    };
    let seen = watched.then(|| (e.z, columns.swap_remove(0)));
    Ok((part, seen))
}
