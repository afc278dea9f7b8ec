//! A factorised density from values of log|f|: additive regression.
//!
//! ```text
//! minimise  sum_i omega_i (log|f(x_i)| - c - sum_k h_k(x_ik))^2 + penalty
//! q(x) proportional to exp(sum_k h_k(x_k))
//! ```
//!
//! with `h_k` piecewise linear. A histogram of weighted points tells the density of an axis only to
//! the noise of their weights; the values of f carry no noise, so that where log|f| is additive
//! a few points per knot give q = |f|/I almost exactly, far tails included. Elsewhere the fit is
//! as good as a product can be where omega is large.
//!
//! Backfitting (T. Hastie, R. Tibshirani, "Generalized additive models", Stat. Sci. 1 (1986) 297)
//! with a penalty on second differences (P. Eilers, B. Marx, Stat. Sci. 11 (1996) 89), so that
//! axes go on straight where no point lies. omega = (|f|/q)^gamma with the largest gamma at which
//! enough points count; the number of knots is chosen by points that are held out.
//! Known weakness: points with f = 0 are left out, so the fit knows nothing of voids.

mod axis;
mod backfit;
mod banded;
mod peaked;

use super::{Grid, Map as _};
use crate::error::{Error, Result};

use axis::Axis;
use backfit::Backfit;
pub(crate) use peaked::{Normal, Patience, Peaked};

/// Points with what the target and their density said there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample<'a> {
    pub(crate) dim: usize,
    /// `[n * dim]`, inside the cube
    pub(crate) x: &'a [f64],
    /// `[n]`: log|f|, minus infinity for f = 0
    pub(crate) log_f: &'a [f64],
    /// `[n]`: log(|f|/q)
    pub(crate) log_w: &'a [f64],
}

/// An additive fit of log|f|.
#[derive(Clone, Debug)]
pub(crate) struct Additive {
    axes: Vec<Axis>,
    constant: f64,
    /// omega-weighted mean square of what the fit leaves of log|f|, at points held out
    residual: f64,
}

/// Powers of the weights that may count.
const POWERS: [f64; 6] = [1.0, 0.5, 0.25, 0.125, 0.0625, 0.0];
/// Effective points that must count, at least and per axis.
const POINTS: f64 = 128.0;
const POINTS_PER_AXIS: f64 = 24.0;
/// Most points that are fitted: more tell nothing new.
const MOST_POINTS: usize = 1 << 14;
/// Fewest and most knots per axis, and points for each.
const KNOTS: (usize, usize) = (8, 64);
const POINTS_PER_KNOT: usize = 3;
/// One point in so many is held out.
const HELD_OUT: usize = 5;
/// Bins of the grids, and the width of the law that takes most bins to the tails.
const BINS: usize = 1000;
const LAW_BINS: usize = 2000;
const LAW_WIDTH: f64 = 0.2;

impl Additive {
    /// Fits a sample; `None` where there are too few points with f != 0.
    pub(crate) fn fit(sample: Sample<'_>) -> Option<Self> {
        let dim = sample.dim;
        let mut used = usable(sample);
        if used.len() < KNOTS.0 * dim.max(8) {
            return None;
        }
        // The newest are the best.
        if used.len() > MOST_POINTS {
            used.drain(..used.len() - MOST_POINTS);
        }
        let (omega, _) = omega(sample, &used);
        let most = (used.len() / (POINTS_PER_KNOT * dim)).clamp(KNOTS.0, KNOTS.1);
        let (test, train): (Vec<usize>, Vec<usize>) =
            (0..used.len()).partition(|i| i % HELD_OUT == 0);
        let mut best: Option<(f64, usize)> = None;
        for knots in [most, (most / 3).max(KNOTS.0)] {
            let fit = Backfit::new(sample, &used, &omega, &train, knots).solve();
            let residual = fit.residual(sample, &used, &omega, &test);
            if best.is_none_or(|b| residual < b.0) {
                best = Some((residual, knots));
            }
            if knots == KNOTS.0 {
                break;
            }
        }
        let (residual, knots) = best?;
        let all: Vec<usize> = (0..used.len()).collect();
        let (axes, constant) = Backfit::new(sample, &used, &omega, &all, knots)
            .solve()
            .into_axes();
        residual.is_finite().then_some(Self {
            axes,
            constant,
            residual,
        })
    }

    /// log of the integral of the fit.
    pub(crate) fn log_mass(&self) -> Result<f64> {
        self.axes
            .iter()
            .try_fold(self.constant, |sum, axis| Ok(sum + axis.density(1.0)?.1))
    }

    /// The smallest density of the fit, normalised.
    pub(crate) fn smallest_density(&self) -> Result<f64> {
        let log = self.axes.iter().try_fold(0.0, |sum, axis| {
            let values = axis.density(1.0)?.0;
            let least = values
                .values()
                .iter()
                .copied()
                .fold(f64::INFINITY, f64::min);
            Ok::<f64, Error>(sum + least)
        });
        log.map(f64::exp)
    }

    /// The weights that a fit gives to the points of a sample, `[n]`; 0 where f = 0.
    pub(crate) fn weights(sample: Sample<'_>) -> Vec<f64> {
        let mut weights = vec![0.0; sample.log_f.len()];
        let used = usable(sample);
        for (i, omega) in used.iter().zip(omega(sample, &used).0) {
            weights[*i] = omega;
        }
        weights
    }

    /// Mean square of what the fit leaves of log|f|, at points held out.
    pub(crate) fn residual(&self) -> f64 {
        self.residual
    }

    /// What the fit leaves of log|f| at each point but for a constant, `[n]`.
    pub(crate) fn residuals(&self, sample: Sample<'_>) -> Vec<f64> {
        let points = sample.x.chunks_exact(sample.dim).zip(sample.log_f);
        points
            .map(|(x, log_f)| {
                let fit = x.iter().zip(&self.axes).map(|(x, axis)| axis.at(*x));
                log_f - fit.sum::<f64>()
            })
            .collect()
    }

    /// Two grids, from the latent end, that make up the map whose density is that of the fit to the
    /// `power`: one below 1 makes it wider.
    pub(crate) fn grids(&self, power: f64) -> Result<[Grid; 2]> {
        let dim = self.axes.len();
        // Bins of equal probability would leave a bin for the whole tail: a law below the grid
        // gives those at the ends a smaller one.
        let law = Grid::truncated_normal(dim, LAW_BINS, LAW_WIDTH)?;
        let even: Vec<f64> = (1..BINS).map(|k| k as f64 / BINS as f64).collect();
        let mut shares = even.clone();
        Grid::truncated_normal(1, LAW_BINS, LAW_WIDTH)?.inverse(
            &even,
            &mut shares,
            &mut vec![0.0; even.len()],
        );
        let mut edges = Vec::with_capacity(dim * (BINS + 1));
        for axis in &self.axes {
            let (density, _) = axis.density(power)?;
            edges.push(0.0);
            edges.extend(shares.iter().map(|share| density.quantile(*share)));
            edges.push(1.0);
        }
        let grid = Grid::repaired(dim, BINS, edges);
        Ok([law, grid])
    }
}

/// Mean square of what a fit leaves, about its mean: pairs of a weight and a rest.
fn mean_square(rests: impl Iterator<Item = (f64, f64)>) -> f64 {
    let (mut sum, mut first, mut total) = (0.0, 0.0, 0.0);
    for (weight, rest) in rests {
        sum += weight * rest * rest;
        first += weight * rest;
        total += weight;
    }
    sum / total - (first / total) * (first / total)
}

/// The points with f != 0.
fn usable(sample: Sample<'_>) -> Vec<usize> {
    (0..sample.log_f.len())
        .filter(|i| sample.log_f[*i].is_finite() && sample.log_w[*i].is_finite())
        .collect()
}

/// The weights of the fit, and their power of |f|/q: the largest at which enough points count.
fn omega(sample: Sample<'_>, used: &[usize]) -> (Vec<f64>, f64) {
    let max = used
        .iter()
        .map(|i| sample.log_w[*i])
        .fold(f64::NEG_INFINITY, f64::max);
    let wanted = POINTS.max(POINTS_PER_AXIS * sample.dim as f64);
    let wanted = wanted.min(0.5 * used.len() as f64);
    let mut best = (Vec::new(), 0.0);
    for power in POWERS {
        let omega: Vec<f64> = used
            .iter()
            .map(|i| (power * (sample.log_w[*i] - max)).exp())
            .collect();
        let sum: f64 = omega.iter().sum();
        let squares: f64 = omega.iter().map(|w| w * w).sum();
        best = (omega, power);
        if sum * sum >= wanted * squares {
            break;
        }
    }
    best
}

#[cfg(test)]
mod tests;
