//! Are the errors right? Pulls over many seeds, against a standard normal distribution.
//!
//! For each problem and method 100 runs at a small fixed budget. Slow:
//! `cargo test --release --test calibration -- --ignored --nocapture`.
#![expect(clippy::print_stdout, reason = "the table is the result")]

#[path = "common/problems.rs"]
mod problems;

use std::{
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Instant,
};

use problems::{problem, settings};
use thalweg::{CostClass, Integrator, Method, Settings, from_fn, stats::ks_normal};
use thalweg_integrands::Problem;

/// Runs per problem.
const SEEDS: u64 = 100;
/// Runs at a time, each on one thread.
const WORKERS: usize = 2;

/// `(pull, good status)` of one run.
fn pull(problem: &Problem, method: Method, calls: u64, seed: u64) -> (f64, bool) {
    let settings = Settings {
        seed,
        threads: Some(1),
        cost_class: Some(CostClass::Cheap),
        ..settings(problem, method, calls)
    };
    let f = from_fn(problem.dim, |y| problem.eval(y));
    let report = Integrator::new(settings)
        .and_then(|i| i.integrate(&f))
        .expect("a good run");
    let exact = problem.exact.expect("a known value");
    (report.estimate.pull(exact), report.status.is_good())
}

/// The pulls of all seeds, sorted, and the share of good runs.
fn pulls(problem: &Problem, method: Method, calls: u64) -> (Vec<f64>, f64) {
    let next = AtomicU64::new(0);
    let results = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= SEEDS {
                        break;
                    }
                    let result = pull(problem, method, calls, 1000 + seed);
                    results.lock().expect("no run panics").push(result);
                }
            });
        }
    });
    let results = results.into_inner().expect("no run panics");
    let good = results.iter().filter(|r| r.1).count() as f64 / results.len() as f64;
    let mut pulls: Vec<f64> = results.into_iter().map(|r| r.0).collect();
    pulls.sort_by(f64::total_cmp);
    (pulls, good)
}

/// Mean and standard deviation of 100 pulls scatter by 0.1 and 0.07: four of those are allowed.
fn calibrate(method: Method, calls: u64) {
    let start = Instant::now();
    let problems = [
        problem("gaussian", 4, &[]),
        problem("camel", 4, &[]),
        problem("genz-continuous", 5, &[]),
        problem("ee-qqg", 2, &[]),
    ];
    println!("problem           method   mean    std    min    max  good  KS p");
    let mut bad = Vec::new();
    for problem in problems {
        let (mut pulls, good) = pulls(&problem, method, calls);
        let n = pulls.len() as f64;
        let mean = pulls.iter().sum::<f64>() / n;
        let std = (pulls.iter().map(|p| (p - mean) * (p - mean)).sum::<f64>() / (n - 1.0)).sqrt();
        let (min, max) = (pulls[0], pulls[pulls.len() - 1]);
        let (_, p) = ks_normal(&mut pulls);
        let name = format!("{}-{}", problem.name, problem.dim);
        let row = format!(
            "{name:17} {:6} {mean:6.2} {std:6.2} {min:6.2} {max:6.2} {good:5.2} {p:5.3}",
            method.name()
        );
        println!("{row}");
        if mean.abs() > 0.4 || !(0.77..=1.28).contains(&std) {
            bad.push(row);
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    println!("{calls} calls, {SEEDS} seeds: {seconds:.1} s");
    assert!(bad.is_empty(), "errors are wrong:\n{}", bad.join("\n"));
}

#[test]
#[ignore = "slow: 400 runs"]
fn plain() {
    calibrate(Method::Plain, 20_000);
}

#[test]
#[ignore = "slow: 400 runs"]
fn vegas() {
    calibrate(Method::Vegas, 20_000);
}

#[test]
#[ignore = "slow: trains 400 flows"]
fn flow() {
    calibrate(Method::Flow, 24_000);
}
