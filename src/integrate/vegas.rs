//! Adapting the VEGAS grid.
//!
//! Iterations of growing size, each followed by a refinement; they end when the spread of the
//! weights no longer falls, or when going on would cost more than it could save. Estimates of
//! these iterations are previews: the answer comes from the frozen grid on fresh points.

use super::{
    evaluator::{CHUNK, Evaluated},
    explore::Explored,
    report::Phase,
    run::Run,
};
use crate::error::Result;
use crate::map::{Grid, GridTraining};
use crate::rng::Purpose;
use crate::stats::Moments;

/// The adapted grid and the spread sigma/mean of its weights as last seen.
pub(crate) struct Adapted {
    pub(crate) grid: Grid,
    pub(crate) rel_std: f64,
}

/// Adapts a grid, from `start` or the uniform one, spending at most `most` calls.
pub(crate) fn adapt(
    run: &mut Run<'_>,
    explored: &Explored,
    start: Option<Grid>,
    most: u64,
) -> Result<Adapted> {
    let config = run.settings.vegas;
    let dim = run.evaluator.dim();
    let bins = |calls: u64| {
        let bins = usize::try_from(calls / 20).unwrap_or(usize::MAX);
        bins.clamp(16.min(config.max_bins), config.max_bins)
    };
    let mut grid = match start {
        Some(grid) => grid,
        None => Grid::uniform(dim, bins(config.first_calls.min(most / 9)))?,
    };
    let mut calls = config.first_calls.min(most / 9).max(1);
    let (mut spent, mut best, mut stale) = (0, f64::INFINITY, 0);
    let mut last = explored.moments.rel_std();
    for iteration in 0..config.max_iterations as u64 {
        if spent + calls > most || run.stopped.is_some() {
            break;
        }
        let mut moments = Moments::default();
        let mut training = GridTraining::new(&grid);
        let frozen = &grid;
        let done = run.points(
            Phase::Adapt,
            frozen,
            (Purpose::Adapt, run.adaptations),
            (0, calls, 4 * CHUNK),
            |e: Evaluated| {
                let w = e.weights(0);
                let mut training = GridTraining::new(frozen);
                training.add(frozen, &e.z, &w);
                (Moments::from_slice(&w), training)
            },
            |(m, t)| {
                moments.merge_from(&m);
                training.merge(&t);
            },
        )?;
        if moments.mean != 0.0 {
            last = moments.rel_std();
        }
        spent += done;
        run.adaptations += 1;
        // A spread beyond what so few points can measure: refine with care, draw no conclusion.
        let measured = last * last < calls as f64 / 20.0;
        let alpha = if measured {
            config.alpha
        } else {
            config.alpha / 3.0
        };
        grid = grid.refined(&training, alpha);
        run.step_with(Phase::Adapt, &moments, None);
        run.book(Phase::Adapt);
        // A single lucky iteration must not end the search: two without progress do.
        stale = if !measured || last < 0.97 * best {
            0
        } else {
            stale + 1
        };
        best = best.min(last);
        let finished = iteration >= 4 && stale >= 2;
        let needed = run.target(moments.mean).map(|e| (last / e).powi(2));
        // The next iteration could at best save a small part of what is left to do.
        let pointless = needed.is_some_and(|n| iteration >= 4 && n < 0.5 * calls as f64);
        if finished || pointless {
            break;
        }
        calls += if measured { calls / 2 } else { calls };
        grid = if bins(calls) > grid.bins() {
            grid.resample(bins(calls))
        } else {
            grid
        };
    }
    Ok(Adapted {
        grid,
        rel_std: last,
    })
}
