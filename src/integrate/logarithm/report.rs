//! ln Z and its error.

use serde::{Deserialize, Serialize};

use super::super::report::Report;

/// The logarithm of an integral: ln Z = level + ln I, where I is what `report` tells of.
///
/// With r the relative error of I, ln I has the error r, and its mean is below the logarithm of the mean:
/// E ln(1 + r e) = -r^2/2 + O(r^3) for e of mean 0 and variance 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogReport {
    /// ln Z, without any correction
    pub log_z: f64,
    /// its one-sigma error, to first order: the relative error of I
    pub error: f64,
    /// about the largest ln(f |dy/dx|), which was taken off ln f
    pub level: f64,
    /// runs that were given up because ln f was far above the level
    pub restarts: u32,
    /// of I, the integral of exp(ln f - level): value, errors and histograms are in units of e^level. Calls that
    /// looked for the level, and those of runs that were given up, count as exploring
    pub report: Report,
}

impl LogReport {
    /// What the logarithm of an unbiased estimate is off by on average, -r^2/2 to second order. It is not
    /// taken off `log_z`.
    pub fn bias(&self) -> f64 {
        -0.5 * self.error * self.error
    }

    /// Ends of ln Z that belong to those of an interval of Z, value -+ `k` errors: level + ln(I (1 -+ k r)). The
    /// lower one is minus infinity from k r = 1 on.
    pub fn interval(&self, k: f64) -> (f64, f64) {
        let low = (1.0 - k * self.error).max(0.0).ln();
        (self.log_z + low, self.log_z + (k * self.error).ln_1p())
    }

    /// Distance of Z from that of the exact `log_z` in errors of Z, as a standard normal number
    /// ([`Estimate::pull`](crate::Estimate::pull)).
    pub fn pull(&self, log_z: f64) -> f64 {
        self.report.estimate.pull((log_z - self.level).exp())
    }
}
