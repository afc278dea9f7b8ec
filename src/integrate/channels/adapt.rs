//! Learning the shares of channels, and their grids.

use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};

use super::{Channel, MultiChannel};
use crate::error::{Error, Result};
use crate::integrate::{Iteration, Phase, Settings, evaluator::CHUNK};
use crate::map::GridTraining;
use crate::rng::{Purpose, Streams};

/// How shares and grids of a [`MultiChannel`] are adapted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChannelsConfig {
    /// calls of the first iteration, at least; each next one has half as many again
    pub first_calls: u64,
    /// most iterations
    pub max_iterations: usize,
    /// power of `W_c` that a share is multiplied by: 0 keeps the shares
    pub shares: f64,
    /// part of all points that is divided equally among the channels, whatever their shares: what a
    /// channel has not seen is not lost
    pub floor: f64,
    /// part of the budget that may be spent on adapting
    pub most: f64,
}

impl Default for ChannelsConfig {
    fn default() -> Self {
        Self {
            first_calls: 4000,
            max_iterations: 15,
            shares: 0.5,
            floor: 0.05,
            most: 0.3,
        }
    }
}

/// Points of an iteration that a channel has at least.
const FEWEST: u64 = 100;
/// Points for each bin of an axis.
const POINTS_PER_BIN: usize = 20;

/// Some points of one channel.
struct Chunk {
    channel: usize,
    first: u64,
    n: usize,
}

/// What the points of a channel came to.
struct Seen {
    training: GridTraining,
    n: f64,
    sum: f64,
    squares: f64,
}

impl MultiChannel<'_> {
    /// Adapts with a part of the calls of `settings`, and says what was seen on the way.
    pub(super) fn adapt(&mut self, settings: &Settings) -> Result<Vec<Iteration>> {
        let config = self.config;
        let count = self.channels.len() as u64;
        let most = most_calls(settings.stop.max_calls, config.most);
        let mut calls = config.first_calls.max(2 * FEWEST * count);
        let mut steps: Vec<Iteration> = Vec::new();
        let (mut spent, mut best, mut stale) = (0, f64::INFINITY, 0);
        for iteration in 0..config.max_iterations {
            // Every channel has its fewest on top.
            if spent + calls + FEWEST * count > most {
                break;
            }
            let step = self.iterate(settings, iteration as u64, calls)?;
            spent += step.calls;
            steps.push(step);
            // A single lucky iteration must not end the search: two without progress do.
            stale = if step.rel_std < 0.97 * best {
                0
            } else {
                stale + 1
            };
            best = best.min(step.rel_std);
            let target = settings.stop.rel_error;
            // The next iteration could at best save a small part of what is left to do.
            let needed = target.map(|e| (step.rel_std / e).powi(2));
            let pointless = needed.is_some_and(|n| n < 1.5 * calls as f64);
            if iteration >= 3 && (stale >= 2 || pointless) {
                break;
            }
            calls += calls / 2;
        }
        Ok(steps)
    }

    /// One iteration, after which grids and shares are new.
    fn iterate(&mut self, settings: &Settings, iteration: u64, calls: u64) -> Result<Iteration> {
        let counts: Vec<u64> = self
            .channels
            .iter()
            .map(|c| most_calls(calls, c.share).max(FEWEST))
            .collect();
        for (channel, n) in self.channels.iter_mut().zip(&counts) {
            let bins = usize::try_from(*n).unwrap_or(usize::MAX) / POINTS_PER_BIN;
            let bins = bins.clamp(16.min(settings.vegas.max_bins), settings.vegas.max_bins);
            if bins > channel.grid.bins() {
                channel.grid = channel.grid.resample(bins);
            }
        }
        let seen = self.look(Streams::new(settings.seed), iteration, &counts)?;
        let (mut value, mut variance, mut squares) = (0.0, 0.0, 0.0);
        for (channel, seen) in self.channels.iter().zip(&seen) {
            let (mean, square) = (seen.sum / seen.n, seen.squares / seen.n);
            value += channel.share * mean;
            squares += channel.share * square;
            variance += channel.share.powi(2) * (square - mean * mean).max(0.0) / seen.n;
        }
        let spread = (squares - value * value).max(0.0).sqrt();
        self.learn(settings, &seen);
        Ok(Iteration {
            phase: Phase::Adapt,
            calls: counts.iter().sum(),
            value,
            error: variance.sqrt(),
            rel_std: spread / value.abs(),
            beta: None,
        })
    }

    /// Refines the grids, and moves the shares to where the variance is smaller.
    fn learn(&mut self, settings: &Settings, seen: &[Seen]) {
        let (power, floor) = (self.config.shares, self.config.floor);
        let count = self.channels.len() as f64;
        let wanted: Vec<f64> = self
            .channels
            .iter()
            .zip(seen)
            .map(|(channel, seen)| channel.share * (seen.squares / seen.n).powf(power))
            .collect();
        let total: f64 = wanted.iter().sum();
        for ((channel, seen), wanted) in self.channels.iter_mut().zip(seen).zip(wanted) {
            channel.grid = channel.grid.refined(&seen.training, settings.vegas.alpha);
            // Where nothing was seen, or too much, all stays as it is.
            if total > 0.0 && total.is_finite() {
                channel.share = floor / count + (1.0 - floor) * wanted / total;
            }
        }
    }

    /// Evaluates points (`counts`: `[channels]`), in parallel unless the integrand wants large batches.
    fn look(&self, streams: Streams, iteration: u64, counts: &[u64]) -> Result<Vec<Seen>> {
        let together = match self.integrand.batch() {
            Some(batch) => (batch as u64).max(CHUNK),
            None => CHUNK,
        };
        let mut chunks = Vec::new();
        for (channel, count) in counts.iter().enumerate() {
            for first in (0..*count).step_by(usize::try_from(together).unwrap_or(usize::MAX)) {
                let n = usize::try_from(together.min(count - first)).unwrap_or(usize::MAX);
                chunks.push(Chunk { channel, first, n });
            }
        }
        let evaluate = |chunk: &Chunk| self.evaluate(streams, iteration, chunk);
        let parts: Vec<Result<(Vec<f64>, Vec<f64>)>> = if self.integrand.batch().is_some() {
            chunks.iter().map(evaluate).collect()
        } else {
            chunks.par_iter().map(evaluate).collect()
        };
        let new = |channel: &Channel| Seen {
            training: GridTraining::new(&channel.grid),
            n: 0.0,
            sum: 0.0,
            squares: 0.0,
        };
        let mut seen: Vec<Seen> = self.channels.iter().map(new).collect();
        for (chunk, part) in chunks.iter().zip(parts) {
            let (z, w) = part?;
            let seen = &mut seen[chunk.channel];
            seen.training
                .add(&self.channels[chunk.channel].grid, &z, &w);
            seen.n += w.len() as f64;
            seen.sum += w.iter().sum::<f64>();
            seen.squares += w.iter().map(|w| w * w).sum::<f64>();
        }
        Ok(seen)
    }

    /// Latent points (`[n * dim]`) of a chunk and their weights (`[n]`, first output).
    fn evaluate(
        &self,
        streams: Streams,
        iteration: u64,
        chunk: &Chunk,
    ) -> Result<(Vec<f64>, Vec<f64>)> {
        let (dim, outputs) = (self.domain.dim(), self.integrand.outputs());
        let mut z = vec![0.0; chunk.n * dim];
        let sequence = iteration * self.channels.len() as u64 + chunk.channel as u64;
        streams.fill_points(Purpose::Adapt, sequence, chunk.first, dim, &mut z);
        let mut values = vec![0.0; chunk.n * outputs];
        self.weigh(&vec![chunk.channel; chunk.n], &z, &mut values)
            .map_err(Error::from)?;
        // What is not finite is for the estimate's policy.
        let first = values.iter().step_by(outputs);
        let w = first.map(|w| if w.is_finite() { *w } else { 0.0 });
        Ok((z, w.collect()))
    }
}

/// A part of some calls.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a positive number of calls"
)]
fn most_calls(calls: u64, part: f64) -> u64 {
    (calls as f64 * part) as u64
}
