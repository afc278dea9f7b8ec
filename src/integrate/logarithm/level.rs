//! The level: about the largest ln(f |dy/dx|) on the unit cube; and the peaks that are met on the way to it.
//!
//! Uniform points, twice as many as long as f is 0 at all of them, and climbs (`climb`) from the best of them and
//! from those that are above their neighbours, as long as climbs find peaks that matter. However narrow the
//! peaks are, ln f has its slopes everywhere. For a climb, values below its start are drawn together,
//! c -> -S ln(1 + (start - c)/S), so that the simplex sees them however deep they are. The points have random
//! numbers of their own: the estimate depends on them through the level and the proposal alone.
//!
//! Weaknesses: climbs end after some calls, so in many dimensions the level is below the maximum, which does no
//! harm within some tens; a peak on whose slopes no uniform point lies is not found.

use std::mem::take;
use std::sync::OnceLock;

use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};

use super::super::{
    climb::{CALLS, Climb, Function, PROBES},
    evaluator::{CHUNK, Evaluated},
    hunt::above_neighbours,
    peaks::{Peak, distinct, starts},
    report::Phase,
    run::Run,
};
use crate::error::{Error, Result};
use crate::map::Identity;
use crate::rng::Purpose;

/// Uniform points to begin with, at most.
const POINTS: u64 = 2048;
/// Climbs from the best points, most climbs from points above their neighbours, and how many of them are made
/// before it is asked whether they have found anything.
const BEST: usize = 4;
const ABOVE: usize = 64;
const TOGETHER: usize = 8;
/// Climbs that follow each other from the highest end, and the rise by which one was worth its calls.
const AGAIN: usize = 2;
const RISE: f64 = 1.0;
/// S of a climb.
const SLOWNESS: f64 = 5.0;
/// Part of the budget that the points and climbs may take.
const PART: u64 = 8;

/// What was found of ln(f |dy/dx|).
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) level: f64,
    /// the least at a uniform point where f was not 0
    pub(super) lowest: f64,
    pub(super) peaks: Vec<Peak>,
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
    let lowest = logs.iter().copied().fold(f64::INFINITY, f64::min);
    let mut found = Found {
        level: logs.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        lowest,
        peaks: Vec::new(),
    };
    // No wider than the points are apart.
    let simplex = (logs.len() as f64).powf(-1.0 / dim as f64);
    found.climb(run, &starts(&x, &logs, (dim, BEST)), (simplex, budget))?;
    let above = above_neighbours((&x, &logs), dim);
    for starts in starts(&x, &above, (dim, ABOVE)).chunks(TOGETHER) {
        let before = found.peaks.len();
        found.climb(run, starts, (simplex, budget))?;
        if found.peaks.len() <= before {
            break;
        }
    }
    found.climb_on(run, budget)?;
    Ok(found)
}

impl Found {
    /// Climbs from the highest end, until that brings nothing more or `most` calls have been made in all.
    pub(super) fn climb_on(&mut self, run: &mut Run<'_>, most: u64) -> Result<()> {
        for _ in 0..AGAIN {
            let (before, highest) = (self.level, self.peaks.first());
            let Some(top) = highest.map(|peak| vec![peak.x.clone()]) else {
                break;
            };
            self.climb(run, &top, (1.0, most))?;
            if self.level - before < RISE {
                break;
            }
        }
        Ok(())
    }

    /// Climbs from points `starts` (`[dim]` each) with a first simplex of at most that size, while at most
    /// `most` calls have been made in all.
    pub(super) fn climb(
        &mut self,
        run: &mut Run<'_>,
        starts: &[Vec<f64>],
        (simplex, most): (f64, u64),
    ) -> Result<()> {
        let axes = run.evaluator.dim() as u64;
        let left = most.saturating_sub(run.calls.total());
        let each = left / starts.len().max(1) as u64;
        let each = each.min(CALLS * (axes + 1) + PROBES * axes);
        if each < 4 * (axes + 1) || run.stopped.is_some() {
            return Ok(());
        }
        let this = &*run;
        let ends = starts.par_iter().map(|start| {
            let from = OnceLock::new();
            let drawn_together = |x: &[f64]| {
                let log = this.evaluator.log_abs(x)?;
                // A climb begins at its start.
                let above = log - *from.get_or_init(|| log);
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
            let climb = Climb::new(function, start.len(), each).within(simplex);
            let (end, calls) = climb.from(start);
            let start_log = from.get().copied().unwrap_or(f64::NEG_INFINITY);
            let in_place = |peak: Peak| Peak {
                log_f: peak.log_f + start_log,
                ..peak
            };
            (end.map(|end| end.map(in_place)), calls)
        });
        let ends: Vec<(Result<Option<Peak>>, u64)> = ends.collect();
        for (peak, calls) in ends {
            run.calls.explore += calls;
            match peak {
                Err(Error::Stopped) => run.give_up(),
                peak => self.peaks.extend(peak?),
            }
        }
        run.book(Phase::Explore);
        let highest = self.peaks.iter().map(|peak| peak.log_f);
        self.level = highest.fold(self.level, f64::max);
        self.peaks = distinct(take(&mut self.peaks));
        Ok(())
    }
}
