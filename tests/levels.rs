//! The level of vector instructions changes the rounding of a run, and nothing else.
//!
//! One test, because the level is that of the whole process.

#[path = "common/problems.rs"]
mod problems;

use problems::{problem, settings};
use thalweg::{Integrator, Level, Method, Report, Settings, from_fn};

/// A flow trained and frozen on a camel in three dimensions.
fn run(seed: u64) -> Report {
    let problem = problem("camel", 3, &[]);
    let settings = Settings {
        seed,
        threads: Some(2),
        ..settings(&problem, Method::Flow, 24_000)
    };
    let integrand = from_fn(problem.dim, |y| problem.eval(y));
    Integrator::new(settings)
        .and_then(|i| i.integrate(&integrand))
        .expect("a good run")
}

#[test]
fn every_level_trains_and_integrates_alike() {
    let exact = problem("camel", 3, &[]).exact.expect("a known value");
    for level in Level::available() {
        assert_eq!(level.force(), level);
        let mut spreads = Vec::new();
        for seed in 1..=4 {
            let report = run(seed);
            assert_eq!(report.level, level.name());
            // Four pulls within 5: two in a million by chance.
            let pull = (report.estimate.value - exact) / report.estimate.error;
            assert!(pull.abs() < 5.0, "{level}, seed {seed}: pull {pull}");
            spreads.push(report.weights.rel_std);
        }
        // The same training: a mean spread near 0.07 at every level.
        let mean = spreads.iter().sum::<f64>() / spreads.len() as f64;
        assert!(mean < 0.15, "{level}: spreads {spreads:?}");
        let again = run(1);
        assert_eq!(
            again.estimate.value.to_bits(),
            run(1).estimate.value.to_bits()
        );
    }
}
