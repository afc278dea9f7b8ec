//! Weighted and unweighted points of a trained flow in eight dimensions, beside the bare map.
//!
//! `cargo bench --bench events`. The integrand is that of a free matrix element: one number of a
//! point. On one thread; "forward" is what the map alone takes for as many points.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rayon::ThreadPoolBuilder;
use thalweg::integrate::Silent;
use thalweg::speed::uniform_points;
use thalweg::{
    Domain, Integrator, MaxWeight, Method, Sampler, Settings, Stop, Unweighting, from_fn,
};

const DIM: usize = 8;
const POINTS: usize = 1 << 16;
const CHUNK: usize = 256;

fn trained() -> Sampler {
    let camel = thalweg_integrands::problem("camel", Some(DIM), &[]).expect("a known problem");
    let settings = Settings {
        domain: Some(Domain::unit(DIM)),
        method: Method::Flow,
        stop: Stop::calls(100_000),
        ..Settings::default()
    };
    let f = from_fn(DIM, |y| camel.eval(y));
    let run = Integrator::new(settings).and_then(|integrator| integrator.run(&f, &mut Silent));
    Sampler::from_outcome(run.expect("a good run"))
}

fn throughput(c: &mut Criterion) {
    let sampler = trained();
    let free = from_fn(DIM, |y| 1.0 + y[0]);
    let pool = ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .expect("one thread");
    let mut z = vec![0.0; POINTS * DIM];
    uniform_points(1, 0, &mut z);
    let (mut x, mut log_jac) = (vec![0.0; CHUNK * DIM], vec![0.0; CHUNK]);
    let mut group = c.benchmark_group("events d8");
    group.sample_size(10);
    group.throughput(Throughput::Elements(POINTS as u64));
    group.bench_function("forward", |b| {
        b.iter(|| {
            for z in z.chunks_exact(CHUNK * DIM) {
                sampler.map().forward(black_box(z), &mut x, &mut log_jac);
            }
        });
    });
    let mut first = 0;
    group.bench_function("drawn", |b| {
        b.iter(|| {
            first += POINTS as u64;
            pool.install(|| sampler.draw(POINTS, 1, first))
        });
    });
    group.bench_function("weighted", |b| {
        b.iter(|| {
            first += POINTS as u64;
            pool.install(|| sampler.weighted(&free, POINTS, 1, first).expect("finite"))
        });
    });
    // Every draw is kept: what unweighting costs beside the draws, the trials included.
    let how = Unweighting {
        max_weight: MaxWeight::Max,
        partial: 1e-9,
        trials: 256,
        ..Unweighting::default()
    };
    group.bench_function("unweighted", |b| {
        b.iter(|| {
            let first = black_box(0);
            let how = Unweighting { first, ..how };
            pool.install(|| sampler.unweighted(&free, POINTS, 1, &how).expect("finite"))
        });
    });
    group.finish();
}

criterion_group!(benches, throughput);
criterion_main!(benches);
