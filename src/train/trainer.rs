//! The trainer: stages of fresh points, each followed by many steps on all points seen.
//!
//! One stage: the caller draws points from [`Trainer::flow`], evaluates f there and hands both
//! to [`Trainer::absorb`]; [`Trainer::train`] then runs minibatch steps of Adam, one cycle of
//! the learning rate, and replaces the flow's parameters by their running average.
//! Gradients are summed in a fixed number of parts, folded in order, so that the number of
//! threads does not change a bit.

use rayon::iter::{
    IndexedParallelIterator as _, IntoParallelRefMutIterator as _, ParallelIterator as _,
};
use serde::{Deserialize, Serialize};

use super::{
    adam::{Adam, one_cycle},
    config::TrainConfig,
    replay::Replay,
    temper::{ess_fraction, next_beta},
};
use crate::error::Result;
use crate::flow::{Flow, FlowGradient, WorkingParameters};
use crate::kernel::TILE;
use crate::map::Map as _;
use crate::rng::{Purpose, Streams};

/// What one stage found and did.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct StageReport {
    /// number of the stage, from 0
    pub stage: u64,
    /// fresh points of the stage
    pub calls: u64,
    /// exponent of |f| that the stage trained on
    pub beta: f64,
    /// effective fraction of the weights |f|/q of the fresh points
    pub ess_fraction: f64,
    /// steps of the optimiser
    pub steps: u64,
    /// mean of the divergence over the last tenth of the steps
    pub loss: f64,
}

/// Parts into which a step's gradient is divided, whatever the number of threads.
const PARTS: usize = 8;

/// Trains a flow; see the module.
#[derive(Debug)]
pub struct Trainer {
    config: TrainConfig,
    streams: Streams,
    flow: Flow,
    /// the parameters being stepped; the flow has their average
    parameters: Vec<f64>,
    adam: Adam,
    replay: Replay,
    beta: Option<f64>,
    stage: u64,
    work: Work,
}

/// Buffers that live as long as the trainer, so that a step allocates nothing.
#[derive(Debug)]
struct Work {
    parameters: WorkingParameters,
    parts: Vec<(FlowGradient, f64)>,
    batch: Vec<usize>,
    gradient: Vec<f64>,
}

impl Trainer {
    /// A trainer for `flow`; `seed` chooses the minibatches.
    ///
    /// # Errors
    /// [`Error::InvalidSetting`](crate::Error::InvalidSetting) from the configuration.
    pub fn new(flow: Flow, config: &TrainConfig, seed: u64) -> Result<Self> {
        config.validate()?;
        let parameters = flow.parameters().to_vec();
        let parts = config.minibatch.div_ceil(TILE).min(PARTS);
        let work = Work {
            parameters: WorkingParameters::new(&flow),
            parts: (0..parts)
                .map(|_| (FlowGradient::new(&flow), 0.0))
                .collect(),
            batch: vec![0; config.minibatch],
            gradient: vec![0.0; parameters.len()],
        };
        Ok(Self {
            config: config.clone(),
            streams: Streams::new(seed),
            adam: Adam::new(config.adam, parameters.len()),
            replay: Replay::new(flow.dim()),
            parameters,
            beta: None,
            stage: 0,
            flow,
            work,
        })
    }

    /// The flow with the averaged parameters: what to draw the next stage from.
    pub fn flow(&self) -> &Flow {
        &self.flow
    }

    /// Gives the flow back.
    pub fn into_flow(self) -> Flow {
        self.flow
    }

    /// The exponent of |f| that was last trained on; 1 once tempering is over.
    pub fn beta(&self) -> f64 {
        self.beta.unwrap_or(0.0)
    }

    /// Fresh points that the next stage should have: constant while tempering, then doubling
    /// the number seen.
    pub fn next_stage_calls(&self) -> u64 {
        let base = match self.config.stage_calls {
            0 if self.flow.dim() > 10 => 4096,
            0 => 2048,
            calls => calls,
        };
        if self.beta == Some(1.0) {
            base.max(self.replay.len() as u64)
        } else {
            base
        }
    }

    /// Takes in fresh points: `x` (`[n * dim]`), log|f| (`[n]`, minus infinity for f = 0) and
    /// log of the density they were drawn from (`[n]`).
    pub fn absorb(&mut self, x: &[f64], log_f: &[f64], log_q: &[f64]) {
        self.replay.push(x, log_f, log_q);
    }

    /// Trains on all points absorbed so far. `None` if f was zero at all of them.
    pub fn train(&mut self) -> Option<StageReport> {
        self.train_while(|| true)
    }

    /// As [`Trainer::train`], but ends after the step at which `keep_going` says no.
    pub fn train_while(&mut self, keep_going: impl Fn() -> bool) -> Option<StageReport> {
        let (log_f, log_q) = self.replay.newest();
        let (calls, ess) = (log_f.len() as u64, ess_fraction(log_f, log_q, 1.0));
        let beta = if self.config.temper_ess > 0.0 && self.beta != Some(1.0) {
            next_beta(log_f, log_q, self.beta, self.config.temper_ess)
        } else {
            1.0
        };
        if !self.replay.prepare(beta) {
            return None;
        }
        self.beta = Some(beta);
        // Equal weights: the flow is right, and steps along rounding errors would spoil it.
        let perfect = beta >= 1.0 && 1.0 - ess < 1e-12;
        let steps = if perfect { 0 } else { self.steps() };
        let mut rng = self.streams.generator(Purpose::Minibatch, self.stage, 0);
        let mut average = self.parameters.clone();
        let (mut loss, mut counted) = (0.0, 0);
        for step in 0..steps {
            self.replay.draw(&mut rng, &mut self.work.batch);
            let value = self.gradient(beta);
            self.adam.step(
                &self.work.gradient,
                one_cycle(step, steps),
                &mut self.parameters,
            );
            let decay = self
                .config
                .average
                .min((1.0 + step as f64) / (10.0 + step as f64));
            for (a, p) in average.iter_mut().zip(&self.parameters) {
                *a += (1.0 - decay) * (p - *a);
            }
            if 10 * step >= 9 * steps {
                loss += value;
                counted += 1;
            }
            if !keep_going() {
                break;
            }
        }
        if self.flow.set_parameters(&average).is_err() {
            // A parameter left the finite numbers: go on from the last good average.
            self.parameters.copy_from_slice(self.flow.parameters());
        }
        let stage = self.stage;
        self.stage += 1;
        let loss = loss / f64::from(counted.max(1));
        Some(StageReport {
            stage,
            calls,
            beta,
            ess_fraction: ess,
            steps,
            loss,
        })
    }

    /// One online step on given points, without replay, tempering or averaging: `x`
    /// (`[n * dim]`), log|f| and log of the density they were drawn from (both `[n]`), with n
    /// the size of a minibatch. Forgets the stored points; returns the loss, NaN if f was zero
    /// everywhere.
    ///
    /// # Panics
    /// If there are not as many points as a minibatch has.
    pub fn step(&mut self, x: &[f64], log_f: &[f64], log_q: &[f64]) -> f64 {
        assert_eq!(
            log_f.len(),
            self.config.minibatch,
            "points of an online step"
        );
        self.replay.clear();
        self.replay.push(x, log_f, log_q);
        if !self.replay.prepare(1.0) {
            return f64::NAN;
        }
        for (i, index) in self.work.batch.iter_mut().enumerate() {
            *index = i;
        }
        let loss = self.gradient(1.0);
        self.adam
            .step(&self.work.gradient, 1.0, &mut self.parameters);
        if self.flow.set_parameters(&self.parameters).is_err() {
            self.parameters.copy_from_slice(self.flow.parameters());
        }
        loss
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a positive number of steps, far below 2^53"
    )]
    fn steps(&self) -> u64 {
        let uses = self.config.reuse * self.replay.len() as f64;
        (uses / self.config.minibatch as f64).ceil().max(1.0) as u64
    }

    /// Gradient of the loss over the current minibatch, into `work.gradient`; returns the loss.
    fn gradient(&mut self, beta: f64) -> f64 {
        let Self {
            config,
            flow,
            replay,
            work,
            parameters,
            ..
        } = self;
        let loss = config.loss.loss();
        let constant = if config.control_variate {
            0.0
        } else {
            loss.slope_at_one()
        };
        let log_cap = if beta < 1.0 {
            config.truncation.ln()
        } else {
            f64::INFINITY
        };
        let log_integral = replay.log_integral();
        work.parameters.update(parameters);
        let shared = &work.parameters;
        let tiles = work.batch.len().div_ceil(TILE).div_ceil(work.parts.len());
        let batch = &work.batch;
        work.parts
            .par_iter_mut()
            .enumerate()
            .for_each(|(part, (workspace, sum))| {
                let start = (part * tiles * TILE).min(batch.len());
                let end = (start + tiles * TILE).min(batch.len());
                workspace.clear();
                *sum = 0.0;
                for tile in batch[start..end].chunks(TILE) {
                    let points = tile.iter().map(|i| replay.get(*i).0);
                    workspace.add_tile(flow, shared, points, |log_q, gradient| {
                        for ((i, log_q), g) in tile.iter().zip(log_q).zip(gradient) {
                            let (_, log_f, log_q_sample) = replay.get(*i);
                            let target = (beta * log_f - log_integral).min(log_q_sample + log_cap);
                            let log_ratio = target - log_q;
                            let importance = (log_q - log_q_sample).exp();
                            *sum += importance * loss.divergence(log_ratio);
                            *g = -importance * (loss.gradient(log_ratio) + constant);
                        }
                    });
                }
            });
        work.gradient.fill(0.0);
        let mut total = 0.0;
        for (workspace, sum) in &work.parts {
            workspace.fold_into(&mut work.gradient);
            total += sum;
        }
        let n = work.batch.len() as f64;
        work.gradient.iter_mut().for_each(|g| *g /= n);
        total / n
    }
}
