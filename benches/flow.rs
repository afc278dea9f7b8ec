//! Sampling, density and training throughput of a flow, per point.
//!
//! `cargo bench --bench flow`. Parameters are randomised: an identity flow would flatter.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use thalweg::flow::{Activation, Flow, FlowConfig, SplineKind};
use thalweg::map::{Grid, Map as _};
use thalweg::train::{TrainConfig, Trainer};

const POINTS: usize = 4096;

/// Reproducible points in (0, 1).
fn points(n: usize) -> Vec<f64> {
    let mut state: u64 = 1;
    (0..n)
        .map(|_| {
            state = state
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            ((state >> 12) as f64 + 0.5) / (1_u64 << 52) as f64
        })
        .collect()
}

fn flow(dim: usize, config: &FlowConfig) -> Flow {
    let mut flow = Flow::new(dim, config, 1).expect("the configuration is valid");
    flow.randomise(2, 0.1);
    flow
}

/// The architecture that MadNIS takes by default.
fn madnis() -> FlowConfig {
    FlowConfig {
        bins: 10,
        activation: Activation::Relu,
        ..FlowConfig::default()
    }
}

fn maps(c: &mut Criterion) {
    let mut group = c.benchmark_group("map");
    group.throughput(Throughput::Elements(POINTS as u64));
    for dim in [4, 8, 16, 32] {
        let z = points(POINTS * dim);
        let (mut x, mut log_jac) = (z.clone(), vec![0.0; POINTS]);
        let configs = [
            (
                "linear",
                FlowConfig {
                    spline: SplineKind::Linear,
                    ..FlowConfig::default()
                },
            ),
            (
                "quadratic",
                FlowConfig {
                    spline: SplineKind::Quadratic,
                    ..FlowConfig::default()
                },
            ),
            ("default", FlowConfig::default()),
            ("madnis", madnis()),
        ];
        for (name, config) in configs {
            let flow = flow(dim, &config);
            group.bench_function(BenchmarkId::new(format!("{name} forward"), dim), |b| {
                b.iter(|| flow.forward(black_box(&z), &mut x, &mut log_jac));
            });
            group.bench_function(BenchmarkId::new(format!("{name} inverse"), dim), |b| {
                b.iter(|| flow.inverse(black_box(&z), &mut x, &mut log_jac));
            });
        }
        let grid = Grid::uniform(dim, 1000).expect("a uniform grid");
        group.bench_function(BenchmarkId::new("vegas forward", dim), |b| {
            b.iter(|| grid.forward(black_box(&z), &mut x, &mut log_jac));
        });
    }
    group.finish();
}

fn training(c: &mut Criterion) {
    let mut group = c.benchmark_group("training");
    group.sample_size(10);
    for dim in [4, 8, 16, 32] {
        // One stage: reuse 16 on 4096 points is 128 steps of 512 points.
        group.throughput(Throughput::Elements(16 * POINTS as u64));
        let x = points(POINTS * dim);
        let log_f: Vec<f64> = x
            .chunks(dim)
            .map(|x| -x.iter().map(|x| (x - 0.5).powi(2)).sum::<f64>())
            .collect();
        let log_q = vec![0.0; POINTS];
        for (name, config) in [("default", FlowConfig::default()), ("madnis", madnis())] {
            group.bench_function(BenchmarkId::new(name, dim), |b| {
                b.iter(|| {
                    let settings = TrainConfig {
                        reuse: 16.0,
                        ..TrainConfig::default()
                    };
                    let mut trainer = Trainer::new(flow(dim, &config), &settings, 1)
                        .expect("the settings are valid");
                    trainer.absorb(&x, &log_f, &log_q);
                    trainer.train()
                });
            });
        }
    }
    group.finish();
}

criterion_group!(benches, maps, training);
criterion_main!(benches);
