//! Each kernel by itself: dense layers in operations, splines and Adam in elements per second.
//!
//! `cargo bench --bench kernels`. The first line is the peak of multiply-adds: a dense kernel's
//! share of it is the ratio of the two. `thalweg speed --kernels` prints the same as one table.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use thalweg::speed::kernel_cases;

fn kernels(c: &mut Criterion) {
    let mut group = c.benchmark_group("kernel");
    for mut case in kernel_cases() {
        group.throughput(Throughput::Elements(case.amount));
        group.bench_function(case.name.clone(), |b| b.iter(|| case.run()));
    }
    group.finish();
}

criterion_group!(benches, kernels);
criterion_main!(benches);
