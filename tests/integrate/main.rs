//! Runs end to end at small budgets: known values, special functions, budgets, failures.

#[path = "../common/problems.rs"]
mod problems;

mod ends;
mod failures;
mod kept;
mod layouts;
mod values;

use thalweg::{Error, Integrand, Integrator, Method, Report, Settings, Stop};

const METHODS: [Method; 4] = [Method::Plain, Method::Vegas, Method::Flow, Method::Auto];

/// Settings that spend `calls` on the unit cube.
fn spend(method: Method, calls: u64) -> Settings {
    Settings {
        method,
        stop: Stop::calls(calls),
        ..Settings::default()
    }
}

fn integrate(settings: Settings, integrand: &dyn Integrand) -> Result<Report, Error> {
    Integrator::new(settings)?.integrate(integrand)
}

/// Asserts that a result is within five errors of the truth, and that the error is known to
/// better than `rel_error`.
fn assert_near(report: &Report, exact: f64, rel_error: f64, what: &str) {
    let e = report.estimate;
    assert!(
        e.pull(exact).abs() < 5.0,
        "{what}: {e} instead of {exact}\n{report}"
    );
    assert!(e.rel_error() < rel_error, "{what}: {e}\n{report}");
    assert!(e.error > 0.0, "{what}");
}
