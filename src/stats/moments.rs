//! Moments: count, mean and squared deviations of a stream of numbers, mergeable.
//!
//! `mean = sum x / n`, `m2 = sum (x - mean)^2`; one slice by the corrected two-pass algorithm, two
//! summaries by `m2 = m2_a + m2_b + delta^2 n_a n_b / n` (T. F. Chan, G. H. Golub, R. J. `LeVeque`,
//! Am. Stat. 37 (1983) 242). Constants give exactly their value with `m2 = 0`.
//!
//! Weakness: `m2` overflows for values beyond about 1e150 (and underflows below 1e-160); scale by a
//! power of two first. For heavy tails the variance itself may not exist; see
//! [`WeightStats::khat`](super::WeightStats::khat).

use serde::{Deserialize, Serialize};

use super::sum::CompensatedSum;

/// Number, mean and sum of squared deviations; the default is the empty summary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Moments {
    /// Number of values.
    pub calls: u64,
    /// Their mean, 0 if there are none.
    pub mean: f64,
    /// Sum of squared deviations from the mean.
    pub m2: f64,
}

/// Partial sums of a slice.
const LANES: usize = 8;
/// Values between two compensated additions.
const BLOCK: usize = 256;

impl Moments {
    /// Moments of a slice, by the corrected two-pass algorithm with compensated sums.
    pub fn from_slice(values: &[f64]) -> Self {
        if values.is_empty() {
            return Self::default();
        }
        let n = values.len() as f64;
        // Differences to a value of the sample keep constants exact.
        let origin = values[0];
        let guess = origin + lane_sum(values, |v| v - origin) / n;
        let deviations = lane_sum(values, |v| v - guess);
        let squares = lane_sum(values, |v| (v - guess) * (v - guess));
        // The guess is off by a rounding error; the second pass removes it.
        let shift = deviations / n;
        let m2 = squares - shift * deviations;
        Self {
            calls: values.len() as u64,
            mean: guess + shift,
            m2: if m2 < 0.0 { 0.0 } else { m2 },
        }
    }

    /// Adds one value (Welford's update).
    pub fn push(&mut self, value: f64) {
        self.calls += 1;
        let delta = value - self.mean;
        self.mean += delta / self.calls as f64;
        self.m2 += delta * (value - self.mean);
    }

    /// The moments of both sets of values together.
    #[must_use]
    pub fn merge(&self, other: &Self) -> Self {
        if self.calls == 0 {
            return *other;
        }
        if other.calls == 0 {
            return *self;
        }
        let calls = self.calls + other.calls;
        let share = other.calls as f64 / calls as f64;
        let delta = other.mean - self.mean;
        Self {
            calls,
            mean: self.mean + delta * share,
            m2: self.m2 + other.m2 + delta * delta * self.calls as f64 * share,
        }
    }

    /// Adds the values summarised by `other`.
    pub fn merge_from(&mut self, other: &Self) {
        *self = self.merge(other);
    }

    /// Unbiased variance of one value, `m2 / (n - 1)`; 0 for fewer than two values.
    pub fn variance(&self) -> f64 {
        if self.calls < 2 {
            0.0
        } else {
            self.m2 / (self.calls - 1) as f64
        }
    }

    /// Standard deviation of one value.
    pub fn std_dev(&self) -> f64 {
        self.variance().sqrt()
    }

    /// Standard error of the mean, `sqrt(variance / n)`; 0 for fewer than two values.
    pub fn error(&self) -> f64 {
        if self.calls == 0 {
            0.0
        } else {
            (self.variance() / self.calls as f64).sqrt()
        }
    }

    /// Relative standard deviation `std / |mean|`: 0 if both vanish, infinite if only the mean does.
    pub fn rel_std(&self) -> f64 {
        let std = self.std_dev();
        if std == 0.0 && self.mean == 0.0 {
            0.0
        } else {
            std / self.mean.abs()
        }
    }
}

/// A sum in [`LANES`] parts side by side, folded by a compensated sum every [`BLOCK`] values: an
/// addition need not wait for the last one, and long slices lose no digits.
fn lane_sum(values: &[f64], term: impl Fn(f64) -> f64) -> f64 {
    let mut total = CompensatedSum::default();
    for block in values.chunks(BLOCK) {
        let mut lanes = [0.0; LANES];
        let (whole, rest) = block.as_chunks::<LANES>();
        for values in whole {
            for (lane, value) in lanes.iter_mut().zip(values) {
                *lane += term(*value);
            }
        }
        for (lane, value) in lanes.iter_mut().zip(rest) {
            *lane += term(*value);
        }
        for lane in lanes {
            total.add(lane);
        }
    }
    total.value()
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::{prop_assert, prop_assert_eq, proptest};

    use super::Moments;

    fn close(a: &Moments, b: &Moments, scale: f64) -> bool {
        a.calls == b.calls
            && (a.mean - b.mean).abs() <= 1e-14 * scale
            && (a.m2 - b.m2).abs() <= 1e-13 * scale * scale * a.calls as f64
    }

    #[test]
    fn known_values() {
        let m = Moments::from_slice(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]);
        assert_eq!(
            m,
            Moments {
                calls: 8,
                mean: 5.0,
                m2: 32.0
            }
        );
        assert!((m.variance() - 32.0 / 7.0).abs() < 1e-15);
        assert!((m.error() - (4.0_f64 / 7.0).sqrt()).abs() < 1e-15);
    }

    #[test]
    fn nothing_and_one_have_no_spread() {
        let mut m = Moments::default();
        assert_eq!((m.variance(), m.error(), m.rel_std()), (0.0, 0.0, 0.0));
        m.push(3.0);
        assert_eq!((m.mean, m.variance(), m.error()), (3.0, 0.0, 0.0));
        assert_eq!(m, Moments::from_slice(&[3.0]));
        assert!(Moments::from_slice(&[-1.0, 1.0]).rel_std().is_infinite());
    }

    #[test]
    fn a_large_offset_costs_no_digits() {
        let m = Moments::from_slice(&[1e9 + 4.0, 1e9 + 7.0, 1e9 + 13.0, 1e9 + 16.0]);
        assert_eq!(
            m,
            Moments {
                calls: 4,
                mean: 1e9 + 10.0,
                m2: 90.0
            }
        );
    }

    proptest! {
            #[test]
            fn constants_are_exact(c in -1e9..1e9_f64, n in 1..3000_usize, cut in 0..3000_usize) {
                let values = std::vec![c; n];
                let (left, right) = values.split_at(cut.min(n));
                let merged = Moments::from_slice(left).merge(&Moments::from_slice(right));
                prop_assert_eq!(merged, Moments { calls: n as u64, mean: c, m2: 0.0 });
            }

            #[test]
            fn grouping_does_not_matter(values in vec(-1e3..1e3_f64, 0..200), chunk in 1..50_usize) {
                let whole = Moments::from_slice(&values);
                let mut merged = Moments::default();
                let mut pushed = Moments::default();
                for part in values.chunks(chunk) {
                    merged.merge_from(&Moments::from_slice(part));
                    for &value in part {
     pushed.push(value);
    }
                }
                prop_assert!(close(&whole, &merged, 1e3));
                prop_assert!(close(&whole, &pushed, 1e3));
            }

            #[test]
            fn merging_is_associative(
                a in vec(-1e3..1e3_f64, 0..50),
                b in vec(-1e3..1e3_f64, 0..50),
                c in vec(-1e3..1e3_f64, 0..50),
            ) {
                let [a, b, c] = [a, b, c].map(|values| Moments::from_slice(&values));
                prop_assert!(close(&a.merge(&b).merge(&c), &a.merge(&b.merge(&c)), 1e3));
            }

            #[test]
            fn a_shift_moves_only_the_mean(values in vec(-1.0..1.0_f64, 2..100), shift in -1e6..1e6_f64) {
                let here = Moments::from_slice(&values);
                let there: Vec<f64> = values.iter().map(|v| v + shift).collect();
                let there = Moments::from_slice(&there);
                prop_assert!((there.mean - here.mean - shift).abs() < 1e-9);
                prop_assert!((there.m2 - here.m2).abs() < 1e-8 * here.calls as f64);
            }
        }
}
