//! Logarithms of likelihoods times priors, with ln Z known to ten digits or more.
//!
//! Gaussian shells and the egg box are the tests of nested sampling: F. Feroz, M. P. Hobson, MNRAS 384 (2008) 449
//! (arXiv:0704.3704); F. Feroz, M. P. Hobson, M. Bridges, MNRAS 398 (2009) 1601 (arXiv:0809.3437), sections 6.1
//! and 6.2; their priors are uniform.

use std::f64::consts::{PI, TAU};

use thalweg::{Domain, Result};

/// A function of one point.
type Function = Box<dyn Fn(&[f64]) -> f64 + Sync>;

/// ln(likelihood times prior), its domain and the logarithm of its integral.
pub(crate) struct Likelihood {
    pub(crate) name: &'static str,
    pub(crate) domain: Domain,
    pub(crate) log_f: Function,
    pub(crate) log_z: f64,
}

impl Likelihood {
    /// The same times e^`offset`.
    pub(crate) fn offset(self, offset: f64) -> Self {
        let log_f = self.log_f;
        Self {
            log_f: Box::new(move |y| log_f(y) + offset),
            log_z: self.log_z + offset,
            ..self
        }
    }
}

fn square(y: f64) -> f64 {
    y * y
}

/// ln of a normal density with unit variance.
fn log_normal(t: f64) -> f64 {
    -0.5 * (t * t + TAU.ln())
}

/// Two shells of radius 2 and width 0.1 around (+-3.5, 0, ..) in [-6, 6]^d:
/// L = sum over both of exp(-(|y - c| - 2)^2/2w^2)/(2 pi w^2)^(1/2).
///
/// Z = 2 S E[r^(d-1)]/12^d with the area S of the unit sphere and r normal; what the box cuts off and what lies
/// behind the centre, 5 and 20 widths away, is left out: it is below 1e-7 of Z.
pub(crate) fn shells(dim: usize) -> Result<Likelihood> {
    const RADIUS: f64 = 2.0;
    const WIDTH: f64 = 0.1;
    // E[r^n] = 2 E[r^(n-1)] + (n - 1) w^2 E[r^(n-2)]
    let (mut moment, mut before) = (1.0, 0.0);
    for n in 1..dim {
        let next = RADIUS * moment + (n - 1) as f64 * WIDTH * WIDTH * before;
        (before, moment) = (moment, next);
    }
    // S_d = 2 pi S_(d-2)/(d - 2), from S_1 = 2 and S_2 = 2 pi
    let mut area = if dim % 2 == 1 { 2.0 } else { TAU };
    for d in (3..=dim).filter(|d| d % 2 == dim % 2) {
        area *= TAU / (d - 2) as f64;
    }
    let log_prior = -(dim as f64) * 12.0_f64.ln();
    let log_f = move |y: &[f64]| {
        let rest: f64 = y[1..].iter().map(|y| y * y).sum();
        let shell = |centre: f64| {
            let radius = (rest + square(y[0] - centre)).sqrt();
            log_normal((radius - RADIUS) / WIDTH) - WIDTH.ln()
        };
        let (a, b) = (shell(3.5), shell(-3.5));
        log_prior + a.max(b) + (-(a - b).abs()).exp().ln_1p()
    };
    Ok(Likelihood {
        name: "Gaussian shells",
        domain: Domain::new(&vec![(-6.0, 6.0); dim])?,
        log_f: Box::new(log_f),
        log_z: log_prior + (2.0 * area * moment).ln(),
    })
}

/// ln L = (2 + cos(y1/2) cos(y2/2))^5 in [0, 10 pi]^2.
///
/// The mean of a periodic function over equal steps is exact but for terms that fall exponentially with their
/// number; here over half a period, because it is even.
pub(crate) fn egg_box() -> Result<Likelihood> {
    const STEPS: u32 = 600;
    const TOP: f64 = 243.0;
    let side = 10.0 * PI;
    let log_l = |c: f64, d: f64| (2.0 + c * d).powi(5);
    let points: Vec<(f64, f64)> = (0..=STEPS)
        .map(|k| {
            let share = if k == 0 || k == STEPS { 0.5 } else { 1.0 };
            let cosine = (PI * f64::from(k) / f64::from(STEPS)).cos();
            (cosine, share / f64::from(STEPS))
        })
        .collect();
    let sum: f64 = points
        .iter()
        .flat_map(|(c, v)| {
            points
                .iter()
                .map(move |(d, w)| v * w * (log_l(*c, *d) - TOP).exp())
        })
        .sum();
    let log_prior = -2.0 * side.ln();
    Ok(Likelihood {
        name: "egg box",
        domain: Domain::new(&[(0.0, side); 2])?,
        log_f: Box::new(move |y| log_prior + log_l((0.5 * y[0]).cos(), (0.5 * y[1]).cos())),
        log_z: TOP + sum.ln(),
    })
}

/// A normal density over the reals, each further coordinate with the correlation 1/2 to the first one:
/// reached algebraically or, where `normal`, by quantiles of a normal distribution that is twice as wide.
pub(crate) fn correlated(dim: usize, normal: bool) -> Result<Likelihood> {
    let mut domain = Domain::new(&vec![(f64::NEG_INFINITY, f64::INFINITY); dim])?;
    if normal {
        for axis in 0..dim {
            domain = domain.with_normal(axis, 0.5, 2.0)?;
        }
    }
    let deviation = 0.75_f64.sqrt();
    let log_f = move |y: &[f64]| {
        let others = y[1..].iter().map(|v| (v - 0.5 * y[0]) / deviation);
        let others: f64 = others.map(|t| log_normal(t) - deviation.ln()).sum();
        log_normal(y[0]) + others
    };
    Ok(Likelihood {
        name: if normal {
            "normal, quantiles"
        } else {
            "normal, algebraic"
        },
        domain,
        log_f: Box::new(log_f),
        log_z: 0.0,
    })
}

/// A normal density of width `width` in the unit cube, around 0.37 on all axes.
pub(crate) fn narrow(dim: usize, width: f64) -> Result<Likelihood> {
    let log_f = move |y: &[f64]| {
        let axes = y.iter().map(|y| log_normal((y - 0.37) / width));
        axes.sum::<f64>() - y.len() as f64 * width.ln()
    };
    Ok(Likelihood {
        name: "narrow peak",
        domain: Domain::new(&vec![(0.0, 1.0); dim])?,
        log_f: Box::new(log_f),
        log_z: 0.0,
    })
}
