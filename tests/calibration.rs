//! Are the errors right? Pulls over many seeds, against a standard normal distribution.
//!
//! For each problem and method 100 runs at a small fixed budget. Slow:
//! `cargo test --release --test calibration -- --ignored --nocapture`.
#![expect(clippy::print_stdout, reason = "the table is the result")]

#[path = "../examples/calibration/run.rs"]
#[expect(dead_code, reason = "what the example alone asks of runs")]
mod run;
#[path = "../examples/common/seeds.rs"]
mod seeds;
#[path = "../examples/calibration/summary.rs"]
mod summary;

use std::time::Instant;

use run::Options;
use summary::Summary;
use thalweg::{FlowConfig, Method, stats::ks_normal};
use thalweg_integrands::problem;

/// Runs per problem.
const SEEDS: u64 = 100;

/// Mean and standard deviation of 100 pulls scatter by 0.1 and 0.07: four of those are allowed.
fn calibrate(method: Method, calls: u64) {
    let start = Instant::now();
    let problems = [
        ("gaussian", 4),
        ("camel", 4),
        ("genz-continuous", 5),
        ("ee-qqg", 2),
    ];
    let options = Options {
        flow: FlowConfig::default(),
        ..Options::new(SEEDS)
    };
    println!("{}", Summary::HEADER);
    let mut bad = Vec::new();
    for (name, dim) in problems {
        let problem = problem(name, Some(dim), &[]).expect("a known problem");
        let results = run::run(&problem, method, calls, &options);
        let summary = Summary::of(&results);
        let row = summary.line(&format!("{name}:{dim}"), method.name());
        let mut pulls: Vec<f64> = results.iter().map(|r| r.pull).collect();
        let (_, p) = ks_normal(&mut pulls);
        println!("{row} p = {p:.3} that the pulls are normal");
        if summary.mean.abs() > 0.4 || !(0.77..=1.28).contains(&summary.std) {
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
