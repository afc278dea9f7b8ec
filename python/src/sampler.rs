//! A frozen proposal.

use std::path::PathBuf;
use std::sync::Arc;

use numpy::{PyArray1, PyArray2, PyArrayMethods as _, PyReadonlyArray2};
use pyo3::prelude::{Bound, Py, PyAny, PyErr, PyResult, Python};
use pyo3::types::{PyBytes, PyDict, PyDictMethods as _};
use pyo3::{pyclass, pyfunction, pymethods};
use pythonize::{depythonize, pythonize};
use thalweg::event::{Shard, Unweighting};
use thalweg::integrate::Silent;
use thalweg::train::FitConfig;
use thalweg::{
    Domain, Error, Events, Flow, Integrand, Integrator, MaxWeight, Observable, Sampler as Inner,
    Settings,
};

use crate::bridge::{Functions, serve};
use crate::errors::{named, raise};
use crate::integrand::Remote;
use crate::integrate::{Binning, observables, places};
use crate::map::Map;
use crate::native::{Direct, Native};
use crate::partial::Partial;
use crate::pool::{fresh, within};

/// Points of a call of a Python function that weighs events.
const BATCH: usize = 10_000;

/// The settings of a training from samples that asks for nothing, as a dict.
#[pyfunction]
pub(crate) fn default_fit(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    Ok(pythonize(py, &FitConfig::default())?)
}

/// The native sampler.
#[pyclass(frozen, module = "thalweg._native")]
#[derive(Debug)]
pub(crate) struct Sampler {
    inner: Arc<Inner>,
}

/// Points `[n, dim]` and a number for each, `[n]`.
pub(crate) type Weighed<'py> = (Bound<'py, PyArray2<f64>>, Bound<'py, PyArray1<f64>>);

/// Ranges of all axes, and mean and standard deviation of those reached by the quantiles of a normal distribution.
type Space = (Vec<(f64, f64)>, Vec<(usize, f64, f64)>);

impl From<Inner> for Sampler {
    fn from(inner: Inner) -> Self {
        let inner = Arc::new(inner);
        Self { inner }
    }
}

impl Sampler {
    /// The same sampler once more.
    pub(crate) fn copy(&self) -> Result<Inner, Error> {
        Inner::from_bytes(&self.inner.to_bytes()?)
    }

    fn points<'py>(
        &self,
        py: Python<'py>,
        points: Vec<f64>,
    ) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let dim = self.inner.dim();
        let n = points.len() / dim;
        PyArray1::from_vec(py, points).reshape([n, dim])
    }

    /// Does `work` with the Python function `f`, of `outputs` outputs, as integrand.
    fn with<T: Send>(
        &self,
        py: Python<'_>,
        f: (Py<PyAny>, usize),
        work: impl FnOnce(&Inner, &dyn Integrand) -> Result<T, Error> + Send,
    ) -> PyResult<T> {
        let without = |inner: &Inner, f: &dyn Integrand, _| work(inner, f);
        self.observing(py, (f, Vec::new()), without)
    }

    /// The same with observables.
    fn observing<T: Send>(
        &self,
        py: Python<'_>,
        ((f, outputs), histograms): ((Py<PyAny>, usize), Vec<Binning>),
        work: impl FnOnce(&Inner, &dyn Integrand, Vec<Observable>) -> Result<T, Error> + Send,
    ) -> PyResult<T> {
        let native = Native::of(f.bind(py))?;
        let known: Vec<_> = histograms.iter().map(Binning::named).collect();
        let functions = Functions {
            integrand: Some(f),
            observables: places(histograms),
            observe: None,
            tick: None,
        };
        let inner = self.inner.as_ref();
        let pool = fresh().map_err(|e| raise(py, &e))?;
        let (result, fault) = serve(py, &functions, |wire| {
            let observables = observables(&known, wire)?;
            let wire = wire.clone();
            if let Some(native) = &native {
                return pool.install(|| work(inner, &Direct { wire, native }, observables));
            }
            let integrand = Remote {
                wire,
                dim: inner.dim(),
                outputs,
                batch: BATCH,
                at_once: 1,
            };
            pool.install(|| work(inner, &integrand, observables))
        })?;
        match fault {
            Some(fault) => Err(fault),
            None => result.map_err(|e| {
                let failure = native.as_ref().and_then(|n| n.raised(py));
                failure.unwrap_or_else(|| raise(py, &e))
            }),
        }
    }
}

#[pymethods]
impl Sampler {
    #[getter]
    fn dim(&self) -> usize {
        self.inner.dim()
    }

    /// `(low, high)` per axis.
    #[getter]
    fn ranges(&self) -> Vec<(f64, f64)> {
        self.inner.domain().ranges().to_vec()
    }

    /// One line that says what the map is.
    #[getter]
    fn proposal(&self) -> String {
        self.inner.map().describe()
    }

    /// Its map of the unit cube.
    #[getter]
    fn map(&self) -> Map {
        Arc::clone(&self.inner).into()
    }

    /// The estimate of the run that made it, as a dict.
    #[getter]
    fn estimate<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let estimate = self.inner.estimate();
        Ok(estimate.map(|e| pythonize(py, &e)).transpose()?)
    }

    /// The notes that are saved with it.
    #[getter]
    fn metadata<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let notes = PyDict::new(py);
        for (key, value) in self.inner.metadata() {
            notes.set_item(key, value)?;
        }
        Ok(notes)
    }

    /// The same sampler with other notes.
    fn with_metadata(&self, py: Python<'_>, notes: Vec<(String, String)>) -> PyResult<Self> {
        let mut inner = self.copy().map_err(|e| raise(py, &e))?;
        *inner.metadata_mut() = notes.into_iter().collect();
        Ok(inner.into())
    }

    /// Points `first..first + n` of a seed, and the logs of their densities.
    fn draw<'py>(
        &self,
        py: Python<'py>,
        n: usize,
        seed: u64,
        first: u64,
    ) -> PyResult<Weighed<'py>> {
        let inner = self.inner.as_ref();
        let batch = py.detach(|| within(|| inner.draw(n, seed, first)));
        let batch = batch.map_err(|e| raise(py, &e))?;
        let points = self.points(py, batch.points)?;
        Ok((points, PyArray1::from_vec(py, batch.log_density)))
    }

    /// The logs of the densities at points `x` `[n, dim]`.
    fn log_density<'py>(
        &self,
        py: Python<'py>,
        x: &Bound<'py, PyArray2<f64>>,
    ) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let x = x.readonly();
        let x = x.as_slice()?.to_vec();
        let inner = self.inner.as_ref();
        let density = py.detach(|| inner.log_density(&x));
        Ok(PyArray1::from_vec(py, density))
    }

    /// The points that `z` `[n, dim]` is mapped to, and the logs of their densities.
    fn forward<'py>(
        &self,
        py: Python<'py>,
        z: &Bound<'py, PyArray2<f64>>,
    ) -> PyResult<Weighed<'py>> {
        let z = z.readonly().as_slice()?.to_vec();
        let inner = self.inner.as_ref();
        let batch = py.detach(|| inner.forward(&z));
        let points = self.points(py, batch.points)?;
        Ok((points, PyArray1::from_vec(py, batch.log_density)))
    }

    /// The latent points of `x` `[n, dim]`, and the logs of the densities of `x`.
    fn inverse<'py>(
        &self,
        py: Python<'py>,
        x: &Bound<'py, PyArray2<f64>>,
    ) -> PyResult<Weighed<'py>> {
        let x = x.readonly().as_slice()?.to_vec();
        let inner = self.inner.as_ref();
        let (z, log_density) = py.detach(|| inner.inverse(&x));
        Ok((self.points(py, z)?, PyArray1::from_vec(py, log_density)))
    }

    /// Points `first..first + n` of a seed, and their weights with `f`.
    fn weighted<'py>(
        &self,
        py: Python<'py>,
        f: Py<PyAny>,
        n: usize,
        seed: u64,
        first: u64,
    ) -> PyResult<Weighed<'py>> {
        let events = self.with(py, (f, 1), |inner, f| inner.weighted(f, n, seed, first))?;
        self.events(py, events)
    }

    /// `n` unweighted events of a seed, its draws from `first` on: points, weights, and how they came
    /// about. `max_weight` is the policy and the share of its maximum above which all are kept.
    fn unweighted<'py>(
        &self,
        py: Python<'py>,
        f: Py<PyAny>,
        many: (usize, u64, u64),
        max_weight: (&str, f64),
        most: (u64, u64),
    ) -> PyResult<(Weighed<'py>, Bound<'py, PyDict>)> {
        let ((n, seed, first), (trials, max_trials_per_event)) = (many, most);
        let (max_weight, partial) = max_weight;
        let max_weight: MaxWeight = max_weight
            .parse()
            .map_err(|e| named(py, "SettingError", &format!("max_weight: {e}")))?;
        let how = Unweighting {
            max_weight,
            trials,
            max_trials_per_event,
            partial,
            first,
        };
        let made = self.with(py, (f, 1), |inner, f| inner.unweighted(f, n, seed, &how))?;
        let told = pythonize(py, &made.report)?.cast_into::<PyDict>()?;
        told.set_item("numbers", PyArray1::from_vec(py, made.numbers))?;
        told.set_item("trials", made.trials)?;
        told.set_item("calls", made.calls)?;
        for (name, estimate) in [
            ("integral", made.integral),
            ("pooled", made.pooled),
            ("absolute", made.absolute),
        ] {
            told.set_item(name, (estimate.value, estimate.error))?;
        }
        Ok((self.events(py, made.events)?, told))
    }

    /// Shard `(i, of)` of an estimate of `points` points of `f`, with notes.
    fn integrate_shard(
        &self,
        py: Python<'_>,
        f: (Py<PyAny>, usize),
        part: (u64, u64, u64),
        settings: &Bound<'_, PyAny>,
        beside: (Vec<(String, String)>, Vec<Binning>),
    ) -> PyResult<Partial> {
        let (notes, histograms) = beside;
        let (points, i, of) = part;
        let wrong = || format!("shard is ({i}, {of}); it must be (i, k) with 1 <= i <= k <= 2^20");
        let shard = Shard::new(i, of).ok_or_else(|| named(py, "SettingError", &wrong()))?;
        let settings = Settings {
            domain: Some(self.inner.domain().clone()),
            ..depythonize(settings)?
        };
        let integrator = Integrator::new(settings).map_err(|e| raise(py, &e))?;
        let mut part = self.observing(py, (f, histograms), |inner, f, observables| {
            let integrator = integrator.observing(observables);
            integrator.estimate_shard(f, inner.map(), (points, shard), &mut Silent)
        })?;
        for (name, note) in notes {
            part.set_note(name, note);
        }
        Ok(part.into())
    }

    fn save(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        self.inner.save(path).map_err(|e| raise(py, &e))
    }

    #[staticmethod]
    fn load(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        let inner = Inner::load(path).map_err(|e| raise(py, &e))?;
        Ok(inner.into())
    }

    /// A sampler trained by maximum likelihood on `samples` (`[n, dim]`), with the architecture of a flow, and
    /// what came of it as a dict; the domain has ranges, and axes with mean and standard deviation.
    #[staticmethod]
    fn of_samples<'py>(
        py: Python<'py>,
        samples: &Bound<'py, PyArray2<f64>>,
        domain: Space,
        flow: &Map,
        config: &Bound<'py, PyAny>,
        seed: u64,
    ) -> PyResult<(Self, Bound<'py, PyAny>)> {
        let failed = |e: Error| raise(py, &e);
        let (ranges, normal) = domain;
        let mut domain = Domain::new(&ranges).map_err(failed)?;
        for (axis, mean, deviation) in normal {
            domain = domain.with_normal(axis, mean, deviation).map_err(failed)?;
        }
        let flow: &Flow = flow.expect(py, "a flow")?;
        let architecture = flow.architecture().clone();
        let config: FitConfig = depythonize(config)?;
        let samples: PyReadonlyArray2<'_, f64> = samples.readonly();
        let samples = samples.as_slice()?;
        let pool = fresh().map_err(failed)?;
        let made = py.detach(|| {
            pool.install(|| Inner::of_samples(samples, domain, architecture, &config, seed))
        });
        let (sampler, report) = made.map_err(failed)?;
        Ok((sampler.into(), pythonize(py, &report)?))
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

impl Sampler {
    fn events<'py>(&self, py: Python<'py>, events: Events) -> Result<Weighed<'py>, PyErr> {
        let points = self.points(py, events.points)?;
        Ok((points, PyArray1::from_vec(py, events.weights)))
    }
}
