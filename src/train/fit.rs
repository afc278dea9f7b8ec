//! Training from samples: maximum likelihood.
//!
//! The loss is -mean of log q(x) over minibatches of the samples, the forward Kullback-Leibler divergence
//! from their distribution up to its entropy. Part of them is held out: the parameters that are kept are
//! those whose running average made it most likely. G. Papamakarios et al., "Normalizing flows for
//! probabilistic modeling and inference" (2021), arXiv:1912.02762, section 2.3.1.

use rand::seq::SliceRandom as _;
use rayon::iter::{IndexedParallelIterator as _, ParallelIterator as _};
use rayon::slice::{ParallelSlice as _, ParallelSliceMut as _};
use serde::{Deserialize, Serialize};

use super::{
    adam::{Adam, AdamConfig, one_cycle},
    parts::Parts,
};
use crate::error::{Error, Result, check};
use crate::flow::Flow;
use crate::kernel::{TILE, dispatch::run, rows::Blend};
use crate::map::Map as _;
use crate::rng::{Purpose, Streams};

/// Settings of a training from samples.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FitConfig {
    /// times that each sample is used
    pub epochs: f64,
    /// samples of a step
    pub minibatch: usize,
    /// the optimiser; its learning rate is the largest of one cycle over the whole training
    pub adam: AdamConfig,
    /// share of the samples that is held out, below 1; 0 keeps the last parameters
    pub holdout: f64,
    /// decay of the running average of the parameters
    pub average: f64,
    /// weight decay of the conditioners: what each of their parameters loses of itself per unit of learning
    /// rate, apart from its gradient (I. Loshchilov, F. Hutter (2019), arXiv:1711.05101); against learning
    /// the samples by heart
    pub decay: f64,
}

impl Default for FitConfig {
    fn default() -> Self {
        Self {
            epochs: 60.0,
            minibatch: 512,
            adam: AdamConfig {
                beta2: 0.999,
                ..AdamConfig::default()
            },
            holdout: 0.05,
            average: 0.998,
            decay: 0.1,
        }
    }
}

/// What a training from samples came to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FitReport {
    /// steps of the optimiser
    pub steps: u64,
    /// the step whose parameters were kept
    pub best_step: u64,
    /// mean of log q over the samples trained on, with these parameters, in nats
    pub log_likelihood: f64,
    /// the same over those held out; NaN if none were
    pub holdout: f64,
}

/// Looks at the samples held out in the course of a training.
const LOOKS: u64 = 30;

impl FitConfig {
    fn validate(&self) -> Result<()> {
        let positive = |name, value: f64| {
            check(
                value > 0.0 && value.is_finite(),
                name,
                value,
                "positive and finite",
            )
        };
        positive("epochs", self.epochs)?;
        positive("learning_rate", self.adam.learning_rate)?;
        positive("minibatch", self.minibatch as f64)?;
        let share = 0.0..1.0;
        check(
            share.contains(&self.holdout),
            "holdout",
            self.holdout,
            "0 to below 1",
        )?;
        check(
            share.contains(&self.average),
            "average",
            self.average,
            "0 to below 1",
        )?;
        let decay = self.decay;
        check(
            decay >= 0.0 && decay.is_finite(),
            "decay",
            decay,
            "0 or more",
        )
    }
}

/// Trains `flow` on samples `x` (`[n * dim]`) of the unit cube; `seed` chooses minibatches and what is held
/// out. Diagonal layers are to be started from the samples before ([`Flow::start_from`]).
///
/// # Errors
/// [`Error::InvalidSetting`] from the configuration, for samples that are no whole points or too few, and
/// for one outside of the open cube.
pub fn fit(flow: &mut Flow, x: &[f64], config: &FitConfig, seed: u64) -> Result<FitReport> {
    let unit = vec![0.0; x.len() / flow.dim()];
    fit_scaled(flow, x, &unit, config, seed)
}

/// As [`fit`], for samples that come from other coordinates y: ln|dy/dx| (`[n]`) is taken off in the report.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "numbers of samples and steps, far below 2^53"
)]
pub(crate) fn fit_scaled(
    flow: &mut Flow,
    x: &[f64],
    log_jacobian: &[f64],
    config: &FitConfig,
    seed: u64,
) -> Result<FitReport> {
    config.validate()?;
    let dim = flow.dim();
    let n = x.len() / dim;
    let held = (config.holdout * n as f64) as usize;
    let whole = x.len() == n * dim && n > held && n > 1;
    check(
        whole,
        "numbers of the samples",
        x.len() as f64,
        "two whole points or more",
    )?;
    if let Some(value) = x.iter().find(|v| !(**v > 0.0 && **v < 1.0)) {
        return Err(Error::InvalidSetting {
            name: "a coordinate of a sample",
            value: *value,
            allowed: "within the open unit cube",
        });
    }
    let mut rng = Streams::new(seed).generator(Purpose::Minibatch, 0, 0);
    let mut order: Vec<usize> = (0..n).collect();
    order.shuffle(&mut rng);
    // Mean of log q over some of the samples, in nats; NaN for none.
    let likelihood = |flow: &Flow, which: &[usize]| {
        let points = which.iter().flat_map(|i| &x[i * dim..(i + 1) * dim]);
        let log_q = log_density(flow, &points.copied().collect::<Vec<_>>());
        let parts = which.iter().zip(log_q).map(|(i, l)| l - log_jacobian[*i]);
        parts.sum::<f64>() / which.len() as f64
    };
    let mut train = order.split_off(held);
    let holdout = order;
    let batch = config.minibatch.min(train.len());
    let steps = (config.epochs * train.len() as f64 / batch as f64).ceil() as u64;
    let mut parts = Parts::new(flow, batch);
    let mut adam = Adam::new(config.adam, flow.parameters().len());
    let mut parameters = flow.parameters().to_vec();
    let conditioners = flow.conditioners();
    let mut average = parameters.clone();
    let mut best = (f64::NEG_INFINITY, 0, average.clone());
    let mut next = train.len();
    for step in 0..steps {
        if next + batch > train.len() {
            train.shuffle(&mut rng);
            next = 0;
        }
        let points = &train[next..next + batch];
        next += batch;
        let [_] = parts.run(flow, &parameters, |workspace, values, range| {
            for tile in points[range].chunks(TILE) {
                let rows = tile.iter().map(|i| &x[i * dim..(i + 1) * dim]);
                workspace.add_tile(flow, values, rows, |_, gradient| gradient.fill(-1.0));
            }
            [0.0]
        });
        let rate = one_cycle(step, steps);
        let keep = 1.0 - (rate * config.adam.learning_rate * config.decay).min(1.0);
        for range in &conditioners {
            parameters[range.clone()]
                .iter_mut()
                .for_each(|p| *p *= keep);
        }
        adam.step(parts.gradient(), rate, &mut parameters);
        let decay = config
            .average
            .min((1.0 + step as f64) / (10.0 + step as f64));
        run(Blend {
            share: 1.0 - decay,
            from: &parameters,
            to: &mut average,
        });
        let look = (step + 1) % steps.div_ceil(LOOKS) == 0 || step + 1 == steps;
        if look && flow.set_parameters(&average).is_ok() {
            let found = if held > 0 {
                likelihood(flow, &holdout)
            } else {
                step as f64
            };
            if found > best.0 {
                best = (found, step + 1, average.clone());
            }
        }
    }
    flow.set_parameters(&best.2)?;
    Ok(FitReport {
        steps,
        best_step: best.1,
        log_likelihood: likelihood(flow, &train),
        holdout: if held > 0 { best.0 } else { f64::NAN },
    })
}

/// log q at points of the unit cube (`[n * dim]`).
fn log_density(flow: &Flow, x: &[f64]) -> Vec<f64> {
    let dim = flow.dim();
    let mut log_q = vec![0.0; x.len() / dim];
    let tiles = x.par_chunks(TILE * dim).zip(log_q.par_chunks_mut(TILE));
    tiles.for_each(|(x, log_q)| {
        flow.inverse(x, &mut vec![0.0; x.len()], log_q);
        for l in log_q {
            *l = -*l;
        }
    });
    log_q
}
