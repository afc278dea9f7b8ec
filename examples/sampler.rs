//! Trains a flow on two narrow peaks, saves it, loads it, and draws unweighted events.

use std::env;
use std::error::Error;
use std::fs;

use thalweg::integrate::Silent;
use thalweg::{Integrator, Method, Sampler, Settings, Stop, Unweighting, from_fn};
use thalweg_integrands::problem;

#[expect(clippy::print_stdout, reason = "an example shows its result")]
fn main() -> Result<(), Box<dyn Error>> {
    let camel = problem("camel", Some(4), &[])?;
    let f = from_fn(camel.dim, |y| camel.eval(y));

    let settings = Settings {
        method: Method::Flow,
        stop: Stop::calls(40_000),
        ..Settings::default()
    };
    let outcome = Integrator::new(settings)?.run(&f, &mut Silent)?;
    println!("{}", outcome.report);

    let path = env::temp_dir().join("thalweg-example-camel.tlw");
    Sampler::from_outcome(outcome).save(&path)?;
    let sampler = Sampler::load(&path)?;
    let result = sampler.unweighted(&f, 10_000, 1, &Unweighting::default())?;
    println!(
        "10000 events from {} trials: efficiency {:.2}, overweights {:.2} %",
        result.trials,
        result.report.efficiency,
        100.0 * result.report.overweight_fraction
    );

    // The two peaks are alike, so the mean of each coordinate is 1/2.
    let events = &result.events;
    let total: f64 = events.weights.iter().sum();
    let sum: f64 = events
        .points
        .chunks(4)
        .zip(&events.weights)
        .map(|(y, w)| w * y[0])
        .sum();
    assert!((sum / total - 0.5).abs() < 0.01, "mean {}", sum / total);
    fs::remove_file(path)?;
    Ok(())
}
