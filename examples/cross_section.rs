//! The cross section of e+e- -> mu+mu- at the Z pole, and the forward-backward asymmetry:
//! two outputs that share their points, with the covariance that a ratio needs.

use std::error::Error;

use thalweg::stats::parenthesis;
use thalweg::{Domain, Integrator, Settings, Stop, from_vector_fn};
use thalweg_integrands::problem;

#[expect(clippy::print_stdout, reason = "an example shows its result")]
fn main() -> Result<(), Box<dyn Error>> {
    let process = problem("ee-mumu", None, &[("sqrt_s", 91.188)])?;
    // Output 0: the cross section in pb; output 1: forward minus backward.
    let f = from_vector_fn(2, 2, |y, out| {
        out[0] = process.eval(y);
        out[1] = out[0].copysign(y[0]);
    });
    let settings = Settings {
        domain: Some(Domain::new(&process.domain)?),
        stop: Stop::calls(400_000),
        covariance: true,
        ..Settings::default()
    };
    let report = Integrator::new(settings)?.integrate(&f)?;
    let (total, difference) = (report.outputs[0].estimate, report.outputs[1].estimate);
    let covariance = report.covariance.ok_or("the covariance was asked for")?;
    let ratio = difference.value / total.value;
    let variance = covariance[3] - 2.0 * ratio * covariance[1] + ratio * ratio * covariance[0];
    let error = variance.sqrt() / total.value;
    println!("sigma = {total} pb, A_FB = {}", parenthesis(ratio, error));
    assert!(total.pull(2012.88390898).abs() < 5.0);
    assert!((ratio - 0.0166750).abs() < 5.0 * error);
    Ok(())
}
