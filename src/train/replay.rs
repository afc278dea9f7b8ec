//! All points seen so far, stage by stage, drawn again and again for training.
//!
//! A stage is a batch of fresh points from one proposal. Minibatches take stage k with a
//! probability proportional to its size times the effective fraction of its weights, so that
//! points drawn when the flow was still bad fade out.

use rand::RngExt as _;
use rand_pcg::Pcg64Dxsm;

/// All points that a trainer has absorbed.
#[derive(Clone, Copy, Debug)]
pub struct Stored<'a> {
    /// `[n * dim]`
    pub x: &'a [f64],
    /// `[n]`: log|f|, minus infinity where f = 0
    pub log_f: &'a [f64],
    /// `[n]`: log of the density each point was drawn from
    pub log_q: &'a [f64],
    /// where each stage ends, rising to n
    pub ends: &'a [usize],
}

/// Points with what the target and the proposal said there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Replay {
    dim: usize,
    /// `[n * dim]`, in the space where the flow is trained
    x: Vec<f64>,
    /// `[n]`: log|f|, minus infinity where f = 0
    log_f: Vec<f64>,
    /// `[n]`: log of the density each point was drawn from
    log_q: Vec<f64>,
    /// end of each stage
    ends: Vec<usize>,
    /// cumulative probabilities of the stages
    cumulative: Vec<f64>,
    /// log of the running estimate of int |f|^beta
    log_integral: f64,
}

impl Replay {
    pub(crate) fn new(dim: usize) -> Self {
        Self {
            dim,
            ..Self::default()
        }
    }

    /// Forgets everything but keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.x.clear();
        self.log_f.clear();
        self.log_q.clear();
        self.ends.clear();
    }

    pub(crate) fn len(&self) -> usize {
        self.log_f.len()
    }

    pub(crate) fn push(&mut self, x: &[f64], log_f: &[f64], log_q: &[f64]) {
        self.x.extend_from_slice(x);
        self.log_f.extend_from_slice(log_f);
        self.log_q.extend_from_slice(log_q);
        self.ends.push(self.log_f.len());
    }

    pub(crate) fn all(&self) -> Stored<'_> {
        Stored {
            x: &self.x,
            log_f: &self.log_f,
            log_q: &self.log_q,
            ends: &self.ends,
        }
    }

    /// log|f| and log q of the newest stage.
    pub(crate) fn newest(&self) -> (&[f64], &[f64]) {
        let end = self.len();
        let start = self.ends.len().checked_sub(2).map_or(0, |k| self.ends[k]);
        (&self.log_f[start..end], &self.log_q[start..end])
    }

    /// Prepares for minibatches at the exponent `beta`: probabilities of the stages and the
    /// estimate of int |f|^beta. False if no stage has seen any f != 0.
    pub(crate) fn prepare(&mut self, beta: f64) -> bool {
        // Weights are scaled by the largest one, so that no exponent overflows.
        let log_weight = |i: usize| beta * self.log_f[i] - self.log_q[i];
        let max = (0..self.len())
            .map(log_weight)
            .fold(f64::NEG_INFINITY, f64::max);
        if !max.is_finite() {
            return false;
        }
        let (mut start, mut total, mut sum) = (0, 0.0, 0.0);
        self.cumulative.clear();
        for &end in &self.ends {
            let (mut first, mut second) = (0.0, 0.0);
            for i in start..end {
                let w = (log_weight(i) - max).exp();
                first += w;
                second += w * w;
            }
            if second > 0.0 {
                // n_k ESS_k with ESS_k = first^2/(n_k second)
                let ess = first * first / second;
                total += ess;
                sum += ess * first / (end - start) as f64;
            }
            self.cumulative.push(total);
            start = end;
        }
        self.log_integral = (sum / total).ln() + max;
        true
    }

    /// log of the running estimate of int |f|^beta.
    pub(crate) fn log_integral(&self) -> f64 {
        self.log_integral
    }

    /// Draws the indices of a minibatch.
    pub(crate) fn draw(&self, rng: &mut Pcg64Dxsm, batch: &mut [usize]) {
        let total = self.cumulative.last().copied().unwrap_or(0.0);
        for index in batch {
            let at = rng.random::<f64>() * total;
            let stage = self
                .cumulative
                .partition_point(|c| *c <= at)
                .min(self.ends.len() - 1);
            let start = if stage == 0 { 0 } else { self.ends[stage - 1] };
            *index = rng.random_range(start..self.ends[stage]);
        }
    }

    /// Index and weight of the points that stand for all minibatches: all points, or the first
    /// ones of each stage, about `most` together. The weights sum to 1.
    pub(crate) fn sample(&self, most: usize) -> Vec<(usize, f64)> {
        let total = self.cumulative.last().copied().unwrap_or(0.0);
        let (mut start, mut below) = (0, 0.0);
        let mut sample = Vec::with_capacity(self.len().min(most + self.ends.len()));
        for (&end, &cumulative) in self.ends.iter().zip(&self.cumulative) {
            let share = (cumulative - below) / total;
            let wanted = if self.len() <= most {
                end - start
            } else {
                part_of(most, share).min(end - start)
            };
            if share > 0.0 {
                let weight = share / wanted as f64;
                sample.extend((start..start + wanted).map(|i| (i, weight)));
            }
            (start, below) = (end, cumulative);
        }
        sample
    }

    /// The point, log|f| and log q at an index.
    pub(crate) fn get(&self, i: usize) -> (&[f64], f64, f64) {
        (
            &self.x[i * self.dim..(i + 1) * self.dim],
            self.log_f[i],
            self.log_q[i],
        )
    }
}

/// A part of `all`, rounded up.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share between 0 and 1 of a number of points"
)]
fn part_of(all: usize, share: f64) -> usize {
    (all as f64 * share).ceil() as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Purpose, Streams};

    #[test]
    fn bad_stages_fade_and_the_integral_is_right() {
        let mut replay = Replay::new(1);
        // A stage where one point carries everything, then one with equal weights.
        let mut log_f = vec![f64::NEG_INFINITY; 100];
        log_f[7] = (100.0_f64).ln();
        replay.push(&[0.5; 100], &log_f, &[0.0; 100]);
        replay.push(&[0.5; 100], &[0.0; 100], &[0.0; 100]);
        assert!(replay.prepare(1.0));
        assert!((replay.log_integral().exp() - 1.0).abs() < 1e-12);
        let mut batch = vec![0; 5050];
        let mut rng = Streams::new(1).generator(Purpose::Minibatch, 0, 0);
        replay.draw(&mut rng, &mut batch);
        let old = batch.iter().filter(|i| **i < 100).count();
        assert!(
            (20..90).contains(&old),
            "{old} of 5050 from a stage that deserves 50"
        );
    }

    #[test]
    fn a_sample_has_the_shares_of_minibatches() {
        let mut replay = Replay::new(1);
        replay.push(&[0.5; 100], &[0.0; 100], &[0.0; 100]);
        replay.push(&[0.5; 300], &[0.0; 300], &[0.0; 300]);
        assert!(replay.prepare(1.0));
        for (most, expected) in [(1000, 400), (40, 40)] {
            let sample = replay.sample(most);
            assert_eq!(sample.len(), expected);
            let of_first: f64 = sample.iter().filter(|p| p.0 < 100).map(|p| p.1).sum();
            let all: f64 = sample.iter().map(|p| p.1).sum();
            assert!((of_first - 0.25).abs() < 1e-12 && (all - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn no_signal_is_said() {
        let mut replay = Replay::new(2);
        replay.push(&[0.5; 4], &[f64::NEG_INFINITY; 2], &[0.0; 2]);
        assert!(!replay.prepare(1.0));
    }
}
