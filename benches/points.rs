//! Points before any integrand: random numbers, Sobol points and the VEGAS grid, in coordinates
//! per second, beside writing and copying as many numbers.
//!
//! `cargo bench --bench points`. Chunks of 256 points, as a run evaluates them, stay in the
//! cache; "stream" is a million points, which do not.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use thalweg::map::{Grid, GridTraining, Map as _};
use thalweg::{Sobol, speed::uniform_points};

const CHUNK: usize = 256;

/// A grid of 1000 bins with random edges.
fn grid(dim: usize) -> Grid {
    let mut inner = vec![0.0; dim * 999];
    uniform_points(1 << 40, 999, &mut inner);
    let mut edges = Vec::new();
    for inner in inner.chunks_exact_mut(999) {
        inner.sort_by(f64::total_cmp);
        edges.push(0.0);
        edges.extend_from_slice(inner);
        edges.push(1.0);
    }
    Grid::from_edges(dim, edges).expect("rising edges")
}

fn points(c: &mut Criterion) {
    for dim in [4, 8, 16, 32] {
        let mut group = c.benchmark_group(format!("points d{dim}"));
        group.throughput(Throughput::Elements((CHUNK * dim) as u64));
        let mut z = vec![0.0; CHUNK * dim];
        let mut x = z.clone();
        let (mut log_jac, w) = (vec![0.0; CHUNK], vec![1.0; CHUNK]);
        let sobol = Sobol::new(dim, 1).expect("few dimensions");
        let unscrambled = Sobol::unscrambled(dim).expect("few dimensions");
        let grid = grid(dim);
        let mut training = GridTraining::new(&grid);
        let mut first = 0;
        let mut next = || {
            first += CHUNK as u64;
            first
        };
        group.bench_function("sobol", |b| {
            b.iter(|| sobol.fill(next(), black_box(&mut z)));
        });
        group.bench_function("sobol unscrambled", |b| {
            b.iter(|| unscrambled.fill(next(), black_box(&mut z)));
        });
        group.bench_function("rng", |b| {
            b.iter(|| uniform_points(next(), dim, black_box(&mut z)));
        });
        group.bench_function("grid forward", |b| {
            b.iter(|| grid.forward(black_box(&z), &mut x, &mut log_jac));
        });
        let mut back = z.clone();
        group.bench_function("grid inverse", |b| {
            b.iter(|| grid.inverse(black_box(&x), &mut back, &mut log_jac));
        });
        group.bench_function("grid training", |b| {
            b.iter(|| training.add(&grid, black_box(&z), &w));
        });
        group.bench_function("rng and grid", |b| {
            b.iter(|| {
                uniform_points(next(), dim, &mut z);
                grid.forward(&z, black_box(&mut x), &mut log_jac);
            });
        });
        let mut copy = z.clone();
        group.bench_function("copy", |b| {
            b.iter(|| black_box(&mut copy).copy_from_slice(&z));
        });
        group.bench_function("fill", |b| b.iter(|| black_box(&mut copy).fill(0.5)));
        group.finish();
    }
}

fn stream(c: &mut Criterion) {
    let mut group = c.benchmark_group("stream");
    group.sample_size(10);
    let (dim, n) = (8, 1 << 20);
    group.throughput(Throughput::Elements((n * dim) as u64));
    let mut z = vec![0.0; n * dim];
    let other = z.clone();
    let sobol = Sobol::new(dim, 1).expect("few dimensions");
    group.bench_function(BenchmarkId::new("sobol", dim), |b| {
        b.iter(|| sobol.fill(0, black_box(&mut z)));
    });
    group.bench_function(BenchmarkId::new("rng", dim), |b| {
        b.iter(|| uniform_points(0, dim, black_box(&mut z)));
    });
    group.bench_function(BenchmarkId::new("copy", dim), |b| {
        b.iter(|| black_box(&mut z).copy_from_slice(&other));
    });
    group.bench_function(BenchmarkId::new("fill", dim), |b| {
        b.iter(|| black_box(&mut z).fill(0.5));
    });
    group.finish();
}

criterion_group!(benches, points, stream);
criterion_main!(benches);
