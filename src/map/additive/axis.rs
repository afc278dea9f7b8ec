//! One axis of an additive fit: a piecewise linear log density, and its quantiles.

/// Smallest density, in units of the uniform one: nothing may become unreachable.
const FLOOR: f64 = 1e-6;

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

    /// The values with what no point has seen kept below what was seen, above the floor, and
    /// normalised.
    fn density(&self) -> Vec<f64> {
        let known = |v: &f64, seen: &bool| if *seen { *v } else { f64::NEG_INFINITY };
        let top = self
            .values
            .iter()
            .zip(&self.seen)
            .map(|(v, s)| known(v, s))
            .fold(f64::NEG_INFINITY, f64::max);
        let top = if top.is_finite() { top } else { 0.0 };
        let mut values: Vec<f64> = self.values.iter().map(|v| (v - top).min(0.0)).collect();
        let total: f64 = self.masses(&values).iter().sum();
        for v in &mut values {
            *v = (*v - total.ln()).max(FLOOR.ln());
        }
        values
    }

    /// Integrals of exp(values) over the intervals.
    fn masses(&self, values: &[f64]) -> Vec<f64> {
        let pieces = self.knots.windows(2).zip(values.windows(2));
        pieces
            .map(|(x, v)| (x[1] - x[0]) * v[0].exp() * mean_exponential(v[1] - v[0]))
            .collect()
    }

    /// Quantiles at `shares` (rising, within (0, 1)), with 0 and 1 at the ends.
    pub(super) fn edges(&self, shares: &[f64]) -> Vec<f64> {
        let values = self.density();
        let masses = self.masses(&values);
        let total: f64 = masses.iter().sum();
        let mut edges = Vec::with_capacity(shares.len() + 2);
        edges.push(0.0);
        let (mut j, mut before) = (0, 0.0);
        for share in shares {
            let wanted = share * total;
            while j + 1 < masses.len() && before + masses[j] < wanted {
                before += masses[j];
                j += 1;
            }
            let part = ((wanted - before) / masses[j]).clamp(0.0, 1.0);
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
            edges.push(self.knots[j] + t.clamp(0.0, 1.0) * (self.knots[j + 1] - self.knots[j]));
        }
        edges.push(1.0);
        edges
    }
}

/// The mean of e^(slope t) for t from 0 to 1.
fn mean_exponential(slope: f64) -> f64 {
    if slope.abs() < 1e-8 {
        1.0 + 0.5 * slope
    } else {
        slope.exp_m1() / slope
    }
}
