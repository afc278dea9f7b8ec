//! Observables: functions of a point whose distribution is wanted beside the integral.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::result::Result as StdResult;
use std::sync::Arc;

use super::caller::message;
use super::report::Binned;
use crate::error::{Error, Result};
use crate::integrand::{IntegrandError, Points};
use crate::stats::Histogram;

/// y `[n, dim]` -> o(y) `[n]`
type Function = dyn Fn(&Points<'_>) -> Values + Send + Sync;

/// Values `[n]` of an observable.
type Values = StdResult<Vec<f64>, IntegrandError>;

/// A function y -> o(y) of the points in the user's domain, with bins for its histogram.
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
    /// empty: for its bins
    axis: Histogram,
    of: Arc<Function>,
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
        let axis = Histogram::new(bins, low, high).map_err(|e| Error::Histogram {
            name: name.clone(),
            reason: e.to_string(),
        })?;
        Ok(Self {
            name,
            axis,
            of: Arc::new(of),
        })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Name, bins and range as a text.
    pub(crate) fn axis(&self) -> String {
        let ends = (self.axis.edge(0), self.axis.edge(self.bins()));
        format!("{} {} {ends:?}", self.name, self.bins())
    }

    /// Lower end of the first bin, upper end of the last.
    pub(crate) fn range(&self) -> (f64, f64) {
        (self.axis.edge(0), self.axis.edge(self.bins()))
    }

    /// Number of bins, without underflow and overflow.
    pub fn bins(&self) -> usize {
        self.axis.bins()
    }

    /// Slots of `points` (in the user's domain): 0 is the underflow.
    #[expect(clippy::cast_possible_truncation, reason = "bins are few")]
    pub(crate) fn places(&self, points: &Points<'_>) -> Result<Vec<u32>> {
        let panicked = |message| Err(IntegrandError::Panicked { message });
        let values = catch_unwind(AssertUnwindSafe(|| (self.of)(points)))
            .unwrap_or_else(|panic| panicked(message(&*panic)))
            .map_err(|error| self.named(error))?;
        if values.len() != points.len() {
            let (found, wanted) = (values.len(), points.len());
            let message = format!("{found} values for {wanted} points");
            return Err(self.named(IntegrandError::Failed { message }));
        }
        let slots = values.into_iter();
        Ok(slots.map(|value| self.axis.slot(value) as u32).collect())
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

    /// The histogram from values and errors of all slots (`[bins + 2]`).
    pub(crate) fn binned(&self, values: &[f64], errors: &[f64]) -> Binned {
        let last = self.bins() + 1;
        Binned {
            name: self.name.clone(),
            low: self.axis.edge(0),
            high: self.axis.edge(self.bins()),
            underflow: (values[0], errors[0]),
            overflow: (values[last], errors[last]),
            values: values[1..last].to_vec(),
            errors: errors[1..last].to_vec(),
        }
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
