//! What the uniform points of a part say, to be asked again when all weights are known.
//!
//! Points count where their weight is beyond the largest one of the estimate ([`super::super::exploration`]),
//! which no part knows. A part keeps those beyond three times its own largest weight: others have no
//! chance. Of very many, the largest weights are kept, and what is unseen is a lower bound.

use serde::{Deserialize, Deserializer, Serialize};

use super::super::{evaluator::Evaluated, exploration::BEYOND};
use crate::list::List;
use crate::stats::Moments;
use crate::stats::exact::{ExactMoments, ExactSum};

/// Most points that are kept.
const KEPT: usize = 1024;

/// Uniform points, first output, scaled.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Uniform {
    pub(super) f: ExactMoments,
    /// the smallest log density of the proposal there
    pub(super) log_q: f64,
    /// log of the weight, and |f|, the largest weights first
    #[serde(deserialize_with = "few")]
    beyond: Vec<(f64, f64)>,
}

fn few<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<(f64, f64)>, D::Error> {
    from.deserialize_seq(List {
        convert: |pair: (f64, f64)| pair,
        fewest: 0,
        most: KEPT,
    })
}

impl Default for Uniform {
    fn default() -> Self {
        Self {
            f: ExactMoments::default(),
            log_q: f64::INFINITY,
            beyond: Vec::new(),
        }
    }
}

impl Uniform {
    /// Of evaluated points where the proposal has the densities `log_q` (`[n]`).
    pub(super) fn new(e: &Evaluated, outputs: usize, log_q: &[f64]) -> Self {
        let f: Vec<f64> = e.f.iter().step_by(outputs).copied().collect();
        let weights = f.iter().zip(log_q).filter(|(f, _)| **f != 0.0);
        let mut moments = ExactMoments::default();
        moments.add(&Moments::from_slice(&f));
        Self {
            f: moments,
            log_q: log_q.iter().copied().fold(f64::INFINITY, f64::min),
            beyond: weights.map(|(f, l)| (f.abs().ln() - l, f.abs())).collect(),
        }
    }

    pub(super) fn merge_from(&mut self, other: &Self) {
        self.f.merge_from(&other.f);
        self.log_q = self.log_q.min(other.log_q);
        self.beyond.extend(&other.beyond);
    }

    /// As [`Self::prune`], where there is something to gain.
    pub(super) fn prune_at(&mut self, largest: f64) {
        if self.beyond.len() > 2 * KEPT {
            self.prune(largest);
        }
    }

    /// Leaves out what is not beyond the weights of an estimate whose largest is `largest`.
    pub(super) fn prune(&mut self, largest: f64) {
        let limit = (BEYOND * largest).ln();
        self.beyond.retain(|(log_w, _)| *log_w > limit);
        let descending = |a: &(f64, f64), b: &(f64, f64)| {
            let by_f = || b.1.total_cmp(&a.1);
            b.0.total_cmp(&a.0).then_with(by_f)
        };
        self.beyond.sort_unstable_by(descending);
        self.beyond.truncate(KEPT);
    }

    /// Sum of |f| of what is beyond, once it is pruned.
    pub(super) fn unseen(&self) -> f64 {
        let mut sum = ExactSum::default();
        self.beyond.iter().for_each(|(_, f)| sum.add(*f));
        sum.value()
    }

    /// Whether it could be of at most `calls` points.
    pub(super) fn fits(&self, calls: u64) -> bool {
        let sizes = self.beyond.iter().all(|(w, f)| !w.is_nan() && *f > 0.0);
        self.f.calls <= calls && self.beyond.len() as u64 <= self.f.calls && sizes
    }
}
