//! The answer: fresh points from the frozen proposal, in equal batches weighted by calls.
//!
//! The number of points is planned from the spread that adapting or training saw, so that the
//! looks at the error are few and fixed in advance: after [`BATCHES`] equal batches, and then
//! after as many more as the error then measured calls for. The error is the plain one over
//! all points, sigma/sqrt(N); batches serve the chi2 test only.

use super::{
    evaluator::{CHUNK, Evaluated, scale},
    report::{Output, Phase, StopReason, WeightSummary},
    run::{Run, WAVE},
};
use crate::error::Result;
use crate::map::Map;
use crate::rng::Purpose;
use crate::stats::{Covariance, Estimate, Moments, WeightStats, consistency};

/// Equal batches of the first round.
pub(crate) const BATCHES: u64 = 16;

/// Everything summed over the estimate's points (in scaled units).
pub(crate) struct Sums {
    /// per output, per batch
    batches: Vec<Vec<Moments>>,
    /// per output
    weights: Vec<WeightStats>,
    covariance: Option<Covariance>,
}

/// One chunk's share of the sums.
struct Part {
    moments: Vec<Moments>,
    weights: Vec<WeightStats>,
    covariance: Option<Covariance>,
}

impl Part {
    fn new(e: &Evaluated, outputs: usize, with_covariance: bool) -> Self {
        let columns: Vec<Vec<f64>> = (0..outputs).map(|o| e.weights(o)).collect();
        let covariance = with_covariance.then(|| {
            let n = e.log_jac.len();
            let rows: Vec<f64> = (0..n)
                .flat_map(|i| columns.iter().map(move |c| c[i]))
                .collect();
            Covariance::from_rows(&rows, outputs)
        });
        Self {
            moments: columns.iter().map(|w| Moments::from_slice(w)).collect(),
            weights: columns.iter().map(|w| WeightStats::from_slice(w)).collect(),
            covariance,
        }
    }
}

impl Sums {
    fn new(outputs: usize, with_covariance: bool) -> Self {
        Self {
            batches: vec![Vec::new(); outputs],
            weights: vec![WeightStats::default(); outputs],
            covariance: with_covariance.then(|| Covariance::new(outputs)),
        }
    }

    /// Takes in the chunks of one batch, in order; returns the moments of the first output.
    fn add(&mut self, parts: &[Part]) -> Moments {
        for (o, batches) in self.batches.iter_mut().enumerate() {
            let mut batch = Moments::default();
            for part in parts {
                batch.merge_from(&part.moments[o]);
                self.weights[o].merge_from(&part.weights[o]);
            }
            batches.push(batch);
        }
        if let Some(all) = &mut self.covariance {
            parts
                .iter()
                .filter_map(|p| p.covariance.as_ref())
                .for_each(|c| all.merge_from(c));
        }
        self.batches[0].last().copied().unwrap_or_default()
    }

    /// Moments of one output over all batches.
    fn total(&self, output: usize) -> Moments {
        let mut total = Moments::default();
        for batch in &self.batches[output] {
            total.merge_from(batch);
        }
        total
    }

    /// The outputs in the user's units: output o divided by 2^`exponents[o]`.
    pub(crate) fn outputs(&self, exponents: &[i32]) -> Vec<Output> {
        (0..self.batches.len())
            .map(|o| {
                let (m, w) = (self.total(o), &self.weights[o]);
                let unscale = |v| scale(v, -exponents[o]);
                let estimate = Estimate {
                    value: unscale(m.mean),
                    error: unscale(m.error()),
                    calls: m.calls,
                    dof: None,
                };
                let weights = WeightSummary {
                    rel_std: m.rel_std(),
                    ess_fraction: w.ess_fraction(),
                    max_share: w.max_share(),
                    khat: w.khat(),
                    unweighting_efficiency: w.unweighting_efficiency(),
                    cancellation: w.cancellation(),
                    nonzero_fraction: w.nonzero() as f64 / w.calls().max(1) as f64,
                };
                Output {
                    estimate,
                    consistency: consistency(&self.batches[o]),
                    weights,
                }
            })
            .collect()
    }

    /// Covariance of the outputs' means, `[outputs * outputs]`, in the user's units.
    pub(crate) fn covariance(&self, exponents: &[i32]) -> Option<Vec<f64>> {
        let matrix = self.covariance.as_ref()?.of_means();
        let pairs = exponents
            .iter()
            .flat_map(|i| exponents.iter().map(move |j| (i, j)));
        Some(
            matrix
                .iter()
                .zip(pairs)
                .map(|(c, (i, j))| scale(scale(*c, -i), -j))
                .collect(),
        )
    }

    /// Whether all weights of an output are the same number.
    pub(crate) fn is_constant(&self, output: usize) -> bool {
        let total = self.total(output);
        total.calls > 0 && total.m2 == 0.0
    }

    /// Whether any weight of any output differs from zero.
    pub(crate) fn has_signal(&self) -> bool {
        self.weights.iter().any(|w| w.nonzero() > 0)
    }
}

/// Draws from the frozen `map`, whose weights are expected to have the spread `rel_std`; at most
/// `most` points where only a check is wanted.
pub(crate) fn estimate(
    run: &mut Run<'_>,
    map: &dyn Map,
    rel_std: f64,
    most: Option<u64>,
) -> Result<(Sums, StopReason)> {
    let outputs = run.evaluator.outputs();
    let with_covariance = run.settings.covariance && outputs > 1;
    let mut sums = Sums::new(outputs, with_covariance);
    let budget = run.calls_left().min(most.unwrap_or(u64::MAX));
    let planned = match run.target(1.0).or(run.settings.stop.rel_error) {
        Some(_) => needed(run, rel_std, None),
        None => budget,
    };
    // At least 64 points a batch, so that their means are normal enough for the chi2 test, and
    // at least a quarter of the training, beside which they cost little and make the error known.
    let least = (run.calls.training() / (4 * BATCHES)).max(64);
    let size = batch_size((planned / BATCHES).max(least), budget);
    let chunk = CHUNK.min(size);
    let mut rounds = BATCHES;
    let reason = loop {
        while rounds > 0 && run.calls_left() >= size && run.stopped.is_none() {
            // As many batches at a time as keep the threads busy.
            let together = (WAVE * chunk / size)
                .max(1)
                .min(rounds)
                .min(run.calls_left() / size);
            let mut parts = Vec::new();
            run.points(
                Phase::Estimate,
                map,
                (Purpose::Estimate, 0),
                (run.calls.estimate, together * size, chunk),
                |e: Evaluated| Part::new(&e, outputs, with_covariance),
                |part| parts.push(part),
            )?;
            let per_batch = usize::try_from(size / chunk).unwrap_or(usize::MAX);
            for batch in parts.chunks(per_batch) {
                let moments = sums.add(batch);
                run.step_with(Phase::Estimate, &moments, None);
            }
            rounds -= together;
        }
        if let Some(reason) = run.stopped {
            break reason;
        }
        let total = sums.total(0);
        if let Some(reason) = reached(run, &total) {
            break reason;
        }
        if run.calls_left() < size || most.is_some() {
            break StopReason::Calls;
        }
        rounds = match run.target(total.mean) {
            Some(_) => needed(run, total.rel_std(), Some(&total))
                .div_ceil(size)
                .max(1),
            None => BATCHES,
        };
    };
    Ok((sums, reason))
}

/// The spread of the weights of a proposal that nothing is known of, from a few pilot points.
pub(crate) fn spread(run: &mut Run<'_>, map: &dyn Map) -> Result<f64> {
    let calls = (run.calls_left() / 8).min(2048);
    let mut moments = Moments::default();
    run.points(
        Phase::Adapt,
        map,
        (Purpose::Adapt, run.adaptations),
        (0, calls, CHUNK),
        |e: Evaluated| Moments::from_slice(&e.weights(0)),
        |m| moments.merge_from(&m),
    )?;
    run.adaptations += 1;
    run.step_with(Phase::Adapt, &moments, None);
    Ok(moments.rel_std())
}

/// Points of a batch: about `wanted`, whole chunks where there are several, and not more than the
/// budget allows.
fn batch_size(wanted: u64, budget: u64) -> u64 {
    let most = (budget / BATCHES).max(1);
    let size = wanted.min(most);
    if size <= CHUNK {
        size
    } else {
        (size.div_ceil(CHUNK) * CHUNK).min(most / CHUNK * CHUNK)
    }
}

/// Further calls for the target, with a margin of 5 %; without an estimate so far the spread is
/// a guess, and without a mean only a relative target can be planned for.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "capped by the budget, which is an u64"
)]
fn needed(run: &Run<'_>, rel_std: f64, so_far: Option<&Moments>) -> u64 {
    let exponent = run.evaluator.exponents[0];
    let last = || {
        run.iterations
            .last()
            .map_or(1.0, |i| scale(i.value, exponent))
    };
    let mean = so_far.map_or_else(last, |m| m.mean);
    let error = run.target(mean).unwrap_or(1e-3);
    let all = 1.05 * (rel_std / error).powi(2);
    let rest = all - so_far.map_or(0.0, |m| m.calls as f64);
    if rest.is_finite() {
        rest.max(0.0) as u64
    } else {
        run.calls_left()
    }
}

/// Whether a target is reached by `total`.
fn reached(run: &Run<'_>, total: &Moments) -> Option<StopReason> {
    if total.calls == 0 || total.mean == 0.0 && total.m2 == 0.0 {
        return None;
    }
    let stop = &run.settings.stop;
    let error = run.evaluator.unscale(total.error());
    let value = run.evaluator.unscale(total.mean).abs();
    if stop.rel_error.is_some_and(|e| error <= e * value) {
        return Some(StopReason::RelError);
    }
    stop.abs_error
        .is_some_and(|e| error <= e)
        .then_some(StopReason::AbsError)
}
