//! Families with known integrals beyond the published sets: many peaks, correlations, curved
//! ridges, cuts and changing signs.
//!
//! The exact values leave out what lies outside the cube where that is less than 1e-8.

pub(crate) mod exact;

use std::f64::consts::PI;

use statrs::function::gamma::gamma;
use thalweg_integrands::Problem;

use exact::{content, correlated_content};

/// Builds a family by its name.
pub(crate) fn stress(name: &str, dim: usize) -> Option<Problem> {
    Some(match name {
        "narrow-camel" => {
            return thalweg_integrands::problem("camel", Some(dim), &[("width", 0.05)]).ok();
        }
        "peaks" => peaks(dim, 6, 0.06),
        "two-widths" => two_widths(dim),
        "correlated" => correlated(dim, 0.9, 0.1),
        "needle" => correlated(dim, 0.99, 0.08),
        "pairs" => pairs(dim),
        "banana" => banana(dim, 0.1, 0.03),
        "shell" => shell(dim),
        "ball" => ball(dim),
        "cut-gaussian" => cut_gaussian(dim),
        "wave" => wave(dim),
        "dipole" => dipole(dim),
        "cusp" => cusp(dim),
        _ => return None,
    })
}

fn unit(dim: usize) -> Vec<(f64, f64)> {
    vec![(0.0, 1.0); dim]
}

/// Numbers in (0, 1) from a fixed recipe.
fn numbers(mut state: u64) -> impl FnMut() -> f64 {
    move || {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// The mean of `count` normal densities of width `sigma` at scattered centres.
fn peaks(dim: usize, count: usize, sigma: f64) -> Problem {
    let mut next = numbers(17 + dim as u64);
    let centres: Vec<f64> = (0..count * dim).map(|_| 0.2 + 0.6 * next()).collect();
    let exact = centres
        .chunks(dim)
        .map(|c| c.iter().map(|c| content(*c, sigma)).product::<f64>())
        .sum::<f64>()
        / count as f64;
    let log_norm = -(count as f64).ln() - dim as f64 * (sigma * (2.0 * PI).sqrt()).ln();
    Problem::new("peaks", unit(dim), move |x| {
        centres
            .chunks(dim)
            .map(|c| {
                let r2: f64 = x.iter().zip(c).map(|(x, c)| (x - c) * (x - c)).sum();
                (log_norm - 0.5 * r2 / (sigma * sigma)).exp()
            })
            .sum()
    })
    .with_exact(exact)
}

/// A wide and a narrow peak of equal content, far apart.
fn two_widths(dim: usize) -> Problem {
    let (wide, narrow) = (0.1, 0.03);
    let n = dim as f64;
    let log = move |s: f64| -n * (s * (2.0 * PI).sqrt()).ln();
    let exact = 0.5 * (content(0.35, wide).powf(n) + content(0.75, narrow).powf(n));
    Problem::new("two-widths", unit(dim), move |x| {
        let r2 = |c: f64| x.iter().map(|x| (x - c) * (x - c)).sum::<f64>();
        0.5 * ((log(wide) - 0.5 * r2(0.35) / (wide * wide)).exp()
            + (log(narrow) - 0.5 * r2(0.75) / (narrow * narrow)).exp())
    })
    .with_exact(exact)
}

/// A normal density with equal correlations `rho` and width `sigma` on each axis.
pub(crate) fn correlated(dim: usize, rho: f64, sigma: f64) -> Problem {
    let n = dim as f64;
    let (along, across) = (1.0 + (n - 1.0) * rho, 1.0 - rho);
    let log_norm = -0.5 * n * (2.0 * PI * sigma * sigma).ln()
        - 0.5 * along.ln()
        - 0.5 * (n - 1.0) * across.ln();
    Problem::new("correlated", unit(dim), move |x| {
        let mean = x.iter().map(|x| x - 0.5).sum::<f64>() / n;
        let square = x.iter().map(|x| (x - 0.5) * (x - 0.5)).sum::<f64>();
        let chi2 = (n * mean * mean) / along + (square - n * mean * mean) / across;
        (log_norm - 0.5 * chi2 / (sigma * sigma)).exp()
    })
    .with_exact(correlated_content(dim, rho, sigma))
}

/// Pairs of coordinates with correlations of changing sign.
fn pairs(dim: usize) -> Problem {
    let sigma: f64 = 0.09;
    let rho: f64 = 0.95;
    let n = dim / 2;
    let log_norm = -(n as f64) * (2.0 * PI * sigma * sigma * (1.0 - rho * rho).sqrt()).ln();
    Problem::new("pairs", unit(2 * n), move |x| {
        let chi2: f64 = (0..n)
            .map(|k| {
                let sign = if k % 2 == 0 { rho } else { -rho };
                let (a, b) = ((x[2 * k] - 0.5) / sigma, (x[2 * k + 1] - 0.5) / sigma);
                (a * a - 2.0 * sign * a * b + b * b) / (1.0 - rho * rho)
            })
            .sum();
        (log_norm - 0.5 * chi2).exp()
    })
    // A pair has as much in its square for either sign.
    .with_exact(correlated_content(2, rho, sigma).powf(n as f64))
}

/// Each later coordinate lies within about `t` of a parabola of the first one, which has width
/// `s`.
pub(crate) fn banana(dim: usize, s: f64, t: f64) -> Problem {
    let n = (dim - 1) as f64;
    let log_norm = -(s * (2.0 * PI).sqrt()).ln() - n * (t * (2.0 * PI).sqrt()).ln();
    Problem::new("banana", unit(dim), move |x| {
        let u = x[0] - 0.5;
        let bend = 0.35 + 3.0 * u * u;
        let chi2 =
            u * u / (s * s) + x[1..].iter().map(|x| (x - bend) * (x - bend)).sum::<f64>() / (t * t);
        (log_norm - 0.5 * chi2).exp()
    })
    .with_exact(banana_value(s, t, n))
}

fn banana_value(s: f64, t: f64, n: f64) -> f64 {
    let steps = 200_000;
    (0..steps)
        .map(|i| {
            let x = (f64::from(i) + 0.5) / f64::from(steps);
            let u = x - 0.5;
            let bend = 0.35 + 3.0 * u * u;
            (-0.5 * u * u / (s * s)).exp() / (s * (2.0 * PI).sqrt()) * content(bend, t).powf(n)
                / f64::from(steps)
        })
        .sum()
}

/// A thick spherical shell.
fn shell(dim: usize) -> Problem {
    let (r0, w): (f64, f64) = (0.3, 0.03);
    let steps = 100_000;
    let n = dim as f64;
    // Surface of the unit sphere, 2 pi^(n/2) / Gamma(n/2).
    let surface = 2.0 * PI.powf(0.5 * n) / gamma(0.5 * n);
    let exact: f64 = (0..steps)
        .map(|i| {
            let r = 0.5 * (f64::from(i) + 0.5) / f64::from(steps);
            surface * r.powf(n - 1.0) * (-0.5 * ((r - r0) / w).powi(2)).exp() * 0.5
                / f64::from(steps)
        })
        .sum();
    Problem::new("shell", unit(dim), move |x| {
        let r = x.iter().map(|x| (x - 0.5) * (x - 0.5)).sum::<f64>().sqrt();
        (-0.5 * ((r - r0) / w).powi(2)).exp()
    })
    .with_exact(exact)
}

/// The indicator of a ball.
fn ball(dim: usize) -> Problem {
    let r: f64 = 0.45;
    let n = dim as f64;
    let volume = PI.powf(0.5 * n) / gamma(0.5 * n + 1.0) * r.powf(n);
    Problem::new("ball", unit(dim), move |x| {
        f64::from(u8::from(
            x.iter().map(|x| (x - 0.5) * (x - 0.5)).sum::<f64>() < r * r,
        ))
    })
    .with_exact(volume)
}

/// A peak cut in half by an oblique plane.
fn cut_gaussian(dim: usize) -> Problem {
    let s: f64 = 0.07;
    let n = dim as f64;
    let log_norm = -n * (s * (2.0 * PI).sqrt()).ln();
    Problem::new("cut-gaussian", unit(dim), move |x| {
        let r2: f64 = x.iter().map(|x| (x - 0.5) * (x - 0.5)).sum();
        let side: f64 = x
            .iter()
            .enumerate()
            .map(|(i, x)| if i % 2 == 0 { x - 0.5 } else { 0.5 * (0.5 - x) })
            .sum();
        if side > 0.0 {
            (log_norm - 0.5 * r2 / (s * s)).exp()
        } else {
            0.0
        }
    })
    .with_exact(0.5)
}

/// A peak times 1/2 + a wave along the diagonal, of both signs.
fn wave(dim: usize) -> Problem {
    let s: f64 = 0.08;
    let n = dim as f64;
    let k = 12.0;
    let log_norm = -n * (s * (2.0 * PI).sqrt()).ln();
    // E[cos(k u)] = exp(-k^2 s^2 / 2) for normal u of width s.
    let exact = 0.5 + (-0.5 * k * k * s * s).exp();
    Problem::new("wave", unit(dim), move |x| {
        let r2: f64 = x.iter().map(|x| (x - 0.5) * (x - 0.5)).sum();
        let u = x.iter().map(|x| x - 0.5).sum::<f64>() / n.sqrt();
        (log_norm - 0.5 * r2 / (s * s)).exp() * (0.5 + (k * u).cos())
    })
    .with_exact(exact)
}

/// A positive and half as large a negative peak.
fn dipole(dim: usize) -> Problem {
    let s: f64 = 0.08;
    let n = dim as f64;
    let log_norm = -n * (s * (2.0 * PI).sqrt()).ln();
    Problem::new("dipole", unit(dim), move |x| {
        let r2 = |c: f64| x.iter().map(|x| (x - c) * (x - c)).sum::<f64>();
        (log_norm - 0.5 * r2(0.62) / (s * s)).exp()
            - 0.5 * (log_norm - 0.5 * r2(0.38) / (s * s)).exp()
    })
    .with_exact(0.5 * content(0.62, s).powf(n))
}

/// |u| along a diagonal, times a peak: a valley with a kink through its middle.
fn cusp(dim: usize) -> Problem {
    let s: f64 = 0.07;
    let n = dim as f64;
    let log_norm = -n * (s * (2.0 * PI).sqrt()).ln();
    // E|u| of a normal u is s sqrt(2/pi).
    Problem::new("cusp", unit(dim), move |x| {
        let r2: f64 = x.iter().map(|x| (x - 0.5) * (x - 0.5)).sum();
        let u = x.iter().map(|x| x - 0.5).sum::<f64>() / n.sqrt();
        (log_norm - 0.5 * r2 / (s * s)).exp() * u.abs() / s
    })
    .with_exact((2.0 / PI).sqrt())
}
