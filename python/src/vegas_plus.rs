//! VEGAS+ iteration by iteration: points out, values in.

use std::sync::Arc;

use numpy::{PyArray1, PyArray2, PyArrayMethods as _, PyReadonlyArray1};
use pyo3::prelude::{Bound, PyAny, PyResult, Python};
use pyo3::{pyclass, pymethods};
use pythonize::depythonize;
use thalweg::integrate::{
    Drawn as InnerDrawn, Pass as InnerPass, PassConfig, VegasPlus as Inner, VegasPlusState,
};
use thalweg::map::Grid;
use thalweg::{Domain, Map as _};

use crate::errors::{named, raise};
use crate::integrand::Batch;
use crate::pool::within;

type Floats<'py> = Bound<'py, PyArray1<f64>>;
type Matrix<'py> = Bound<'py, PyArray2<f64>>;
/// Edges, cells per axis, spreads, seed, passes.
type State<'py> = (Floats<'py>, Vec<u32>, Bound<'py, PyArray1<f32>>, u64, u64);

/// Grid and strata.
#[pyclass(module = "thalweg._native")]
#[derive(Debug)]
pub(crate) struct VegasPlus {
    inner: Inner,
}

/// An iteration.
#[pyclass(module = "thalweg._native")]
#[derive(Debug)]
pub(crate) struct Pass {
    inner: Option<InnerPass>,
}

/// Some points of an iteration.
#[pyclass(frozen, module = "thalweg._native")]
#[derive(Debug)]
pub(crate) struct Drawn {
    inner: InnerDrawn,
    dim: usize,
}

#[pymethods]
impl VegasPlus {
    #[new]
    #[expect(clippy::needless_pass_by_value, reason = "made from a Python list")]
    fn new(py: Python<'_>, ranges: Vec<(f64, f64)>, seed: u64) -> PyResult<Self> {
        let made = Domain::new(&ranges).and_then(|domain| Inner::new(domain, seed));
        let inner = made.map_err(|e| raise(py, &e))?;
        Ok(Self { inner })
    }

    /// What [`Self::state`] gave.
    #[staticmethod]
    fn restore(
        py: Python<'_>,
        ranges: Vec<(f64, f64)>,
        edges: &Bound<'_, PyArray1<f64>>,
        strata: (Vec<u32>, PyReadonlyArray1<'_, f32>),
        numbers: (u64, u64),
    ) -> PyResult<Self> {
        let ((cells, spreads), (seed, passes)) = (strata, numbers);
        let state = VegasPlusState {
            ranges,
            edges: edges.readonly().as_slice()?.to_vec(),
            cells,
            spreads: spreads.as_slice()?.to_vec(),
            seed,
            passes,
        };
        let inner = Inner::from_state(&state).map_err(|e| raise(py, &e))?;
        Ok(Self { inner })
    }

    fn state<'py>(&self, py: Python<'py>) -> State<'py> {
        let state = self.inner.state();
        (
            PyArray1::from_vec(py, state.edges),
            state.cells,
            PyArray1::from_vec(py, state.spreads),
            state.seed,
            state.passes,
        )
    }

    /// Edges of the grid on the unit cube, `[dim, bins + 1]`.
    fn edges<'py>(&self, py: Python<'py>) -> PyResult<Matrix<'py>> {
        let grid = self.inner.grid();
        let edges = PyArray1::from_slice(py, grid.edges());
        edges.reshape([grid.dim(), grid.bins() + 1])
    }

    /// Starts from a grid with these edges, `[dim * (bins + 1)]`.
    fn set_edges(&mut self, py: Python<'_>, edges: &Bound<'_, PyArray1<f64>>) -> PyResult<()> {
        let dim = self.inner.domain().dim();
        let grid = Grid::from_edges(dim, edges.readonly().as_slice()?.to_vec());
        let set = grid.and_then(|grid| self.inner.set_grid(grid));
        set.map_err(|e| raise(py, &e))
    }

    /// Cells along each axis.
    fn cells(&self) -> Vec<u32> {
        self.inner.cells_per_axis().to_vec()
    }

    /// Relative spread in each cell, `[cells]`.
    fn spreads<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f32>> {
        PyArray1::from_slice(py, self.inner.spreads())
    }

    /// Plans an iteration.
    fn plan(&mut self, py: Python<'_>, config: &Bound<'_, PyAny>) -> PyResult<Pass> {
        let config: PassConfig = depythonize(config)?;
        let inner = self.inner.plan(&config).map_err(|e| raise(py, &e))?;
        Ok(Pass { inner: Some(inner) })
    }

    /// Ends an iteration: values `[outputs]`, covariance `[outputs, outputs]`, calls.
    fn finish<'py>(
        &mut self,
        py: Python<'py>,
        iteration: &Bound<'py, Pass>,
    ) -> PyResult<(Floats<'py>, Matrix<'py>, u64)> {
        let Some(pass) = iteration.borrow_mut().inner.take() else {
            return Err(named(py, "Error", "the iteration has ended"));
        };
        let inner = &mut self.inner;
        let found = py.detach(|| within(|| inner.finish(pass)));
        let Some(found) = found.map_err(|e| raise(py, &e))? else {
            return Err(named(py, "Error", "points of the iteration are left"));
        };
        let k = found.values.len();
        let covariance = PyArray1::from_vec(py, found.covariance).reshape([k, k])?;
        Ok((
            PyArray1::from_vec(py, found.values),
            covariance,
            found.calls,
        ))
    }
}

impl Pass {
    fn open(&mut self, py: Python<'_>) -> PyResult<&mut InnerPass> {
        let ended = || named(py, "Error", "the iteration has ended");
        self.inner.as_mut().ok_or_else(ended)
    }
}

#[pymethods]
impl Pass {
    /// Calls of the iteration, and fewest and most of a cell.
    fn calls(&mut self, py: Python<'_>) -> PyResult<(u64, (u32, u32))> {
        let pass = self.open(py)?;
        Ok((pass.calls(), pass.calls_per_cell()))
    }

    /// The next points, about so many, or none.
    fn draw(&mut self, py: Python<'_>, points: u64) -> PyResult<Option<Drawn>> {
        let pass = self.open(py)?;
        let drawn = py.detach(|| within(|| pass.draw(points)));
        let drawn = drawn.map_err(|e| raise(py, &e))?;
        Ok(drawn.map(|inner| Drawn {
            dim: inner.points().len() / inner.len(),
            inner,
        }))
    }

    /// Takes the values `[n * outputs]` at points.
    fn take(
        &mut self,
        py: Python<'_>,
        drawn: &Bound<'_, Drawn>,
        values: &Bound<'_, PyArray1<f64>>,
    ) -> PyResult<()> {
        let pass = self.open(py)?;
        let values = values.readonly();
        let (drawn, values) = (&drawn.get().inner, values.as_slice()?);
        let done = py.detach(|| within(|| pass.take(drawn, values)));
        done.and_then(|done| done).map_err(|e| raise(py, &e))
    }
}

#[pymethods]
impl Drawn {
    /// The points in the user's units, `[n, dim]`; cannot be written to.
    fn points<'py>(&self, py: Python<'py>) -> PyResult<Matrix<'py>> {
        let buffer = Arc::clone(self.inner.points());
        Batch::whole(buffer, self.dim).into_array(py)
    }

    /// The points in the latent cube, `[n, dim]`.
    fn latent<'py>(&self, py: Python<'py>) -> PyResult<Matrix<'py>> {
        let latent = PyArray1::from_slice(py, self.inner.latent());
        latent.reshape([self.inner.len(), self.dim])
    }

    /// Weights, `[n]`.
    fn weights<'py>(&self, py: Python<'py>) -> Floats<'py> {
        PyArray1::from_vec(py, self.inner.weights())
    }

    /// Indices of cells, `[n]`.
    fn cells<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<u64>> {
        PyArray1::from_vec(py, self.inner.cells())
    }
}
