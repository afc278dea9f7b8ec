//! Cubic Hermite interpolation with slopes from the knots.
//!
//! On an interval [a, a + h] with u = (t - a)/h
//!
//! ```text
//! y(u) = h00 y0 + h10 h m0 + h01 y1 + h11 h m1,
//! h00 = 2u^3 - 3u^2 + 1,  h10 = u^3 - 2u^2 + u,  h01 = 1 - h00,  h11 = u^3 - u^2.
//! ```
//!
//! The slope at an inner knot is the plain mean of those of the two chords that meet there, at an outer
//! one that of the only chord: y is continuous with its first derivative.

use super::PdfError;

/// The four weights (h00, h10 h, h01, h11 h) of (y0, m0, y1, m1).
pub(super) fn weights(u: f64, h: f64) -> [f64; 4] {
    let (square, down) = (u * u, 1.0 - u);
    let end = square * (3.0 - 2.0 * u);
    [1.0 - end, h * u * down * down, end, -h * square * down]
}

/// Writes the slopes at `knots` of values `y` at `stride` from each other into `slopes`, likewise.
pub(super) fn slopes(knots: &[f64], y: &[f64], stride: usize, slopes: &mut [f64]) {
    let last = knots.len() - 1;
    let chord = |i: usize| (y[(i + 1) * stride] - y[i * stride]) / (knots[i + 1] - knots[i]);
    slopes[0] = chord(0);
    slopes[last * stride] = chord(last - 1);
    for i in 1..last {
        slopes[i * stride] = 0.5 * (chord(i - 1) + chord(i));
    }
}

/// The interval of `knots` that holds `t`, and u in it; in the first or last one outside.
pub(super) fn find(knots: &[f64], t: f64) -> (usize, f64, f64) {
    let i = knots[1..knots.len() - 1].partition_point(|k| *k <= t);
    let h = knots[i + 1] - knots[i];
    (i, (t - knots[i]) / h, h)
}

/// The logarithms of knots that rise within `(0, most]`; at least two.
pub(super) fn logs(
    knots: &[f64],
    line: usize,
    axis: &'static str,
    most: f64,
) -> Result<Vec<f64>, PdfError> {
    if knots.len() < 2 {
        return Err(PdfError::Count {
            line,
            what: "knots",
            found: knots.len(),
            wanted: "2 or more".to_owned(),
        });
    }
    if let Some(value) = knots.iter().find(|k| !(**k > 0.0 && **k <= most)) {
        let (value, allowed) = (*value, "above 0, and at most 1 for x and 1e100 for Q");
        return Err(PdfError::Knot {
            line,
            axis,
            value,
            allowed,
        });
    }
    let logs: Vec<f64> = knots.iter().map(|k| k.ln()).collect();
    // Neighbours may have one logarithm.
    if let Some(i) = logs.windows(2).position(|l| l[1] <= l[0]) {
        return Err(PdfError::Order {
            line,
            axis,
            index: i + 1,
            value: knots[i + 1],
            before: knots[i],
        });
    }
    Ok(logs)
}
