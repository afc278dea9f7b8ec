//! The same budget for uniform points, VEGAS and a flow, on two peaks along a diagonal.

use std::error::Error;

use thalweg::{Integrator, Method, Settings, Stop, from_fn};
use thalweg_integrands::problem;

#[expect(clippy::print_stdout, reason = "an example shows its result")]
fn main() -> Result<(), Box<dyn Error>> {
    let camel = problem("camel", Some(4), &[])?;
    let exact = camel.exact.ok_or("the camel's integral is known")?;
    let f = from_fn(camel.dim, |y| camel.eval(y));
    let mut spreads = Vec::new();
    for method in [Method::Plain, Method::Vegas, Method::Flow] {
        let settings = Settings {
            method,
            stop: Stop::calls(100_000),
            ..Settings::default()
        };
        let report = Integrator::new(settings)?.integrate(&f)?;
        println!(
            "{:5}  {}  pull {:+.1}  spread of the weights {:.3}",
            method.name(),
            report.estimate,
            report.estimate.pull(exact),
            report.weights.rel_std
        );
        assert!(report.estimate.pull(exact).abs() < 5.0);
        spreads.push(report.weights.rel_std);
    }
    assert!(
        spreads[2] < 0.2 * spreads[1],
        "a flow sees the diagonal, a grid does not"
    );
    Ok(())
}
