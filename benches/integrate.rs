//! Whole runs at a fixed budget, and the engine's own cost per call.
//!
//! `cargo bench --bench integrate`

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use thalweg::{Integrator, Method, Settings, Stop, from_fn};
use thalweg_integrands::problem;

fn runs(c: &mut Criterion) {
    let mut group = c.benchmark_group("integrate");
    group.sample_size(10);
    for dim in [4, 8] {
        let camel = problem("camel", Some(dim), &[]).expect("a known integrand");
        let f = from_fn(dim, |y| camel.eval(y));
        let calls = 100_000;
        group.throughput(Throughput::Elements(calls));
        for method in [Method::Plain, Method::Vegas, Method::Flow] {
            let settings = Settings {
                method,
                stop: Stop::calls(calls),
                ..Settings::default()
            };
            let integrator = Integrator::new(settings).expect("valid settings");
            group.bench_function(BenchmarkId::new(method.name(), dim), |b| {
                b.iter(|| integrator.integrate(&f));
            });
        }
    }
    group.finish();
}

fn overhead(c: &mut Criterion) {
    let mut group = c.benchmark_group("constant integrand");
    group.sample_size(10);
    for dim in [4, 8, 16] {
        let calls = 1_000_000;
        group.throughput(Throughput::Elements(calls));
        for method in [Method::Plain, Method::Vegas] {
            let settings = Settings {
                method,
                stop: Stop::calls(calls),
                ..Settings::default()
            };
            let integrator = Integrator::new(settings).expect("valid settings");
            let f = from_fn(dim, |_| 1.0);
            group.bench_function(BenchmarkId::new(method.name(), dim), |b| {
                b.iter(|| integrator.integrate(&f));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, runs, overhead);
criterion_main!(benches);
