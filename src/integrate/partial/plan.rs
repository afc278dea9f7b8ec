//! Which points there are, in which chunks: a function of their number and of the proposal alone.
//!
//! Points come in units, of one point or of one point from each share of a mixture. A chunk is a number
//! of whole units and one uniform point for every 32 of its points, unless the mixture has some. A chunk
//! is summed as it is, so that the division is part of the result's definition.

use super::super::{
    estimate::BATCHES,
    evaluator::{Block, CHUNK},
    exploration::PER_POINT,
};
use crate::rng::Purpose;

/// Points from which on chunks are larger.
const MANY: u64 = 1_000_000;

/// The chunks of an estimate.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// points per unit of each channel of the proposal
    shares: Vec<u64>,
    /// whether uniform points come beside them
    beside: bool,
    units: u64,
    units_per_chunk: u64,
}

/// Some points of a chunk.
#[derive(Clone, Copy, Debug)]
pub(super) struct Job {
    pub(super) chunk: u64,
    pub(super) from: Source,
    pub(super) block: Block,
}

/// Where points come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// a channel of the proposal
    Channel(usize),
    /// the uniform density, beside the estimate
    Uniform,
}

impl Source {
    /// The channel of a point of the estimate.
    pub(super) fn channel(self) -> usize {
        match self {
            Self::Channel(channel) => channel,
            Self::Uniform => 0,
        }
    }
}

impl Plan {
    /// Of `points` points, or as many fewer as make whole units of `shares`.
    pub(super) fn new(points: u64, shares: Vec<u64>, has_uniform: bool) -> Self {
        let unit: u64 = shares.iter().sum();
        let chunk = if points < MANY {
            // At least 256 of them where there are enough points, so that many machines have some.
            (points / 256).next_multiple_of(32).clamp(32, CHUNK)
        } else {
            4 * CHUNK
        };
        Self {
            units: points / unit,
            units_per_chunk: (chunk / unit).max(1),
            beside: !has_uniform,
            shares,
        }
    }

    /// Number of chunks.
    pub(super) fn chunks(&self) -> u64 {
        self.units.div_ceil(self.units_per_chunk)
    }

    /// Points of the estimate.
    pub(super) fn points(&self) -> u64 {
        self.points_before(self.chunks())
    }

    /// Points of the estimate in the chunks before `chunk`.
    pub(super) fn points_before(&self, chunk: u64) -> u64 {
        self.units_before(chunk) * self.shares.iter().sum::<u64>()
    }

    /// Uniform points beside the estimate in the chunks before `chunk`.
    pub(super) fn uniform_before(&self, chunk: u64) -> u64 {
        if self.beside {
            self.points_before(chunk) / PER_POINT
        } else {
            0
        }
    }

    fn units_before(&self, chunk: u64) -> u64 {
        chunk.saturating_mul(self.units_per_chunk).min(self.units)
    }

    /// The batch that a chunk belongs to.
    pub(super) fn batch(&self, chunk: u64) -> usize {
        let batch = u128::from(chunk) * u128::from(BATCHES) / u128::from(self.chunks().max(1));
        usize::try_from(batch).unwrap_or(0)
    }

    /// What is to be done for a chunk.
    pub(super) fn jobs(&self, chunk: u64) -> impl Iterator<Item = Job> {
        let (first, next) = (self.units_before(chunk), self.units_before(chunk + 1));
        let channels = self.shares.iter().enumerate().map(move |(channel, share)| {
            let block = block(
                (Purpose::Estimate, channel as u64),
                (share * first, share * next),
            );
            (Source::Channel(channel), block)
        });
        let uniform = (self.uniform_before(chunk), self.uniform_before(chunk + 1));
        let uniform = (Source::Uniform, block((Purpose::Explore, 1), uniform));
        let all = channels.chain([uniform]);
        all.filter(|(_, block)| block.n > 0)
            .map(move |(from, block)| Job { chunk, from, block })
    }
}

/// The points `first..next` of a sequence.
fn block((purpose, iteration): (Purpose, u64), (first, next): (u64, u64)) -> Block {
    Block {
        purpose,
        iteration,
        first,
        n: usize::try_from(next - first).unwrap_or(usize::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::Plan;

    #[test]
    fn chunks_are_all_points() {
        for (shares, has_uniform) in [(vec![1], false), (vec![32, 1], true), (vec![1], true)] {
            for points in [128, 1000, 65_537, 1_000_000, 1_000_001, 3_000_000] {
                let plan = Plan::new(points, shares.clone(), has_uniform);
                let unit: u64 = shares.iter().sum();
                assert_eq!(plan.points(), points / unit * unit);
                let jobs = (0..plan.chunks()).flat_map(|c| plan.jobs(c).collect::<Vec<_>>());
                let all: u64 = jobs.map(|job| job.block.n as u64).sum();
                let uniform = plan.uniform_before(plan.chunks());
                assert_eq!(all, plan.points() + uniform);
                assert_eq!(uniform > 0, !has_uniform);
                assert!(plan.batch(plan.chunks() - 1) < 16);
            }
        }
    }
}
