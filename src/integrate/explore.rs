//! Uniform points: scale, share of zeros, spread, cost of a call.

use std::time::Instant;

use super::{
    evaluator::{CHUNK, Evaluated, scale},
    report::Phase,
    run::Run,
    settings::{CostClass, Method},
};
use crate::error::Result;
use crate::map::Identity;
use crate::rng::Purpose;
use crate::stats::Moments;

/// What the uniform points said.
pub(crate) struct Explored {
    /// weights of the first output
    pub(crate) moments: Moments,
    /// `[n * dim]`
    pub(crate) x: Vec<f64>,
    /// `[n]`: log|f|
    pub(crate) log_f: Vec<f64>,
    pub(crate) cost: CostClass,
}

/// Calls to begin with, by the budget and the dimension.
fn first_calls(run: &Run<'_>) -> u64 {
    let wanted = if run.evaluator.dim() > 10 { 4096 } else { 2048 };
    wanted.min(run.settings.stop.max_calls / 8)
}

/// Looks at uniform points; goes on, doubling, as long as f is zero everywhere, up to a
/// quarter of the budget.
pub(crate) fn explore(run: &mut Run<'_>) -> Result<Explored> {
    let identity = Identity::new(run.evaluator.dim());
    let mut moments = Moments::default();
    let (mut x, mut log_f, mut all) = (Vec::new(), Vec::new(), Vec::new());
    let mut calls = first_calls(run);
    loop {
        let before = run.calls.explore;
        run.points(
            Phase::Explore,
            &identity,
            (Purpose::Explore, 0),
            (before, calls, CHUNK),
            |e: Evaluated| e,
            |e| {
                x.extend_from_slice(&e.x);
                all.push(e);
            },
        )?;
        let max = all
            .iter()
            .flat_map(|e| &e.f)
            .fold(0.0, |a: f64, b| a.max(b.abs()));
        let budget = run.settings.stop.max_calls / 4;
        if max > 0.0 || run.stopped.is_some() || run.calls.explore + 2 * calls > budget {
            break;
        }
        calls *= 2;
    }
    // Scale by a power of two so that the largest value seen lies in [1, 2).
    let outputs = run.evaluator.outputs();
    let max = all
        .iter()
        .flat_map(|e| e.f.iter().step_by(outputs))
        .fold(0.0, |a: f64, b| a.max(b.abs()));
    if max > 0.0 {
        run.evaluator.exponent = -exponent_of(max);
    }
    for mut e in all {
        e.f.iter_mut()
            .for_each(|f| *f = scale(*f, run.evaluator.exponent));
        log_f.extend(e.log_abs_f());
        moments.merge_from(&Moments::from_slice(&e.weights(0)));
    }
    let cost = match (run.settings.cost_class, run.settings.method) {
        (Some(class), _) => class,
        (None, Method::Auto) => CostClass::of_seconds(seconds_per_call(run, &x)?),
        (None, Method::Plain | Method::Vegas | Method::Flow) => CostClass::Cheap,
    };
    run.step_with(Phase::Explore, &moments, None);
    Ok(Explored {
        moments,
        x,
        log_f,
        cost,
    })
}

/// floor(log2 |value|) for a finite value != 0.
fn exponent_of(value: f64) -> i32 {
    let bits = |v: f64| i32::try_from(v.to_bits() >> 52 & 0x7ff).unwrap_or(0);
    match bits(value) {
        0 => bits(value * 18014398509481984.0) - 1023 - 54,
        e => e - 1023,
    }
}

/// Seconds of one call: the fastest of a few small batches, on this thread alone.
fn seconds_per_call(run: &mut Run<'_>, x: &[f64]) -> Result<f64> {
    let dim = run.evaluator.dim();
    let mut fastest = f64::INFINITY;
    for batch in x.chunks(16 * dim).take(4) {
        let start = Instant::now();
        run.evaluator.call(batch)?;
        fastest = fastest.min(start.elapsed().as_secs_f64() / (batch.len() / dim) as f64);
        run.calls.explore += (batch.len() / dim) as u64;
    }
    run.book(Phase::Explore);
    Ok(fastest)
}
