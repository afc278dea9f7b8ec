//! Weight statistics that merge to the same bits in any order.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::exact::ExactSum;
use super::weights::{TAIL, WeightStats};
use crate::list::List;

/// [`WeightStats`] with exact sums; the largest weights and the counters have no rounding anyway.
#[derive(Clone, Debug, Default)]
pub(crate) struct ExactWeights {
    /// without its sums
    stats: WeightStats,
    sums: [ExactSum; 3],
}

/// As it is written.
#[derive(Serialize, Deserialize)]
struct Written {
    calls: u64,
    nonzero: u64,
    /// smallest |w| that is not zero
    least: Option<f64>,
    /// descending
    #[serde(deserialize_with = "tail")]
    largest: Vec<f64>,
    positive: ExactSum,
    negative: ExactSum,
    squares: ExactSum,
}

/// At most [`TAIL`] numbers.
fn tail<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<f64>, D::Error> {
    from.deserialize_seq(List {
        convert: |weight: f64| weight,
        fewest: 0,
        most: TAIL,
    })
}

impl ExactWeights {
    /// Adds the weights summarised by `part`, which all count the same.
    pub(crate) fn add(&mut self, part: &WeightStats) {
        self.stats.merge_from(part);
        let sums = [part.positive(), part.negative(), part.sum_squares()];
        for (all, sum) in self.sums.iter_mut().zip(sums) {
            all.add(sum);
        }
    }

    /// Adds the weights summarised by `other`.
    pub(crate) fn merge_from(&mut self, other: &Self) {
        self.stats.merge_from(&other.stats);
        for (all, sum) in self.sums.iter_mut().zip(&other.sums) {
            all.merge_from(sum);
        }
    }

    /// The statistics.
    pub(crate) fn stats(&self) -> WeightStats {
        let sums = [0, 1, 2].map(|i| self.sums[i].value());
        self.stats.with_sums(sums)
    }

    /// What a weight must exceed to be among the largest ones, as far as is known.
    pub(crate) fn floor(&self) -> f64 {
        self.stats.floor()
    }

    /// max |w|
    pub(crate) fn max_abs(&self) -> f64 {
        self.stats.max_abs()
    }

    /// Number of weights.
    pub(crate) fn calls(&self) -> u64 {
        self.stats.calls()
    }
}

impl Serialize for ExactWeights {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let [positive, negative, squares] = self.sums.clone();
        Written {
            calls: self.stats.calls(),
            nonzero: self.stats.nonzero(),
            least: self.stats.least(),
            largest: self.stats.largest(),
            positive,
            negative,
            squares,
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ExactWeights {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let w = Written::deserialize(deserializer)?;
        let kept = w.nonzero.min(TAIL as u64);
        let least = w.least.unwrap_or(f64::INFINITY);
        let descending = w.largest.is_sorted_by(|a, b| a >= b);
        let good = w.nonzero <= w.calls
            && w.largest.len() as u64 == kept
            && w.least.is_some() == (w.nonzero > 0)
            && descending
            && w.largest
                .iter()
                .all(|size| *size >= least && size.is_finite())
            && least > 0.0;
        if !good {
            return Err(D::Error::custom("weights that no points have"));
        }
        Ok(Self {
            stats: WeightStats::from_tail((w.calls, w.nonzero), w.least, w.largest),
            sums: [w.positive, w.negative, w.squares],
        })
    }
}
