//! One lookup of all partons at (x, Q^2), and of the strong coupling.
//!
//! `cargo bench -p thalweg-process --bench pdf`. The grid is made up, of the size of a published one: 150 x
//! 50 knots, 11 partons. "near" are points that a run at some resonance asks for, "anywhere" all of the grid.

use std::fmt::Write as _;
use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use thalweg::speed::uniform_points;
use thalweg_process::pdf::{AlphaS, Grid};

/// A file of smooth numbers.
fn file() -> String {
    let (nx, nq) = (150, 50);
    let step = |n: usize, i: usize| i as f64 / (n - 1) as f64;
    let mut text = String::from("PdfType: central\nFormat: lhagrid1\n---\n");
    for i in 0..nx {
        let x = (20.0 * (step(nx, i) - 1.0)).exp();
        write!(text, "{x:e} ").expect("memory");
    }
    text += "\n";
    for i in 0..nq {
        let q = 1.65 * (11.0 * step(nq, i)).exp();
        write!(text, "{q:e} ").expect("memory");
    }
    text += "\n-5 -4 -3 -2 -1 21 1 2 3 4 5\n";
    for i in 0..nx {
        for j in 0..nq {
            for parton in 0..11 {
                let v = (step(nx, i) * 3.0 + step(nq, j) * f64::from(parton)).sin();
                write!(text, "{v:e} ").expect("memory");
            }
            text += "\n";
        }
    }
    text + "---\n"
}

fn lookups(c: &mut Criterion) {
    const POINTS: usize = 4096;
    let grid = Grid::from_bytes(file().as_bytes()).expect("a good file");
    let mut u = vec![0.0; 2 * POINTS];
    uniform_points(0, 2, &mut u);
    let mut xf = [0.0; 11];
    let mut group = c.benchmark_group("pdf 11 partons");
    for (name, lx, lq) in [("anywhere", 20.0, 20.0), ("near", 4.0, 0.5)] {
        let mut next = u.chunks_exact(2).cycle();
        let points: Vec<(f64, f64)> = next
            .by_ref()
            .take(POINTS)
            .map(|u| ((-lx * u[0]).exp(), 8000.0 * (lq * (u[1] - 0.5)).exp()))
            .collect();
        let mut points = points.iter().cycle();
        group.bench_function(name, |b| {
            b.iter(|| {
                let (x, q2) = points.next().expect("no end");
                grid.eval(*x, *q2, black_box(&mut xf)).expect("inside");
            });
        });
    }
    let q: Vec<f64> = (0..50).map(|i| 1.65 * 1.2_f64.powi(i)).collect();
    let values: Vec<f64> = q.iter().map(|q| 0.3 / (1.0 + q.ln())).collect();
    let alpha_s = AlphaS::new(&q, &values).expect("a good table");
    group.bench_function("alpha_s", |b| {
        b.iter(|| alpha_s.at(black_box(8315.0)));
    });
    group.finish();
}

criterion_group!(benches, lookups);
criterion_main!(benches);
