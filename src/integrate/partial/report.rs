//! From the sums to a report like that of any run.

use super::super::{
    doubts::{Grounds, doubts},
    estimate::{Summary, of_independent},
    evaluator::scale,
    report::{Binned, Exploration, Iteration, Output, PerPhase, Phase, Report, Status, StopReason},
    settings::Placement,
    verdict::remark,
};
use super::{Partial, sums::Batches};
use crate::stats::exact::ExactMoments;
use crate::stats::{Moments, consistency};

/// All batches together.
fn total(batches: &Batches) -> Moments {
    let mut all = ExactMoments::default();
    batches.0.iter().for_each(|batch| all.merge_from(batch));
    all.moments()
}

impl Partial {
    /// The result of the points that are there, with a warning where some are missing. It is a function
    /// of these points: how they came together shows only in the seconds, which are those of all machines
    /// together, and in the largest number of threads.
    pub fn report(&self) -> Report {
        let outputs: Vec<Output> = (0..self.whole.outputs).map(|o| self.output(o)).collect();
        let first = outputs[0];
        let exploration = self.exploration();
        let iterations = self.iterations();
        let [nan, infinite] = self.sums.not_finite;
        let calls = PerPhase {
            explore: self.uniform_there(),
            adapt: self.whole.pilot.calls,
            train: 0,
            estimate: self.points_there(),
        };
        let grounds = Grounds {
            usual: self.whole.usual_weight(),
            adapted: self.whole.adapted,
            even: self.whole.defended,
            iterations: &iterations,
            policy: self.whole.policy,
            non_finite: nan + infinite,
            calls: calls.total(),
        };
        let mut reasons = doubts(&grounds, &outputs, exploration.as_ref());
        let estimated = first.estimate.calls > 0;
        if !estimated {
            reasons.push("there is no point of the estimate yet".to_owned());
        }
        let signal = self.sums.weights.iter().any(|w| w.stats().nonzero() > 0);
        let status = if estimated && !signal && nan + infinite == 0 {
            Status::NoSignal
        } else if reasons.is_empty() {
            Status::Budget
        } else {
            Status::Unreliable
        };
        let constant = estimated && first.weights.rel_std == 0.0;
        let mut warnings: Vec<String> = remark(status, constant, calls.estimate)
            .into_iter()
            .collect();
        if !self.is_complete() {
            warnings.push(format!(
                "{} of {} points are missing ({}); the result is that of the others",
                self.points() - self.points_there(),
                self.points(),
                self.missing().join(", ")
            ));
        }
        Report {
            method: self.whole.method,
            chosen: None,
            proposal: self.whole.proposal.clone(),
            estimate: first.estimate,
            consistency: first.consistency,
            weights: first.weights,
            covariance: None,
            histograms: self.histograms(),
            placement: Placement::Random,
            outputs,
            status,
            reasons,
            stop: StopReason::Calls,
            warnings,
            calls,
            seconds: PerPhase {
                estimate: 1e-6 * self.microseconds as f64,
                ..PerPhase::default()
            },
            iterations,
            exploration,
            blind_volume: (3.5 / self.sums.uniform.f.calls.max(1) as f64).min(1.0),
            non_finite: nan + infinite,
            seed: self.whole.seed,
            threads: usize::try_from(self.threads).unwrap_or(usize::MAX),
            cost_class: None,
            level: self.levels.join(" and "),
            version: self.whole.version.clone(),
        }
    }

    fn output(&self, o: usize) -> Output {
        let batches = &self.sums.batches[o];
        let m = total(batches);
        let each: Vec<Moments> = batches.0.iter().map(ExactMoments::moments).collect();
        let summary = Summary {
            value: m.mean,
            error: m.error(),
            calls: m.calls,
            dof: None,
            rel_std: m.rel_std(),
            weights: &self.sums.weights[o].stats(),
            consistency: consistency(&each),
        };
        summary.output(self.whole.exponents[o])
    }

    /// The look beforehand, and the batches.
    fn iterations(&self) -> Vec<Iteration> {
        let exponent = -self.whole.exponents[0];
        let step = |phase, m: Moments| Iteration {
            phase,
            calls: m.calls,
            value: scale(m.mean, exponent),
            error: scale(m.error(), exponent),
            rel_std: m.rel_std(),
            beta: None,
        };
        let batches = self.sums.batches[0].0.iter().map(ExactMoments::moments);
        let batches = batches.filter(|m| m.calls > 0);
        [step(Phase::Adapt, self.whole.pilot)]
            .into_iter()
            .chain(batches.map(|m| step(Phase::Estimate, m)))
            .collect()
    }

    fn exploration(&self) -> Option<Exploration> {
        let uniform = &self.sums.uniform;
        let f = uniform.f.moments();
        let exponent = -self.whole.exponents[0];
        (f.calls > 0).then(|| Exploration {
            points: f.calls,
            value: scale(f.mean, exponent),
            error: scale(f.error(), exponent),
            unseen: scale(uniform.unseen() / f.calls as f64, exponent),
            smallest_density: uniform.log_q.exp(),
        })
    }

    fn histograms(&self) -> Vec<Binned> {
        let exponent = -self.whole.exponents[0];
        let of = of_independent(self.points_there());
        let mut cells = self.sums.tally.iter();
        let binned = self.whole.histograms.iter().map(|binning| {
            let found = cells.by_ref().take(binning.cells());
            let found = found.map(|[sum, squares]| of([sum.value(), squares.value()]));
            binning.binned(found.map(|(v, e)| (scale(v, exponent), scale(e, exponent))))
        });
        binned.collect()
    }
}
