//! Infinite coordinates reached by the quantiles of a normal distribution.
//!
//! y = m + s Phi^-1(x), dy/dx = s/phi((y - m)/s): uniform points become normal ones, so that integrands
//! that fall like that distribution have bounded weights, and a flow whose layers act on the reals between
//! such quantiles acts on (y - m)/s itself. Known weakness: points beyond 8.2 s do not exist, and what falls
//! more slowly than the distribution has growing weights.

use std::f64::consts::TAU;

use serde::{Deserialize, Serialize};

use crate::error::{Result, check};
use crate::kernel::{
    dispatch::run,
    normal::{Cdfs, Quantiles},
};

/// Lanes of the widest vector.
const LANES: usize = 8;

/// One such coordinate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Normal {
    pub(super) axis: usize,
    mean: f64,
    deviation: f64,
}

impl Normal {
    pub(super) fn new(axis: usize, mean: f64, deviation: f64) -> Self {
        Self {
            axis,
            mean,
            deviation,
        }
    }

    /// The same of the next coordinate.
    pub(super) fn after_one(&self) -> Self {
        Self {
            axis: self.axis + 1,
            ..*self
        }
    }

    pub(super) fn validate(&self) -> Result<()> {
        let Self {
            mean, deviation, ..
        } = *self;
        check(mean.is_finite(), "the mean of a coordinate", mean, "finite")?;
        check(
            deviation.is_normal() && deviation > 0.0,
            "the deviation of a coordinate",
            deviation,
            "positive and finite",
        )
    }

    /// `(y, dy/dx)`
    pub(super) fn point(&self, x: f64) -> (f64, f64) {
        let mut t = [x; LANES];
        run(Quantiles(&mut t));
        let slope = self.deviation * (TAU.sqrt() * (0.5 * t[0] * t[0]).exp());
        (self.deviation.mul_add(t[0], self.mean), slope)
    }

    /// x
    pub(super) fn unit(&self, y: f64) -> f64 {
        let mut p = [(y - self.mean) / self.deviation; LANES];
        run(Cdfs(&mut p));
        p[0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_come_back_and_slopes_are_derivatives() {
        let axis = Normal::new(0, -3.0, 2.5);
        for k in 1..1000 {
            let x = f64::from(k) / 1000.0;
            let (y, slope) = axis.point(x);
            assert!((axis.unit(y) - x).abs() < 1e-14, "{x}");
            let step = 1e-6 * x.min(1.0 - x);
            let numeric = (axis.point(x + step).0 - axis.point(x - step).0) / (2.0 * step);
            assert!(
                (numeric / slope - 1.0).abs() < 1e-7,
                "{x}: {numeric} {slope}"
            );
        }
    }
}
