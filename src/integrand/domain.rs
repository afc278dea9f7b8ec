//! The user's domain: a box whose sides may be infinite, reached from the unit cube.
//!
//! Per axis, with x in (0, 1):
//! finite [a, b]: y = a + (b - a) x;
//! [a, inf): y = a + x/(1 - x);   (-inf, b]: y = b - (1 - x)/x;
//! (-inf, inf): y = t/(1 - t^2) with t = 2x - 1.
//! The infinite ranges are mapped algebraically (as in Johnson's cubature), so integrands
//! that fall like 1/y^2 keep bounded weights. Weakness: the scale of the map is 1.

use std::ops::Range;

use serde::{Deserialize, Deserializer, Serialize};

use crate::error::{Error, Result};

/// A box in the user's coordinates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Domain {
    /// `(low, high)` per axis
    #[serde(deserialize_with = "infinite_ends")]
    ranges: Vec<(f64, f64)>,
}

/// JSON has no infinity: a missing end, `null`, is an infinite one.
fn infinite_ends<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<(f64, f64)>, D::Error> {
    let ranges = Vec::<(Option<f64>, Option<f64>)>::deserialize(from)?;
    let ends = |(low, high): (Option<f64>, Option<f64>)| {
        (
            low.unwrap_or(f64::NEG_INFINITY),
            high.unwrap_or(f64::INFINITY),
        )
    };
    Ok(ranges.into_iter().map(ends).collect())
}

impl Domain {
    /// The unit cube.
    pub fn unit(dim: usize) -> Self {
        Self {
            ranges: vec![(0.0, 1.0); dim],
        }
    }

    /// A box with one `(low, high)` per axis; either end may be infinite.
    ///
    /// # Errors
    /// [`Error::EmptyRange`] if `low < high` does not hold, [`Error::ZeroDimension`]
    /// without ranges, [`Error::NoVolume`] if the volume of the box is no normal number.
    pub fn new(ranges: &[(f64, f64)]) -> Result<Self> {
        let domain = Self {
            ranges: ranges.to_vec(),
        };
        domain.validate()?;
        Ok(domain)
    }

    /// Refuses what [`Domain::new`] does: a domain may also have been read.
    pub(crate) fn validate(&self) -> Result<()> {
        if self.ranges.is_empty() {
            return Err(Error::ZeroDimension);
        }
        let mut volume = 1.0;
        for (axis, &(low, high)) in self.ranges.iter().enumerate() {
            let infinite = low.is_infinite() || high.is_infinite();
            let usable = low < high && low < f64::INFINITY && high > f64::NEG_INFINITY;
            if !usable || !(infinite || (high - low).is_finite()) {
                return Err(Error::EmptyRange { axis, low, high });
            }
            // A Jacobian of 0 would make every integrand vanish in silence.
            if !infinite {
                volume *= high - low;
            }
            if volume < f64::MIN_POSITIVE {
                return Err(Error::NoVolume { axis });
            }
        }
        Ok(())
    }

    /// Number of axes.
    pub fn dim(&self) -> usize {
        self.ranges.len()
    }

    /// `(low, high)` per axis.
    pub fn ranges(&self) -> &[(f64, f64)] {
        &self.ranges
    }

    /// Whether `point` (`[dim]`) lies in the domain, its border included.
    pub fn contains(&self, point: &[f64]) -> bool {
        point
            .iter()
            .zip(&self.ranges)
            .all(|(y, (low, high))| low <= y && y <= high)
    }

    /// Whether this is the unit cube, where y = x.
    pub fn is_unit(&self) -> bool {
        self.ranges.iter().all(|r| *r == (0.0, 1.0))
    }

    /// Maps points of the unit cube, `x` (`[n * dim]`), in place to the domain, and
    /// multiplies `jacobian` (`[n]`) by |dy/dx|.
    pub fn map(&self, x: &mut [f64], jacobian: &mut [f64]) {
        if self.is_unit() {
            return;
        }
        for (x, jacobian) in x.chunks_exact_mut(self.dim()).zip(jacobian) {
            for (x, &range) in x.iter_mut().zip(&self.ranges) {
                let (y, factor) = point(*x, range);
                *x = y;
                *jacobian *= factor;
            }
        }
    }

    /// As [`Domain::map`], but writes ln|dy/dx| into `log_jacobian` (`[n]`), which is finite in any
    /// number of dimensions: |dy/dx| itself may be no number for many wide or narrow ranges.
    pub(crate) fn map_with_log(&self, x: &mut [f64], log_jacobian: &mut [f64]) {
        const SAFE: Range<f64> = 1e-100..1e100;
        log_jacobian.fill(0.0);
        if self.is_unit() {
            return;
        }
        for (x, log_jacobian) in x.chunks_exact_mut(self.dim()).zip(log_jacobian) {
            let mut product: f64 = 1.0;
            for (x, &range) in x.iter_mut().zip(&self.ranges) {
                let (y, factor) = point(*x, range);
                *x = y;
                // Where nothing can go wrong, one logarithm does.
                if SAFE.contains(&factor) && SAFE.contains(&(product * factor)) {
                    product *= factor;
                } else {
                    *log_jacobian += factor.ln();
                }
            }
            *log_jacobian += product.ln();
        }
    }

    /// The inverse of [`Domain::map`] for coordinates alone.
    pub fn to_unit(&self, y: &mut [f64]) {
        for y in y.chunks_exact_mut(self.dim()) {
            for (y, &range) in y.iter_mut().zip(&self.ranges) {
                *y = unit(*y, range);
            }
        }
    }
}

/// `(y, dy/dx)` on one axis.
fn point(x: f64, (low, high): (f64, f64)) -> (f64, f64) {
    match (low.is_finite(), high.is_finite()) {
        (true, true) => ((low + (high - low) * x).clamp(low, high), high - low),
        (true, false) => (low + x / (1.0 - x), 1.0 / ((1.0 - x) * (1.0 - x))),
        (false, true) => (high - (1.0 - x) / x, 1.0 / (x * x)),
        (false, false) => {
            let t = 2.0 * x - 1.0;
            let s = 4.0 * x * (1.0 - x); // 1 - t^2 without cancellation
            (t / s, 2.0 * (1.0 + t * t) / (s * s))
        }
    }
}

/// x on one axis.
fn unit(y: f64, (low, high): (f64, f64)) -> f64 {
    match (low.is_finite(), high.is_finite()) {
        (true, true) => (y - low) / (high - low),
        (true, false) => (y - low) / (1.0 + (y - low)),
        (false, true) => 1.0 / (1.0 + (high - y)),
        // t = 2y / (1 + sqrt(1 + 4 y^2))
        (false, false) => 0.5 + y / (1.0 + 1.0_f64.hypot(2.0 * y)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_invert_and_have_the_right_jacobian() {
        let inf = f64::INFINITY;
        for range in [(-2.0, 5.0), (3.0, inf), (-inf, -1.0), (-inf, inf)] {
            for i in 1..100 {
                let x = f64::from(i) / 100.0;
                let (y, jacobian) = point(x, range);
                assert!((unit(y, range) - x).abs() < 1e-14, "{range:?} at {x}");
                let h = 1e-6;
                let numeric = (point(x + h, range).0 - point(x - h, range).0) / (2.0 * h);
                assert!((numeric / jacobian - 1.0).abs() < 1e-6, "{range:?} at {x}");
            }
        }
    }

    #[test]
    fn extreme_points_stay_finite() {
        let inf = f64::INFINITY;
        for x in [1.0 / 9007199254740992.0, 1.0 - 1.0 / 9007199254740992.0] {
            for range in [(0.0, inf), (-inf, 0.0), (-inf, inf)] {
                let (y, jacobian) = point(x, range);
                assert!(y.is_finite() && jacobian.is_finite() && jacobian > 0.0);
            }
        }
    }

    #[test]
    fn many_wide_and_narrow_ranges_have_a_logarithm() {
        let mut ranges = vec![(0.0, 1e3); 200];
        ranges.extend([(0.0, 1e-300); 3]);
        ranges.extend([(-8e307, 8e307); 2]);
        let domain = Domain::new(&ranges).unwrap();
        let (mut x, mut log) = (vec![0.5; 205], [0.0]);
        domain.map_with_log(&mut x, &mut log);
        let exact = (600.0 - 900.0) * 10.0_f64.ln() + 2.0 * 1.6e308_f64.ln();
        assert!((log[0] / exact - 1.0).abs() < 1e-12, "{log:?} and {exact}");
        assert!(domain.contains(&x));
        let domain = Domain::new(&[(0.0, 3.0), (-1.0, f64::INFINITY)]).unwrap();
        let (mut x, mut y, mut jacobian) = ([0.3, 0.4], [0.3, 0.4], [1.0]);
        domain.map_with_log(&mut x, &mut log);
        domain.map(&mut y, &mut jacobian);
        assert_eq!((x, log), (y, jacobian.map(f64::ln)));
    }

    #[test]
    fn bad_ranges_are_refused() {
        for range in [
            (1.0, 1.0),
            (2.0, 1.0),
            (f64::NAN, 1.0),
            (f64::INFINITY, f64::INFINITY),
        ] {
            assert!(matches!(
                Domain::new(&[range]),
                Err(Error::EmptyRange { axis: 0, .. })
            ));
        }
        assert!(Domain::new(&[(-1.7e308, 1.7e308)]).is_err());
        assert!(matches!(Domain::new(&[]), Err(Error::ZeroDimension)));
        assert!(matches!(
            Domain::new(&[(0.0, 0.1); 400]),
            Err(Error::NoVolume { axis: 307 })
        ));
    }
}
