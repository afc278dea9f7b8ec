//! Stratified points: passes over all cells, with the allocation fixed before.
//!
//! One pass takes the whole budget where it can, because finer cells are worth more than several
//! passes: the variance of K passes is larger by K^(1/d) to K^(2/d). The error comes from the
//! variance within the cells; the halves of each cell's points give two independent values whose
//! difference tests it.

use serde::{Deserialize, Serialize};

use super::{
    super::{
        evaluator::{Evaluated, Evaluator},
        report::{Phase, StopReason},
        run::Run,
        settings::Placement,
        strata::{Chunk, Chunks, Strata, Visit},
    },
    Findings, Progress, Summary, Tally, chunk_size, needed, reached, unscaled,
};
use crate::error::{Error, Result};
use crate::list;
use crate::map::Map;
use crate::rng::Purpose;
use crate::stats::{CompensatedSum, Consistency, Covariance, WeightStats, p_value_chi2};

/// Fewest points for which strata are made.
pub(crate) const FEWEST: u64 = 64;
/// Most points of a pass: they are the batches of a long run.
const LONGEST_PASS: u64 = 1 << 24;
/// Most changes of size that a run could have made.
const MOST_SIZES: usize = 256;
/// Passes where the time may run out.
const TIMED_PASSES: u64 = 16;

/// Variances within two neighbouring cells beyond which a difference of their means is a step.
const STEP: f64 = 30.0;

/// Sums over cells for one output: in units of 1/M for the values, 1/M^2 for the variances.
#[derive(Clone, Debug, Default)]
struct Column {
    value: CompensatedSum,
    variance: CompensatedSum,
    /// difference of the halves, and its variance
    difference: CompensatedSum,
    difference_variance: CompensatedSum,
    weights: WeightStats,
    /// the weight that all have, as far as they are alike
    constant: Option<f64>,
    /// largest step between neighbouring cells, where these lie in a line
    jump: f64,
}

/// Sums over cells.
#[derive(Clone, Debug)]
struct Part {
    columns: Vec<Column>,
    /// `[outputs * outputs]`
    covariance: Option<Vec<f64>>,
    tally: Tally,
}

/// One pass or several, weighted by calls: value and variance are those of the passes so far.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Passes {
    value: Vec<f64>,
    variance: Vec<f64>,
    chi2: Vec<f64>,
    calls: u64,
    count: u64,
    weights: Vec<WeightStats>,
    covariance: Option<Vec<f64>>,
    tally: Tally,
    constant: Option<f64>,
}

/// Passes so far.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Kept {
    sums: Passes,
    /// points that the strata were made for, in turn
    #[serde(deserialize_with = "list::few")]
    sizes: Vec<u64>,
    /// passes until the next look, the last one included
    left: u64,
}

/// Mean and unbiased variance; exact for constants.
pub(in super::super) fn mean_and_variance(w: &[f64]) -> (f64, f64) {
    let n = w.len() as f64;
    let origin = w[0];
    let shift = w.iter().map(|w| w - origin).sum::<f64>() / n;
    let mean = origin + shift;
    let squares = w.iter().map(|w| (w - mean) * (w - mean)).sum::<f64>();
    (
        mean,
        if w.len() > 1 {
            squares / (n - 1.0)
        } else {
            0.0
        },
    )
}

/// How many points of uniform density each point of `visits` stands for, `[n]`, for `calls`
/// points in `cells` cells.
pub(in super::super) fn shares(visits: &[Visit], calls: u64, cells: usize) -> Vec<f64> {
    let mean = calls as f64 / cells as f64;
    let mut shares = Vec::new();
    for visit in visits {
        let share = mean / f64::from(visit.of);
        shares.resize(shares.len() + visit.points as usize, share);
    }
    shares
}

impl Column {
    /// Takes the weights of some visits, `[n]`.
    fn new((visits, lined): (&[Visit], bool), w: &[f64], shares: &[f64], floor: f64) -> Self {
        let mut column = Self {
            weights: WeightStats::above(floor, w, shares),
            ..Self::default()
        };
        let same = w.iter().all(|other| other.to_bits() == w[0].to_bits());
        column.constant = same.then_some(w[0]);
        let (mut value, mut variance) = (0.0, 0.0);
        let (mut difference, mut difference_variance) = (0.0, 0.0);
        let mut rest = w;
        let mut before = None;
        for visit in visits {
            let (here, later) = rest.split_at(visit.points as usize);
            rest = later;
            let n = here.len() as f64;
            let factor = n / f64::from(visit.of);
            let (mean, square) = mean_and_variance(here);
            if let Some((other, spread)) = before.filter(|_| lined) {
                let jump: f64 = mean - other;
                // Between cells that vary themselves it is no step.
                if jump * jump > STEP * (square + spread) {
                    column.jump = column.jump.max(jump.abs());
                }
            }
            before = Some((mean, square));
            value += factor * mean;
            variance += factor * factor * square / n;
            let (left, right) = here.split_at(here.len() / 2);
            let half = |w: &[f64]| w.iter().sum::<f64>() / w.len() as f64;
            difference += factor * (half(left) - half(right));
            let inverse = 1.0 / left.len() as f64 + 1.0 / right.len() as f64;
            difference_variance += factor * factor * square * inverse;
        }
        column.value.add(value);
        column.variance.add(variance);
        column.difference.add(difference);
        column.difference_variance.add(difference_variance);
        column
    }

    fn merge_from(&mut self, other: &Self) {
        if self.weights.calls() == 0 {
            self.constant = other.constant;
        } else if self.constant != other.constant {
            self.constant = None;
        }
        self.value.merge_from(&other.value);
        self.variance.merge_from(&other.variance);
        self.difference.merge_from(&other.difference);
        self.difference_variance
            .merge_from(&other.difference_variance);
        self.weights.merge_from(&other.weights);
        self.jump = self.jump.max(other.jump);
    }

    /// The variance of the sum over cells.
    ///
    /// On a line a step of f lies within one cell, whose few points are mostly on one side of it.
    /// Its height H shows in the means of the neighbours; H^2/12 is the mean variance of two
    /// points in a cell that a step halves somewhere, so that it is no less.
    fn variance(&self) -> f64 {
        self.variance.value().max(self.jump * self.jump / 12.0) + self.unseen()
    }

    /// The variance that the edge of f's support may have hidden.
    ///
    /// An edge is seen where of two points in a cell one is zero. How many such cells there are is
    /// Poisson distributed, and there may be none by chance: one more counts, with the least that
    /// f may have there.
    fn unseen(&self) -> f64 {
        self.weights.least_edge().powi(2) / 4.0
    }
}

impl Part {
    fn empty(run: &Run<'_>) -> Self {
        let outputs = run.evaluator.outputs();
        let with_covariance = run.settings.covariance && outputs > 1;
        Self {
            columns: vec![Column::default(); outputs],
            covariance: with_covariance.then(|| vec![0.0; outputs * outputs]),
            tally: Tally::new(run.evaluator.observables()),
        }
    }

    fn new(
        evaluator: &Evaluator<'_>,
        (e, visits, lined): (&Evaluated, &[Visit], bool),
        shares: &[f64],
        (floors, with_covariance): (&[f64], bool),
    ) -> Result<Self> {
        let w = e.columns();
        let mut tally = Tally::new(evaluator.observables());
        if !tally.slots.is_empty() {
            let places = evaluator.places(e)?;
            let mut scratch = tally.clone();
            for_visits(visits, |first, n, factor| {
                tally.add_cell(
                    &places,
                    (first, &w[0][first..first + n]),
                    factor,
                    &mut scratch,
                );
            });
        }
        let covariance = with_covariance.then(|| covariance(visits, &w));
        let columns = w.iter().zip(floors);
        Ok(Self {
            columns: columns
                .map(|(w, floor)| Column::new((visits, lined), w, shares, *floor))
                .collect(),
            covariance,
            tally,
        })
    }

    fn merge_from(&mut self, other: &Self) {
        for (mine, theirs) in self.columns.iter_mut().zip(&other.columns) {
            mine.merge_from(theirs);
        }
        if let (Some(mine), Some(theirs)) = (&mut self.covariance, &other.covariance) {
            mine.iter_mut().zip(theirs).for_each(|(a, b)| *a += b);
        }
        self.tally.merge_from(&other.tally);
    }
}

/// Calls `each` with first point, number of points and part of the cell of every visit.
fn for_visits(visits: &[Visit], mut each: impl FnMut(usize, usize, f64)) {
    let mut first = 0;
    for visit in visits {
        let n = visit.points as usize;
        each(first, n, f64::from(visit.points) / f64::from(visit.of));
        first += n;
    }
}

/// Sum over visits of the covariance of the outputs' means, `[k * k]`.
fn covariance(visits: &[Visit], w: &[Vec<f64>]) -> Vec<f64> {
    let mut all = vec![0.0; w.len() * w.len()];
    for_visits(visits, |first, n, factor| {
        let rows: Vec<f64> = (first..first + n)
            .flat_map(|i| w.iter().map(move |c| c[i]))
            .collect();
        let matrix = Covariance::from_rows(&rows, w.len()).of_means();
        let sums = all.iter_mut().zip(matrix.iter());
        sums.for_each(|(a, b)| *a += factor * factor * b);
    });
    all
}

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
        |_, part| all.merge_from(&part),
    )?;
    Ok((done == calls).then_some(all))
}

impl Kept {
    /// Whether they could be those of `run`: a file may hold anything.
    fn fits(&self, run: &Run<'_>) -> bool {
        let most = run.settings.stop.max_calls;
        let sizes = self.sizes.len() <= MOST_SIZES && self.sizes.iter().all(|n| *n <= most);
        let sums = &self.sums;
        let calls = sums.calls <= most && sums.count <= most;
        self.left > 0 && self.left <= most && sizes && calls && sums.fits(run)
    }

    fn new(sums: &Passes, sizes: &[u64], left: u64) -> Self {
        Self {
            sums: sums.clone(),
            sizes: sizes.to_vec(),
            left,
        }
    }
}

impl Passes {
    /// Whether they could be those of `run`.
    fn fits(&self, run: &Run<'_>) -> bool {
        let outputs = run.evaluator.outputs();
        let columns = [&self.value, &self.variance, &self.chi2];
        columns.iter().all(|c| c.len() == outputs)
            && self.weights.len() == outputs
            && self
                .covariance
                .as_ref()
                .is_none_or(|c| c.len() == outputs * outputs)
            && self.tally.fits(run.evaluator.observables())
    }

    fn new(run: &Run<'_>) -> Self {
        let outputs = run.evaluator.outputs();
        let empty = Part::empty(run);
        Self {
            value: vec![0.0; outputs],
            variance: vec![0.0; outputs],
            chi2: vec![0.0; outputs],
            calls: 0,
            count: 0,
            weights: vec![WeightStats::default(); outputs],
            covariance: empty.covariance,
            tally: empty.tally,
            constant: None,
        }
    }

    fn floors(&self) -> Vec<f64> {
        self.weights.iter().map(WeightStats::floor).collect()
    }

    /// Takes in a pass of `calls` points over `cells` cells.
    fn add(&mut self, part: &Part, calls: u64, cells: usize) {
        let volume = 1.0 / cells as f64;
        self.calls += calls;
        self.count += 1;
        let share = calls as f64 / self.calls as f64;
        let (old, new) = ((1.0 - share).powi(2), (share * volume).powi(2));
        for (o, column) in part.columns.iter().enumerate() {
            self.value[o] += share * (column.value.value() * volume - self.value[o]);
            let spread = column.variance();
            self.variance[o] = old * self.variance[o] + new * spread;
            let variance = column.difference_variance.value();
            if variance > 0.0 {
                self.chi2[o] += column.difference.value().powi(2) / variance;
            }
            self.weights[o].merge_from(&column.weights);
        }
        if let (Some(mine), Some(theirs)) = (&mut self.covariance, &part.covariance) {
            let pairs = mine.iter_mut().zip(theirs);
            pairs.for_each(|(a, b)| *a = old * *a + new * b);
            let outputs = part.columns.len();
            let diagonal = mine.iter_mut().step_by(outputs + 1);
            diagonal
                .zip(&part.columns)
                .for_each(|(a, column)| *a += new * column.unseen());
            // Steps on a line may have raised a variance.
            let diagonal = mine.iter_mut().step_by(outputs + 1);
            let pairs = diagonal.zip(&self.variance);
            pairs.for_each(|(a, variance)| *a = a.max(*variance));
        }
        for (mine, theirs) in self.tally.slots.iter_mut().zip(&part.tally.slots) {
            for (a, b) in mine.iter_mut().zip(theirs) {
                a[0] += share * (b[0] * volume - a[0]);
                a[1] = old * a[1] + new * b[1];
            }
        }
        let constant = part.columns[0].constant;
        self.constant = if self.count == 1 || self.constant == constant {
            constant
        } else {
            None
        };
    }

    /// Records what is known after a pass of `calls` points as a step.
    fn step(&self, run: &mut Run<'_>, calls: u64) {
        let found = (self.value[0], self.variance[0].sqrt());
        run.step_scaled(Phase::Estimate, calls, found, self.rel_std(0));
    }

    /// sigma/|mean| of the weights at uniform density.
    fn rel_std(&self, o: usize) -> f64 {
        let w = &self.weights[o];
        if self.value[o] == 0.0 {
            return if w.nonzero() == 0 { 0.0 } else { f64::INFINITY };
        }
        if o == 0 && self.constant.is_some() {
            return 0.0;
        }
        let n = w.calls().max(1) as f64;
        let mean = w.sum() / n;
        (w.sum_squares() / n - mean * mean).max(0.0).sqrt() / mean.abs()
    }

    fn findings(&self, run: &Run<'_>, stop: StopReason) -> Findings {
        let exponents = &run.evaluator.exponents;
        let outputs = exponents.iter().enumerate().map(|(o, exponent)| {
            let known = self.variance[o] > 0.0 && self.count > 0;
            let summary = Summary {
                value: self.value[o],
                error: self.variance[o].sqrt(),
                calls: self.calls,
                dof: None,
                rel_std: self.rel_std(o),
                weights: &self.weights[o],
                consistency: known.then(|| Consistency {
                    chi2: self.chi2[o],
                    dof: self.count,
                    p_value: p_value_chi2(self.chi2[o], self.count),
                }),
            };
            summary.output(*exponent)
        });
        Findings {
            outputs: outputs.collect(),
            covariance: self
                .covariance
                .as_ref()
                .map(|c| unscaled(c.iter().copied(), exponents)),
            histograms: self.tally.binned(
                run.evaluator.observables(),
                exponents[0],
                |[value, variance]| (value, variance.sqrt()),
            ),
            constant: self.count > 0 && self.constant.is_some(),
            largest: self.weights[0].max_abs(),
            signal: self.weights.iter().any(|w| w.nonzero() > 0),
            even: true,
            placement: Placement::Strata,
            stop,
        }
    }
}
