//! Numbers of statistics that Python code asks for.

use pyo3::pyfunction;
use thalweg::{Estimate, stats::parenthesis as notation};

/// The distance of `value` from `exact` in errors, as a standard normal number.
#[pyfunction]
#[pyo3(signature = (value, error, dof, exact))]
pub(crate) fn normal_score(value: f64, error: f64, dof: Option<f64>, exact: f64) -> f64 {
    let calls = 0;
    let estimate = Estimate {
        value,
        error,
        calls,
        dof,
    };
    estimate.pull(exact)
}

/// Value and error in parenthesis notation.
#[pyfunction]
pub(crate) fn parenthesis(value: f64, error: f64) -> String {
    notation(value, error)
}
