//! Covariance: joint moments of `k` outputs of the same calls, mergeable.
//!
//! `c_ij = sum (y_i - m_i)(y_j - m_j)`; two summaries by
//! `c = c_a + c_b + delta delta^T n_a n_b / n` (T. F. Chan, G. H. Golub, R. J. `LeVeque`, Am. Stat. 37
//! (1983) 242). Shapes: mean `[k]`, co-moments `[k * k]`, row major.
//!
//! Weakness: with `n <= k` calls the matrix is singular; never invert it to combine estimates.

use nalgebra::DMatrix;
use serde::{Deserialize, Serialize};

use super::Moments;

/// Number of calls, mean vector and co-moment matrix of `k` outputs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Covariance {
    calls: u64,
    mean: Vec<f64>,
    comoments: Vec<f64>,
}

impl Covariance {
    /// The empty summary of `k` outputs.
    pub fn new(k: usize) -> Self {
        Self {
            calls: 0,
            mean: vec![0.0; k],
            comoments: vec![0.0; k * k],
        }
    }

    /// Covariance of `rows`, `[n * k]`, row major: one row of `k` outputs per call.
    ///
    /// # Panics
    ///
    /// If `k` is 0 or the length of `rows` is not a multiple of `k`.
    pub fn from_rows(rows: &[f64], k: usize) -> Self {
        assert!(
            k > 0 && rows.len().is_multiple_of(k),
            "{} numbers, rows of {k}",
            rows.len()
        );
        let mut result = Self::new(k);
        let n = (rows.len() / k) as f64;
        result.calls = (rows.len() / k) as u64;
        if rows.is_empty() {
            return result;
        }
        // A row of the sample as the origin keeps constants exact and large offsets harmless.
        let origin = &rows[..k];
        for row in rows.chunks_exact(k) {
            for ((mean, y), origin) in result.mean.iter_mut().zip(row).zip(origin) {
                *mean += (y - origin) / n;
            }
        }
        for (mean, origin) in result.mean.iter_mut().zip(origin) {
            *mean += origin;
        }
        let mean = &result.mean;
        for row in rows.chunks_exact(k) {
            for (i, comoments) in result.comoments.chunks_exact_mut(k).enumerate() {
                let deviation = row[i] - mean[i];
                for ((comoment, y), mean) in comoments.iter_mut().zip(row).zip(mean) {
                    *comoment += deviation * (y - mean);
                }
            }
        }
        result
    }

    /// Adds the calls summarised by `other`.
    ///
    /// # Panics
    ///
    /// If the numbers of outputs differ.
    pub fn merge_from(&mut self, other: &Self) {
        let k = self.outputs();
        assert_eq!(
            k,
            other.outputs(),
            "covariances of different numbers of outputs"
        );
        if other.calls == 0 {
            return;
        }
        let calls = self.calls + other.calls;
        let share = other.calls as f64 / calls as f64;
        for i in 0..k {
            let delta = other.mean[i] - self.mean[i];
            for j in 0..k {
                let product = delta * (other.mean[j] - self.mean[j]);
                self.comoments[i * k + j] +=
                    other.comoments[i * k + j] + product * self.calls as f64 * share;
            }
        }
        for i in 0..k {
            self.mean[i] += (other.mean[i] - self.mean[i]) * share;
        }
        self.calls = calls;
    }

    /// Number of outputs `k`.
    pub fn outputs(&self) -> usize {
        self.mean.len()
    }

    /// Whether it is one of `k` outputs: what was read may be anything.
    pub(crate) fn is_of(&self, k: usize) -> bool {
        self.mean.len() == k && self.comoments.len() == k * k
    }

    /// Number of calls.
    pub fn calls(&self) -> u64 {
        self.calls
    }

    /// Means of the outputs, `[k]`.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// Moments of output `i` alone.
    ///
    /// # Panics
    ///
    /// If there is no output `i`.
    pub fn moments(&self, i: usize) -> Moments {
        Moments {
            calls: self.calls,
            mean: self.mean[i],
            m2: self.comoments[i * self.outputs() + i],
        }
    }

    /// Covariance matrix of the means, `c / (n (n - 1))`, `[k, k]`; zero for fewer than two calls.
    pub fn of_means(&self) -> DMatrix<f64> {
        let k = self.outputs();
        if self.calls < 2 {
            return DMatrix::zeros(k, k);
        }
        let n = self.calls as f64;
        DMatrix::from_row_slice(k, k, &self.comoments) / (n * (n - 1.0))
    }

    /// Correlation of outputs `i` and `j`, in [-1, 1]; 0 if one of them is constant.
    ///
    /// # Panics
    ///
    /// If there is no output `i` or `j`.
    pub fn correlation(&self, i: usize, j: usize) -> f64 {
        let scale = self.moments(i).m2.sqrt() * self.moments(j).m2.sqrt();
        if scale == 0.0 {
            return 0.0;
        }
        (self.comoments[i * self.outputs() + j] / scale).clamp(-1.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::{prop_assert, prop_assert_eq, proptest};

    use super::{Covariance, Moments};

    #[test]
    fn known_values() {
        let c = Covariance::from_rows(&[1.0, 2.0, 2.0, 4.0, 3.0, 9.0], 2);
        assert_eq!((c.calls(), c.mean()), (3, [2.0, 5.0].as_slice()));
        let of_means = c.of_means();
        assert!((of_means[(0, 1)] - 7.0 / 6.0).abs() < 1e-15);
        assert!((of_means[(1, 1)] - 26.0 / 6.0).abs() < 1e-15);
        assert!((c.correlation(0, 1) - 7.0 / 52.0_f64.sqrt()).abs() < 1e-15);
    }

    #[test]
    fn constants_have_no_covariance() {
        let mut c = Covariance::from_rows(&[0.1, 1e9].repeat(100), 2);
        c.merge_from(&Covariance::from_rows(&[0.1, 1e9].repeat(7), 2));
        assert_eq!(c.mean(), [0.1, 1e9]);
        assert_eq!((c.of_means().sum(), c.correlation(0, 1)), (0.0, 0.0));
        assert_eq!(Covariance::from_rows(&[], 2), Covariance::new(2));
    }

    proptest! {
        #[test]
        fn grouping_does_not_matter(rows in vec(-1e2..1e2_f64, 3 * 40), chunk in 1..30_usize) {
            let whole = Covariance::from_rows(&rows, 3);
            let mut merged = Covariance::new(3);
            for part in rows.chunks(3 * chunk) {
                merged.merge_from(&Covariance::from_rows(part, 3));
            }
            prop_assert_eq!(whole.calls(), merged.calls());
            prop_assert!((whole.of_means() - merged.of_means()).amax() < 1e-10);
            for i in 0..3 {
                let output: Vec<f64> = rows.iter().skip(i).step_by(3).copied().collect();
                let (alone, within) = (Moments::from_slice(&output), merged.moments(i));
                prop_assert!((alone.mean - within.mean).abs() < 1e-12);
                prop_assert!((alone.error() - within.error()).abs() < 1e-12);
            }
        }

        #[test]
        fn a_shift_changes_no_correlation(rows in vec(-1.0..1.0_f64, 2 * 20), shift in -1e5..1e5_f64) {
            let moved: Vec<f64> = rows.iter().map(|y| y + shift).collect();
            let here = Covariance::from_rows(&rows, 2).correlation(0, 1);
            let there = Covariance::from_rows(&moved, 2).correlation(0, 1);
            prop_assert!((here - there).abs() < 1e-8);
        }
    }
}
