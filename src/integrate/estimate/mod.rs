//! The answer: fresh points from the frozen proposal.
//!
//! Three ways to place the points in the latent cube, by what pilot points said of them:
//! independent ones (`random`), randomised Sobol nets (`nets`), and strata (`strata`). In each
//! the looks at the error are few and fixed in advance, and every point counts the same whatever
//! its iteration's own variance was.

mod histograms;
mod nets;
mod random;
mod strata;

use serde::{Deserialize, Serialize};

pub(super) use histograms::{Filled, Tally, of_independent};
pub(super) use nets::Nets;
pub(super) use strata::{mean_and_variance, shares};

use super::{
    evaluator::{CHUNK, Evaluated, scale},
    explore::rescale,
    mixture::Mixture,
    report::{Binned, Output, Phase, StopReason, WeightSummary},
    run::Run,
    settings::Placement,
    strata::Strata,
};
use crate::error::Result;
use crate::map::Map;
use crate::rng::Purpose;
use crate::stats::{Consistency, Estimate, Moments, WeightStats};

/// Equal batches of the first round of independent points.
pub(crate) const BATCHES: u64 = 16;

/// How many times as many nets are many.
const MANY: u64 = 16;

/// Where the points of the estimate go.
#[derive(Clone, Debug)]
pub(crate) enum Layout {
    /// independent points
    Random,
    /// randomised nets
    Nets,
    /// more and smaller ones: where the weights have a tail, few points of a net carry its mean,
    /// and the means of few nets are as skewed as these
    ManyNets,
    /// more points where the weights vary more
    Strata(Strata),
}

/// Sums after a finished step, to go on from.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Progress {
    Random(random::Sums, u64),
    Nets(nets::Kept),
    Strata(strata::Kept),
}

/// What the points of the estimate say, in the user's units.
pub(crate) struct Findings {
    pub(crate) outputs: Vec<Output>,
    pub(crate) covariance: Option<Vec<f64>>,
    pub(crate) histograms: Vec<Binned>,
    /// whether all weights of the first output were the same number
    pub(crate) constant: bool,
    /// the largest weight of the first output, scaled
    pub(crate) largest: f64,
    /// whether any weight of any output differed from zero
    pub(crate) signal: bool,
    /// whether batches may agree better than chance
    pub(crate) even: bool,
    /// how the points were placed in fact
    pub(crate) placement: Placement,
    pub(crate) stop: StopReason,
}

/// Draws from the frozen `mixture`, whose weights are expected to have the spread `rel_std` (that of
/// independent points with the same error); at most `most` points where only a check is wanted.
pub(crate) fn estimate(
    run: &mut Run<'_>,
    mixture: Mixture<'_>,
    (layout, rel_std): (&Layout, f64),
    most: Option<u64>,
) -> Result<Findings> {
    let budget = run.calls_left().min(most.unwrap_or(u64::MAX));
    match layout {
        Layout::ManyNets if budget >= MANY * nets::fewest(mixture) => {
            nets::estimate(run, mixture, (rel_std, MANY), most)
        }
        Layout::Nets | Layout::ManyNets if budget >= nets::fewest(mixture) => {
            nets::estimate(run, mixture, (rel_std, 1), most)
        }
        Layout::Strata(strata) if budget >= strata::FEWEST => {
            strata::estimate(run, mixture.main(), strata, rel_std, most)
        }
        Layout::Random | Layout::Nets | Layout::ManyNets | Layout::Strata(_) => {
            random::estimate(run, mixture, rel_std, most)
        }
    }
}

/// Most pilot points of a proposal that was brought along.
const PILOT: u64 = 512;

/// The weights of a proposal that nothing is known of, from a few pilot points, and the scale that they
/// ask for: uniform points may have missed f altogether.
pub(crate) fn pilot(run: &mut Run<'_>, map: &dyn Map) -> Result<Moments> {
    let calls = (run.calls_left() / 8).min(PILOT);
    let mut chunks: Vec<Vec<Vec<f64>>> = Vec::new();
    run.points(
        Phase::Adapt,
        map,
        (Purpose::Adapt, run.adaptations),
        (0, calls, CHUNK),
        |e: Evaluated| e.columns(),
        |columns| chunks.push(columns),
    )?;
    let before = run.evaluator.exponents[0];
    rescale(run, |o| chunks.iter().flat_map(move |columns| &columns[o]));
    let shift = run.evaluator.exponents[0] - before;
    let mut moments = Moments::default();
    for columns in &chunks {
        let scaled: Vec<f64> = columns[0].iter().map(|w| scale(*w, shift)).collect();
        moments.merge_from(&Moments::from_slice(&scaled));
    }
    run.adaptations += 1;
    run.step_with(Phase::Adapt, &moments, None);
    Ok(moments)
}

/// Points evaluated together: more where there are many, so that a chunk costs little beside its
/// points; the division is part of the result's definition.
pub(crate) fn chunk_size(calls: u64) -> u64 {
    match calls {
        0..1_000_000 => CHUNK,
        _ => 4 * CHUNK,
    }
}

/// Further calls for the target, with a margin of 5 %; without an estimate so far the spread is
/// a guess, and without a mean only a relative target can be planned for.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "capped by the budget, which is an u64"
)]
fn needed(run: &Run<'_>, rel_std: f64, so_far: Option<(f64, u64)>) -> u64 {
    let exponent = run.evaluator.exponents[0];
    let last = || {
        run.iterations
            .last()
            .map_or(1.0, |i| scale(i.value, exponent))
    };
    let mean = so_far.map_or_else(last, |(mean, _)| mean);
    let error = run.target(mean).unwrap_or(1e-3);
    let all = 1.05 * (rel_std / error).powi(2);
    let rest = all - so_far.map_or(0.0, |(_, calls)| calls as f64);
    if rest.is_finite() {
        rest.max(0.0) as u64
    } else {
        run.calls_left()
    }
}

/// Whether a target is reached by the scaled `value` with `error`.
fn reached(run: &Run<'_>, value: f64, error: f64) -> Option<StopReason> {
    if value == 0.0 && error == 0.0 {
        return None;
    }
    let stop = &run.settings.stop;
    let error = run.evaluator.unscale(error);
    let value = run.evaluator.unscale(value).abs();
    if stop.rel_error.is_some_and(|e| error <= e * value) {
        return Some(StopReason::RelError);
    }
    stop.abs_error
        .is_some_and(|e| error <= e)
        .then_some(StopReason::AbsError)
}

/// The smallest positive number.
const SMALLEST_ERROR: f64 = f64::from_bits(1);

/// What rounding may do to a mean of weights.
fn rounding(weights: &WeightStats) -> f64 {
    8.0 * f64::EPSILON * weights.mean_abs()
}

/// A value with its error and what the weights behind it are like, in scaled units.
pub(crate) struct Summary<'a> {
    pub(crate) value: f64,
    pub(crate) error: f64,
    pub(crate) calls: u64,
    pub(crate) dof: Option<f64>,
    pub(crate) rel_std: f64,
    pub(crate) weights: &'a WeightStats,
    pub(crate) consistency: Option<Consistency>,
}

impl Summary<'_> {
    /// In the user's units: divided by 2^`exponent`.
    pub(crate) fn output(self, exponent: i32) -> Output {
        let w = self.weights;
        let tail = w.tail();
        // Weights that differ carry rounding errors, which no spread shows, and the value one of
        // the smallest number where it has hardly any digits.
        let constant = self.error == 0.0 && self.rel_std == 0.0;
        let error = if constant {
            0.0
        } else {
            let error = self.error.hypot(rounding(w));
            scale(error, -exponent).max(SMALLEST_ERROR)
        };
        Output {
            estimate: Estimate {
                value: scale(self.value, -exponent),
                error,
                calls: self.calls,
                dof: self.dof,
            },
            consistency: self.consistency,
            weights: WeightSummary {
                rel_std: self.rel_std,
                ess_fraction: w.ess_fraction(),
                max_share: w.max_share(),
                khat: tail.map(|tail| tail.shape),
                beyond: tail.map(|tail| tail.beyond),
                unweighting_efficiency: w.unweighting_efficiency(),
                cancellation: w.cancellation(),
                nonzero_fraction: w.nonzero_fraction(),
            },
        }
    }
}

/// A covariance matrix (`[k * k]`, scaled units) in the user's units.
fn unscaled(matrix: impl IntoIterator<Item = f64>, exponents: &[i32]) -> Vec<f64> {
    let pairs = exponents
        .iter()
        .flat_map(|i| exponents.iter().map(move |j| (i, j)));
    matrix
        .into_iter()
        .zip(pairs)
        .map(|(c, (i, j))| scale(scale(c, -i), -j))
        .collect()
}
