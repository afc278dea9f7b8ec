//! Every kind at every level against the scalar twin, finite differences and itself.

use super::*;
use crate::kernel::{array::Scalar, dispatch::run_at, level::Level};

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
fn raw<K: Kind, R: Real>(bins: usize, seed: u64) -> Vec<R> {
    uniform(K::parameters(bins) * TILE, seed)
        .iter()
        .map(|u| R::from_f64(5.0 * (u - 0.5)))
        .collect()
}

/// The scalar twin of a level: fused multiply-adds where the level has them.
fn twin<K: Kernel>(level: Level, kernel: K) -> K::Output {
    if level == Level::Portable {
        kernel.run::<Scalar<false>>()
    } else {
        kernel.run::<Scalar<true>>()
    }
}

/// One row at a level, or by its twin.
struct Row<K> {
    kind: K,
    bins: usize,
    level: Level,
    twin: bool,
}

impl<K: Kind + Copy> Row<K> {
    /// `(values, log slopes, what the backward pass takes)`
    fn evaluate<R: Real>(
        &self,
        direction: Direction,
        raw: &[R],
        values: &[f64],
    ) -> (Vec<f64>, Vec<f64>, Vec<R>) {
        let (mut values, mut slope) = (values.to_vec(), vec![1.0; TILE]);
        let mut raw = raw.to_vec();
        let kernel = Evaluate {
            kind: self.kind,
            bins: self.bins,
            direction,
            raw: &mut raw,
            values: &mut values,
            slope: &mut slope,
        };
        if self.twin {
            twin(self.level, kernel);
        } else {
            run_at(self.level, kernel);
        }
        (values, slope.iter().map(|s| s.ln()).collect(), raw)
    }

    /// `(d loss / d x, d loss / d raw)`
    fn backward<R: Real>(&self, raw: &[R], x: &[f64], gradient: (&[R], &[R])) -> (Vec<R>, Vec<R>) {
        let (_, _, kept) = self.evaluate(Direction::Forward, raw, x);
        let mut to_x = gradient.0.to_vec();
        let mut raw_gradient = vec![R::from_f64(f64::NAN); raw.len()];
        let kernel = Backward {
            kind: self.kind,
            bins: self.bins,
            raw: &kept,
            x,
            gradient: &mut to_x,
            log_slope_gradient: gradient.1,
            raw_gradient: &mut raw_gradient,
        };
        if self.twin {
            twin(self.level, kernel);
        } else {
            run_at(self.level, kernel);
        }
        (to_x, raw_gradient)
    }
}

/// Levels agree with their twins, and forward with inverse, to f64 rounding, whatever the
/// precision of the raw parameters.
fn check<K: Kind + Copy, R: Real>(kind: K) {
    for bins in [1, 2, 5, 8, 10, 16, 23, 64] {
        for seed in 0..4 {
            let raw = raw::<K, R>(bins, seed);
            // Points at the very ends and at knots of equal bins among them.
            let mut x = uniform(TILE, seed + 100);
            (x[0], x[1], x[2], x[3]) = (1e-17, 1.0 - f64::EPSILON / 2.0, 0.5, 0.2);
            for level in Level::available() {
                let row = |twin| Row {
                    kind,
                    bins,
                    level,
                    twin,
                };
                let (y, slope, _) = row(true).evaluate(Direction::Forward, &raw, &x);
                let (y2, slope2, _) = row(false).evaluate(Direction::Forward, &raw, &x);
                let (x3, slope3, _) = row(false).evaluate(Direction::Inverse, &raw, &y2);
                let (x4, slope4, _) = row(true).evaluate(Direction::Inverse, &raw, &y2);
                for t in 0..TILE {
                    let what = format!("{level} {bins} {seed} {t}");
                    assert!((y[t] - y2[t]).abs() < 1e-13, "{what}: {} {}", y[t], y2[t]);
                    assert!((slope[t] - slope2[t]).abs() < 1e-12, "{what}: slope");
                    // One rounding of y moves x by up to 1/MIN^2 of it where the spline is flat.
                    let tolerance = 1e-15 + 4e-16 * (-slope[t]).exp().max(1.0);
                    let tolerance = 1e-12_f64.max(tolerance);
                    assert!((x3[t] - x[t]).abs() < tolerance, "{what}: inverse");
                    assert!(
                        (x4[t] - x3[t]).abs() < tolerance,
                        "{what}: inverse of the twin"
                    );
                    assert!(
                        (slope3[t] - slope2[t]).abs() < 1e-9,
                        "{what}: inverse slope"
                    );
                    assert!((slope4[t] - slope3[t]).abs() < 1e-9, "{what}: its twin");
                }
            }
        }
    }
}

/// The backward pass in f32 is that of f64 but for rounding.
fn check_single_gradient<K: Kind + Copy>(kind: K) {
    for (bins, seed) in [(1, 1), (3, 2), (8, 3), (10, 4), (64, 5)] {
        let raw = raw::<K, f32>(bins, seed);
        let x = uniform(TILE, seed + 50);
        let round = |v: Vec<f64>| v.into_iter().map(f32::from_f64).collect::<Vec<_>>();
        let widen = |v: &[f32]| v.iter().map(|v| v.to_f64()).collect::<Vec<_>>();
        let (a, b) = (
            round(uniform(TILE, seed + 60)),
            round(uniform(TILE, seed + 70)),
        );
        for level in Level::available() {
            let row = |twin| Row {
                kind,
                bins,
                level,
                twin,
            };
            let (to_x, to_raw) = row(false).backward(&raw, &x, (&a, &b));
            let exact = (widen(&a), widen(&b));
            let (x64, raw64) = row(true).backward(&widen(&raw), &x, (&exact.0, &exact.1));
            for t in 0..TILE {
                // Largest entry of the point's gradient: cancellation spoils small ones.
                let entries = (0..K::parameters(bins)).map(|k| raw64[k * TILE + t].abs());
                let size = entries.fold(1.0, f64::max);
                // Knots rounded to f32 move this derivative by up to 6e-8 over the square of the
                // narrowest bin.
                let error = (to_x[t].to_f64() - x64[t]).abs();
                assert!(error < 2e-3 * (size + x64[t].abs()), "{level} {bins}: x");
                for k in 0..K::parameters(bins) {
                    let (single, double) = (to_raw[k * TILE + t].to_f64(), raw64[k * TILE + t]);
                    assert!(
                        (single - double).abs() < 2e-3 * size,
                        "{level} {bins}, raw {k}: {single} {double}"
                    );
                }
            }
        }
    }
}

/// Central differences of `loss = sum_t a_t y_t + b_t ln S'_t` against the backward pass.
fn check_gradient<K: Kind + Copy>(kind: K) {
    for (bins, seed) in [(1, 1), (3, 2), (8, 3), (10, 4), (16, 5)] {
        let raw = raw::<K, f64>(bins, seed);
        let x = uniform(TILE, seed + 50);
        let (a, b) = (uniform(TILE, seed + 60), uniform(TILE, seed + 70));
        for level in Level::available() {
            let row = |twin| Row {
                kind,
                bins,
                level,
                twin,
            };
            let loss = |raw: &[f64], x: &[f64]| -> Vec<f64> {
                let (y, s, _) = row(true).evaluate(Direction::Forward, raw, x);
                (0..TILE).map(|t| a[t] * y[t] + b[t] * s[t]).collect()
            };
            let (gradient, raw_gradient) = row(false).backward(&raw, &x, (&a, &b));
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
    check::<_, f32>(Linear);
    check::<_, f64>(Linear);
}
#[test]
fn quadratic_inverts_and_agrees() {
    check::<_, f32>(Quadratic);
    check::<_, f64>(Quadratic);
}
#[test]
fn rational_inverts_and_agrees() {
    check::<_, f32>(Rational);
    check::<_, f64>(Rational);
}
#[test]
fn shifts_and_scales_invert_and_agree() {
    check::<_, f32>(Additive);
    check::<_, f64>(Additive);
    check::<_, f32>(Affine);
    check::<_, f64>(Affine);
}
#[test]
fn gradients_of_shifts_and_scales_are_exact() {
    check_gradient(Additive);
    check_single_gradient(Additive);
    check_gradient(Affine);
    check_single_gradient(Affine);
}
#[test]
fn linear_gradients_are_exact() {
    check_gradient(Linear);
    check_single_gradient(Linear);
}
#[test]
fn quadratic_gradients_are_exact() {
    check_gradient(Quadratic);
    check_single_gradient(Quadratic);
}
#[test]
fn rational_gradients_are_exact() {
    check_gradient(Rational);
    check_single_gradient(Rational);
}

#[test]
fn zero_parameters_give_the_identity() {
    fn identity<K: Kind + Copy, R: Real>(kind: K, bins: usize) {
        let raw = vec![R::ZERO; K::parameters(bins) * TILE];
        let x = uniform(TILE, 9);
        for level in Level::available() {
            let row = Row {
                kind,
                bins,
                level,
                twin: false,
            };
            let (y, slope, _) = row.evaluate(Direction::Forward, &raw, &x);
            for t in 0..TILE {
                assert!((y[t] - x[t]).abs() < 4e-16 && slope[t].abs() < 2e-15);
            }
        }
    }
    for bins in [1, 8, 10, 16] {
        identity::<_, f32>(Linear, bins);
        identity::<_, f32>(Quadratic, bins);
        identity::<_, f32>(Rational, bins);
        identity::<_, f64>(Linear, bins);
        identity::<_, f64>(Quadratic, bins);
        identity::<_, f64>(Rational, bins);
    }
    identity::<_, f32>(Affine, 1);
    identity::<_, f64>(Affine, 1);
    identity::<_, f64>(Additive, 1);
}

/// Raw parameters beyond any reason still give a monotone map of finite density.
#[test]
fn extreme_parameters_stay_finite() {
    fn extreme<K: Kind + Copy>(kind: K, ends: (f64, f64)) {
        let bins = 8;
        for size in [80.0_f32, 1e3, 1e6, 1e8, f32::MAX, f32::INFINITY, f32::NAN] {
            let raw: Vec<f32> = uniform(K::parameters(bins) * TILE, 3)
                .iter()
                .map(|u| if *u > 0.5 { size } else { -size })
                .collect();
            let x = uniform(TILE, 4);
            for level in Level::available() {
                let row = Row {
                    kind,
                    bins,
                    level,
                    twin: false,
                };
                let (y, slope, _) = row.evaluate(Direction::Forward, &raw, &x);
                for t in 0..TILE {
                    let inside = (ends.0..=ends.1).contains(&y[t]);
                    assert!(inside && slope[t].is_finite(), "{level} {size}: {}", y[t]);
                }
            }
        }
    }
    let unit = (-1e-12, 1.0 + 1e-12);
    extreme(Linear, unit);
    extreme(Quadratic, unit);
    extreme(Rational, unit);
    extreme(Additive, (-3e6, 3e6));
    extreme(Affine, (-3e6, 3e6));
}

/// Where a row begins in memory changes no bit.
#[test]
fn alignment_does_not_matter() {
    let bins = 10;
    let parameters = raw::<Rational, f32>(bins, 1);
    let x = uniform(TILE, 2);
    let results = |level, by: usize| {
        let mut raw = [vec![0.0; by], parameters.clone()].concat();
        let mut values = [vec![0.0; by], x.clone()].concat();
        let mut slope = vec![1.0; by + TILE];
        let kernel = Evaluate {
            kind: Rational,
            bins,
            direction: Direction::Forward,
            raw: &mut raw[by..],
            values: &mut values[by..],
            slope: &mut slope[by..],
        };
        run_at(level, kernel);
        [&values[by..], &slope[by..]].concat()
    };
    for level in Level::available() {
        for by in 1..4 {
            assert!(
                results(level, by) == results(level, 0),
                "{level}, {by} elements on"
            );
        }
    }
}
