//! Stratified points: passes over all cells, with the allocation fixed before.
//!
//! One pass takes the whole budget where it can, because finer cells are worth more than several
//! passes: the variance of K passes is larger by K^(1/d) to K^(2/d). The error comes from the
//! variance within the cells; the halves of each cell's points give two independent values whose
//! difference tests it.

mod cells;
mod passes;

use super::{
    super::{
        report::{Phase, StopReason},
        run::Run,
        strata::{Chunk, Chunks, Strata},
    },
    Findings, Progress, chunk_size, needed, reached,
};
use crate::error::{Error, Result};
use crate::map::Map;
use crate::rng::Purpose;
use cells::Part;
pub(crate) use cells::{mean_and_variance, shares};
pub(crate) use passes::Kept;
use passes::Passes;

/// Fewest points for which strata are made.
pub(crate) const FEWEST: u64 = 64;
/// Most points of a pass: they are the batches of a long run.
const LONGEST_PASS: u64 = 1 << 24;
/// Most changes of size that a run could have made.
const MOST_SIZES: usize = 256;
/// Passes where the time may run out.
const TIMED_PASSES: u64 = 16;

/// As [`super::estimate`], with strata.
pub(super) fn estimate(
    run: &mut Run<'_>,
    map: &dyn Map,
    first: &Strata,
    rel_std: f64,
    most: Option<u64>,
) -> Result<Findings> {
    let budget = run.calls_left().min(most.unwrap_or(u64::MAX));
    let target = run.target(1.0).or(run.settings.stop.rel_error).is_some();
    let planned = if target {
        // A part of it at first, because forecasts scatter.
        (needed(run, rel_std, None) / 2)
            .max(run.calls.training() / 4)
            .clamp(FEWEST.min(budget), budget)
    } else {
        budget
    };
    let least = if run.settings.stop.max_seconds.is_some() {
        TIMED_PASSES
    } else {
        1
    };
    // Where the time may run out first, passes that fit into a part of it.
    let longest = run.calls_in_time().map_or(LONGEST_PASS, |n| {
        (n / TIMED_PASSES).clamp(FEWEST, LONGEST_PASS)
    });
    let passes = planned.div_ceil(longest).max(least);
    let passes = passes.min((planned / FEWEST).max(1));
    let mut size = (planned / passes).max(FEWEST.min(budget));
    let mut strata = first.reshaped(size);
    let mut counts = strata.allocate(size, run.settings.vegas.beta);
    let mut sums = Passes::new(run);
    let mut left = passes;
    let mut sizes = vec![size];
    let mut resumed = false;
    if let Some(Progress::Strata(kept)) = run.resume()? {
        if !kept.fits(run) {
            return Err(Error::damaged());
        }
        Kept { sums, sizes, left } = kept;
        strata = first.clone();
        for later in &sizes {
            size = *later;
            strata = strata.reshaped(size);
        }
        counts = strata.allocate(size, run.settings.vegas.beta);
        resumed = true;
    }
    let stop = loop {
        let calls: u64 = counts.iter().map(|n| u64::from(*n)).sum();
        if resumed {
            // This pass is in the sums.
            resumed = false;
        } else {
            if calls > run.calls_left() {
                let (value, error) = (sums.value[0], sums.variance[0].sqrt());
                break reached(run, value, error).unwrap_or(StopReason::Calls);
            }
            if let Some(part) = pass(run, map, (&strata, &counts, calls), &sums.floors())? {
                sums.add(&part, calls, strata.cells());
                sums.step(run, calls);
                run.keep(|| Progress::Strata(Kept::new(&sums, &sizes, left)));
            }
        }
        if let Some(reason) = run.stopped {
            break reason;
        }
        left -= 1;
        if left > 0 {
            continue;
        }
        let (value, error) = (sums.value[0], sums.variance[0].sqrt());
        if let Some(reason) = reached(run, value, error) {
            break reason;
        }
        // What is left of a budget without a target is what rounding left of the passes.
        if !target || most.is_some() || run.calls_left() < size.min(sums.calls / 4) {
            break StopReason::Calls;
        }
        // The rest in passes like those, as the error now known demands.
        let spread = error * (sums.calls as f64).sqrt() / value.abs();
        let wanted = needed(run, spread, Some((value, sums.calls)));
        let wanted = wanted.max(sums.calls / 4).min(run.calls_left());
        left = wanted.div_ceil(LONGEST_PASS).max(1);
        size = (wanted / left).max(FEWEST);
        sizes.push(size);
        strata = strata.reshaped(size);
        counts = strata.allocate(size, run.settings.vegas.beta);
    };
    Ok(sums.findings(run, stop))
}

/// One pass; `None` where the run had to stop before its end.
fn pass(
    run: &mut Run<'_>,
    map: &dyn Map,
    (strata, counts, calls): (&Strata, &[u32], u64),
    floors: &[f64],
) -> Result<Option<Part>> {
    let mut all = Part::empty(run);
    let with_covariance = all.covariance.is_some();
    let at = (Purpose::Estimate, 0);
    let done = run.jobs(
        Phase::Estimate,
        Chunks::new(counts, run.calls.estimate, chunk_size(calls)),
        |chunk| chunk.points,
        |evaluator, chunk: &Chunk| {
            let z = strata.fill(evaluator.streams(), at, chunk.first, &chunk.visits);
            evaluator.draw(map, z)
        },
        |evaluator, chunk, e| {
            let shares = shares(&chunk.visits, calls, strata.cells());
            let of = (floors, with_covariance);
            Part::new(
                evaluator,
                (&e, &chunk.visits, strata.is_line()),
                &shares,
                of,
            )
        },
        |_, part| all.add(&part),
    )?;
    Ok((done == calls).then_some(all))
}
