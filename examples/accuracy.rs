//! Root mean square of the true error, and pulls, over many seeds at a fixed budget.
//!
//! One JSON line per integrand: rms of (value - exact)/|exact|, median of the quoted error, mean and
//! standard deviation of the pulls (normal scores), how many runs were flagged, and how many took
//! Sobol nets.
//!
//!     cargo run --release --example accuracy -- CALLS SEEDS [PLACEMENT] [names ..]
//!     cargo run --release --example accuracy -- 2e5 100 auto camel:8 genz-corner-peak:5
//!
//! CALLS may also be a file with lines `name:dim calls`, one budget for each.

use std::collections::BTreeMap;
use std::env::args;
use std::f64::consts::PI;
use std::fs::read_to_string;
use std::sync::{
    Mutex,
    atomic::{AtomicU64, Ordering},
};
use std::thread;
use std::time::Instant;

use thalweg::{Integrator, Method, Placement, Report, Settings, Stop, from_fn};
use thalweg_integrands::problem;

/// The i-flow set and the Genz families.
const ALL: &[&str] = &[
    "gaussian:2",
    "camel:2",
    "gaussian:4",
    "camel:4",
    "gaussian:8",
    "camel:8",
    "gaussian:16",
    "genz-oscillatory:5",
    "genz-oscillatory:8",
    "genz-product-peak:5",
    "genz-product-peak:8",
    "genz-corner-peak:5",
    "genz-corner-peak:8",
    "genz-gaussian:5",
    "genz-gaussian:8",
    "genz-continuous:5",
    "genz-continuous:8",
    "genz-discontinuous:5",
    "genz-discontinuous:8",
    "circles:2",
    "annulus:2",
    "box:3",
    "poly:18",
    "poly:54",
    "poly:96",
    "cut-step:2",
    "cut-sum:3",
    "thin-annulus:2",
    "camel:16",
];

/// A function with its exact integral.
type Known = (Box<dyn Fn(&[f64]) -> f64 + Sync>, f64);

/// Integrands with cuts that are not in the library of integrands.
fn cut(name: &str, dim: usize) -> Option<Known> {
    match name {
        "cut-step" => Some((
            Box::new(|y| f64::from(u8::from(y.iter().all(|y| *y > 0.1 && *y < 0.9)))),
            0.8_f64.powi(i32::try_from(dim).unwrap_or(1)),
        )),
        "cut-sum" => Some((
            Box::new(|y| f64::from(u8::from(y.iter().sum::<f64>() < 1.0))),
            1.0 / (1..=dim).map(|k| k as f64).product::<f64>(),
        )),
        "thin-annulus" => Some((
            Box::new(|y| {
                let r = (y[0] - 0.5).hypot(y[1] - 0.5);
                f64::from(u8::from(r > 0.4 && r < 0.42))
            }),
            PI * (0.42_f64.powi(2) - 0.4_f64.powi(2)),
        )),
        _ => None,
    }
}

/// A function to integrate and its exact value.
struct Case {
    dim: usize,
    known: Known,
}

impl Case {
    fn new(name: &str) -> Option<Self> {
        let (name, dim) = name.split_once(':')?;
        let dim = dim.parse().ok()?;
        if let Some(known) = cut(name, dim) {
            return Some(Self { dim, known });
        }
        let problem = problem(name, Some(dim), &[]).ok()?;
        let exact = problem.exact?;
        let f = Box::new(move |y: &[f64]| problem.eval(y));
        Some(Self {
            dim,
            known: (f, exact),
        })
    }
}

fn run(case: &Case, calls: u64, seed: u64, placement: Placement) -> thalweg::Result<Report> {
    let settings = Settings {
        method: Method::Vegas,
        placement,
        stop: Stop::calls(calls),
        seed,
        threads: Some(1),
        ..Settings::default()
    };
    Integrator::new(settings)?.integrate(&from_fn(case.dim, &case.known.0))
}

#[expect(clippy::print_stdout, reason = "an example shows its result")]
fn main() {
    let args: Vec<String> = args().skip(1).collect();
    let [calls, seeds, rest @ ..] = args.as_slice() else {
        println!("accuracy CALLS SEEDS [PLACEMENT] [names ..]");
        return;
    };
    let budgets: BTreeMap<String, u64> = read_to_string(calls)
        .unwrap_or_default()
        .lines()
        .filter_map(|l| l.split_once(' '))
        .filter_map(|(name, calls)| Some((name.to_owned(), calls.trim().parse().ok()?)))
        .collect();
    let seeds: u64 = seeds.parse().expect("a number of seeds");
    let (placement, names) = match rest {
        [first, names @ ..] if !first.contains(':') => (named(first), names),
        names => (Placement::Auto, names),
    };
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let names = if names.is_empty() { ALL } else { &names };
    for name in names {
        let case = Case::new(name).expect("a known integrand with a known value");
        let calls = match budgets.get(*name) {
            Some(calls) => *calls,
            None if budgets.is_empty() => whole(calls),
            None => continue,
        };
        let start = Instant::now();
        let next = AtomicU64::new(1);
        let reports = Mutex::new(Vec::new());
        thread::scope(|scope| {
            for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
                scope.spawn(|| {
                    loop {
                        let seed = next.fetch_add(1, Ordering::Relaxed);
                        if seed > seeds {
                            break;
                        }
                        let report = run(&case, calls, seed, placement).expect("a good run");
                        reports.lock().expect("no run panics").push(report);
                    }
                });
            }
        });
        let reports = reports.into_inner().expect("no run panics");
        let seconds = start.elapsed().as_secs_f64();
        println!("{}", line(name, &case, &reports, seconds));
    }
}

fn named(placement: &str) -> Placement {
    match placement {
        "random" => Placement::Random,
        "sobol" => Placement::Sobol,
        "strata" => Placement::Strata,
        "auto" => Placement::Auto,
        other => panic!("placement auto, random, sobol or strata, not {other}"),
    }
}

/// A number of calls, such as 100000 or 1e5.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "whole and positive"
)]
fn whole(calls: &str) -> u64 {
    let calls: f64 = calls.parse().expect("a number of calls");
    assert!(calls >= 1.0 && calls.fract() == 0.0, "{calls} calls");
    calls as u64
}

/// One line of JSON.
fn line(name: &str, case: &Case, reports: &[Report], seconds: f64) -> String {
    let n = reports.len() as f64;
    let mean = |of: &dyn Fn(&Report) -> f64| reports.iter().map(of).sum::<f64>() / n;
    let exact = case.known.1;
    let rms = mean(&|r| ((r.estimate.value - exact) / exact).powi(2)).sqrt();
    let fourth = mean(&|r| ((r.estimate.value - exact) / exact).powi(4));
    let rms_error = 0.5 * ((fourth / rms.powi(4) - 1.0).max(0.0) / n).sqrt() * rms;
    let pull = mean(&|r| r.estimate.pull(exact));
    let std = (mean(&|r| (r.estimate.pull(exact) - pull).powi(2)) * n / (n - 1.0)).sqrt();
    let mut quoted: Vec<f64> = reports
        .iter()
        .map(|r| r.estimate.error / exact.abs())
        .collect();
    quoted.sort_by(f64::total_cmp);
    let median = quoted[quoted.len() / 2];
    let flagged = reports.iter().filter(|r| !r.status.is_good()).count();
    let nets = reports
        .iter()
        .filter(|r| r.placement == Placement::Sobol)
        .count();
    let calls = mean(&|r| r.calls.total() as f64);
    format!(
        "{{\"name\": \"{name}\", \"calls\": {calls:.0}, \"seeds\": {n}, \"rms\": {rms:e}, \"rms_error\": {rms_error:e}, \
         \"median_quoted\": {median:e}, \"pull_mean\": {pull:.3}, \"pull_std\": {std:.3}, \
         \"flagged\": {flagged}, \"sobol\": {nets}, \"seconds\": {seconds:.2}}}"
    )
}
