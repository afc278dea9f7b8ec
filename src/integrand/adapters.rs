//! Closures as integrands.

use std::fmt;

use super::{Integrand, IntegrandError, Points};

/// An integrand from a function of one point; see [`from_fn`].
#[derive(Clone)]
pub struct FromFn<F> {
    dim: usize,
    function: F,
}

/// An integrand from a function of a batch; see [`from_batch_fn`].
#[derive(Clone)]
pub struct FromBatchFn<F> {
    dim: usize,
    outputs: usize,
    function: F,
}

/// An integrand with several outputs from a function of one point; see [`from_vector_fn`].
#[derive(Clone)]
pub struct FromVectorFn<F> {
    dim: usize,
    outputs: usize,
    function: F,
}

/// Makes an integrand of a function of one point (`[dim]`).
///
/// ```
/// let f = thalweg::from_fn(2, |x| x[0] * x[1]);
/// ```
pub fn from_fn<F: Fn(&[f64]) -> f64 + Sync>(dim: usize, function: F) -> FromFn<F> {
    FromFn { dim, function }
}

/// Makes an integrand of a function that fills the values (`[n * outputs]`) of a batch.
pub fn from_batch_fn<F: Fn(&Points<'_>, &mut [f64]) + Sync>(
    dim: usize,
    outputs: usize,
    function: F,
) -> FromBatchFn<F> {
    FromBatchFn {
        dim,
        outputs,
        function,
    }
}

/// Makes an integrand of a function that fills the values (`[outputs]`) of one point.
pub fn from_vector_fn<F: Fn(&[f64], &mut [f64]) + Sync>(
    dim: usize,
    outputs: usize,
    function: F,
) -> FromVectorFn<F> {
    FromVectorFn {
        dim,
        outputs,
        function,
    }
}

impl<F: Fn(&[f64]) -> f64 + Sync> Integrand for FromFn<F> {
    fn dim(&self) -> usize {
        self.dim
    }
    fn eval(&self, points: &Points<'_>, values: &mut [f64]) -> Result<(), IntegrandError> {
        for (value, point) in values.iter_mut().zip(points) {
            *value = (self.function)(point);
        }
        Ok(())
    }
}

impl<F: Fn(&Points<'_>, &mut [f64]) + Sync> Integrand for FromBatchFn<F> {
    fn dim(&self) -> usize {
        self.dim
    }
    fn outputs(&self) -> usize {
        self.outputs
    }
    fn eval(&self, points: &Points<'_>, values: &mut [f64]) -> Result<(), IntegrandError> {
        (self.function)(points, values);
        Ok(())
    }
}

impl<F: Fn(&[f64], &mut [f64]) + Sync> Integrand for FromVectorFn<F> {
    fn dim(&self) -> usize {
        self.dim
    }
    fn outputs(&self) -> usize {
        self.outputs
    }
    fn eval(&self, points: &Points<'_>, values: &mut [f64]) -> Result<(), IntegrandError> {
        for (values, point) in values.chunks_exact_mut(self.outputs).zip(points) {
            (self.function)(point, values);
        }
        Ok(())
    }
}

macro_rules! debug_without_function {
    ($name:ident) => {
        impl<F> fmt::Debug for $name<F> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name))
                    .field("dim", &self.dim)
                    .finish_non_exhaustive()
            }
        }
    };
}
debug_without_function!(FromFn);
debug_without_function!(FromBatchFn);
debug_without_function!(FromVectorFn);
