//! Parts put together, and what is missing from them.

use super::super::Shard;
use super::Partial;
use crate::error::{Error, Result};

/// Shards that are named one by one.
const NAMED: usize = 20;

impl Partial {
    /// Takes in the points of `other`. Whatever the order and the grouping, the same parts together
    /// are the same bits.
    ///
    /// # Errors
    /// [`Error::OtherPart`] for one of another estimate, [`Error::SamePoints`] for one that has points which
    /// are there already; nothing has changed then.
    pub fn merge_from(&mut self, other: &Self) -> Result<()> {
        if let Some(what) = self.whole.difference(&other.whole) {
            return Err(Error::OtherPart { what });
        }
        if self.notes != other.notes {
            let what = "has other notes".to_owned();
            return Err(Error::OtherPart { what });
        }
        let ranges = self.joined(&other.ranges)?;
        // Of what may differ by rounding, between processors, that of the first points counts.
        if other.ranges.first() < self.ranges.first() && !other.ranges.is_empty() {
            self.whole = other.whole.clone();
        }
        self.ranges = ranges;
        if self.shards != other.shards {
            self.shards = 0;
        }
        self.sums.merge_from(&other.sums);
        self.threads = self.threads.max(other.threads);
        self.microseconds = self.microseconds.saturating_add(other.microseconds);
        self.levels.extend(other.levels.iter().cloned());
        self.levels.sort_unstable();
        self.levels.dedup();
        Ok(())
    }

    /// The chunks of both, neighbours joined.
    fn joined(&self, others: &[(u64, u64)]) -> Result<Vec<(u64, u64)>> {
        let mut ranges = self.ranges.clone();
        for &(first, end) in others {
            let at = ranges.partition_point(|(_, e)| *e <= first);
            if let Some((there, until)) = ranges.get(at).filter(|(there, _)| *there < end) {
                let plan = self.whole.plan();
                return Err(Error::SamePoints {
                    first: plan.points_before(first.max(*there)),
                    last: plan.points_before(end.min(*until)).saturating_sub(1),
                });
            }
            let before = at > 0 && ranges[at - 1].1 == first;
            let after = ranges.get(at).is_some_and(|(there, _)| *there == end);
            match (before, after) {
                (true, true) => {
                    ranges[at - 1].1 = ranges[at].1;
                    ranges.remove(at);
                }
                (true, false) => ranges[at - 1].1 = end,
                (false, true) => ranges[at].0 = first,
                (false, false) => ranges.insert(at, (first, end)),
            }
        }
        Ok(ranges)
    }

    /// The points that are there, counted from 0: first and end of each range.
    pub fn ranges(&self) -> Vec<(u64, u64)> {
        let plan = self.whole.plan();
        let at = |(first, end): &(u64, u64)| (plan.points_before(*first), plan.points_before(*end));
        self.ranges.iter().map(at).collect()
    }

    /// Whether all points of a shard are there.
    pub fn has(&self, shard: Shard) -> bool {
        let (first, length) = shard.range(self.whole.plan().chunks());
        let within = |(from, end): &(u64, u64)| *from <= first && first + length <= *end;
        length == 0 || self.ranges.iter().any(within)
    }

    /// Points of the whole estimate.
    pub fn points(&self) -> u64 {
        self.whole.plan().points()
    }

    /// Points of it that are there.
    pub fn points_there(&self) -> u64 {
        let plan = self.whole.plan();
        let of = |(first, end): &(u64, u64)| plan.points_before(*end) - plan.points_before(*first);
        self.ranges.iter().map(of).sum()
    }

    /// Uniform points that are there beside them.
    pub(super) fn uniform_there(&self) -> u64 {
        let plan = self.whole.plan();
        let of =
            |(first, end): &(u64, u64)| plan.uniform_before(*end) - plan.uniform_before(*first);
        self.ranges.iter().map(of).sum()
    }

    /// Whether all points are there.
    pub fn is_complete(&self) -> bool {
        self.ranges == [(0, self.whole.plan().chunks())]
    }

    /// What is missing, in words: shards such as `3/64`, with "a part of" before those that ended
    /// early; or points, counted from 0, such as `1000-1999`, where the numbers of shards differed.
    /// After 20 of them, how many more there are.
    pub fn missing(&self) -> Vec<String> {
        let chunks = self.whole.plan().chunks();
        let ends = self.ranges.iter().map(|(_, end)| *end);
        let starts = self.ranges.iter().map(|(first, _)| *first);
        let gaps: Vec<(u64, u64)> = [0]
            .into_iter()
            .chain(ends)
            .zip(starts.chain([chunks]))
            .filter(|(first, end)| first < end)
            .collect();
        let mut names: Vec<String> = if self.shards == 0 {
            let plan = self.whole.plan();
            let points = |(first, end): &(u64, u64)| {
                let last = plan.points_before(*end) - 1;
                format!("points {}-{last}", plan.points_before(*first))
            };
            gaps.iter().map(points).collect()
        } else {
            self.missing_shards(&gaps)
        };
        let more = names.len().saturating_sub(NAMED);
        if more > 0 {
            names.truncate(NAMED);
            names.push(format!("and {more} more"));
        }
        names
    }

    /// The shards that have chunks in the `gaps`, all of which are in order.
    fn missing_shards(&self, gaps: &[(u64, u64)]) -> Vec<String> {
        let chunks = self.whole.plan().chunks();
        let shards = (1..=self.shards).filter_map(|i| Shard::new(i, self.shards));
        let name = |shard: Shard| {
            let (first, length) = shard.range(chunks);
            let end = first + length;
            let at = gaps.partition_point(|(_, e)| *e <= first);
            let (from, until) = gaps.get(at).filter(|(from, _)| *from < end)?;
            let all = *from <= first && end <= *until;
            Some(format!("{}{shard}", if all { "" } else { "a part of " }))
        };
        shards.filter_map(name).collect()
    }
}
