//! The sums of a part: exact ones of what each chunk has, so that no order shows in them.

use std::result::Result as StdResult;

use serde::{Deserialize, Deserializer, Serialize};

use super::super::{
    estimate::{BATCHES, Filled},
    evaluator::{Evaluated, Evaluator},
    mixture::Mixture,
    observable::Observable,
};
use super::{
    plan::{Job, Source},
    uniform::Uniform,
    whole::Whole,
};
use crate::error::Result;
use crate::list::{self, List};
use crate::stats::exact::{ExactMoments, ExactSum};
use crate::stats::exact_weights::ExactWeights;
use crate::stats::{Moments, WeightStats};

/// Batches as a length.
pub(super) const EQUAL: usize = 16;
const _: () = assert!(EQUAL as u64 == BATCHES, "batches of the estimate");

/// Everything summed over the points of a part (in scaled units).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Sums {
    /// per output, per batch
    #[serde(deserialize_with = "list::few")]
    pub(super) batches: Vec<Batches>,
    /// per output
    #[serde(deserialize_with = "list::few")]
    pub(super) weights: Vec<ExactWeights>,
    /// of w and of w^2, per cell of all histograms
    #[serde(deserialize_with = "cells")]
    pub(super) tally: Vec<[ExactSum; 2]>,
    /// points of the estimate that counted as zero because of a NaN, and of an infinity
    pub(super) not_finite: [u64; 2],
    pub(super) uniform: Uniform,
}

/// One output.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Batches(#[serde(deserialize_with = "list::few")] pub(super) Vec<ExactMoments>);

fn cells<'de, D: Deserializer<'de>>(from: D) -> StdResult<Vec<[ExactSum; 2]>, D::Error> {
    from.deserialize_seq(List {
        convert: |sums: [ExactSum; 2]| sums,
        fewest: 0,
        most: super::MOST_CELLS,
    })
}

/// What some points of a chunk come to.
#[derive(Serialize, Deserialize)]
pub(super) struct Piece {
    /// per output; none where the points are no part of the estimate
    moments: Vec<Moments>,
    weights: Vec<WeightStats>,
    filled: Filled,
    not_finite: [u64; 2],
    uniform: Option<Uniform>,
}

impl Piece {
    pub(super) fn new(
        evaluator: &Evaluator<'_>,
        mixture: Mixture<'_>,
        (job, e): (&Job, &Evaluated),
        floors: &[f64],
    ) -> Result<Self> {
        let mut piece = Self {
            moments: Vec::new(),
            weights: Vec::new(),
            filled: Filled::default(),
            not_finite: e.not_finite,
            uniform: None,
        };
        if job.from == Source::Uniform {
            let log_q = mixture.log_density(&e.x);
            piece.uniform = Some(Uniform::new(e, evaluator.outputs(), &log_q));
            return Ok(piece);
        }
        if mixture.is_uniform(job.from.channel()) {
            let log_q: Vec<f64> = e.log_jac.iter().map(|l| -l).collect();
            piece.uniform = Some(Uniform::new(e, evaluator.outputs(), &log_q));
        }
        let mut columns = e.columns();
        piece.filled = Filled::new(&evaluator.places(e)?, &columns[0]);
        let weights = columns.iter().zip(floors);
        piece.weights = weights
            .map(|(w, floor)| WeightStats::above(*floor, w, &[]))
            .collect();
        e.add_control(&mut columns);
        piece.moments = columns.iter().map(|w| Moments::from_slice(w)).collect();
        Ok(piece)
    }
}

impl Sums {
    pub(super) fn new(outputs: usize, cells: usize) -> Self {
        Self {
            batches: vec![Batches(vec![ExactMoments::default(); EQUAL]); outputs],
            weights: vec![ExactWeights::default(); outputs],
            tally: vec![<[ExactSum; 2]>::default(); cells],
            not_finite: [0; 2],
            uniform: Uniform::default(),
        }
    }

    /// Takes in the pieces of a chunk, with histograms of `observables`; returns the moments of its first output.
    pub(super) fn add(
        &mut self,
        batch: usize,
        pieces: &[Piece],
        observables: &[Observable],
    ) -> Moments {
        let mut first = Moments::default();
        for piece in pieces {
            for (all, m) in self.batches.iter_mut().zip(&piece.moments) {
                all.0[batch].add(m);
            }
            for (all, w) in self.weights.iter_mut().zip(&piece.weights) {
                all.add(w);
            }
            first.merge_from(&piece.moments.first().copied().unwrap_or_default());
            self.fill(&piece.filled, observables);
            for (all, n) in self.not_finite.iter_mut().zip(piece.not_finite) {
                *all += n;
            }
            if let Some(uniform) = &piece.uniform {
                self.uniform.merge_from(uniform);
            }
        }
        self.uniform.prune_at(self.weights[0].max_abs());
        first
    }

    /// Takes in the histograms of a chunk.
    fn fill(&mut self, filled: &Filled, observables: &[Observable]) {
        let mut first = 0;
        for (sums, observable) in filled.each.iter().zip(observables) {
            for (cell, [sum, squares]) in sums {
                let all = &mut self.tally[first + *cell as usize];
                all[0].add(*sum);
                all[1].add(*squares);
            }
            first += observable.cells();
        }
    }

    /// Leaves out what the other sums have shown not to matter.
    pub(super) fn finish(&mut self) {
        self.uniform.prune(self.weights[0].max_abs());
    }

    pub(super) fn merge_from(&mut self, other: &Self) {
        for (all, batches) in self.batches.iter_mut().zip(&other.batches) {
            for (all, batch) in all.0.iter_mut().zip(&batches.0) {
                all.merge_from(batch);
            }
        }
        for (all, weights) in self.weights.iter_mut().zip(&other.weights) {
            all.merge_from(weights);
        }
        for (all, slot) in self.tally.iter_mut().zip(&other.tally) {
            all[0].merge_from(&slot[0]);
            all[1].merge_from(&slot[1]);
        }
        for (all, n) in self.not_finite.iter_mut().zip(other.not_finite) {
            *all = all.saturating_add(n);
        }
        self.uniform.merge_from(&other.uniform);
        self.finish();
    }

    /// What a weight must exceed to be among the largest, per output.
    pub(super) fn floors(&self) -> Vec<f64> {
        self.weights.iter().map(ExactWeights::floor).collect()
    }

    /// Whether they could be of `points` points of the estimate and `uniform` others.
    pub(super) fn fit(&self, whole: &Whole, points: u64, uniform: u64) -> bool {
        let batches = |b: &Batches| {
            let calls = b.0.iter().map(|m| m.calls);
            b.0.len() == EQUAL && calls.into_iter().try_fold(0, u64::checked_add) == Some(points)
        };
        let not_finite = self.not_finite[0].checked_add(self.not_finite[1]);
        let calls = points + uniform;
        self.batches.len() == whole.outputs
            && self.batches.iter().all(batches)
            && self.weights.len() == whole.outputs
            && self.weights.iter().all(|w| w.calls() == points)
            && self.tally.len() == whole.cells()
            && not_finite.is_some_and(|n| n <= calls)
            && self.uniform.fits(calls)
    }
}
