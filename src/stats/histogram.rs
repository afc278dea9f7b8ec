//! Histogram: a weighted distribution of one variable or two in equal bins, mergeable.
//!
//! Each cell keeps `sum w` and `sum w^2`; with `N` calls its integral is `sum w / N` with the error
//! `sqrt((sum w^2 - (sum w)^2 / N) / (N (N - 1)))`, since a point outside of it counts as a zero
//! (as for any mean; F. James, Rep. Prog. Phys. 43 (1980) 1145).
//!
//! Weakness: a bin with few entries has a meaningless error.

use serde::{Deserialize, Serialize};

use super::{Axes, Axis, Estimate, HistogramError};

/// Weighted histogram over one axis or two, with what is below and above.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Histogram {
    axes: Axes,
    /// `(sum w, sum w^2)` of each cell
    cells: Vec<(f64, f64)>,
}

impl Histogram {
    /// An empty histogram of one variable.
    ///
    /// # Errors
    ///
    /// As [`Axis::new`].
    pub fn new(bins: usize, lo: f64, hi: f64) -> Result<Self, HistogramError> {
        Ok(Self::of_axes(Axis::new("", bins, lo, hi)?.into()))
    }

    /// An empty histogram over these axes.
    ///
    /// ```
    /// use thalweg::stats::{Axes, Axis, Histogram};
    ///
    /// let axes = Axes::new(vec![Axis::new("x", 2, 0.0, 1.0)?, Axis::new("y", 3, 0.0, 1.0)?])?;
    /// let mut h = Histogram::of_axes(axes);
    /// h.fill_at(&[0.7, 0.5], 1.0);
    /// h.fill_at(&[0.7, 1.5], 2.0);
    /// assert_eq!(h.values().collect::<Vec<_>>(), [0.0, 0.0, 0.0, 0.0, 1.0, 0.0]);
    /// assert_eq!((h.overflow(0), h.overflow(1)), (0.0, 2.0));
    /// # Ok::<(), thalweg::stats::HistogramError>(())
    /// ```
    pub fn of_axes(axes: Axes) -> Self {
        let cells = vec![(0.0, 0.0); axes.cells()];
        Self { axes, cells }
    }

    /// Adds weight `w` at `x` of a histogram of one variable, as [`Self::fill_at`].
    ///
    /// # Panics
    ///
    /// If it has two axes.
    pub fn fill(&mut self, x: f64, w: f64) {
        self.fill_at(&[x], w);
    }

    /// Adds weight `w` at `x` (`[axes]`); an upper end and NaN count as above, so that no weight is lost.
    ///
    /// # Panics
    ///
    /// If `x` does not have one coordinate for each axis.
    pub fn fill_at(&mut self, x: &[f64], w: f64) {
        let axes = self.axes.as_slice();
        assert_eq!(x.len(), axes.len(), "coordinates of a histogram");
        let slots = axes.iter().zip(x).map(|(axis, x)| (axis, axis.slot(*x)));
        let cell = slots.fold(0, |cell, (axis, slot)| cell * (axis.bins() + 2) + slot);
        self.cells[cell].0 += w;
        self.cells[cell].1 += w * w;
    }

    /// Adds the entries of another histogram.
    ///
    /// # Errors
    ///
    /// [`HistogramError::Mismatch`] if the axes differ; nothing is added then.
    pub fn merge_from(&mut self, other: &Self) -> Result<(), HistogramError> {
        if self.axes != other.axes || self.cells.len() != other.cells.len() {
            return Err(HistogramError::Mismatch);
        }
        for (mine, theirs) in self.cells.iter_mut().zip(&other.cells) {
            mine.0 += theirs.0;
            mine.1 += theirs.1;
        }
        Ok(())
    }

    /// Its axes.
    pub fn axes(&self) -> &[Axis] {
        self.axes.as_slice()
    }

    /// Number of bins of all axes, without what is below and above.
    pub fn bins(&self) -> usize {
        self.axes.bins()
    }

    /// `sum w` of each bin, the last axis running fastest.
    pub fn values(&self) -> impl ExactSizeIterator<Item = f64> {
        (0..self.bins()).map(|i| self.cells[self.axes.cell_of_bin(i)].0)
    }

    /// `sqrt(sum w^2)` of each bin: the error of the sum if the number of calls is Poisson.
    pub fn errors(&self) -> impl ExactSizeIterator<Item = f64> {
        (0..self.bins()).map(|i| self.cells[self.axes.cell_of_bin(i)].1.sqrt())
    }

    /// `(sum w, sum w^2)` of the cell at a slot of each axis ([`Axis::slot`]); `None` where there is none.
    pub fn cell(&self, slots: &[usize]) -> Option<(f64, f64)> {
        self.axes.cell(slots).map(|cell| self.cells[cell])
    }

    /// `sum w` below the range of an axis, wherever it is on the other.
    ///
    /// # Panics
    ///
    /// If there is no such axis.
    pub fn underflow(&self, axis: usize) -> f64 {
        self.at(axis, 0)
    }

    /// `sum w` above the range of an axis and at undefined places of it, wherever it is on the other.
    ///
    /// # Panics
    ///
    /// If there is no such axis.
    pub fn overflow(&self, axis: usize) -> f64 {
        self.at(axis, self.axes()[axis].bins() + 1)
    }

    /// `sum w` in one slot of an axis.
    fn at(&self, axis: usize, slot: usize) -> f64 {
        let axes = self.axes();
        let unit: usize = axes[axis + 1..].iter().map(|a| a.bins() + 2).product();
        let of = |cell: usize| cell / unit % (axes[axis].bins() + 2);
        let cells = self.cells.iter().enumerate();
        let there = cells.filter(|(cell, _)| of(*cell) == slot);
        there.fold(0.0, |sum, (_, (w, _))| sum + w)
    }

    /// Integral over bin `i` (not divided by its width), from `calls` calls in all.
    ///
    /// # Panics
    ///
    /// If there is no bin `i`.
    pub fn integral(&self, i: usize, calls: u64) -> Estimate {
        assert!(i < self.bins(), "bin {i} of {}", self.bins());
        let (sum, squares) = self.cells[self.axes.cell_of_bin(i)];
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

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "exact results are compared")]
mod tests {
    use proptest::collection::vec;
    use proptest::{prop_assert, prop_assert_eq, proptest};

    use super::super::Moments;
    use super::{Axes, Axis, Histogram, HistogramError};

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
        assert_eq!((h.underflow(0), h.overflow(0)), (4.0, 4.0));
        assert_eq!(h.axes()[0].edges(), [-1.0, -0.5, 0.0, 0.5, 1.0]);
        assert!(
            h.errors()
                .all(|e| e == 2.0 || (e - 8.0_f64.sqrt()).abs() < 1e-15)
        );
    }

    #[test]
    fn of_two_axes_each_has_its_own_ends() {
        let x = Axis::new("x", 2, 0.0, 1.0).unwrap();
        let y = Axis::new("y", 3, 0.0, 3.0).unwrap();
        let mut h = Histogram::of_axes(Axes::new(vec![x, y]).unwrap());
        let at = [
            [0.1, 0.1],
            [0.6, 2.5],
            [0.6, 2.5],
            [-1.0, 1.5],
            [-1.0, -1.0],
            [0.1, f64::NAN],
            [1.0, 9.0],
        ];
        for (i, x) in (0..).zip(&at) {
            h.fill_at(x, 2.0_f64.powi(i));
        }
        assert_eq!(
            h.values().collect::<Vec<_>>(),
            [1.0, 0.0, 0.0, 0.0, 0.0, 6.0]
        );
        assert_eq!(h.errors().last(), Some(20.0_f64.sqrt()));
        assert_eq!([h.underflow(0), h.underflow(1)], [24.0, 16.0]);
        assert_eq!([h.overflow(0), h.overflow(1)], [64.0, 96.0]);
        assert_eq!(h.cell(&[0, 2]), Some((8.0, 64.0)));
        assert_eq!(h.integral(5, 8).value, 0.75);
        let other = Histogram::new(6, 0.0, 1.0).unwrap();
        assert_eq!(h.merge_from(&other), Err(HistogramError::Mismatch));
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
