//! Exact sums: the same bits whatever the order and the grouping of the terms.
//!
//! A sum is kept as numbers that do not overlap and whose sum it is without any error (J. R. Shewchuk,
//! Discrete Comput. Geom. 18 (1997) 305, the growing of an expansion by the `TwoSum` of Knuth). Written,
//! it is the rounded sum, then what is left of it, rounded, and so on: one list for each real number.
//! Terms beyond 2^960 count as infinite, so that 2^63 of them cannot overflow on the way.
//!
//! Weakness: an addition takes several times as long as a plain one, so that it pays for the sums of
//! chunks, not for points.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Moments;
use crate::list::List;

/// The largest finite term, 2^960.
const LARGEST: f64 = f64::from_bits((1023 + 960) << 52);
/// Most numbers of a sum: each takes at least 53 of 2098 bits.
const LONGEST: usize = 40;

/// A sum without rounding.
#[derive(Clone, Debug, Default)]
pub(crate) struct ExactSum {
    /// that do not overlap, from the smallest to the largest, some perhaps zero; three are nearly always
    /// enough, and with no more than these an addition has nothing to decide
    parts: [f64; 3],
    /// of a sum that takes more than `parts`, which are zero then
    long: Option<Box<Long>>,
}

/// What few sums need.
#[derive(Clone, Debug, Default)]
struct Long {
    /// as those of the sum, without zeros
    parts: Vec<f64>,
    /// what terms there were that are not finite: a sum of them, NaN for both infinities
    special: Option<f64>,
}

impl ExactSum {
    /// Adds one term.
    #[inline]
    pub(crate) fn add(&mut self, term: f64) {
        if term.abs() <= LARGEST {
            self.push(term);
        } else {
            let term = if term.is_nan() {
                f64::NAN
            } else {
                f64::INFINITY.copysign(term)
            };
            self.mark(term);
        }
    }

    /// Adds `a b`, exactly unless that underflows.
    pub(crate) fn add_product(&mut self, a: f64, b: f64) {
        let product = a * b;
        self.add(product);
        if product.is_finite() {
            self.add(a.mul_add(b, -product));
        }
    }

    /// Adds all terms of another sum.
    pub(crate) fn merge_from(&mut self, other: &Self) {
        if let Some(special) = other.special() {
            self.mark(special);
        }
        for part in other.parts() {
            self.push(*part);
        }
    }

    /// The sum, rounded once.
    pub(crate) fn value(&self) -> f64 {
        if let Some(special) = self.special() {
            return special;
        }
        let mut rest = self.parts().iter().rev().filter(|part| **part != 0.0);
        let mut sum = rest.next().copied().unwrap_or(0.0);
        while let Some(part) = rest.next() {
            let (high, low) = two_sum(sum, *part);
            sum = high;
            if low != 0.0 {
                // Half a unit was left, perhaps: what comes next says to which side it goes.
                let next = rest.next().copied().unwrap_or(0.0);
                let (up, error) = two_sum(sum, 2.0 * low);
                if next * low.signum() > 0.0 && error == 0.0 {
                    sum = up;
                }
                break;
            }
        }
        sum
    }

    /// The one list of numbers that stands for it.
    fn components(&self) -> Vec<f64> {
        if let Some(special) = self.special() {
            return vec![special];
        }
        let mut rest = self.clone();
        let mut components = Vec::new();
        loop {
            let value = rest.value();
            if value == 0.0 || !value.is_finite() || components.len() == LONGEST {
                return components;
            }
            components.push(value);
            rest.push(-value);
        }
    }

    fn parts(&self) -> &[f64] {
        self.long.as_ref().map_or(&self.parts, |long| &long.parts)
    }

    fn special(&self) -> Option<f64> {
        self.long.as_ref().and_then(|long| long.special)
    }

    fn mark(&mut self, special: f64) {
        let sum = self.special().map_or(special, |before| before + special);
        self.parts = [0.0; 3];
        self.long = Some(Box::new(Long {
            parts: Vec::new(),
            // Of all NaNs one.
            special: Some(if sum.is_nan() { f64::NAN } else { sum }),
        }));
    }

    #[inline]
    fn push(&mut self, term: f64) {
        if let Some(long) = &mut self.long {
            long.push(term);
            return;
        }
        let (sum, a) = two_sum(term, self.parts[0]);
        let (sum, b) = two_sum(sum, self.parts[1]);
        let (sum, c) = two_sum(sum, self.parts[2]);
        // Four numbers, the first zero among which goes.
        let ab = a == 0.0 || b == 0.0;
        let abc = ab || c == 0.0;
        if abc || sum == 0.0 {
            self.parts = [
                if a == 0.0 { b } else { a },
                if ab { c } else { b },
                if abc { sum } else { c },
            ];
        } else {
            self.pack([a, b, c, sum]);
        }
    }

    /// Takes `parts` as the sum.
    #[inline(never)]
    fn pack(&mut self, mut parts: [f64; 4]) {
        let kept = compress(&mut parts);
        self.parts = [0.0; 3];
        if let Some(few) = self.parts.get_mut(..kept) {
            few.copy_from_slice(&parts[..kept]);
        } else {
            let (parts, special) = (parts.to_vec(), None);
            self.long = Some(Box::new(Long { parts, special }));
        }
    }
}

impl Long {
    fn push(&mut self, term: f64) {
        if self.special.is_some() {
            return;
        }
        let mut sum = term;
        for part in &mut self.parts {
            (sum, *part) = two_sum(sum, *part);
        }
        self.parts.push(sum);
        let kept = compress(&mut self.parts);
        self.parts.truncate(kept);
    }
}

/// Makes as few numbers of these as hold their digits, each as many as it can (Shewchuk, section 2.8); they
/// come first then, without zeros, and the others are no longer part of the sum.
fn compress(parts: &mut [f64]) -> usize {
    let mut bottom = parts.len();
    let mut sum = 0.0;
    for at in (0..parts.len()).rev() {
        let (high, low) = two_sum(sum, parts[at]);
        sum = high;
        if low != 0.0 {
            bottom -= 1;
            parts[bottom] = high;
            sum = low;
        }
    }
    let mut kept = 0;
    for at in bottom..parts.len() {
        let (high, low) = two_sum(parts[at], sum);
        sum = high;
        if low != 0.0 {
            parts[kept] = low;
            kept += 1;
        }
    }
    if sum != 0.0 {
        parts[kept] = sum;
        kept += 1;
    }
    kept
}

/// The rounded sum and its error.
#[inline]
fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let kept = sum - a;
    (sum, (a - (sum - kept)) + (b - kept))
}

impl Serialize for ExactSum {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.components().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ExactSum {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let components = deserializer.deserialize_seq(List {
            convert: |number: f64| number,
            fewest: 0,
            most: LONGEST,
        })?;
        let mut sum = Self::default();
        for number in &components {
            if number.is_finite() {
                sum.push(*number);
            } else {
                sum.mark(*number);
            }
        }
        let bits = |list: &[f64]| list.iter().map(|c| c.to_bits()).collect::<Vec<u64>>();
        if bits(&sum.components()) == bits(&components) {
            Ok(sum)
        } else {
            Err(D::Error::custom(
                "a sum is not written as the numbers that stand for it",
            ))
        }
    }
}

/// Moments that merge without rounding.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct ExactMoments {
    pub(crate) calls: u64,
    sum: ExactSum,
    squares: ExactSum,
}

impl ExactMoments {
    /// Adds the values summarised by `part`, of fewer than 2^53.
    pub(crate) fn add(&mut self, part: &Moments) {
        self.calls += part.calls;
        let n = part.calls as f64;
        self.sum.add_product(n, part.mean);
        self.squares.add(part.m2);
        add_square(&mut self.squares, n, part.mean);
    }

    /// Adds the values summarised by `other`.
    pub(crate) fn merge_from(&mut self, other: &Self) {
        self.calls = self.calls.saturating_add(other.calls);
        self.sum.merge_from(&other.sum);
        self.squares.merge_from(&other.squares);
    }

    /// Mean and squared deviations, rounded once each.
    pub(crate) fn moments(&self) -> Moments {
        if self.calls == 0 {
            return Moments::default();
        }
        let n = self.calls as f64;
        let guess = self.sum.value() / n;
        let mut rest = self.sum.clone();
        rest.add_product(-n, guess);
        // The mean of equal numbers is that number.
        let mean = guess + rest.value() / n;
        let mut deviations = self.squares.clone();
        for part in self.sum.components() {
            deviations.add_product(-2.0 * mean, part);
        }
        add_square(&mut deviations, n, mean);
        let m2 = deviations.value();
        Moments {
            calls: self.calls,
            mean,
            m2: if m2 < 0.0 { 0.0 } else { m2 },
        }
    }
}

/// Adds n mean^2.
fn add_square(sum: &mut ExactSum, n: f64, mean: f64) {
    let square = mean * mean;
    sum.add_product(n, square);
    if square.is_finite() {
        sum.add_product(n, mean.mul_add(mean, -square));
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::{prop_assert, prop_assert_eq, proptest};

    use super::{ExactMoments, ExactSum, Moments};

    fn sum(terms: &[f64]) -> ExactSum {
        let mut sum = ExactSum::default();
        for term in terms {
            sum.add(*term);
        }
        sum
    }

    fn bits(sum: &ExactSum) -> Vec<u64> {
        sum.components().iter().map(|c| c.to_bits()).collect()
    }

    #[test]
    fn nothing_is_lost() {
        let value = |terms: &[f64]| sum(terms).value().to_bits();
        assert_eq!(value(&[]), 0);
        assert_eq!(
            value(&[1e100, 1.0, -1e100, 1e-100, -1.0]),
            1e-100_f64.to_bits()
        );
        // Half a unit in the last place goes to the even side, and a little more goes up.
        let half = f64::EPSILON / 2.0;
        assert_eq!(value(&[1.0, half]), 1.0_f64.to_bits());
        assert_eq!(value(&[1.0, half, 1e-40]), (1.0 + f64::EPSILON).to_bits());
        assert_eq!(value(&[1.0, half, -1e-40]), 1.0_f64.to_bits());
        let infinite = sum(&[1.0, f64::INFINITY, 3.0]);
        assert!(infinite.value() > 0.0 && infinite.value().is_infinite());
        assert!(sum(&[1e300, -1e300]).value().is_nan());
    }

    #[test]
    fn equal_numbers_have_no_spread() {
        let mut all = ExactMoments::default();
        for n in [3, 1000, 77] {
            all.add(&Moments::from_slice(&vec![0.1; n]));
        }
        let calls = 1080;
        let (mean, m2) = (0.1, 0.0);
        assert_eq!(all.moments(), Moments { calls, mean, m2 });
    }

    #[test]
    fn numbers_of_like_size_take_three_parts() {
        for power in [1, 2] {
            let mut sum = ExactSum::default();
            for i in 1..=10_000 {
                sum.add((3.0 * f64::from(i).sin()).exp().powi(power));
                assert!(sum.long.is_none(), "after {i} numbers to the power {power}");
            }
        }
    }

    #[test]
    fn one_list_stands_for_a_sum() {
        let good = sum(&[1.0, 1e-30, 1e30]);
        let bytes = rmp_serde::to_vec(&good).unwrap();
        let again: ExactSum = rmp_serde::from_slice(&bytes).unwrap();
        assert_eq!(bits(&good), bits(&again));
        let other = rmp_serde::to_vec(&[1.0_f64, 1.0]).unwrap();
        assert!(rmp_serde::from_slice::<ExactSum>(&other).is_err());
    }

    proptest! {
        #[test]
        fn order_and_grouping_do_not_matter(
            terms in vec((-1.0..1.0_f64, -200..200_i32), 0..60), chunk in 1..20_usize, turn in 0..60_usize,
        ) {
            let mut terms: Vec<f64> = terms.iter().map(|(m, e)| m * 2.0_f64.powi(*e)).collect();
            let whole = sum(&terms);
            let middle = turn.min(terms.len());
            terms.rotate_left(middle);
            let mut merged = ExactSum::default();
            for part in terms.chunks(chunk) {
                merged.merge_from(&sum(part));
            }
            prop_assert_eq!(bits(&whole), bits(&merged));
            for term in &terms {
                merged.add(-term);
            }
            prop_assert_eq!(merged.value().to_bits(), 0);
        }

        #[test]
        fn moments_are_those_of_the_values(values in vec(-1e3..1e3_f64, 1..200), chunk in 1..50_usize) {
            let mut all = ExactMoments::default();
            for part in values.chunks(chunk) {
                all.add(&Moments::from_slice(part));
            }
            let (found, plain) = (all.moments(), Moments::from_slice(&values));
            prop_assert_eq!(found.calls, plain.calls);
            prop_assert!((found.mean - plain.mean).abs() <= 1e-11);
            prop_assert!((found.m2 - plain.m2).abs() <= 1e-8 * (1.0 + plain.m2));
        }
    }
}
