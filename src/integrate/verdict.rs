//! From sums to a report: status, reasons and warnings in words.

use std::any::Any;
use std::mem::take;

use rayon::current_num_threads;

use super::{
    auto::Frozen,
    doubts::{Grounds, doubts},
    estimate::Findings,
    mixture::Defence,
    report::{Exploration, Report, Status, StopReason},
    run::Run,
    settings::{Method, Placement},
};
use crate::kernel::Level;
use crate::map::{Identity, Map};

pub(crate) fn report(
    run: &mut Run<'_>,
    frozen: &Frozen,
    findings: Findings,
    exploration: Option<Exploration>,
) -> Report {
    let Findings {
        mut outputs, stop, ..
    } = findings;
    if let (0, Some(last)) = (outputs[0].estimate.calls, run.iterations.last()) {
        let preview = &mut outputs[0].estimate;
        (preview.value, preview.error) = (last.value, last.error);
        run.warnings.push(
            "stopped before the estimate had a result: the value is that of the last preparing \
             step, a preview"
                .to_owned(),
        );
    }
    let first = outputs[0];
    let grounds = Grounds {
        usual: frozen.defence.as_ref().map_or(1.0, Defence::usual_weight),
        adapted: is_adapted(frozen.map.as_ref()),
        even: findings.even,
        iterations: &run.iterations,
        policy: run.settings.non_finite,
        non_finite: run.evaluator.non_finite(),
        calls: run.evaluator.calls(),
    };
    let mut reasons = doubts(&grounds, &outputs, exploration.as_ref());
    // Calls whose points had to be dropped give no result.
    let estimated = first.estimate.calls > 0;
    if !estimated && stop != StopReason::Interrupted {
        reasons.push("the time was up before the estimate had a result".to_owned());
    }
    let status = if stop == StopReason::Interrupted {
        Status::Interrupted
    } else if !estimated {
        Status::Unreliable
    } else if !findings.signal && run.evaluator.non_finite() == 0 {
        Status::NoSignal
    } else if !reasons.is_empty() {
        Status::Unreliable
    } else if matches!(stop, StopReason::RelError | StopReason::AbsError) {
        Status::Converged
    } else {
        Status::Budget
    };
    run.warnings
        .extend(remark(status, findings.constant, run.calls.estimate));
    let (wanted, used) = (run.settings.placement, findings.placement);
    if wanted != Placement::Auto && wanted != used && run.calls.estimate > 0 {
        run.warnings.push(format!(
            "placement {} was not possible here; the points were {}",
            wanted.name(),
            used.describe()
        ));
    }
    let missed = run.settings.stop.has_target() && status == Status::Budget;
    if missed {
        run.warnings
            .push("the target was not reached within the budget".to_owned());
    }
    let cost_class = match run.settings.method {
        Method::Auto => frozen.cost,
        Method::Plain | Method::Vegas | Method::Flow => run.settings.cost_class,
    };
    Report {
        method: run.settings.method,
        chosen: frozen.choice.clone(),
        proposal: proposal(frozen.map.as_ref(), frozen.defence.as_ref()),
        estimate: first.estimate,
        consistency: first.consistency,
        weights: first.weights,
        covariance: findings.covariance,
        histograms: findings.histograms,
        placement: findings.placement,
        outputs,
        status,
        reasons,
        stop,
        warnings: take(&mut run.warnings),
        calls: run.calls,
        seconds: run.seconds,
        iterations: take(&mut run.iterations),
        exploration,
        blind_volume: (3.5 / run.uniform_points.max(1) as f64).min(1.0),
        non_finite: run.evaluator.non_finite(),
        seed: run.settings.seed,
        threads: current_num_threads(),
        cost_class,
        level: Level::active().name().to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

/// What is to be said of weights that do not differ at all of `points` points.
pub(crate) fn remark(status: Status, constant: bool, points: u64) -> Option<String> {
    if status == Status::NoSignal {
        Some(format!(
            "f was zero at all {points} points of the estimate: the integral may be zero or its \
             support too small to be hit; try a smaller range or more calls"
        ))
    } else if status.is_good() && constant {
        Some(format!(
            "all {points} weights are equal, so the error is 0: right for a constant; a feature that no \
             point has hit would not show"
        ))
    } else {
        None
    }
}

/// Whether it is another density than the uniform one.
pub(crate) fn is_adapted(map: &dyn Map) -> bool {
    let any: &dyn Any = map;
    !any.is::<Identity>()
}

/// One line on what the points were drawn from.
pub(crate) fn proposal(map: &dyn Map, defence: Option<&Defence>) -> String {
    match defence {
        Some(defence) => format!("{}, {}", map.describe(), defence.describe()),
        None => map.describe(),
    }
}
