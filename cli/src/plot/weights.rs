//! How weights are distributed: log10(|w| / mean |w|), counted on a logarithmic axis, so that a
//! tail of few large weights is seen.
//!
//! Equal weights stand in one bar at 0. A weight at +2 counts as much as a hundred usual ones.

use thalweg::Method;

use super::class;
use super::frame::{Axis, Frame};
use super::picture::Picture;
use super::scale::Scale;
use crate::number::significant;

/// Decades below the mean that are shown; smaller weights matter to nobody.
const LOWEST: f64 = -6.0;
/// Bars per decade.
const FINE: f64 = 10.0;

/// Logarithms of weights, and what has none.
#[derive(Debug)]
pub(crate) struct Tail {
    method: Method,
    /// log10(|w| / mean |w|) and whether w < 0, in the order drawn
    logs: Vec<(f64, bool)>,
    points: usize,
    pub(crate) zeros: usize,
}

impl Tail {
    pub(crate) fn new(method: Method, weights: &[f64]) -> Self {
        let nonzero = || weights.iter().filter(|w| **w != 0.0);
        let largest = nonzero().fold(0.0, |max: f64, w| max.max(w.abs()));
        let sum: f64 = nonzero().map(|w| w.abs() / largest).sum();
        let mean = (sum / weights.len() as f64).log10() + largest.log10();
        let logs: Vec<_> = nonzero()
            .map(|w| (w.abs().log10() - mean, *w < 0.0))
            .collect();
        Self {
            method,
            points: weights.len(),
            zeros: weights.len() - logs.len(),
            logs,
        }
    }

    pub(crate) fn points(&self) -> usize {
        self.points
    }

    /// Weights too small to be shown.
    pub(crate) fn hidden(&self) -> usize {
        self.logs.iter().filter(|(log, _)| *log < LOWEST).count()
    }

    pub(crate) fn negative(&self) -> usize {
        self.logs.iter().filter(|(_, negative)| *negative).count()
    }

    /// The largest |w| / mean |w|, if any weight differs from zero.
    pub(crate) fn largest(&self) -> Option<f64> {
        let logs = self.logs.iter().map(|(log, _)| *log);
        logs.reduce(f64::max).map(|log| 10_f64.powf(log))
    }

    /// How many weights lie in each of `bars` bars from `low` on.
    fn counts(&self, low: f64, bars: usize, take: impl Fn(bool) -> bool) -> Vec<f64> {
        let mut counts = vec![0.0; bars];
        for (log, negative) in &self.logs {
            if let Some(count) = bar(*log - low).and_then(|bar| counts.get_mut(bar)) {
                *count += f64::from(u8::from(take(*negative)));
            }
        }
        counts
    }
}

/// The bar of a logarithm that lies so far above the lowest; one of rounded 0 stays with 0.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to be positive; a bar out of range is not counted"
)]
fn bar(above: f64) -> Option<usize> {
    let at = above * FINE + 1e-6;
    (at >= 0.0).then_some(at as usize)
}

/// One picture per method, all with the same axes; `None` where all weights were zero.
pub(crate) fn distributions(tails: &[&Tail]) -> Vec<Option<Picture>> {
    let logs = || {
        tails
            .iter()
            .flat_map(|tail| &tail.logs)
            .map(|(log, _)| *log)
    };
    let low = logs().fold(-1.0, f64::min).max(LOWEST).floor();
    // The next half of a decade above the largest.
    let high = 0.5 * ((2.0 * logs().fold(0.5, f64::max)).floor() + 1.0);
    let Some(bars) = bar(high - low) else {
        return Vec::new();
    };
    let edges: Vec<f64> = (0..=bars).map(|k| low + k as f64 / FINE).collect();
    let counts: Vec<_> = tails
        .iter()
        .map(|tail| {
            let all = tail.counts(low, bars, |_| true);
            (all, tail.counts(low, bars, |negative| negative))
        })
        .collect();
    let most = counts.iter().flat_map(|(all, _)| all).copied();
    let most = most.fold(1.0, f64::max);
    let each = tails.iter().zip(&counts);
    each.map(|(tail, (all, negative))| {
        tail.largest()?;
        let x = Axis {
            scale: Scale::Linear(low, high),
            title: "log\u{2081}\u{2080}(|w| / mean |w|)",
        };
        let y = Axis {
            scale: Scale::Log(0.6, 1.6 * most),
            title: "points per bar",
        };
        let mut frame = Frame::new((360.0, 250.0), &x, &y, &[]);
        let colour = class(tail.method);
        frame.rules("thin dash ref", &[0.0], &[]);
        frame.steps(&format!("area {colour}"), &edges, all);
        frame.steps(&format!("thin {colour}"), &edges, all);
        if tail.negative() > 0 {
            frame.steps(&format!("line dash {colour}"), &edges, negative);
        }
        Some(frame.finish(tail.label()))
    })
    .collect()
}

impl Tail {
    fn label(&self) -> String {
        let largest = self.largest().unwrap_or(0.0);
        format!(
            "Distribution of the weights of {}: the largest of {} is {} times the mean",
            self.method.name(),
            self.points,
            significant(largest, 3)
        )
    }
}

#[cfg(test)]
mod tests {
    use thalweg::Method;

    use super::{Tail, distributions};

    #[test]
    fn weights_are_measured_by_their_mean() {
        let tail = Tail::new(Method::Plain, &[3e-200, -1e-200, 0.0, 0.0]);
        assert_eq!((tail.zeros, tail.negative(), tail.points()), (2, 1, 4));
        assert!(tail.largest().is_some_and(|w| (w - 3.0).abs() < 1e-9));
        let equal = Tail::new(Method::Plain, &[7.0; 5]);
        let counts = equal.counts(-1.0, 12, |_| true);
        assert!(counts[10] > 4.5 && counts.iter().sum::<f64>() < 5.5);
    }

    #[test]
    fn zeros_alone_are_no_picture() {
        let zeros = Tail::new(Method::Plain, &[0.0; 5]);
        let some = Tail::new(Method::Vegas, &[1.0; 5]);
        let pictures = distributions(&[&zeros, &some]);
        assert!(pictures[0].is_none() && pictures[1].is_some());
    }
}
