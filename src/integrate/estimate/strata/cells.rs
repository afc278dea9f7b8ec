//! Sums over the cells of a pass.

use serde::{Deserialize, Serialize};

use super::super::{
    super::{
        evaluator::{Evaluated, Evaluator},
        run::Run,
        strata::Visit,
    },
    Filled, Tally,
};
use crate::error::Result;
use crate::stats::{CompensatedSum, Covariance, WeightStats};

/// Variances within two neighbouring cells beyond which a difference of their means is a step.
const STEP: f64 = 30.0;

/// Sums over cells for one output: in units of 1/M for the values, 1/M^2 for the variances.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Column {
    pub(super) value: CompensatedSum,
    pub(super) variance: CompensatedSum,
    /// difference of the halves, and its variance
    pub(super) difference: CompensatedSum,
    pub(super) difference_variance: CompensatedSum,
    pub(super) weights: WeightStats,
    /// the weight that all have, as far as they are alike
    pub(super) constant: Option<f64>,
    /// largest step between neighbouring cells, where these lie in a line
    pub(super) jump: f64,
}

/// Sums over cells.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Part {
    pub(super) columns: Vec<Column>,
    /// `[outputs * outputs]`
    pub(super) covariance: Option<Vec<f64>>,
    pub(super) tally: Tally,
}

/// Mean and unbiased variance; exact for constants.
pub(crate) fn mean_and_variance(w: &[f64]) -> (f64, f64) {
    let n = w.len() as f64;
    let origin = w[0];
    let shift = w.iter().map(|w| w - origin).sum::<f64>() / n;
    let mean = origin + shift;
    let squares = w.iter().map(|w| (w - mean) * (w - mean)).sum::<f64>();
    (
        mean,
        if w.len() > 1 {
            squares / (n - 1.0)
        } else {
            0.0
        },
    )
}

/// How many points of uniform density each point of `visits` stands for, `[n]`, for `calls`
/// points in `cells` cells.
pub(crate) fn shares(visits: &[Visit], calls: u64, cells: usize) -> Vec<f64> {
    let mean = calls as f64 / cells as f64;
    let mut shares = Vec::new();
    for visit in visits {
        let share = mean / f64::from(visit.of);
        shares.resize(shares.len() + visit.points as usize, share);
    }
    shares
}

impl Column {
    /// Takes the weights of some visits, `[n]`.
    pub(super) fn new(
        (visits, lined): (&[Visit], bool),
        w: &[f64],
        shares: &[f64],
        floor: f64,
    ) -> Self {
        let mut column = Self {
            weights: WeightStats::above(floor, w, shares),
            ..Self::default()
        };
        let same = w.iter().all(|other| other.to_bits() == w[0].to_bits());
        column.constant = same.then_some(w[0]);
        let (mut value, mut variance) = (0.0, 0.0);
        let (mut difference, mut difference_variance) = (0.0, 0.0);
        let mut rest = w;
        let mut before = None;
        for visit in visits {
            let (here, later) = rest.split_at(visit.points as usize);
            rest = later;
            let n = here.len() as f64;
            let factor = n / f64::from(visit.of);
            let (mean, square) = mean_and_variance(here);
            if let Some((other, spread)) = before.filter(|_| lined) {
                let jump: f64 = mean - other;
                // Between cells that vary themselves it is no step.
                if jump * jump > STEP * (square + spread) {
                    column.jump = column.jump.max(jump.abs());
                }
            }
            before = Some((mean, square));
            value += factor * mean;
            variance += factor * factor * square / n;
            let (left, right) = here.split_at(here.len() / 2);
            let half = |w: &[f64]| w.iter().sum::<f64>() / w.len() as f64;
            difference += factor * (half(left) - half(right));
            let inverse = 1.0 / left.len() as f64 + 1.0 / right.len() as f64;
            difference_variance += factor * factor * square * inverse;
        }
        column.value.add(value);
        column.variance.add(variance);
        column.difference.add(difference);
        column.difference_variance.add(difference_variance);
        column
    }

    pub(super) fn merge_from(&mut self, other: &Self) {
        if self.weights.calls() == 0 {
            self.constant = other.constant;
        } else if self.constant != other.constant {
            self.constant = None;
        }
        self.value.merge_from(&other.value);
        self.variance.merge_from(&other.variance);
        self.difference.merge_from(&other.difference);
        self.difference_variance
            .merge_from(&other.difference_variance);
        self.weights.merge_from(&other.weights);
        self.jump = self.jump.max(other.jump);
    }

    /// The variance of the sum over cells.
    ///
    /// On a line a step of f lies within one cell, whose few points are mostly on one side of it.
    /// Its height H shows in the means of the neighbours; H^2/12 is the mean variance of two
    /// points in a cell that a step halves somewhere, so that it is no less.
    pub(super) fn variance(&self) -> f64 {
        self.variance.value().max(self.jump * self.jump / 12.0) + self.unseen()
    }

    /// The variance that the edge of f's support may have hidden.
    ///
    /// An edge is seen where of two points in a cell one is zero. How many such cells there are is
    /// Poisson distributed, and there may be none by chance: one more counts, with the least that
    /// f may have there.
    pub(super) fn unseen(&self) -> f64 {
        self.weights.least_edge().powi(2) / 4.0
    }
}

impl Part {
    pub(super) fn empty(run: &Run<'_>) -> Self {
        let outputs = run.evaluator.outputs();
        let with_covariance = run.settings.covariance && outputs > 1;
        Self {
            columns: vec![Column::default(); outputs],
            covariance: with_covariance.then(|| vec![0.0; outputs * outputs]),
            tally: Tally::new(run.evaluator.observables()),
        }
    }

    /// Of one chunk, whose histograms are by themselves.
    pub(super) fn new(
        evaluator: &Evaluator<'_>,
        (e, visits, lined): (&Evaluated, &[Visit], bool),
        shares: &[f64],
        (floors, with_covariance): (&[f64], bool),
    ) -> Result<(Self, Filled)> {
        let w = e.columns();
        let mut filled = Filled::default();
        if !evaluator.observables().is_empty() {
            let mut strata = Vec::with_capacity(visits.len());
            for_visits(visits, |first, n, factor| strata.push((first, n, factor)));
            filled = Filled::of_strata(&evaluator.places(e)?, &w[0], &strata);
        }
        let covariance = with_covariance.then(|| covariance(visits, &w));
        let columns = w.iter().zip(floors);
        let part = Self {
            columns: columns
                .map(|(w, floor)| Column::new((visits, lined), w, shares, *floor))
                .collect(),
            covariance,
            tally: Tally::default(),
        };
        Ok((part, filled))
    }

    /// Takes in a chunk.
    pub(super) fn add(&mut self, (other, filled): &(Self, Filled)) {
        for (mine, theirs) in self.columns.iter_mut().zip(&other.columns) {
            mine.merge_from(theirs);
        }
        if let (Some(mine), Some(theirs)) = (&mut self.covariance, &other.covariance) {
            mine.iter_mut().zip(theirs).for_each(|(a, b)| *a += b);
        }
        self.tally.add(filled);
    }
}

/// Calls `each` with first point, number of points and part of the cell of every visit.
pub(super) fn for_visits(visits: &[Visit], mut each: impl FnMut(usize, usize, f64)) {
    let mut first = 0;
    for visit in visits {
        let n = visit.points as usize;
        each(first, n, f64::from(visit.points) / f64::from(visit.of));
        first += n;
    }
}

/// Sum over visits of the covariance of the outputs' means, `[k * k]`.
pub(super) fn covariance(visits: &[Visit], w: &[Vec<f64>]) -> Vec<f64> {
    let mut all = vec![0.0; w.len() * w.len()];
    for_visits(visits, |first, n, factor| {
        let rows: Vec<f64> = (first..first + n)
            .flat_map(|i| w.iter().map(move |c| c[i]))
            .collect();
        let matrix = Covariance::from_rows(&rows, w.len()).of_means();
        let sums = all.iter_mut().zip(matrix.iter());
        sums.for_each(|(a, b)| *a += factor * factor * b);
    });
    all
}
