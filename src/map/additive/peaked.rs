//! A sum of products from values of log|f|: several additive fits whose exponentials add up.
//!
//! ```text
//! log|f(x)| = log sum_k exp(sum_j h_kj(x_j)),     r_k = exp(sum_j h_kj)/sum_l exp(sum_j h_lj)
//! ```
//!
//! What is left of log|f| is divided as in expectation maximisation: each part in turn is fitted
//! to log(`r_k` |f|) with the weights omega `r_k`, which leaves the same residual at a point for
//! all parts (A. Dempster, N. Laird, D. Rubin, J. R. Stat. Soc. B 39 (1977) 1; with values of f
//! in place of densities of points, far tails are known as well as tops). Parts begin as normal
//! densities: around peaks that are known, or where the worst part is split in two along its
//! longest axis. More parts are tried as long as points that are held out are explained better.
//! Known weakness: what no split along one axis tells apart stays together.

use nalgebra::{DMatrix, SymmetricEigen};

use super::{HELD_OUT, KNOTS, POINTS_PER_KNOT};
use super::{Sample, axis::Axis, backfit::Column, omega, usable};
use crate::error::Result;
use crate::map::{LogLinear, ProductMixture};

/// Most parts, and splits without progress before no other is tried.
const MOST_PARTS: usize = 8;
const PATIENCE: usize = 2;
/// Most coordinates: beyond, nothing is told apart by few points.
const MOST_AXES: usize = 64;
/// A fit with more parts must leave so much less.
const GAIN: f64 = 0.8;
/// Effective points per axis that a part must have to be split.
const POINTS_TO_SPLIT: f64 = 4.0;
/// Sweeps over all parts, and the fall of the residual below which they end.
const SWEEPS: usize = 40;
const FEW: usize = 4;
const PROGRESS: f64 = 1e-2;
/// Seconds of a sweep for a point and axis.
const SECONDS: f64 = 2e-8;
/// Seconds of a pair of points and an axis, and of putting a point of an axis in order.
const PAIR: f64 = 1e-9;
const SORT: f64 = 1e-7;
/// Steps of two means.
const STEPS: usize = 12;
/// Weight of a point, in units of the mean, that makes a knot seen.
const LITTLE: f64 = 1e-3;
/// Part of the weights that a part must keep.
const NOTHING: f64 = 1e-9;
/// Smallest distance of its knots.
const CLOSEST: f64 = 1e-9;
/// Knots of a normal density at each side, in quarters of its width.
const SCORES: i32 = 20;
/// Points that are fitted, per axis, at least and at most: the newest, which are the best.
const POINTS_PER_AXIS: usize = 640;
const POINTS: (usize, usize) = (1 << 10, 1 << 13);
/// Neighbours that a maximum must exceed, and points among which they are looked for.
const NEIGHBOURS: usize = 10;
const AMONG: usize = 1024;
/// Residual from which on no other beginning is tried.
const GOOD: f64 = 1e-2;
/// Residual from which on nothing is left to be told apart.
const EXACT: f64 = 1e-4;

/// A normal density that a part begins with.
#[derive(Clone, Debug)]
pub(crate) struct Normal {
    /// log of its content
    pub(crate) log_share: f64,
    /// `[dim]`
    pub(crate) centre: Vec<f64>,
    /// `[dim]`
    pub(crate) widths: Vec<f64>,
}

/// What parts begin with: what is known, a single one to be split, or what can be seen.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Begin {
    Known,
    Single,
    Maxima,
}

/// log|f| as the logarithm of a sum of products.
#[derive(Clone, Debug)]
pub(crate) struct Peaked {
    parts: Vec<Vec<Axis>>,
    /// mean square of what is left of log|f| at points held out
    residual: f64,
    /// log of the integral
    log_mass: f64,
}

impl Peaked {
    /// Fits a sample with more than one part, beginning with `peaks` where there are two or more,
    /// for as long as `seconds` last, by a fixed rate, and takes them off. `None` where there are
    /// too few points, or nothing is told apart.
    pub(crate) fn fit(sample: Sample<'_>, peaks: &[Normal], seconds: &mut f64) -> Option<Self> {
        let dim = sample.dim;
        let mut used = usable(sample);
        if used.len() < KNOTS.0 * dim.max(8) || dim > MOST_AXES {
            return None;
        }
        let most = (POINTS_PER_AXIS * dim).clamp(POINTS.0, POINTS.1);
        if used.len() > most {
            used.drain(..used.len() - most);
        }
        let (omega, power) = omega(sample, &used);
        let (test, train): (Vec<usize>, Vec<usize>) =
            (0..used.len()).partition(|i| i % HELD_OUT == 0);
        let fit = || Fit::new(sample, &used, &omega, &train);
        let judge = |fit: &Fit| fit.at(sample, &used, &omega, &test);
        let mut best = None;
        for start in [Begin::Known, Begin::Single, Begin::Maxima] {
            let good = |b: &Self| b.parts.len() > 1 && b.residual < GOOD;
            if *seconds <= 0.0 || best.as_ref().is_some_and(good) {
                break;
            }
            let mut fit = fit();
            fit.seconds = *seconds;
            let normals = match start {
                Begin::Known => peaks.to_vec(),
                Begin::Single => vec![fit.normal(&vec![1.0; train.len()], power)],
                Begin::Maxima => fit.maxima(power),
            };
            if normals.len() >= 2 || start == Begin::Single {
                fit.begin(&normals, None);
                fit.grow(&mut best, power, judge);
            }
            *seconds = fit.seconds;
        }
        best.filter(|b| b.parts.len() > 1 && b.residual.is_finite())
    }

    /// A normal density for each part.
    pub(crate) fn normals(&self) -> Result<Vec<Normal>> {
        let part = |axes: &Vec<Axis>| {
            let mut normal = Normal {
                log_share: 0.0,
                centre: Vec::new(),
                widths: Vec::new(),
            };
            for axis in axes {
                let (density, log_mass) = axis.density(1.0)?;
                // Of quantiles: far tails are of no interest.
                let low = density.quantile(0.16);
                let high = density.quantile(0.84);
                normal.log_share += log_mass;
                normal.centre.push(0.5 * (low + high));
                normal.widths.push((0.5 * (high - low)).max(1e-6));
            }
            Ok(normal)
        };
        self.parts.iter().map(part).collect()
    }

    /// Mean square of what the fit leaves of log|f|, at points held out.
    pub(crate) fn residual(&self) -> f64 {
        self.residual
    }

    /// The density of normals, cut off at the ends of the cube and nowhere too small.
    pub(crate) fn around(normals: &[Normal]) -> Result<ProductMixture> {
        let top = normals.iter().map(|n| n.log_share);
        let top = top.fold(f64::NEG_INFINITY, f64::max);
        let component = |normal: &Normal| {
            let axes = normal.centre.iter().zip(&normal.widths);
            let axes = axes.map(|(centre, width)| normal_axis(*centre, *width));
            let share = (normal.log_share - top).exp().max(NOTHING);
            Ok((share, axes.collect::<Result<Vec<_>>>()?))
        };
        ProductMixture::new(normals.iter().map(component).collect::<Result<_>>()?)
    }

    /// log of the integral of the fit.
    pub(crate) fn log_mass(&self) -> f64 {
        self.log_mass
    }

    /// Whether f/q varies clearly less than with another fit. Its mean square over points of f is the
    /// integral of the fit times what is left.
    fn is_better(&self, other: &Self) -> bool {
        let least = self.log_mass.min(other.log_mass);
        let square = |fit: &Self| (fit.log_mass - least).exp() * (1.0 + fit.residual) - 1.0;
        square(self) < GAIN * square(other)
    }

    /// The density of the fit, each part to the `power`.
    pub(crate) fn mixture(&self, power: f64) -> Result<ProductMixture> {
        let mut components = Vec::new();
        let mut logs = Vec::new();
        for part in &self.parts {
            let mut log = 0.0;
            let mut axes = Vec::new();
            for axis in part {
                let (density, log_mass) = axis.density(power)?;
                log += log_mass;
                axes.push(density);
            }
            logs.push(log);
            components.push((0.0, axes));
        }
        let top = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        for (component, log) in components.iter_mut().zip(&logs) {
            component.0 = (log - top).exp().max(NOTHING);
        }
        ProductMixture::new(components)
    }
}

/// One part while it is fitted.
#[derive(Clone)]
struct Part {
    columns: Vec<Column>,
    /// `[n]`: log of the part at the points
    fit: Vec<f64>,
}

/// A fit to some of the points.
struct Fit {
    dim: usize,
    /// `[n * dim]`
    x: Vec<f64>,
    /// `[n]`
    log_f: Vec<f64>,
    /// `[n]`
    weights: Vec<f64>,
    /// knots of each axis, for one part
    knots: usize,
    /// that are left, by a fixed rate
    seconds: f64,
    parts: Vec<Part>,
    /// `[n]`: what is not yet explained
    rest: Vec<f64>,
    /// for each part, `[n]`
    shares: Vec<Vec<f64>>,
}

impl Fit {
    fn new(sample: Sample<'_>, used: &[usize], omega: &[f64], of: &[usize]) -> Self {
        let dim = sample.dim;
        let point = |i: &usize| &sample.x[used[*i] * dim..][..dim];
        Self {
            dim,
            x: of.iter().flat_map(point).copied().collect(),
            log_f: of.iter().map(|i| sample.log_f[used[*i]]).collect(),
            weights: of.iter().map(|i| omega[*i]).collect(),
            knots: used.len() / (POINTS_PER_KNOT * dim),
            seconds: 0.0,
            parts: Vec::new(),
            rest: Vec::new(),
            shares: Vec::new(),
        }
    }

    /// Adds a part for each of `normals`, with the level at which they explain `target` best
    /// where `within` (`[n]` both) is; log|f| everywhere without them.
    fn begin(&mut self, normals: &[Normal], target: Option<(&[f64], &[f64])>) {
        let n = self.log_f.len();
        let logs: Vec<Vec<f64>> = normals.iter().map(|p| self.log_density(p)).collect();
        let (sum, shares) = mix(logs.iter().map(|l| &l[..]), n);
        let ones = vec![1.0; n];
        let (target, within) = target.unwrap_or((&self.log_f, &ones));
        let (mut level, mut total) = (0.0, 0.0);
        for i in 0..n {
            let w = self.weights[i] * within[i];
            level += w * (target[i] - sum[i]);
            total += w;
        }
        let level = level / total;
        let count = self.parts.len() + normals.len();
        self.seconds -= SORT * (normals.len() * n * self.dim) as f64;
        let knots = (self.knots / count).clamp(KNOTS.0, KNOTS.1);
        for (normal, share) in normals.iter().zip(shares) {
            let weights: Vec<f64> = (0..n)
                .map(|i| self.weights[i] * within[i] * share[i])
                .collect();
            let mut columns: Vec<Column> = (0..self.dim)
                .map(|j| Column::new(&self.axis(j), &weights, knots))
                .collect();
            for (j, column) in columns.iter_mut().enumerate() {
                let (centre, width) = (normal.centre[j], normal.widths[j]);
                let constant = if j == 0 {
                    level + normal.log_share
                } else {
                    0.0
                };
                column.set(|x| constant - width.ln() - 0.5 * ((x - centre) / width).powi(2));
            }
            let mut fit = vec![0.0; n];
            for column in &columns {
                fit.iter_mut()
                    .zip(column.fitted())
                    .for_each(|(f, v)| *f += v);
            }
            self.parts.push(Part { columns, fit });
        }
        self.mix();
    }

    /// Coordinate j of all points.
    fn axis(&self, j: usize) -> Vec<f64> {
        self.x.iter().skip(j).step_by(self.dim).copied().collect()
    }

    /// log of a normal density with its content, up to a constant, `[n]`.
    fn log_density(&self, normal: &Normal) -> Vec<f64> {
        let widths: f64 = normal.widths.iter().map(|w| w.ln()).sum();
        let points = self.x.chunks_exact(self.dim);
        points
            .map(|x| {
                let scores = x.iter().zip(normal.centre.iter().zip(&normal.widths));
                let square: f64 = scores.map(|(x, (m, s))| ((x - m) / s).powi(2)).sum();
                normal.log_share - widths - 0.5 * square
            })
            .collect()
    }

    /// Shares of the parts and the residual from what the parts are now.
    fn mix(&mut self) {
        let (sum, shares) = mix(self.parts.iter().map(|p| &p.fit[..]), self.log_f.len());
        self.rest = self.log_f.iter().zip(&sum).map(|(f, s)| f - s).collect();
        self.shares = shares;
    }

    /// As [`Self::mix`], after part k alone has changed.
    fn remix(&mut self, k: usize) {
        // s_l = t_l/t; with t_k another, all shares change by the same factor.
        for i in 0..self.rest.len() {
            let sum = self.log_f[i] - self.rest[i];
            let new = (self.parts[k].fit[i] - sum).exp();
            let others = 1.0 - self.shares[k][i];
            let change = others + new;
            if !(1e-3..1e3).contains(&change) {
                // Too much is lost to rounding.
                self.mix();
                return;
            }
            self.shares[k][i] = new;
            for shares in &mut self.shares {
                shares[i] /= change;
            }
            self.rest[i] -= change.ln();
        }
    }

    /// Sweeps until nothing changes any more; false if a part has vanished.
    fn solve(&mut self) -> bool {
        let all: f64 = self.weights.iter().sum();
        let mut last = f64::INFINITY;
        // A single part only shows where to split it.
        let sweeps = if self.parts.len() == 1 { FEW } else { SWEEPS };
        for _ in 0..sweeps {
            for k in 0..self.parts.len() {
                let pairs = self.weights.iter().zip(&self.shares[k]);
                let weights: Vec<f64> = pairs.map(|(w, r)| w * r).collect();
                let total: f64 = weights.iter().sum();
                if total.is_nan() || total <= NOTHING * all {
                    return false;
                }
                let little = LITTLE * total / weights.len() as f64;
                let mut rest = self.rest.clone();
                let part = &mut self.parts[k];
                for column in &mut part.columns {
                    column.weigh(&weights, little);
                    column.improve(&mut rest, &weights);
                }
                for (fit, (before, after)) in part.fit.iter_mut().zip(self.rest.iter().zip(&rest)) {
                    *fit += before - after;
                }
                self.remix(k);
                self.seconds -= SECONDS * weights.len() as f64 * self.dim as f64;
            }
            let pairs = self.weights.iter().zip(&self.rest);
            let now = pairs.map(|(w, r)| w * r * r).sum::<f64>() / all;
            if now.is_nan() {
                return false;
            }
            if now >= (1.0 - PROGRESS) * last {
                break;
            }
            last = now;
        }
        true
    }

    /// Solves, and splits as long as points held out are explained better; the better is kept.
    fn grow(&mut self, best: &mut Option<Peaked>, power: f64, judge: impl Fn(&Self) -> Peaked) {
        let mut stale = 0;
        while self.solve() {
            let now = judge(self);
            let left = now.residual;
            let progress = best.as_ref().is_none_or(|b| now.is_better(b));
            stale = if progress { 0 } else { stale + 1 };
            if progress {
                *best = Some(now);
            }
            let exact = self.parts.len() > 1 && left < EXACT;
            let last = self.parts.len() >= MOST_PARTS || self.seconds <= 0.0;
            let enough = stale >= PATIENCE || last || exact;
            if enough || !self.split(power) {
                break;
            }
        }
    }

    /// Normal densities of the points that are nearest to each maximum: a point that counts for
    /// more than all those near it.
    fn maxima(&mut self, power: f64) -> Vec<Normal> {
        let dim = self.dim;
        self.seconds -= PAIR * (dim + 8) as f64 * (AMONG * AMONG) as f64;
        let mut order: Vec<usize> = (0..self.weights.len()).collect();
        order.sort_by(|a, b| self.weights[*b].total_cmp(&self.weights[*a]));
        order.truncate(AMONG);
        let square = |i: usize, j: usize| -> f64 {
            let (x, y) = (&self.x[i * dim..][..dim], &self.x[j * dim..][..dim]);
            x.iter().zip(y).map(|(a, b)| (a - b) * (a - b)).sum()
        };
        let mut tops = Vec::new();
        for (rank, i) in order.iter().enumerate() {
            // Is any of its nearest neighbours higher, which is to say earlier?
            let mut near: Vec<(f64, usize)> = order
                .iter()
                .enumerate()
                .filter(|(r, _)| *r != rank)
                .map(|(r, j)| (square(*i, *j), r))
                .collect();
            if near.len() <= NEIGHBOURS {
                break;
            }
            near.select_nth_unstable_by(NEIGHBOURS, |a, b| a.0.total_cmp(&b.0));
            if near[..NEIGHBOURS].iter().all(|n| n.1 > rank) {
                tops.push(*i);
            }
            if tops.len() == MOST_PARTS {
                break;
            }
        }
        let nearest = |i: usize| {
            (0..tops.len()).min_by(|a, b| square(i, tops[*a]).total_cmp(&square(i, tops[*b])))
        };
        let places: Vec<Option<usize>> = (0..self.weights.len()).map(nearest).collect();
        (0..tops.len())
            .map(|k| {
                let within: Vec<f64> = places
                    .iter()
                    .map(|p| f64::from(u8::from(*p == Some(k))))
                    .collect();
                self.normal(&within, power)
            })
            .collect()
    }

    /// Splits the part that explains least; false if it has too few points.
    fn split(&mut self, power: f64) -> bool {
        let miss = |shares: &Vec<f64>| -> f64 {
            let each = self.weights.iter().zip(shares).zip(&self.rest);
            each.map(|((w, r), rest)| w * r * rest * rest).sum()
        };
        let misses: Vec<f64> = self.shares.iter().map(miss).collect();
        let worst = (0..misses.len()).max_by(|a, b| misses[*a].total_cmp(&misses[*b]));
        let Some(worst) = worst else { return false };
        let within = self.shares[worst].clone();
        let Some(halves) = self.halves(&within) else {
            return false;
        };
        let part = self.parts.remove(worst);
        let normals = halves.map(|half| self.normal(&half, power));
        self.begin(&normals, Some((&part.fit, &within)));
        true
    }

    /// Two halves of the points as they count in `within` (`[n]` each), by two means.
    fn halves(&self, within: &[f64]) -> Option<[Vec<f64>; 2]> {
        let dim = self.dim;
        let w: Vec<f64> = self
            .weights
            .iter()
            .zip(within)
            .map(|(a, b)| a * b)
            .collect();
        let (sum, squares) = w.iter().fold((0.0, 0.0), |(s, q), w| (s + w, q + w * w));
        let enough = POINTS_TO_SPLIT * dim.max(8) as f64;
        if (sum * sum / squares).is_nan() || sum * sum < enough * squares {
            return None;
        }
        let mean = self.mean(&w);
        let mut covariance = DMatrix::<f64>::zeros(dim, dim);
        for (x, w) in self.x.chunks_exact(dim).zip(&w) {
            for a in 0..dim {
                for b in 0..=a {
                    covariance[(a, b)] += w * (x[a] - mean[a]) * (x[b] - mean[b]) / sum;
                }
            }
        }
        covariance.fill_upper_triangle_with_lower_triangle();
        let eigen = SymmetricEigen::new(covariance);
        let longest = eigen.eigenvalues.imax();
        let length = eigen.eigenvalues[longest].sqrt();
        let axis = eigen.eigenvectors.column(longest);
        let end = |sign: f64| -> Vec<f64> {
            let pairs = mean.iter().zip(axis.iter());
            pairs.map(|(m, a)| m + sign * length * a).collect()
        };
        let mut centres = [end(-1.0), end(1.0)];
        let mut halves = [vec![], vec![]];
        for _ in 0..STEPS {
            let square = |x: &[f64], c: &[f64]| -> f64 {
                x.iter().zip(c).map(|(x, c)| (x - c) * (x - c)).sum()
            };
            let first = |x: &[f64]| square(x, &centres[0]) < square(x, &centres[1]);
            let points = self.x.chunks_exact(dim).zip(within);
            halves = points
                .map(|(x, r)| if first(x) { (*r, 0.0) } else { (0.0, *r) })
                .collect::<(Vec<f64>, Vec<f64>)>()
                .into();
            let weights = |half: &[f64]| -> Vec<f64> {
                self.weights.iter().zip(half).map(|(w, h)| w * h).collect()
            };
            let sides = [weights(&halves[0]), weights(&halves[1])];
            if sides.iter().any(|s| s.iter().sum::<f64>() <= NOTHING * sum) {
                return None;
            }
            centres = sides.map(|s| self.mean(&s));
        }
        Some(halves)
    }

    /// Mean of the points with the weights `w`.
    fn mean(&self, w: &[f64]) -> Vec<f64> {
        let total: f64 = w.iter().sum();
        let mut mean = vec![0.0; self.dim];
        for (x, w) in self.x.chunks_exact(self.dim).zip(w) {
            for (m, x) in mean.iter_mut().zip(x) {
                *m += w * x / total;
            }
        }
        mean
    }

    /// The normal density of the points as they count in `within`; weights that are a `power` of those
    /// that count make it look wider than it is.
    fn normal(&self, within: &[f64], power: f64) -> Normal {
        let w: Vec<f64> = self
            .weights
            .iter()
            .zip(within)
            .map(|(a, b)| a * b)
            .collect();
        let total: f64 = w.iter().sum();
        let centre = self.mean(&w);
        let mut squares = vec![0.0; self.dim];
        for (x, w) in self.x.chunks_exact(self.dim).zip(&w) {
            for (s, (x, m)) in squares.iter_mut().zip(x.iter().zip(&centre)) {
                *s += w * (x - m) * (x - m) / total;
            }
        }
        let width = |s: f64| (power.max(0.05) * s).sqrt().clamp(1e-6, 1.0);
        Normal {
            log_share: total.ln(),
            centre,
            widths: squares.into_iter().map(width).collect(),
        }
    }

    /// What has been fitted, judged at the points `used[i]`, i in `test`.
    fn at(&self, sample: Sample<'_>, used: &[usize], omega: &[f64], test: &[usize]) -> Peaked {
        let axes = |p: &Part| p.columns.iter().map(|c| c.axis.clone()).collect();
        let parts: Vec<Vec<Axis>> = self.parts.iter().map(axes).collect();
        let (mut sum, mut first, mut total) = (0.0, 0.0, 0.0);
        for i in test {
            let x = &sample.x[used[*i] * self.dim..][..self.dim];
            let log = |p: &Vec<Axis>| -> f64 { x.iter().zip(p).map(|(x, a)| a.at(*x)).sum() };
            let logs: Vec<[f64; 1]> = parts.iter().map(|p| [log(p)]).collect();
            let (fit, _) = mix(logs.iter().map(|l| &l[..]), 1);
            let rest = sample.log_f[used[*i]] - fit[0];
            sum += omega[*i] * rest * rest;
            first += omega[*i] * rest;
            total += omega[*i];
        }
        let residual = sum / total - (first / total) * (first / total);
        let mut fit = Peaked {
            parts,
            residual,
            log_mass: f64::INFINITY,
        };
        if let Ok(normals) = fit.normals() {
            let logs: Vec<[f64; 1]> = normals.iter().map(|n| [n.log_share]).collect();
            fit.log_mass = mix(logs.iter().map(|l| &l[..]), 1).0[0];
        }
        fit
    }
}

/// A normal density between 0 and 1, nowhere too small.
fn normal_axis(centre: f64, width: f64) -> Result<LogLinear> {
    let scores = (-SCORES..=SCORES).map(|k| 0.25 * f64::from(k));
    let inner = scores.map(|s| centre + width * s);
    let inner = inner.filter(|x| *x > CLOSEST && *x < 1.0 - CLOSEST);
    let mut knots: Vec<f64> = [0.0].into_iter().chain(inner).chain([1.0]).collect();
    knots.dedup_by(|b, a| *b - *a < CLOSEST);
    let lowest = -0.5 * (0.25 * f64::from(SCORES)).powi(2);
    let value = |x: &f64| (-0.5 * ((x - centre) / width).powi(2)).max(lowest);
    let values = knots.iter().map(value).collect();
    LogLinear::new(knots, values)
}

/// log sum exp over `logs` (`[n]` each), and the share of each.
fn mix<'a>(logs: impl Iterator<Item = &'a [f64]> + Clone, n: usize) -> (Vec<f64>, Vec<Vec<f64>>) {
    let mut top = vec![f64::NEG_INFINITY; n];
    for log in logs.clone() {
        top.iter_mut().zip(log).for_each(|(t, l)| *t = t.max(*l));
    }
    let mut sum = vec![0.0; n];
    let mut shares: Vec<Vec<f64>> = Vec::new();
    for log in logs {
        let share: Vec<f64> = log.iter().zip(&top).map(|(l, t)| (l - t).exp()).collect();
        sum.iter_mut().zip(&share).for_each(|(s, e)| *s += e);
        shares.push(share);
    }
    for share in &mut shares {
        share.iter_mut().zip(&sum).for_each(|(e, s)| *e /= s);
    }
    let sums = top.iter().zip(&sum).map(|(t, s)| t + s.ln());
    (sums.collect(), shares)
}
