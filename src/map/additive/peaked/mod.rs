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

mod begin;
mod fit;

use super::{HELD_OUT, KNOTS, Sample, axis::Axis, omega, usable};
use crate::error::Result;
use crate::map::{LogLinear, ProductMixture};
use fit::Fit;

/// Most coordinates: beyond, nothing is told apart by few points.
const MOST_AXES: usize = 64;
/// A fit with more parts must leave so much less.
const GAIN: f64 = 0.8;
/// Part of the weights that a part must keep.
const NOTHING: f64 = 1e-9;
/// Smallest distance of its knots.
const CLOSEST: f64 = 1e-9;
/// Knots of a normal density at each side, in quarters of its width.
const SCORES: i32 = 20;
/// Points that are fitted, per axis, at least and at most: the newest, which are the best.
const POINTS_PER_AXIS: usize = 640;
const POINTS: (usize, usize) = (1 << 10, 1 << 13);
/// Residual from which on no other beginning is tried.
const GOOD: f64 = 1e-2;

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

/// How long a fit may go on.
pub(crate) struct Patience<'a> {
    /// by a fixed rate, so that no clock decides
    pub(crate) seconds: f64,
    /// whether to end at once: what is found then is not used
    pub(crate) stop: &'a dyn Fn() -> bool,
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
    /// for as long as the seconds last, by a fixed rate, and takes them off. `None` where there are
    /// too few points, or nothing is told apart.
    pub(crate) fn fit(
        sample: Sample<'_>,
        peaks: &[Normal],
        patience: &mut Patience<'_>,
    ) -> Option<Self> {
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
        let judge = |fit: &Fit<'_>| fit.at(sample, &used, &omega, &test);
        let mut best = None;
        for start in [Begin::Known, Begin::Single, Begin::Maxima] {
            let good = |b: &Self| b.parts.len() > 1 && b.residual < GOOD;
            if patience.seconds <= 0.0 || best.as_ref().is_some_and(good) {
                break;
            }
            let mut fit = Fit::new(sample, &used, &omega, &train, patience);
            let normals = match start {
                Begin::Known => peaks.to_vec(),
                Begin::Single => vec![fit.normal(&vec![1.0; train.len()], power)],
                Begin::Maxima => fit.maxima(power),
            };
            if normals.len() >= 2 || start == Begin::Single {
                fit.begin(&normals, None);
                fit.grow(&mut best, power, judge);
            }
            patience.seconds = fit.seconds;
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
