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

mod findings;
mod sums;

use super::{
    super::{
        mixture::Mixture,
        report::{Phase, StopReason},
        run::Run,
    },
    Findings, Progress, needed, reached,
};
use crate::error::Result;
pub(super) use findings::Kept;
pub(crate) use sums::Nets;

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
