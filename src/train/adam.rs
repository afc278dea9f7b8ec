//! Adam with clipping of the gradient's norm, and the learning-rate schedule.
//!
//! D. P. Kingma, J. Ba, "Adam" (2014), arXiv:1412.6980, algorithm 1.

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

use crate::kernel::{
    adam::{AdamStep, SquaredNorm, StepFactors},
    dispatch::run,
};

/// Settings of the optimiser.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct AdamConfig {
    /// largest learning rate of a cycle
    pub learning_rate: f64,
    /// decay of the mean gradient
    pub beta1: f64,
    /// decay of the mean squared gradient
    pub beta2: f64,
    /// longest gradient that passes unscaled
    pub clip: f64,
}

impl Default for AdamConfig {
    fn default() -> Self {
        Self {
            learning_rate: 1e-2,
            beta1: 0.9,
            beta2: 0.99,
            clip: 1.0,
        }
    }
}

/// The optimiser's memory.
#[derive(Clone, Debug)]
pub(crate) struct Adam {
    config: AdamConfig,
    steps: i32,
    mean: Vec<f64>,
    square: Vec<f64>,
}

impl Adam {
    pub(crate) fn new(config: AdamConfig, parameters: usize) -> Self {
        Self {
            config,
            steps: 0,
            mean: vec![0.0; parameters],
            square: vec![0.0; parameters],
        }
    }

    pub(crate) fn set_learning_rate(&mut self, rate: f64) {
        self.config.learning_rate = rate;
    }

    /// One step downhill along `factor` times `gradient`, at `rate` times the largest learning
    /// rate.
    ///
    /// A gradient that is not finite is skipped: false is returned. Otherwise no parameter
    /// moves by more than a few learning rates, so that all stay finite.
    pub(crate) fn step(
        &mut self,
        (gradient, factor): (&[f64], f64),
        rate: f64,
        parameters: &mut [f64],
    ) -> bool {
        let norm = factor * run(SquaredNorm(gradient)).sqrt();
        if !norm.is_finite() {
            return false;
        }
        self.steps = self.steps.saturating_add(1);
        let AdamConfig {
            learning_rate,
            beta1,
            beta2,
            clip,
        } = self.config;
        let mean_correction = 1.0 / (1.0 - beta1.powi(self.steps));
        let factors = StepFactors {
            scale: factor * if norm > clip { clip / norm } else { 1.0 },
            decay: (1.0 - beta1, 1.0 - beta2),
            rate: rate * learning_rate * mean_correction,
            square_correction: 1.0 / (1.0 - beta2.powi(self.steps)),
        };
        run(AdamStep {
            factors,
            gradient,
            mean: &mut self.mean,
            square: &mut self.square,
            parameters,
        });
        true
    }
}

/// One cycle: a linear rise over the first tenth, then half a cosine down to 2 %.
///
/// After L. N. Smith, N. Topin, "Super-convergence" (2017), arXiv:1708.07120.
pub(crate) fn one_cycle(step: u64, steps: u64) -> f64 {
    const WARM_UP: f64 = 0.1;
    const LAST: f64 = 0.02;
    let at = (step as f64 + 0.5) / steps as f64;
    if at < WARM_UP {
        at / WARM_UP
    } else {
        let down = (at - WARM_UP) / (1.0 - WARM_UP);
        LAST + (1.0 - LAST) * 0.5 * (1.0 + (PI * down).cos())
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "exact results are compared")]
mod tests {
    use super::*;

    #[test]
    fn finds_the_minimum_of_a_badly_scaled_bowl() {
        let mut adam = Adam::new(
            AdamConfig {
                learning_rate: 0.1,
                ..AdamConfig::default()
            },
            2,
        );
        let mut p = [3.0, -2.0];
        for step in 0..500 {
            let gradient = [100.0 * (p[0] - 1.0), 0.01 * (p[1] - 1.0)];
            assert!(adam.step((&gradient, 1.0), one_cycle(step, 500), &mut p));
        }
        assert!(
            (p[0] - 1.0).abs() < 1e-2 && (p[1] - 1.0).abs() < 1e-1,
            "{p:?}"
        );
    }

    #[test]
    fn a_broken_gradient_changes_nothing() {
        let mut adam = Adam::new(AdamConfig::default(), 1);
        let mut p = [1.0];
        assert!(!adam.step((&[f64::NAN], 1.0), 1.0, &mut p));
        assert_eq!(p, [1.0]);
    }

    #[test]
    fn the_cycle_rises_and_falls() {
        let rates: Vec<f64> = (0..100).map(|s| one_cycle(s, 100)).collect();
        assert!(rates[0] < 0.1 && rates[9] > 0.9 && rates[99] < 0.03);
        assert!(rates[10..].windows(2).all(|w| w[0] >= w[1]));
    }
}
