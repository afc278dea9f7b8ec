//! Observables: functions of a point whose distribution is wanted beside the integral.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::result::Result as StdResult;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::caller::message;
use super::report::Binned;
use crate::error::{Error, Result};
use crate::integrand::{IntegrandError, Points};
use crate::stats::{Axes, Axis, HistogramError};

/// y `[n, dim]` -> o(y) `[n]`
type Function = dyn Fn(&Points<'_>) -> Values + Send + Sync;

/// Values `[n]` of an observable.
type Values = StdResult<Vec<f64>, IntegrandError>;

/// A function y -> o(y) of the points in the user's domain with bins for its histogram, or two of them
/// ([`Observable::joint`]) for one histogram of both.
///
/// Bins hold the weights f/q themselves. The control variate of a defended flow
/// ([`Settings::defence`](crate::Settings::defence)) enters the integral alone, so there the bins
/// add up to it within their errors, not to the last digit.
///
/// ```
/// use thalweg::{Integrator, Method, Observable, Settings, Stop, from_fn};
///
/// let settings = Settings { method: Method::Vegas, stop: Stop::calls(20_000), ..Settings::default() };
/// let report = Integrator::new(settings)?
///     .observing(vec![Observable::new("x", 4, 0.0, 1.0, |y| y[0])?])
///     .integrate(&from_fn(2, |y| 2.0 * y[0]))?;
/// let histogram = &report.histograms[0];
/// // int over [3/4, 1] of 2 x = 7/16
/// assert!((histogram.values[3] - 7.0 / 16.0).abs() < 5.0 * histogram.errors[3] + 1e-12);
/// # Ok::<(), thalweg::Error>(())
/// ```
#[derive(Clone)]
pub struct Observable {
    name: String,
    axes: Axes,
    /// one for each axis
    of: Vec<Arc<Function>>,
}

impl Observable {
    /// `bins` equal bins of [`low`, `high`); values outside go to an underflow and an overflow,
    /// NaN to the latter. Calls come from several threads at once unless the run has one.
    ///
    /// # Errors
    /// [`Error::Histogram`] for no bins or a range that is empty or not finite.
    pub fn new(
        name: impl Into<String>,
        bins: usize,
        low: f64,
        high: f64,
        of: impl Fn(&[f64]) -> f64 + Send + Sync + 'static,
    ) -> Result<Self> {
        let all = move |points: &Points<'_>| Ok(points.iter().map(&of).collect());
        Self::of_points(name, bins, low, high, all)
    }

    /// The same of a function of many points, y `[n, dim]` -> o(y) `[n]`. One that returns
    /// [`IntegrandError::Interrupted`] stops the run.
    ///
    /// # Errors
    /// As [`Observable::new`].
    pub fn of_points(
        name: impl Into<String>,
        bins: usize,
        low: f64,
        high: f64,
        of: impl Fn(&Points<'_>) -> Values + Send + Sync + 'static,
    ) -> Result<Self> {
        let name = name.into();
        let axis = Axis::new(name.clone(), bins, low, high).map_err(|e| refused(&name, e))?;
        Ok(Self {
            name,
            axes: axis.into(),
            of: vec![Arc::new(of)],
        })
    }

    /// Two observables in one histogram of two axes, the first of which is `x`. Its cells are all pairs of
    /// slots, so that what is below or above in one direction still has its bin in the other.
    ///
    /// ```
    /// use thalweg::{Integrator, Method, Observable, Settings, Stop, from_fn};
    ///
    /// let x = Observable::new("x", 2, 0.0, 1.0, |y| y[0])?;
    /// let sum = Observable::new("sum", 3, 0.5, 2.0, |y| y[0] + y[1])?;
    /// let settings = Settings { method: Method::Vegas, stop: Stop::calls(20_000), ..Settings::default() };
    /// let report = Integrator::new(settings)?
    ///     .observing(vec![Observable::joint("x and sum", x, sum)?])
    ///     .integrate(&from_fn(2, |_| 1.0))?;
    /// let histogram = &report.histograms[0];
    /// assert_eq!(histogram.values.len(), 2 * 3);
    /// // x below 1/2 and the sum below it: a triangle of area 1/8
    /// let (value, error) = histogram.cell(&[1, 0]).expect("a cell");
    /// assert!((value - 0.125).abs() < 5.0 * error);
    /// # Ok::<(), thalweg::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Histogram`] where one of them has two axes itself, and for more than ten million cells.
    pub fn joint(name: impl Into<String>, x: Self, y: Self) -> Result<Self> {
        let name = name.into();
        let axes = [x.axes, y.axes];
        let axes = axes.iter().flat_map(Axes::as_slice).cloned().collect();
        Ok(Self {
            axes: Axes::new(axes).map_err(|e| refused(&name, e))?,
            name,
            of: x.of.into_iter().chain(y.of).collect(),
        })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its axes, one or two.
    pub fn axes(&self) -> &[Axis] {
        self.axes.as_slice()
    }

    /// Names, bins and ranges as a text.
    pub(crate) fn key(&self) -> String {
        let of = |a: &Axis| format!("{} {} {:?}", a.name(), a.bins(), (a.low(), a.high()));
        let axes: Vec<String> = self.axes().iter().map(of).collect();
        format!("{}: {}", self.name, axes.join(", "))
    }

    /// Number of bins of all axes, without what is below and above.
    pub fn bins(&self) -> usize {
        self.axes.bins()
    }

    /// Number of cells, those below and above included.
    pub(crate) fn cells(&self) -> usize {
        self.axes.cells()
    }

    /// What remains of it in a file.
    pub(crate) fn binning(&self) -> Binning {
        Binning {
            name: self.name.clone(),
            axes: self.axes.clone(),
        }
    }

    /// Cells of `points` (in the user's domain).
    pub(crate) fn places(&self, points: &Points<'_>) -> Result<Vec<u32>> {
        let mut cells = vec![0; points.len()];
        for (axis, of) in self.axes().iter().zip(&self.of) {
            let values = self.values(of.as_ref(), points)?;
            let slots = to_u32(axis.bins() + 2);
            for (cell, value) in cells.iter_mut().zip(values) {
                *cell = *cell * slots + to_u32(axis.slot(value));
            }
        }
        Ok(cells)
    }

    /// Values of one of its functions.
    fn values(&self, of: &Function, points: &Points<'_>) -> Result<Vec<f64>> {
        let panicked = |message| Err(IntegrandError::Panicked { message });
        let values = catch_unwind(AssertUnwindSafe(|| of(points)))
            .unwrap_or_else(|panic| panicked(message(&*panic)))
            .map_err(|error| self.named(error))?;
        if values.len() != points.len() {
            let (found, wanted) = (values.len(), points.len());
            let message = format!("{found} values for {wanted} points");
            return Err(self.named(IntegrandError::Failed { message }));
        }
        Ok(values)
    }

    /// An error of the function, with the name of the observable where it has a message.
    fn named(&self, error: IntegrandError) -> Error {
        let with = |message| format!("observable {}: {message}", self.name);
        if let IntegrandError::Panicked { message } = error {
            let message = with(message);
            return IntegrandError::Panicked { message }.into();
        }
        if let IntegrandError::Failed { message } = error {
            let message = with(message);
            return IntegrandError::Failed { message }.into();
        }
        if error == IntegrandError::Interrupted {
            return Error::Stopped;
        }
        error.into()
    }
}

/// An observable without its functions: what its histogram is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Binning {
    name: String,
    axes: Axes,
}

impl Binning {
    /// Number of cells, those below and above included.
    pub(crate) fn cells(&self) -> usize {
        self.axes.cells()
    }

    /// The histogram of the value and error of each of its cells.
    pub(crate) fn binned(&self, found: impl IntoIterator<Item = (f64, f64)>) -> Binned {
        let mut binned = Binned {
            name: self.name.clone(),
            axes: self.axes.clone(),
            values: Vec::with_capacity(self.axes.bins()),
            errors: Vec::with_capacity(self.axes.bins()),
            outside: Vec::new(),
        };
        for (cell, (value, error)) in found.into_iter().enumerate() {
            if self.axes.is_bin(cell) {
                binned.values.push(value);
                binned.errors.push(error);
            } else {
                binned.outside.push((value, error));
            }
        }
        binned
    }
}

/// A number of a cell, of which there are at most ten million.
#[expect(clippy::cast_possible_truncation, reason = "cells are few")]
fn to_u32(cell: usize) -> u32 {
    cell as u32
}

/// Why there is no such histogram.
fn refused(name: &str, fault: HistogramError) -> Error {
    Error::Histogram {
        name: name.to_owned(),
        reason: fault.to_string(),
    }
}

impl fmt::Debug for Observable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observable")
            .field("name", &self.name)
            .field("bins", &self.bins())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_find_their_slots() {
        let o = Observable::new("x", 4, -1.0, 1.0, |y| y[0]).unwrap();
        let y = [-2.0, -1.0, -0.5, 0.99, 1.0, f64::NAN, f64::INFINITY];
        let points = Points::new(&y, 1);
        assert_eq!(o.places(&points).unwrap(), [0, 1, 2, 4, 5, 5, 5]);
    }

    #[test]
    fn two_axes_make_pairs() {
        let x = Observable::new("x", 4, 0.0, 1.0, |y| y[0]).unwrap();
        let y = Observable::new("y", 2, 0.0, 1.0, |y| y[1]).unwrap();
        let both = Observable::joint("both", x.clone(), y.clone()).unwrap();
        assert_eq!((both.bins(), both.cells()), (8, 24));
        let points = [0.3, 0.7, -1.0, 0.2, 0.9, f64::NAN];
        assert_eq!(both.places(&Points::new(&points, 2)).unwrap(), [10, 1, 19]);
        assert_ne!(
            both.key(),
            Observable::joint("both", y, x.clone()).unwrap().key()
        );
        let error = Observable::joint("three", both, x.clone()).unwrap_err();
        assert!(
            error.to_string().contains("one axis or two, not 3"),
            "{error}"
        );
        let many = Observable::new("y", 5_000_000, 0.0, 1.0, |y| y[1]).unwrap();
        assert!(Observable::joint("many", x, many).is_err());
    }

    #[test]
    fn bad_bins_are_refused_and_a_panic_is_an_error() {
        assert!(Observable::new("x", 0, 0.0, 1.0, |y| y[0]).is_err());
        assert!(Observable::new("x", 4, 1.0, 1.0, |y| y[0]).is_err());
        assert!(Observable::new("x", 4, 0.0, f64::INFINITY, |y| y[0]).is_err());
        let o = Observable::new("x", 4, 0.0, 1.0, |y| y[7]).unwrap();
        let points = Points::new(&[0.5], 1);
        let error = o.places(&points).unwrap_err().to_string();
        assert!(error.contains("observable x"), "{error}");
    }

    #[test]
    fn a_function_of_many_points_is_one_of_each() {
        let one = Observable::new("x", 4, 0.0, 2.0, |y| y[0] + y[1]).unwrap();
        let sums = |p: &Points<'_>| Ok(p.iter().map(|y| y[0] + y[1]).collect());
        let many = Observable::of_points("x", 4, 0.0, 2.0, sums).unwrap();
        let y = [0.1, 0.2, 0.9, 0.9, 0.5, 0.6];
        let points = Points::new(&y, 2);
        assert_eq!(many.places(&points).unwrap(), [1, 4, 3]);
        assert_eq!(one.places(&points).unwrap(), [1, 4, 3]);
    }

    #[test]
    fn a_function_of_many_points_may_fail() {
        let points = Points::new(&[0.5], 1);
        let error = |values: fn() -> Values| {
            let o = Observable::of_points("x", 4, 0.0, 1.0, move |_| values()).unwrap();
            o.places(&points).unwrap_err()
        };
        let short = error(|| Ok(Vec::new())).to_string();
        assert!(short.contains("observable x: 0 values"), "{short}");
        let stopped = error(|| Err(IntegrandError::Interrupted));
        assert!(matches!(stopped, Error::Stopped), "{stopped}");
    }
}
