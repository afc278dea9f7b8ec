//! The trainer: stages of fresh points, each followed by many steps on all points seen.
//!
//! One stage: the caller draws points from [`Trainer::flow`], evaluates f there and hands both
//! to [`Trainer::absorb`]; [`Trainer::train`] then runs minibatch steps of Adam, one cycle of
//! the learning rate, and replaces the flow's parameters by their running average.
//! How a step is divided among threads is told in `parts`; steps without a store of points are
//! in `online`, and in `by_hand` for a loop of the caller's own.

use serde::{Deserialize, Serialize};

use super::{
    adam::{Adam, one_cycle},
    config::TrainConfig,
    loss::Loss,
    online::OnlineState,
    parts::Parts,
    replay::{Replay, Stored},
    temper::{ess_fraction, next_beta},
};
use crate::error::Result;
use crate::flow::Flow;
use crate::kernel::{
    TILE,
    dispatch::run,
    rows::{Blend, Exponentials},
};
use crate::map::Map as _;
use crate::rng::{Purpose, Streams};
use crate::team::Crew;

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

/// Trains a flow; see the module.
#[derive(Debug)]
pub struct Trainer {
    pub(super) config: TrainConfig,
    pub(super) streams: Streams,
    pub(super) flow: Flow,
    /// the parameters being stepped; the flow has their average
    pub(super) parameters: Vec<f64>,
    pub(super) adam: Adam,
    pub(super) replay: Replay,
    beta: Option<f64>,
    /// the flow after the last stage with beta < 1
    tempered: Option<Flow>,
    stage: u64,
    /// indices of a minibatch
    pub(super) batch: Vec<usize>,
    pub(super) parts: Parts,
    pub(super) online: OnlineState,
}

impl Trainer {
    /// A trainer for `flow`; `seed` chooses the minibatches.
    ///
    /// # Errors
    /// [`Error::InvalidSetting`](crate::Error::InvalidSetting) from the configuration.
    pub fn new(flow: Flow, config: &TrainConfig, seed: u64) -> Result<Self> {
        config.validate()?;
        let parameters = flow.parameters().to_vec();
        Ok(Self {
            config: config.clone(),
            streams: Streams::new(seed),
            adam: Adam::new(config.adam, parameters.len()),
            replay: Replay::new(flow.dim()),
            parameters,
            beta: None,
            tempered: None,
            stage: 0,
            batch: vec![0; config.minibatch],
            parts: Parts::new(&flow, config.minibatch),
            online: OnlineState::default(),
            flow,
        })
    }

    /// The same for a run that several processes share, all of which train alike.
    pub(crate) fn shared_by(mut self, crew: &Crew) -> Self {
        self.parts = self.parts.shared_by(crew.clone());
        self
    }

    /// The flow with the averaged parameters: what to draw the next stage from.
    pub fn flow(&self) -> &Flow {
        &self.flow
    }

    /// Gives the flow back.
    pub fn into_flow(self) -> Flow {
        self.flow
    }

    /// The flow as it was after the last stage that trained on |f|^beta with beta < 1: wider than
    /// what came of it. `None` if there was no such stage.
    pub fn tempered(&self) -> Option<&Flow> {
        self.tempered.as_ref()
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

    /// All points absorbed so far: x (`[n * dim]`), log|f| and log of their densities (`[n]`), and
    /// where each stage of them ends.
    pub fn stored(&self) -> Stored<'_> {
        self.replay.all()
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
            self.replay.draw(&mut rng, &mut self.batch);
            let value = self.gradient(beta);
            self.adam.step(
                self.parts.gradient(),
                one_cycle(step, steps),
                &mut self.parameters,
            );
            let decay = self
                .config
                .average
                .min((1.0 + step as f64) / (10.0 + step as f64));
            run(Blend {
                share: 1.0 - decay,
                from: &self.parameters,
                to: &mut average,
            });
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
        if beta < 1.0 {
            self.tempered = Some(self.flow.clone());
        }
        if self.config.polish > 0 && beta >= 1.0 && !perfect && keep_going() {
            let _ = self.polish(&keep_going);
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

    /// One step of Adam at the largest rate, which the flow follows at once.
    pub(super) fn descend(&mut self) {
        self.adam
            .step(self.parts.gradient(), 1.0, &mut self.parameters);
        self.flow.follow(&self.parameters);
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

    /// Gradient of the loss over the current minibatch, into `parts`; returns the loss.
    pub(super) fn gradient(&mut self, beta: f64) -> f64 {
        let pull = Pull::new(&self.config);
        let log_cap = if beta < 1.0 {
            self.config.truncation.ln()
        } else {
            f64::INFINITY
        };
        let (replay, flow) = (&self.replay, &self.flow);
        let log_integral = replay.log_integral();
        let batch = &self.batch;
        let [total] = self
            .parts
            .run(flow, &self.parameters, |workspace, values, points| {
                let mut sum = 0.0;
                for tile in batch[points].chunks(TILE) {
                    let points = tile.iter().map(|i| replay.get(*i).0);
                    workspace.add_tile(flow, values, points, |log_q, gradient| {
                        let mut log_ratio = [0.0; TILE];
                        let mut importance = [0.0; TILE];
                        let targets = log_ratio.iter_mut().zip(&mut importance);
                        for ((i, log_q), (log_ratio, importance)) in
                            tile.iter().zip(log_q).zip(targets)
                        {
                            let (_, log_f, log_q_sample) = replay.get(*i);
                            let target = (beta * log_f - log_integral).min(log_q_sample + log_cap);
                            *log_ratio = target - log_q;
                            *importance = log_q - log_q_sample;
                        }
                        run(Exponentials(&mut importance));
                        pull.tile(&log_ratio, |point, _, (divergence, pull)| {
                            if let Some(g) = gradient.get_mut(point) {
                                sum += importance[point] * divergence;
                                *g = -importance[point] * pull;
                            }
                        });
                    });
                }
                [sum]
            });
        total / batch.len() as f64
    }
}

/// What a loss makes of the ratio of target and flow.
#[derive(Clone, Copy)]
pub(super) struct Pull {
    loss: &'static dyn Loss,
    /// added to the gradient where there is no control variate
    constant: f64,
}

impl Pull {
    pub(super) fn new(config: &TrainConfig) -> Self {
        let loss = config.loss.loss();
        let constant = if config.control_variate {
            0.0
        } else {
            loss.slope_at_one()
        };
        Self { loss, constant }
    }

    /// Calls `each` with the number of each point of a tile, the ratio of target and flow there,
    /// and (divergence, pull on log q), both to be weighted by q over the sampling density.
    pub(super) fn tile(
        self,
        log_ratio: &[f64; TILE],
        mut each: impl FnMut(usize, f64, (f64, f64)),
    ) {
        let mut ratio = *log_ratio;
        run(Exponentials(&mut ratio));
        for (point, (ratio, log_ratio)) in ratio.iter().zip(log_ratio).enumerate() {
            let (divergence, gradient) = self.loss.terms(*ratio, *log_ratio);
            each(point, *ratio, (divergence, gradient + self.constant));
        }
    }
}
