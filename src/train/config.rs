//! Settings of the training, with the defaults that were found to work across dimensions.

use serde::{Deserialize, Serialize};

use super::{adam::AdamConfig, loss::LossKind};
use crate::error::{Result, check};

/// Settings of the training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainConfig {
    /// what is minimised
    pub loss: LossKind,
    /// whether the gradient is reduced by its control variate (see [`super::Loss`])
    pub control_variate: bool,
    /// the optimiser
    pub adam: AdamConfig,
    /// points per step
    pub minibatch: usize,
    /// how often each stored point is used per stage, on average; a run raises it to 64 where
    /// calls are dear
    pub reuse: f64,
    /// decay of the running average of the parameters
    pub average: f64,
    /// effective fraction of the weights that tempering keeps; 0 switches it off
    pub temper_ess: f64,
    /// largest training weight t/q while tempering, in units of its mean
    pub truncation: f64,
    /// calls of a stage while tempering, and of the first one; 0 chooses by dimension
    pub stage_calls: u64,
    /// most iterations of L-BFGS on the stored points after the steps of each stage, once
    /// tempering is over; 0 for none. With the control variate, whatever `control_variate` says
    #[serde(default)]
    pub polish: usize,
}

impl Default for TrainConfig {
    fn default() -> Self {
        Self {
            loss: LossKind::Kl,
            control_variate: true,
            adam: AdamConfig::default(),
            minibatch: 512,
            reuse: 16.0,
            average: 0.99,
            temper_ess: 0.1,
            truncation: 50.0,
            stage_calls: 0,
            polish: 0,
        }
    }
}

impl TrainConfig {
    /// Refuses what cannot work.
    ///
    /// # Errors
    /// [`Error::InvalidSetting`](crate::Error::InvalidSetting) naming the setting.
    pub fn validate(&self) -> Result<()> {
        let rate = self.adam.learning_rate;
        check(
            rate > 0.0 && rate.is_finite(),
            "learning_rate",
            rate,
            "positive",
        )?;
        let decay = "at least 0 and below 1";
        check(
            (0.0..1.0).contains(&self.adam.beta1),
            "beta1",
            self.adam.beta1,
            decay,
        )?;
        check(
            (0.0..1.0).contains(&self.adam.beta2),
            "beta2",
            self.adam.beta2,
            decay,
        )?;
        check(
            (0.0..1.0).contains(&self.average),
            "average",
            self.average,
            decay,
        )?;
        check(self.adam.clip > 0.0, "clip", self.adam.clip, "positive")?;
        let minibatch = self.minibatch as f64;
        check(
            (1..=1 << 20).contains(&self.minibatch),
            "minibatch",
            minibatch,
            "1 to 1048576",
        )?;
        check(
            self.reuse > 0.0 && self.reuse <= 1e4,
            "reuse",
            self.reuse,
            "above 0, at most 1e4",
        )?;
        check(
            (0.0..1.0).contains(&self.temper_ess),
            "temper_ess",
            self.temper_ess,
            decay,
        )?;
        check(
            self.truncation > 1.0,
            "truncation",
            self.truncation,
            "above 1",
        )?;
        check(
            self.polish <= 10_000,
            "polish",
            self.polish as f64,
            "at most 10000",
        )
    }
}
