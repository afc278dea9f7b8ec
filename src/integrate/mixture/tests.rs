//! Mixtures with known densities: unbiased where the main map is wrong, free where it is right.

use std::sync::atomic::{AtomicU64, Ordering};

use rayon::ThreadPoolBuilder;

use super::{Defence, Mixed, Mixture};
use crate::integrand::{Integrand, from_fn, from_vector_fn};
use crate::integrate::{
    Integrator, Method, NonFinite, Output, Settings, Silent, Stop,
    estimate::{self, Findings, Layout},
    evaluator::Evaluator,
    run::Run,
    watch::Watch,
};
use crate::map::{Grid, Map};
use crate::stats::Moments;

const LAYOUTS: [Layout; 2] = [Layout::Nets, Layout::Random];

/// Spends about `calls` points of a mixture.
fn spend(
    integrand: &dyn Integrand,
    (main, defence): (&dyn Map, Option<&Defence>),
    layout: &Layout,
    (calls, seed): (u64, u64),
) -> Findings {
    let settings = Settings {
        stop: Stop::calls(calls),
        covariance: true,
        seed,
        ..Settings::default()
    };
    let evaluator = Evaluator::new(integrand, None, NonFinite::Fail, &[], seed).unwrap();
    let mut observer = Silent;
    let watch = Watch::new(&mut observer, None, false);
    let mut run = Run::new(&settings, evaluator, &watch, None, seed);
    let mixture = Mixture::new(main, defence);
    let findings = estimate::estimate(&mut run, mixture, (layout, 1.0), None).unwrap();
    assert_eq!(run.calls.estimate, run.evaluator.calls());
    assert_eq!(run.calls.estimate, findings.outputs[0].estimate.calls);
    findings
}

/// Two axes; on the first one all bins but the last, of density 1/30000, fill the lower half.
fn hole() -> Grid {
    let bins = 60_000_u32;
    let first = (0..bins).map(|i| 0.5 * f64::from(i) / f64::from(bins - 1));
    let second = (0..=bins).map(|i| f64::from(i) / f64::from(bins));
    Grid::from_edges(2, first.chain([1.0]).chain(second).collect()).unwrap()
}

/// A few uneven bins on each of two axes.
fn uneven() -> Grid {
    Grid::from_edges(2, vec![0.0, 0.1, 0.3, 0.35, 1.0, 0.0, 0.5, 0.6, 0.95, 1.0]).unwrap()
}

/// A wider map and a value to subtract.
fn defence(tempered: Option<Grid>, level: f64) -> Defence {
    Defence {
        tempered: tempered.map(|grid| -> Box<dyn Map> { Box::new(grid) }),
        level,
    }
}

#[test]
fn what_the_map_has_lost_is_found() {
    const SEEDS: u64 = 60;
    // 7/8 of the integral lie where the map has next to no points.
    let f = from_fn(2, |x| 3.0 * x[0] * x[0] * (0.5 + x[1]));
    let main = hole();
    for layout in &LAYOUTS {
        for tempered in [None, Some(uneven())] {
            let defence = defence(tempered, 0.125);
            let pulls: Vec<f64> = (1..=SEEDS)
                .map(|seed| {
                    let at = (8500, seed);
                    spend(&f, (&main, Some(&defence)), layout, at).outputs[0]
                        .estimate
                        .pull(1.0)
                })
                .collect();
            let pulls = Moments::from_slice(&pulls);
            // Independent points have errors that do not know of the fixed shares.
            let least = if matches!(layout, Layout::Nets) {
                0.75
            } else {
                0.5
            };
            assert!(pulls.mean.abs() < 0.5, "{layout:?} {pulls:?}");
            assert!(
                (least..1.3).contains(&pulls.std_dev()),
                "{layout:?} {} {pulls:?}",
                pulls.std_dev()
            );
        }
        let alone: Vec<f64> = (1..=SEEDS)
            .map(|seed| {
                let found = spend(&f, (&main, None), layout, (8500, seed));
                found.outputs[0].estimate.value
            })
            .collect();
        let close = alone.iter().filter(|v| (**v - 0.125).abs() < 0.01).count();
        assert!(close as u64 > SEEDS / 2, "{close} of {SEEDS}");
    }
}

#[test]
fn what_the_map_gets_right_costs_nothing() {
    let main = uneven();
    let f = from_fn(2, |x| {
        let bin = |axis| {
            let edges = uneven().axis_edges(axis).to_vec();
            edges.iter().filter(|e| **e <= x[axis]).count() - 1
        };
        2.5 * uneven().axis_density(0)[bin(0)] * uneven().axis_density(1)[bin(1)]
    });
    for layout in &LAYOUTS {
        for tempered in [None, Some(Grid::truncated_normal(2, 10, 0.3).unwrap())] {
            let defence = defence(tempered, 2.5);
            let found = spend(&f, (&main, Some(&defence)), layout, (2000, 3));
            let Output {
                estimate, weights, ..
            } = found.outputs[0];
            assert!((estimate.value - 2.5).abs() < 1e-13, "{estimate:?}");
            assert!(estimate.error < 1e-13, "{estimate:?}");
            assert!(weights.rel_std < 1e-13);
            assert!(weights.max_share * estimate.calls as f64 <= defence.usual_weight() + 1e-9);
        }
    }
}

#[test]
fn signs_and_several_outputs() {
    let f = from_vector_fn(2, 3, |x, out| {
        out[0] = 2.0 * x[0] - 3.0 * x[1] * x[1];
        out[1] = 1.0;
        out[2] = (6.0 * x[0]).cos();
    });
    let exact = [0.0, 1.0, 6.0_f64.sin() / 6.0];
    let main = uneven();
    let defence = defence(Some(Grid::truncated_normal(2, 100, 0.5).unwrap()), -0.3);
    for layout in &LAYOUTS {
        let mut pulls = [Moments::default(); 3];
        for seed in 1..=20 {
            let found = spend(&f, (&main, Some(&defence)), layout, (5000, seed));
            let covariance = found.covariance.unwrap();
            for (o, output) in found.outputs.iter().enumerate() {
                pulls[o].push(output.estimate.pull(exact[o]));
                let variance = output.estimate.error.powi(2);
                assert!((covariance[4 * o] / variance - 1.0).abs() < 1e-6);
            }
        }
        for pulls in pulls {
            assert!(pulls.mean.abs() < 1.1, "{layout:?} {pulls:?}");
            assert!(pulls.std_dev() < 1.7, "{layout:?} {pulls:?}");
        }
    }
}

#[test]
fn the_same_bits_on_any_number_of_threads() {
    let f = from_fn(2, |x| (x[0] * x[1]).exp());
    let defence = defence(Some(hole()), 1.3);
    for layout in &LAYOUTS {
        let bits = [1, 2].map(|threads| {
            let pool = ThreadPoolBuilder::new().num_threads(threads).build();
            pool.unwrap().install(|| {
                let found = spend(&f, (&uneven(), Some(&defence)), layout, (30_000, 5));
                let Output {
                    estimate, weights, ..
                } = found.outputs[0];
                [estimate.value, estimate.error, weights.rel_std].map(f64::to_bits)
            })
        });
        assert_eq!(bits[0], bits[1], "{layout:?}");
    }
}

#[test]
fn a_flow_is_defended_unless_told_otherwise() {
    let calls = AtomicU64::new(0);
    let f = from_fn(2, |x: &[f64]| {
        calls.fetch_add(1, Ordering::Relaxed);
        let r2 = |c: f64| x.iter().map(|x| (x - c) * (x - c)).sum::<f64>();
        (-r2(0.25) / 5e-4).exp() + (-r2(0.75) / 5e-4).exp()
    });
    for defence in [true, false] {
        let settings = Settings {
            method: Method::Flow,
            stop: Stop::calls(40_000),
            defence,
            ..Settings::default()
        };
        calls.store(0, Ordering::Relaxed);
        let report = Integrator::new(settings).unwrap().integrate(&f).unwrap();
        assert_eq!(calls.load(Ordering::Relaxed), report.calls.total());
        assert_eq!(report.estimate.calls, report.calls.estimate);
        let named = report
            .proposal
            .ends_with(", with 2/35 tempered and 1/35 uniform");
        assert_eq!(named, defence, "{}", report.proposal);
    }
}

#[test]
fn densities_of_any_size_stay_finite() {
    let main = vec![
        f64::NAN,
        f64::INFINITY,
        f64::MAX,
        f64::NEG_INFINITY,
        1e4,
        -1e4,
        0.0,
    ];
    let n = main.len();
    let mixed = Mixed::new(&[main, vec![-2000.0; n], vec![0.0; n]], &[32, 2, 1]);
    for (log_q, ratio) in mixed.log_q.iter().zip(&mixed.main) {
        assert!(log_q.is_finite() && *log_q >= -(35.0_f64.ln()) - 1e-12);
        assert!((0.0..=35.0 / 32.0).contains(ratio), "{ratio}");
    }
    let exact = (33.0_f64 / 35.0).ln();
    assert!((mixed.log_q[6] - exact).abs() < 1e-15);
}
