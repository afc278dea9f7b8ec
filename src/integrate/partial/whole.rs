//! What parts of one estimate have in common, and in what others differ.

use serde::{Deserialize, Serialize};

use super::super::{
    mixture::Defence,
    observable::Binning,
    settings::{Method, NonFinite},
};
use super::plan::Plan;
use crate::list;
use crate::stats::Moments;

/// Values that belong together agree so well, relative to the largest of them: processors and their
/// libraries differ by rounding.
const ALIKE: f64 = 1e-6;
/// Largest exponent of a scale.
const MOST: i32 = 2200;

/// The estimate that parts are parts of.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Whole {
    /// points that were asked for
    pub(super) points: u64,
    pub(super) seed: u64,
    pub(super) dim: usize,
    pub(super) outputs: usize,
    /// domain, policy and defence as a number
    pub(super) key: u64,
    pub(super) method: Method,
    pub(super) proposal: String,
    pub(super) adapted: bool,
    pub(super) defended: bool,
    pub(super) policy: NonFinite,
    /// of the scale, per output
    #[serde(deserialize_with = "list::few")]
    pub(super) exponents: Vec<i32>,
    /// log|dx/dz| and f at a few points of the proposal: what sampler and integrand are known by
    #[serde(deserialize_with = "list::some")]
    pub(super) probe: Vec<f64>,
    /// of the first output at a few more of them, scaled
    pub(super) pilot: Moments,
    #[serde(deserialize_with = "list::few")]
    pub(super) histograms: Vec<Binning>,
    pub(super) version: String,
}

impl Whole {
    /// Its chunks.
    pub(super) fn plan(&self) -> Plan {
        let shares = if self.defended {
            self.defence().shares()
        } else {
            vec![1]
        };
        Plan::new(self.points, shares, self.defended || !self.adapted)
    }

    fn defence(&self) -> Defence {
        Defence {
            tempered: None,
            level: self.pilot.mean,
        }
    }

    /// The weight of most points, in units of the value.
    pub(super) fn usual_weight(&self) -> f64 {
        if self.defended {
            self.defence().usual_weight()
        } else {
            1.0
        }
    }

    /// Cells of all histograms.
    pub(super) fn cells(&self) -> usize {
        self.histograms.iter().map(Binning::cells).sum()
    }

    /// Whether a run can have it: what was read may be anything.
    pub(super) fn is_possible(&self) -> bool {
        (super::FEWEST..=super::MOST).contains(&self.points)
            && (1..=super::MOST_OUTPUTS).contains(&self.outputs)
            && self.dim > 0
            && self.exponents.len() == self.outputs
            && self.exponents.iter().all(|e| e.abs() <= MOST)
            && self.probe.len() <= super::PROBE * (1 + self.outputs)
            && (1..=super::super::evaluator::CHUNK).contains(&self.pilot.calls)
            && self.cells() <= super::MOST_CELLS
    }

    /// In what `other` differs from it: the rest of a sentence that begins with "it".
    pub(super) fn difference(&self, other: &Self) -> Option<String> {
        let differ = |what: &str, mine: &dyn ToString, theirs: &dyn ToString| {
            let (mine, theirs) = (mine.to_string(), theirs.to_string());
            (mine != theirs).then(|| format!("is of {what} {theirs}, not {mine}"))
        };
        differ("seed", &self.seed, &other.seed)
            .or_else(|| differ("points in all", &self.points, &other.points))
            .or_else(|| differ("dimension", &self.dim, &other.dim))
            .or_else(|| differ("outputs", &self.outputs, &other.outputs))
            .or_else(|| differ("version", &self.version, &other.version))
            .or_else(|| differ("proposal", &self.proposal, &other.proposal))
            .or_else(|| self.deeper_difference(other))
    }

    fn deeper_difference(&self, other: &Self) -> Option<String> {
        let kind = |w: &Self| (w.key, w.method, w.adapted, w.defended, w.policy);
        let what = if kind(self) != kind(other) {
            "is of other settings, or of another domain"
        } else if !alike(&self.probe, &other.probe)
            || !alike(&numbers(self.pilot), &numbers(other.pilot))
        {
            "is of another sampler or of another integrand"
        } else if self.histograms != other.histograms {
            "has other histograms"
        } else if self.exponents != other.exponents {
            "has sums of another scale"
        } else {
            return None;
        };
        Some(what.to_owned())
    }
}

fn numbers(moments: Moments) -> [f64; 2] {
    [moments.mean, moments.std_dev()]
}

/// Whether numbers agree up to rounding.
fn alike(a: &[f64], b: &[f64]) -> bool {
    let largest = a.iter().chain(b).fold(0.0, |l: f64, v| l.max(v.abs()));
    let close =
        |(a, b): (&f64, &f64)| a.to_bits() == b.to_bits() || (a - b).abs() <= ALIKE * largest;
    a.len() == b.len() && a.iter().zip(b).all(close)
}
