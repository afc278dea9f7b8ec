//! The shape of a peak: second differences of log|f|, and the turned axes that follow.
//!
//! ```text
//! H_ij = [l(+,-) + l(-,+) - l(+,+) - l(-,-)]/(4 a^2 s_i s_j),  l(+,-) = log|f|(x + a s_i e_i - a s_j e_j)
//! ```
//!
//! for i != j, with the widths `s_i` along the axes, and `H_ii` = 1/`s_i`^2; first derivatives cancel.
//! The normal density with the covariance H^-1 is Laplace's approximation. A thin ridge along a
//! diagonal is hidden from widths along the axes: each of them sees the ridge's thickness alone.
//! Weaknesses: 2 d (d - 1) calls, and no use where H is not positive definite.

use nalgebra::{Cholesky, DMatrix};

use super::layers::Layers;
use super::{climb::Function, peaks::Peak, turned::Base, zoom::Zoom};
use crate::error::Result;
use crate::map::{Grid, inside};
use crate::sobol::Sobol;
use crate::stats::normal_quantile;

/// Most coordinates.
const MOST_AXES: usize = 16;
/// Steps, in units of the widths along the axes.
const STEP: f64 = 0.5;
/// Points that stand for the normal density.
const POINTS: usize = 1 << 12;
/// Bins of its grid.
const BINS: usize = 1000;
/// Width in units of the standard deviation.
const SCALE: f64 = 1.25;

/// Calls of the second differences.
pub(super) fn calls(dim: usize) -> u64 {
    if (2..=MOST_AXES).contains(&dim) {
        2 * (dim * (dim - 1)) as u64
    } else {
        0
    }
}

/// The factor L of H = L L^T at a peak, and the calls made; `None` where H is not positive definite,
/// or no more calls may be made.
pub(super) fn measure(function: Function<'_>, peak: &Peak) -> Result<(Option<Vec<f64>>, u64)> {
    let dim = peak.x.len();
    let mut curvature = DMatrix::<f64>::identity(dim, dim);
    let mut made = 0;
    for i in 0..dim {
        for j in 0..i {
            if (function.stop)() {
                return Ok((None, made));
            }
            made += 4;
            let mut sum = 0.0;
            for (a, b) in [(1.0, 1.0), (1.0, -1.0), (-1.0, 1.0), (-1.0, -1.0)] {
                let mut x = peak.x.clone();
                x[i] = inside(x[i] + a * STEP * peak.widths[i]);
                x[j] = inside(x[j] + b * STEP * peak.widths[j]);
                sum -= a * b * (function.log_f)(&x)?;
            }
            // In units of 1/(s_i s_j).
            curvature[(i, j)] = sum / (4.0 * STEP * STEP);
            curvature[(j, i)] = curvature[(i, j)];
        }
    }
    if curvature.iter().any(|c| !c.is_finite()) {
        return Ok((None, made));
    }
    let factor = Cholesky::new(curvature);
    Ok((factor.map(|f| f.l().as_slice().to_vec()), made))
}

/// By how much log|f| is lower at `x` than at the peak, to second order.
pub(super) fn fall(peak: &Peak, x: &[f64]) -> Option<f64> {
    let dim = x.len();
    let factor = peak.curvature.as_ref()?;
    // H = L L^T in units of the widths, so that the fall is |L^T t|^2/2.
    let at = x.iter().zip(peak.x.iter().zip(&peak.widths));
    let t: Vec<f64> = at.map(|(x, (m, s))| (x - m) / s).collect();
    let column = |j: usize| -> f64 { (j..dim).map(|i| factor[j * dim + i] * t[i]).sum() };
    Some((0..dim).map(|j| 0.5 * column(j) * column(j)).sum())
}

/// Fixed maps with the density of Laplace's approximation at `peak`, a little wider.
pub(super) fn laplace(peak: &Peak) -> Result<Option<Layers>> {
    let dim = peak.x.len();
    let Some(factor) = &peak.curvature else {
        return Ok(None);
    };
    let factor = DMatrix::from_column_slice(dim, dim, factor);
    let mut x = vec![0.0; POINTS * dim];
    Sobol::new(dim, 1)?.fill(0, &mut x);
    let mut inside_the_cube = vec![1.0; POINTS];
    for (x, weight) in x.chunks_exact_mut(dim).zip(&mut inside_the_cube) {
        // H^-1 = L^-T L^-1, so that L^-T u has this covariance.
        let mut scores: Vec<f64> = x.iter().map(|z| normal_quantile(*z)).collect();
        for i in (0..dim).rev() {
            for k in i + 1..dim {
                scores[i] -= factor[(k, i)] * scores[k];
            }
            scores[i] /= factor[(i, i)];
        }
        for (i, x) in x.iter_mut().enumerate() {
            *x = peak.x[i] + peak.widths[i] * scores[i];
            if *x <= 0.0 || *x >= 1.0 {
                *weight = 0.0;
            }
            *x = inside(*x);
        }
    }
    let base = Base::of_points(dim, &x, &inside_the_cube)?;
    let Some((y, _)) = base.coordinates(&x, POINTS) else {
        return Ok(None);
    };
    let zoom = Zoom::new(dim, &y, &inside_the_cube, SCALE);
    let edges: Vec<f64> = (0..=BINS).map(|k| k as f64 / BINS as f64).collect();
    let even = Grid::from_edges(dim, edges.repeat(dim))?;
    Ok(Some(base.layers([zoom.back(&even)])))
}
