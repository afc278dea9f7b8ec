//! Training by hand: points out, values in, one step.

use std::sync::{Mutex, MutexGuard, PoisonError};

use numpy::{PyArray1, PyArrayMethods as _, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::{Bound, PyAny, PyResult, Python};
use pyo3::{pyclass, pymethods};
use pythonize::depythonize;
use thalweg::train::{TrainConfig, Trainer as Inner};
use thalweg::{Domain, Flow};

use crate::errors::raise;
use crate::map::Map;
use crate::pool::within;
use crate::sampler::Weighed;

/// The native trainer.
#[pyclass(frozen, module = "thalweg._native")]
#[derive(Debug)]
pub(crate) struct Trainer {
    inner: Mutex<Inner>,
    domain: Domain,
}

impl Trainer {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// ln|dy/dx| (`[n]`) at points of the unit cube (`[n * dim]`), which become the user's.
    fn to_domain(&self, x: &mut [f64]) -> Vec<f64> {
        let mut jacobian = vec![1.0; x.len() / self.domain.dim()];
        self.domain.map(x, &mut jacobian);
        for j in &mut jacobian {
            *j = j.ln();
        }
        jacobian
    }
}

#[pymethods]
impl Trainer {
    /// A trainer of a copy of the flow.
    #[new]
    #[expect(clippy::needless_pass_by_value, reason = "made from a Python list")]
    fn new(
        py: Python<'_>,
        flow: &Map,
        ranges: Vec<(f64, f64)>,
        config: &Bound<'_, PyAny>,
        seed: u64,
    ) -> PyResult<Self> {
        let flow: &Flow = flow.expect(py, "a flow")?;
        let config: TrainConfig = depythonize(config)?;
        let domain = Domain::new(&ranges).map_err(|e| raise(py, &e))?;
        let inner = Inner::new(flow.clone(), &config, seed).map_err(|e| raise(py, &e))?;
        let inner = Mutex::new(inner);
        Ok(Self { inner, domain })
    }

    /// Fresh points of a step `[n, dim]` in the user's domain, and the logs of their densities.
    fn draw<'py>(&self, py: Python<'py>) -> PyResult<Weighed<'py>> {
        let work = || {
            let (mut y, mut log_q) = self.lock().draw();
            let jacobian = self.to_domain(&mut y);
            for (l, j) in log_q.iter_mut().zip(&jacobian) {
                *l -= j;
            }
            (y, log_q)
        };
        let (y, log_q) = py.detach(|| within(work)).map_err(|e| raise(py, &e))?;
        let shape = [log_q.len(), self.domain.dim()];
        let y = PyArray1::from_vec(py, y).reshape(shape)?;
        Ok((y, PyArray1::from_vec(py, log_q)))
    }

    /// One step on points `[n, dim]` of the user's domain, with log|f| and the logs of the densities they
    /// were drawn from; returns the loss.
    #[expect(clippy::needless_pass_by_value, reason = "made from Python arrays")]
    fn step(
        &self,
        py: Python<'_>,
        y: PyReadonlyArray2<'_, f64>,
        log_f: PyReadonlyArray1<'_, f64>,
        log_q: PyReadonlyArray1<'_, f64>,
    ) -> PyResult<f64> {
        let mut x = y.as_slice()?.to_vec();
        let (mut log_f, mut log_q) = (log_f.as_slice()?.to_vec(), log_q.as_slice()?.to_vec());
        let work = || {
            self.domain.to_unit(&mut x);
            // The border is no point of a flow.
            for x in &mut x {
                *x = x.clamp(f64::EPSILON / 2.0, 1.0 - f64::EPSILON / 2.0);
            }
            let jacobian = self.to_domain(&mut x.clone());
            for ((f, q), j) in log_f.iter_mut().zip(&mut log_q).zip(&jacobian) {
                *f += j;
                *q += j;
            }
            self.lock().step_on(&x, &log_f, &log_q)
        };
        py.detach(|| within(work)).map_err(|e| raise(py, &e))
    }

    /// The flow as it is.
    #[getter]
    fn flow(&self) -> Map {
        Map::own(self.lock().flow().clone())
    }

    #[getter]
    fn learning_rate(&self) -> f64 {
        self.lock().learning_rate()
    }

    fn set_learning_rate(&self, py: Python<'_>, rate: f64) -> PyResult<()> {
        let done = self.lock().set_learning_rate(rate);
        done.map_err(|e| raise(py, &e))
    }
}
