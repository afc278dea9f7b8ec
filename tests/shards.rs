//! Estimates in parts: merged in any order they are the estimate in one piece, to the last bit, and what
//! does not belong together is refused.

use std::mem::take;

use rand::{RngExt as _, SeedableRng as _, seq::SliceRandom as _};
use rand_pcg::Pcg64Dxsm;
use thalweg::integrate::{PerPhase, Shard, Silent};
use thalweg::map::{Grid, Identity};
use thalweg::stats::Moments;
use thalweg::{
    Domain, Error, Flow, FlowConfig, FromFn, Integrator, Map, Method, NonFinite, Observable,
    Partial, Settings, Stop, from_fn,
};

/// A peak beside a corner where the function is not a number.
fn peak() -> FromFn<impl Fn(&[f64]) -> f64 + Send + Sync> {
    from_fn(2, |y| {
        let r2 = (y[0] - 0.4).powi(2) + (y[1] - 0.6).powi(2);
        if y[0] > 0.995 {
            f64::NAN
        } else if y[1] > 0.998 {
            f64::INFINITY
        } else {
            (-20.0 * r2).exp() - 0.01
        }
    })
}

fn settings() -> Settings {
    Settings {
        non_finite: NonFinite::CountAsZero { max_share: 0.1 },
        threads: Some(2),
        ..Settings::default()
    }
}

fn grid() -> Box<dyn Map> {
    Box::new(
        Grid::from_edges(2, vec![0.0, 0.3, 0.5, 1.0, 0.0, 0.5, 0.7, 1.0]).expect("a good case"),
    )
}

fn flow() -> Box<dyn Map> {
    let settings = Settings {
        method: Method::Flow,
        stop: Stop::calls(20_000),
        flow: FlowConfig {
            hidden: vec![8],
            ..FlowConfig::default()
        },
        ..settings()
    };
    let trained = Integrator::new(settings).expect("a good case");
    trained.run(&peak(), &mut Silent).expect("a good case").map
}

fn integrator(settings: Settings) -> Integrator {
    let x = Observable::new("x", 7, 0.1, 0.9, |y| y[0]).expect("a good case");
    let sum = Observable::new("sum", 3, 0.0, 1.5, |y| y[0] + y[1]).expect("a good case");
    let both = Observable::joint("x and sum", x.clone(), sum.clone()).expect("a good case");
    // More cells than a chunk has points.
    let fine =
        |name, i: usize| Observable::new(name, 40, 0.1, 1.1, move |y| y[i]).expect("a good case");
    let plane = Observable::joint("plane", fine("x", 0), fine("y", 1)).expect("a good case");
    let axes = vec![x, both, sum, plane];
    Integrator::new(settings)
        .expect("a good case")
        .observing(axes)
}

fn part(integrator: &Integrator, map: &dyn Map, points: u64, (i, of): (u64, u64)) -> Partial {
    let shard = Shard::new(i, of).expect("a good case");
    let found = integrator.estimate_shard(&peak(), map, (points, shard), &mut Silent);
    found.expect("a good case")
}

/// The report without what is a time.
fn report(part: &Partial) -> Vec<u8> {
    let mut report = part.report();
    report.seconds = PerPhase::default();
    rmp_serde::to_vec_named(&report).expect("a good case")
}

/// Merges in random groups, which are merged in random groups and so on; on the way each is a file.
fn merge_tree(mut parts: Vec<Partial>, rng: &mut Pcg64Dxsm) -> Partial {
    while parts.len() > 1 {
        parts.shuffle(rng);
        let mut merged: Vec<Partial> = Vec::new();
        let groups = rng.random_range(1..parts.len());
        for (i, part) in take(&mut parts).into_iter().enumerate() {
            let part =
                Partial::from_bytes(&part.to_bytes().expect("a good case")).expect("a good case");
            let place = if i < groups {
                i
            } else {
                rng.random_range(0..groups)
            };
            match merged.get_mut(place) {
                Some(group) => group.merge_from(&part).expect("a good case"),
                None => merged.push(part),
            }
        }
        parts = merged;
    }
    parts.remove(0)
}

#[test]
fn any_partition_in_any_order_is_the_whole() {
    const TIMES: usize = 40;
    let maps = [grid(), Box::new(Identity::new(2)), flow()];
    let mut rng = Pcg64Dxsm::seed_from_u64(5);
    let integrator = integrator(settings());
    for (time, map) in (0..TIMES).zip(maps.iter().cycle()) {
        let points = [5_000, 40_000, 70_001][time / 3 % 3];
        let whole = part(&integrator, map.as_ref(), points, (1, 1));
        assert!(whole.is_complete() && whole.missing().is_empty());
        let of = rng.random_range(1..=64);
        let parts = (1..=of).map(|i| part(&integrator, map.as_ref(), points, (i, of)));
        let merged = merge_tree(parts.collect(), &mut rng);
        assert!(merged.is_complete());
        assert_eq!(report(&merged), report(&whole), "{of} shards");
    }
}

#[test]
fn parts_of_different_sizes_are_the_whole() {
    let (integrator, map) = (integrator(settings()), grid());
    let mut merged = part(&integrator, map.as_ref(), 70_000, (4, 4));
    for shard in [(1, 4), (2, 2)] {
        let other = part(&integrator, map.as_ref(), 70_000, shard);
        if shard == (2, 2) {
            let error = merged.merge_from(&other).unwrap_err();
            assert!(matches!(error, Error::SamePoints { .. }), "{error}");
        } else {
            merged.merge_from(&other).unwrap();
        }
    }
    for shard in [(3, 8), (4, 8), (5, 8), (6, 8)] {
        let other = part(&integrator, map.as_ref(), 70_000, shard);
        merged.merge_from(&other).unwrap();
    }
    let whole = part(&integrator, map.as_ref(), 70_000, (1, 1));
    assert_eq!(report(&merged), report(&whole));
}

#[test]
fn the_result_is_right_and_says_what_is_missing() {
    let (map, integrator) = (grid(), integrator(settings()));
    let whole = part(&integrator, map.as_ref(), 200_000, (1, 1)).report();
    let alike = integrator.estimate(&peak(), grid(), &mut Silent).unwrap();
    let other = alike.report.estimate;
    let pull = (whole.estimate.value - other.value) / whole.estimate.error.hypot(other.error);
    assert!(pull.abs() < 5.0, "{pull}");
    assert_eq!(whole.estimate.calls, 200_000);
    assert_eq!(whole.calls.explore, 200_000 / 32);
    for histogram in &whole.histograms {
        let outside: f64 = histogram.outside.iter().map(|cell| cell.0).sum();
        let all = histogram.values.iter().sum::<f64>() + outside;
        assert!((all / whole.estimate.value - 1.0).abs() < 1e-12);
    }
    // A row of both, whatever the sum, is a bin of x.
    let [x, both] = [&whole.histograms[0], &whole.histograms[1]];
    for row in 0..=8 {
        let cells = (0..=4).map(|slot| both.cell(&[row, slot]).unwrap().0);
        let found = cells.sum::<f64>() - x.cell(&[row]).unwrap().0;
        assert!(found.abs() < 1e-13, "row {row}: {found}");
    }

    let mut some = part(&integrator, map.as_ref(), 200_000, (5, 6));
    some.merge_from(&part(&integrator, map.as_ref(), 200_000, (1, 6)))
        .unwrap();
    assert_eq!(some.missing(), ["2/6", "3/6", "4/6", "6/6"]);
    let report = some.report();
    assert_eq!(report.estimate.calls, some.points_there());
    assert!(
        report.warnings.iter().any(|w| w.contains("2/6, 3/6")),
        "{:?}",
        report.warnings
    );
    let pull = (report.estimate.value - whole.estimate.value) / report.estimate.error;
    assert!(pull.abs() < 5.0, "{pull}");
}

#[test]
fn bad_values_are_counted_by_their_kind() {
    let uniform = Identity::new(2);
    let part = part(&integrator(settings()), &uniform, 100_000, (1, 1));
    let [nan, infinite] = part.not_finite();
    // 1/200 and 1/500 of 100,000: 500 +- 22 and 199 +- 14.
    assert!(
        nan.abs_diff(500) < 150 && infinite.abs_diff(199) < 100,
        "{nan} {infinite}"
    );
    assert_eq!(part.report().non_finite, nan + infinite);
}

#[test]
fn what_is_foreign_is_refused_and_changes_nothing() {
    let map = grid();
    let own = integrator(settings());
    let mut first = part(&own, map.as_ref(), 10_000, (1, 2));
    let before = first.to_bytes().unwrap();
    let mut foreign = |part: Partial, why: &str| {
        let error = first.merge_from(&part).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    };
    let seed = integrator(Settings {
        seed: 2,
        ..settings()
    });
    foreign(part(&seed, map.as_ref(), 10_000, (2, 2)), "seed 2, not 1");
    foreign(part(&own, map.as_ref(), 10_001, (2, 2)), "10001, not 10000");
    let box_of_two = Settings {
        domain: Some(Domain::new(&[(0.0, 1.0), (0.0, 1.0 - 1e-9)]).unwrap()),
        ..settings()
    };
    let other = part(&integrator(box_of_two), map.as_ref(), 10_000, (2, 2));
    foreign(other, "another domain");
    let near = Grid::from_edges(2, vec![0.0, 0.3, 0.5, 1.0, 0.0, 0.5, 0.701, 1.0]).unwrap();
    foreign(part(&own, &near, 10_000, (2, 2)), "another sampler");
    foreign(part(&own, &Identity::new(2), 10_000, (2, 2)), "proposal");
    let plain = Integrator::new(settings()).unwrap();
    foreign(part(&plain, map.as_ref(), 10_000, (2, 2)), "histograms");
    let x = Observable::new("x", 7, 0.1, 0.9, |y| y[0]).unwrap();
    let other = plain.observing(vec![x.clone(), x.clone(), x.clone(), x]);
    foreign(part(&other, map.as_ref(), 10_000, (2, 2)), "histograms");
    let shard = Shard::new(2, 2).unwrap();
    let f = from_fn(2, |y| y[0] * y[1]);
    let other = own.estimate_shard(&f, map.as_ref(), (10_000, shard), &mut Silent);
    foreign(other.unwrap(), "another integrand");
    let mut noted = part(&own, map.as_ref(), 10_000, (2, 2));
    noted.set_note("process", "other");
    foreign(noted, "notes");
    foreign(part(&own, map.as_ref(), 10_000, (1, 2)), "points 0 to");
    assert_eq!(first.to_bytes().unwrap(), before);
}

#[test]
fn small_and_impossible_estimates() {
    let (map, own) = (grid(), integrator(settings()));
    let try_part = |points, i, of| {
        let shard = Shard::new(i, of).unwrap();
        own.estimate_shard(&peak(), map.as_ref(), (points, shard), &mut Silent)
    };
    assert!(try_part(127, 1, 1).is_err());
    assert!(try_part(128, 1, 5).is_err());
    assert_eq!(try_part(128, 1, 1).unwrap().report().estimate.calls, 128);
}

#[test]
fn damaged_files_are_refused() {
    let part = part(&integrator(settings()), &Identity::new(2), 5_000, (2, 3));
    let good = part.to_bytes().unwrap();
    for at in (0..good.len()).step_by(7) {
        let mut bad = good.clone();
        bad[at] ^= 1 << (at % 8);
        assert!(Partial::from_bytes(&bad).is_err(), "byte {at}");
        assert!(Partial::from_bytes(&good[..at]).is_err(), "cut at {at}");
    }
}

#[test]
fn errors_are_those_of_the_values() {
    const SEEDS: u64 = 100;
    let f = from_fn(2, |y| 3.0 * y[0] * y[0] * (0.5 + y[1]));
    let flow = Flow::new(2, &FlowConfig::default(), 3).unwrap();
    let maps: [Box<dyn Map>; 3] = [grid(), Box::new(Identity::new(2)), Box::new(flow)];
    for map in maps {
        let mut pulls = Moments::default();
        for seed in 1..=SEEDS {
            let settings = Settings {
                seed,
                ..Settings::default()
            };
            let integrator = Integrator::new(settings).unwrap();
            let part = |i| {
                let what = (3000, Shard::new(i, 2).unwrap());
                integrator.estimate_shard(&f, map.as_ref(), what, &mut Silent)
            };
            let mut both = part(1).unwrap();
            both.merge_from(&part(2).unwrap()).unwrap();
            pulls.push(both.report().estimate.pull(1.0));
        }
        // Four standard errors: of the mean 1/10, of the standard deviation 1/14.
        assert!(pulls.mean.abs() < 0.4, "{} {pulls:?}", map.describe());
        assert!(
            (pulls.std_dev() - 1.0).abs() < 0.3,
            "{} {pulls:?}",
            map.describe()
        );
    }
}
