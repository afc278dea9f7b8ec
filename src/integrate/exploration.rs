//! Uniform points beside the estimate: whether they find what its proposal does not.
//!
//! An adapted density may be tiny where f is not, and none of its own points tells. Uniform points do
//! not care: with N of them a feature of volume v is hit N v times. Each has a weight w = f/q, too,
//! with q the density of the proposal there. Let W be the largest weight that the estimate saw. Where
//! w > 3 W the proposal has next to nothing (or the estimate would have been there), and
//!
//! ```text
//! unseen = (1/N) sum f(x_i) [w_i > 3 W]
//! ```
//!
//! is what the value may lack. The points are those that explored, and one for every 32 of the estimate;
//! a proposal that mixes uniform points in has them already. Where the time is limited some of it is
//! kept for them, which an estimate that ends late leaves them; a run that is interrupted has none of
//! them.
//! Known weakness: what is smaller than about 3/N in volume is missed by these points, too.

use serde::{Deserialize, Serialize};

use super::{
    estimate::Findings,
    evaluator::{CHUNK, Evaluated, scale},
    explore::Explored,
    mixture::Mixture,
    report::{Exploration, Phase},
    run::Run,
};
use crate::error::Result;
use crate::map::Identity;
use crate::rng::Purpose;
use crate::stats::Moments;

/// Points of the estimate for each uniform one.
pub(super) const PER_POINT: u64 = 32;
/// Time that a uniform point may take, in that of a point of the estimate: its density is not had with
/// the point, and f may be slower where the estimate is not.
const SLOWER: f64 = 2.0;
/// Weights above the largest one of the estimate, in units of it, that it cannot have missed by chance.
pub(super) const BEYOND: f64 = 3.0;

/// What some uniform points say.
#[derive(Serialize, Deserialize)]
struct Seen {
    f: Moments,
    /// sum of f where the weight is beyond what the estimate saw
    unseen: f64,
    log_q: f64,
}

impl Seen {
    fn nothing() -> Self {
        Self {
            f: Moments::default(),
            unseen: 0.0,
            log_q: f64::INFINITY,
        }
    }

    /// Of values `f` (`[n]`) where the proposal has the densities `log_q` (`[n]`).
    fn new(f: &[f64], log_q: &[f64], largest: f64) -> Self {
        let beyond = |(f, l): &(&f64, &f64)| f.abs().ln() - **l > (BEYOND * largest).ln();
        let unseen = f.iter().zip(log_q).filter(beyond).map(|(f, _)| f.abs());
        Self {
            f: Moments::from_slice(f),
            unseen: unseen.sum(),
            log_q: log_q.iter().copied().fold(f64::INFINITY, f64::min),
        }
    }

    fn merge_from(&mut self, other: &Self) {
        self.f.merge_from(&other.f);
        self.unseen += other.unseen;
        self.log_q = self.log_q.min(other.log_q);
    }
}

/// Calls to keep for it, of those that are left for the estimate, and the share of the time left.
pub(crate) fn reserve(mixture: Mixture<'_>, left: u64) -> (u64, f64) {
    if mixture.has_uniform() {
        (0, 0.0)
    } else {
        (left / (PER_POINT + 1), SLOWER / (PER_POINT as f64 + SLOWER))
    }
}

/// Points evaluated together: few where there are few, so that all threads have some.
fn chunk_size(points: u64) -> u64 {
    (points / 64).clamp(16, CHUNK)
}

/// Looks at the uniform points that there are, and at more where the estimate has drawn none.
pub(crate) fn explore_on(
    run: &mut Run<'_>,
    explored: &Explored,
    mixture: Mixture<'_>,
    findings: &Findings,
) -> Result<Exploration> {
    let largest = findings.largest;
    // Another scale may have been taken since.
    let shift = run.evaluator.exponents[0] - explored.exponent;
    let f: Vec<f64> = explored.f.iter().map(|f| scale(*f, shift)).collect();
    let mut seen = Seen::nothing();
    let chunk = usize::try_from(CHUNK).unwrap_or(usize::MAX);
    for (f, x) in f
        .chunks(chunk)
        .zip(explored.x.chunks(chunk * run.evaluator.dim()))
    {
        seen.merge_from(&Seen::new(f, &mixture.log_density(x), largest));
    }
    // Points that were not kept, because f was zero there.
    let dropped = explored.moments.calls.saturating_sub(seen.f.calls);
    seen.f.merge_from(&Moments {
        calls: dropped,
        ..Moments::default()
    });
    if mixture.has_uniform() {
        // Of those that count: what an early end has left incomplete was dropped.
        let counted = findings.outputs[0].estimate.calls;
        run.uniform_points += mixture.uniform_points(counted);
    } else {
        let more = (run.calls.estimate / PER_POINT).min(run.calls_left());
        let mut fresh = Seen::nothing();
        let drawn = run.points(
            Phase::Explore,
            &Identity::new(run.evaluator.dim()),
            (Purpose::Explore, 1),
            (0, more, chunk_size(more)),
            |e: Evaluated| Seen::new(&e.weights(0), &mixture.log_density(&e.x), largest),
            |part| fresh.merge_from(&part),
        )?;
        run.uniform_points += drawn;
        if drawn > 0 {
            run.step_with(Phase::Explore, &fresh.f, None);
        }
        seen.merge_from(&fresh);
        if drawn < more / 2 {
            run.warnings.push(format!(
                "stopped before all uniform points had looked on: {drawn} of {more} were drawn after \
                 the estimate, so the blind volume is larger than that of a run with as many calls"
            ));
        }
    }
    let exponent = -run.evaluator.exponents[0];
    Ok(Exploration {
        points: run.uniform_points,
        value: scale(seen.f.mean, exponent),
        error: scale(seen.f.error(), exponent),
        unseen: scale(seen.unseen / seen.f.calls.max(1) as f64, exponent),
        smallest_density: seen.log_q.exp(),
    })
}
