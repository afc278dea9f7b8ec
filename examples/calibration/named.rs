//! Integrands on which the errors of every method that can do them must be honest.

use std::f64::consts::{PI, TAU};

use thalweg::Method;
use thalweg_integrands::{Problem, problem};

use crate::families::stress;

/// An integrand, and what is fair to ask for.
#[derive(Debug)]
pub(crate) struct Named {
    /// Family and dimension.
    pub(crate) name: String,
    pub(crate) problem: Problem,
    /// The methods that resolve it within the budget. Plain points are not asked for narrow peaks,
    /// VEGAS not for what lies along no axis or is narrow in a broad peak.
    pub(crate) methods: &'static [Method],
    /// Calls with which a run is sensible.
    pub(crate) budget: u64,
}

const ALL: &[Method] = &[Method::Auto, Method::Plain, Method::Vegas, Method::Flow];
const NO_VEGAS: &[Method] = &[Method::Auto, Method::Plain, Method::Flow];
const NO_PLAIN: &[Method] = &[Method::Auto, Method::Vegas, Method::Flow];
const ADAPTED: &[Method] = &[Method::Auto, Method::Flow];

/// What is taken from the libraries of integrands: family, dimension, methods and budget.
const TABLE: [(&str, usize, &[Method], u64); 30] = [
    // i-flow (arXiv:2001.05486)
    ("gaussian", 4, ALL, 20_000),
    ("gaussian", 16, NO_PLAIN, 40_000),
    ("camel", 2, ALL, 20_000),
    ("camel", 16, ADAPTED, 80_000),
    ("circles", 2, ALL, 40_000),
    ("annulus", 2, ALL, 20_000),
    ("box", 3, ALL, 20_000),
    ("poly", 16, ALL, 20_000),
    // Genz
    ("genz-oscillatory", 5, ALL, 20_000),
    ("genz-product-peak", 5, ALL, 30_000),
    ("genz-corner-peak", 3, ALL, 20_000),
    ("genz-gaussian", 6, ALL, 30_000),
    ("genz-continuous", 8, NO_PLAIN, 40_000),
    ("genz-discontinuous", 4, ALL, 30_000),
    // particle physics
    ("ee-mumu", 2, ALL, 20_000),
    ("ee-qqg", 2, ALL, 20_000),
    ("gg-gg", 1, ALL, 20_000),
    ("top-decay", 2, NO_PLAIN, 30_000),
    ("phase-space", 8, ALL, 20_000),
    ("triangle", 2, ALL, 20_000),
    // correlations, curves, cuts, signs
    ("correlated", 4, ADAPTED, 40_000),
    ("pairs", 4, ADAPTED, 40_000),
    ("banana", 3, ADAPTED, 100_000),
    ("shell", 4, ALL, 40_000),
    ("ball", 5, ALL, 30_000),
    ("cut-gaussian", 4, NO_PLAIN, 40_000),
    ("wave", 4, NO_PLAIN, 40_000),
    ("dipole", 3, NO_PLAIN, 40_000),
    ("cusp", 4, NO_PLAIN, 40_000),
    ("two-widths", 3, ADAPTED, 40_000),
];

/// All of them.
///
/// # Panics
///
/// If a family of the table does not exist in its dimension.
pub(crate) fn named() -> Vec<Named> {
    let mut list: Vec<Named> = TABLE
        .iter()
        .map(|&(family, dim, methods, budget)| {
            let problem = stress(family, dim)
                .or_else(|| problem(family, Some(dim), &[]).ok())
                .expect("a family in a dimension that it has");
            Named {
                name: format!("{family}:{dim}"),
                problem,
                methods,
                budget,
            }
        })
        .collect();
    let own = [
        (root(), ALL),
        (step(), ALL),
        (oscillation(), ALL),
        (hard_cut(), NO_VEGAS),
        (resonances(), NO_PLAIN),
        (exponentials(), ALL),
    ];
    list.extend(own.into_iter().map(|(problem, methods)| Named {
        name: format!("{}:{}", problem.name, problem.dim),
        problem,
        methods,
        budget: 20_000,
    }));
    list
}

/// `x^-1/4`: 4/3, with a finite variance.
fn root() -> Problem {
    Problem::new("fourth-root", vec![(0.0, 1.0)], |x| {
        if x[0] > 0.0 { x[0].powf(-0.25) } else { 0.0 }
    })
    .with_exact(4.0 / 3.0)
}

/// 1 below 0.3719, 3 above.
fn step() -> Problem {
    const EDGE: f64 = 0.3719;
    Problem::new("step", vec![(0.0, 1.0)], |x| {
        if x[0] < EDGE { 1.0 } else { 3.0 }
    })
    .with_exact(3.0 - 2.0 * EDGE)
}

/// `1 + sin(2 pi 7.25 x)`: `1 + 1/(2 pi 7.25)`, as the cosine at the end is 0.
fn oscillation() -> Problem {
    let k = TAU * 7.25;
    Problem::new("oscillation", vec![(0.0, 1.0)], move |x| {
        1.0 + (k * x[0]).sin()
    })
    .with_exact(1.0 + 1.0 / k)
}

/// `x + y + z` where it is below 1, else 0: `int_0^1 ds s s^2/2 = 1/8`.
fn hard_cut() -> Problem {
    Problem::new("hard-cut", vec![(0.0, 1.0); 3], |x| {
        let sum: f64 = x.iter().sum();
        if sum < 1.0 { sum } else { 0.0 }
    })
    .with_exact(0.125)
}

/// Lorentzians of half-width 0.02 in three coordinates, normalised over the whole line.
fn resonances() -> Problem {
    const GAMMA: f64 = 0.02;
    const CENTRES: [f64; 3] = [0.3, 0.55, 0.7];
    let exact: f64 = CENTRES
        .iter()
        .map(|c| (((1.0 - c) / GAMMA).atan() + (c / GAMMA).atan()) / PI)
        .product();
    Problem::new("resonances", vec![(0.0, 1.0); 3], |x| {
        x.iter()
            .zip(CENTRES)
            .map(|(x, c)| GAMMA / (PI * ((x - c).powi(2) + GAMMA * GAMMA)))
            .product()
    })
    .with_exact(exact)
}

/// Exponential densities with rates 1/2, 1 and 2 from 0 to infinity: 1.
fn exponentials() -> Problem {
    Problem::new("exponentials", vec![(0.0, f64::INFINITY); 3], |y| {
        (-0.5 * y[0] - y[1] - 2.0 * y[2]).exp()
    })
    .with_exact(1.0)
}
