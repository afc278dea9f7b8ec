//! A family: a named recipe that makes problems from a dimension and settings.

use crate::{BuildError, Problem, settings::Settings};

/// A named family of problems.
#[derive(Debug, Clone, Copy)]
pub struct Family {
    /// The name to ask for it by, as in `genz-corner-peak`.
    pub name: &'static str,
    /// What it is, in one line.
    pub title: &'static str,
    /// The integrand in plain text, in one line.
    pub formula: &'static str,
    /// Where it comes from: authors, year, and arXiv number or journal.
    pub citation: &'static str,
    /// The dimension of the problem where none is asked for.
    pub default_dim: usize,
    /// The dimensions it exists in.
    pub dims: Dims,
    /// Its parameters with their defaults.
    pub parameters: &'static [Parameter],
    pub(crate) build: fn(&Settings) -> Result<Problem, BuildError>,
}

/// The dimensions a family exists in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dims {
    /// This one only.
    Fixed(usize),
    /// Any from 1 on.
    Any,
    /// Any from this one on.
    AtLeast(usize),
    /// The one that follows from the parameters.
    Derived,
}

/// A setting of a family: a real number with a name.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Parameter {
    /// The name to set it by.
    pub name: &'static str,
    /// Its value where it is not set.
    pub default: f64,
    /// What it means, with its unit and range, in one line.
    pub about: &'static str,
}

impl Family {
    /// Builds the problem of dimension `dim` (`None`: the family's own) with these settings.
    ///
    /// Parameters that are not set keep their defaults; of one set twice the last value counts.
    ///
    /// ```
    /// let family = thalweg_integrands::family("phase-space").expect("it is listed");
    /// let five_bodies = family.problem(None, &[("n".to_owned(), 5.0)])?;
    /// assert_eq!(five_bodies.dim, 11);
    /// # Ok::<(), thalweg_integrands::BuildError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the family has no such dimension, has no parameter of a name in `settings`, or a value
    /// is out of its range.
    pub fn problem(
        &self,
        dim: Option<usize>,
        settings: &[(String, f64)],
    ) -> Result<Problem, BuildError> {
        let asked = dim.unwrap_or(self.default_dim);
        let least = match self.dims {
            Dims::AtLeast(least) => least,
            Dims::Any => 1,
            Dims::Fixed(_) | Dims::Derived => 0,
        };
        if asked < least {
            return Err(BuildError::DimensionTooSmall {
                family: self.name,
                least,
                asked,
            });
        }
        let problem = (self.build)(&Settings::new(self, asked, settings)?)?;
        match dim {
            Some(asked) if asked != problem.dim => Err(BuildError::DimensionFixed {
                family: self.name,
                fixed: problem.dim,
                asked,
            }),
            _ => Ok(problem),
        }
    }
}
