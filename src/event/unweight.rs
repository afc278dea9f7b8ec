//! Unweighted events by acceptance and rejection.
//!
//! A trial event of weight w is kept with probability |w|/`w_max`. Which `w_max` is taken is a
//! policy ([`MaxWeight`]); events above it are kept with weight |w|/`w_max` > 1, so that the sum
//! of the events' weights is unbiased whatever the policy.

use rand::RngExt as _;
use serde::{Deserialize, Serialize};

use super::sampler::{Events, Sampler};
use crate::error::{Error, Result};
use crate::integrand::Integrand;
use crate::integrate::evaluator::CHUNK;
use crate::rng::Purpose;
use crate::stats::{Estimate, MaxWeight, Moments};

/// How to unweight.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Unweighting {
    /// the policy for the maximum
    pub max_weight: MaxWeight,
    /// trial draws that fix the maximum
    pub trials: u64,
    /// most trial draws per event before giving up
    pub max_trials_per_event: u64,
}

impl Default for Unweighting {
    fn default() -> Self {
        Self {
            max_weight: MaxWeight::Quantile(0.999),
            trials: 20_000,
            max_trials_per_event: 100_000,
        }
    }
}

/// Unweighted events and how they came about.
#[derive(Clone, Debug, PartialEq)]
pub struct Unweighted {
    /// the events; weights are 1, above 1 for overweights, negative where f < 0
    pub events: Events,
    /// the maximum weight that the policy fixed
    pub max_weight: f64,
    /// trial draws up to the last event
    pub trials: u64,
    /// calls of the integrand, those that fixed the maximum and unused ones included
    pub calls: u64,
    /// events divided by trials
    pub efficiency: f64,
    /// share of the events with a weight above 1
    pub overweight_fraction: f64,
    /// the integral as estimated from the draws that fixed the maximum, which are independent
    /// of the events
    pub integral: Estimate,
}

impl Sampler {
    /// Draws `n` unweighted events of a seed, with the first output of `integrand`.
    ///
    /// # Errors
    /// What the integrand reports; [`Error::NoSignal`] if all weights vanish or the efficiency
    /// is hopeless.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to small positive numbers"
    )]
    pub fn unweighted(
        &self,
        integrand: &dyn Integrand,
        n: usize,
        seed: u64,
        how: &Unweighting,
    ) -> Result<Unweighted> {
        const WAVE: f64 = 65_536.0;
        let evaluator = self.evaluator(integrand, seed)?;
        let weigh = |purpose, first, n| self.weigh(&evaluator, purpose, first, n);
        let trial = weigh(Purpose::Maximum, 0, how.trials)?;
        let mut sizes: Vec<f64> = trial
            .iter()
            .flat_map(|(_, w)| w.iter().map(|w| w.abs()))
            .collect();
        let bound = how.max_weight.bound(&mut sizes);
        let mut moments = Moments::default();
        for (_, weights) in &trial {
            moments.merge_from(&Moments::from_slice(weights));
        }
        let expected = sizes.iter().map(|w| (w / bound).min(1.0)).sum::<f64>() / sizes.len() as f64;
        if !(bound > 0.0 && bound.is_finite()) {
            return Err(Error::NoSignal { draws: how.trials });
        }
        let dim = self.dim();
        let mut events = Events {
            dim,
            points: Vec::new(),
            weights: Vec::new(),
        };
        let mut accept = evaluator.streams().generator(Purpose::Accept, 0, 0);
        let (mut trials, mut drawn) = (0, 0);
        let most = how.max_trials_per_event.saturating_mul(n as u64);
        'waves: while events.weights.len() < n {
            if drawn >= most {
                return Err(Error::NoSignal { draws: drawn });
            }
            // About as many trials as the missing events need.
            let missing = (n - events.weights.len()) as f64;
            let wave = (missing / expected * 1.1).clamp(CHUNK as f64, WAVE) as u64;
            let wave = wave.min(most - drawn);
            for (points, weights) in weigh(Purpose::Sample, drawn, wave)? {
                for (point, w) in points.chunks_exact(dim).zip(&weights) {
                    trials += 1;
                    let ratio = w.abs() / bound;
                    // One number per trial, whether it is needed or not: draws stay aligned.
                    if accept.random::<f64>() < ratio {
                        events.points.extend_from_slice(point);
                        events.weights.push(ratio.max(1.0).copysign(*w));
                        if events.weights.len() == n {
                            break 'waves;
                        }
                    }
                }
            }
            drawn += wave;
        }
        let over = events.weights.iter().filter(|w| w.abs() > 1.0).count();
        Ok(Unweighted {
            max_weight: bound,
            trials,
            calls: evaluator.calls(),
            efficiency: n as f64 / trials.max(1) as f64,
            overweight_fraction: over as f64 / n.max(1) as f64,
            integral: Estimate::from(moments),
            events,
        })
    }
}
