//! What histograms of 10,000 bins cost beside the points of a trained flow in eight dimensions.
//!
//! `cargo bench --bench histograms [-- part]`. Estimates of the camel on one thread with a saved sampler, in
//! one piece by nets and by independent points, and as a part that merges. Runs with and without histograms take
//! turns, and each ratio is that of neighbours, so that a machine that slows down slows both; the
//! median ratio is printed.

use std::env;
use std::hint::black_box;
use std::time::Instant;

use thalweg::integrate::{Shard, Silent};
use thalweg::{
    Domain, FromFn, Integrand, Integrator, Method, Observable, Placement, Sampler, Settings, Stop,
    from_fn,
};

const DIM: usize = 8;
const POINTS: u64 = 1 << 20;
const TURNS: usize = 9;

fn camel() -> FromFn<impl Fn(&[f64]) -> f64 + Send + Sync> {
    let camel = thalweg_integrands::problem("camel", Some(DIM), &[]).expect("a known problem");
    from_fn(DIM, move |y| camel.eval(y))
}

/// A model file's bytes.
fn trained() -> Vec<u8> {
    let settings = Settings {
        domain: Some(Domain::unit(DIM)),
        method: Method::Flow,
        stop: Stop::calls(100_000),
        ..Settings::default()
    };
    let run = Integrator::new(settings).and_then(|i| i.run(&camel(), &mut Silent));
    let sampler = Sampler::from_outcome(run.expect("a good run"));
    sampler.to_bytes().expect("a model")
}

fn one(bins: usize) -> Observable {
    Observable::new("x0", bins, 0.0, 1.0, |y| y[0]).expect("good bins")
}

fn plane() -> Observable {
    let axis = |name, i: usize| Observable::new(name, 100, 0.0, 1.0, move |y| y[i]);
    let [x, y] = [axis("x0", 0), axis("x1", 1)].map(|axis| axis.expect("good bins"));
    Observable::joint("plane", x, y).expect("few bins")
}

/// A way to spend the points.
#[derive(Clone, Copy)]
enum Way {
    Whole(Placement),
    Part,
}

/// Nanoseconds per point.
fn time(model: &[u8], f: &dyn Integrand, way: Way, observables: &[Observable]) -> f64 {
    let placement = match way {
        Way::Whole(placement) => placement,
        Way::Part => Placement::Random,
    };
    let settings = Settings {
        threads: Some(1),
        placement,
        stop: Stop {
            rel_error: None,
            ..Stop::calls(POINTS)
        },
        ..Settings::default()
    };
    let integrator = Integrator::new(settings).expect("good settings");
    let integrator = integrator.observing(observables.to_vec());
    let map = Sampler::from_bytes(model).expect("a model").into_map();
    let start = Instant::now();
    let calls = match way {
        Way::Whole(_) => {
            let outcome = integrator.estimate(f, map, &mut Silent);
            black_box(outcome).expect("a good run").report.calls.total()
        }
        Way::Part => {
            let what = (POINTS, Shard::new(1, 1).expect("one of one"));
            let part = integrator.estimate_shard(f, map.as_ref(), what, &mut Silent);
            black_box(part).expect("a good run").points_there()
        }
    };
    start.elapsed().as_secs_f64() * 1e9 / calls as f64
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[expect(clippy::print_stdout, reason = "the figures are what it is for")]
fn main() {
    let (model, f) = (trained(), camel());
    let ways = [
        ("nets", Way::Whole(Placement::Sobol)),
        ("independent", Way::Whole(Placement::Random)),
        ("a part", Way::Part),
    ];
    let kinds = [
        ("1-D, 100 bins", vec![one(100)]),
        ("1-D, 10,000 bins", vec![one(10_000)]),
        ("2-D, 100 x 100 bins", vec![plane()]),
        ("both", vec![one(10_000), plane()]),
    ];
    println!(
        "{:<12} {:<22} {:>9} {:>9} {:>7}",
        "points", "histograms", "without", "with", "ratio"
    );
    // `cargo bench` says `--bench` to a program.
    let wanted = env::args().skip(1).find(|word| !word.starts_with('-'));
    let is_wanted = |name: &str| wanted.as_ref().is_none_or(|word| name.contains(word));
    for (name, way) in ways.into_iter().filter(|(name, _)| is_wanted(name)) {
        for (what, observables) in &kinds {
            let (mut without, mut with, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
            for _ in 0..TURNS {
                let plain = time(&model, &f, way, &[]);
                let filled = time(&model, &f, way, observables);
                without.push(plain);
                with.push(filled);
                ratios.push(filled / plain);
            }
            println!(
                "{name:<12} {what:<22} {:>6.0} ns {:>6.0} ns {:>7.3}",
                median(&mut without),
                median(&mut with),
                median(&mut ratios)
            );
        }
    }
}
