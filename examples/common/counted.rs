//! An integrand with a count of its calls, whatever a report says.

use std::sync::atomic::{AtomicU64, Ordering};

use thalweg::{Integrand, IntegrandError, Points};
use thalweg_integrands::Problem;

/// An integrand that counts its calls.
pub(crate) struct Counted<'a> {
    pub(crate) problem: &'a Problem,
    pub(crate) calls: AtomicU64,
}

impl Integrand for Counted<'_> {
    fn dim(&self) -> usize {
        self.problem.dim
    }

    fn eval(&self, points: &Points<'_>, values: &mut [f64]) -> Result<(), IntegrandError> {
        self.calls.fetch_add(points.len() as u64, Ordering::Relaxed);
        for (x, value) in points.iter().zip(values) {
            *value = self.problem.eval(x);
        }
        Ok(())
    }
}
