//! How the cost of a point grows with dimension, bins, width, batch and threads.
//!
//! Measures the architecture of MadNIS with one thing varied at a time, prints a table in
//! microseconds per point (sampling with density; one online training step divided by its
//! points) and draws `docs/performance.svg`. Takes two minutes; for figures to quote, pin it to
//! one core (the sweep over threads then shows nothing).
//!
//!     cargo run --release --example performance

use std::error::Error;
use std::fs::create_dir_all;
use std::thread::available_parallelism;

use plotters::prelude::*;
use thalweg::flow::FlowConfig;
use thalweg::speed::{SpeedConfig, madnis, measure_flow};

/// One curve of measurements.
struct Sweep {
    title: &'static str,
    at: Vec<f64>,
    /// microseconds per point
    sampling: Vec<f64>,
    training: Vec<f64>,
}

#[expect(clippy::print_stdout, reason = "an example shows its result")]
fn sweep(
    title: &'static str,
    at: &[usize],
    set: impl Fn(usize, &mut SpeedConfig, &mut FlowConfig),
) -> thalweg::Result<Sweep> {
    let mut sweep = Sweep {
        title,
        at: Vec::new(),
        sampling: Vec::new(),
        training: Vec::new(),
    };
    for &n in at {
        let mut config = SpeedConfig {
            threads: Some(1),
            ..SpeedConfig::default()
        };
        let mut flow = madnis();
        set(n, &mut config, &mut flow);
        let speed = measure_flow(config, &flow)?;
        let sampling = 1e6 / speed.points_per_second;
        let training = 1e6 / (speed.training_steps_per_second * config.batch as f64);
        println!(
            "{title:>10} {n:6}   sampling {sampling:7.3} us/point   training {training:7.3} us/point   {} parameters",
            speed.parameters
        );
        sweep.at.push(n as f64);
        sweep.sampling.push(sampling);
        sweep.training.push(training);
    }
    Ok(sweep)
}

#[expect(clippy::print_stdout, reason = "an example shows its result")]
fn main() -> Result<(), Box<dyn Error>> {
    let threads = available_parallelism()?.get();
    let threads: Vec<usize> = (0..=threads.ilog2()).map(|k| 1 << k).collect();
    let sweeps = [
        sweep("dimension", &[2, 4, 8, 16, 32, 64], |n, c, _| c.dim = n)?,
        sweep("bins", &[4, 6, 10, 16, 32, 64], |n, _, f| f.bins = n)?,
        sweep("width", &[16, 32, 64, 128, 256], |n, _, f| {
            f.hidden = vec![n, n];
        })?,
        sweep("batch", &[64, 256, 1024, 4096, 16384], |n, c, _| {
            c.batch = n;
        })?,
        sweep("threads", &threads, |n, c, _| {
            c.threads = Some(n);
            c.batch = 8192;
        })?,
    ];
    draw(&sweeps)?;
    println!("docs/performance.svg written");
    Ok(())
}

/// One panel per sweep; both axes are logarithmic, with powers of two as marks.
fn draw(sweeps: &[Sweep]) -> Result<(), Box<dyn Error>> {
    create_dir_all("docs")?;
    let root = SVGBackend::new("docs/performance.svg", (1100, 680)).into_drawing_area();
    root.fill(&WHITE)?;
    for (sweep, area) in sweeps.iter().zip(root.split_evenly((2, 3))) {
        let logs = |values: &[f64]| values.iter().map(|v| v.log2()).collect::<Vec<_>>();
        let at = logs(&sweep.at);
        let (sampling, training) = (logs(&sweep.sampling), logs(&sweep.training));
        let all = sampling.iter().chain(&training);
        let (low, high) = all.fold((f64::MAX, f64::MIN), |(l, h), v| (l.min(*v), h.max(*v)));
        let (low, high) = (low.floor(), high.ceil());
        let (first, last) = (at[0], at[at.len() - 1]);
        let mut chart = ChartBuilder::on(&area)
            .caption(sweep.title, ("sans-serif", 20))
            .margin(12)
            .x_label_area_size(32)
            .y_label_area_size(56)
            .build_cartesian_2d(first - 0.2..last + 0.2, low..high)?;
        let power = |v: &f64| format!("{}", v.exp2());
        chart
            .configure_mesh()
            .y_desc("us per point")
            .x_labels(marks(last - first))
            .y_labels(marks(high - low))
            .x_label_formatter(&power)
            .y_label_formatter(&power)
            .light_line_style(TRANSPARENT)
            .bold_line_style(BLACK.mix(0.15))
            .draw()?;
        for (name, values, colour) in [("sampling", sampling, BLUE), ("training", training, RED)] {
            let points: Vec<(f64, f64)> = at.iter().copied().zip(values).collect();
            let line = LineSeries::new(points.iter().copied(), colour.stroke_width(2));
            let sample = move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour);
            chart.draw_series(line)?.label(name).legend(sample);
            chart.draw_series(points.iter().map(|p| Circle::new(*p, 3, colour.filled())))?;
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::LowerRight)
            .border_style(BLACK.mix(0.2))
            .background_style(WHITE.mix(0.8))
            .draw()?;
    }
    root.present()?;
    Ok(())
}

/// As many marks as whole numbers in a range of this length.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a few powers of two"
)]
fn marks(length: f64) -> usize {
    length as usize + 1
}
