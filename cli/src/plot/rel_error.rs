//! The relative error by calls, beside lines that fall with the square root of the calls.

use super::class;
use super::frame::{Axis, Entry, Frame};
use super::history::{Curve, Step};
use super::picture::Picture;
use super::scale::Scale;
use super::value::{LARGE, by_strength, calls_axis, entries, strength};
use crate::number::significant;

/// Relative errors of previews beyond this say nothing, and are left out.
const MOST: f64 = 10.0;

/// One line per run; `None` where no relative error is known.
pub(crate) fn relative_error(curves: &[Curve], target: Option<f64>) -> Option<Picture> {
    let x = calls_axis(curves)?;
    let known = |step: &&Step| step.rel_error().is_finite() && step.error > 0.0;
    let all = curves.iter().flat_map(|curve| {
        let previews = curve.history.previews.iter();
        let shown = previews.filter(|step| curve.first && step.rel_error() < MOST);
        curve.history.estimate.iter().chain(shown)
    });
    let errors: Vec<f64> = all.filter(known).map(Step::rel_error).collect();
    let y = Axis {
        scale: Scale::log(errors.iter().copied())
            .and_then(|_| Scale::log(errors.iter().copied().chain(target)))?,
        title: "relative error",
    };
    let mut legend = entries(curves);
    if target.is_some() {
        legend.push(Entry {
            classes: "thin dash ref".to_owned(),
            mark: None,
            name: "target",
        });
    }
    legend.push(Entry {
        classes: "hair ref".to_owned(),
        mark: None,
        name: "\u{221d} 1/\u{221a}calls",
    });
    let mut frame = Frame::new(LARGE, &x, &y, &legend);
    guides(&mut frame, x.scale, y.scale);
    frame.rules("thin dash ref", &[], &Vec::from_iter(target));
    for curve in by_strength(curves) {
        let place = |step: &Step| (step.calls, step.rel_error());
        let colour = class(curve.method);
        if curve.first {
            let previews = curve.history.previews.iter().filter(known).map(place);
            frame.marks(&format!("dot faint {colour}"), curve.method, previews);
        }
        let steps = curve.history.estimate.iter().filter(known).map(place);
        frame.line(&strength(curve), steps);
        if curve.first {
            let end = curve.history.end().into_iter().filter(known).map(place);
            frame.marks(&format!("dot {colour}"), curve.method, end);
        }
    }
    Some(frame.finish(label(curves)))
}

/// Lines through one point of each decade of the left and lower sides.
fn guides(frame: &mut Frame, x: Scale, y: Scale) {
    let (Scale::Log(first, last), Scale::Log(low, high)) = (x, y) else {
        return;
    };
    let decades = (last / first).log10() / 2.0;
    let mut at_first = high;
    while at_first > low && at_first * 10_f64.powf(-decades) > low * 1e-12 {
        let at_last = at_first * (first / last).sqrt();
        frame.line("hair ref", [(first, at_first), (last, at_last)]);
        at_first /= 10.0;
    }
    // Those that enter through the top.
    let mut at_first = high * 10.0;
    while at_first * (first / last).sqrt() < high {
        let at_last = at_first * (first / last).sqrt();
        frame.line("hair ref", [(first, at_first), (last, at_last)]);
        at_first *= 10.0;
    }
}

fn label(curves: &[Curve]) -> String {
    let firsts = curves.iter().filter(|curve| curve.first);
    let parts: Vec<String> = firsts
        .filter_map(|curve| {
            let end = curve.history.end()?;
            Some(format!(
                "{} ends at {} after {} calls",
                curve.method.name(),
                significant(end.rel_error(), 2),
                end.calls
            ))
        })
        .collect();
    format!(
        "Relative error by calls, both logarithmic: {}",
        parts.join("; ")
    )
}
