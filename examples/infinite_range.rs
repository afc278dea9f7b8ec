//! Infinite ranges: a Gaussian over the plane, and a density with long tails.

use std::f64::consts::PI;

use thalweg::{Domain, Integrator, Settings, Stop, from_fn};

#[expect(clippy::print_stdout, reason = "an example shows its result")]
fn main() -> thalweg::Result<()> {
    let line = (f64::NEG_INFINITY, f64::INFINITY);
    let integrate = |dim, f: fn(&[f64]) -> f64| {
        let settings = Settings {
            domain: Some(Domain::new(&vec![line; dim])?),
            stop: Stop::rel_error(1e-3),
            ..Settings::default()
        };
        Integrator::new(settings)?.integrate(&from_fn(dim, f))
    };
    let gaussian = integrate(2, |y| (-y[0] * y[0] - y[1] * y[1]).exp())?;
    println!("int exp(-x^2 - y^2) = {} (pi)", gaussian.estimate);
    assert!(gaussian.estimate.pull(PI).abs() < 5.0);

    let lorentzian = integrate(1, |y| 1.0 / (1.0 + y[0] * y[0]))?;
    println!("int 1/(1 + x^2)     = {} (pi)", lorentzian.estimate);
    assert!(lorentzian.estimate.pull(PI).abs() < 5.0);
    Ok(())
}
