//! Histogram: a weighted distribution of one variable in equal bins, mergeable.
//!
//! Each bin keeps `sum w` and `sum w^2`; with `N` calls its integral is `sum w / N` with the error
//! `sqrt((sum w^2 - (sum w)^2 / N) / (N (N - 1)))`, since a point outside the bin counts as a zero
//! (as for any mean; F. James, Rep. Prog. Phys. 43 (1980) 1145). Bins are half open, `[left, right)`.
//!
//! Weakness: a bin with few entries has a meaningless error, and an `x` within rounding of an edge may
//! fall on either side of it.

use std::error::Error;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::Estimate;

/// Most bins of a histogram.
const MOST_BINS: usize = 10_000_000;

/// Weighted histogram of equal bins on `[lo, hi)` with underflow and overflow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Histogram {
    lo: f64,
    hi: f64,
    /// `(sum w, sum w^2)` of underflow, the bins in order, overflow.
    slots: Vec<(f64, f64)>,
}

impl Histogram {
    /// An empty histogram.
    ///
    /// # Errors
    ///
    /// [`HistogramError::NoBins`] for `bins = 0`, [`HistogramError::TooManyBins`] for more than ten
    /// million, [`HistogramError::BadRange`] unless `lo < hi` with
    /// a finite distance.
    pub fn new(bins: usize, lo: f64, hi: f64) -> Result<Self, HistogramError> {
        if bins == 0 {
            return Err(HistogramError::NoBins);
        }
        if bins > MOST_BINS {
            return Err(HistogramError::TooManyBins { bins });
        }
        if !(lo < hi && (hi - lo).is_finite()) {
            return Err(HistogramError::BadRange { lo, hi });
        }
        Ok(Self {
            lo,
            hi,
            slots: vec![(0.0, 0.0); bins + 2],
        })
    }

    /// Adds weight `w` at `x`; `x = hi` and NaN go to the overflow, so that no weight is lost.
    pub fn fill(&mut self, x: f64, w: f64) {
        let slot = self.slot(x);
        self.slots[slot].0 += w;
        self.slots[slot].1 += w * w;
    }

    /// Position of `x` among underflow (0), the bins in order, and overflow.
    pub(crate) fn slot(&self, x: f64) -> usize {
        let bins = self.bins();
        if x < self.lo {
            0
        } else if x < self.hi {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "lo <= x < hi, so the product lies in [0, bins]; its floor is meant"
            )]
            let bin = ((x - self.lo) / (self.hi - self.lo) * bins as f64) as usize;
            bin.min(bins - 1) + 1
        } else {
            bins + 1
        }
    }

    /// Adds the entries of another histogram.
    ///
    /// # Errors
    ///
    /// [`HistogramError::Mismatch`] if the bins differ; nothing is added then.
    pub fn merge_from(&mut self, other: &Self) -> Result<(), HistogramError> {
        if (self.bins(), [self.lo, self.hi]) != (other.bins(), [other.lo, other.hi]) {
            return Err(HistogramError::Mismatch);
        }
        for (mine, theirs) in self.slots.iter_mut().zip(&other.slots) {
            mine.0 += theirs.0;
            mine.1 += theirs.1;
        }
        Ok(())
    }

    /// Number of bins, without underflow and overflow.
    pub fn bins(&self) -> usize {
        self.slots.len() - 2
    }

    /// Left edge of bin `i`; `edge(bins())` is the upper end of the range.
    pub fn edge(&self, i: usize) -> f64 {
        let share = i as f64 / self.bins() as f64;
        self.lo * (1.0 - share) + self.hi * share
    }

    /// `sum w` of each bin.
    pub fn values(&self) -> impl ExactSizeIterator<Item = f64> {
        self.slots[1..=self.bins()].iter().map(|slot| slot.0)
    }

    /// `sqrt(sum w^2)` of each bin: the error of the sum if the number of calls is Poisson.
    pub fn errors(&self) -> impl ExactSizeIterator<Item = f64> {
        self.slots[1..=self.bins()].iter().map(|slot| slot.1.sqrt())
    }

    /// `sum w` below the range.
    pub fn underflow(&self) -> f64 {
        self.slots[0].0
    }

    /// `sum w` above the range and at undefined places.
    pub fn overflow(&self) -> f64 {
        self.slots[self.bins() + 1].0
    }

    /// Integral over bin `i` (not divided by its width), from `calls` calls in all.
    ///
    /// # Panics
    ///
    /// If there is no bin `i`.
    pub fn integral(&self, i: usize, calls: u64) -> Estimate {
        assert!(i < self.bins(), "bin {i} of {}", self.bins());
        let (sum, squares) = self.slots[i + 1];
        let n = calls as f64;
        let error = if calls < 2 {
            0.0
        } else {
            ((squares - sum * sum / n).max(0.0) / (n * (n - 1.0))).sqrt()
        };
        Estimate {
            value: if calls == 0 { 0.0 } else { sum / n },
            error,
            calls,
            dof: None,
        }
    }
}

/// Why a histogram cannot be made or merged.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum HistogramError {
    /// A histogram needs at least one bin.
    NoBins,
    /// More than ten million bins.
    TooManyBins {
        /// Bins as given.
        bins: usize,
    },
    /// The range is empty, reversed or not finite.
    BadRange {
        /// Lower end as given.
        lo: f64,
        /// Upper end as given.
        hi: f64,
    },
    /// The histograms have different bins.
    Mismatch,
}

impl fmt::Display for HistogramError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooManyBins { bins } => {
                write!(f, "a histogram has at most {MOST_BINS} bins, not {bins}")
            }
            Self::NoBins => f.write_str("a histogram needs at least one bin"),
            Self::BadRange { lo, hi } => write!(f, "no histogram range from {lo} to {hi}"),
            Self::Mismatch => f.write_str("histograms with different bins cannot be merged"),
        }
    }
}

impl Error for HistogramError {}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "exact results are compared")]
mod tests {
    use proptest::collection::vec;
    use proptest::{prop_assert, prop_assert_eq, proptest};

    use super::super::Moments;
    use super::{Histogram, HistogramError};

    #[test]
    fn entries_find_their_bins() {
        let mut h = Histogram::new(4, -1.0, 1.0).unwrap();
        let below_one = 1.0_f64.next_down();
        for x in [
            -1.0,
            -0.5,
            0.0,
            0.49,
            0.5,
            below_one,
            1.0,
            f64::NAN,
            -1.1,
            f64::NEG_INFINITY,
        ] {
            h.fill(x, 2.0);
        }
        assert_eq!(h.values().collect::<Vec<_>>(), [2.0, 2.0, 4.0, 4.0]);
        assert_eq!((h.underflow(), h.overflow()), (4.0, 4.0));
        assert_eq!([h.edge(0), h.edge(1), h.edge(4)], [-1.0, -0.5, 1.0]);
        assert!(
            h.errors()
                .all(|e| e == 2.0 || (e - 8.0_f64.sqrt()).abs() < 1e-15)
        );
    }

    #[test]
    fn faults_are_typed() {
        assert_eq!(Histogram::new(0, 0.0, 1.0), Err(HistogramError::NoBins));
        for (lo, hi) in [
            (1.0, 1.0),
            (2.0, 1.0),
            (0.0, f64::INFINITY),
            (-1e308, 1e308),
        ] {
            assert_eq!(
                Histogram::new(3, lo, hi),
                Err(HistogramError::BadRange { lo, hi })
            );
        }
        let mut h = Histogram::new(3, 0.0, 1.0).unwrap();
        let other = Histogram::new(3, 0.0, 2.0).unwrap();
        assert_eq!(h.merge_from(&other), Err(HistogramError::Mismatch));
    }

    proptest! {
            #[test]
            fn an_integral_is_the_mean_of_the_weights_in_the_bin(
                points in vec((-0.5..1.5_f64, -1.0..1.0_f64), 2..200),
                cut in 0..200_usize,
            ) {
                let empty = Histogram::new(5, 0.0, 1.0).expect("a valid range");
                let (left, right) = points.split_at(cut.min(points.len()));
                let [mut whole, other] = [left, right].map(|part| {
                    let mut h = empty.clone();
                    for &(x, w) in part {
     h.fill(x, w);
    }
                    h
                });
                prop_assert_eq!(whole.merge_from(&other), Ok(()));
                let inside = |x: f64| (0.4..0.6).contains(&x);
                let weights: Vec<f64> = points.iter().map(|&(x, w)| if inside(x) { w } else { 0.0 }).collect();
                let expected = Moments::from_slice(&weights);
                let integral = whole.integral(2, points.len() as u64);
                prop_assert!((integral.value - expected.mean).abs() < 1e-14);
                prop_assert!((integral.error - expected.error()).abs() < 1e-14);
            }
        }
}
