//! How value and error of a run came about, call by call.

use thalweg::integrate::{Iteration, Phase};
use thalweg::stats::Moments;
use thalweg::{Method, Placement, Report};

/// A value with its error after so many calls of all phases.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Step {
    pub(super) calls: f64,
    pub(super) value: f64,
    pub(super) error: f64,
}

/// The steps of a run.
#[derive(Debug, Default)]
pub(crate) struct History {
    /// steps that explored, adapted or trained, each by itself
    pub(super) previews: Vec<Step>,
    /// the estimate from its beginning up to each of its batches
    pub(super) estimate: Vec<Step>,
}

/// One run among those that are compared.
#[derive(Debug)]
pub(crate) struct Curve {
    pub(crate) method: Method,
    /// whether it is the first seed of its method
    pub(crate) first: bool,
    pub(crate) history: History,
}

impl Step {
    pub(super) fn rel_error(&self) -> f64 {
        self.error / self.value.abs()
    }

    /// `(calls, value - error, value + error)`
    pub(super) fn ends(&self) -> (f64, f64, f64) {
        (self.calls, self.value - self.error, self.value + self.error)
    }
}

impl History {
    pub(crate) fn of(report: &Report) -> Self {
        let unit = unit(&report.iterations);
        let mut history = Self::default();
        let (mut calls, mut sum) = (0, Moments::default());
        for step in &report.iterations {
            calls += step.calls;
            let at = |value, error| Step {
                calls: calls as f64,
                value,
                error,
            };
            match step.phase {
                Phase::Estimate => {
                    sum.merge_from(&moments(step, unit));
                    // Steps of nets and strata are the estimate so far already.
                    history
                        .estimate
                        .push(if report.placement == Placement::Random {
                            at(sum.mean * unit, sum.error() * unit)
                        } else {
                            at(step.value, step.error)
                        });
                }
                // Uniform points that come after the estimate change nothing.
                Phase::Explore | Phase::Adapt | Phase::Train if !history.estimate.is_empty() => {}
                Phase::Explore | Phase::Adapt | Phase::Train => {
                    history.previews.push(at(step.value, step.error));
                }
            }
        }
        history.estimate = thinned(&history.estimate);
        history
    }

    /// The last of the estimate.
    pub(super) fn end(&self) -> Option<&Step> {
        self.estimate.last()
    }
}

/// A size that values and errors are divided by, so that their squares neither overflow nor vanish.
fn unit(iterations: &[Iteration]) -> f64 {
    let sizes = iterations
        .iter()
        .flat_map(|step| [step.value.abs(), step.error])
        .filter(|size| size.is_finite());
    Some(sizes.fold(0.0, f64::max))
        .filter(|unit| *unit > 0.0)
        .unwrap_or(1.0)
}

/// The moments that a step was read from, in units of `unit`.
fn moments(step: &Iteration, unit: f64) -> Moments {
    let n = step.calls as f64;
    Moments {
        calls: step.calls,
        mean: step.value / unit,
        m2: (step.error / unit).powi(2) * n * (n - 1.0).max(0.0),
    }
}

/// Of steps that would fall on one another, the first; and always the last.
fn thinned(steps: &[Step]) -> Vec<Step> {
    let mut kept: Vec<Step> = Vec::new();
    for (i, step) in steps.iter().enumerate() {
        let apart = kept
            .last()
            .is_none_or(|last| step.calls > 1.01 * last.calls);
        if apart || i + 1 == steps.len() {
            kept.push(*step);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use thalweg::{Integrator, Method, Settings, Stop, from_fn};

    use super::History;

    #[test]
    fn the_history_ends_with_the_result() {
        for scale in [1.0, 1e200, 1e-200] {
            let settings = Settings {
                method: Method::Vegas,
                stop: Stop::calls(20_000),
                ..Settings::default()
            };
            let f = from_fn(2, move |x| scale * x[0] * x[1]);
            let report = Integrator::new(settings).unwrap().integrate(&f).unwrap();
            let history = History::of(&report);
            let end = history.end().unwrap();
            let near = |a: f64, b: f64| (a / b - 1.0).abs() < 1e-9;
            assert!(near(end.value, report.estimate.value), "{end:?}");
            assert!(near(end.error, report.estimate.error), "{end:?}");
            let after = report.iterations.last().unwrap().calls;
            assert!(
                near(end.calls, (report.calls.total() - after) as f64),
                "{end:?}"
            );
        }
    }
}
