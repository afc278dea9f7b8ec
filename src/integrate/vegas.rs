//! Adapting VEGAS+: the grid, the strata, and the choice of points for the estimate.
//!
//! Iterations of growing size, each with strata of its own and followed by a refinement of the
//! grid; they end when neither spread falls any more, or when going on would cost more than it
//! could save. Then some randomised nets through the grid tell what they would be worth against
//! the strata. Estimates of all these points are previews: the answer comes from the frozen
//! grid on fresh points.

use std::ops::Range;

use super::{
    estimate::{Layout, Nets, chunk_size, mean_and_variance, shares},
    evaluator::{CHUNK, Evaluated},
    explore::Explored,
    report::Phase,
    run::Run,
    settings::Placement,
    strata::{Chunk, Chunks, Strata},
    turned::Base,
};
use crate::error::Result;
use crate::map::{Grid, GridTraining, Map as _};
use crate::rng::Purpose;
use crate::sobol::MAX_DIM;
use crate::stats::{CompensatedSum, WeightStats};

/// Nets of the pilot.
const PILOT_NETS: u64 = 8;
/// Most bytes of points that an iteration keeps for the refinement.
const KEEP: u64 = 64 << 20;
/// Calls of all iterations below which a spread that no longer falls ends nothing: a twentieth of the
/// budget within these bounds.
const PATIENCE: Range<u64> = 100_000..1_000_000;

/// Spread of the weights of a grid that does not fit.
const WILD: f64 = 20.0;

/// The adapted grid, and how to draw from it.
pub(crate) struct Adapted {
    pub(crate) grid: Grid,
    /// the spread sigma/mean of independent points with the same error as the layout's
    pub(crate) rel_std: f64,
    pub(crate) layout: Layout,
}

/// What one iteration found: scaled value, its variance, the variance of one uniform point.
#[derive(Clone, Copy, Default)]
struct Pass {
    value: f64,
    variance: f64,
    calls: u64,
    plain: f64,
    /// independent parts whose number makes the layout fine: cells or points of a net
    fineness: f64,
}

impl Pass {
    /// By how much the variance is below that of independent points.
    fn gain(&self) -> f64 {
        if self.variance > 0.0 {
            self.plain / self.calls as f64 / self.variance
        } else {
            1.0
        }
    }

    /// Variance times calls at a layout of another `fineness`, if the gain goes on growing as a
    /// power of it as it did from a single part on; strata by no more than `most`.
    fn variance_per_call(&self, fineness: f64, most: f64) -> f64 {
        let power = self.gain().ln() / self.fineness.max(2.0).ln();
        let growth = (fineness / self.fineness).powf(power.clamp(0.0, most));
        self.variance * self.calls as f64 / growth
    }

    fn rel(&self, variance: f64) -> f64 {
        if variance == 0.0 {
            0.0
        } else {
            variance.sqrt() / self.value.abs()
        }
    }
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
    let mut last = Pass {
        plain: explored.moments.variance(),
        variance: explored.moments.error().powi(2),
        calls: explored.moments.calls,
        value: explored.moments.mean,
        fineness: 1.0,
    };
    for iteration in 0..config.max_iterations {
        if spent + calls > most || run.stopped.is_some() {
            break;
        }
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
        let spread = last.rel(last.plain);
        stale = if spread < 0.97 * best { 0 } else { stale + 1 };
        best = best.min(spread);
        let finished = iteration >= 4 && stale >= 2 && spent >= patience;
        let stratified = last.rel(last.variance * last.calls as f64);
        let needed = run.target(last.value).map(|e| (stratified / e).powi(2));
        // The next iteration could at best save a small part of what is left to do.
        let pointless = needed.is_some_and(|n| iteration >= 4 && n < 0.5 * calls as f64);
        if finished || pointless {
            break;
        }
        calls = (calls + calls / 2).min(keep.max(1024));
        if bins(calls) > grid.bins() {
            grid = grid.resample(bins(calls));
        }
    }
    freeze(run, (grid, base), (strata, last), spent)
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
            let e = evaluator.evaluate_at(map, z)?;
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
    let pass = Pass {
        value,
        variance: variance.value() * volume * volume,
        calls: done,
        plain,
        fineness: cells as f64,
    };
    if done == total {
        for (cell, square) in spreads.iter().enumerate() {
            strata.set_spread(cell, square.sqrt());
        }
        let rel_std = pass.rel(pass.plain);
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

/// Chooses the layout of the estimate, by pilot nets where that is open; they refine the grid, too.
fn freeze(
    run: &mut Run<'_>,
    (mut grid, base): (Grid, &Base),
    (strata, last): (Option<Strata>, Pass),
    spent: u64,
) -> Result<Adapted> {
    const PILOT: u64 = 2;
    let plain = last.rel(last.plain);
    let fallback = |grid| Adapted {
        grid,
        rel_std: plain,
        layout: Layout::Random,
    };
    let Some(strata) = strata.filter(|_| run.stopped.is_none() && last.value != 0.0) else {
        return Ok(fallback(grid));
    };
    let stratified = |grid, strata| Adapted {
        grid,
        rel_std: last.rel(last.variance * last.calls as f64),
        layout: Layout::Strata(strata),
    };
    let keep = KEEP / GridTraining::bytes_per_point(grid.dim()) as u64;
    let points = (run.calls_left() / 12).min(spent / 2).min(keep) / PILOT_NETS;
    let wanted = run.settings.placement;
    let possible = grid.dim() <= MAX_DIM && points >= 16;
    match wanted {
        Placement::Random => return Ok(fallback(grid)),
        Placement::Auto | Placement::Sobol if possible => {}
        Placement::Auto | Placement::Sobol | Placement::Strata => {
            return Ok(stratified(grid, strata));
        }
    }
    let points = 1_u64 << points.ilog2();
    let mut nets = Nets::new(run, PILOT_NETS, PILOT + run.adaptations)?;
    run.adaptations += 1;
    let mut training = GridTraining::new(&grid);
    let watch = |z: Vec<f64>, w: Vec<f64>| training.add(&grid, &z, &w);
    let map = base.under(&grid)?;
    if !nets.extend(run, (Phase::Adapt, map.as_ref()), points, watch, true)? {
        return Ok(stratified(grid, strata));
    }
    nets.step(run, Phase::Adapt, nets.calls());
    run.book(Phase::Adapt);
    let all = nets.all(0);
    let pilot = Pass {
        value: nets.means(0).mean,
        variance: nets.means(0).error().powi(2),
        calls: all.calls,
        plain: all.variance(),
        fineness: points as f64,
    };
    grid = grid.refined(&training, run.settings.vegas.alpha);
    let left = run.calls_left();
    let by_nets = pilot.variance_per_call((left / 16) as f64, f64::INFINITY);
    // Smooth functions gain with the cells' squared side, others with the side.
    let cells = last.fineness * left as f64 / last.calls as f64;
    let by_strata = last.variance_per_call(cells, 2.0 / grid.dim() as f64);
    // Strata look into every cell: where they saw weights that vary wildly and nets did not, the
    // nets have missed something.
    let (seen, now) = (last.rel(last.plain), pilot.rel(pilot.plain));
    let blind = seen > WILD && now < seen / 3.0;
    let nets_win = pilot.variance > 0.0 && by_nets < by_strata && !blind;
    Ok(if wanted == Placement::Sobol || nets_win {
        Adapted {
            rel_std: pilot.rel(pilot.variance * pilot.calls as f64),
            layout: Layout::Nets,
            grid,
        }
    } else {
        stratified(grid, strata)
    })
}
