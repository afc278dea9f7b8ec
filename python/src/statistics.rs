//! Numbers of statistics that Python code asks for.

use numpy::{PyArray1, PyArrayMethods as _};
use pyo3::prelude::{Bound, PyResult, Python};
use pyo3::pyfunction;
use pyo3::types::{PyDict, PyDictMethods as _};
use thalweg::Estimate;
use thalweg::stats::{WeightStats, p_value_chi2 as p_value, parenthesis as notation};

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

/// What a sample of weights `w` `[n]` says about itself.
#[pyfunction]
pub(crate) fn weight_statistics<'py>(
    py: Python<'py>,
    w: &Bound<'py, PyArray1<f64>>,
) -> PyResult<Bound<'py, PyDict>> {
    let w = w.readonly();
    let stats = WeightStats::from_slice(w.as_slice()?);
    let told = PyDict::new(py);
    told.set_item("khat", stats.khat())?;
    told.set_item("max_share", stats.max_share())?;
    told.set_item("ess_fraction", stats.ess_fraction())?;
    told.set_item("mean_abs", stats.mean_abs())?;
    Ok(told)
}

/// The probability of a larger chi squared.
#[pyfunction]
pub(crate) fn p_value_chi2(chi2: f64, dof: u64) -> f64 {
    p_value(chi2, dof)
}
