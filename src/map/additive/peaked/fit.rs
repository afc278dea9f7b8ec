//! The parts of a sum of products while they are fitted.

use super::super::{KNOTS, POINTS_PER_KNOT, Sample, axis::Axis, backfit::Column, mean_square};
use super::{NOTHING, Normal, Patience, Peaked};

/// Most parts, and splits without progress before no other is tried.
pub(super) const MOST_PARTS: usize = 8;
const PATIENCE: usize = 2;
/// Sweeps over all parts, and the fall of the residual below which they end; a single part only
/// shows where to split it.
const SWEEPS: usize = 40;
const FEW: usize = 4;
const PROGRESS: f64 = 1e-2;
/// Seconds of a sweep for a point and axis, and of putting a point of an axis in order.
const SECONDS: f64 = 2e-8;
const SORT: f64 = 1e-7;
/// Residual from which on nothing is left to be told apart.
const EXACT: f64 = 1e-4;
/// Weight of a point, in units of the mean, that makes a knot seen.
const LITTLE: f64 = 1e-3;

/// One part while it is fitted.
#[derive(Clone)]
struct Part {
    columns: Vec<Column>,
    /// `[n]`: log of the part at the points
    fit: Vec<f64>,
}

/// A fit to some of the points.
pub(super) struct Fit<'a> {
    pub(super) dim: usize,
    /// `[n * dim]`
    pub(super) x: Vec<f64>,
    /// `[n]`
    log_f: Vec<f64>,
    /// `[n]`
    pub(super) weights: Vec<f64>,
    /// knots of each axis, for one part
    knots: usize,
    /// that are left, by a fixed rate
    pub(super) seconds: f64,
    /// whether it has to end at once
    stop: &'a dyn Fn() -> bool,
    parts: Vec<Part>,
    /// `[n]`: what is not yet explained
    rest: Vec<f64>,
    /// for each part, `[n]`
    shares: Vec<Vec<f64>>,
}

impl<'a> Fit<'a> {
    pub(super) fn new(
        sample: Sample<'_>,
        used: &[usize],
        omega: &[f64],
        of: &[usize],
        patience: &Patience<'a>,
    ) -> Self {
        let dim = sample.dim;
        let point = |i: &usize| &sample.x[used[*i] * dim..][..dim];
        Self {
            dim,
            x: of.iter().flat_map(point).copied().collect(),
            log_f: of.iter().map(|i| sample.log_f[used[*i]]).collect(),
            weights: of.iter().map(|i| omega[*i]).collect(),
            knots: used.len() / (POINTS_PER_KNOT * dim),
            seconds: patience.seconds,
            stop: patience.stop,
            parts: Vec::new(),
            rest: Vec::new(),
            shares: Vec::new(),
        }
    }

    /// Adds a part for each of `normals`, with the level at which they explain `target` best
    /// where `within` (`[n]` both) is; log|f| everywhere without them.
    pub(super) fn begin(&mut self, normals: &[Normal], target: Option<(&[f64], &[f64])>) {
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
                let weights = self.counting(&self.shares[k]);
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
                if (self.stop)() {
                    self.seconds = f64::NEG_INFINITY;
                    return true;
                }
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
    pub(super) fn grow(
        &mut self,
        best: &mut Option<Peaked>,
        power: f64,
        judge: impl Fn(&Self) -> Peaked,
    ) {
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

    /// The weights of the points as they count in `within`, `[n]` each.
    pub(super) fn counting(&self, within: &[f64]) -> Vec<f64> {
        let pairs = self.weights.iter().zip(within);
        pairs.map(|(w, r)| w * r).collect()
    }

    /// What has been fitted, judged at the points `used[i]`, i in `test`.
    pub(super) fn at(
        &self,
        sample: Sample<'_>,
        used: &[usize],
        omega: &[f64],
        test: &[usize],
    ) -> Peaked {
        let axes = |p: &Part| p.columns.iter().map(|c| c.axis.clone()).collect();
        let parts: Vec<Vec<Axis>> = self.parts.iter().map(axes).collect();
        let left = test.iter().map(|i| {
            let x = &sample.x[used[*i] * self.dim..][..self.dim];
            let log = |p: &Vec<Axis>| -> f64 { x.iter().zip(p).map(|(x, a)| a.at(*x)).sum() };
            let logs: Vec<[f64; 1]> = parts.iter().map(|p| [log(p)]).collect();
            let (fit, _) = mix(logs.iter().map(|l| &l[..]), 1);
            (omega[*i], sample.log_f[used[*i]] - fit[0])
        });
        let residual = mean_square(left);
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

/// log sum exp over `logs` (`[n]` each), and the share of each.
pub(super) fn mix<'a>(
    logs: impl Iterator<Item = &'a [f64]> + Clone,
    n: usize,
) -> (Vec<f64>, Vec<Vec<f64>>) {
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
