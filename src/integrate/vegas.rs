//! Adapting VEGAS+: the grid, the strata, and the choice of points for the estimate.
//!
//! Iterations of growing size, each with strata of its own and followed by a refinement of the
//! grid; they end when neither spread falls any more, or when going on would cost more than it
//! could save. Then some randomised nets through the grid tell what they would be worth against
//! the strata. Estimates of all these points are previews: the answer comes from the frozen
//! grid on fresh points.

use std::any::Any;
use std::ops::Range;

use super::{
    estimate::{Layout, chunk_size, mean_and_variance, shares},
    evaluator::{CHUNK, Evaluated},
    explore::Explored,
    pilot::{self, ESTIMATE_NETS, PILOT_NETS, Pass},
    report::Phase,
    run::Run,
    settings::Placement,
    strata::{Chunk, Chunks, Strata},
    turned::Base,
};
use crate::error::Result;
use crate::map::{Grid, GridTraining, Map};
use crate::rng::Purpose;
use crate::sobol::MAX_DIM;
use crate::stats::{CompensatedSum, WeightStats};

/// Most bytes of points that an iteration keeps for the refinement.
const KEEP: u64 = 64 << 20;
/// Calls of all iterations below which a spread that no longer falls ends nothing: a twentieth of the
/// budget within these bounds.
const PATIENCE: Range<u64> = 100_000..1_000_000;

/// Calls of all iterations after which pilot nets are first looked at, towards a target.
const FIRST_PILOT: u64 = 8000;

/// Spread of the weights of a grid that does not fit.
const WILD: f64 = 20.0;

/// The adapted grid, and how to draw from it.
pub(crate) struct Adapted {
    pub(crate) grid: Grid,
    /// the spread sigma/mean of independent points with the same error as the layout's
    pub(crate) rel_std: f64,
    pub(crate) layout: Layout,
    /// what told the layout
    pub(crate) pass: Pass,
}

/// Adapts a grid on `base`, from `start` or the uniform one, spending at most `most` calls.
pub(crate) fn adapt(
    run: &mut Run<'_>,
    explored: &Explored,
    (start, base): (Option<Grid>, &Base),
    most: u64,
) -> Result<Adapted> {
    let config = run.settings.vegas;
    let dim = run.evaluator.dim();
    let bins = |calls: u64| {
        let bins = usize::try_from(calls / 20).unwrap_or(usize::MAX);
        bins.clamp(16.min(config.max_bins), config.max_bins)
    };
    // Finer spreads of the strata are worth a part of a large budget, not of all budgets.
    let patience = (run.calls_left() / 20).clamp(PATIENCE.start, PATIENCE.end);
    let keep = KEEP / GridTraining::bytes_per_point(dim) as u64;
    let mut calls = config.first_calls.min(most / 9).min(keep).max(1);
    let mut grid = match start {
        Some(grid) => grid,
        None => Grid::uniform(dim, bins(calls))?,
    };
    let mut strata: Option<Strata> = None;
    let (mut spent, mut best, mut stale) = (0, f64::INFINITY, 0);
    let mut next_pilot = FIRST_PILOT;
    let mut fresh = None;
    let mut last = Pass {
        plain: explored.moments.variance(),
        variance: explored.moments.error().powi(2),
        calls: explored.moments.calls,
        value: explored.moments.mean,
        fineness: 1.0,
        heavy: false,
        tailed: false,
    };
    for iteration in 0..config.max_iterations {
        if spent + calls > most || run.stopped.is_some() {
            break;
        }
        fresh = None;
        let (seen, cells, training) = iterate(run, (&grid, base), strata.take(), calls)?;
        spent += seen.calls;
        strata = Some(cells);
        if run.stopped.is_some() {
            break;
        }
        grid = grid.refined(&training, config.alpha);
        if seen.value != 0.0 {
            last = seen;
        }
        // A single lucky iteration must not end the search: two without progress do.
        let spread = last.spread();
        stale = if spread < 0.97 * best { 0 } else { stale + 1 };
        best = best.min(spread);
        let target = run.target(last.value);
        let by_strata = target.map(|e| last.calls_to(e, 0.0, strata_power(dim)));
        let mut needed = by_strata;
        if target.is_some() && iteration >= 3 && spent >= next_pilot {
            let (better, pilot) = glance(run, (grid, base), spent)?;
            grid = better;
            spent += pilot.map_or(0, |p| p.calls);
            next_pilot = 2 * spent;
            let by_nets = pilot
                .zip(target)
                .map(|(p, e)| p.calls_to(e, ESTIMATE_NETS, 2.0));
            needed = by_nets.into_iter().chain(by_strata).reduce(f64::min);
            fresh = pilot;
        }
        let patience = needed.map_or(patience as f64, |n| (n / 8.0).min(patience as f64));
        let finished = iteration >= 4 && stale >= 2 && spent as f64 >= patience;
        // The next iteration could at best save a small part of what is left to do.
        let pointless = needed.is_some_and(|n| iteration >= 3 && n < 1.5 * calls as f64);
        if finished || pointless {
            break;
        }
        calls = (calls + calls / 2).min(keep.max(1024));
        if bins(calls) > grid.bins() {
            grid = grid.resample(bins(calls));
        }
    }
    freeze(run, (grid, base), (strata, last), (spent, fresh))
}

/// How fast the variance of strata may fall with their number: smooth functions gain with the
/// squared side of the cells, others with the side.
fn strata_power(dim: usize) -> f64 {
    2.0 / dim as f64
}

/// Pilot nets through the grid, which refine it, too.
fn glance(
    run: &mut Run<'_>,
    (grid, base): (Grid, &Base),
    spent: u64,
) -> Result<(Grid, Option<Pass>)> {
    let keep = KEEP / GridTraining::bytes_per_point(grid.dim()) as u64;
    let points = (run.calls_left() / 12).min(spent / 3).min(keep) / PILOT_NETS;
    let wanted = matches!(run.settings.placement, Placement::Auto | Placement::Sobol);
    if !wanted || grid.dim() > MAX_DIM || points < 16 || run.stopped.is_some() {
        return Ok((grid, None));
    }
    let points = 1_u64 << points.ilog2();
    let mut training = GridTraining::new(&grid);
    let watch = |z: Vec<f64>, w: Vec<f64>| training.add(&grid, &z, &w);
    let map = base.under(&grid)?;
    let pass = pilot::nets(run, map.as_ref(), points, Phase::Adapt, watch)?;
    let refined = grid.refined(&training, run.settings.vegas.alpha);
    Ok((if pass.is_some() { refined } else { grid }, pass))
}

/// The grid that a map is, if it is one.
pub(crate) fn grid(map: &dyn Map) -> Option<Grid> {
    let any: &dyn Any = map;
    any.downcast_ref::<Grid>().cloned()
}

/// As [`adapt`], on turned axes where that pays: a first grid tells the axes, a second one stands
/// on them, and the better of both goes on.
pub(crate) fn adapt_turned(
    run: &mut Run<'_>,
    explored: &Explored,
    most: u64,
) -> Result<(Adapted, Base)> {
    let plain = Base::default();
    let first = adapt(run, explored, (None, &plain), most / 4)?;
    let dim = run.evaluator.dim() as u64;
    let points = (most / 8)
        .clamp(1024, 1 << 16)
        .min(KEEP / (16 * dim))
        .min(most / 2);
    let (mut x, mut w) = (Vec::new(), Vec::new());
    run.points(
        Phase::Adapt,
        &first.grid,
        (Purpose::Adapt, run.adaptations),
        (0, points, CHUNK),
        |e: Evaluated| (e.weights(0), e.x),
        |(weights, points)| {
            w.extend(weights);
            x.extend(points);
        },
    )?;
    run.adaptations += 1;
    let base = Base::of_points(run.evaluator.dim(), &x, &w)?;
    let left = most.saturating_sub(most / 4 + points);
    if base.is_plain() || run.stopped.is_some() {
        let start = Some(first.grid);
        return Ok((adapt(run, explored, (start, &plain), left)?, plain));
    }
    let turned = adapt(run, explored, (None, &base), left)?;
    Ok(if turned.rel_std < first.rel_std {
        (turned, base)
    } else {
        (first, plain)
    })
}

/// One iteration with strata of its own, allocated by the spreads of the last one's.
fn iterate(
    run: &mut Run<'_>,
    (grid, base): (&Grid, &Base),
    strata: Option<Strata>,
    calls: u64,
) -> Result<(Pass, Strata, GridTraining)> {
    let mut strata = match strata {
        Some(last) => last.reshaped(calls),
        None => Strata::new(grid.dim(), calls),
    };
    let counts = strata.allocate(calls, run.settings.vegas.beta);
    let total: u64 = counts.iter().map(|n| u64::from(*n)).sum();
    let cells = strata.cells();
    let at = (Purpose::Adapt, run.adaptations);
    let mut training = GridTraining::new(grid);
    let (mut value, mut variance) = (CompensatedSum::default(), CompensatedSum::default());
    let mut weights = WeightStats::default();
    let mut spreads = vec![0.0; cells];
    let frozen = &strata;
    let map = base.under(grid)?;
    let map = map.as_ref();
    let done = run.jobs(
        Phase::Adapt,
        Chunks::new(&counts, 0, chunk_size(total)),
        |chunk| chunk.points,
        |evaluator, chunk: &Chunk| {
            let z = frozen.fill(evaluator.streams(), at, chunk.first, &chunk.visits);
            evaluator.draw(map, z)
        },
        |_, chunk, e| {
            let w = e.weights(0);
            let shares = shares(&chunk.visits, total, cells);
            let mut training = GridTraining::new(grid);
            training.add_shares(grid, &e.z, &w, &shares);
            let mut rest = w.as_slice();
            let each = chunk.visits.iter().map(|visit| {
                let (here, later) = rest.split_at(visit.points as usize);
                rest = later;
                mean_and_variance(here)
            });
            let each: Vec<(f64, f64)> = each.collect();
            Ok((each, WeightStats::above(0.0, &w, &shares), training))
        },
        |chunk, (each, stats, more)| {
            for (visit, (mean, square)) in chunk.visits.iter().zip(each) {
                let n = f64::from(visit.points);
                let factor = n / f64::from(visit.of);
                value.add(factor * mean);
                variance.add(factor * factor * square / n);
                spreads[visit.cell] += factor * square;
            }
            weights.merge_from(&stats);
            training.merge(&more);
        },
    )?;
    run.adaptations += 1;
    let volume = 1.0 / cells as f64;
    let value = value.value() * volume;
    let plain = (weights.sum_squares() / total as f64 - value * value).max(0.0);
    let mut pass = Pass {
        value,
        variance: variance.value() * volume * volume,
        calls: done,
        plain,
        fineness: cells as f64,
        heavy: false,
        tailed: false,
    };
    pass.heavy = pilot::is_heavy(pass.spread(), weights.khat());
    if done == total {
        for (cell, square) in spreads.iter().enumerate() {
            strata.set_spread(cell, square.sqrt());
        }
        let rel_std = pass.spread();
        run.step_scaled(
            Phase::Adapt,
            done,
            (pass.value, pass.variance.sqrt()),
            rel_std,
        );
    }
    run.book(Phase::Adapt);
    Ok((pass, strata, training))
}

/// Chooses the layout of the estimate, by pilot nets where that is open.
fn freeze(
    run: &mut Run<'_>,
    (mut grid, base): (Grid, &Base),
    (strata, last): (Option<Strata>, Pass),
    (spent, fresh): (u64, Option<Pass>),
) -> Result<Adapted> {
    let fallback = |grid| Adapted {
        grid,
        rel_std: last.spread(),
        layout: Layout::Random,
        pass: last,
    };
    let Some(strata) = strata.filter(|_| run.stopped.is_none() && last.value != 0.0) else {
        return Ok(fallback(grid));
    };
    let wanted = run.settings.placement;
    if wanted == Placement::Random {
        return Ok(fallback(grid));
    }
    let power = strata_power(grid.dim());
    let aim = (run.target(last.value), run.calls_left() as f64);
    let by_strata = last.effective(aim, 0.0, power);
    let stratified = |grid, strata| Adapted {
        grid,
        rel_std: by_strata,
        layout: Layout::Strata(strata),
        pass: last,
    };
    let pilot = if fresh.is_some() {
        fresh
    } else {
        let (refined, pilot) = glance(run, (grid, base), spent)?;
        grid = refined;
        pilot
    };
    let Some(pilot) = pilot else {
        return Ok(stratified(grid, strata));
    };
    let by_nets = pilot.effective(aim, ESTIMATE_NETS, 2.0);
    // Strata look into every cell: where they saw weights that vary wildly and nets did not, the
    // nets have missed something.
    let (seen, now) = (last.spread(), pilot.spread());
    let blind = seen > WILD && now < seen / 3.0;
    let nets_win = pilot.variance > 0.0 && by_nets < by_strata && !blind;
    Ok(if wanted == Placement::Sobol || nets_win {
        Adapted {
            rel_std: by_nets,
            layout: Layout::Nets,
            grid,
            pass: pilot,
        }
    } else {
        stratified(grid, strata)
    })
}
