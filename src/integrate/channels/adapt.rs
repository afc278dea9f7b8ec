//! Learning the shares of channels, and their grids.

use super::{Channel, Kind, MultiChannel};
use crate::error::Result;
use crate::integrate::{
    Iteration, Phase, Settings,
    evaluator::{CHUNK, Evaluated},
    run::Run,
};
use crate::map::GridTraining;
use crate::rng::{Purpose, Streams};
use crate::stats::Moments;

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

/// Largest log of a factor 1/q that is not yet infinite: what f leaves out has no weight wherever it lies.
const LARGEST: f64 = 700.0;

/// Some points of one channel.
struct Chunk {
    channel: usize,
    first: u64,
    n: usize,
}

/// What the points of a channel came to.
struct Seen {
    training: GridTraining,
    weights: Moments,
}

impl Seen {
    /// Mean of `w^2`.
    fn square(&self) -> f64 {
        let Moments { calls, mean, m2 } = self.weights;
        m2 / calls as f64 + mean * mean
    }
}

impl MultiChannel<'_> {
    /// Adapts with a part of the calls that `run` has, which is of the integrand itself.
    pub(super) fn adapt(&mut self, run: &mut Run<'_>) -> Result<()> {
        let config = self.config;
        let count = self.channels.len() as u64;
        let most = most_calls(run.settings.stop.max_calls, config.most);
        let mut calls = config.first_calls.max(2 * FEWEST * count);
        let (mut best, mut stale) = (f64::INFINITY, 0);
        for iteration in 0..config.max_iterations {
            // Every channel has its fewest on top.
            let spent = run.calls.adapt;
            if run.stopped.is_some() || spent + calls + FEWEST * count > most {
                break;
            }
            let Some(step) = self.iterate(run, iteration as u64, calls)? else {
                break;
            };
            run.step(step);
            // A single lucky iteration must not end the search: two without progress do.
            stale = if step.rel_std < 0.97 * best {
                0
            } else {
                stale + 1
            };
            best = best.min(step.rel_std);
            // The next iteration could at best save a small part of what is left to do.
            let needed = run.target(step.value).map(|e| (step.rel_std / e).powi(2));
            let pointless = needed.is_some_and(|n| n < 1.5 * calls as f64);
            if iteration >= 3 && (stale >= 2 || pointless) {
                break;
            }
            calls += calls / 2;
        }
        Ok(())
    }

    /// One iteration, after which grids and shares are new; none where the run had to stop.
    fn iterate(
        &mut self,
        run: &mut Run<'_>,
        iteration: u64,
        calls: u64,
    ) -> Result<Option<Iteration>> {
        let settings = run.settings;
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
        let seen = self.look(run, iteration, &counts)?;
        if run.stopped.is_some() {
            return Ok(None);
        }
        let (mut value, mut variance, mut squares) = (0.0, 0.0, 0.0);
        for (channel, seen) in self.channels.iter().zip(&seen) {
            value += channel.share * seen.weights.mean;
            squares += channel.share * seen.square();
            variance += (channel.share * seen.weights.error()).powi(2);
        }
        let spread = (squares - value * value).max(0.0).sqrt();
        self.learn(settings, &seen);
        Ok(Some(Iteration {
            phase: Phase::Adapt,
            calls: counts.iter().sum(),
            value,
            error: variance.sqrt(),
            rel_std: spread / value.abs(),
            beta: None,
        }))
    }

    /// Refines the grids, and moves the shares to where the variance is smaller.
    fn learn(&mut self, settings: &Settings, seen: &[Seen]) {
        let (power, floor) = (self.config.shares, self.config.floor);
        let count = self.channels.len() as f64;
        let wanted: Vec<f64> = self
            .channels
            .iter()
            .zip(seen)
            .map(|(channel, seen)| channel.share * seen.square().powf(power))
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

    /// Evaluates so many points of each channel (`counts`: `[channels]`).
    fn look(&self, run: &mut Run<'_>, iteration: u64, counts: &[u64]) -> Result<Vec<Seen>> {
        let chunks = counts.iter().enumerate().flat_map(|(channel, count)| {
            (0..count.div_ceil(CHUNK)).map(move |c| Chunk {
                channel,
                first: c * CHUNK,
                n: usize::try_from(CHUNK.min(count - c * CHUNK)).unwrap_or(usize::MAX),
            })
        });
        let new = |channel: &Channel| Seen {
            training: GridTraining::new(&channel.grid),
            weights: Moments::default(),
        };
        let mut seen: Vec<Seen> = self.channels.iter().map(new).collect();
        run.jobs(
            Phase::Adapt,
            chunks,
            |chunk| chunk.n as u64,
            |evaluator, chunk| self.draw(evaluator.streams(), iteration, chunk),
            |_, _, e| Ok((e.weights(0), e.z)),
            |chunk, (w, z)| {
                let seen = &mut seen[chunk.channel];
                let grid = &self.channels[chunk.channel].grid;
                seen.training.add(grid, &z, &w);
                seen.weights.merge_from(&Moments::from_slice(&w));
            },
        )?;
        Ok(seen)
    }

    /// Takes the latent points of a chunk to the unit cube of the integrand.
    fn draw(&self, streams: Streams, iteration: u64, chunk: &Chunk) -> Evaluated {
        let dim = self.domain.dim();
        let mut z = vec![0.0; chunk.n * dim];
        let sequence = iteration * self.channels.len() as u64 + chunk.channel as u64;
        streams.fill_points(Purpose::Adapt, sequence, chunk.first, dim, &mut z);
        let (mut x, log_q) = self.located(&vec![chunk.channel; chunk.n], &z);
        let mut log_jac: Vec<f64> = log_q.iter().map(|l| (-l).min(LARGEST)).collect();
        if self.kind == Kind::Sum {
            // The domain has all numbers at even distances, and counts them.
            let count = self.channels.len() as f64;
            let number = (chunk.channel as f64 + 0.5) / count;
            let points = x.chunks_exact(dim);
            x = points
                .flat_map(|x| [number].into_iter().chain(x.iter().copied()))
                .collect();
            for log_jac in &mut log_jac {
                *log_jac -= count.ln();
            }
        }
        Evaluated {
            z,
            x,
            log_jac,
            f: Vec::new(),
            control: Vec::new(),
            places: Vec::new(),
            not_finite: [0; 2],
        }
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
