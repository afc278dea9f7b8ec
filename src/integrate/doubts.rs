//! What speaks against a result: sentences for people, each of which makes it unreliable.

use super::{
    report::{Exploration, Iteration, Output, Phase},
    settings::NonFinite,
};

/// Batches that agree worse (or better) than this are reported.
const SMALL_P: f64 = 1e-4;
/// Errors by which the estimate may fall short of what adapting found.
const LOST: f64 = 5.0;
/// Effective points per point with f != 0, below which an adapted proposal does not fit f.
const POOR_FIT: f64 = 3e-3;
/// Part of the error by which one point must move the estimate for a tail to matter.
const LARGE_JUMP: f64 = 0.2;
/// Weights missing above the largest one that tell a tail from bounded weights: a true tail misses
/// more in one case of two hundred.
const CUT_OFF: f64 = 5.3;
/// Errors that may be missing where uniform points found what the estimate did not.
const UNSEEN: f64 = 2.0;
/// Largest weight in units of the mean up to which no tail is heavy.
const SMALL_WEIGHT: f64 = 2.0;

/// What is known beside the estimates.
pub(crate) struct Grounds<'a> {
    /// the weight of most points, in units of the value of the first output, where the proposal fits
    pub(crate) usual: f64,
    /// whether the proposal is another one than the uniform density
    pub(crate) adapted: bool,
    /// whether batches may agree better than chance
    pub(crate) even: bool,
    pub(crate) iterations: &'a [Iteration],
    pub(crate) policy: NonFinite,
    pub(crate) non_finite: u64,
    pub(crate) calls: u64,
}

/// All that speaks against the `outputs`.
pub(crate) fn doubts(
    grounds: &Grounds<'_>,
    outputs: &[Output],
    exploration: Option<&Exploration>,
) -> Vec<String> {
    let mut reasons: Vec<String> = non_finite(grounds).into_iter().collect();
    for (o, output) in outputs.iter().enumerate() {
        // The control variate takes what is above 1 away, for the first output.
        let (name, usual) = if o == 0 {
            (String::new(), grounds.usual)
        } else {
            (format!("output {o}: "), 1.0)
        };
        reasons.extend(
            objections(output, usual, (grounds.even, grounds.adapted))
                .into_iter()
                .map(|reason| name.clone() + &reason),
        );
    }
    let first = &outputs[0];
    reasons.extend(missing(grounds.iterations, first));
    if let Some(exploration) = exploration {
        reasons.extend(unseen(exploration, first));
        reasons.extend(more(exploration, first));
    }
    reasons
}

/// What speaks against the estimate of an output; `usual` is the weight of most points, in units
/// of the value.
fn objections(output: &Output, usual: f64, (even, adapted): (bool, bool)) -> Vec<String> {
    let mut reasons = Vec::new();
    if !(output.estimate.value.is_finite() && output.estimate.error.is_finite()) {
        reasons.push("value or error overflows: the weights span too many decades".to_owned());
    }
    let w = &output.weights;
    // A heavy tail in a narrow distribution is harmless as long as no single point counts. And the
    // edges of f in the bins of a grid make weights that are few, large, and bounded: what looks like
    // a tail then ends before its time.
    let calls = output.estimate.calls as f64;
    // Nets and strata cancel what is smooth, down to errors that any single point exceeds: the
    // measure is the error of as many independent points, if that is larger.
    let error = output.estimate.rel_error().max(w.rel_std / calls.sqrt());
    let jump = (w.max_share / w.cancellation - usual / calls) / error;
    let is_tail = w.max_share * calls > SMALL_WEIGHT && w.beyond.is_none_or(|n| n < CUT_OFF);
    let tail = w.khat.filter(|_| is_tail);
    match tail {
        Some(khat) if khat > 0.7 && jump > LARGE_JUMP => reasons.push(format!(
            "the weights have a heavy tail (k-hat {khat:.2} > 0.7), and one of them alone moves \
             the value by {jump:.1} of its error: neither value nor error can be trusted; more \
             training or another method may help"
        )),
        Some(khat) if khat > 0.5 && jump > LARGE_JUMP => reasons.push(format!(
            "the weights have a heavy tail (k-hat {khat:.2} > 0.5), and one of them alone moves \
             the value by {jump:.1} of its error: the error may be too small"
        )),
        _ => {}
    }
    // An adapted density is low somewhere, and where it does not fit, much of f may lie there:
    // such parts are hardly ever hit, and their absence shows in no error.
    let fit = w.ess_fraction / w.nonzero_fraction;
    if adapted && fit < POOR_FIT {
        reasons.push(format!(
            "the proposal does not fit: {:.0} effective of {calls} points (spread {:.3}), so parts \
             of f may be missing from the value; another method may help",
            w.ess_fraction * calls,
            w.rel_std
        ));
    }
    if let Some(c) = output.consistency.filter(|c| {
        // Nets agree better than independent batches would: that is what they are for.
        let p = if even { c.p_value } else { c.two_sided() };
        p < SMALL_P
    }) {
        reasons.push(format!(
            "equal batches disagree: chi2/dof = {:.1}/{}, p = {:.1e}",
            c.chi2, c.dof, c.p_value
        ));
    }
    reasons
}

/// Whether an estimate of a function without sign changes is significantly below `value` +- `error`.
fn falls_short(first: &Output, value: f64, error: f64) -> bool {
    let estimate = first.estimate;
    let signless = first.weights.cancellation > 0.999 && estimate.calls > 0;
    signless && value - estimate.value.abs() > LOST * error.hypot(estimate.error)
}

/// Whether the iterations that adapted saw significantly more of f than the estimate does: what
/// a proposal has lost does not show in its own points. Less is no sign, because early iterations
/// miss what is narrow.
fn missing(iterations: &[Iteration], first: &Output) -> Option<String> {
    let steps = || iterations.iter().filter(|i| i.phase == Phase::Adapt);
    let calls: f64 = steps().map(|i| i.calls as f64).sum();
    // Shares first and no squares, so that no scale of f overflows or vanishes.
    let (value, error) = steps().fold((0.0, 0.0_f64), |(value, error), i| {
        let share = i.calls as f64 / calls;
        (value + share * i.value.abs(), error.hypot(share * i.error))
    });
    falls_short(first, value, error).then(|| {
        format!(
            "the points that adapted the proposal found {value:.3e} +- {error:.1e}, significantly \
             more than the estimate: the proposal may have lost a part of f"
        )
    })
}

/// What uniform points found where the proposal has next to nothing.
fn unseen(exploration: &Exploration, first: &Output) -> Option<String> {
    let error = first.estimate.error;
    (exploration.unseen > UNSEEN * error).then(|| {
        format!(
            "uniform points found f where the proposal hardly looks: about {:.1e} of the integral of |f| \
             may be missing, {:.1} of the error ({} points); more calls or another method may help",
            exploration.unseen,
            exploration.unseen / error,
            exploration.points
        )
    })
}

/// Whether uniform points see significantly more of f than the estimate does. Less is no sign: they
/// miss what is narrow, and their error does not tell.
fn more(exploration: &Exploration, first: &Output) -> Option<String> {
    falls_short(first, exploration.value.abs(), exploration.error).then(|| {
        format!(
            "uniform points say {:.3e} +- {:.1e}, significantly more than the estimate: the \
             proposal may have lost a part of f",
            exploration.value, exploration.error
        )
    })
}

/// Whether more values were not finite than the policy allows.
fn non_finite(grounds: &Grounds<'_>) -> Option<String> {
    let NonFinite::CountAsZero { max_share } = grounds.policy else {
        return None;
    };
    let share = grounds.non_finite as f64 / grounds.calls.max(1) as f64;
    (share > max_share).then(|| {
        format!("{share:.1e} of the calls were not finite; at most {max_share:.1e} is allowed")
    })
}
