//! Passes over all cells, and what they say together.

use serde::{Deserialize, Serialize};

use super::super::{
    super::{
        report::{Phase, StopReason},
        run::Run,
        settings::Placement,
    },
    Findings, Summary, Tally, unscaled,
};
use super::MOST_SIZES;
use super::cells::Part;
use crate::list;
use crate::stats::{Consistency, WeightStats, p_value_chi2};

/// One pass or several, weighted by calls: value and variance are those of the passes so far.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Passes {
    pub(super) value: Vec<f64>,
    pub(super) variance: Vec<f64>,
    pub(super) chi2: Vec<f64>,
    pub(super) calls: u64,
    pub(super) count: u64,
    pub(super) weights: Vec<WeightStats>,
    pub(super) covariance: Option<Vec<f64>>,
    pub(super) tally: Tally,
    pub(super) constant: Option<f64>,
}

/// Passes so far.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Kept {
    pub(super) sums: Passes,
    /// points that the strata were made for, in turn
    #[serde(deserialize_with = "list::few")]
    pub(super) sizes: Vec<u64>,
    /// passes until the next look, the last one included
    pub(super) left: u64,
}

impl Kept {
    /// Whether they could be those of `run`: a file may hold anything.
    pub(super) fn fits(&self, run: &Run<'_>) -> bool {
        let most = run.settings.stop.max_calls;
        let sizes = self.sizes.len() <= MOST_SIZES && self.sizes.iter().all(|n| *n <= most);
        let sums = &self.sums;
        let calls = sums.calls <= most && sums.count <= most;
        self.left > 0 && self.left <= most && sizes && calls && sums.fits(run)
    }

    pub(super) fn new(sums: &Passes, sizes: &[u64], left: u64) -> Self {
        Self {
            sums: sums.clone(),
            sizes: sizes.to_vec(),
            left,
        }
    }
}

impl Passes {
    /// Whether they could be those of `run`.
    pub(super) fn fits(&self, run: &Run<'_>) -> bool {
        let outputs = run.evaluator.outputs();
        let columns = [&self.value, &self.variance, &self.chi2];
        columns.iter().all(|c| c.len() == outputs)
            && self.weights.len() == outputs
            && self
                .covariance
                .as_ref()
                .is_none_or(|c| c.len() == outputs * outputs)
            && self.tally.fits(run.evaluator.observables())
    }

    pub(super) fn new(run: &Run<'_>) -> Self {
        let outputs = run.evaluator.outputs();
        let empty = Part::empty(run);
        Self {
            value: vec![0.0; outputs],
            variance: vec![0.0; outputs],
            chi2: vec![0.0; outputs],
            calls: 0,
            count: 0,
            weights: vec![WeightStats::default(); outputs],
            covariance: empty.covariance,
            tally: empty.tally,
            constant: None,
        }
    }

    pub(super) fn floors(&self) -> Vec<f64> {
        self.weights.iter().map(WeightStats::floor).collect()
    }

    /// Takes in a pass of `calls` points over `cells` cells.
    pub(super) fn add(&mut self, part: &Part, calls: u64, cells: usize) {
        let volume = 1.0 / cells as f64;
        self.calls += calls;
        self.count += 1;
        let share = calls as f64 / self.calls as f64;
        let (old, new) = ((1.0 - share).powi(2), (share * volume).powi(2));
        for (o, column) in part.columns.iter().enumerate() {
            self.value[o] += share * (column.value.value() * volume - self.value[o]);
            let spread = column.variance();
            self.variance[o] = old * self.variance[o] + new * spread;
            let variance = column.difference_variance.value();
            if variance > 0.0 {
                self.chi2[o] += column.difference.value().powi(2) / variance;
            }
            self.weights[o].merge_from(&column.weights);
        }
        if let (Some(mine), Some(theirs)) = (&mut self.covariance, &part.covariance) {
            let pairs = mine.iter_mut().zip(theirs);
            pairs.for_each(|(a, b)| *a = old * *a + new * b);
            let outputs = part.columns.len();
            let diagonal = mine.iter_mut().step_by(outputs + 1);
            diagonal
                .zip(&part.columns)
                .for_each(|(a, column)| *a += new * column.unseen());
            // Steps on a line may have raised a variance.
            let diagonal = mine.iter_mut().step_by(outputs + 1);
            let pairs = diagonal.zip(&self.variance);
            pairs.for_each(|(a, variance)| *a = a.max(*variance));
        }
        for (mine, theirs) in self.tally.slots.iter_mut().zip(&part.tally.slots) {
            for (a, b) in mine.iter_mut().zip(theirs) {
                a[0] += share * (b[0] * volume - a[0]);
                a[1] = old * a[1] + new * b[1];
            }
        }
        let constant = part.columns[0].constant;
        self.constant = if self.count == 1 || self.constant == constant {
            constant
        } else {
            None
        };
    }

    /// Records what is known after a pass of `calls` points as a step.
    pub(super) fn step(&self, run: &mut Run<'_>, calls: u64) {
        let found = (self.value[0], self.variance[0].sqrt());
        run.step_scaled(Phase::Estimate, calls, found, self.rel_std(0));
    }

    /// sigma/|mean| of the weights at uniform density.
    pub(super) fn rel_std(&self, o: usize) -> f64 {
        let w = &self.weights[o];
        if self.value[o] == 0.0 {
            return if w.nonzero() == 0 { 0.0 } else { f64::INFINITY };
        }
        if o == 0 && self.constant.is_some() {
            return 0.0;
        }
        let n = w.calls().max(1) as f64;
        let mean = w.sum() / n;
        (w.sum_squares() / n - mean * mean).max(0.0).sqrt() / mean.abs()
    }

    pub(super) fn findings(&self, run: &Run<'_>, stop: StopReason) -> Findings {
        let exponents = &run.evaluator.exponents;
        let outputs = exponents.iter().enumerate().map(|(o, exponent)| {
            let known = self.variance[o] > 0.0 && self.count > 0;
            let summary = Summary {
                value: self.value[o],
                error: self.variance[o].sqrt(),
                calls: self.calls,
                dof: None,
                rel_std: self.rel_std(o),
                weights: &self.weights[o],
                consistency: known.then(|| Consistency {
                    chi2: self.chi2[o],
                    dof: self.count,
                    p_value: p_value_chi2(self.chi2[o], self.count),
                }),
            };
            summary.output(*exponent)
        });
        Findings {
            outputs: outputs.collect(),
            covariance: self
                .covariance
                .as_ref()
                .map(|c| unscaled(c.iter().copied(), exponents)),
            histograms: self.tally.binned(
                run.evaluator.observables(),
                exponents[0],
                |[value, variance]| (value, variance.sqrt()),
            ),
            constant: self.count > 0 && self.constant.is_some(),
            largest: self.weights[0].max_abs(),
            signal: self.weights.iter().any(|w| w.nonzero() > 0),
            even: true,
            placement: Placement::Strata,
            stop,
        }
    }
}
