//! What a run makes of ln f.
//!
//! With u = ln(f |dy/dx|) - level a run integrates exp(u) over the unit cube, where it is at most about 1. Far
//! below, from [`FLOOR`] on, with t = `FLOOR` - u and a slowness S,
//!
//! ```text
//! u' = FLOOR - S ln(1 + t/S)
//! ```
//!
//! takes the place of u: it joins with the same slope, rises with u, and stays within what a double can hold,
//! squares included. Without it f would be 0 at all points far from a narrow peak, and neither climbs nor grids
//! could tell where to go. S is such that the lowest of some uniform points comes to [`LEAST`]. What this adds to
//! the integral is below e^`FLOOR`, since the cube has the volume 1.

use crate::error::Error;

/// u from which on exp(u) is exact.
pub(crate) const FLOOR: f64 = -200.0;
/// The least u': its squares are numbers, even once a run has scaled the values by it.
const LEAST: f64 = -300.0;
/// Largest u: the integral, in units of e^level, is a number.
const HIGHEST: f64 = 600.0;
/// Largest logarithm of a value in the run's own scale: the squares of 1e7 of them have a sum.
const HIGHEST_SCALED: f64 = 340.0;

/// What is made of ln(f |dy/dx|).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Shift {
    /// nothing: it is looked at as it is
    Raw,
    /// exp(u'), see the module
    Level { level: f64, slowness: f64 },
}

impl Shift {
    /// To a level, where `lowest` is the least that was seen of ln(f |dy/dx|).
    pub(crate) fn to_level(level: f64, lowest: f64) -> Self {
        let slowness = slowness(FLOOR - (lowest - level), FLOOR - LEAST);
        Self::Level { level, slowness }
    }

    /// u' of ln(f |dy/dx|), without an end below, for climbs; the logarithm itself where it is raw.
    pub(crate) fn log(self, log: f64) -> f64 {
        let Self::Level { level, slowness } = self else {
            return log;
        };
        let u = log - level;
        // Also minus infinity and NaN.
        if u < FLOOR && u > f64::NEG_INFINITY {
            FLOOR - slowness * ((FLOOR - u) / slowness).ln_1p()
        } else {
            u
        }
    }

    /// The value to integrate for ln(f |dy/dx|); `None` where it is too far above the level for a run whose
    /// values are multiplied by e^`log_scale`.
    pub(crate) fn value(self, log: f64, log_scale: f64) -> Option<f64> {
        let Self::Level { level, .. } = self else {
            return Some(log);
        };
        let u = log - level;
        if u > HIGHEST || u + log_scale > HIGHEST_SCALED {
            return None;
        }
        let u = self.log(log);
        Some(if u == f64::NEG_INFINITY {
            0.0
        } else {
            u.max(LEAST).exp()
        })
    }

    /// Of a point (`[dim]`, the user's units) where ln(f |dy/dx|) has no value.
    pub(crate) fn exceeded(self, log_f: f64, point: &[f64]) -> Error {
        let level = match self {
            Self::Raw => f64::INFINITY,
            Self::Level { level, .. } => level,
        };
        Error::AboveLevel {
            log_f,
            level,
            point: point.to_vec(),
        }
    }
}

/// S of S ln(1 + t/S) = `depth`: the left side rises with S, up to t.
fn slowness(t: f64, depth: f64) -> f64 {
    /// With S so large nothing is slowed down by more than a few percent.
    const MOST: f64 = 1e4;
    if t <= depth || !t.is_finite() {
        return MOST;
    }
    // By bisection of ln S: 60 halvings of a range of e^16 leave no digit.
    let (mut low, mut high) = (1e-3_f64.ln(), MOST.ln());
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        let s = middle.exp();
        if s * (t / s).ln_1p() < depth {
            low = middle;
        } else {
            high = middle;
        }
    }
    low.exp()
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "exact results are compared")]
mod tests {
    use super::*;

    #[test]
    fn values_rise_with_ln_f_and_are_exact_near_the_level() {
        for lowest in [0.0, -1e3, -1e6, -1e12, -1e100] {
            let shift = Shift::to_level(1000.0, lowest);
            let t = [1e3, 1e4, 1e5, 1e6, 1e12, 1e100];
            let below = t.iter().rev().map(|t| 1000.0 - t);
            let logs: Vec<f64> = below.chain([500.0, 799.0, 800.0, 801.0, 1000.0]).collect();
            let damped: Vec<f64> = logs.iter().map(|l| shift.log(*l)).collect();
            assert!(damped.is_sorted_by(|a, b| a < b), "{damped:?}");
            let values: Vec<f64> = logs.iter().filter_map(|l| shift.value(*l, 0.0)).collect();
            assert!(values.is_sorted() && values.len() == logs.len());
            assert!(values[0] > 1e-131, "e^-300 is 5e-131: {values:?}");
            for u in [-200.0, -150.0, 0.0, 5.0] {
                assert_eq!(shift.log(1000.0 + u), u);
            }
            // Joined with the same slope: t - S ln(1 + t/S) is t^2/2S to second order.
            assert!((shift.log(800.0 - 1e-3) + 200.0 + 1e-3).abs() < 1e-5);
        }
    }

    #[test]
    fn the_lowest_point_comes_to_the_least() {
        for lowest in [-1e3, -2e7, -1e12, -1e100] {
            let found = Shift::to_level(0.0, lowest).log(lowest);
            assert!((found - LEAST).abs() < 1e-6, "{lowest}: {found}");
        }
        // What is not deep is left nearly as it is.
        assert!((Shift::to_level(0.0, -250.0).log(-250.0) + 250.0).abs() < 0.2);
    }

    #[test]
    fn zero_is_zero_and_what_is_too_high_has_no_value() {
        let shift = Shift::to_level(-5.0, -1e4);
        assert_eq!(shift.value(f64::NEG_INFINITY, 300.0), Some(0.0));
        assert!(shift.value(590.0, -600.0).is_some());
        assert_eq!(shift.value(596.0, -600.0), None);
        assert_eq!(shift.value(40.0, 300.0), None);
        assert_eq!(Shift::Raw.value(1e5, 0.0), Some(1e5));
    }
}
