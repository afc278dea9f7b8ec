//! A density on (0, 1) whose logarithm is linear between knots.

use crate::error::{Result, check};

/// Slope times width below which e^slope is a short series.
const FLAT: f64 = 1e-3;
/// Smallest distance of knots, largest logarithm of a density, and how far from 1 the integral of
/// a normalised one may be.
const CLOSEST: f64 = 1e-12;
const LARGEST: f64 = 1e6;
const NORMALISED: f64 = 1e-9;
/// Most knots: a cell may have to be searched through.
const MOST_KNOTS: usize = 4096;
/// Most cells of (0, 1), each of which knows the interval of knots that it begins in.
const CELLS: usize = 256;
/// Cells for each knot: more find no interval faster, and take more room than the knots.
const CELLS_PER_KNOT: usize = 8;

/// log p(x), linear between knots; p integrates to 1.
#[derive(Clone, Debug, PartialEq)]
pub struct LogLinear {
    /// `[m]`, rising from 0 to 1
    knots: Vec<f64>,
    /// `[m]`: log p
    values: Vec<f64>,
    /// `[m]`: p
    densities: Vec<f64>,
    /// `[m]`: probability below each knot
    below: Vec<f64>,
    /// `[cells]`: the interval at the beginning of each cell
    cells: Vec<u32>,
}

impl LogLinear {
    /// The density with the logarithms `values` at `knots`, up to a constant factor.
    ///
    /// # Errors
    /// [`crate::Error::InvalidSetting`] unless there are two knots or more, rising from 0 to 1 by
    /// 1e-12 or more, at most 4096, and as many finite values of which the largest is within 1e6 of
    /// 0 and no other more than 1e6 below it.
    pub fn new(knots: Vec<f64>, mut values: Vec<f64>) -> Result<Self> {
        let (m, given) = (knots.len(), values.len());
        let range = "2 to 4096";
        check(
            (2..=MOST_KNOTS).contains(&m),
            "number of knots",
            m as f64,
            range,
        )?;
        let each = "one for each knot";
        check(m == given, "number of log densities", given as f64, each)?;
        check(knots[0] == 0.0, "first knot", knots[0], "0")?;
        let last = knots[m - 1];
        check(last.to_bits() == 1.0_f64.to_bits(), "last knot", last, "1")?;
        for pair in knots.windows(2) {
            let apart = pair[1] - pair[0] >= CLOSEST;
            check(apart, "knot", pair[1], "1e-12 or more above the one before")?;
        }
        let top = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        // Beyond that the constant factor is lost in rounding.
        let (name, allowed) = ("largest log density", "within 1e6 of 0");
        check(top.abs() <= LARGEST, name, top, allowed)?;
        for value in &values {
            let allowed = "finite, and at most 1e6 below the largest";
            let ok = value.is_finite() && top - value <= LARGEST;
            check(ok, "log density", *value, allowed)?;
        }
        // The largest value is taken out first: nothing overflows.
        let lowered: Vec<f64> = values.iter().map(|v| v - top).collect();
        let log_total = top + masses(&knots, &lowered).sum::<f64>().ln();
        // What is normalised already keeps its bits.
        if log_total.abs() > NORMALISED {
            for v in &mut values {
                *v -= log_total;
            }
        }
        let mut below = Vec::with_capacity(m);
        below.push(0.0);
        let mut sum = 0.0;
        for mass in masses(&knots, &values) {
            sum += mass;
            below.push(sum);
        }
        for b in &mut below {
            *b /= sum;
        }
        let mut j = 0;
        // A power of two: the beginnings of cells are exact.
        let count = (CELLS_PER_KNOT * m).next_power_of_two().min(CELLS);
        let cells = (0..count).map(|cell| {
            while j + 2 < m && knots[j + 1] <= cell as f64 / count as f64 {
                j += 1;
            }
            u32::try_from(j).unwrap_or(0)
        });
        let cells = cells.collect();
        Ok(Self {
            densities: values.iter().map(|v| v.exp()).collect(),
            knots,
            values,
            below,
            cells,
        })
    }

    /// The knots, `[m]`.
    pub fn knots(&self) -> &[f64] {
        &self.knots
    }

    /// log p at the knots, `[m]`.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The interval of knots that holds `x` in (0, 1).
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "cells are few, and x is not negative"
    )]
    fn interval(&self, x: f64) -> usize {
        let count = self.cells.len();
        let cell = ((x * count as f64) as usize).min(count - 1);
        let mut j = self.cells[cell] as usize;
        while j + 2 < self.knots.len() && self.knots[j + 1] <= x {
            j += 1;
        }
        j
    }

    /// P(X < x), p(x) and log p(x).
    pub(super) fn at(&self, x: f64) -> (f64, f64, f64) {
        let j = self.interval(x);
        let from = x - self.knots[j];
        let slope = (self.values[j + 1] - self.values[j]) / (self.knots[j + 1] - self.knots[j]);
        let rise = slope * from;
        let log = self.values[j] + rise;
        let (density, first) = (log.exp(), self.densities[j]);
        let part = if rise.abs() < FLAT {
            from * first * (1.0 + rise * (0.5 + rise * (1.0 / 6.0 + rise / 24.0)))
        } else {
            (density - first) / slope
        };
        ((self.below[j] + part).min(1.0), density, log)
    }

    /// The x with P(X < x) = `u`.
    pub(crate) fn quantile(&self, u: f64) -> f64 {
        let (knots, values, below) = (&self.knots, &self.values, &self.below);
        let j = below.partition_point(|b| *b < u).clamp(1, knots.len() - 1) - 1;
        let mass = below[j + 1] - below[j];
        let part = if mass > 0.0 {
            ((u - below[j]) / mass).clamp(0.0, 1.0)
        } else {
            0.5
        };
        let slope = values[j + 1] - values[j];
        // (e^(slope t) - 1)/(e^slope - 1) = part
        let t = if slope.abs() < 1e-8 {
            part
        } else if slope > 0.0 {
            // From the other end, where nothing overflows.
            1.0 + (part + (1.0 - part) * (-slope).exp()).ln() / slope
        } else {
            (part * slope.exp_m1()).ln_1p() / slope
        };
        knots[j] + t.clamp(0.0, 1.0) * (knots[j + 1] - knots[j])
    }
}

/// Integrals of exp(values) over the intervals.
fn masses<'a>(knots: &'a [f64], values: &'a [f64]) -> impl Iterator<Item = f64> + 'a {
    let pieces = knots.windows(2).zip(values.windows(2));
    // From the higher end, where nothing overflows.
    pieces
        .map(|(x, v)| (x[1] - x[0]) * v[0].max(v[1]).exp() * mean_exponential(-(v[1] - v[0]).abs()))
}

/// The mean of e^(slope t) for t from 0 to 1.
fn mean_exponential(slope: f64) -> f64 {
    if slope.abs() < 1e-8 {
        1.0 + 0.5 * slope
    } else {
        slope.exp_m1() / slope
    }
}
