//! The level: about the largest ln(f |dy/dx|) on the unit cube.
//!
//! Uniform points, twice as many as long as f is 0 at all of them, and climbs from the best of them (`climb`).
//! For a climb, values below the best point are drawn together, c -> -S ln(1 + (best - c)/S), so that the
//! simplex sees a slope however far below it begins. The points have random numbers of their own: the
//! estimate depends on them through the level alone.
//!
//! Weakness: climbs end after some calls, so in many dimensions the level is below the maximum. What
//! matters is that it is within some tens.

use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};

use super::super::{
    climb::{CALLS, Climb, Function},
    evaluator::{CHUNK, Evaluated},
    peaks::starts,
    report::Phase,
    run::Run,
};
use crate::error::{Error, Result};
use crate::map::Identity;
use crate::rng::Purpose;

/// Uniform points to begin with, at most.
const POINTS: u64 = 2048;
/// Climbs, and how many more follow each other from the highest end.
const CLIMBS: usize = 4;
const AGAIN: usize = 2;
/// Rise by which another climb has been worth its calls.
const RISE: f64 = 1.0;
/// S of a climb.
const SLOWNESS: f64 = 5.0;
/// Part of the budget that the points and climbs may take.
const PART: u64 = 8;

/// What was found of ln(f |dy/dx|).
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    pub(super) level: f64,
    /// the least at a uniform point where f was not 0
    pub(super) lowest: f64,
}

/// Calls that a search may take.
pub(super) fn most(run: &Run<'_>) -> u64 {
    run.settings.stop.max_calls / PART
}

/// Looks for the level in a run whose evaluator leaves logarithms as they are.
///
/// # Errors
/// [`Error::NoLevel`] where f is 0 at all points.
pub(super) fn find(run: &mut Run<'_>) -> Result<Found> {
    let dim = run.evaluator.dim();
    let identity = Identity::new(dim);
    let budget = most(run);
    let mut n = POINTS.min(budget / 2).max(16);
    let (mut x, mut logs): (Vec<f64>, Vec<f64>) = (Vec::new(), Vec::new());
    let mut first = 0;
    while logs.is_empty() && run.stopped.is_none() && (first == 0 || first + n <= budget) {
        run.points(
            Phase::Explore,
            &identity,
            (Purpose::Level, 0),
            (first, n, CHUNK),
            |e: Evaluated| (e.x, e.f),
            |chunk| {
                // Points where f is 0 are not kept.
                let points = chunk.0.chunks_exact(dim).zip(chunk.1);
                for (point, log) in points.filter(|p| p.1 > f64::NEG_INFINITY) {
                    x.extend_from_slice(point);
                    logs.push(log);
                }
            },
        )?;
        first += n;
        n *= 2;
    }
    if logs.is_empty() {
        return Err(Error::NoLevel {
            calls: run.calls.total(),
        });
    }
    let best = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let lowest = logs.iter().copied().fold(f64::INFINITY, f64::min);
    let starts = starts(&x, &logs, (dim, CLIMBS));
    let level = climbs(run, starts, best, budget)?;
    Ok(Found { level, lowest })
}

/// The highest ln(f |dy/dx|) that climbs from points `starts` (`[dim]` each) come to, beginning with `best` at
/// one of them, while at most `most` calls have been made.
pub(super) fn climbs(
    run: &mut Run<'_>,
    mut starts: Vec<Vec<f64>>,
    mut best: f64,
    most: u64,
) -> Result<f64> {
    let vertices = run.evaluator.dim() as u64 + 1;
    for _ in 0..=AGAIN {
        let left = most.saturating_sub(run.calls.total());
        let each = (left / starts.len().max(1) as u64).min(CALLS * vertices);
        if each < 4 * vertices || run.stopped.is_some() {
            break;
        }
        let this = &*run;
        let from = best;
        let drawn_together = |x: &[f64]| {
            let above = this.evaluator.log_abs(x)? - from;
            Ok(if above < 0.0 && above > f64::NEG_INFINITY {
                -SLOWNESS * (-above / SLOWNESS).ln_1p()
            } else {
                above
            })
        };
        let function = Function {
            log_f: &drawn_together,
            stop: &|| this.must_stop().is_some(),
        };
        let climb = |start: &Vec<f64>| Climb::new(function, start.len(), each).top(start);
        let ends: Vec<_> = starts.par_iter().map(climb).collect();
        starts.clear();
        for (top, calls) in ends {
            run.calls.explore += calls;
            match top {
                Err(Error::Stopped) => run.give_up(),
                top => {
                    if let Some((above, x)) = top?
                        && from + above > best
                    {
                        best = from + above;
                        starts = vec![x];
                    }
                }
            }
        }
        run.book(Phase::Explore);
        if best - from < RISE {
            break;
        }
    }
    Ok(best)
}
