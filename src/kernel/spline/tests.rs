//! Every kind at every level against the scalar twin, finite differences and itself.

use super::*;
use crate::kernel::{dispatch::run_at, lane::Scalar, level::Level};

/// Reproducible numbers in [0, 1).
fn uniform(n: usize, seed: u64) -> Vec<f64> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    (0..n)
        .map(|_| {
            state = state
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            (state >> 11) as f64 / (1_u64 << 53) as f64
        })
        .collect()
}

/// Raw parameters with a spread that makes slopes range over several orders of magnitude.
fn raw<K: Kind>(bins: usize, seed: u64) -> Vec<f64> {
    uniform(K::parameters(bins) * TILE, seed)
        .iter()
        .map(|u| 5.0 * (u - 0.5))
        .collect()
}

/// Runs one row; `None` is the scalar twin.
fn evaluate_at<K: Kind>(
    level: Option<Level>,
    (kind, bins): (K, usize),
    direction: Direction,
    raw: &[f64],
    values: &[f64],
) -> (Vec<f64>, Vec<f64>) {
    let (mut values, mut log_slope) = (values.to_vec(), vec![0.0; TILE]);
    let kernel = Evaluate {
        kind,
        bins,
        direction,
        raw,
        values: &mut values,
        log_slope: &mut log_slope,
    };
    match level {
        Some(level) => run_at(level, kernel),
        None => kernel.run::<Scalar>(),
    }
    (values, log_slope)
}

fn check<K: Kind + Copy>(kind: K) {
    for bins in [1, 2, 5, 8, 10, 16, 23, 64] {
        for seed in 0..4 {
            let raw = raw::<K>(bins, seed);
            let x = uniform(TILE, seed + 100);
            let (y, slope) = evaluate_at(None, (kind, bins), Direction::Forward, &raw, &x);
            for level in Level::available() {
                let (y2, slope2) =
                    evaluate_at(Some(level), (kind, bins), Direction::Forward, &raw, &x);
                let (x3, slope3) =
                    evaluate_at(Some(level), (kind, bins), Direction::Inverse, &raw, &y2);
                for t in 0..TILE {
                    assert!(
                        (y[t] - y2[t]).abs() < 1e-13,
                        "{level} {bins}: {} {}",
                        y[t],
                        y2[t]
                    );
                    assert!((slope[t] - slope2[t]).abs() < 1e-12, "{level} {bins} slope");
                    // One rounding of y moves x by up to 1/MIN^2 of it where the spline is flat.
                    let tolerance = 1e-15 + 4e-16 * (-slope[t]).exp().max(1.0);
                    assert!(
                        (x3[t] - x[t]).abs() < 1e-12_f64.max(tolerance),
                        "{level} {bins}: inverse"
                    );
                    assert!(
                        (slope3[t] - slope2[t]).abs() < 1e-9,
                        "{level} {bins}: inverse slope"
                    );
                }
            }
        }
    }
}

/// Central differences of `loss = sum_t a_t y_t + b_t ln S'_t` against the backward pass.
fn check_gradient<K: Kind + Copy>(kind: K) {
    for (bins, seed) in [(1, 1), (3, 2), (8, 3), (10, 4), (16, 5)] {
        let raw = raw::<K>(bins, seed);
        let x = uniform(TILE, seed + 50);
        let (a, b) = (uniform(TILE, seed + 60), uniform(TILE, seed + 70));
        let loss = |raw: &[f64], x: &[f64]| -> Vec<f64> {
            let (y, s) = evaluate_at(None, (kind, bins), Direction::Forward, raw, x);
            (0..TILE).map(|t| a[t] * y[t] + b[t] * s[t]).collect()
        };
        for level in Level::available() {
            let mut gradient = a.clone();
            let mut raw_gradient = vec![f64::NAN; raw.len()];
            run_at(
                level,
                Backward {
                    kind,
                    bins,
                    raw: &raw,
                    x: &x,
                    gradient: &mut gradient,
                    log_slope_gradient: &b,
                    raw_gradient: &mut raw_gradient,
                },
            );
            let h = 1e-6;
            let close = |numeric: f64, exact: f64, what: &str| {
                let error = (numeric - exact).abs();
                assert!(
                    error < 2e-7 * (1.0 + exact.abs()),
                    "{what}, {bins} bins: {numeric} {exact}"
                );
            };
            for k in 0..K::parameters(bins) {
                let shifted = |by: f64| {
                    let mut raw = raw.clone();
                    raw[k * TILE..(k + 1) * TILE]
                        .iter_mut()
                        .for_each(|r| *r += by);
                    loss(&raw, &x)
                };
                let (up, down) = (shifted(h), shifted(-h));
                for t in 0..TILE {
                    close(
                        (up[t] - down[t]) / (2.0 * h),
                        raw_gradient[k * TILE + t],
                        "raw",
                    );
                }
            }
            let moved = |by: f64| loss(&raw, &x.iter().map(|x| x + by).collect::<Vec<_>>());
            let (up, down) = (moved(h), moved(-h));
            for t in 0..TILE {
                let numeric = (up[t] - down[t]) / (2.0 * h);
                let error = (numeric - gradient[t]).abs();
                assert!(
                    error < 2e-5 * (1.0 + gradient[t].abs()),
                    "x: {numeric} {}",
                    gradient[t]
                );
            }
        }
    }
}

#[test]
fn linear_inverts_and_agrees() {
    check(Linear);
}
#[test]
fn quadratic_inverts_and_agrees() {
    check(Quadratic);
}
#[test]
fn rational_inverts_and_agrees() {
    check(Rational);
}
#[test]
fn linear_gradients_are_exact() {
    check_gradient(Linear);
}
#[test]
fn quadratic_gradients_are_exact() {
    check_gradient(Quadratic);
}
#[test]
fn rational_gradients_are_exact() {
    check_gradient(Rational);
}

#[test]
fn zero_parameters_give_the_identity() {
    fn identity<K: Kind>(kind: K, bins: usize) {
        let raw = vec![0.0; K::parameters(bins) * TILE];
        let x = uniform(TILE, 9);
        let (y, slope) = evaluate_at(None, (kind, bins), Direction::Forward, &raw, &x);
        for t in 0..TILE {
            assert!((y[t] - x[t]).abs() < 4e-16 && slope[t].abs() < 2e-15);
        }
    }
    for bins in [1, 8, 10, 16] {
        identity(Linear, bins);
        identity(Quadratic, bins);
        identity(Rational, bins);
    }
}
