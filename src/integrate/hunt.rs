//! Looking for what a cheap proposal may have missed.
//!
//! Uniform points with a good effective number have seen whatever is not tiny. Where f fills
//! little of the cube they have not, and a proposal made of them and of its own points may lie
//! on one peak of several: nothing it draws would ever tell. log|f| tells more than f: the flank
//! of a peak reaches far, as points where |f| is much larger than a fit of log|f| to the others
//! expects, or larger than at all points nearby. A few such points are climbed from; a maximum
//! that would be worth a good part of the integral in Laplace's approximation, and where f/q is
//! far above its mean, has been missed.
//! Known weakness: a peak whose flank no uniform point lies on is not found.

use std::f64::consts::{LN_2, PI};

use super::{
    peaks::{self, Peak},
    product::{self, Points},
    run::Run,
};
use crate::error::Result;
use crate::map::Map;

/// Effective uniform points from which on nothing needs to be looked for.
const ENOUGH: f64 = 40.0;
/// Starts from points above the fit, and from points above their neighbours.
const ABOVE_FIT: usize = 3;
const ABOVE_NEIGHBOURS: usize = 3;
/// Neighbours that a point must exceed, and points among which they are looked for.
const NEIGHBOURS: usize = 8;
const AMONG: usize = 1024;
/// log|f| in units of the largest uniform value beyond which sums of squares might overflow.
const OUT_OF_SCALE: f64 = 100.0;
/// f/q at a peak, in units of its mean, from which on the peak has been missed.
const MISSED: f64 = 30.0;
/// Part of the integral that a peak must be worth.
const WORTH: f64 = 1e-3;

/// Whether uniform points alone may have missed something.
pub(crate) fn is_needed(uniform: &Points) -> bool {
    let (square, squares) = product::effective_points(&uniform.log_f);
    // Also where nothing was seen, and the sums are not numbers.
    (square / squares).is_nan() || square < ENOUGH * squares
}

/// Mean of |f| over uniform points.
pub(crate) fn mean(uniform: &Points) -> f64 {
    let sum: f64 = uniform.log_f.iter().map(|l| l.exp()).sum();
    sum / uniform.log_f.len() as f64
}

/// Peaks that are reached from the flanks of something. Where they are out of all proportion to
/// the scale that the uniform points gave, another one is taken, for `uniform` too.
pub(crate) fn hunt(run: &mut Run<'_>, uniform: &mut Points) -> Result<Vec<Peak>> {
    let dim = run.evaluator.dim();
    let mut starts = peaks::starts(
        &uniform.x,
        &above_neighbours((&uniform.x, &uniform.log_f), dim),
        (dim, ABOVE_NEIGHBOURS),
    );
    if let Some(rest) = product::residuals(dim, uniform) {
        starts.extend(peaks::starts(&uniform.x, &rest, (dim, ABOVE_FIT)));
    }
    let known = run.peaks_in_scale();
    let mut peaks = peaks::search(run, &starts)?;
    if !known.is_empty() {
        peaks = peaks::joined(peaks, known);
    }
    let top = peaks.iter().map(|p| p.log_f).fold(0.0, f64::max);
    if top > OUT_OF_SCALE {
        let steps = (top / LN_2).round();
        for peak in &mut peaks {
            peak.log_f -= steps * LN_2;
        }
        uniform.lower(steps * LN_2);
        run.rescale(steps);
    }
    Ok(peaks)
}

/// log|f| (`[n]`) at points `x` (`[n * dim]`) where it exceeds that of all neighbours; minus infinity elsewhere.
pub(super) fn above_neighbours((x, log_f): (&[f64], &[f64]), dim: usize) -> Vec<f64> {
    let n = log_f.len();
    let some = n.min(AMONG);
    let mut rise = vec![f64::NEG_INFINITY; n];
    for (i, rise) in rise.iter_mut().enumerate().take(some) {
        let at = &x[i * dim..(i + 1) * dim];
        let mut near: Vec<(f64, f64)> = (0..some)
            .filter(|j| *j != i)
            .map(|j| {
                let y = &x[j * dim..(j + 1) * dim];
                let square: f64 = at.iter().zip(y).map(|(a, b)| (a - b) * (a - b)).sum();
                (square, log_f[j])
            })
            .collect();
        if near.len() <= NEIGHBOURS {
            continue;
        }
        near.select_nth_unstable_by(NEIGHBOURS, |a, b| a.0.total_cmp(&b.0));
        let best = near[..NEIGHBOURS]
            .iter()
            .map(|n| n.1)
            .fold(f64::NEG_INFINITY, f64::max);
        if log_f[i] > best {
            *rise = log_f[i];
        }
    }
    rise
}

/// The first of `peaks` that a proposal with the mean weight `value` has missed, with f/q there in
/// units of it.
pub(crate) fn missed(peaks: &[Peak], map: &dyn Map, value: f64) -> Option<f64> {
    let dim = map.dim();
    peaks.iter().find_map(|peak| {
        let (mut z, mut log_jac) = (vec![0.0; dim], [0.0]);
        map.inverse(&peak.x, &mut z, &mut log_jac);
        let log_value = value.abs().ln();
        let excess = peak.log_f + log_jac[0] - log_value;
        let content = peak.log_volume() + 0.5 * dim as f64 * (2.0 * PI).ln() - log_value;
        (excess > MISSED.ln() && content > WORTH.ln()).then(|| excess.exp())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map::Identity;
    use std::slice::from_ref;

    #[test]
    fn a_narrow_peak_counts_as_missed_by_the_uniform_density() {
        let peak = Peak {
            x: vec![0.5; 3],
            log_f: 10.0,
            widths: vec![0.02; 3],
            curvature: None,
        };
        let map = Identity::new(3);
        // Its content is e^10 (0.02 sqrt(2 pi))^3 = 2.8.
        assert!(missed(from_ref(&peak), &map, 1.0).is_some());
        assert!(missed(from_ref(&peak), &map, 1e4).is_none());
    }
}
