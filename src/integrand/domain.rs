//! The user's domain: a box whose sides may be infinite, reached from the unit cube.
//!
//! Per axis, with x in (0, 1):
//! finite [a, b]: y = a + (b - a) x;
//! [a, inf): y = a + x/(1 - x);   (-inf, b]: y = b - (1 - x)/x;
//! (-inf, inf): y = t/(1 - t^2) with t = 2x - 1.
//! The infinite ranges are mapped algebraically (as in Johnson's cubature), so integrands
//! that fall like 1/y^2 keep bounded weights. Weakness: the scale of the map is 1.
//! With [`Domain::with_normal`] y = m + s Phi^-1(x) instead.
//! A discrete axis has the numbers 0 to K - 1, whose values are added; see `discrete`.

use std::iter::once;
use std::ops::Range;

use serde::{Deserialize, Deserializer, Serialize};

use super::{discrete::Discrete, normal::Normal};
use crate::error::{Error, Result, check};

/// A box in the user's coordinates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Domain {
    /// `(low, high)` per axis
    #[serde(deserialize_with = "infinite_ends")]
    ranges: Vec<(f64, f64)>,
    /// axes with numbers of a list, whose ranges are (0, K)
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    discrete: Vec<Discrete>,
    /// infinite axes that are reached by quantiles of a normal distribution, in rising order
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    normal: Vec<Normal>,
}

/// Most discrete axes, and most of normal distributions: each point looks through them.
const MOST: usize = 256;

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
            discrete: Vec::new(),
            normal: Vec::new(),
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
            discrete: Vec::new(),
            normal: Vec::new(),
        };
        domain.validate()?;
        Ok(domain)
    }

    /// The same with a coordinate, in place of its range, that is one of the numbers 0 to `count` - 1,
    /// exactly: the integral is the sum over them, of integrals over the other coordinates.
    ///
    /// A run learns how often each number is worth to be drawn, unless [`Domain::with_probabilities`] says
    /// it. The coordinate's range becomes (0, `count`).
    ///
    /// ```
    /// use thalweg::{Domain, Integrator, Settings, from_fn};
    ///
    /// // sum_k int x^k dx = 1 + 1/2 + 1/3 + 1/4
    /// let domain = Domain::unit(2).with_discrete(1, 4)?;
    /// let settings = Settings { domain: Some(domain), ..Settings::default() };
    /// let f = from_fn(2, |y| y[0].powf(y[1]));
    /// let report = Integrator::new(settings)?.integrate(&f)?;
    /// assert!(report.estimate.pull(25.0 / 12.0).abs() < 5.0);
    /// # Ok::<(), thalweg::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::InvalidSetting`] for a `count` that is not 1 to 65536, for a coordinate that there is not, and
    /// for one that is discrete already; and for more than 256 of them.
    pub fn with_discrete(mut self, axis: usize, count: usize) -> Result<Self> {
        let dim = self.dim();
        check_axis(axis < dim, axis)?;
        let discrete = Discrete::new(axis, count);
        discrete.validate()?;
        self.ranges[axis] = (0.0, count as f64);
        self.discrete.push(discrete);
        self.validate()?;
        Ok(self)
    }

    /// The same with coordinates, infinite to both sides, that are reached by the quantiles of a normal
    /// distribution with this mean and standard deviation, y = m + s Phi^-1(x), instead of algebraically: for
    /// what falls like that distribution or faster, and for flows on the reals.
    ///
    /// # Errors
    /// [`Error::InvalidSetting`] unless the coordinate's range is infinite to both sides and no other such
    /// distribution was named for it, the mean is finite and the deviation positive and finite.
    pub fn with_normal(mut self, axis: usize, mean: f64, deviation: f64) -> Result<Self> {
        let place = self.normal.partition_point(|n| n.axis < axis);
        self.normal
            .insert(place, Normal::new(axis, mean, deviation));
        self.validate()?;
        Ok(self)
    }

    /// The same with probabilities of the numbers of a discrete coordinate, which are not learned then.
    /// `probabilities` (`[count]`) need not add up to 1.
    ///
    /// # Errors
    /// [`Error::InvalidSetting`] unless the coordinate is discrete and the probabilities, as many as numbers,
    /// are all positive.
    pub fn with_probabilities(mut self, axis: usize, probabilities: &[f64]) -> Result<Self> {
        let found = self.discrete.iter_mut().find(|d| d.axis == axis);
        let Some(discrete) = found else {
            return Err(Error::InvalidSetting {
                name: "a discrete coordinate",
                value: axis as f64,
                allowed: "one that was declared as discrete",
            });
        };
        discrete.learn(probabilities)?;
        Ok(self)
    }

    /// Discrete coordinates, each with the number of its values.
    pub fn discrete(&self) -> Vec<(usize, usize)> {
        self.discrete.iter().map(|d| (d.axis, d.count)).collect()
    }

    /// The probabilities of the values of a discrete coordinate (`[count]`) under uniform points, if it is
    /// one: equal ones until some are learned or given.
    pub fn probabilities(&self, axis: usize) -> Option<Vec<f64>> {
        let discrete = self.discrete_at(axis)?;
        Some(
            (0..discrete.count)
                .map(|k| discrete.probability(k))
                .collect(),
        )
    }

    /// Whether both have the same points, with whatever probabilities.
    pub fn is_same_box(&self, other: &Self) -> bool {
        let sorted = |domain: &Self| {
            let mut list = domain.discrete();
            list.sort_unstable();
            list
        };
        self.ranges == other.ranges && sorted(self) == sorted(other) && self.normal == other.normal
    }

    /// The same with the discrete coordinates that an integrand names, each with the number of its values,
    /// as far as they are not declared.
    pub(crate) fn with_declared(mut self, declared: &[(usize, usize)]) -> Result<Self> {
        for &(axis, count) in declared {
            match self.discrete_at(axis) {
                Some(known) => check(
                    known.count == count,
                    "the number of values of a discrete coordinate of the domain",
                    known.count as f64,
                    "that of the integrand",
                )?,
                None => self = self.with_discrete(axis, count)?,
            }
        }
        Ok(self)
    }

    /// The same after a coordinate with the numbers 0 to `count` - 1.
    pub(crate) fn after_numbers(&self, count: usize) -> Result<Self> {
        let ranges = [&[(0.0, count as f64)], &self.ranges[..]].concat();
        let later = self.discrete.iter().map(|d| Discrete {
            axis: d.axis + 1,
            ..d.clone()
        });
        let discrete = once(Discrete::new(0, count)).chain(later);
        let normal = self.normal.iter().map(Normal::after_one);
        Self::from_parts(&ranges, discrete.collect(), normal.collect())
    }

    /// Discrete axes whose probabilities are to be learned.
    pub(crate) fn unlearned(&self) -> Vec<usize> {
        let open = |d: &&Discrete| d.edges.is_empty() && d.count > 1;
        self.discrete.iter().filter(open).map(|d| d.axis).collect()
    }

    /// The number that coordinate `x` of the unit interval falls on, of a discrete axis; 0 on others.
    pub(crate) fn index(&self, axis: usize, x: f64) -> usize {
        self.discrete_at(axis).map_or(0, |d| d.index(x))
    }

    /// A domain as it is kept in a file.
    pub(crate) fn from_parts(
        ranges: &[(f64, f64)],
        discrete: Vec<Discrete>,
        normal: Vec<Normal>,
    ) -> Result<Self> {
        let domain = Self {
            ranges: ranges.to_vec(),
            discrete,
            normal,
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
        let count = self.discrete.len();
        let name = "the number of discrete coordinates";
        check(count <= MOST, name, count as f64, "at most 256")?;
        for (i, discrete) in self.discrete.iter().enumerate() {
            let axis = discrete.axis;
            discrete.validate()?;
            check_axis(axis < self.dim(), axis)?;
            let earlier = &self.discrete[..i];
            check_axis(earlier.iter().all(|d| d.axis != axis), axis)?;
            let (low, high) = self.ranges[axis];
            if (low, high) != (0.0, discrete.count as f64) {
                return Err(Error::EmptyRange { axis, low, high });
            }
        }
        let count = self.normal.len();
        let name = "the number of coordinates of normal distributions";
        check(count <= MOST, name, count as f64, "at most 256")?;
        let mut last = None;
        for normal in &self.normal {
            normal.validate()?;
            let axis = normal.axis;
            let infinite = (f64::NEG_INFINITY, f64::INFINITY);
            let fits = last < Some(axis) && self.ranges.get(axis) == Some(&infinite);
            let name = "a coordinate of a normal distribution";
            let allowed = "infinite to both sides, and named once";
            check(fits, name, axis as f64, allowed)?;
            last = Some(axis);
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
        let within = |(y, (low, high)): (&f64, &(f64, f64))| low <= y && y <= high;
        point.iter().zip(&self.ranges).all(within)
            && self.discrete.iter().all(|d| d.has(point[d.axis]))
    }

    /// Whether this is the unit cube, where y = x.
    pub fn is_unit(&self) -> bool {
        self.discrete.is_empty() && self.ranges.iter().all(|r| *r == (0.0, 1.0))
    }

    /// Maps points of the unit cube, `x` (`[n * dim]`), in place to the domain, and
    /// multiplies `jacobian` (`[n]`) by |dy/dx|.
    pub fn map(&self, x: &mut [f64], jacobian: &mut [f64]) {
        if self.is_unit() {
            return;
        }
        for (x, jacobian) in x.chunks_exact_mut(self.dim()).zip(jacobian) {
            self.each(x, |factor| *jacobian *= factor);
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
            self.each(x, |factor| {
                // Where nothing can go wrong, one logarithm does.
                if SAFE.contains(&factor) && SAFE.contains(&(product * factor)) {
                    product *= factor;
                } else {
                    *log_jacobian += factor.ln();
                }
            });
            *log_jacobian += product.ln();
        }
    }

    /// Maps one point of the unit cube in place, and hands out dy/dx of each axis.
    fn each(&self, x: &mut [f64], mut factor: impl FnMut(f64)) {
        for (axis, (x, &range)) in x.iter_mut().zip(&self.ranges).enumerate() {
            let (y, jacobian) = match self.discrete_at(axis) {
                Some(discrete) => discrete.point(*x),
                None => match self.normal_at(axis) {
                    Some(normal) => normal.point(*x),
                    None => point(*x, range),
                },
            };
            *x = y;
            factor(jacobian);
        }
    }

    fn normal_at(&self, axis: usize) -> Option<&Normal> {
        let place = self.normal.binary_search_by_key(&axis, |n| n.axis);
        place.ok().map(|place| &self.normal[place])
    }

    fn discrete_at(&self, axis: usize) -> Option<&Discrete> {
        self.discrete.iter().find(|d| d.axis == axis)
    }

    /// The inverse of [`Domain::map`] for coordinates alone; a number of a list becomes the middle of its part.
    pub fn to_unit(&self, y: &mut [f64]) {
        for y in y.chunks_exact_mut(self.dim()) {
            for (axis, (y, &range)) in y.iter_mut().zip(&self.ranges).enumerate() {
                *y = match self.discrete_at(axis) {
                    Some(discrete) => discrete.unit(*y),
                    None => match self.normal_at(axis) {
                        Some(normal) => normal.unit(*y),
                        None => unit(*y, range),
                    },
                };
            }
        }
    }
}

fn check_axis(ok: bool, axis: usize) -> Result<()> {
    let name = "a discrete coordinate";
    check(ok, name, axis as f64, "below the dimension, and named once")
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
