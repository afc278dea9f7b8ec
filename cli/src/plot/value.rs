//! The value by calls, with its error and the exact value.

use thalweg::Method;
use thalweg::stats::parenthesis;

use super::class;
use super::frame::{Axis, Entry, Frame};
use super::history::{Curve, Step};
use super::picture::Picture;
use super::scale::Scale;
use crate::number::significant;

/// Canvas of the large pictures.
pub(super) const LARGE: (f64, f64) = (460.0, 340.0);

/// One line per run; `None` where there is nothing to show.
pub(crate) fn value(curves: &[Curve], exact: Option<f64>) -> Option<Picture> {
    let x = calls_axis(curves)?;
    let y = Axis {
        scale: heights(curves, exact)?,
        title: "value",
    };
    let mut legend = entries(curves);
    if exact.is_some() {
        legend.push(Entry {
            classes: "thin dash ref".to_owned(),
            mark: None,
            name: "exact",
        });
    }
    let mut frame = Frame::new(LARGE, &x, &y, &legend);
    for curve in curves.iter().filter(|curve| curve.first) {
        let previews = &curve.history.previews;
        let colour = class(curve.method);
        let faint = |kind: &str| format!("{kind} faint {colour}");
        frame.bars(&faint("thin"), previews.iter().map(Step::ends));
        let places = previews.iter().map(|step| (step.calls, step.value));
        frame.marks(&faint("dot"), curve.method, places);
        let ends: Vec<_> = curve.history.estimate.iter().map(Step::ends).collect();
        frame.band(&format!("area {colour}"), &ends);
    }
    if let Some(exact) = exact {
        frame.rules("thin dash ref", &[], &[exact]);
    }
    for curve in by_strength(curves) {
        let steps = &curve.history.estimate;
        let line = steps.iter().map(|step| (step.calls, step.value));
        frame.line(&strength(curve), line);
        if let Some(end) = curve.history.end().filter(|_| curve.first) {
            let colour = class(curve.method);
            frame.bars(&format!("line {colour}"), [end.ends()]);
            let place = (end.calls, end.value);
            frame.marks(&format!("dot {colour}"), curve.method, [place]);
        }
    }
    Some(frame.finish(label(curves, exact)))
}

/// Room for the estimates of all runs; for the previews only where there is no estimate at all.
fn heights(curves: &[Curve], exact: Option<f64>) -> Option<Scale> {
    let of_estimates = curves.iter().flat_map(|curve| {
        let steps = curve.history.estimate.iter();
        steps.flat_map(|step| {
            let (_, low, high) = step.ends();
            if curve.first {
                [low, high]
            } else {
                [step.value; 2]
            }
        })
    });
    let of_previews = || {
        let previews = curves.iter().flat_map(|curve| &curve.history.previews);
        previews.map(|step| step.value).chain(exact)
    };
    if curves.iter().any(|curve| curve.history.end().is_some()) {
        Scale::linear(of_estimates.chain(exact))
    } else {
        Scale::linear(of_previews())
    }
}

/// Calls of all phases, from the first step to the last.
pub(super) fn calls_axis(curves: &[Curve]) -> Option<Axis<'static>> {
    let steps = curves.iter().flat_map(|curve| {
        let history = &curve.history;
        history.previews.iter().chain(&history.estimate)
    });
    Some(Axis {
        scale: Scale::log(steps.map(|step| step.calls))?,
        title: "calls, all phases",
    })
}

/// The methods, each once.
pub(super) fn entries(curves: &[Curve]) -> Vec<Entry<'static>> {
    let mut methods: Vec<Method> = Vec::new();
    for curve in curves {
        if !methods.contains(&curve.method) {
            methods.push(curve.method);
        }
    }
    let entry = |method: &Method| Entry {
        classes: format!("line {}", class(*method)),
        mark: Some(*method),
        name: method.name(),
    };
    methods.iter().map(entry).collect()
}

/// Further seeds first, so that the first ones lie above them.
pub(super) fn by_strength(curves: &[Curve]) -> impl Iterator<Item = &Curve> {
    let further = curves.iter().filter(|curve| !curve.first);
    further.chain(curves.iter().filter(|curve| curve.first))
}

/// The classes of a run's line.
pub(super) fn strength(curve: &Curve) -> String {
    let kind = if curve.first { "line" } else { "thin faint" };
    format!("{kind} {}", class(curve.method))
}

fn label(curves: &[Curve], exact: Option<f64>) -> String {
    let firsts = curves.iter().filter(|curve| curve.first);
    let mut parts: Vec<String> = firsts
        .map(|curve| match curve.history.end() {
            Some(end) => format!(
                "{} ends at {} after {} calls",
                curve.method.name(),
                parenthesis(end.value, end.error),
                end.calls
            ),
            None => format!("{} has no estimate", curve.method.name()),
        })
        .collect();
    if let Some(exact) = exact {
        parts.push(format!("the exact value is {}", significant(exact, 10)));
    }
    format!("Value by calls: {}", parts.join("; "))
}
