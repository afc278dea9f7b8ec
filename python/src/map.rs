//! Maps of the unit cube: grids, flows, and whatever a sampler stands on.

use std::any::Any;
use std::sync::Arc;

use numpy::{PyArray1, PyArray2, PyArrayMethods as _, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::{Bound, PyAny, PyResult, Python};
use pyo3::types::PyString;
use pyo3::{pyclass, pymethods};
use pythonize::{depythonize, pythonize};
use rayon::iter::{IndexedParallelIterator as _, ParallelIterator as _};
use rayon::slice::{ParallelSlice as _, ParallelSliceMut as _};
use thalweg::flow::{Architecture, Family};
use thalweg::map::{Grid, GridTraining};
use thalweg::{Domain, Error, Flow, Map as Trait, Sampler as Inner};

use crate::errors::{named, raise};
use crate::pool::within;
use crate::sampler::{Sampler, Weighed};

/// Points that a thread maps at a time.
const CHUNK: usize = 1024;

/// Where a map is.
#[derive(Debug)]
enum Held {
    Own(Box<dyn Trait>),
    /// in a sampler
    Sampler(Arc<Inner>),
}

/// The native map.
#[pyclass(frozen, module = "thalweg._native")]
#[derive(Debug)]
pub(crate) struct Map {
    held: Held,
}

/// One of the two directions.
type Direction = fn(&dyn Trait, &[f64], &mut [f64], &mut [f64]);

impl From<Arc<Inner>> for Map {
    fn from(sampler: Arc<Inner>) -> Self {
        Self {
            held: Held::Sampler(sampler),
        }
    }
}

impl Map {
    pub(crate) fn own(map: impl Trait) -> Self {
        Self {
            held: Held::Own(Box::new(map)),
        }
    }

    fn map(&self) -> &dyn Trait {
        match &self.held {
            Held::Own(map) => map.as_ref(),
            Held::Sampler(sampler) => sampler.map(),
        }
    }

    fn as_a<T: 'static>(&self) -> Option<&T> {
        let any: &dyn Any = self.map();
        any.downcast_ref()
    }

    /// The map as a `T`, or the exception that says it is none.
    pub(crate) fn expect<T: 'static>(&self, py: Python<'_>, what: &str) -> PyResult<&T> {
        let found = self.map().describe();
        self.as_a()
            .ok_or_else(|| named(py, "Error", &format!("the map is {found}, not {what}")))
    }

    fn go<'py>(
        &self,
        py: Python<'py>,
        from: &Bound<'py, PyArray2<f64>>,
        direction: Direction,
    ) -> PyResult<Weighed<'py>> {
        let from = from.readonly();
        let from: PyReadonlyArray2<'_, f64> = from;
        let at = from.as_slice()?.to_vec();
        let map = self.map();
        let dim = map.dim();
        let n = at.len() / dim;
        let (mut to, mut log_jac) = (vec![0.0; n * dim], vec![0.0; n]);
        let work = || {
            let rows = CHUNK * dim;
            at.par_chunks(rows)
                .zip(to.par_chunks_mut(rows))
                .zip(log_jac.par_chunks_mut(CHUNK))
                .for_each(|((at, to), log_jac)| direction(map, at, to, log_jac));
        };
        py.detach(|| within(work)).map_err(|e| raise(py, &e))?;
        let to = PyArray1::from_vec(py, to).reshape([n, dim])?;
        Ok((to, PyArray1::from_vec(py, log_jac)))
    }
}

#[pymethods]
impl Map {
    #[getter]
    fn dim(&self) -> usize {
        self.map().dim()
    }

    /// "grid", "flow" or "other".
    #[getter]
    fn kind(&self) -> &'static str {
        if self.as_a::<Grid>().is_some() {
            "grid"
        } else if self.as_a::<Flow>().is_some() {
            "flow"
        } else {
            "other"
        }
    }

    /// One line that says what it is.
    #[getter]
    fn proposal(&self) -> String {
        self.map().describe()
    }

    /// z `[n, dim]` of the open unit cube -> x `[n, dim]`, log|dx/dz| `[n]`.
    fn forward<'py>(
        &self,
        py: Python<'py>,
        z: &Bound<'py, PyArray2<f64>>,
    ) -> PyResult<Weighed<'py>> {
        self.go(py, z, Trait::forward)
    }

    /// x `[n, dim]` of the open unit cube -> z `[n, dim]`, log|dx/dz| `[n]`.
    fn inverse<'py>(
        &self,
        py: Python<'py>,
        x: &Bound<'py, PyArray2<f64>>,
    ) -> PyResult<Weighed<'py>> {
        self.go(py, x, Trait::inverse)
    }

    /// A sampler of the map on a domain. Maps are copied by their bytes.
    #[expect(clippy::needless_pass_by_value, reason = "made from a Python list")]
    fn sampler(&self, py: Python<'_>, ranges: Vec<(f64, f64)>) -> PyResult<Sampler> {
        let failed = |e: Error| raise(py, &e);
        let domain = Domain::new(&ranges).map_err(failed)?;
        let map: Box<dyn Trait> = match (self.as_a::<Grid>(), self.as_a::<Flow>(), &self.held) {
            (Some(grid), ..) => Box::new(grid.clone()),
            (_, Some(flow), _) => Box::new(flow.clone()),
            (None, None, Held::Sampler(inner)) => {
                let bytes = inner.to_bytes().map_err(failed)?;
                Inner::from_bytes(&bytes).map_err(failed)?.into_map()
            }
            (None, None, Held::Own(_)) => {
                return Err(named(py, "Error", "a map of this kind cannot be copied"));
            }
        };
        Ok(Inner::new(map, domain).map_err(failed)?.into())
    }

    // ---- grids

    /// A grid with these edges (`[dim * (bins + 1)]`).
    #[staticmethod]
    fn grid(py: Python<'_>, dim: usize, edges: &Bound<'_, PyArray1<f64>>) -> PyResult<Self> {
        let edges = edges.readonly();
        let edges = edges.as_slice()?.to_vec();
        let grid = Grid::from_edges(dim, edges).map_err(|e| raise(py, &e))?;
        Ok(Self::own(grid))
    }

    /// The edges of a grid, `[dim, bins + 1]`.
    fn edges<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let grid: &Grid = self.expect(py, "a grid")?;
        let edges = PyArray1::from_slice(py, grid.edges());
        edges.reshape([grid.dim(), grid.bins() + 1])
    }

    /// The grid of another fineness.
    fn resampled(&self, py: Python<'_>, bins: usize) -> PyResult<Self> {
        let grid: &Grid = self.expect(py, "a grid")?;
        Ok(Self::own(grid.resample(bins)))
    }

    /// The grid after one refinement by weights `[n]` of latent points z `[n, dim]`, each of which
    /// stands for `shares` `[n]` points of uniform density.
    fn refined<'py>(
        &self,
        py: Python<'py>,
        z: &Bound<'py, PyArray2<f64>>,
        w: &Bound<'py, PyArray1<f64>>,
        shares: &Bound<'py, PyArray1<f64>>,
        alpha: f64,
    ) -> PyResult<Self> {
        let grid: &Grid = self.expect(py, "a grid")?;
        let (w, shares) = (w.readonly(), shares.readonly());
        let z = z.readonly();
        let (z, w, shares) = (z.as_slice()?, w.as_slice()?, shares.as_slice()?);
        let mut training = GridTraining::new(grid);
        training.add_shares(grid, z, w, shares);
        Ok(Self::own(py.detach(|| grid.refined(&training, alpha))))
    }

    // ---- flows

    /// A flow, the identity unless it has parameters.
    #[staticmethod]
    fn flow(
        py: Python<'_>,
        dim: usize,
        config: &Bound<'_, PyAny>,
        seed: u64,
        parameters: Option<PyReadonlyArray1<'_, f64>>,
    ) -> PyResult<Self> {
        let failed = |e: Error| raise(py, &e);
        let architecture: Architecture = depythonize(config)?;
        let mut flow = Flow::of(dim, architecture, seed).map_err(failed)?;
        if let Some(parameters) = parameters {
            flow.set_parameters(parameters.as_slice()?)
                .map_err(failed)?;
        }
        Ok(Self::own(flow))
    }

    /// The layers of a family, as an architecture.
    #[staticmethod]
    fn family<'py>(py: Python<'py>, name: &str, depth: usize) -> PyResult<Bound<'py, PyAny>> {
        let family: Family = depythonize(&PyString::new(py, name))?;
        Ok(pythonize(py, &Architecture::from(family.stack(depth)))?)
    }

    /// The parameters of a flow.
    fn parameters<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray1<f64>>> {
        let flow: &Flow = self.expect(py, "a flow")?;
        Ok(PyArray1::from_slice(py, flow.parameters()))
    }

    /// Architecture and seed of a flow.
    fn config<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, u64)> {
        let flow: &Flow = self.expect(py, "a flow")?;
        Ok((pythonize(py, flow.architecture())?, flow.seed()))
    }
}
