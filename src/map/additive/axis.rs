//! One axis of an additive fit: a piecewise linear log density.

use crate::error::Result;
use crate::map::LogLinear;

/// Smallest density, in units of the uniform one: nothing may become unreachable.
const FLOOR: f64 = 1e-6;
/// log of the smallest before it is normalised.
const LOWEST: f64 = -1e5;

/// log density up to a constant, linear between `knots`.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    /// rising from 0 to 1
    pub(super) knots: Vec<f64>,
    /// `[knots]`
    pub(super) values: Vec<f64>,
    /// `[knots]`: whether points lie beside the knot
    pub(super) seen: Vec<bool>,
}

impl Axis {
    /// The interval that holds `x`, and the place of `x` in it.
    pub(super) fn locate(knots: &[f64], x: f64) -> (usize, f64) {
        let j = knots.partition_point(|k| *k <= x).clamp(1, knots.len() - 1) - 1;
        (j, (x - knots[j]) / (knots[j + 1] - knots[j]))
    }

    /// The value at `x`.
    pub(super) fn at(&self, x: f64) -> f64 {
        let (j, t) = Self::locate(&self.knots, x);
        self.values[j] * (1.0 - t) + self.values[j + 1] * t
    }

    /// The density to the `power`, with what no point has seen kept below what was seen, and above
    /// the floor; and the logarithm of its integral, in units of the values, without the floor.
    pub(super) fn density(&self, power: f64) -> Result<(LogLinear, f64)> {
        let known = |v: &f64, seen: &bool| if *seen { *v } else { f64::NEG_INFINITY };
        let top = self
            .values
            .iter()
            .zip(&self.seen)
            .map(|(v, s)| known(v, s))
            .fold(f64::NEG_INFINITY, f64::max);
        let top = if top.is_finite() { top } else { 0.0 };
        let mut values: Vec<f64> = self.values.iter().map(|v| v - top).collect();
        // Outwards from what was seen nothing rises, and nothing is above it.
        let first = self.seen.iter().position(|s| *s).unwrap_or(0);
        let last = self.seen.iter().rposition(|s| *s).unwrap_or(first);
        for j in (0..first).rev() {
            values[j] = values[j].min(values[j + 1]);
        }
        for j in last + 1..values.len() {
            values[j] = values[j].min(values[j - 1]);
        }
        for v in &mut values {
            *v = (power * v.min(0.0)).max(LOWEST);
        }
        let begin = values[0];
        let whole = LogLinear::new(self.knots.clone(), values)?;
        // Normalising has taken off the logarithm of the integral.
        let off = begin - whole.values()[0];
        let floored = whole.values().iter().map(|v| v.max(FLOOR.ln()));
        let density = LogLinear::new(self.knots.clone(), floored.collect())?;
        Ok((density, off + power * top))
    }
}
