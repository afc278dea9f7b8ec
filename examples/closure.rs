//! Integrates a closure over a box.
//!
//! The integral of y sin(x) over x in [0, pi] and y in [0, 1] is 1.

use std::f64::consts::PI;

use thalweg::{Domain, Integrator, Settings, Stop, from_fn};

#[expect(clippy::print_stdout, reason = "an example shows its result")]
fn main() -> thalweg::Result<()> {
    let settings = Settings {
        domain: Some(Domain::new(&[(0.0, PI), (0.0, 1.0)])?),
        stop: Stop::rel_error(1e-3),
        ..Settings::default()
    };
    let report = Integrator::new(settings)?.integrate(&from_fn(2, |y| y[1] * y[0].sin()))?;
    println!("{report}");
    assert!(report.estimate.pull(1.0).abs() < 5.0);
    Ok(())
}
