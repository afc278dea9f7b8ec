//! Compensated sum: a running total that keeps the rounding error of every addition.
//!
//! `s' = fl(s + x)`, and the exact error `(s + x) - s'` is collected aside (the branch-free `TwoSum`
//! of D. E. Knuth, The Art of Computer Programming 2, 4.2.2; as a sum: T. Ogita, S. M. Rump,
//! S. Oishi, SIAM J. Sci. Comput. 26 (2005) 1955, `Sum2`). The result is as good as a sum in twice
//! the precision, so it hardly depends on how the terms were grouped.
//!
//! Weakness: the collected errors are themselves summed plainly; equality between groupings holds to
//! about one unit in the last place, not bit by bit.

use serde::{Deserialize, Serialize};

/// A mergeable sum in about twice the working precision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CompensatedSum {
    sum: f64,
    lost: f64,
}

impl CompensatedSum {
    /// Adds one term.
    #[inline]
    pub fn add(&mut self, term: f64) {
        let sum = self.sum + term;
        let kept = sum - self.sum;
        self.lost += (self.sum - (sum - kept)) + (term - kept);
        self.sum = sum;
    }

    /// Adds all terms of another sum.
    pub fn merge_from(&mut self, other: &Self) {
        self.add(other.sum);
        self.lost += other.lost;
    }

    /// The total, rounded once; infinities and NaN come through as in a plain sum.
    pub fn value(&self) -> f64 {
        if self.sum.is_finite() {
            self.sum + self.lost
        } else {
            self.sum
        }
    }
}

impl FromIterator<f64> for CompensatedSum {
    fn from_iter<I: IntoIterator<Item = f64>>(iter: I) -> Self {
        let mut total = Self::default();
        for term in iter {
            total.add(term);
        }
        total
    }
}

#[cfg(test)]
mod tests {
    use super::CompensatedSum;

    #[test]
    fn small_terms_survive_a_large_one() {
        let total: CompensatedSum = [1.0, 1e100, 1.0, -1e100].into_iter().collect();
        assert!((total.value() - 2.0).abs() < f64::EPSILON);
    }

    #[test]
    fn merging_equals_adding() {
        let terms: Vec<f64> = (1..=1000_u32).map(|i| 0.1 / f64::from(i)).collect();
        let whole: CompensatedSum = terms.iter().copied().collect();
        let mut parts = CompensatedSum::default();
        for chunk in terms.chunks(7) {
            parts.merge_from(&chunk.iter().copied().collect());
        }
        assert!((whole.value() - parts.value()).abs() <= f64::EPSILON * whole.value());
    }

    #[test]
    fn non_finite_terms_come_through() {
        let infinite: CompensatedSum = [1.0, f64::INFINITY, 1.0].into_iter().collect();
        assert!(infinite.value().is_infinite());
        let nan: CompensatedSum = [1.0, f64::NAN].into_iter().collect();
        assert!(nan.value().is_nan());
    }
}
