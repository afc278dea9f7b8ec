//! Memory and time of very long and very wide runs.
//!
//! First a constant integrated with a billion calls, for each placement: value, counters, and the
//! resident memory after the first tenth and at the end. Then 300 components with a histogram of
//! 100 bins: memory, time, and the pulls pooled over components and seeds. Takes some minutes.
//!
//!     cargo run --release --example memory [CALLS]

use std::env::args;
use std::fs::read_to_string;
use std::time::Instant;

use thalweg::{
    Control, Integrator, Method, Observable, Observer, Placement, Progress, Settings, Stop,
    from_fn, from_vector_fn,
};

/// Resident memory in MiB; 0 where the system does not tell.
fn resident() -> f64 {
    let pages = read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = pages.split(' ').nth(1).and_then(|p| p.parse::<f64>().ok());
    pages.unwrap_or(0.0) * 4096.0 / f64::from(1 << 20)
}

/// Notes the memory once a tenth of the calls is spent.
#[derive(Default)]
struct Meter {
    early: Option<f64>,
    most: f64,
}

impl Observer for Meter {
    fn step(&mut self, progress: &Progress<'_>) -> Control {
        if self.early.is_none() && progress.calls.total() >= progress.max_calls / 10 {
            self.early = Some(resident());
        }
        if self.early.is_some() {
            self.most = self.most.max(resident());
        }
        Control::Continue
    }
}

const COMPONENTS: usize = 300;
const SEEDS: u64 = 20;

#[expect(clippy::print_stdout, reason = "an example shows its result")]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a number of calls"
)]
fn main() -> thalweg::Result<()> {
    let calls = args()
        .nth(1)
        .and_then(|c| c.parse::<f64>().ok())
        .unwrap_or(1e9) as u64;
    for placement in [Placement::Random, Placement::Sobol, Placement::Strata] {
        let settings = Settings {
            method: Method::Vegas,
            placement,
            stop: Stop::calls(calls),
            ..Settings::default()
        };
        let mut meter = Meter::default();
        let start = Instant::now();
        let f = from_fn(4, |_| 0.1);
        let report = Integrator::new(settings)?.run(&f, &mut meter)?.report;
        println!(
            "{:7} {} calls, value off by {:e}, {:.1} s, {:.1} MiB after a tenth, {:+.2} MiB later",
            placement.name(),
            report.calls.total(),
            report.estimate.value / 0.1 - 1.0,
            start.elapsed().as_secs_f64(),
            meter.early.unwrap_or(0.0),
            meter.most - meter.early.unwrap_or(0.0),
        );
    }
    let power = |k: usize| 1.0 + k as f64 / 50.0;
    for placement in [Placement::Random, Placement::Sobol, Placement::Strata] {
        let (mut pulls, start) = (Vec::new(), Instant::now());
        for seed in 1..=SEEDS {
            let settings = Settings {
                method: Method::Vegas,
                placement,
                stop: Stop::calls(200_000),
                seed,
                ..Settings::default()
            };
            // Phases of their own make the components nearly independent.
            let f = from_vector_fn(3, COMPONENTS, move |x, f| {
                let u = x[0] + 3.0 * x[1] + 7.0 * x[2];
                for (k, f) in f.iter_mut().enumerate() {
                    *f = 1.0 + (power(k) * 40.0 * u + k as f64).sin();
                }
            });
            let report = Integrator::new(settings)?
                .observing(vec![Observable::new("x0", 100, 0.0, 1.0, |x| x[0])?])
                .integrate(&f)?;
            for (k, output) in report.outputs.iter().enumerate() {
                pulls.push(output.estimate.pull(exact(power(k) * 40.0, k as f64)));
            }
        }
        let n = pulls.len() as f64;
        let mean = pulls.iter().sum::<f64>() / n;
        let std = (pulls.iter().map(|p| (p - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
        println!(
            "{:7} {COMPONENTS} components, 100 bins, {SEEDS} x 200000 calls: pulls {mean:+.3} +- {std:.3}, \
             {:.2} s a run, {:.0} MiB",
            placement.name(),
            start.elapsed().as_secs_f64() / SEEDS as f64,
            resident()
        );
    }
    Ok(())
}

/// int of 1 + sin(w (x + 3 y + 7 z) + phase) over the unit cube, by the real and imaginary parts
/// of the product of int exp(i w c x) dx = exp(i w c / 2) sin(w c / 2)/(w c / 2).
fn exact(w: f64, phase: f64) -> f64 {
    let mut size = 1.0;
    let mut angle = phase;
    for c in [1.0, 3.0, 7.0] {
        let half = 0.5 * w * c;
        size *= half.sin() / half;
        angle += half;
    }
    1.0 + size * angle.sin()
}
