//! Parts of an estimate that are made on machines which know nothing of each other.
//!
//! An estimate of N independent points from a frozen proposal is divided into chunks, and these among
//! shards: point i has the same random numbers in whatever shard it is. Each chunk is summed as it is, and
//! chunks are added without rounding ([`crate::stats`]), so that parts may be merged in any order.
//! What is in a part:
//!
//! ```text
//! per output and batch of 16   n, sum w, sum w^2
//! per output                   n, n with w != 0, sum w [w > 0], sum |w| [w < 0], sum w^2,
//!                              min |w|, the 2000 largest |w|
//! per bin of a histogram       sum w, sum w^2
//! uniform points               n, sum f, sum f^2, min log q, f where w is beyond the largest weight
//! ```
//!
//! and how many values were NaN or infinite. Before its first point, each machine looks at the same 256
//! points of the proposal: they give the scales, the level of the control variate of a defended flow,
//! and values by which sampler and integrand are recognised (to 1e-6, as far as 16 of the points tell).
//!
//! Known weaknesses: the points are independent ones, where nets or strata can do better; there is no
//! covariance of several outputs. On processors with different vector instructions values differ by
//! rounding: parts of both can be merged, to an estimate as good, but not to the bits of either.

mod evaluate;
mod merge;
mod plan;
mod report;
mod sums;
mod uniform;
mod whole;

use serde::{Deserialize, Deserializer, Serialize};

use super::Shard;
use crate::list::{self, List};
use sums::Sums;
use whole::Whole;

/// Fewest points of an estimate.
const FEWEST: u64 = 128;
/// Most points of an estimate.
const MOST: u64 = 1 << 50;
/// Most outputs.
const MOST_OUTPUTS: usize = 256;
/// Most bins of all histograms, those below and above included.
const MOST_CELLS: usize = 1 << 16;
/// Most ranges of chunks without neighbours.
const MOST_RANGES: usize = 1 << 18;
/// Points that sampler and integrand are recognised by.
const PROBE: usize = 16;

/// A part of an estimate, or several of them merged, or all.
///
/// ```
/// use thalweg::{Integrator, Settings, from_fn, integrate::{Shard, Silent}, map::Grid};
///
/// let f = from_fn(1, |x| 3.0 * x[0] * x[0]);
/// let map = Grid::from_edges(1, vec![0.0, 0.5, 0.8, 1.0])?;
/// let integrator = Integrator::new(Settings::default())?;
/// // Each on a machine of its own, in any order.
/// let part = |i| {
///     let shard = Shard::new(i, 3).expect("1 to 3");
///     integrator.estimate_shard(&f, &map, (100_000, shard), &mut Silent)
/// };
/// let mut all = part(3)?;
/// all.merge_from(&part(1)?)?;
/// assert_eq!(all.missing(), ["2/3"]);
/// all.merge_from(&part(2)?)?;
/// assert!(all.is_complete());
/// assert!((all.report().estimate.value - 1.0).abs() < 0.01);
/// # Ok::<(), thalweg::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Partial {
    whole: Whole,
    /// sorted by their names
    #[serde(deserialize_with = "list::few")]
    notes: Vec<(String, String)>,
    /// number of shards, 0 where different ones were merged
    shards: u64,
    /// chunks that are there: first and end, sorted, without neighbours
    #[serde(deserialize_with = "ranges")]
    ranges: Vec<(u64, u64)>,
    sums: Sums,
    /// the largest number of a machine
    threads: u64,
    microseconds: u64,
    /// instruction sets, sorted
    #[serde(deserialize_with = "list::few")]
    levels: Vec<String>,
}

fn ranges<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<(u64, u64)>, D::Error> {
    from.deserialize_seq(List {
        convert: |range: (u64, u64)| range,
        fewest: 0,
        most: MOST_RANGES,
    })
}

impl Partial {
    /// A note of the user's that is kept with the part.
    pub fn note(&self, name: &str) -> Option<&str> {
        let mut notes = self.notes.iter();
        let found = notes.find(|(other, _)| other == name);
        found.map(|(_, note)| note.as_str())
    }

    /// Sets a note, of which there may be 256. Parts with different notes are not merged.
    pub fn set_note(&mut self, name: impl Into<String>, note: impl Into<String>) {
        let name = name.into();
        self.notes.retain(|(other, _)| *other != name);
        self.notes.push((name, note.into()));
        self.notes.sort_unstable();
    }

    /// Points of the estimate, and uniform ones, that counted as zero because a value was NaN, and
    /// because it was infinite.
    pub fn not_finite(&self) -> [u64; 2] {
        self.sums.not_finite
    }

    /// Number of shards; `None` where parts of different numbers were merged.
    pub fn shards(&self) -> Option<u64> {
        Some(self.shards).filter(|shards| *shards > 0)
    }

    /// Coordinates of a point.
    pub fn dim(&self) -> usize {
        self.whole.dim
    }

    /// Refuses what no machine has made: what was read may be anything.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        if !self.whole.is_possible() {
            return Err("it is of an estimate that is not possible");
        }
        let chunks = self.whole.plan().chunks();
        let mut end = None;
        for &(first, next) in &self.ranges {
            if end.is_some_and(|end| first <= end) || first >= next || next > chunks {
                return Err("its ranges of points are in disorder");
            }
            end = Some(next);
        }
        if self.shards != 0 && Shard::new(1, self.shards).is_none() {
            return Err("it has an impossible number of shards");
        }
        let (points, uniform) = (self.points_there(), self.uniform_there());
        if !self.sums.fit(&self.whole, points, uniform) {
            return Err("its sums are not of the points that it says to have");
        }
        Ok(())
    }
}
