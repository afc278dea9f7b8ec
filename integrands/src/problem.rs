//! A problem: a function on a box, its exact integral, and what it was built from.

use std::{
    fmt::{Debug, Formatter, Result},
    sync::Arc,
};

/// What a problem holds its integrand as.
type Function = dyn Fn(&[f64]) -> f64 + Send + Sync;

/// A function with everything a test needs to know of it.
///
/// Clones share the function.
#[derive(Clone)]
pub struct Problem {
    /// The name of its family, as in `camel`.
    pub name: String,
    /// The number of dimensions.
    pub dim: usize,
    /// The range of each dimension, `[dim]` pairs of a lower and an upper end.
    pub domain: Vec<(f64, f64)>,
    /// The integral over the domain, `None` where unknown.
    pub exact: Option<f64>,
    /// The unit of the integral, as in `pb`; empty for a pure number.
    pub unit: String,
    /// The settings it was built with: every parameter of the family, defaults included.
    pub parameters: Vec<(String, f64)>,
    function: Arc<Function>,
}

impl Problem {
    /// A problem of one's own: `function` is called with points in `domain`.
    ///
    /// The exact value is unknown, the unit empty and the list of parameters too, until set.
    ///
    /// ```
    /// use thalweg_integrands::Problem;
    ///
    /// let parabola = Problem::new("parabola", vec![(0.0, 3.0)], |y| y[0] * y[0]).with_exact(9.0);
    /// assert_eq!(parabola.eval(&[2.0]), 4.0);
    /// assert_eq!(parabola.exact, Some(9.0));
    /// ```
    pub fn new(
        name: impl Into<String>,
        domain: Vec<(f64, f64)>,
        function: impl Fn(&[f64]) -> f64 + Send + Sync + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            dim: domain.len(),
            domain,
            exact: None,
            unit: String::new(),
            parameters: Vec::new(),
            function: Arc::new(function),
        }
    }

    /// The same problem with its exact value; one that is not finite counts as unknown.
    #[must_use]
    pub fn with_exact(self, exact: impl Into<Option<f64>>) -> Self {
        Self {
            exact: exact.into().filter(|value| value.is_finite()),
            ..self
        }
    }

    /// The same problem with the unit of its integral.
    #[must_use]
    pub fn with_unit(self, unit: impl Into<String>) -> Self {
        Self {
            unit: unit.into(),
            ..self
        }
    }

    /// The value at `y`, a point of shape `[dim]` in the domain.
    ///
    /// # Panics
    ///
    /// If `y` does not have `dim` coordinates.
    pub fn eval(&self, y: &[f64]) -> f64 {
        assert_eq!(
            y.len(),
            self.dim,
            "{}: wrong number of coordinates",
            self.name
        );
        (self.function)(y)
    }

    /// The volume of the domain: the integral is this times the mean over uniform points.
    pub fn volume(&self) -> f64 {
        self.domain
            .iter()
            .map(|(lower, upper)| upper - lower)
            .product()
    }
}

impl Debug for Problem {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.debug_struct("Problem")
            .field("name", &self.name)
            .field("dim", &self.dim)
            .field("domain", &self.domain)
            .field("exact", &self.exact)
            .field("unit", &self.unit)
            .field("parameters", &self.parameters)
            .finish_non_exhaustive()
    }
}
