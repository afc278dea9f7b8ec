//! Randomised Sobol nets: R independent randomisations of the same n points.
//!
//! ```text
//! value = mean of the R means        error = their standard deviation / sqrt(R)
//! ```
//!
//! with R - 1 degrees of freedom (A. B. Owen, Ann. Stat. 25 (1997) 1541; P. L'Ecuyer,
//! C. Lemieux, "Recent advances in randomized quasi-Monte Carlo methods" (2002)). Each net is
//! unbiased, whatever f; for smooth f its error falls almost as n^(-3/2).
//! Towards a target n begins as a power of two, R is 8 to 16 by what is forecast, and the same nets
//! go on by quarters of n or more as the error calls for; without one R is chosen such that the
//! budget is used up as far as powers of two allow.
//! A mixture has a net for each channel in each randomisation, whose sizes stay in the proportion
//! of the channels; with n points in all, the mean over them is the mixture's.
//! Weights with a tail (x^-1/4 at 0) leave the mean of a net to its point next to the singularity:
//! there R is 16 times as large, because a mean of few skewed means is skewed itself.
//! Known weakness: R means tell the error to about 1/sqrt(2 R), and a heavy tail may hide in them.

use serde::{Deserialize, Serialize};

use super::{
    super::{
        evaluator::{Evaluated, Evaluator},
        mixture::Mixture,
        report::{Phase, StopReason},
        run::Run,
        settings::Placement,
    },
    Findings, Progress, Summary, Tally, chunk_size,
    histograms::of_nets,
    needed, reached, rounding, unscaled,
};
use crate::error::{Error, Result};
use crate::list;
use crate::rng::mix;
use crate::sobol::Sobol;
use crate::stats::{Covariance, Moments, WeightStats, consistency};

/// Fewest and most randomisations where the number of points follows from a target.
const FEWEST_NETS: u64 = 8;
const NETS: u64 = 16;
/// Fewest and most (exclusive) where it follows from the budget.
const FEW_NETS: u64 = 12;
/// Power of n that the error of a net falls with for smooth f.
const FASTEST: f64 = 1.5;
/// Most units of a first step: an end may come long before the budget is used up.
const LARGEST_FIRST: u64 = 1024;
/// Fewest points of a net.
const SMALLEST: u64 = 16;

/// Fewest points for which nets are made.
pub(crate) fn fewest(mixture: Mixture<'_>) -> u64 {
    let unit: u64 = mixture.shares().iter().sum();
    NETS * SMALLEST.next_multiple_of(unit)
}

/// One randomisation: its generators and the sums over its points so far.
struct Net {
    /// per channel
    sobols: Vec<Sobol>,
    /// per output
    moments: Vec<Moments>,
    tally: Tally,
}

/// Nets between two steps.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Kept {
    /// per net: moments of each output, histograms
    #[serde(deserialize_with = "list::few")]
    each: Vec<(Vec<Moments>, Tally)>,
    weights: Vec<WeightStats>,
    units: u64,
    /// where the next look is
    goal: u64,
    /// the error to stop by, and the units that it is of
    look: (f64, u64),
}

/// One chunk's share.
struct Part {
    moments: Vec<Moments>,
    weights: Vec<WeightStats>,
    tally: Tally,
}

/// Some points of one channel of one net.
struct Job {
    net: usize,
    channel: usize,
    first: u64,
    points: u64,
    /// whether the net's points end here
    last: bool,
}

/// Nets with everything summed over their points (in scaled units).
pub(in super::super) struct Nets {
    each: Vec<Net>,
    /// points per unit of each channel
    shares: Vec<u64>,
    /// units of each net so far: points, where there is one channel
    units: u64,
    weights: Vec<WeightStats>,
}

impl Nets {
    /// `count` nets of their own for each `purpose`, with one channel.
    pub(in super::super) fn new(run: &Run<'_>, count: u64, purpose: u64) -> Result<Self> {
        Self::of_channels(run, count, purpose, vec![1])
    }

    /// As [`Self::new`], with channels whose points are as `shares`.
    fn of_channels(run: &Run<'_>, count: u64, purpose: u64, shares: Vec<u64>) -> Result<Self> {
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
    pub(in super::super) fn extend<'m>(
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
                tallies[job.net].merge_from(&part.tally);
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
    pub(in super::super) fn all(&self, o: usize) -> Moments {
        let moments = self.each.iter().map(|n| &n.moments[o]);
        moments.fold(Moments::default(), |all, one| all.merge(one))
    }

    /// Moments of the means of the nets.
    pub(in super::super) fn means(&self, o: usize) -> Moments {
        let means: Vec<f64> = self.each.iter().map(|n| n.moments[o].mean).collect();
        Moments::from_slice(&means)
    }

    /// One-sigma error of the mean of output `o`.
    ///
    /// Where f has steps, all nets may have the same number of points on either side by chance.
    /// At the edge of f's support one point more or less counts, with the least that f may have
    /// there. Nets that agree to the last digit though their weights differ say nothing of the
    /// error: then it is that of one point, at most that of independent ones.
    fn error(&self, o: usize) -> f64 {
        let (error, weights, all) = (self.means(o).error(), &self.weights[o], self.all(o));
        let calls = all.calls.max(1) as f64;
        let error = error.hypot(weights.least_edge() / calls);
        if error > rounding(weights) || all.m2 == 0.0 {
            return error;
        }
        error.max((weights.max_abs() / calls).min(all.error()))
    }

    /// Pareto shape of the tail of the first output's weights.
    pub(in super::super) fn khat(&self) -> Option<f64> {
        self.weights[0].khat()
    }

    /// Points of a unit.
    fn unit(&self) -> u64 {
        self.shares.iter().sum()
    }

    /// Points of a net.
    pub(in super::super) fn points(&self) -> u64 {
        self.units * self.unit()
    }

    pub(in super::super) fn calls(&self) -> u64 {
        self.units * self.unit() * self.each.len() as u64
    }

    /// Records what is known now as a step.
    pub(in super::super) fn step(&self, run: &mut Run<'_>, phase: Phase, calls: u64) {
        let (all, value) = (self.all(0), self.means(0).mean);
        run.step_scaled(phase, calls, (value, self.error(0)), all.rel_std());
    }

    /// What can be kept of them.
    fn kept(&self, goal: u64, look: (f64, u64)) -> Kept {
        let each = self.each.iter();
        Kept {
            each: each.map(|n| (n.moments.clone(), n.tally.clone())).collect(),
            weights: self.weights.clone(),
            units: self.units,
            goal,
            look,
        }
    }

    /// Goes on from what was kept of nets like these.
    fn restore(&mut self, run: &Run<'_>, kept: Kept) -> Result<()> {
        let outputs = run.evaluator.outputs();
        let fits = |(moments, tally): &(Vec<Moments>, Tally)| {
            moments.len() == outputs
                && moments
                    .iter()
                    .all(|m| m.calls <= run.settings.stop.max_calls)
                && tally.fits(run.evaluator.observables())
        };
        // A file may hold anything.
        let most = run.settings.stop.max_calls;
        let all = kept.goal.checked_mul(self.unit() * self.each.len() as u64);
        let known = kept.units > 0 && kept.look.1 > 0 && kept.look.0.is_finite();
        if kept.each.len() != self.each.len()
            || kept.weights.len() != outputs
            || !known
            || kept.units > kept.goal
            || all.is_none_or(|calls| calls > most)
            || !kept.each.iter().all(fits)
        {
            return Err(Error::damaged());
        }
        for (net, (moments, tally)) in self.each.iter_mut().zip(kept.each) {
            (net.moments, net.tally) = (moments, tally);
        }
        (self.weights, self.units) = (kept.weights, kept.units);
        Ok(())
    }

    fn findings(&self, run: &Run<'_>, stop: StopReason) -> Findings {
        let exponents = &run.evaluator.exponents;
        let outputs = exponents.iter().enumerate().map(|(o, exponent)| {
            let (means, all) = (self.means(o), self.all(o));
            let nets: Vec<Moments> = self.each.iter().map(|n| n.moments[o]).collect();
            let summary = Summary {
                value: means.mean,
                error: self.error(o),
                calls: self.calls(),
                dof: Some((self.each.len() as f64 - 1.0).max(1.0)),
                rel_std: all.rel_std(),
                weights: &self.weights[o],
                consistency: consistency(&nets),
            };
            summary.output(*exponent)
        });
        let with_covariance = run.settings.covariance && exponents.len() > 1;
        let covariance = with_covariance.then(|| {
            let rows: Vec<f64> = self
                .each
                .iter()
                .flat_map(|n| n.moments.iter().map(|m| m.mean))
                .collect();
            let mut matrix = Covariance::from_rows(&rows, exponents.len()).of_means();
            for o in 0..exponents.len() {
                matrix[(o, o)] = matrix[(o, o)].max(self.error(o).powi(2));
            }
            unscaled(matrix.iter().copied(), exponents)
        });
        let tallies: Vec<Tally> = self.each.iter().map(|n| n.tally.clone()).collect();
        let first = self.all(0);
        Findings {
            outputs: outputs.collect(),
            covariance,
            histograms: of_nets(
                &tallies,
                self.units * self.unit(),
                run.evaluator.observables(),
                exponents[0],
            ),
            constant: first.calls > 0 && first.m2 == 0.0,
            largest: self.weights[0].max_abs(),
            signal: self.weights.iter().any(|w| w.nonzero() > 0),
            even: true,
            placement: Placement::Sobol,
            stop,
        }
    }
}

/// Sums of some points of a net; with latent points and weights where `watched`.
#[expect(clippy::type_complexity, reason = "a part and what is watched")]
fn part(
    evaluator: &Evaluator<'_>,
    e: Evaluated,
    (floors, histograms): (&[f64], bool),
    watched: bool,
) -> Result<(Part, Option<(Vec<f64>, Vec<f64>)>)> {
    let mut columns = e.columns();
    let mut tally = Tally::default();
    if histograms {
        tally = Tally::new(evaluator.observables());
        tally.add(&evaluator.places(&e)?, &columns[0]);
    }
    let weights = columns.iter().zip(floors);
    let weights = weights
        .map(|(w, floor)| WeightStats::above(*floor, w, &[]))
        .collect();
    e.add_control(&mut columns);
    let part = Part {
        moments: columns.iter().map(|w| Moments::from_slice(w)).collect(),
        weights,
        tally,
    };
    let seen = watched.then(|| (e.z, columns.swap_remove(0)));
    Ok((part, seen))
}

/// The k for which 2^k is nearest to `x` >= 1/2 on a logarithmic scale.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "small and positive"
)]
fn nearest_power(x: f64) -> u32 {
    x.log2().round().max(0.0) as u32
}

/// As [`super::estimate`], with nets, `times` as many as else.
pub(super) fn estimate(
    run: &mut Run<'_>,
    mixture: Mixture<'_>,
    (rel_std, times): (f64, u64),
    most: Option<u64>,
) -> Result<Findings> {
    const ESTIMATE: u64 = 1;
    const MARGIN: f64 = 1.1;
    let shares = mixture.shares();
    let fewest = times * FEWEST_NETS;
    let unit: u64 = shares.iter().sum();
    let least = SMALLEST.div_ceil(unit);
    let budget = run.calls_left().min(most.unwrap_or(u64::MAX));
    let target = run.target(1.0).or(run.settings.stop.rel_error).is_some();
    // How far each net goes before the next look, in units.
    let (count, mut goal) = if target {
        // Beside the training a few points cost little. As many nets as make up what is wanted:
        // large nets gain more than many. A part of it at first, because forecasts scatter.
        let wanted = needed(run, rel_std, None) / 8 * 3;
        let least = fewest * unit * least;
        let wanted = wanted.max(run.calls.training() / 8);
        let wanted = wanted.clamp(least, budget.max(least));
        // The nearest power of two, as far as the budget allows.
        let each = wanted as f64 / (fewest * unit) as f64;
        let most = (budget / (fewest * unit)).max(1).ilog2();
        let units = 1 << nearest_power(each).min(most);
        (
            wanted
                .div_ceil(units * unit)
                .min(budget / (units * unit))
                .clamp(fewest, times * NETS),
            units,
        )
    } else {
        let units = 1 << (budget / (times * FEW_NETS * unit)).ilog2();
        (budget / (units * unit), units)
    };
    let mut nets = Nets::of_channels(run, count, ESTIMATE, shares)?;
    // A run that stops where its error is small by luck would be too sure of itself: the error
    // it stops by falls no faster than those of nets do.
    let (mut error, mut before) = (0.0_f64, 1);
    if let Some(Progress::Nets(kept)) = run.resume()? {
        (goal, (error, before)) = (kept.goal, kept.look);
        nets.restore(run, kept)?;
    }
    let stop = loop {
        // Steps on the way are there to be watched; they decide nothing.
        while nets.units < goal && run.stopped.is_none() {
            let step = (goal / 8).clamp(least, LARGEST_FIRST.max(least));
            let more = nets.units.max(step).min(goal - nets.units);
            if nets.extend(run, (Phase::Estimate, mixture), more, |_, _| (), false)? {
                nets.step(run, Phase::Estimate, more * unit * count);
                let fall = (before as f64 / nets.units as f64).powf(FASTEST);
                error = nets.error(0).max(error * fall);
                before = nets.units;
                run.keep(|| Progress::Nets(nets.kept(goal, (error, before))));
            }
        }
        if let Some(reason) = run.stopped {
            break reason;
        }
        let means = nets.means(0);
        if let Some(reason) = reached(run, means.mean, error) {
            break reason;
        }
        // On by quarters, as far as the error calls for and the budget goes; at most doubled.
        let left = run.calls_left() / (count * unit);
        if most.is_some() || !target || left < (nets.units / 4).max(1) {
            break StopReason::Calls;
        }
        let excess = run
            .target(means.mean)
            .map_or(1.0, |e| (error / (e * means.mean)).powi(2) - 1.0);
        let mut more = (nets.units / 4).max(1);
        while (more as f64) < MARGIN * excess * nets.units as f64 && more < nets.units {
            more += (nets.units / 4).max(1);
        }
        goal += more.min(left);
    };
    Ok(nets.findings(run, stop))
}
