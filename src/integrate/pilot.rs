//! What a few points say of many: pilot passes, and the calls to a target that they predict.
//!
//! The variance of a layout of n points is taken as V n^-(1 + p): p = 0 for independent points,
//! 2/d to 1 for strata, up to 2 for nets through smooth weights. p follows from the gain over
//! independent points that the pilot itself had, as if it had grown as a power from one point
//! on. Pilot points choose; they never enter an estimate.

use super::{estimate::Nets, report::Phase, run::Run};
use crate::error::Result;
use crate::map::Map;

/// Nets of a small pilot; a larger one has twice as many, so that their spread is better known.
pub(crate) const PILOT_NETS: u64 = 8;
const LARGE: u64 = 1024;
/// Spread of weights from which on their tail is looked at, and its index from which on their
/// variance is not known.
const WILD: f64 = 3.0;
const HEAVY: f64 = 0.7;
/// Tail index from which on the means of few nets are skewed.
const TAILED: f64 = 0.15;
/// Numbers of their own for the nets of pilots.
const PILOT: u64 = 2;
/// Nets of the estimate, about.
pub(crate) const ESTIMATE_NETS: f64 = 11.0;

/// What a pass found: scaled value, its variance, the variance of one independent point.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pass {
    pub(crate) value: f64,
    pub(crate) variance: f64,
    pub(crate) calls: u64,
    pub(crate) plain: f64,
    /// parts whose number makes the layout fine: cells, or points of a net
    pub(crate) fineness: f64,
    /// whether its weights vary wildly and have a heavy tail: the variance may be anything
    pub(crate) heavy: bool,
    /// whether the weights have a tail that the mean of a few points shows
    pub(crate) tailed: bool,
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

    /// p, at most `most`.
    fn power(&self, most: f64) -> f64 {
        let power = self.gain().ln() / self.fineness.max(2.0).ln();
        if power.is_finite() {
            power.clamp(0.0, most)
        } else {
            0.0
        }
    }

    /// Calls for each unit of fineness: `parts` nets, or as many to a cell as here (0).
    fn per_part(&self, parts: f64) -> f64 {
        if parts > 0.0 {
            parts
        } else {
            self.calls as f64 / self.fineness
        }
    }

    /// Variance times calls at a layout of another `fineness`.
    fn variance_per_call(&self, fineness: f64, most: f64) -> f64 {
        let growth = (fineness / self.fineness).powf(self.power(most));
        self.variance * self.calls as f64 / growth
    }

    /// Calls to the relative error `e`, if calls are spread over `parts` layouts (nets), or as
    /// many to a cell as here (0).
    pub(crate) fn calls_to(&self, e: f64, parts: f64, most: f64) -> f64 {
        // Nothing but zeros tells nothing.
        if self.value == 0.0 {
            return f64::INFINITY;
        }
        if self.variance == 0.0 {
            return 0.0;
        }
        let p = self.power(most);
        let per_part = self.per_part(parts);
        // V n^-(1+p) with n = per_part * fineness
        let here = self.variance * self.calls as f64 * (per_part * self.fineness).powf(p);
        (here / (e * self.value).powi(2)).powf(1.0 / (1.0 + p))
    }

    /// Relative error that `calls` calls would reach.
    fn error_at(&self, calls: f64, parts: f64, most: f64) -> f64 {
        let per_part = self.per_part(parts);
        (self.variance_per_call(calls / per_part, most) / calls).sqrt() / self.value.abs()
    }

    /// The spread of independent points that would need as many calls: to the relative error
    /// `target` or, without one, with `left` calls.
    pub(crate) fn effective(
        &self,
        (target, left): (Option<f64>, f64),
        parts: f64,
        most: f64,
    ) -> f64 {
        match target {
            Some(e) => e * self.calls_to(e, parts, most).sqrt(),
            None => self.error_at(left, parts, most) * left.sqrt(),
        }
    }

    /// A standard deviation in units of the value.
    pub(crate) fn rel(&self, variance: f64) -> f64 {
        if self.value == 0.0 {
            f64::INFINITY
        } else {
            variance.sqrt() / self.value.abs()
        }
    }

    /// Spread of the weights of independent points, sigma/|mean|.
    pub(crate) fn spread(&self) -> f64 {
        self.rel(self.plain)
    }
}

/// Whether weights with a spread and a tail have a variance that is not known.
pub(crate) fn is_heavy(rel_std: f64, khat: Option<f64>) -> bool {
    rel_std > WILD && khat.is_some_and(|k| k > HEAVY)
}

/// Fewest calls of nets.
pub(crate) const FEWEST: u64 = PILOT_NETS * 16;

/// Draws at most `calls` points through `map`, in [`PILOT_NETS`] nets or, where they are large, in
/// twice as many, whose points are a power of two; `watch` sees latent points and weights.
/// `None` where the run had to stop.
pub(crate) fn draw(
    run: &mut Run<'_>,
    map: &dyn Map,
    calls: u64,
    phase: Phase,
    watch: impl FnMut(Vec<f64>, Vec<f64>),
) -> Result<Option<Nets>> {
    let points = 1 << (calls / PILOT_NETS).max(1).ilog2();
    let (count, points) = if points < LARGE {
        (PILOT_NETS, points)
    } else {
        (2 * PILOT_NETS, points / 2)
    };
    let mut nets = Nets::new(run, count, PILOT + run.adaptations)?;
    run.adaptations += 1;
    let drawn = nets.extend(run, (phase, map), points, watch, true)? && run.stopped.is_none();
    Ok(drawn.then_some(nets))
}

/// Draws [`PILOT_NETS`] nets of `points` (a power of two) each, or as many points in twice as many
/// nets, and records what they say as a step.
pub(crate) fn nets(
    run: &mut Run<'_>,
    map: &dyn Map,
    points: u64,
    phase: Phase,
    watch: impl FnMut(Vec<f64>, Vec<f64>),
) -> Result<Option<Pass>> {
    let nets = draw(run, map, PILOT_NETS * points, phase, watch)?;
    let pass = nets.map(|nets| {
        nets.step(run, phase, nets.calls());
        nets.pass()
    });
    if pass.is_some() {
        run.book(phase);
    }
    Ok(pass)
}

impl Nets {
    /// What they say as pilots.
    pub(crate) fn pass(&self) -> Pass {
        let (all, means) = (self.all(0), self.means(0));
        Pass {
            value: means.mean,
            variance: means.error().powi(2),
            calls: all.calls,
            plain: all.variance(),
            fineness: self.points() as f64,
            heavy: is_heavy(all.rel_std(), self.khat()),
            tailed: self.khat().is_some_and(|k| k > TAILED),
        }
    }
}
