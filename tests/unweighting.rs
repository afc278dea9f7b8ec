//! Are unweighted events distributed as f, and is their sum its integral?
//!
//! 24 histograms: both axes of twelve functions of two variables, three of them with both signs; 50
//! seeds each, with the policies for the maximum in turn. Every histogram of every seed gives a
//! p-value (Hotelling's T^2 of 15 bins or fewer, which knows of weights and signs); the 50 of a histogram must be
//! uniform by the Kolmogorov-Smirnov test, the smallest of whose 24 p-values must be above 1e-4.

#[path = "common/problems.rs"]
mod problems;

use nalgebra::{DMatrix, DVector};
use problems::{problem, settings};
use statrs::distribution::{ContinuousCDF as _, FisherSnedecor};
use thalweg::integrate::Silent;
use thalweg::stats::{ks_normal, normal_quantile};
use thalweg::{Integrator, MaxWeight, Method, Sampler, Unweighted, Unweighting, from_fn};
use thalweg_integrands::Problem;

const SEEDS: u64 = 50;
const BINS: usize = 15;
/// Cells per axis of the table of f.
const CELLS: usize = 800;

fn functions() -> Vec<Problem> {
    let unit = vec![(0.0, 1.0); 2];
    let names = [("gaussian", 0.3), ("camel", 0.15)];
    let mut all: Vec<Problem> = names
        .into_iter()
        .map(|(name, width)| problem(name, 2, &[("width", width)]))
        .collect();
    let plain = [
        "circles",
        "genz-oscillatory",
        "genz-product-peak",
        "genz-corner-peak",
        "genz-gaussian",
        "genz-continuous",
        "ee-mumu",
    ];
    all.extend(plain.map(|name| problem(name, 2, &[])));
    all.push(Problem::new("power", vec![(0.0, 2.0); 2], |y| {
        y[0] * y[1] * y[1]
    }));
    all.push(Problem::new("signed", unit.clone(), |y| {
        (y[0] - 0.25) * (1.0 + y[1])
    }));
    all.push(Problem::new("waves", unit, |y| {
        (7.0 * y[0] + 3.0 * y[1]).sin()
    }));
    all
}

/// What a histogram of one axis should be.
struct Truth {
    axis: usize,
    /// upper ends, in the user's domain
    edges: Vec<f64>,
    /// int f over the bin / int |f|
    shares: Vec<f64>,
}

/// The integral of f, and both histograms, by the midpoint rule; bins have about equal parts of |f|.
fn truths(problem: &Problem) -> (f64, Vec<Truth>) {
    let middle = |axis: usize, i: usize| {
        let (low, high) = problem.domain[axis];
        low + (high - low) * (i as f64 + 0.5) / CELLS as f64
    };
    let [mut signed, mut sizes] = [(); 2].map(|()| vec![vec![0.0; CELLS]; 2]);
    for i in 0..CELLS {
        for j in 0..CELLS {
            let f = problem.eval(&[middle(0, i), middle(1, j)]);
            for (axis, cell) in [(0, i), (1, j)] {
                signed[axis][cell] += f;
                sizes[axis][cell] += f.abs();
            }
        }
    }
    let volume: f64 = problem
        .domain
        .iter()
        .map(|(low, high)| high - low)
        .product();
    let total: f64 = sizes[0].iter().sum();
    let integral = signed[0].iter().sum::<f64>() * volume / (CELLS * CELLS) as f64;
    let truth = |axis: usize| {
        let (mut edges, mut shares) = (Vec::new(), Vec::new());
        let (mut inside, mut f) = (0.0, 0.0);
        for cell in 0..CELLS {
            inside += sizes[axis][cell];
            f += signed[axis][cell];
            if inside > total / BINS as f64 || cell == CELLS - 1 {
                let (low, high) = problem.domain[axis];
                edges.push(low + (high - low) * (cell + 1) as f64 / CELLS as f64);
                shares.push(f / total);
                (inside, f) = (0.0, 0.0);
            }
        }
        Truth {
            axis,
            edges,
            shares,
        }
    };
    (integral, vec![truth(0), truth(1)])
}

impl Truth {
    /// P-value of the events' histogram: of `T_b = sum_i (v_i in bin b) - share_b |v_i|`, of mean 0.
    fn p_value(&self, made: &Unweighted) -> f64 {
        let weights = &made.events.weights;
        // Of positive weights the last bin knows nothing that the others do not.
        let (n, bins) = (weights.len(), self.edges.len() - 1);
        let shares = DVector::from_column_slice(&self.shares[..bins]);
        let mut sum = DVector::zeros(bins);
        let mut squares = DMatrix::zeros(bins, bins);
        for (y, v) in made.events.points.chunks_exact(2).zip(weights) {
            let mut term = -v.abs() * &shares;
            let bin = self.edges.partition_point(|edge| *edge <= y[self.axis]);
            if bin < bins {
                term[bin] += v;
            }
            squares += &term * term.transpose();
            sum += term;
        }
        let mean = sum / n as f64;
        let covariance =
            (squares / n as f64 - &mean * mean.transpose()) * (n as f64 / (n - 1) as f64);
        let solved = covariance
            .cholesky()
            .expect("bins with events")
            .solve(&mean);
        let t2 = n as f64 * mean.dot(&solved);
        let f = t2 * (n - bins) as f64 / (bins * (n - 1)) as f64;
        let law = FisherSnedecor::new(bins as f64, (n - bins) as f64).expect("degrees of freedom");
        law.sf(f)
    }
}

/// Distance of `max_weight sum v / trials` from the integral, in its errors.
fn pull(made: &Unweighted, integral: f64) -> f64 {
    let n = made.trials as f64;
    let sum: f64 = made.events.weights.iter().sum();
    let squares: f64 = made.events.weights.iter().map(|v| v * v).sum();
    let mean = sum / n;
    let error = ((squares / n - mean * mean) / n).sqrt();
    (mean - integral / made.report.max_weight) / error
}

fn policy(seed: u64) -> Unweighting {
    let (max_weight, partial) = [
        (MaxWeight::Max, 1.0),
        (MaxWeight::Quantile(0.95), 1.0),
        (MaxWeight::BootstrapMedian(100), 1.0),
        (MaxWeight::Overweight(0.02), 1.0),
        (MaxWeight::Max, 0.4),
    ][usize::try_from(seed % 5).expect("small")];
    Unweighting {
        max_weight,
        partial,
        trials: 2000,
        ..Unweighting::default()
    }
}

/// A maximum that rises many times.
fn rising(seed: u64) -> Unweighting {
    Unweighting {
        max_weight: MaxWeight::Max,
        partial: if seed.is_multiple_of(2) { 1.0 } else { 0.6 },
        trials: 3,
        ..Unweighting::default()
    }
}

/// P-values of the Kolmogorov-Smirnov tests: of both histograms and of the sum.
fn tested(
    problem: &Problem,
    (method, n): (Method, usize),
    how: fn(u64) -> Unweighting,
) -> Vec<(String, f64)> {
    let f = from_fn(2, |y| problem.eval(y));
    let integrator = Integrator::new(settings(problem, method, 20_000)).expect("good settings");
    let sampler = Sampler::from_outcome(integrator.run(&f, &mut Silent).expect("a good run"));
    let (integral, truths) = truths(problem);
    let mut scores = vec![Vec::new(); 3];
    for seed in 0..SEEDS {
        let made = sampler.unweighted(&f, n, seed, &how(seed)).expect("events");
        for (truth, scores) in truths.iter().zip(&mut scores) {
            let p = truth.p_value(&made);
            scores.push(normal_quantile(p.clamp(1e-15, 1.0 - 1e-15)));
        }
        scores[2].push(pull(&made, integral));
    }
    let what = ["axis 0", "axis 1", "sum"];
    let named = |(what, mut scores): (&str, Vec<f64>)| {
        let (_, p) = ks_normal(&mut scores);
        (format!("{}, {method:?}, {what}", problem.name), p)
    };
    what.into_iter().zip(scores).map(named).collect()
}

fn all_uniform(method: Method, n: usize) {
    let functions = functions();
    assert_eq!(functions.len(), 12);
    for problem in &functions {
        for (what, p) in tested(problem, (method, n), policy) {
            assert!(p > 1e-4, "{what}: {p:e}");
        }
    }
}

#[test]
fn histograms_are_those_of_f() {
    all_uniform(Method::Vegas, 1000);
}

#[test]
fn histograms_are_those_of_f_where_the_maximum_rises() {
    let functions = functions();
    for problem in [&functions[9], &functions[10]] {
        for (what, p) in tested(problem, (Method::Plain, 1000), rising) {
            assert!(p > 1e-4, "{what}: {p:e}");
        }
    }
}

/// Where the maximum of two runs is the same in the end, the events are, whatever it was before.
#[test]
fn no_event_tells_where_the_maximum_began() {
    let power = &functions()[9];
    let f = from_fn(2, |y| power.eval(y));
    let settings = settings(power, Method::Plain, 2000);
    let integrator = Integrator::new(settings).expect("good settings");
    let sampler = Sampler::from_outcome(integrator.run(&f, &mut Silent).expect("a good run"));
    let mut same = 0;
    for seed in 0..50 {
        let made = [3, 100].map(|trials| {
            let how = Unweighting {
                trials,
                ..rising(seed)
            };
            sampler.unweighted(&f, 500, seed, &how).expect("events")
        });
        for made in &made {
            let draws = usize::try_from(made.trials).expect("few");
            let all = sampler.weighted(&f, draws, seed, 0).expect("weights");
            let largest = all.weights.iter().copied().fold(0.0, f64::max);
            let (bound, r) = (made.report.max_weight, made.report.partial);
            assert!(bound >= largest * r * (1.0 - 1e-15));
            let most = if r < 1.0 { 1.0 / r + 1e-12 } else { 1.0 };
            let weights = &made.events.weights;
            assert!(weights.iter().all(|v| *v >= 1.0 && *v <= most));
            assert_eq!(weights.len(), 500);
            for (number, v) in made.numbers.iter().zip(weights) {
                let w = all.weights[usize::try_from(*number).expect("few")];
                assert!((v - (w / bound).max(1.0)).abs() < 1e-12);
            }
            let over = weights.iter().filter(|v| **v > 1.0);
            let above = over.sum::<f64>() * bound / all.weights.iter().sum::<f64>();
            assert!((made.report.overweight_share - above).abs() < 1e-12);
        }
        let [a, b] = &made;
        let bounds = a.report.max_weight / b.report.max_weight;
        if (bounds - 1.0).abs() < 1e-12 {
            assert_eq!(a.numbers, b.numbers);
            same += 1;
        }
    }
    assert!(same > 25, "{same}");
}

/// `cargo test --release --test unweighting -- --ignored`
#[test]
#[ignore = "minutes: flows, and ten times as many events"]
fn histograms_are_those_of_f_to_a_percent() {
    all_uniform(Method::Flow, 10_000);
    all_uniform(Method::Plain, 10_000);
}

/// The test can fail: events at weight 1 in place of their overweights.
#[test]
fn lost_overweights_are_seen() {
    let power = &functions()[9];
    let f = from_fn(2, |y| power.eval(y));
    let integrator = Integrator::new(settings(power, Method::Plain, 2000)).expect("good settings");
    let sampler = Sampler::from_outcome(integrator.run(&f, &mut Silent).expect("a good run"));
    let how = Unweighting {
        max_weight: MaxWeight::Quantile(0.7),
        ..Unweighting::default()
    };
    let mut made = sampler.unweighted(&f, 10_000, 1, &how).expect("events");
    let (_, truths) = truths(power);
    assert!(truths[0].p_value(&made) > 1e-4);
    assert!(
        (made.report.overweight_share - 0.3).abs() < 0.03,
        "{}",
        made.report.overweight_share
    );
    made.events.weights.fill(1.0);
    assert!(truths[0].p_value(&made) < 1e-6);
}
