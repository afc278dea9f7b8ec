//! The kernels one by one: what each does in a second, beside the peak of the core.
//!
//! Shapes are those of real flows: tiles of 64 points, layers 4 -> 32 to 128 -> 128 and the 31
//! outputs of one 10-bin spline. Numbers are random, and buffers stay in the first cache, as
//! they do on a tile's way through a flow.

use std::fmt;
use std::hint::black_box;

use serde::{Deserialize, Serialize};

use super::{fma_peak, rate};
use crate::flow::{Aligned, SplineKind};
use crate::kernel::{
    TILE,
    adam::{AdamStep, StepFactors},
    dense::{FEW, Finish, Inputs, PAD, Product, Start, Transpose, WeightGradient},
    dispatch::{run, run_scalar},
    lane::Real as _,
    peak::Peak,
    spline::{self, AnyKind, Backward, Direction, Evaluate, Rational},
};
use crate::rng::{Purpose, Streams};

/// What the work of a kernel is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// floating-point operations, a multiply-add being two
    Flops,
    /// points times coordinates through a spline, or parameters
    Elements,
}

/// One kernel at one shape, ready to run.
pub struct KernelCase {
    /// what runs, and at which shape
    pub name: String,
    /// what its work is counted in
    pub unit: Unit,
    /// work of one run
    pub amount: u64,
    body: Box<dyn FnMut()>,
}

/// The measured speed of a kernel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KernelSpeed {
    /// the kernel and its shape
    pub name: String,
    /// what its work is counted in
    pub unit: Unit,
    /// work per second
    pub per_second: f64,
    /// share of the peak of multiply-adds measured just after; `None` for elements
    pub peak_fraction: Option<f64>,
}

impl fmt::Debug for KernelCase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KernelCase")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl KernelCase {
    fn new(name: String, unit: Unit, amount: usize, body: impl FnMut() + 'static) -> Self {
        Self {
            name,
            unit,
            amount: amount as u64,
            body: Box::new(body),
        }
    }

    /// Runs the kernel once.
    pub fn run(&mut self) {
        (self.body)();
    }
}

/// Measures every case on the calling thread, each beside the peak at that moment.
pub fn measure_kernels(window_ms: u64) -> Vec<KernelSpeed> {
    kernel_cases()
        .into_iter()
        .map(|mut case| {
            let per_second = rate(window_ms, || case.run()) * case.amount as f64;
            let peak_fraction =
                (case.unit == Unit::Flops).then(|| per_second / (fma_peak(window_ms) * 1e9));
            KernelSpeed {
                name: case.name,
                unit: case.unit,
                per_second,
                peak_fraction,
            }
        })
        .collect()
}

/// All cases at the active level, and one of the scalar twin.
pub fn kernel_cases() -> Vec<KernelCase> {
    let mut cases = vec![peak()];
    for (inputs, outputs) in [(4, 32), (32, 32), (64, 64), (128, 128), (32, 31), (64, 31)] {
        cases.extend(dense(inputs, outputs));
    }
    for (name, kind) in [
        ("piecewise-linear", SplineKind::Linear),
        ("piecewise-quadratic", SplineKind::Quadratic),
        ("rational-quadratic", SplineKind::RationalQuadratic),
    ] {
        cases.extend(splines(name, kind));
    }
    cases.push(scalar_spline());
    cases.push(adam());
    cases
}

fn uniform(n: usize, iteration: u64) -> Vec<f64> {
    let mut z = vec![0.0; n];
    Streams::new(1).fill_points(Purpose::Sample, iteration, 0, 1, &mut z);
    z
}

/// `n` numbers within [-1, 1), aligned.
fn numbers(n: usize, iteration: u64) -> Aligned<f32> {
    let mut numbers = Aligned::new(n);
    for (to, u) in numbers.iter_mut().zip(uniform(n, iteration)) {
        *to = f32::from_f64(2.0 * u - 1.0);
    }
    numbers
}

fn dense(inputs: usize, outputs: usize) -> Vec<KernelCase> {
    let flops = 2 * inputs * outputs * TILE;
    let padded = inputs.next_multiple_of(PAD);
    let (weights, bias) = (numbers(inputs * outputs, 1), numbers(outputs, 2));
    let (input, gradient) = (numbers(padded * TILE, 3), numbers(outputs * TILE, 4));
    let name = |what: &str| format!("{what} {inputs} -> {outputs}");

    let mut output = numbers(outputs * TILE, 5);
    let (w, x) = (weights.clone(), input.clone());
    let forward = KernelCase::new(name("forward"), Unit::Flops, flops, move || {
        run(Product {
            weights: &w,
            strides: (inputs, 1),
            start: Start::Bias(&bias),
            input: &x[..inputs * TILE],
            output: &mut output,
            finish: Finish::Leaky(0.01),
        });
        black_box(&output);
    });
    let mut to_input = numbers(inputs * TILE, 6);
    let (x, g) = (input.clone(), gradient.clone());
    let backward = KernelCase::new(name("to inputs"), Unit::Flops, flops, move || {
        run(Product {
            weights: &weights,
            strides: (1, inputs),
            start: Start::Zero,
            input: &g,
            output: &mut to_input,
            finish: Finish::LeakyDerivative(0.01, &x),
        });
        black_box(&to_input);
    });
    let mut points = numbers(padded * TILE, 7);
    let (mut dw, mut db) = (numbers(inputs * outputs, 8), numbers(outputs, 9));
    let to_weights = KernelCase::new(name("to weights"), Unit::Flops, flops, move || {
        let inputs = if inputs > FEW {
            run(Transpose {
                from: &input,
                to: &mut points,
            });
            Inputs::ByPoint(&points)
        } else {
            Inputs::ByFeature(&input[..inputs * TILE])
        };
        run(WeightGradient {
            inputs,
            gradient: &gradient,
            weights: &mut dw,
            bias: &mut db,
        });
        black_box(&dw);
    });
    vec![forward, backward, to_weights]
}

/// Raw parameters of a row of 10-bin splines, and the points of it.
fn row(kind: AnyKind) -> (Aligned<f32>, Vec<f64>) {
    let n = kind.parameters(BINS);
    (numbers(n * TILE, 1), uniform(TILE, 2))
}

const BINS: usize = 10;

fn splines(name: &str, kind: SplineKind) -> Vec<KernelCase> {
    let kind = kind.any();
    let evaluate = |direction, what: &str| {
        // Raw parameters are those that the last run left: time does not depend on them. Points
        // are new, lest they creep into a corner.
        let (mut raw, x) = row(kind);
        let mut values = x.clone();
        let mut slope = vec![1.0; TILE];
        KernelCase::new(format!("{name} {what}"), Unit::Elements, TILE, move || {
            values.copy_from_slice(&x);
            spline::evaluate(Evaluate {
                kind,
                bins: BINS,
                direction,
                raw: &mut raw,
                values: &mut values,
                slope: &mut slope,
            });
            black_box(&values);
            slope.fill(1.0);
        })
    };
    let (mut raw, x) = row(kind);
    spline::evaluate(Evaluate {
        kind,
        bins: BINS,
        direction: Direction::Forward,
        raw: &mut raw,
        values: &mut x.clone(),
        slope: &mut [1.0; TILE],
    });
    let (mut gradient, log_slope_gradient) = (numbers(TILE, 3), numbers(TILE, 4));
    let mut raw_gradient = raw.clone();
    let backward = KernelCase::new(
        format!("{name} backward"),
        Unit::Elements,
        TILE,
        move || {
            spline::backward(Backward {
                kind,
                bins: BINS,
                raw: &raw,
                x: &x,
                gradient: &mut gradient,
                log_slope_gradient: &log_slope_gradient,
                raw_gradient: &mut raw_gradient,
            });
            gradient.fill(1.0);
            black_box(&raw_gradient);
        },
    );
    vec![
        evaluate(Direction::Forward, "forward"),
        evaluate(Direction::Inverse, "inverse"),
        backward,
    ]
}

/// Multiply-adds that nothing waits for.
fn peak() -> KernelCase {
    let kernel = || Peak {
        rounds: 1000,
        factor: black_box(0.5),
        term: black_box(0.25),
    };
    let (flops, _) = run(kernel());
    let name = "peak of multiply-adds".to_owned();
    KernelCase::new(name, Unit::Flops, flops, move || {
        black_box(run(kernel()));
    })
}

/// The rational-quadratic spline one point at a time.
fn scalar_spline() -> KernelCase {
    let (mut raw, x) = row(AnyKind::Rational);
    let (mut values, mut slope) = (x.clone(), vec![1.0; TILE]);
    let name = "rational-quadratic forward, scalar twin".to_owned();
    KernelCase::new(name, Unit::Elements, TILE, move || {
        values.copy_from_slice(&x);
        run_scalar(Evaluate {
            kind: Rational,
            bins: BINS,
            direction: Direction::Forward,
            raw: &mut raw,
            values: &mut values,
            slope: &mut slope,
        });
        black_box(&values);
        slope.fill(1.0);
    })
}

fn adam() -> KernelCase {
    let n = 32_768;
    let gradient = uniform(n, 1);
    let (mut mean, mut square, mut parameters) = (uniform(n, 2), uniform(n, 3), uniform(n, 4));
    let factors = StepFactors {
        scale: 1.0,
        decay: (0.1, 0.01),
        rate: 1e-9,
        square_correction: 1.0,
    };
    KernelCase::new("Adam".to_owned(), Unit::Elements, n, move || {
        run(AdamStep {
            factors,
            gradient: &gradient,
            mean: &mut mean,
            square: &mut square,
            parameters: &mut parameters,
        });
        black_box(&parameters);
    })
}
