//! What this machine does: throughput of sampling and training, measured.
//!
//! Each figure is the best of several windows of wall time. Flows have randomised parameters,
//! because an identity would flatter; the target is the camel (two Gaussian peaks of width 0.2,
//! as in i-flow, arXiv:2001.05486). This is the one place besides `max_seconds` and the cost
//! class that reads the clock.

mod kernels;

use std::hint::black_box;
use std::time::{Duration, Instant};

use rayon::ThreadPoolBuilder;
use rayon::current_num_threads;
use rayon::iter::{IndexedParallelIterator as _, ParallelIterator as _};
use rayon::slice::ParallelSliceMut as _;
use serde::{Deserialize, Serialize};

pub use kernels::{KernelCase, KernelSpeed, Unit, kernel_cases, measure_kernels};

use crate::error::{Error, Result, check};
use crate::flow::{Activation, Flow, FlowConfig};
use crate::kernel::{Level, dispatch::run, peak::Peak};
use crate::map::{Grid, Map};
use crate::rng::{Purpose, Streams};
use crate::sobol::Sobol;
use crate::train::{AdamConfig, TrainConfig, Trainer};

/// What to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpeedConfig {
    /// coordinates
    pub dim: usize,
    /// points per call when sampling, and per step when training
    pub batch: usize,
    /// threads; `None` is one per core
    pub threads: Option<usize>,
    /// milliseconds of each window
    pub window_ms: u64,
}

impl Default for SpeedConfig {
    fn default() -> Self {
        Self {
            dim: 8,
            batch: 1024,
            threads: None,
            window_ms: 150,
        }
    }
}

/// Throughput of one architecture.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FlowSpeed {
    /// parameters of the flow
    pub parameters: usize,
    /// points drawn with their log-density
    pub points_per_second: f64,
    /// draw, integrand, loss, backward pass and Adam
    pub training_steps_per_second: f64,
    /// loss, backward pass and Adam on given points
    pub optimiser_steps_per_second: f64,
}

/// All figures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Speed {
    /// what was measured
    pub config: SpeedConfig,
    /// threads used
    pub threads: usize,
    /// instruction set of the kernels
    pub level: String,
    /// the architecture of MadNIS: 10 bins, two hidden layers of 32, ReLU
    pub madnis: FlowSpeed,
    /// the default architecture
    pub default: FlowSpeed,
    /// points through a VEGAS grid of 1000 bins, random numbers included
    pub vegas_points_per_second: f64,
    /// scrambled Sobol points
    pub sobol_points_per_second: f64,
    /// multiply-adds in f32 on one thread, 1e9 operations per second
    pub fma_peak_gflops: f64,
}

/// The architecture that MadNIS and MadSpace take by default.
pub fn madnis() -> FlowConfig {
    FlowConfig {
        bins: 10,
        activation: Activation::Relu,
        ..FlowConfig::default()
    }
}

/// Measures.
///
/// # Errors
/// [`Error::ZeroDimension`], or [`Error::InvalidSetting`] for an empty batch.
pub fn measure(config: SpeedConfig) -> Result<Speed> {
    in_pool(config, || {
        Ok(Speed {
            config,
            threads: current_num_threads(),
            level: Level::active().name().to_owned(),
            madnis: flow_speed(config, &madnis())?,
            default: flow_speed(config, &FlowConfig::default())?,
            vegas_points_per_second: vegas_speed(config)?,
            sobol_points_per_second: sobol_speed(config)?,
            fma_peak_gflops: fma_peak(config.window_ms),
        })
    })
}

/// Measures a flow of any architecture, at random parameters.
///
/// # Errors
/// [`Error::ZeroDimension`], or [`Error::InvalidSetting`] for an empty batch or from the
/// architecture.
pub fn measure_flow(config: SpeedConfig, architecture: &FlowConfig) -> Result<FlowSpeed> {
    in_pool(config, || flow_speed(config, architecture))
}

/// Checks the sizes, and runs `body` on the threads asked for.
fn in_pool<T: Send>(config: SpeedConfig, body: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    if config.dim == 0 {
        return Err(Error::ZeroDimension);
    }
    let batch = config.batch;
    let allowed = "1 to 1048576";
    check(
        (1..=1 << 20).contains(&batch),
        "batch",
        batch as f64,
        allowed,
    )?;
    let threads = config.threads.unwrap_or(0);
    let pool = ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .map_err(|e| Error::Threads {
            threads,
            reason: e.to_string(),
        })?;
    pool.install(body)
}

/// Runs of `work` per second: the best of five windows, after one to warm up.
fn rate(window_ms: u64, mut work: impl FnMut()) -> f64 {
    let window = Duration::from_millis(window_ms);
    let mut best: f64 = 0.0;
    for _ in 0..6 {
        let start = Instant::now();
        let mut runs = 0;
        while start.elapsed() < window {
            work();
            runs += 1;
        }
        best = best.max(f64::from(runs) / start.elapsed().as_secs_f64());
    }
    best
}

/// Fills `z` (`[n * dim]`) with uniform points from `first` on, as a run draws them: a door for
/// benchmarks only.
#[doc(hidden)]
pub fn uniform_points(first: u64, dim: usize, z: &mut [f64]) {
    Streams::new(1).fill_points(Purpose::Sample, 0, first, dim, z);
}

/// Draws points through `map` in parallel chunks, z filled anew each time.
fn draw(map: &dyn Map, iteration: u64, z: &mut [f64], x: &mut [f64], log_jac: &mut [f64]) {
    const CHUNK: usize = 256;
    let dim = map.dim();
    let chunks = z
        .par_chunks_mut(CHUNK * dim)
        .zip(x.par_chunks_mut(CHUNK * dim));
    chunks
        .zip(log_jac.par_chunks_mut(CHUNK))
        .enumerate()
        .for_each(|(c, ((z, x), log_jac))| {
            let first = (c * CHUNK) as u64;
            Streams::new(1).fill_points(Purpose::Sample, iteration, first, dim, z);
            map.forward(z, x, log_jac);
        });
}

fn flow_speed(config: SpeedConfig, architecture: &FlowConfig) -> Result<FlowSpeed> {
    let SpeedConfig { dim, batch, .. } = config;
    let mut flow = Flow::new(dim, architecture, 1)?;
    flow.randomise(2, 0.1);
    let parameters = flow.parameters().len();
    let (mut z, mut x) = (vec![0.0; batch * dim], vec![0.0; batch * dim]);
    let mut log_jac = vec![0.0; batch];
    let mut iteration = 0;
    let draws = rate(config.window_ms, || {
        iteration += 1;
        draw(&flow, iteration, &mut z, &mut x, &mut log_jac);
    });
    // A small rate keeps the parameters where they are: the figures are of a random flow.
    let adam = AdamConfig {
        learning_rate: 1e-6,
        ..AdamConfig::default()
    };
    let train = TrainConfig {
        minibatch: batch,
        adam,
        ..TrainConfig::default()
    };
    let mut trainer = Trainer::new(flow, &train, 1)?;
    let training = rate(config.window_ms, || {
        black_box(trainer.online_step(&|x, log_f| camel(dim, x, log_f))).ok();
    });
    let mut log_f = vec![0.0; batch];
    camel(dim, &x, &mut log_f);
    let log_q: Vec<f64> = log_jac.iter().map(|l| -l).collect();
    let optimiser = rate(config.window_ms, || {
        black_box(trainer.step_on(&x, &log_f, &log_q));
    });
    Ok(FlowSpeed {
        parameters,
        points_per_second: draws * batch as f64,
        training_steps_per_second: training,
        optimiser_steps_per_second: optimiser,
    })
}

/// log of the camel at `x` (`[n * dim]`).
fn camel(dim: usize, x: &[f64], log_f: &mut [f64]) {
    for (x, log_f) in x.chunks_exact(dim).zip(log_f) {
        let square = |c: f64| x.iter().map(|x| (x - c) * (x - c)).sum::<f64>() / 0.04;
        let (a, b) = (square(1.0 / 3.0), square(2.0 / 3.0));
        // ln(e^-a + e^-b)
        *log_f = (-(a - b).abs()).exp().ln_1p() - a.min(b);
    }
}

fn vegas_speed(config: SpeedConfig) -> Result<f64> {
    let n = config.batch.max(65_536);
    let grid = Grid::uniform(config.dim, 1000)?;
    let (mut z, mut x) = (vec![0.0; n * config.dim], vec![0.0; n * config.dim]);
    let mut log_jac = vec![0.0; n];
    let mut iteration = 0;
    let draws = rate(config.window_ms, || {
        iteration += 1;
        draw(&grid, iteration, &mut z, &mut x, &mut log_jac);
    });
    Ok(draws * n as f64)
}

fn sobol_speed(config: SpeedConfig) -> Result<f64> {
    const N: usize = 4096;
    let sobol = Sobol::new(config.dim, 1)?;
    let mut z = vec![0.0; N * config.dim * current_num_threads()];
    let mut round = 0;
    let draws = rate(config.window_ms, || {
        round += 1;
        z.par_chunks_mut(N * config.dim)
            .enumerate()
            .for_each(|(c, z)| sobol.fill((round << 20) + (c * N) as u64, z));
    });
    Ok(draws * (z.len() / config.dim) as f64)
}

fn fma_peak(window_ms: u64) -> f64 {
    let mut operations = 0;
    let rate = rate(window_ms, || {
        let peak = Peak {
            rounds: 20_000,
            factor: black_box(0.5),
            term: black_box(0.25),
        };
        let (done, value) = run(peak);
        black_box(value);
        operations = done;
    });
    rate * operations as f64 / 1e9
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_is_measured() {
        let config = SpeedConfig {
            dim: 2,
            batch: 100,
            threads: Some(1),
            window_ms: 2,
        };
        let speed = measure(config).unwrap();
        for flow in [speed.madnis, speed.default] {
            assert!(flow.points_per_second > 0.0 && flow.parameters > 0);
            assert!(flow.training_steps_per_second > 0.0);
            assert!(flow.optimiser_steps_per_second > 0.0);
        }
        assert!(speed.vegas_points_per_second > 0.0 && speed.sobol_points_per_second > 0.0);
        assert!(speed.fma_peak_gflops > 0.0);
    }

    #[test]
    fn bad_sizes_are_refused() {
        let none = SpeedConfig {
            dim: 0,
            ..SpeedConfig::default()
        };
        assert!(matches!(measure(none), Err(Error::ZeroDimension)));
        let empty = SpeedConfig {
            batch: 0,
            ..SpeedConfig::default()
        };
        assert!(matches!(
            measure(empty),
            Err(Error::InvalidSetting { name: "batch", .. })
        ));
    }
}
