//! Functions to be integrated, and the ranges they live on.

mod adapters;
mod discrete;
mod domain;
mod normal;

use std::ops::Range;
use std::slice::ChunksExact;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use thiserror::Error as ThisError;

pub use adapters::{FromBatchFn, FromFn, FromVectorFn, from_batch_fn, from_fn, from_vector_fn};
pub(crate) use discrete::Discrete;
pub use domain::Domain;
pub(crate) use normal::Normal;

/// A batch of points, row-major: point i is `data[i * dim..(i + 1) * dim]`.
#[derive(Clone, Copy, Debug)]
pub struct Points<'a> {
    data: &'a [f64],
    dim: usize,
    /// what `data` is a part of, from that place on
    shared: Option<(&'a Arc<Vec<f64>>, usize)>,
}

impl<'a> Points<'a> {
    /// Views `data` (`[n * dim]`) as points; a partial last row is left out.
    ///
    /// # Panics
    /// If `dim` is 0.
    pub fn new(data: &'a [f64], dim: usize) -> Self {
        assert!(dim > 0, "points need at least one coordinate");
        Self {
            data: &data[..data.len() / dim * dim],
            dim,
            shared: None,
        }
    }

    /// Views the points `rows` of `data` (`[n * dim]`), which [`Points::share`] need not copy then.
    ///
    /// # Panics
    /// If `dim` is 0 or there are not so many points.
    pub fn of_shared(data: &'a Arc<Vec<f64>>, rows: Range<usize>, dim: usize) -> Self {
        let first = rows.start * dim;
        Self {
            shared: Some((data, first)),
            ..Self::new(&data[first..rows.end * dim], dim)
        }
    }

    /// Coordinates that may be kept for as long as one likes, and which of them are these points': all
    /// `[n * dim]` of that range. The points of a run are not copied for it.
    pub fn share(&self) -> (Arc<Vec<f64>>, Range<usize>) {
        match self.shared {
            Some((data, first)) => (Arc::clone(data), first..first + self.data.len()),
            None => (Arc::new(self.data.to_vec()), 0..self.data.len()),
        }
    }

    /// Number of points.
    pub fn len(&self) -> usize {
        self.data.len() / self.dim
    }

    /// Whether there are no points.
    pub fn is_empty(&self) -> bool {
        self.data.is_empty()
    }

    /// Coordinates of a point.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// The coordinates, `[n * dim]` row-major.
    pub fn data(&self) -> &'a [f64] {
        self.data
    }

    /// The points one by one, each `[dim]`.
    pub fn iter(&self) -> ChunksExact<'a, f64> {
        self.data.chunks_exact(self.dim)
    }
}

impl<'a> IntoIterator for Points<'a> {
    type Item = &'a [f64];
    type IntoIter = ChunksExact<'a, f64>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'a> IntoIterator for &Points<'a> {
    type Item = &'a [f64];
    type IntoIter = ChunksExact<'a, f64>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// A function y -> f(y) with one or several values, called with batches of points.
///
/// Calls come from several threads at once unless the run is set to one thread or the integrand asks
/// for batches ([`Integrand::batch`]).
pub trait Integrand: Sync {
    /// Number of coordinates of a point.
    fn dim(&self) -> usize;

    /// Number of values per point.
    fn outputs(&self) -> usize {
        1
    }

    /// How many points a call should have at least, as far as a run has so many at a time. With such
    /// a number calls are made one after the other, never at once; what is drawn, and every result,
    /// has the same bits whatever the number. `None`: some hundred points a call, from several
    /// threads.
    ///
    /// For functions whose calls are dear by themselves, as those of an interpreter are. Where points
    /// are slow, calls have fewer of them, so that the run can end in time.
    fn batch(&self) -> Option<usize> {
        None
    }

    /// How many points of a call are computed at the same time, as by a function that has several
    /// processes. Where points are slow, a call has so many of them all the same.
    fn at_once(&self) -> usize {
        1
    }

    /// Coordinates that take the values 0 to K - 1 and are summed over, `(coordinate, K)` each: as if the
    /// domain of every run were declared so ([`Domain::with_discrete`]).
    fn discrete(&self) -> Vec<(usize, usize)> {
        Vec::new()
    }

    /// Writes f at `points` (coordinates in the user's domain) into `values`
    /// (`[n * outputs]`, row-major).
    ///
    /// # Errors
    /// Whatever keeps the function from giving values; the run ends with it.
    fn eval(&self, points: &Points<'_>, values: &mut [f64]) -> Result<(), IntegrandError>;
}

/// A pointer to an integrand is one.
macro_rules! pointer {
    ($($bounds:ident)?, $pointer:ty) => {
        impl<I: Integrand + ?Sized $(+ $bounds)?> Integrand for $pointer {
            fn dim(&self) -> usize {
                (**self).dim()
            }
            fn outputs(&self) -> usize {
                (**self).outputs()
            }
            fn batch(&self) -> Option<usize> {
                (**self).batch()
            }
            fn at_once(&self) -> usize {
                (**self).at_once()
            }
            fn discrete(&self) -> Vec<(usize, usize)> {
                (**self).discrete()
            }
            fn eval(
                &self,
                points: &Points<'_>,
                values: &mut [f64],
            ) -> Result<(), IntegrandError> {
                (**self).eval(points, values)
            }
        }
    };
}

pointer!(, &I);
pointer!(Send, Box<I>);
pointer!(Send, Arc<I>);

/// Why an integrand gave no usable values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ThisError)]
#[non_exhaustive]
pub enum IntegrandError {
    /// The function returned NaN or an infinity.
    #[error("the integrand returned {value} (output {output}) at the point {}", show(.point))]
    NonFinite {
        /// what it returned
        value: f64,
        /// index of the output
        output: usize,
        /// where, in the user's domain
        point: Vec<f64>,
    },
    /// The value is finite, but not once it is multiplied by the Jacobian of the range.
    #[error(
        "the integrand's {value:e} times the Jacobian {jacobian:e} of the range overflows at the point \
         {}; a smaller or finite range may help",
        show(.point)
    )]
    Overflow {
        /// what it returned
        value: f64,
        /// |dy/dx| there
        jacobian: f64,
        /// where, in the user's domain
        point: Vec<f64>,
    },
    /// The function panicked.
    #[error("the integrand panicked: {message}")]
    Panicked {
        /// the panic's message
        message: String,
    },
    /// The function was interrupted: the run ends as where an observer stops it, with what there is.
    #[error("the integrand was interrupted")]
    Interrupted,
    /// The function reported a failure of its own.
    #[error("the integrand failed: {message}")]
    Failed {
        /// its message
        message: String,
    },
}

impl IntegrandError {
    /// Why the weight of `value`, of an output at `point`, is not finite, where |dy/dx| is `jacobian`.
    pub(crate) fn of_weight(
        (value, output): (f64, usize),
        (jacobian, point): (f64, &[f64]),
    ) -> Self {
        let point = point.to_vec();
        if value.is_finite() {
            Self::Overflow {
                value,
                jacobian,
                point,
            }
        } else {
            Self::NonFinite {
                value,
                output,
                point,
            }
        }
    }
}

/// A point to full precision; of very many coordinates, the first ones.
fn show(point: &[f64]) -> String {
    const MOST: usize = 32;
    match point.get(..MOST) {
        Some(first) if point.len() > MOST => {
            let list: Vec<String> = first.iter().map(|x| format!("{x:?}")).collect();
            format!("[{}, .. {} coordinates]", list.join(", "), point.len())
        }
        _ => format!("{point:?}"),
    }
}
