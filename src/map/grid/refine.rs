//! Moving the edges of a grid to where the weights vary.
//!
//! The spread of the weights of a factorised density q = prod `g_i` is smallest where each
//!
//! ```text
//! g_i(x_i)^2  is proportional to  int f^2 / prod_{j != i} g_j  d^{d-1} x
//! ```
//!
//! (G. P. Lepage, J. Comput. Phys. 27 (1978) 192, eq. (10) and arXiv:2009.05112, section II).
//! A refinement goes through the axes one after the other, takes the right-hand side from the
//! squared weights per bin, moves that axis there, and reweights the sample before the next axis
//! (coordinate descent). All axes at once, as in the original, overshoot for structure along
//! diagonals by (d - 1)/2, which the original tames by strong damping; here a product of
//! one-dimensional functions needs one step, and two humps do not oscillate.
//!
//! Noise is met in three ways: bins are smoothed until a window holds enough effective points;
//! where too few weights dominate the squares, powers of them are followed instead (a step
//! towards the target rather than to it); and widths change gradually (see `grading`).
//! Known weakness: structure finer than the first points is found only step by step.

use serde::{Deserialize, Serialize};

use super::{Grid, bin_of, grading::regrade};

/// Powers of |w| whose mean per bin is followed: the variance, and tempered versions of it.
const POWERS: [f64; 4] = [2.0, 1.0, 0.5, 0.25];
/// Effective points in a smoothing window: at least so many, and so many per dimension, because
/// the noise of all axes adds up in the weights and must not grow from step to step.
const WINDOW: f64 = 40.0;
const WINDOW_PER_AXIS: f64 = 8.0;
/// Windows that an axis must be resolved into; else a smaller power is followed.
const RESOLUTION: f64 = 8.0;

/// What an iteration saw: which bins its points were in, and with what weight.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GridTraining {
    dim: usize,
    bins: usize,
    /// `[n * dim]`: bins of the points
    places: Vec<u16>,
    /// `[n]`: |w|
    sizes: Vec<f64>,
    /// `[n]`: for how many points of uniform density a point stands
    shares: Vec<f64>,
    /// whether points count as such where the effective ones are counted, not by their shares
    by_points: bool,
}

impl GridTraining {
    /// Nothing seen yet.
    pub fn new(grid: &Grid) -> Self {
        Self {
            dim: grid.dim,
            bins: grid.bins,
            places: Vec::new(),
            sizes: Vec::new(),
            shares: Vec::new(),
            by_points: false,
        }
    }

    /// The same for points whose shares differ much: where many of them have small shares, the noise is
    /// that of so many points, not of the few of uniform density that they stand for.
    pub(crate) fn by_points(self) -> Self {
        Self {
            by_points: true,
            ..self
        }
    }

    /// Bytes that a point takes.
    pub(crate) fn bytes_per_point(dim: usize) -> usize {
        2 * dim + 16
    }

    /// Adds weights `w` (`[n]`) of points drawn at latent `z` (`[n * dim]`, uniform) through
    /// `grid`.
    pub fn add(&mut self, grid: &Grid, z: &[f64], w: &[f64]) {
        self.add_shares(grid, z, w, &vec![1.0; w.len()]);
    }

    /// As [`Self::add`], for points whose density in z is 1/share (`shares`: `[n]`).
    pub fn add_shares(&mut self, grid: &Grid, z: &[f64], w: &[f64], shares: &[f64]) {
        let bins = self.bins as f64;
        let place = |z: &f64| u16::try_from(bin_of(z * bins, grid.bins)).unwrap_or(u16::MAX);
        self.places.extend(z.iter().map(place));
        self.sizes.extend(w.iter().map(|w| w.abs()));
        self.shares.extend_from_slice(shares);
    }

    /// Adds what another part of the iteration saw.
    pub fn merge(&mut self, other: &Self) {
        self.places.extend_from_slice(&other.places);
        self.sizes.extend_from_slice(&other.sizes);
        self.shares.extend_from_slice(&other.shares);
    }

    /// Whether all weights are the same.
    fn is_flat(&self) -> bool {
        self.sizes
            .windows(2)
            .all(|pair| pair[0].total_cmp(&pair[1]).is_eq())
    }

    /// The largest power of the weights of which enough points count, each point's share times
    /// that power of its weight, and the effective number of points.
    fn tempered(&self, window: f64) -> (Vec<f64>, f64) {
        let most = self.sizes.iter().fold(0.0, |a: f64, b| a.max(*b));
        let mut result = (Vec::new(), 0.0);
        for power in POWERS {
            let (mut sum, mut squares) = (0.0, 0.0);
            let sizes = self.sizes.iter().zip(&self.shares);
            let terms: Vec<f64> = sizes
                .map(|(size, share)| {
                    let p = (size / most).powf(power);
                    sum += share * p;
                    let counted = if self.by_points {
                        share * share
                    } else {
                        *share
                    };
                    squares += counted * p * p;
                    share * p
                })
                .collect();
            let effective = if squares > 0.0 {
                sum * sum / squares
            } else {
                0.0
            };
            result = (terms, effective);
            if effective >= RESOLUTION * window {
                break;
            }
        }
        result
    }
}

impl Grid {
    /// Moves the edges towards the smallest spread of the weights, as seen in `training`.
    ///
    /// Each axis goes the way of `alpha` (0 to 1, in the logarithm of its density) from where it
    /// is to where the sample says it should be. Nothing changes where the weights are all equal.
    #[must_use]
    pub fn refined(&self, training: &GridTraining, alpha: f64) -> Self {
        let window = WINDOW.max(WINDOW_PER_AXIS * self.dim as f64);
        if training.is_flat() || self.bins == 1 || alpha == 0.0 {
            return self.clone();
        }
        let (mut terms, effective) = training.tempered(window);
        // Number of bins to smooth over.
        let width = window * self.bins as f64 / effective;
        let mut edges = Vec::with_capacity(self.edges.len());
        for (i, axis) in self.edges.chunks_exact(self.bins + 1).enumerate() {
            let places = || training.places.iter().skip(i).step_by(self.dim);
            let mut means = vec![[0.0, 0.0]; self.bins];
            for ((place, term), share) in places().zip(&terms).zip(&training.shares) {
                let [sum, points] = &mut means[usize::from(*place)];
                *sum += term;
                *points += share;
            }
            match importance(&means, width, alpha) {
                Some(importance) => {
                    let widths: Vec<f64> = axis
                        .windows(2)
                        .zip(&importance)
                        .map(|(edge, importance)| (edge[1] - edge[0]) / importance)
                        .collect();
                    regrade(axis, &widths, &mut edges);
                    // The squares of the weights under the moved axis.
                    for (place, term) in places().zip(&mut terms) {
                        let importance = importance[usize::from(*place)];
                        *term /= if importance > 1e-6 { importance } else { 1e-6 };
                    }
                }
                None => edges.extend_from_slice(axis),
            }
        }
        Self::with_rising(self.dim, strictly_rising(edges, self.bins + 1))
    }
}

/// By how much the density of each bin is to change: the root of its mean square, smoothed over
/// `width` bins and normalised to a mean of 1; `None` where nothing was seen.
fn importance(means: &[[f64; 2]], width: f64, alpha: f64) -> Option<Vec<f64>> {
    let mut means: Vec<f64> = means
        .iter()
        .map(|[sum, points]| if *points > 0.0 { sum / points } else { 0.0 })
        .collect();
    let max = means.iter().fold(0.0, |a: f64, b| a.max(*b));
    if !(max > 0.0 && max.is_finite()) {
        return None;
    }
    for m in &mut means {
        *m /= max;
    }
    smooth(&mut means, width);
    for m in &mut means {
        *m = m.powf(0.5 * alpha);
    }
    let mean = means.iter().sum::<f64>() / means.len() as f64;
    for m in &mut means {
        *m /= mean;
    }
    Some(means)
}

/// Three running means whose effective window (the inverse of the sum of squared coefficients)
/// is `width`, or three bins at least.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a number of bins, positive and limited"
)]
fn smooth(values: &mut [f64], width: f64) {
    let n = values.len();
    // For a bell of standard deviation s the window is 2 sqrt(pi) s; three running means over
    // m bins have the variance (m^2 - 1)/4.
    let deviation = width.max(3.0) / 3.5;
    let span = (4.0 * deviation * deviation + 1.0).sqrt().min(n as f64) as usize;
    let half = span / 2;
    let mut before = vec![0.0; n + 1];
    for _ in 0..3 {
        for (k, value) in values.iter().enumerate() {
            before[k + 1] = before[k] + value;
        }
        for (k, value) in values.iter_mut().enumerate() {
            let (from, to) = (k.saturating_sub(half), (k + half + 1).min(n));
            *value = ((before[to] - before[from]) / (to - from) as f64).max(0.0);
        }
    }
}

/// Repairs edges that rounding has made coincide.
pub(super) fn strictly_rising(mut edges: Vec<f64>, per_axis: usize) -> Vec<f64> {
    for axis in edges.chunks_exact_mut(per_axis) {
        axis[0] = 0.0;
        axis[per_axis - 1] = 1.0;
        for k in 1..per_axis - 1 {
            axis[k] = axis[k].max(axis[k - 1].next_up());
        }
        for k in (1..per_axis - 1).rev() {
            axis[k] = axis[k].min(axis[k + 1].next_down());
        }
    }
    edges
}
