//! A C function as integrand, called without the GIL on all threads.
//!
//! The signatures, as they are written in `docs/python/fast.md`:
//!
//! ```c
//! int f(size_t n, size_t dim, const double *x, size_t outputs, double *values, void *user_data);
//! double f(int dim, const double *x);
//! double f(int dim, const double *x, void *user_data);
//! ```
//!
//! x is `[n * dim]` and values `[n * outputs]`, row-major; another number than 0 ends the run.
//! Weakness: an address carries no type. Python checks what its objects tell of theirs; a function
//! of another signature that tells nothing gives rubbish or a crash.

use std::ffi::{c_int, c_void};
use std::mem::transmute;
use std::ptr::with_exposed_provenance_mut;
use std::sync::OnceLock;

use numpy::{PyArray1, PyArray2, PyArrayMethods as _};
use pyo3::prelude::{Bound, Py, PyAny, PyAnyMethods as _, PyErr, PyResult, Python};
use pyo3::{pyclass, pymethods};
use thalweg::{Integrand, IntegrandError, Points};

use crate::bridge::Wire;
use crate::errors::{named, native_failure, raise};

type Batch = unsafe extern "C" fn(usize, usize, *const f64, usize, *mut f64, *mut c_void) -> c_int;
type Scalar = unsafe extern "C" fn(c_int, *const f64) -> f64;
type ScalarWith = unsafe extern "C" fn(c_int, *const f64, *mut c_void) -> f64;

#[derive(Clone, Copy, Debug)]
enum Function {
    Batch(Batch),
    Scalar(Scalar),
    ScalarWith(ScalarWith),
}

/// A function, what it is called with, and how it failed.
#[derive(Clone, Debug)]
pub(crate) struct Native {
    function: Function,
    dim: usize,
    c_dim: c_int,
    outputs: usize,
    /// an address that Python gave
    user_data: usize,
    /// what it returned first that was not 0
    failure: OnceLock<c_int>,
}

impl Native {
    /// The function that `f` calls, if it calls one.
    pub(crate) fn of(f: &Bound<'_, PyAny>) -> PyResult<Option<Self>> {
        let pointer = f.getattr("pointer")?;
        let pointer: Option<Bound<'_, Pointer>> = pointer.extract()?;
        Ok(pointer.map(|p| p.get().native.clone()))
    }

    /// The exception for a failure.
    pub(crate) fn raised(&self, py: Python<'_>) -> Option<PyErr> {
        self.failure.get().map(|&code| native_failure(py, code))
    }

    fn eval(&self, points: &Points<'_>, values: &mut [f64]) -> Result<(), IntegrandError> {
        let n = points.len();
        assert_eq!(points.dim(), self.dim, "points of the function's dimension");
        assert_eq!(values.len(), n * self.outputs, "room for all values");
        let user_data = with_exposed_provenance_mut(self.user_data);
        match self.function {
            Function::Batch(f) => {
                let (x, v) = (points.data().as_ptr(), values.as_mut_ptr());
                // SAFETY: the user vouches for signature and threads, and Python keeps the function
                // alive; x holds n * dim numbers, and there is room for n * outputs values.
                let code = unsafe { f(n, self.dim, x, self.outputs, v, user_data) };
                if code != 0 {
                    let _ = self.failure.set(code);
                    let message = format!("the C function returned {code}");
                    return Err(IntegrandError::Failed { message });
                }
            }
            Function::Scalar(f) => {
                for (value, x) in values.iter_mut().zip(points) {
                    // SAFETY: as above; x holds the `dim` numbers announced.
                    *value = unsafe { f(self.c_dim, x.as_ptr()) };
                }
            }
            Function::ScalarWith(f) => {
                for (value, x) in values.iter_mut().zip(points) {
                    // SAFETY: as above.
                    *value = unsafe { f(self.c_dim, x.as_ptr(), user_data) };
                }
            }
        }
        Ok(())
    }
}

/// An address that Python gave.
#[pyclass(frozen, module = "thalweg._native")]
#[derive(Debug)]
pub(crate) struct Pointer {
    native: Native,
    /// keeps function and data alive
    #[expect(dead_code, reason = "what it owns is what it is for")]
    owner: Py<PyAny>,
}

#[pymethods]
impl Pointer {
    /// `signature` is "batch", "scalar" or "scalar with data"; `addresses` are those of function and data,
    /// which `owner` keeps alive; `shape` is (dim, outputs).
    #[new]
    fn new(
        addresses: (usize, usize),
        shape: (usize, usize),
        signature: &str,
        owner: Py<PyAny>,
        py: Python<'_>,
    ) -> PyResult<Self> {
        let ((address, user_data), (dim, outputs)) = (addresses, shape);
        let refuse = |text: &str| Err(named(py, "SettingError", text));
        if address == 0 {
            return refuse("the function is a null pointer");
        }
        let address = with_exposed_provenance_mut::<c_void>(address);
        // SAFETY: it is not null; that it is the address of a function of this signature is what the user
        // says who made it known, as the documentation demands.
        let function = unsafe {
            match signature {
                "batch" => Function::Batch(transmute::<*mut c_void, Batch>(address)),
                "scalar" => Function::Scalar(transmute::<*mut c_void, Scalar>(address)),
                _ => Function::ScalarWith(transmute::<*mut c_void, ScalarWith>(address)),
            }
        };
        let Ok(c_dim) = c_int::try_from(dim) else {
            return refuse("dim does not fit into an int of C");
        };
        let native = Native {
            function,
            dim,
            c_dim,
            outputs,
            user_data,
            failure: OnceLock::new(),
        };
        Ok(Self { native, owner })
    }

    /// Values `[n, outputs]` at points `[n, dim]`.
    fn values<'py>(
        &self,
        py: Python<'py>,
        x: &Bound<'py, PyArray2<f64>>,
    ) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let native = self.native.clone();
        let x = x.readonly();
        let x = x.as_slice()?;
        let outputs = native.outputs;
        let n = x.len() / native.dim;
        let mut values = vec![0.0; n * outputs];
        let done = py.detach(|| native.eval(&Points::new(x, native.dim), &mut values));
        if let Err(error) = done {
            return Err(native
                .raised(py)
                .unwrap_or_else(|| raise(py, &error.into())));
        }
        PyArray1::from_vec(py, values).reshape([n, outputs])
    }
}

/// The integrand of a run that a C function is.
#[derive(Debug)]
pub(crate) struct Direct<'a> {
    pub(crate) wire: Wire<'a>,
    pub(crate) native: &'a Native,
}

impl Integrand for Direct<'_> {
    fn dim(&self) -> usize {
        self.native.dim
    }

    fn outputs(&self) -> usize {
        self.native.outputs
    }

    fn eval(&self, points: &Points<'_>, values: &mut [f64]) -> Result<(), IntegrandError> {
        self.native.eval(points, values)?;
        self.wire.count(points.len());
        Ok(())
    }
}
