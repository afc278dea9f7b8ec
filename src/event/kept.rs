//! What acceptance and rejection keep of a stream of draws.
//!
//! Draw k of weight w and the uniform number u is kept if u < |w|/b. The bound b may rise: with
//! a weight |w| above b/r it becomes r |w|, and what was kept with u >= |w|/b goes, as if this b
//! had held from the start. Given all N weights each draw is kept with probability
//! min(1, |w|/b), so that b/N times the sum of v = max(1, |w|/b) is unbiased whatever b they led to.

use super::sampler::Events;
use super::unweight::{Unweighting, UnweightingReport};
use crate::stats::{Efficiencies, MaxWeight, Overweights, negative_efficiency};

/// Events that are kept, and all draws counted.
pub(super) struct Kept {
    /// weights over the first bound
    events: Events,
    numbers: Vec<u64>,
    uniforms: Vec<f64>,
    tail: Overweights,
    trials: u64,
    first_bound: f64,
    /// bound over the first one
    level: f64,
    /// r, where the bound may rise
    rises: Option<f64>,
}

impl Kept {
    pub(super) fn new(dim: usize, first_bound: f64, how: &Unweighting) -> Self {
        Self {
            events: Events {
                dim,
                points: Vec::new(),
                weights: Vec::new(),
            },
            numbers: Vec::new(),
            uniforms: Vec::new(),
            tail: Overweights::default(),
            trials: 0,
            first_bound,
            level: 1.0,
            rises: (how.max_weight == MaxWeight::Max).then_some(how.partial),
        }
    }

    /// Number of events.
    pub(super) fn len(&self) -> usize {
        self.numbers.len()
    }

    /// The bound over the first one.
    pub(super) fn level(&self) -> f64 {
        self.level
    }

    /// Accepts or rejects a chunk of draws from `number` on; whether that made `n` events.
    pub(super) fn take(
        &mut self,
        (points, weights): (&[f64], &[f64]),
        (number, n): (u64, usize),
        mut uniform: impl FnMut() -> f64,
    ) -> bool {
        let draws = points.chunks_exact(self.events.dim).zip(weights);
        for ((point, w), number) in draws.zip(number..) {
            self.trials += 1;
            let ratio = w / self.first_bound;
            self.tail.add(ratio);
            if let Some(r) = self.rises
                && r * ratio.abs() > self.level
            {
                self.rise(r * ratio.abs());
            }
            // One number per trial, whether it is needed or not: draws stay aligned.
            let u = uniform();
            if u < ratio.abs() / self.level {
                self.events.points.extend_from_slice(point);
                self.events.weights.push(ratio);
                self.numbers.push(number);
                self.uniforms.push(u);
                if self.len() == n {
                    return true;
                }
            }
        }
        false
    }

    /// Raises the bound; what it would have kept stays.
    fn rise(&mut self, level: f64) {
        self.level = level;
        let (dim, mut to) = (self.events.dim, 0);
        for at in 0..self.len() {
            if self.uniforms[at] < self.events.weights[at].abs() / level {
                let point = at * dim..(at + 1) * dim;
                self.events.points.copy_within(point, to * dim);
                self.events.weights[to] = self.events.weights[at];
                self.numbers[to] = self.numbers[at];
                self.uniforms[to] = self.uniforms[at];
                to += 1;
            }
        }
        self.events.points.truncate(to * dim);
        self.events.weights.truncate(to);
        self.numbers.truncate(to);
        self.uniforms.truncate(to);
    }

    /// Events with their weights v, the numbers of their draws, the number of trials, and what is told
    /// of them.
    pub(super) fn finish(
        mut self,
        how: &Unweighting,
        efficiencies: Efficiencies,
    ) -> (Events, Vec<u64>, u64, UnweightingReport) {
        let weights = &mut self.events.weights;
        if self.level > 1.0 {
            // All overweights have been kept.
            let sizes = weights.iter().map(|w| w.abs() / self.level);
            let above = sizes.filter(|size| *size > 1.0).collect();
            self.tail = self.tail.raised(self.level, above);
        }
        for w in weights.iter_mut() {
            *w = (w.abs() / self.level).max(1.0).copysign(*w);
        }
        let over = weights.iter().filter(|w| w.abs() > 1.0).count() as f64;
        let n = self.numbers.len() as f64;
        let negative_fraction = self.tail.negative_fraction();
        let report = UnweightingReport {
            policy: how.max_weight.to_string(),
            max_weight: self.first_bound * self.level,
            partial: how.partial,
            efficiency: n / self.trials.max(1) as f64,
            efficiencies,
            overweight_fraction: over / n.max(1.0),
            overweight_share: self.tail.share(),
            overweight_reach: self.tail.reach(),
            negative_fraction,
            negative_efficiency: negative_efficiency(negative_fraction),
        };
        (self.events, self.numbers, self.trials, report)
    }
}
