//! Evidences and integrals over R^d, given by logarithms, against known values: `docs/evidence.md`.
//!
//! Each row is of many runs with an error of 0.01 of ln Z as their target; pulls are those of Z. A row's largest
//! pull, the mean and the standard deviation of its pulls, and its calls.
//!
//!     cargo run --release --example evidence [seeds]
#![expect(clippy::print_stdout, reason = "an example shows its result")]

use std::env;
use std::error::Error;

use thalweg::{Integrator, Settings, Stop, from_fn};

#[path = "common/likelihoods.rs"]
mod likelihoods;
use likelihoods::{Likelihood, correlated, egg_box, narrow, shells};

/// Runs of a row, unless the command line says another number.
const SEEDS: u64 = 32;

fn main() -> Result<(), Box<dyn Error>> {
    let seeds = match env::args().nth(1) {
        Some(seeds) => seeds.parse()?,
        None => SEEDS,
    };
    let rows = [
        shells(2)?,
        shells(5)?,
        shells(10)?,
        shells(5)?.offset(-5000.0),
        shells(5)?.offset(3000.0),
        egg_box()?,
        correlated(2, false)?,
        correlated(5, false)?,
        correlated(2, true)?,
        correlated(8, true)?,
        correlated(5, true)?.offset(-5000.0),
        correlated(5, true)?.offset(3000.0),
        narrow(4, 1e-4)?.offset(-1e5),
    ];
    println!(
        "{seeds} seeds           d    exact ln Z   first ln Z +- error   largest pull   pulls: mean, std   calls  \
         good  methods"
    );
    for row in &rows {
        show(row, seeds)?;
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
            stop: Stop::rel_error(1e-2),
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
        "{:18} {dim:2} {:13.5} {:12.5} +- {:.5} {largest:+14.2} {mean:+12.2}, {:.2} {:9}  {good}/{seeds}  {}",
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
