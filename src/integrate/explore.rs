//! Uniform points: scale, share of zeros, spread, cost of a call.

use serde::{Deserialize, Serialize};

use super::{
    checkpoint::Keeper,
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
    /// `[n]`: f times 2^`exponent`
    pub(crate) f: Vec<f64>,
    /// `[n]`: log|f|
    pub(crate) log_f: Vec<f64>,
    /// that of the scale of these values
    pub(crate) exponent: i32,
    pub(crate) cost: CostClass,
}

/// What uniform points are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Aim {
    /// a proposal is to be made from what they find
    Learn,
    /// a proposal is there: they only look at what it may not see
    Check,
}

/// A check takes this many times fewer points than learning.
const FEWER: u64 = 4;

/// Calls to begin with, by the budget and the dimension.
fn first_calls(run: &Run<'_>, aim: Aim) -> u64 {
    let wanted = if run.evaluator.dim() > 10 { 4096 } else { 2048 };
    let wanted = match (aim, run.settings.method) {
        (Aim::Check, _) => wanted / FEWER,
        // Method auto looks at nets of uniform points, too.
        (Aim::Learn, Method::Auto) => wanted / 2,
        (Aim::Learn, Method::Plain | Method::Vegas | Method::Flow) => wanted,
    };
    wanted.min(run.settings.stop.max_calls / 8)
}

/// Most bytes of points that are kept for training.
const KEEP: usize = 64 << 20;

/// Points of one chunk, or only their number where f was zero and there are enough already.
#[derive(Serialize, Deserialize)]
struct Kept {
    n: u64,
    x: Vec<f64>,
    f: Vec<f64>,
}

/// Looks at uniform points; where there is something to learn goes on, doubling, as long as f is
/// zero everywhere, up to a quarter of the budget.
pub(crate) fn explore(run: &mut Run<'_>, aim: Aim) -> Result<Explored> {
    let (dim, outputs) = (run.evaluator.dim(), run.evaluator.outputs());
    let identity = Identity::new(dim);
    let mut all: Vec<Kept> = Vec::new();
    let mut kept = 0;
    let mut calls = first_calls(run, aim);
    loop {
        let before = run.explored();
        run.points(
            Phase::Explore,
            &identity,
            (Purpose::Explore, 0),
            (before, calls, CHUNK),
            |e: Evaluated| Kept {
                n: e.log_jac.len() as u64,
                x: e.x,
                f: e.f,
            },
            |mut chunk| {
                let bytes = 8 * (chunk.x.len() + chunk.f.len());
                if chunk.f.iter().all(|f| *f == 0.0) && kept + bytes > KEEP {
                    (chunk.x, chunk.f) = (Vec::new(), Vec::new());
                } else {
                    kept += bytes;
                }
                all.push(chunk);
            },
        )?;
        let signal = all.iter().flat_map(|chunk| &chunk.f).any(|f| *f != 0.0);
        let budget = run.settings.stop.max_calls / 4;
        if signal
            || aim == Aim::Check
            || run.stopped.is_some()
            || run.calls.explore + 2 * calls > budget
        {
            break;
        }
        calls *= 2;
    }
    run.uniform_points = run.explored();
    rescale(run, |o| {
        let chunks = all.iter();
        chunks.flat_map(move |chunk| chunk.f.iter().skip(o).step_by(outputs))
    });
    let exponent = run.evaluator.exponents[0];
    let mut moments = Moments::default();
    let (mut x, mut values, mut log_f) = (Vec::new(), Vec::new(), Vec::new());
    for chunk in all {
        let first = chunk.f.iter().step_by(outputs);
        let f: Vec<f64> = first.map(|f| scale(*f, exponent)).collect();
        let seen = if f.is_empty() {
            Moments {
                calls: chunk.n,
                ..Moments::default()
            }
        } else {
            Moments::from_slice(&f)
        };
        moments.merge_from(&seen);
        log_f.extend(f.iter().map(|f| f.abs().ln()));
        x.extend(chunk.x);
        values.extend(f);
    }
    let cost = match (run.settings.cost_class, run.settings.method) {
        (Some(class), _) => class,
        (None, Method::Auto) => measured(run, &x)?,
        (None, Method::Plain | Method::Vegas | Method::Flow) => CostClass::Cheap,
    };
    run.step_with(Phase::Explore, &moments, None);
    Ok(Explored {
        moments,
        x,
        f: values,
        log_f,
        exponent,
        cost,
    })
}

/// Scales each output by a power of two so that the largest of its `values` (finite ones, in the scale so
/// far) lies in [1, 2); leaves it where all of them are zero.
pub(super) fn rescale<'v, V: Iterator<Item = &'v f64>>(
    run: &mut Run<'_>,
    values: impl Fn(usize) -> V,
) {
    for o in 0..run.evaluator.outputs() {
        let finite = values(o).filter(|v| v.is_finite());
        let largest = finite.fold(0.0, |a: f64, v| a.max(v.abs()));
        if largest > 0.0 {
            let exponent = run.evaluator.exponents[o];
            run.evaluator
                .set_exponent(o, exponent - exponent_of(largest));
        }
    }
}

/// floor(log2 |value|) for a finite value != 0.
fn exponent_of(value: f64) -> i32 {
    let bits = |v: f64| i32::try_from(v.to_bits() >> 52 & 0x7ff).unwrap_or(0);
    match bits(value) {
        0 => bits(value * 18014398509481984.0) - 1023 - 54,
        e => e - 1023,
    }
}

/// The class of the fastest calls so far, or the one that an earlier process has measured.
fn measured(run: &Run<'_>, x: &[f64]) -> Result<CostClass> {
    if let Some(cost) = run.keeper.and_then(Keeper::cost) {
        return Ok(cost);
    }
    let measure = || Ok(CostClass::of_seconds(run.evaluator.seconds_per_call(x)?));
    let cost = run.watch.crew().of_first(measure)?;
    if let Some(keeper) = run.keeper {
        keeper.set_cost(cost);
    }
    Ok(cost)
}
