//! A Python function as integrand.
//!
//! Points are handed over without a copy: the array that Python sees is a view of the batch's buffer,
//! which the array keeps alive for as long as anything in Python holds on to it. The library has
//! written its last number into the buffer by then and only reads it, and the array is read-only, so
//! an array that the user keeps never changes. Values are copied once, from Python's array.

use std::ops::Range;
use std::sync::Arc;

use numpy::ndarray::ArrayView2;
use numpy::{PyArray2, PyArrayMethods as _, PyReadonlyArray2};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::{Bound, Py, PyAny, PyAnyMethods as _, PyResult, Python};
use pyo3::pyclass;
use thalweg::{Integrand, IntegrandError, Points};

use crate::bridge::Wire;
use crate::errors::named;

/// Points on their way to Python.
#[derive(Debug)]
pub(crate) struct Batch {
    buffer: Arc<Vec<f64>>,
    /// its coordinates in the buffer, all `[n * dim]`
    range: Range<usize>,
    dim: usize,
}

impl Batch {
    /// Points that are not copied.
    pub(crate) fn of(points: &Points<'_>) -> Self {
        let (buffer, range) = points.share();
        let dim = points.dim();
        Self { buffer, range, dim }
    }

    /// All points of a buffer (`[n * dim]`).
    pub(crate) fn whole(buffer: Arc<Vec<f64>>, dim: usize) -> Self {
        let range = 0..buffer.len();
        Self { buffer, range, dim }
    }

    /// Number of points.
    pub(crate) fn len(&self) -> usize {
        self.range.len() / self.dim
    }

    /// The points as an array `(n, dim)` that cannot be written to.
    pub(crate) fn into_array(self, py: Python<'_>) -> PyResult<Bound<'_, PyArray2<f64>>> {
        let shape = (self.len(), self.dim);
        let Self { buffer, range, .. } = self;
        let owner = Bound::new(py, Owner { buffer })?;
        let buffer = Arc::clone(&owner.get().buffer);
        let view = ArrayView2::from_shape(shape, &buffer[range])
            .map_err(|e| PyValueError::new_err(e.to_string()))?;
        // SAFETY: the memory is that of a vector which `owner`, the base of the array, keeps alive and
        // nobody changes: it is behind an `Arc` of which nobody has the only reference while it is
        // shared, and the array is made read-only before anyone sees it.
        let array = unsafe { PyArray2::borrow_from_array(&view, owner.into_any()) };
        drop(array.readwrite().make_nonwriteable());
        Ok(array)
    }
}

/// Keeps the points of a batch alive.
#[pyclass(frozen, module = "thalweg._native")]
#[derive(Debug)]
struct Owner {
    buffer: Arc<Vec<f64>>,
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
    let x = batch.into_array(py)?;
    let values = function.bind(py).call1((x,))?;
    let values: PyReadonlyArray2<'_, f64> = values.extract()?;
    // In pieces of 1 kB: large copies by the C library are slow on some processors.
    let values = values.as_slice()?;
    let mut copy = Vec::with_capacity(values.len());
    for piece in values.chunks(128) {
        copy.extend_from_slice(piece);
    }
    Ok(copy)
}

/// The integrand of a run that a Python function is.
#[derive(Debug)]
pub(crate) struct Remote<'a> {
    pub(crate) wire: Wire<'a>,
    pub(crate) dim: usize,
    pub(crate) outputs: usize,
    /// points of a call
    pub(crate) batch: usize,
    /// points that are computed at the same time
    pub(crate) at_once: usize,
}

impl Integrand for Remote<'_> {
    fn dim(&self) -> usize {
        self.dim
    }

    fn outputs(&self) -> usize {
        self.outputs
    }

    fn batch(&self) -> Option<usize> {
        Some(self.batch)
    }

    fn at_once(&self) -> usize {
        self.at_once
    }

    fn eval(&self, points: &Points<'_>, values: &mut [f64]) -> Result<(), IntegrandError> {
        let batch = Batch::of(points);
        let found = self.wire.values(batch).ok_or(IntegrandError::Interrupted)?;
        if found.len() != values.len() {
            let (found, wanted) = (found.len(), values.len());
            let message = format!("{found} values where {wanted} are needed");
            return Err(IntegrandError::Failed { message });
        }
        for (values, found) in values.chunks_mut(128).zip(found.chunks(128)) {
            values.copy_from_slice(found);
        }
        Ok(())
    }
}
