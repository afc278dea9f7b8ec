//! `thalweg speed`: what this machine does.

use clap::Args;
use serde::Serialize;
use thalweg::Level;
use thalweg::speed::{FlowSpeed, KernelSpeed, Speed, SpeedConfig, Unit, measure, measure_kernels};

use crate::error::Failure;
use crate::exit::Exit;
use crate::number::significant;
use crate::output::{print, print_json};
use crate::parse;
use crate::table::{Align, Table};

/// Measure sampling and training on this machine.
///
/// Two architectures at random parameters: that of MadNIS (10 bins, two hidden layers of 32,
/// ReLU) and the default of thalweg. Takes about ten seconds.
#[derive(Debug, Args)]
pub(crate) struct SpeedArgs {
    /// Number of coordinates
    #[arg(long, value_name = "D", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=1024))]
    dim: u16,
    /// Points per call when sampling, and per step when training
    #[arg(long, value_name = "B", default_value_t = 1024, value_parser = clap::value_parser!(u32).range(1..=1_048_576))]
    batch: u32,
    /// Threads [default: one per core]
    #[arg(long, value_name = "T", value_parser = clap::value_parser!(u16).range(1..=4096))]
    threads: Option<u16>,
    /// Vector instructions to use [default: the best of this machine]
    #[arg(long, value_name = "portable|avx2|avx512", value_parser = parse::level)]
    level: Option<Level>,
    /// Measure the kernels one by one instead, on one thread (takes a minute)
    #[arg(long, conflicts_with_all = ["dim", "batch", "threads"])]
    kernels: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// The figures of the MadNIS architecture at the top, those of the default below.
#[derive(Serialize)]
struct SpeedRecord<'a> {
    dim: usize,
    batch: usize,
    threads: usize,
    level: &'a str,
    #[serde(flatten)]
    madnis: FlowSpeed,
    default: FlowSpeed,
    vegas_points_per_second: f64,
    sobol_points_per_second: f64,
    fma_peak_gflops: f64,
    version: &'a str,
}

pub(crate) fn run(args: &SpeedArgs) -> Result<Exit, Failure> {
    let config = SpeedConfig {
        dim: usize::from(args.dim),
        batch: usize::try_from(args.batch).unwrap_or(usize::MAX),
        threads: args.threads.map(usize::from),
        ..SpeedConfig::default()
    };
    if let Some(level) = args.level {
        // The parser has refused levels that this machine lacks.
        let _ = level.force();
    }
    if args.kernels {
        let speeds = measure_kernels(config.window_ms);
        if args.json {
            print_json(&speeds)?;
        } else {
            print(&kernel_table(&speeds))?;
        }
        return Ok(Exit::Good);
    }
    let speed = measure(config)?;
    if args.json {
        print_json(&record(&speed))?;
    } else {
        print(&text(&speed))?;
    }
    Ok(Exit::Good)
}

fn record(speed: &Speed) -> SpeedRecord<'_> {
    SpeedRecord {
        dim: speed.config.dim,
        batch: speed.config.batch,
        threads: speed.threads,
        level: &speed.level,
        madnis: speed.madnis,
        default: speed.default,
        vegas_points_per_second: speed.vegas_points_per_second,
        sobol_points_per_second: speed.sobol_points_per_second,
        fma_peak_gflops: speed.fma_peak_gflops,
        version: env!("CARGO_PKG_VERSION"),
    }
}

fn text(speed: &Speed) -> String {
    let config = speed.config;
    let mut table = Table::new(&[
        ("flow", Align::Left),
        ("parameters", Align::Right),
        ("points/s", Align::Right),
        ("training steps/s", Align::Right),
        ("optimiser steps/s", Align::Right),
    ]);
    for (name, flow) in [("madnis", &speed.madnis), ("default", &speed.default)] {
        table.row(vec![
            name.to_owned(),
            flow.parameters.to_string(),
            count(flow.points_per_second),
            significant(flow.training_steps_per_second, 3),
            significant(flow.optimiser_steps_per_second, 3),
        ]);
    }
    let mut lines = vec![
        format!(
            "d = {}, batch {}, {} thread{}, {}",
            config.dim,
            config.batch,
            speed.threads,
            if speed.threads == 1 { "" } else { "s" },
            speed.level
        ),
        String::new(),
    ];
    lines.extend(table.lines(0));
    lines.push(String::new());
    lines.push(format!(
        "VEGAS grid        {} points/s",
        count(speed.vegas_points_per_second)
    ));
    lines.push(format!(
        "Sobol points      {} points/s",
        count(speed.sobol_points_per_second)
    ));
    lines.push(format!(
        "multiply-adds     {} GFLOP/s in f32 on one thread",
        significant(speed.fma_peak_gflops, 3)
    ));
    lines.join("\n")
}

fn kernel_table(speeds: &[KernelSpeed]) -> String {
    let mut table = Table::new(&[
        ("kernel", Align::Left),
        ("speed", Align::Right),
        ("of the peak", Align::Right),
        ("per element", Align::Right),
    ]);
    for kernel in speeds {
        let peak = kernel.peak_fraction;
        let (speed, time) = match kernel.unit {
            Unit::Flops => (
                format!("{} GFLOP/s", significant(kernel.per_second / 1e9, 3)),
                String::new(),
            ),
            Unit::Elements => (
                format!("{}/s", count(kernel.per_second)),
                format!("{} ns", significant(1e9 / kernel.per_second, 3)),
            ),
        };
        let peak = peak.map_or_else(String::new, |p| format!("{} %", significant(100.0 * p, 3)));
        table.row(vec![kernel.name.clone(), speed, peak, time]);
    }
    let mut lines = vec![format!("one thread, {}", Level::active()), String::new()];
    lines.extend(table.lines(0));
    lines.join("\n")
}

/// A large number with its unit: `412 k`, `1.29 M`.
fn count(n: f64) -> String {
    if n < 1e6 {
        format!("{} k", significant(n / 1e3, 3))
    } else {
        format!("{} M", significant(n / 1e6, 3))
    }
}
