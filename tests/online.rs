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
        .map(|_| trainer.online_step(&log_gaussian).expect("a signal"))
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
fn a_function_that_is_zero_everywhere_teaches_nothing() {
    let mut trainer = trainer(128);
    let zero = |_: &[f64], log_f: &mut [f64]| log_f.fill(f64::NEG_INFINITY);
    assert_eq!(trainer.online_step(&zero), None);
    // The flow is as it was, and a signal is taken up later.
    assert!(trainer.online_step(&log_gaussian).is_some());
}
