//! A result as people write it into a logbook.

use thalweg::{Report, Status, StopReason};

use crate::number::{percent, seconds, significant};
use crate::output::entry;
use crate::record::pull;
use crate::what::Subject;

/// Column of the values.
const VALUES: usize = 18;

/// The whole text, without a line end.
pub(crate) fn text(subject: &Subject, report: &Report) -> String {
    let mut lines = vec![headline(subject, report)];
    let mut add = |name: &str, value: String| lines.push(entry(name, VALUES, &value));
    let measured = report.estimate.calls > 0;
    if let Some(exact) = subject.exact {
        let pull = pull(subject, report).map(|pull| format!("   pull {pull:+.2}"));
        add(
            "exact",
            format!("{}{}", significant(exact, 10), pull.unwrap_or_default()),
        );
    }
    let rel_error = report.estimate.rel_error();
    if measured && rel_error.is_finite() && rel_error > 0.0 {
        add("relative error", format!("{rel_error:.1e}"));
    }
    add("method", method(report));
    add("status", status(report));
    add("calls", by_phase(calls(report)));
    add("time", by_phase(times(report)));
    if measured && report.status != Status::NoSignal {
        quality(report, &mut add);
    }
    if report.non_finite > 0 {
        add(
            "not finite",
            format!("{} calls, counted as zero", report.non_finite),
        );
    }
    blindness(report, &mut add);
    add("run", run(report));
    lines.extend(remarks(report, |_| true));
    lines.join("\n")
}

/// What uniform points can and cannot tell.
fn blindness(report: &Report, add: &mut impl FnMut(&'static str, String)) {
    let points = report
        .exploration
        .map_or_else(String::new, |e| format!(" ({} uniform points)", e.points));
    add(
        "blind volume",
        format!(
            "{}{points}: a feature that is smaller may have been missed",
            significant(report.blind_volume, 2)
        ),
    );
    if let Some(e) = &report.exploration {
        let least = significant(e.smallest_density, 2);
        let unseen = if e.unseen > 0.0 {
            let unseen = significant(e.unseen, 2);
            format!(", hardly any at {unseen} of the integral of |f|")
        } else {
            String::new()
        };
        add(
            "density",
            format!("at least {least} at the uniform points{unseen}"),
        );
    }
}

/// Reasons and warnings, the latter as far as `told`.
pub(crate) fn remarks(report: &Report, told: impl Fn(&str) -> bool) -> Vec<String> {
    const UNDER: usize = 4;
    let reasons = report
        .reasons
        .iter()
        .map(|reason| entry("unreliable:", UNDER, reason));
    let warnings = report.warnings.iter().filter(|warning| told(warning));
    reasons
        .chain(warnings.map(|warning| entry("warning:", UNDER, warning)))
        .collect()
}

/// `camel(d=4) = 0.96366(48)`, with the unit.
pub(crate) fn headline(subject: &Subject, report: &Report) -> String {
    let label = subject.label();
    match (report.estimate.calls, subject.unit.as_str()) {
        (0, _) => format!("{label}: no estimate yet"),
        (_, "") => format!("{label} = {}", report.estimate),
        (_, unit) => format!("{label} = {} {unit}", report.estimate),
    }
}

fn method(report: &Report) -> String {
    match &report.chosen {
        Some(choice) => {
            format!(
                "{} -> {}: {}",
                report.method.name(),
                choice.method.name(),
                choice.why
            )
        }
        None => format!("{} ({})", report.method.name(), report.proposal),
    }
}

/// The status with what ended the run.
pub(crate) fn status(report: &Report) -> String {
    let stop = match report.stop {
        StopReason::RelError => "relative error reached",
        StopReason::AbsError => "absolute error reached",
        StopReason::Calls => "calls spent",
        StopReason::Seconds => "time is up",
        StopReason::Interrupted => return "interrupted".to_owned(),
    };
    let status = match report.status {
        Status::NoSignal => "no signal",
        Status::Converged | Status::Budget | Status::Unreliable | Status::Interrupted => {
            report.status.name()
        }
    };
    format!("{status}, {stop}")
}

type ByPhase = (String, [(&'static str, Option<String>); 4]);

/// `total = a explore + b estimate`, without the phases that did not take place.
fn by_phase((total, phases): ByPhase) -> String {
    let parts: Vec<String> = phases
        .iter()
        .filter_map(|(name, amount)| Some(format!("{} {name}", amount.as_ref()?)))
        .collect();
    if parts.is_empty() {
        total
    } else {
        format!("{total} = {}", parts.join(" + "))
    }
}

fn calls(report: &Report) -> ByPhase {
    let some = |n: u64| Some(n.to_string()).filter(|_| n > 0);
    let calls = report.calls;
    let phases = [
        ("explore", some(calls.explore)),
        ("adapt", some(calls.adapt)),
        ("train", some(calls.train)),
        ("estimate", some(calls.estimate)),
    ];
    (calls.total().to_string(), phases)
}

fn times(report: &Report) -> ByPhase {
    let (time, calls) = (report.seconds, report.calls);
    let some = |s: f64, n: u64| Some(seconds(s)).filter(|_| n > 0);
    let phases = [
        ("explore", some(time.explore, calls.explore)),
        ("adapt", some(time.adapt, calls.adapt)),
        ("train", some(time.train, calls.train)),
        ("estimate", some(time.estimate, calls.estimate)),
    ];
    (seconds(time.total()), phases)
}

/// What the batches and the weights say about the estimate.
fn quality(report: &Report, add: &mut impl FnMut(&str, String)) {
    if let Some(c) = &report.consistency {
        let p = significant(c.p_value, 2);
        add(
            "chi2/dof",
            format!("{}/{}, p = {p}", significant(c.chi2, 3), c.dof),
        );
    }
    let w = &report.weights;
    add("ESS", format!("{} of the calls", percent(w.ess_fraction)));
    let khat = w
        .khat
        .map_or_else(|| "too few to tell".to_owned(), |k| format!("{k:.2}"));
    let share = percent(w.max_share);
    add(
        "weights",
        format!(
            "spread {}, largest {share} of the sum, k-hat {khat}",
            significant(w.rel_std, 3)
        ),
    );
    if w.cancellation < 0.999 {
        add(
            "cancellation",
            format!("|sum w| / sum |w| = {}", significant(w.cancellation, 3)),
        );
    }
    add(
        "unweighting",
        format!("efficiency {}", percent(w.unweighting_efficiency)),
    );
}

fn run(report: &Report) -> String {
    let threads = match report.threads {
        1 => "1 thread".to_owned(),
        n => format!("{n} threads"),
    };
    let cost = report
        .cost_class
        .map(|class| format!(", calls are {}", class.name()));
    format!(
        "seed {}, {threads}{}, {}, thalweg {}",
        report.seed,
        cost.unwrap_or_default(),
        report.level,
        report.version
    )
}
