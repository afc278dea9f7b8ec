//! Results that must not pass for good.

use thalweg::{
    CostClass, Integrator, Method, Settings, Status, Stop, from_fn, integrate::Silent, map::Grid,
};

fn settings(calls: u64, seed: u64) -> Settings {
    Settings {
        stop: Stop::calls(calls),
        cost_class: Some(CostClass::Free),
        seed,
        ..Settings::default()
    }
}

/// A grid with nearly all of its density in the first half of the first axis.
fn one_sided(dim: usize) -> Grid {
    const BINS: u32 = 1000;
    let bins = f64::from(BINS);
    // The last bin holds half of the axis and a thousandth of the points.
    let first = (0..BINS)
        .map(|i| 0.5 * f64::from(i) / (bins - 1.0))
        .chain([1.0]);
    let even = (1..dim).flat_map(|_| (0..=BINS).map(|i| f64::from(i) / bins));
    Grid::from_edges(dim, first.chain(even).collect()).expect("a grid")
}

#[test]
fn what_a_proposal_has_lost_is_found_by_uniform_points() {
    for seed in 1..=20 {
        let integrator = Integrator::new(settings(2000, seed)).unwrap();
        // All of f that matters lies where the grid has next to no points.
        let f = from_fn(3, |x| if x[0] > 0.5 { 1.0 } else { 1e-3 });
        let map = Box::new(one_sided(3));
        let report = integrator.estimate(&f, map, &mut Silent).unwrap().report;
        let exploration = report.exploration.unwrap();
        assert_eq!(report.status, Status::Unreliable, "{report}");
        assert!(exploration.points > 200 && exploration.smallest_density < 1e-2);
    }
}

#[test]
fn a_hidden_box_is_found_or_flagged() {
    // Ten uniform points or more fall into it.
    let volume: f64 = 0.01;
    let exact = 1.0 + 1e3 * volume;
    let mut missed = 0;
    for seed in 1..=60 {
        for method in [Method::Auto, Method::Plain, Method::Vegas] {
            let settings = Settings {
                method,
                ..settings(20_000, seed)
            };
            let side = volume.sqrt();
            let inside = move |x: f64| (0.3..0.3 + side).contains(&x);
            let f = from_fn(4, move |x| {
                1.0 + 1e3 * f64::from(u8::from(inside(x[0]) && inside(x[2])))
            });
            let report = Integrator::new(settings).unwrap().integrate(&f).unwrap();
            let far = report.estimate.pull(exact).abs() > 5.0;
            missed += u32::from(far && report.status.is_good());
        }
    }
    assert!(missed <= 1, "{missed} of 180");
}

#[test]
fn uniform_points_make_the_blind_volume() {
    for (method, share) in [(Method::Plain, 1.0), (Method::Vegas, 0.02)] {
        let settings = Settings {
            method,
            ..settings(100_000, 1)
        };
        let f = from_fn(2, |x| x[0] + x[1]);
        let report = Integrator::new(settings).unwrap().integrate(&f).unwrap();
        let exploration = report.exploration.unwrap();
        assert!(
            exploration.points as f64 >= share * 0.9 * 100_000.0,
            "{report}"
        );
        let blind = 3.5 / exploration.points as f64;
        assert!((report.blind_volume / blind - 1.0).abs() < 1e-12);
        assert!(report.calls.total() <= 100_000);
        assert!(report.status.is_good());
        assert!((exploration.value - 1.0).abs() < 5.0 * exploration.error);
        assert!(exploration.unseen.abs() < 1e-300);
    }
}

/// Runs with weights u^-k of which the tail is flagged.
fn flagged(k: f64, calls: u64, seeds: u64) -> f64 {
    let runs = (1..=seeds).map(|seed| {
        let settings = Settings {
            method: Method::Plain,
            ..settings(calls, seed)
        };
        let f = from_fn(1, move |x| x[0].powf(-k));
        let report = Integrator::new(settings).and_then(|i| i.integrate(&f));
        u32::from(!report.expect("a run").status.is_good())
    });
    f64::from(runs.sum::<u32>()) / seeds as f64
}

/// `cargo test --release --test honesty -- --ignored --nocapture`
#[test]
#[ignore = "thousands of runs"]
#[expect(clippy::print_stdout, reason = "the table is the result")]
fn heavy_tails_are_flagged_and_light_ones_are_not() {
    for (k, least, most) in [
        (0.8, 0.99, 1.0),
        (0.6, 0.95, 1.0),
        (0.35, 0.0, 0.01),
        (0.2, 0.0, 0.01),
    ] {
        let share = flagged(k, 100_000, 1000);
        println!("k = {k}: {:.1} % flagged", 100.0 * share);
        assert!((least..=most).contains(&share), "k = {k}: {share}");
    }
}

#[test]
fn tails_are_told_apart() {
    assert!(flagged(0.8, 50_000, 20) > 0.8);
    assert!(flagged(0.35, 50_000, 20) < 0.2);
}
