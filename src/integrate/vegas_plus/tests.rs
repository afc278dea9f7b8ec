use rayon::ThreadPoolBuilder;

use super::*;
use crate::integrand::{from_fn, from_vector_fn};
use crate::stats::Moments;

const PEAK: f64 = 0.12533141373155002 * 0.12533141373155002;

/// exp(-200 (x - c)^2) in two dimensions, its mass within the square but for 1e-9.
fn peak(x: &[f64]) -> f64 {
    (-200.0 * ((x[0] - 0.4).powi(2) + (x[1] - 0.55).powi(2))).exp()
}

fn config(calls: u64) -> PassConfig {
    PassConfig {
        calls,
        ..PassConfig::default()
    }
}

#[test]
fn pulls_of_single_iterations_are_standard_normal() {
    let f = from_fn(2, peak);
    let mut pulls = Moments::default();
    for seed in 0..150 {
        let mut vegas = VegasPlus::new(Domain::unit(2), seed).unwrap();
        for iteration in 0..6 {
            let found = vegas.iterate(&f, &config(2000)).unwrap();
            if iteration >= 4 {
                pulls.push((found.values[0] - PEAK) / found.errors()[0]);
            }
        }
    }
    // 300 pulls: the mean scatters by 0.06, the spread by 0.04.
    assert!(pulls.mean.abs() < 0.25, "{}", pulls.mean);
    assert!(
        (0.85..1.2).contains(&pulls.std_dev()),
        "{}",
        pulls.std_dev()
    );
}

#[test]
fn adapting_makes_errors_smaller_and_frozen_iterations_are_alike() {
    let f = from_fn(2, peak);
    let mut vegas = VegasPlus::new(Domain::unit(2), 1).unwrap();
    let first = vegas.iterate(&f, &config(4000)).unwrap().errors()[0];
    for _ in 0..6 {
        vegas.iterate(&f, &config(4000)).unwrap();
    }
    let frozen = PassConfig {
        adapt: false,
        ..config(4000)
    };
    let before = vegas.state();
    let last = vegas.iterate(&f, &frozen).unwrap().errors()[0];
    assert!(last < first / 8.0, "{first} and {last}");
    let after = vegas.state();
    assert_eq!(before.edges, after.edges);
    assert_eq!(before.spreads, after.spreads);
    assert_eq!(before.passes + 1, after.passes);
}

#[test]
fn covariance_of_outputs_is_that_of_their_values_over_seeds() {
    let f = from_vector_fn(2, 3, |x, f| {
        f[0] = peak(x);
        f[1] = x[0] * f[0];
        f[2] = 1.0 - x[1];
    });
    let (mut told, mut seen) = ([0.0; 9], [0.0; 9]);
    let exact = [PEAK, 0.4 * PEAK, 0.5];
    let seeds = 200;
    for seed in 0..seeds {
        let mut vegas = VegasPlus::new(Domain::unit(2), seed).unwrap();
        let found = vegas.iterate(&f, &config(1000)).unwrap();
        for i in 0..3 {
            for j in 0..3 {
                let at = 3 * i + j;
                told[at] += found.covariance[at];
                seen[at] += (found.values[i] - exact[i]) * (found.values[j] - exact[j]);
            }
        }
    }
    let correlation =
        |c: &[f64; 9], i: usize, j: usize| c[3 * i + j] / (c[4 * i] * c[4 * j]).sqrt();
    for i in 0..3 {
        assert!(
            (told[4 * i] / seen[4 * i] - 1.0).abs() < 0.4,
            "{told:?} {seen:?}"
        );
        for j in 0..i {
            let (told, seen) = (correlation(&told, i, j), correlation(&seen, i, j));
            assert!((told - seen).abs() < 0.25, "{i} {j}: {told} and {seen}");
        }
    }
    assert!(correlation(&told, 0, 1) > 0.9);
}

#[test]
fn bits_depend_neither_on_threads_nor_on_batches() {
    let f = from_vector_fn(2, 2, |x, f| {
        f[0] = peak(x);
        f[1] = x[1];
    });
    let all = |threads| {
        let pool = ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| {
            let mut vegas = VegasPlus::new(Domain::unit(2), 5).unwrap();
            let each = |_| vegas.iterate(&f, &config(6000)).unwrap();
            let found: Vec<PassEstimate> = (0..3).map(each).collect();
            (found, vegas.state())
        })
    };
    let reference = all(1);
    assert_eq!(all(3), reference);
    for batch in [1, 300, 1_000_000] {
        let mut vegas = VegasPlus::new(Domain::unit(2), 5).unwrap();
        for expected in &reference.0 {
            let mut pass = vegas
                .plan(&PassConfig {
                    outputs: 2,
                    ..config(6000)
                })
                .unwrap();
            let mut sum = 0.0;
            while let Some(drawn) = pass.draw(batch) {
                let values = drawn.points().chunks_exact(2).flat_map(|x| [peak(x), x[1]]);
                let values: Vec<f64> = values.collect();
                let pairs = drawn.weights().into_iter().zip(values.iter().step_by(2));
                sum += pairs.map(|(w, f)| w * f).sum::<f64>();
                assert_eq!(drawn.cells().len(), drawn.len());
                pass.take(&drawn, &values).unwrap();
            }
            let found = vegas.finish(pass).unwrap();
            assert!((sum / found.values[0] - 1.0).abs() < 1e-12);
            assert_eq!(&found, expected);
        }
        assert_eq!(vegas.state(), reference.1);
    }
}

#[test]
fn a_restored_state_goes_on_with_the_same_bits() {
    let f = from_fn(3, |x| x[0] * x[1] + x[2].powi(4));
    let ranges = [(0.0, 2.0), (-1.0, 1.0), (0.0, f64::INFINITY)];
    let domain = Domain::new(&ranges[..2]).unwrap();
    assert!(
        VegasPlus::new(domain, 3)
            .unwrap()
            .iterate(&f, &config(500))
            .is_err()
    );
    let mut vegas = VegasPlus::new(Domain::unit(3), 3).unwrap();
    vegas.iterate(&f, &config(500)).unwrap();
    let mut copy = VegasPlus::from_state(&vegas.state()).unwrap();
    for calls in [500, 2000] {
        let pair = [&mut vegas, &mut copy].map(|v| v.iterate(&f, &config(calls)).unwrap());
        assert_eq!(pair[0], pair[1]);
    }
    let state = vegas.state();
    for damaged in [
        VegasPlusState {
            cells: vec![1, 2],
            ..state.clone()
        },
        VegasPlusState {
            spreads: vec![1.0],
            ..state.clone()
        },
        VegasPlusState {
            cells: vec![u32::MAX; 3],
            ..state.clone()
        },
        VegasPlusState {
            edges: vec![0.0, 1.0],
            ..state.clone()
        },
        VegasPlusState {
            ranges: Vec::new(),
            ..state
        },
    ] {
        assert!(VegasPlus::from_state(&damaged).is_err());
    }
}

#[test]
fn shapes_and_limits_are_kept() {
    let mut vegas = VegasPlus::new(Domain::unit(3), 1).unwrap();
    let given = PassConfig {
        cells: Some(vec![2, 3, 1]),
        max_per_cell: 7,
        ..config(1000)
    };
    let pass = vegas.plan(&given).unwrap();
    assert_eq!((pass.calls(), pass.calls_per_cell()), (42, (7, 7)));
    assert_eq!(vegas.cells_per_axis(), [2, 3, 1]);
    assert!(vegas.finish(pass).is_none());
    let even = PassConfig {
        even: true,
        ..config(1500)
    };
    vegas.plan(&even).unwrap();
    assert_eq!(vegas.cells_per_axis(), [8, 8, 8]);
    for bad in [
        PassConfig {
            alpha: 1.5,
            ..config(10)
        },
        PassConfig {
            beta: f64::NAN,
            ..config(10)
        },
        PassConfig {
            outputs: 0,
            ..config(10)
        },
        PassConfig {
            max_bins: 0,
            ..config(10)
        },
        PassConfig {
            cells: Some(vec![1]),
            ..config(10)
        },
        PassConfig {
            cells: Some(vec![0; 3]),
            ..config(10)
        },
        config(1),
    ] {
        assert!(vegas.plan(&bad).is_err(), "{bad:?}");
    }
}

#[test]
fn values_must_be_finite_and_in_turn() {
    let mut vegas = VegasPlus::new(Domain::unit(1), 1).unwrap();
    let mut pass = vegas.plan(&config(2000)).unwrap();
    let first = pass.draw(10).unwrap();
    let second = pass.draw(10).unwrap();
    assert!(pass.take(&second, &vec![1.0; second.len()]).is_err());
    assert!(pass.take(&first, &[1.0]).is_err());
    let mut values = vec![1.0; first.len()];
    values[3] = f64::NAN;
    assert!(pass.take(&first, &values).is_err());
    values[3] = 1.0;
    pass.take(&first, &values).unwrap();
    let failing = from_fn(1, |x| if x[0] > 0.5 { f64::INFINITY } else { 1.0 });
    assert!(vegas.iterate(&failing, &config(100)).is_err());
}

#[test]
fn a_narrow_peak_in_six_dimensions_is_adapted_to() {
    let f = from_fn(6, |x| {
        (-200.0 * x.iter().map(|x| (x - 0.4).powi(2)).sum::<f64>()).exp()
    });
    let concentrated = PassConfig {
        base: 0.25,
        ..config(10_000)
    };
    let mut vegas = VegasPlus::new(Domain::unit(6), 3).unwrap();
    let found: Vec<PassEstimate> = (0..12)
        .map(|_| vegas.iterate(&f, &concentrated).unwrap())
        .collect();
    let last = &found[11];
    assert!(last.errors()[0] < 0.02 * last.values[0], "{last:?}");
}
