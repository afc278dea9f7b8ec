//! Whether conditioners in single precision cost accuracy: equal training in both precisions.
//!
//! Prints the spread of the weights (sigma/mean of f/q) of the camel in eight dimensions after
//! equal numbers of training calls, over several seeds. Takes five minutes.
//!
//!     cargo run --release --example precision

use thalweg::flow::{FlowConfig, Precision};
use thalweg::{Integrator, Method, Settings, Stop, from_fn};
use thalweg_integrands::problem;

const SEEDS: u64 = 24;

#[expect(clippy::print_stdout, reason = "an example shows its result")]
fn main() -> thalweg::Result<()> {
    let camel = problem("camel", Some(8), &[]).expect("a known integrand");
    let f = from_fn(8, |y| camel.eval(y));
    for precision in [Precision::F32, Precision::F64] {
        let mut spreads = Vec::new();
        let mut seconds = 0.0;
        for seed in 1..=SEEDS {
            let settings = Settings {
                method: Method::Flow,
                stop: Stop::calls(100_000),
                flow: FlowConfig {
                    precision,
                    ..FlowConfig::default()
                },
                seed,
                ..Settings::default()
            };
            let report = Integrator::new(settings)?.integrate(&f)?;
            spreads.push(report.weights.rel_std);
            seconds += report.seconds.train;
        }
        let n = spreads.len() as f64;
        let mean = spreads.iter().sum::<f64>() / n;
        let variance = spreads.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / (n - 1.0);
        spreads.sort_by(f64::total_cmp);
        println!(
            "{precision:?}  median {:.4}   mean {mean:.4} +- {:.4}   from {:.4} to {:.4}   {:.1} s of training each",
            0.5 * (spreads[spreads.len() / 2 - 1] + spreads[spreads.len() / 2]),
            (variance / n).sqrt(),
            spreads[0],
            spreads[spreads.len() - 1],
            seconds / n
        );
    }
    Ok(())
}
