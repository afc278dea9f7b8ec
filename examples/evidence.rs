//! Evidences and integrals over R^d, given by logarithms, against known values: `docs/evidence.md`.
//!
//! A line for each likelihood: ln Z with its error by the first seed, and over all seeds the largest pull of Z,
//! mean and standard deviation of the pulls, the mean of the calls, how many reports had a good status, and
//! the methods chosen.
//!
//!     cargo run --release --example evidence [line] [seeds]
//!
//! with one of the lines, counted from 0, and another number of seeds for it. All lines take ten minutes or more.
#![expect(clippy::print_stdout, reason = "an example shows its result")]

use std::env;
use std::error::Error;

use thalweg::{Integrator, Settings, Stop, from_fn};

#[path = "common/likelihoods.rs"]
mod likelihoods;
use likelihoods::{Likelihood, correlated, egg_box, narrow, shells};

/// Relative error of Z that is asked for.
const TARGET: f64 = 1e-2;

fn main() -> Result<(), Box<dyn Error>> {
    let given = |i| env::args().nth(i).map(|text| text.parse::<u64>());
    let (line, more) = (given(1).transpose()?, given(2).transpose()?);
    let rows = [
        (shells(2)?, 32),
        (shells(5)?.offset(-5000.0), 16),
        (shells(10)?, 4),
        (egg_box()?.offset(3000.0), 32),
        (correlated(2, false)?, 32),
        (correlated(5, false)?, 32),
        (correlated(2, true)?.offset(3000.0), 32),
        (correlated(5, true)?.offset(-5000.0), 32),
        (narrow(4, 1e-4)?.offset(-1e5), 32),
    ];
    println!(
        "likelihood          d    exact ln Z      seed 1: ln Z +- error   seeds  largest  mean   std    calls  good"
    );
    for (i, (row, seeds)) in (0..).zip(&rows) {
        if line.is_none_or(|line| line == i) {
            show(row, more.unwrap_or(*seeds))?;
        }
    }
    Ok(())
}

fn show(row: &Likelihood, seeds: u64) -> thalweg::Result<()> {
    let dim = row.domain.dim();
    let log_f = from_fn(dim, &row.log_f);
    let mut found = Vec::new();
    for seed in 1..=seeds {
        let settings = Settings {
            seed,
            domain: Some(row.domain.clone()),
            stop: Stop::rel_error(TARGET),
            ..Settings::default()
        };
        found.push(Integrator::new(settings)?.integrate_log(&log_f)?);
    }
    let pulls: Vec<f64> = found.iter().map(|r| r.pull(row.log_z)).collect();
    let n = pulls.len() as f64;
    let mean = pulls.iter().sum::<f64>() / n;
    let square: f64 = pulls.iter().map(|p| (p - mean).powi(2)).sum();
    let largest = pulls
        .iter()
        .fold(0.0, |a: f64, b| if b.abs() > a.abs() { *b } else { a });
    let calls: u64 = found.iter().map(|r| r.report.calls.total()).sum();
    let good = found.iter().filter(|r| r.report.status.is_good()).count();
    let mut methods: Vec<&str> = found
        .iter()
        .filter_map(|r| r.report.chosen.as_ref().map(|c| c.method.name()))
        .collect();
    methods.sort_unstable();
    methods.dedup();
    println!(
        "{:18} {dim:2} {:13.5} {:14.5} +- {:.5} {seeds:7} {largest:+8.2} {mean:+5.2} {:5.2} {:8}  {good}  {}",
        row.name,
        row.log_z,
        found[0].log_z,
        found[0].error,
        (square / (n - 1.0)).sqrt(),
        calls / seeds,
        methods.join(", ")
    );
    Ok(())
}
