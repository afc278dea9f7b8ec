//! Independent integration for the tests: a composite Gauss-Legendre rule and plain Monte Carlo.

use std::f64::consts::PI;

use crate::{Problem, problem, random::SplitMix64};

/// Nodes per panel and axis; the rule is exact for polynomials of degree 19.
const NODES: usize = 10;

/// A problem of dimension `dim` that is known to be valid.
pub(crate) fn build(name: &str, dim: Option<usize>, settings: &[(&str, f64)]) -> Problem {
    problem(name, dim, settings).expect("the settings of the test are valid")
}

/// The exact value that the test expects the problem to have.
pub(crate) fn exact(problem: &Problem) -> f64 {
    problem.exact.expect("the exact value is known")
}

/// Asserts that two values agree to the relative `tolerance`.
#[track_caller]
pub(crate) fn assert_close(value: f64, expected: f64, tolerance: f64) {
    let deviation = (value - expected).abs();
    assert!(
        deviation <= tolerance * expected.abs(),
        "{value} is not {expected}"
    );
}

/// Asserts that the exact value is what quadrature with that many panels per axis gives.
#[track_caller]
pub(crate) fn assert_exact_by_quadrature(problem: &Problem, panels: usize, tolerance: f64) {
    let value = quadrature(&problem.domain, panels, |y| problem.eval(y));
    assert_close(exact(problem), value, tolerance);
}

/// Asserts that the exact value is within 4.5 standard deviations of a Monte Carlo estimate.
#[track_caller]
pub(crate) fn assert_exact_by_monte_carlo(problem: &Problem, seed: u64) {
    let (value, spread) = monte_carlo(problem, seed);
    let error = spread * value.abs() / 200_000_f64.sqrt();
    assert!(
        (value - exact(problem)).abs() <= 4.5 * error,
        "{value} +- {error}: {problem:?}"
    );
}

/// The estimate from 200000 uniform points, and their relative spread (sigma / mean).
pub(crate) fn monte_carlo(problem: &Problem, seed: u64) -> (f64, f64) {
    let calls = 200_000;
    let mut rng = SplitMix64::new(seed);
    let mut y = vec![0.0; problem.dim];
    let (mut sum, mut sum_of_squares) = (0.0, 0.0);
    for _ in 0..calls {
        for (coordinate, &(lower, upper)) in y.iter_mut().zip(&problem.domain) {
            *coordinate = rng.uniform(lower, upper);
        }
        let value = problem.eval(&y);
        sum += value;
        sum_of_squares += value * value;
    }
    let mean = sum / f64::from(calls);
    let variance = sum_of_squares / f64::from(calls) - mean * mean;
    (
        mean * problem.volume(),
        variance.max(0.0).sqrt() / mean.abs(),
    )
}

/// The integral of `function` over `domain` by Gauss-Legendre rules on `panels` panels per axis.
pub(crate) fn quadrature(
    domain: &[(f64, f64)],
    panels: usize,
    function: impl Fn(&[f64]) -> f64,
) -> f64 {
    let axes: Vec<_> = domain.iter().map(|&range| axis(range, panels)).collect();
    let mut index = vec![0; domain.len()];
    let mut y = vec![0.0; domain.len()];
    let mut sum = 0.0;
    loop {
        let mut weight = 1.0;
        for ((coordinate, axis), &i) in y.iter_mut().zip(&axes).zip(&index) {
            *coordinate = axis[i].0;
            weight *= axis[i].1;
        }
        sum += weight * function(&y);
        // Count up in the mixed-radix number `index`; past its last value all is done.
        let Some(k) = (0..index.len()).find(|&k| index[k] + 1 < axes[k].len()) else {
            return sum;
        };
        index[k] += 1;
        index[..k].fill(0);
    }
}

/// Nodes and weights along one axis.
fn axis((lower, upper): (f64, f64), panels: usize) -> Vec<(f64, f64)> {
    let half = (upper - lower) / (2 * panels) as f64;
    let centres = (0..panels).map(|panel| lower + half * (2 * panel + 1) as f64);
    centres
        .flat_map(|centre| (0..NODES).map(move |i| (centre, legendre_node(i))))
        .map(|(centre, (node, weight))| (centre + half * node, half * weight))
        .collect()
}

/// The `i`-th node of the rule on `[-1, 1]` and its weight, by Newton's method.
fn legendre_node(i: usize) -> (f64, f64) {
    let n = NODES as f64;
    let mut x = (PI * (i as f64 + 0.75) / (n + 0.5)).cos();
    let mut slope = 0.0;
    for _ in 0..20 {
        let (mut previous, mut current) = (1.0, x);
        for k in 2..=NODES {
            let k = k as f64;
            (previous, current) = (
                current,
                ((2.0 * k - 1.0) * x * current - (k - 1.0) * previous) / k,
            );
        }
        slope = n * (x * current - previous) / (x * x - 1.0);
        x -= current / slope;
    }
    (x, 2.0 / ((1.0 - x * x) * slope * slope))
}

#[test]
fn quadrature_is_exact_for_polynomials() {
    let value = quadrature(&[(0.0, 2.0), (-1.0, 1.0)], 2, |y| {
        y[0].powi(9) * y[1].powi(8)
    });
    assert_close(value, 1024.0 / 10.0 * 2.0 / 9.0, 1e-14);
}
