//! Parts of an estimate.

use std::path::PathBuf;

use pyo3::prelude::{Bound, PyAny, PyRef, PyResult, Python};
use pyo3::types::PyBytes;
use pyo3::{pyclass, pymethods};
use thalweg::Partial as Inner;

use crate::errors::raise;
use crate::integrate::told;

/// The native part.
#[pyclass(frozen, module = "thalweg._native")]
#[derive(Debug)]
pub(crate) struct Partial {
    inner: Inner,
}

impl From<Inner> for Partial {
    fn from(inner: Inner) -> Self {
        Self { inner }
    }
}

#[pymethods]
impl Partial {
    #[getter]
    fn points(&self) -> u64 {
        self.inner.points()
    }

    #[getter]
    fn points_there(&self) -> u64 {
        self.inner.points_there()
    }

    #[getter]
    fn complete(&self) -> bool {
        self.inner.is_complete()
    }

    #[getter]
    fn missing(&self) -> Vec<String> {
        self.inner.missing()
    }

    #[getter]
    fn not_finite(&self) -> [u64; 2] {
        self.inner.not_finite()
    }

    fn note(&self, name: &str) -> Option<&str> {
        self.inner.note(name)
    }

    /// The report of the points that are there, as a dict.
    fn report<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        told(py, &self.inner.report())
    }

    /// All of these together.
    fn merged(&self, py: Python<'_>, others: Vec<PyRef<'_, Self>>) -> PyResult<Self> {
        let mut all = self.inner.clone();
        for other in others {
            all.merge_from(&other.inner).map_err(|e| raise(py, &e))?;
        }
        Ok(all.into())
    }

    fn save(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        self.inner.save(path).map_err(|e| raise(py, &e))
    }

    #[staticmethod]
    fn load(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        let inner = Inner::load(path).map_err(|e| raise(py, &e))?;
        Ok(inner.into())
    }

    fn to_bytes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = self.inner.to_bytes().map_err(|e| raise(py, &e))?;
        Ok(PyBytes::new(py, &bytes))
    }

    #[staticmethod]
    fn from_bytes(py: Python<'_>, bytes: &[u8]) -> PyResult<Self> {
        let inner = Inner::from_bytes(bytes).map_err(|e| raise(py, &e))?;
        Ok(inner.into())
    }
}
