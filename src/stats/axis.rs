//! Axes of histograms: equal bins of a range, with a slot below and one above.
//!
//! An axis of `b` bins has `b + 2` slots: 0 for what is below its range, 1 to `b` for the bins, `b + 1` for
//! what is above and for NaN. Bins are half open, `[left, right)`. A histogram has one axis or two; its cells
//! are the slots of the one, or pairs of slots, in one list in which the slot of the last axis runs
//! fastest.
//!
//! Weakness: a value within rounding of an edge may fall on either side of it.

use std::error::Error;
use std::fmt;

use serde::{Deserialize, Serialize};

/// Most bins of a histogram.
const MOST_BINS: usize = 10_000_000;
/// Most axes.
const MOST_AXES: usize = 2;

/// Equal bins of a range `[low, high)`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written")]
pub struct Axis {
    name: String,
    bins: usize,
    low: f64,
    high: f64,
}

/// An axis as it is read, which may be anything.
#[derive(Deserialize)]
struct Written {
    name: String,
    bins: usize,
    low: f64,
    high: f64,
}

impl TryFrom<Written> for Axis {
    type Error = HistogramError;

    fn try_from(axis: Written) -> Result<Self, HistogramError> {
        Self::new(axis.name, axis.bins, axis.low, axis.high)
    }
}

impl Axis {
    /// `bins` equal bins of `[low, high)`.
    ///
    /// # Errors
    /// [`HistogramError::NoBins`] for `bins = 0`, [`HistogramError::TooManyBins`] for more than ten
    /// million, [`HistogramError::BadRange`] unless `low < high` with a finite distance.
    pub fn new(
        name: impl Into<String>,
        bins: usize,
        low: f64,
        high: f64,
    ) -> Result<Self, HistogramError> {
        if bins == 0 {
            return Err(HistogramError::NoBins);
        }
        if bins > MOST_BINS {
            return Err(HistogramError::TooManyBins { bins });
        }
        if !(low < high && (high - low).is_finite()) {
            return Err(HistogramError::BadRange { lo: low, hi: high });
        }
        let name = name.into();
        Ok(Self {
            name,
            bins,
            low,
            high,
        })
    }

    /// What it is an axis of.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Number of bins, without the slots below and above.
    pub fn bins(&self) -> usize {
        self.bins
    }

    /// Lower end of the first bin.
    pub fn low(&self) -> f64 {
        self.low
    }

    /// Upper end of the last bin.
    pub fn high(&self) -> f64 {
        self.high
    }

    /// Left edge of bin `i`, counted from 0; `edge(bins())` is the upper end of the range.
    pub fn edge(&self, i: usize) -> f64 {
        let share = i as f64 / self.bins as f64;
        self.low * (1.0 - share) + self.high * share
    }

    /// All edges, `[bins + 1]`.
    pub fn edges(&self) -> Vec<f64> {
        (0..=self.bins).map(|i| self.edge(i)).collect()
    }

    /// The slot of `x`.
    pub fn slot(&self, x: f64) -> usize {
        if x < self.low {
            0
        } else if x < self.high {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "low <= x < high, so the product lies in [0, bins]; its floor is meant"
            )]
            let bin = ((x - self.low) / (self.high - self.low) * self.bins as f64) as usize;
            bin.min(self.bins - 1) + 1
        } else {
            self.bins + 1
        }
    }
}

/// One axis or two, and the order of the cells that they make.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Axis>")]
pub struct Axes(Vec<Axis>);

impl TryFrom<Vec<Axis>> for Axes {
    type Error = HistogramError;

    fn try_from(axes: Vec<Axis>) -> Result<Self, HistogramError> {
        Self::new(axes)
    }
}

impl From<Axis> for Axes {
    fn from(axis: Axis) -> Self {
        Self(vec![axis])
    }
}

impl Axes {
    /// Of one axis or two.
    ///
    /// # Errors
    /// [`HistogramError::NumberOfAxes`] for none or more, [`HistogramError::TooManyBins`] for more than ten
    /// million cells with those below and above.
    pub fn new(axes: Vec<Axis>) -> Result<Self, HistogramError> {
        if !(1..=MOST_AXES).contains(&axes.len()) {
            return Err(HistogramError::NumberOfAxes { axes: axes.len() });
        }
        let all = Self(axes);
        let bins = all.cells();
        if all.0.len() > 1 && bins > MOST_BINS {
            return Err(HistogramError::TooManyBins { bins });
        }
        Ok(all)
    }

    /// The axes.
    pub fn as_slice(&self) -> &[Axis] {
        &self.0
    }

    /// Number of cells, those below and above included.
    pub fn cells(&self) -> usize {
        let slots = self.0.iter().map(|axis| axis.bins + 2);
        // Not more than 10^14, so that nothing overflows.
        slots.product()
    }

    /// Number of bins, that is of cells within the ranges.
    pub fn bins(&self) -> usize {
        self.0.iter().map(Axis::bins).product()
    }

    /// Place of a cell (a slot of each axis) in the list of all; `None` for no cell.
    pub fn cell(&self, slots: &[usize]) -> Option<usize> {
        let known = slots.len() == self.0.len();
        let pairs = || self.0.iter().zip(slots);
        let there = known && pairs().all(|(axis, slot)| *slot < axis.bins + 2);
        there.then(|| pairs().fold(0, |cell, (axis, slot)| cell * (axis.bins + 2) + slot))
    }

    /// Whether a cell of the list is within the ranges.
    pub fn is_bin(&self, cell: usize) -> bool {
        let mut rest = cell;
        self.0.iter().rev().all(|axis| {
            let slot = rest % (axis.bins + 2);
            rest /= axis.bins + 2;
            (1..=axis.bins).contains(&slot)
        })
    }

    /// Number of bins that come before a cell in the list of all.
    pub(crate) fn bins_before(&self, slots: &[usize]) -> usize {
        let (mut before, mut within) = (0, true);
        for (axis, slot) in self.0.iter().zip(slots) {
            // Once it is below or above, all of the others are before it, or none is.
            let below = if within {
                slot.saturating_sub(1).min(axis.bins)
            } else {
                0
            };
            before = before * axis.bins + below;
            within &= (1..=axis.bins).contains(slot);
        }
        before
    }

    /// Place in the list of all cells of bin `i` (`< bins()`), which are counted in the same order.
    pub(super) fn cell_of_bin(&self, i: usize) -> usize {
        let (mut rest, mut cell, mut unit) = (i, 0, 1);
        for axis in self.0.iter().rev() {
            cell += (rest % axis.bins + 1) * unit;
            rest /= axis.bins;
            unit *= axis.bins + 2;
        }
        cell
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
    /// Neither one axis nor two.
    NumberOfAxes {
        /// Axes as given.
        axes: usize,
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
            Self::NumberOfAxes { axes } => {
                write!(f, "a histogram has one axis or two, not {axes}")
            }
            Self::Mismatch => f.write_str("histograms with different bins cannot be merged"),
        }
    }
}

impl Error for HistogramError {}

#[cfg(test)]
mod tests {
    use super::{Axes, Axis, HistogramError};

    fn axis(bins: usize) -> Axis {
        Axis::new("x", bins, 0.0, 1.0).unwrap()
    }

    #[test]
    fn cells_are_pairs_of_slots() {
        let axes = Axes::new(vec![axis(2), axis(3)]).unwrap();
        assert_eq!((axes.cells(), axes.bins()), (20, 6));
        assert_eq!(axes.cell(&[1, 2]), Some(7));
        assert_eq!(axes.cell(&[3, 4]), Some(19));
        assert_eq!(axes.cell(&[4, 0]), None);
        assert_eq!(axes.cell(&[1]), None);
        let bins: Vec<usize> = (0..20).filter(|cell| axes.is_bin(*cell)).collect();
        assert_eq!(bins, [6, 7, 8, 11, 12, 13]);
        for cell in 0..20 {
            let before = bins.iter().filter(|bin| **bin < cell).count();
            assert_eq!(axes.bins_before(&[cell / 5, cell % 5]), before, "{cell}");
        }
        let places: Vec<usize> = (0..6).map(|i| axes.cell_of_bin(i)).collect();
        assert_eq!(places, bins);
    }

    #[test]
    fn faults_are_typed() {
        let number = |axes| HistogramError::NumberOfAxes { axes };
        assert_eq!(Axes::new(Vec::new()), Err(number(0)));
        assert_eq!(Axes::new(vec![axis(1); 3]), Err(number(3)));
        let bins = 4002 * 4002;
        let many = HistogramError::TooManyBins { bins };
        assert_eq!(Axes::new(vec![axis(4000); 2]), Err(many));
        assert!(Axes::new(vec![axis(10_000_000)]).is_ok());
        let many = HistogramError::TooManyBins { bins: 10_000_001 };
        assert_eq!(Axis::new("x", 10_000_001, 0.0, 1.0), Err(many));
        assert!(rmp_serde::from_slice::<Axis>(b"\x94\xa1x\x00\x00\x01").is_err());
        let bytes = rmp_serde::to_vec(&axis(3)).unwrap();
        assert_eq!(rmp_serde::from_slice::<Axis>(&bytes).unwrap(), axis(3));
    }
}
