//! Learning the probabilities of discrete coordinates.
//!
//! With a uniform law of all other coordinates, and `p_k` for the numbers of one,
//!
//! ```text
//! variance + I^2 = sum_k F_k/p_k,   F_k = int f(k, .)^2,   smallest for  p_k ~ F_k^(1/2)
//! ```
//!
//! which is the rule of R. Kleiss and R. Pittau, "Weight optimization in multichannel Monte Carlo"
//! (hep-ph/9405257), in one step. Points with the weights w = f/p give `F_k/p_k` as their mean of w^2 in k. Of
//! several such coordinates each is taken to its optimum in turn and the sample reweighted, w^2 -> w^2
//! p/p', as for the axes of a grid. Some rounds of growing size are drawn from what the last one has learned;
//! a part of all points is divided equally, so that a number which was not seen is not lost. Then
//! grids and flows are adapted to what is left, on the unit cube that these probabilities divide.
//! Known weaknesses: probabilities of different coordinates are independent; where f is much narrower in
//! the other coordinates than a round can see, `F_k` is noise, and only grid or flow put it right.

use serde::{Deserialize, Serialize};

use super::{
    evaluator::{CHUNK, Evaluated},
    report::Phase,
    run::Run,
};
use crate::error::Result;
use crate::integrand::Domain;
use crate::map::Identity;
use crate::rng::Purpose;
use crate::stats::Moments;

/// Points of the first round for each number of the longest list, and their bounds.
const POINTS: u64 = 100;
const FEWEST: u64 = 2000;
const BOUND: u64 = 1 << 18;
/// Rounds, each with twice the points of the last one.
const ROUNDS: u32 = 3;
/// Part of the calls that they may take.
const MOST: u64 = 10;
/// Part of all points that is divided equally among the numbers.
const FLOOR: f64 = 0.05;

/// Points of a round: weights (`[n]`) and numbers (`[n * axes]`).
#[derive(Default, Serialize, Deserialize)]
struct Seen {
    w: Vec<f64>,
    k: Vec<u32>,
}

impl Seen {
    fn new(e: &Evaluated, domain: &Domain, axes: &[usize]) -> Self {
        let index = |x: &[f64], axis: usize| {
            let k = domain.index(axis, x[axis]);
            u32::try_from(k).expect("lists are no longer than 65536")
        };
        let points = e.x.chunks_exact(domain.dim());
        Self {
            w: e.weights(0),
            k: points
                .flat_map(|x| axes.iter().map(move |axis| index(x, *axis)))
                .collect(),
        }
    }
}

/// Learns the probabilities of the discrete axes that have none yet.
pub(crate) fn learn(run: &mut Run<'_>) -> Result<()> {
    let axes = run.evaluator.domain().unlearned();
    let domain = run.evaluator.domain();
    let counts = domain.discrete().into_iter().map(|(_, count)| count as u64);
    let longest = counts.max().unwrap_or(0);
    let most = run.calls_left() / MOST / ((1 << ROUNDS) - 1);
    let first = (POINTS * longest).clamp(FEWEST, BOUND).min(most);
    // Too few points for each number say less than nothing.
    if axes.is_empty() || first < 2 * longest {
        return Ok(());
    }
    for round in 0..ROUNDS {
        let seen = look(run, &axes, first << round)?;
        if run.stopped.is_some() {
            break;
        }
        let domain = run.evaluator.domain().clone();
        for (axis, probabilities) in best(&domain, &axes, &seen) {
            run.evaluator.learn(axis, &probabilities)?;
        }
    }
    Ok(())
}

/// Draws `calls` points.
fn look(run: &mut Run<'_>, axes: &[usize], calls: u64) -> Result<Seen> {
    let identity = Identity::new(run.evaluator.dim());
    let domain = run.evaluator.domain().clone();
    let mut seen = Seen::default();
    let done = run.points(
        Phase::Adapt,
        &identity,
        (Purpose::Adapt, run.adaptations),
        (0, calls, CHUNK),
        |e| Seen::new(&e, &domain, axes),
        |part| {
            seen.w.extend(part.w);
            seen.k.extend(part.k);
        },
    )?;
    run.adaptations += 1;
    if done == calls {
        run.step_with(Phase::Adapt, &Moments::from_slice(&seen.w), None);
    }
    Ok(seen)
}

/// The best probabilities of each of the `axes` for what was seen; none where f was 0 everywhere.
fn best(domain: &Domain, axes: &[usize], seen: &Seen) -> Vec<(usize, Vec<f64>)> {
    let largest = seen.w.iter().fold(0.0, |a: f64, w| a.max(w.abs()));
    if largest <= 0.0 {
        return Vec::new();
    }
    let mut squares: Vec<f64> = seen.w.iter().map(|w| (w / largest).powi(2)).collect();
    let mut learned = Vec::new();
    for (column, axis) in axes.iter().enumerate() {
        let before = domain.probabilities(*axis).unwrap_or_default();
        let numbers = || {
            let column = seen.k.iter().skip(column).step_by(axes.len());
            column.map(|k| *k as usize)
        };
        let mut sums = vec![0.0; before.len()];
        for (k, square) in numbers().zip(&squares) {
            sums[k] += square;
        }
        let wanted: Vec<f64> = sums
            .iter()
            .zip(&before)
            .map(|(s, p)| (s * p).sqrt())
            .collect();
        let total: f64 = wanted.iter().sum();
        let equal = FLOOR / before.len() as f64;
        let after: Vec<f64> = wanted
            .iter()
            .map(|w| equal + (1.0 - FLOOR) * w / total)
            .collect();
        for (k, square) in numbers().zip(&mut squares) {
            *square *= before[k] / after[k];
        }
        learned.push((*axis, after));
    }
    learned
}
