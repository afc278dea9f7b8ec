//! Online training: it learns, says what it saw, and does not depend on threads.

use std::f64::consts::PI;

use rayon::ThreadPoolBuilder;
use thalweg::flow::{Flow, FlowConfig};
use thalweg::train::{AdamConfig, OnlineReport, TrainConfig, Trainer};

/// log of a Gaussian of width 0.1 along a diagonal; its integral is close to 2 pi 0.01.
fn log_gaussian(x: &[f64], log_f: &mut [f64]) {
    for (x, log_f) in x.chunks_exact(2).zip(log_f) {
        let (a, b) = (x[0] + x[1] - 1.0, x[0] - x[1]);
        *log_f = -(a * a / 0.08 + b * b / 0.005) / 2.0 + 0.5_f64.ln();
    }
}

fn trainer(minibatch: usize) -> Trainer {
    let config = TrainConfig {
        minibatch,
        adam: AdamConfig {
            learning_rate: 3e-3,
            ..AdamConfig::default()
        },
        ..TrainConfig::default()
    };
    let flow = Flow::new(2, &FlowConfig::default(), 1).expect("a flow");
    Trainer::new(flow, &config, 1).expect("valid settings")
}

fn steps(trainer: &mut Trainer, n: usize) -> Vec<OnlineReport> {
    (0..n)
        .map(|_| {
            trainer
                .online_step(&log_gaussian)
                .expect("finite values")
                .expect("a signal")
        })
        .collect()
}

#[test]
fn a_correlated_gaussian_is_learned() {
    let mut trainer = trainer(512);
    let reports = steps(&mut trainer, 400);
    let mean = |reports: &[OnlineReport], of: fn(&OnlineReport) -> f64| {
        reports.iter().map(of).sum::<f64>() / reports.len() as f64
    };
    let (first, last) = (&reports[..10], &reports[390..]);
    assert!(mean(first, |r| r.ess_fraction) < 0.6);
    assert!(mean(last, |r| r.ess_fraction) > 0.95);
    assert!(mean(last, |r| r.loss) < 0.1 * mean(first, |r| r.loss));
    // int = 0.5 * (2 pi sqrt(0.08 * 0.005)) / 2 up to tails outside the square
    let integral = 0.5 * PI * (0.08_f64 * 0.005).sqrt();
    let seen = mean(last, |r| r.mean);
    assert!((seen / integral - 1.0).abs() < 0.02, "{seen} {integral}");
}

#[test]
fn threads_do_not_change_a_bit() {
    // Eight parts, the last of them short, and sixteen.
    for minibatch in [1000, 16_500] {
        let run = |threads| {
            let pool = ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .expect("a pool");
            pool.install(|| {
                let mut trainer = trainer(minibatch);
                let reports = steps(&mut trainer, 4);
                (reports, trainer.into_flow().parameters().to_vec())
            })
        };
        let one = run(1);
        for threads in [2, 3, 16] {
            assert!(run(threads) == one, "{threads} threads, {minibatch} points");
        }
    }
}

#[test]
fn zeros_teach_nothing_and_do_not_stop_the_training() {
    let mut trainer = trainer(128);
    let before = trainer.flow().parameters().to_vec();
    let zero = |_: &[f64], log_f: &mut [f64]| log_f.fill(f64::NEG_INFINITY);
    assert!(trainer.online_step(&zero).is_ok_and(|r| r.is_none()));
    assert_eq!(trainer.flow().parameters(), before);
    // A function that few points hit: sooner or later a batch has some that do.
    let corner = |x: &[f64], log_f: &mut [f64]| {
        for (x, log_f) in x.chunks_exact(2).zip(log_f) {
            let hit = x.iter().all(|x| *x < 0.05);
            *log_f = if hit { 0.0 } else { f64::NEG_INFINITY };
        }
    };
    let learned = (0..60).filter(|_| {
        let report = trainer.online_step(&corner);
        report.expect("finite values").is_some()
    });
    assert!(learned.count() > 5);
}

/// Scales at which f itself would overflow or vanish.
#[test]
fn the_scale_of_f_does_not_matter() {
    let run = |shift: f64| {
        let mut trainer = trainer(256);
        let shifted = |x: &[f64], log_f: &mut [f64]| {
            log_gaussian(x, log_f);
            for log_f in log_f {
                *log_f += shift;
            }
        };
        let step = |_| {
            trainer
                .online_step(&shifted)
                .expect("finite")
                .expect("a signal")
        };
        (0..20)
            .map(step)
            .map(|r| r.ess_fraction)
            .collect::<Vec<_>>()
    };
    let plain = run(0.0);
    for shift in [-2000.0, 2000.0] {
        for (a, b) in run(shift).iter().zip(&plain) {
            assert!((a - b).abs() < 1e-6, "{shift}: {a} {b}");
        }
    }
}

#[test]
fn non_finite_values_are_errors_that_name_the_point() {
    for bad in [f64::NAN, f64::INFINITY] {
        let mut trainer = trainer(128);
        steps(&mut trainer, 2);
        let before = trainer.flow().parameters().to_vec();
        let broken = |x: &[f64], log_f: &mut [f64]| {
            log_gaussian(x, log_f);
            log_f[0] = bad;
        };
        let error = trainer.online_step(&broken).expect_err("a refusal");
        assert!(error.to_string().contains("at the point"), "{error}");
        assert_eq!(trainer.flow().parameters(), before);
        steps(&mut trainer, 1);
    }
}

#[test]
fn a_loop_of_ones_own_learns_as_well_and_its_rate_is_obeyed() {
    let mut by_hand = trainer(512);
    let mut losses = Vec::new();
    for _ in 0..400 {
        let (x, log_q) = by_hand.draw();
        let mut log_f = vec![0.0; log_q.len()];
        log_gaussian(&x, &mut log_f);
        losses.push(by_hand.step_on(&x, &log_f, &log_q));
    }
    let mean = |losses: &[f64]| losses.iter().sum::<f64>() / losses.len() as f64;
    assert!(mean(&losses[390..]) < 0.1 * mean(&losses[..10]));
    let mut moved = Vec::new();
    for rate in [1e-9, 1e-2] {
        by_hand.set_learning_rate(rate).expect("a rate");
        let before = by_hand.flow().parameters().to_vec();
        let (x, log_q) = by_hand.draw();
        let mut log_f = vec![0.0; log_q.len()];
        log_gaussian(&x, &mut log_f);
        by_hand.step_on(&x, &log_f, &log_q);
        let after = by_hand.flow().parameters();
        let steps = before.iter().zip(after).map(|(a, b)| (a - b).abs());
        moved.push(steps.fold(0.0, f64::max));
    }
    assert!(moved[0] > 0.0 && moved[0] < 1e-7 && moved[1] > 1e-3);
    assert!(by_hand.set_learning_rate(0.0).is_err());
}
