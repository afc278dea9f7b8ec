//! Every level against the scalar twin, over tails in every dimension.

use super::*;
use crate::kernel::{array::Scalar, dispatch::run_at, level::Level};

/// Reproducible numbers in [-1, 1).
fn numbers<R: Real>(n: usize, seed: u64) -> Vec<R> {
    let mut state = seed;
    (0..n)
        .map(|_| {
            state = state
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            R::from_f64((state >> 33) as f64 / f64::from(1_u32 << 30) - 1.0)
        })
        .collect()
}

fn close<R: Real>(a: &[R], b: &[R], tolerance: f64, what: &str) {
    assert_eq!(a.len(), b.len());
    for (i, (a, b)) in a.iter().zip(b).enumerate() {
        let (a, b) = (a.to_f64(), b.to_f64());
        assert!(
            (a - b).abs() <= tolerance * (1.0 + b.abs()),
            "{what}[{i}]: {a} and {b}"
        );
    }
}

/// Runs at a level, or the scalar twin of those with fused multiply-adds for `None`.
fn at<K: Kernel>(level: Option<Level>, kernel: K) -> K::Output {
    match level {
        Some(level) => run_at(level, kernel),
        None => kernel.run::<Scalar<true>>(),
    }
}

const SHAPES: [(usize, usize); 9] = [
    (1, 1),
    (3, 5),
    (4, 32),
    (32, 32),
    (33, 124),
    (64, 7),
    (16, 25),
    (32, 31),
    (40, 13),
];

fn padded<R: Real>(features: &[R]) -> Vec<R> {
    let rows = (features.len() / TILE).next_multiple_of(PAD);
    let mut padded = features.to_vec();
    padded.resize(rows * TILE, R::ZERO);
    padded
}

fn check<R: Real>(tolerance: f64) {
    for (inputs, outputs) in SHAPES {
        let weights = numbers::<R>(inputs * outputs, 1);
        let bias = numbers::<R>(outputs, 2);
        let input = numbers::<R>(inputs * TILE, 3);
        let gradient = numbers::<R>(outputs * TILE, 4);
        let slope = R::from_f64(0.01);
        let forward = |start, level| {
            let mut output = numbers(outputs * TILE, 5);
            let kernel = Product {
                weights: &weights,
                strides: (inputs, 1),
                start,
                input: &input,
                output: &mut output,
                finish: Finish::Leaky(slope),
            };
            at(level, kernel);
            output
        };
        let to_input = |level| {
            let mut output = vec![R::ZERO; inputs * TILE];
            let kernel = Product {
                weights: &weights,
                strides: (1, inputs),
                start: Start::Zero,
                input: &gradient,
                output: &mut output,
                finish: Finish::LeakyDerivative(slope, &input),
            };
            at(level, kernel);
            output
        };
        let to_weights = |by_point, level| {
            let from = padded(&input);
            let mut points = vec![R::ZERO; from.len()];
            let to = &mut points;
            at(level, Transpose { from: &from, to });
            for (t, point) in points.chunks_exact(from.len() / TILE).enumerate() {
                for (i, value) in point.iter().enumerate() {
                    assert_eq!(*value, from[i * TILE + t], "transposed {i} {t}");
                }
            }
            let mut w = vec![R::from_f64(0.5); inputs * outputs];
            let mut b = vec![R::from_f64(0.5); outputs];
            let kernel = WeightGradient {
                inputs: if by_point {
                    Inputs::ByPoint(&points)
                } else {
                    Inputs::ByFeature(&input)
                },
                gradient: &gradient,
                weights: &mut w,
                bias: &mut b,
            };
            at(level, kernel);
            (w, b)
        };
        let starts = [Start::Zero, Start::Bias(&bias), Start::Output];
        for level in Level::available().into_iter().map(Some) {
            for start in starts {
                let expected = forward(start, None);
                close(&forward(start, level), &expected, tolerance, "forward");
            }
            close(&to_input(level), &to_input(None), tolerance, "input");
            for by_point in [false, true] {
                let ((w, b), (w2, b2)) = (to_weights(by_point, level), to_weights(true, None));
                close(&w, &w2, tolerance, "weights");
                close(&b, &b2, tolerance, "bias");
            }
        }
        // Against the formulas, in f64.
        let expected: Vec<R> = (0..outputs * TILE)
            .map(|at| {
                let (o, t) = (at / TILE, at % TILE);
                let sum: f64 = (0..inputs)
                    .map(|i| weights[o * inputs + i].to_f64() * input[i * TILE + t].to_f64())
                    .sum();
                let value = sum + bias[o].to_f64();
                R::from_f64(if value > 0.0 { value } else { 0.01 * value })
            })
            .collect();
        close(
            &forward(Start::Bias(&bias), None),
            &expected,
            tolerance,
            "formula",
        );
        let (w, _) = to_weights(true, None);
        let expected: Vec<R> = (0..outputs * inputs)
            .map(|at| {
                let (o, i) = (at / inputs, at % inputs);
                let terms = (0..TILE)
                    .map(|t| gradient[o * TILE + t].to_f64() * input[i * TILE + t].to_f64());
                R::from_f64(0.5 + terms.sum::<f64>())
            })
            .collect();
        close(&w, &expected, tolerance, "gradient formula");
    }
}

#[test]
fn single_precision_agrees_with_the_scalar_twin() {
    check::<f32>(2e-5);
}

#[test]
fn double_precision_agrees_with_the_scalar_twin() {
    check::<f64>(1e-13);
}

/// Levels with fused multiply-adds give one and the same result: a chain has one order.
#[test]
fn products_of_fused_levels_have_the_bits_of_the_twin() {
    let (inputs, outputs) = (33, 31);
    let weights = numbers::<f32>(inputs * outputs, 1);
    let input = numbers::<f32>(inputs * TILE, 3);
    let forward = |level| {
        let mut output = vec![0.0_f32; outputs * TILE];
        let kernel = Product {
            weights: &weights,
            strides: (inputs, 1),
            start: Start::Zero,
            input: &input,
            output: &mut output,
            finish: Finish::Nothing,
        };
        at(level, kernel);
        output.iter().map(|v| v.to_bits()).collect::<Vec<_>>()
    };
    for level in Level::available() {
        if level > Level::Portable {
            assert_eq!(forward(Some(level)), forward(None), "{level}");
        }
    }
}

/// Where a slice begins in memory changes no bit.
#[test]
fn alignment_does_not_matter() {
    let (inputs, outputs) = (33, 31);
    let weights = numbers::<f32>(inputs * outputs, 1);
    let (input, gradient) = (
        padded(&numbers::<f32>(inputs * TILE, 3)),
        numbers(outputs * TILE, 4),
    );
    // A copy that starts `by` elements after an allocation does.
    let moved = |values: &[f32], by: usize| [vec![0.0; by], values.to_vec()].concat();
    let results = |level, by: usize| {
        let (w, x) = (moved(&weights, by), moved(&input, by));
        let mut output = vec![0.0_f32; by + outputs * TILE];
        let product = Product {
            weights: &w[by..],
            strides: (inputs, 1),
            start: Start::Zero,
            input: &x[by..by + inputs * TILE],
            output: &mut output[by..],
            finish: Finish::Leaky(0.0),
        };
        run_at(level, product);
        let mut points = vec![0.0; by + input.len()];
        let transpose = Transpose {
            from: &x[by..],
            to: &mut points[by..],
        };
        run_at(level, transpose);
        let (mut dw, mut db) = (vec![0.0; by + inputs * outputs], vec![0.0; by + outputs]);
        let to_weights = WeightGradient {
            inputs: Inputs::ByPoint(&points[by..]),
            gradient: &moved(&gradient, by)[by..],
            weights: &mut dw[by..],
            bias: &mut db[by..],
        };
        run_at(level, to_weights);
        [&output[by..], &dw[by..], &db[by..]].concat()
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
