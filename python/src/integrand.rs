//! A Python function as integrand.

use numpy::{PyArray1, PyArrayMethods as _, PyReadonlyArray2};
use pyo3::prelude::{Py, PyAny, PyAnyMethods as _, PyResult, Python};
use thalweg::{Integrand, IntegrandError, Points};

use crate::bridge::Wire;
use crate::errors::named;

/// Points on their way to Python.
#[derive(Debug)]
pub(crate) struct Batch {
    /// `[n * dim]`
    data: Vec<f64>,
    dim: usize,
}

impl Batch {
    /// Number of points.
    pub(crate) fn len(&self) -> usize {
        self.data.len() / self.dim
    }
}

/// The values (`[n * outputs]`) of a Python function at the points of `batch`.
pub(crate) fn call(
    py: Python<'_>,
    function: Option<&Py<PyAny>>,
    batch: Batch,
) -> PyResult<Vec<f64>> {
    let Some(function) = function else {
        return Err(named(py, "Error", "there is no function to be called"));
    };
    let (n, dim) = (batch.len(), batch.dim);
    let x = PyArray1::from_vec(py, batch.data).reshape([n, dim])?;
    drop(x.readwrite().make_nonwriteable());
    let values = function.bind(py).call1((&x,))?;
    let values: PyReadonlyArray2<'_, f64> = values.extract()?;
    Ok(values.as_slice()?.to_vec())
}

/// The integrand of a run that a Python function is.
#[derive(Debug)]
pub(crate) struct Remote<'a> {
    pub(crate) wire: Wire<'a>,
    pub(crate) dim: usize,
    pub(crate) outputs: usize,
}

impl Integrand for Remote<'_> {
    fn dim(&self) -> usize {
        self.dim
    }

    fn outputs(&self) -> usize {
        self.outputs
    }

    fn eval(&self, points: &Points<'_>, values: &mut [f64]) -> Result<(), IntegrandError> {
        let batch = Batch {
            data: points.data().to_vec(),
            dim: self.dim,
        };
        let found = self.wire.values(batch).ok_or(IntegrandError::Interrupted)?;
        if found.len() != values.len() {
            let (found, wanted) = (found.len(), values.len());
            let message = format!("{found} values where {wanted} are needed");
            return Err(IntegrandError::Failed { message });
        }
        values.copy_from_slice(&found);
        Ok(())
    }
}
