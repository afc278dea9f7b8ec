//! Exact values against estimates that share nothing with their derivation.

use std::f64::consts::{FRAC_PI_2, PI, TAU};

use thalweg::{Domain, Integrator, Method, Settings, Stop, from_fn};
use thalweg_integrands::Problem;

use crate::numbers::{self, uniform};

/// How an integral is found anew.
#[derive(Clone, Debug)]
pub(crate) enum Check {
    /// The mean over that many independent uniform points.
    Plain(u32),
    /// Points of which half are uniform, half normal about one of the centres with its width.
    Guided(u32, Vec<(Vec<f64>, f64)>),
    /// Nested tanh-sinh rules between the breaks on each axis, the ends included.
    Panels(Vec<Vec<f64>>),
    /// The product of such rules along each axis through a point, for products of functions of
    /// one coordinate; that it is one is tested at some points.
    Product(Vec<Vec<f64>>),
    /// `4 pi int dr r^2 f(r)` for functions of the distance from 0 in three dimensions.
    Radial,
    /// `2 int dx int dt x f(x, x t)` on the unit square, for symmetric functions of two coordinates
    /// that are singular in the corner.
    Corner,
    /// A one-dimensional integral over `t = -ln x` up to 690, and `1/691` for what is beyond.
    Logarithmic,
    /// A run of this library.
    Run(Method, u64),
}

/// A value and its statistical error, 0 for deterministic rules.
pub(crate) struct Found {
    pub(crate) value: f64,
    pub(crate) error: f64,
}

impl Check {
    /// Integrates `problem` anew.
    pub(crate) fn find(&self, problem: &Problem) -> Found {
        let sure = |value: f64| Found { value, error: 0.0 };
        match self {
            Self::Plain(n) => monte_carlo(problem, *n, &[]),
            Self::Guided(n, peaks) => monte_carlo(problem, *n, peaks),
            Self::Panels(breaks) => sure(nested(problem, breaks, &vec![0.0; problem.dim], 0)),
            Self::Product(breaks) => sure(product(problem, breaks)),
            Self::Radial => sure(panels(&[0.0, 1.0], |x| {
                let r = x / (1.0 - x);
                4.0 * PI * r * r / (1.0 - x).powi(2) * problem.eval(&[r, 0.0, 0.0])
            })),
            Self::Corner => sure(panels(&[0.0, 1.0], |x| {
                2.0 * x * panels(&[0.0, 1.0], |t| problem.eval(&[x, x * t]))
            })),
            Self::Logarithmic => {
                let breaks: Vec<f64> = (0..=690).map(f64::from).collect();
                sure(panels(&breaks, |t| (-t).exp() * problem.eval(&[(-t).exp()])) + 1.0 / 691.0)
            }
            Self::Run(method, calls) => run(problem, *method, *calls),
        }
    }
}

/// The tanh-sinh rule between breaks. Its points crowd at the ends, where they are counted from,
/// so that a singularity at 0 is seen to its last digit.
fn panels(breaks: &[f64], f: impl Fn(f64) -> f64) -> f64 {
    let h = 1.0 / 16.0;
    let mut sum = 0.0;
    for pair in breaks.windows(2) {
        let (a, width) = (pair[0], pair[1] - pair[0]);
        for k in -100..=100 {
            let t = h * f64::from(k);
            let u = FRAC_PI_2 * t.sinh();
            // (1 + tanh u)/2 without cancellation.
            let (from_a, from_b) = (
                1.0 / (1.0 + (-2.0 * u).exp()),
                1.0 / (1.0 + (2.0 * u).exp()),
            );
            let x = if u < 0.0 {
                a + width * from_a
            } else {
                pair[1] - width * from_b
            };
            let weight = h * PI * t.cosh() * from_a * from_b * width;
            if weight > 0.0 && x > a && x < pair[1] {
                sum += weight * f(x);
            }
        }
    }
    sum
}

fn nested(problem: &Problem, breaks: &[Vec<f64>], point: &[f64], axis: usize) -> f64 {
    panels(&breaks[axis], |x| {
        let mut point = point.to_vec();
        point[axis] = x;
        if axis + 1 == breaks.len() {
            problem.eval(&point)
        } else {
            nested(problem, breaks, &point, axis + 1)
        }
    })
}

fn product(problem: &Problem, breaks: &[Vec<f64>]) -> f64 {
    let dim = problem.dim;
    let through = |x: &[f64], axis: usize, t: f64| {
        let mut x = x.to_vec();
        x[axis] = t;
        problem.eval(&x)
    };
    // Domains that reach to infinity are cut into panels in the cube.
    let far = problem.domain[0].1.is_infinite();
    let centre = vec![if far { 1.25 } else { 0.53 }; dim];
    let mut next = uniform(3);
    for _ in 0..1000 {
        let x: Vec<f64> = (0..dim).map(|_| next()).collect();
        let factors: f64 = (0..dim)
            .map(|axis| through(&centre, axis, x[axis]) / problem.eval(&centre))
            .product();
        let value = problem.eval(&x) / problem.eval(&centre);
        assert!((factors - value).abs() <= 1e-9 * value.abs(), "no product");
    }
    let scale = problem.eval(&centre);
    let axis = |axis: usize| {
        panels(&breaks[axis], |x| {
            if far {
                through(&centre, axis, 1.0 / x - 1.0) / x / x / scale
            } else {
                through(&centre, axis, x) / scale
            }
        })
    };
    (0..dim).map(axis).product::<f64>() * scale
}

fn monte_carlo(problem: &Problem, n: u32, peaks: &[(Vec<f64>, f64)]) -> Found {
    let domain = Domain::new(&problem.domain).expect("a domain");
    let dim = problem.dim;
    let mut next = uniform(20_240_607);
    let unit = problem.exact.map_or(1.0, f64::abs);
    let unit = if unit > 0.0 { unit } else { 1.0 };
    let (mut sum, mut square) = (0.0, 0.0);
    let mut x = vec![0.0; dim];
    for i in 0..n {
        let peak =
            (i % 2 == 1 && !peaks.is_empty()).then(|| &peaks[(i / 2) as usize % peaks.len()]);
        match peak {
            None => x.fill_with(&mut next),
            Some((centre, sigma)) => {
                for (x, c) in x.iter_mut().zip(centre) {
                    *x = c + sigma * numbers::normal(&mut next);
                }
            }
        }
        if !x.iter().all(|x| *x > 0.0 && *x < 1.0) {
            continue;
        }
        let density = if peaks.is_empty() {
            1.0
        } else {
            0.5 + 0.5 * peaks.iter().map(|p| normal(&x, p)).sum::<f64>() / peaks.len() as f64
        };
        let mut jacobian = [1.0 / density];
        let mut y = x.clone();
        domain.map(&mut y, &mut jacobian);
        let weight = problem.eval(&y) / unit * jacobian[0];
        sum += weight;
        square += weight * weight;
    }
    let n = f64::from(n);
    let mean = sum / n;
    Found {
        value: mean * unit,
        error: ((square / n - mean * mean).max(0.0) / n).sqrt() * unit,
    }
}

fn normal(x: &[f64], (centre, sigma): &(Vec<f64>, f64)) -> f64 {
    let r2: f64 = x.iter().zip(centre).map(|(x, c)| (x - c) * (x - c)).sum();
    let log_norm = -(x.len() as f64) * (sigma * TAU.sqrt()).ln();
    (log_norm - 0.5 * r2 / (sigma * sigma)).exp()
}

fn run(problem: &Problem, method: Method, calls: u64) -> Found {
    let settings = Settings {
        method,
        stop: Stop::calls(calls),
        domain: Some(Domain::new(&problem.domain).expect("a domain")),
        seed: 5,
        ..Settings::default()
    };
    let report = Integrator::new(settings)
        .and_then(|i| i.integrate(&from_fn(problem.dim, |x: &[f64]| problem.eval(x))))
        .expect("a run");
    Found {
        value: report.estimate.value,
        error: report.estimate.error,
    }
}
