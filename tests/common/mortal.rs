//! An integrand that ends a run before its time.

use std::sync::atomic::{AtomicU64, Ordering};

use thalweg::{Integrand, IntegrandError, Points};

/// A function of the distance from (.4, .4, ..) squared and of the first coordinate that fails at call `end`, as
/// if the process had been killed there.
pub(crate) struct Mortal {
    dim: usize,
    f: fn(f64, f64) -> f64,
    end: u64,
    pub(crate) calls: AtomicU64,
}

impl Mortal {
    pub(crate) fn new(dim: usize, f: fn(f64, f64) -> f64, end: u64) -> Self {
        Self {
            dim,
            f,
            end,
            calls: AtomicU64::new(0),
        }
    }
}

impl Integrand for Mortal {
    fn dim(&self) -> usize {
        self.dim
    }

    fn eval(&self, points: &Points<'_>, values: &mut [f64]) -> Result<(), IntegrandError> {
        let n = points.len() as u64;
        if self.calls.fetch_add(n, Ordering::Relaxed) + n > self.end {
            return Err(IntegrandError::Failed {
                message: "killed".to_owned(),
            });
        }
        for (x, value) in points.iter().zip(values) {
            let square: f64 = x.iter().map(|x| (x - 0.4) * (x - 0.4)).sum();
            *value = (self.f)(square, x[0]);
        }
        Ok(())
    }
}
