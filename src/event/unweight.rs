//! Unweighted events by acceptance and rejection.
//!
//! A trial event of weight w is kept with probability min(1, |w|/(r `w_max`)). Which `w_max` is
//! taken is a policy ([`MaxWeight`]); r, in (0, 1], is 1 unless events shall be unweighted partly.
//! Events above r `w_max` are kept with weight |w|/(r `w_max`) > 1, so that the sum of the events'
//! weights is unbiased whatever the policy. Where r is 1 these are the overweights; with r below 1
//! more events are kept, of which those with |w| from r `w_max` to `w_max` have weights from 1 to
//! 1/r.
//!
//! `Max` is the largest weight of all draws, of those that the events come from as of those before: it
//! rises with them, and events kept so far are judged anew. No weight exceeds 1/r, whatever comes.

use rand::RngExt as _;
use serde::{Deserialize, Serialize};

use super::kept::Kept;
use super::sampler::{Events, Sampler};
use crate::error::{Error, Result, check};
use crate::integrand::Integrand;
use crate::integrate::evaluator::CHUNK;
use crate::rng::Purpose;
use crate::stats::{Efficiencies, Estimate, MaxWeight, Moments};

/// How to unweight.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Unweighting {
    /// the policy for the maximum
    pub max_weight: MaxWeight,
    /// trial draws that fix the maximum
    pub trials: u64,
    /// most trial draws per event before giving up
    pub max_trials_per_event: u64,
    /// r in (0, 1]: with less than 1, events of a weight above r `w_max` are all kept
    pub partial: f64,
    /// number of the first draw: runs of one seed with draws far apart have different events
    pub first: u64,
}

impl Default for Unweighting {
    fn default() -> Self {
        Self {
            max_weight: MaxWeight::Quantile(0.999),
            trials: 20_000,
            max_trials_per_event: 100_000,
            partial: 1.0,
            first: 0,
        }
    }
}

/// How unweighted events came about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UnweightingReport {
    /// the policy for the maximum, as it is written
    pub policy: String,
    /// the weight that others are compared with: r times the maximum that the policy fixed
    pub max_weight: f64,
    /// r
    pub partial: f64,
    /// events divided by trials
    pub efficiency: f64,
    /// the efficiency by its published definitions, on the draws that fixed the maximum
    pub efficiencies: Efficiencies,
    /// share of the events with a weight above 1
    pub overweight_fraction: f64,
    /// share of the weight of all trials in those above `max_weight`: as much as the kept overweights
    /// carry
    pub overweight_share: f64,
    /// the largest weight of the trials over `max_weight`
    pub overweight_reach: f64,
    /// share f of negative weights in sum |w| over the trials: as many of the events are negative
    pub negative_fraction: f64,
    /// (1 - 2f)^2: as many positive events would tell as much
    pub negative_efficiency: f64,
}

/// Unweighted events and how they came about.
#[derive(Clone, Debug, PartialEq)]
pub struct Unweighted {
    /// the events; weights are 1, above 1 for overweights, negative where f < 0
    pub events: Events,
    /// `[n]`: the number of the draw that an event comes from
    pub numbers: Vec<u64>,
    /// trial draws up to the last event
    pub trials: u64,
    /// calls of the integrand, those that fixed the maximum and unused ones included
    pub calls: u64,
    /// how well it went
    pub report: UnweightingReport,
    /// the integral as estimated from the draws that fixed the maximum, which are independent
    /// of the events
    pub integral: Estimate,
    /// the integral as estimated from all draws
    pub pooled: Estimate,
    /// the integral of |f| over all draws
    pub absolute: Estimate,
}

/// Moments of signed and of absolute weights.
#[derive(Default)]
struct Both {
    signed: Moments,
    absolute: Moments,
}

impl Both {
    fn add(&mut self, weights: &[f64]) {
        self.signed.merge_from(&Moments::from_slice(weights));
        let sizes: Vec<f64> = weights.iter().map(|w| w.abs()).collect();
        self.absolute.merge_from(&Moments::from_slice(&sizes));
    }
}

impl Sampler {
    /// Draws `n` unweighted events of a seed, with the first output of `integrand`.
    ///
    /// Draw number k of a seed is the same draw, with the same fate, in all runs; the maximum is
    /// fixed by other draws, the same for all `first`. Only [`MaxWeight::Max`] also looks at the draws
    /// of this run.
    ///
    /// # Errors
    /// What the integrand reports; [`Error::NoSignal`] if all weights vanish or the efficiency
    /// is hopeless; [`Error::InvalidSetting`] for settings out of range.
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
        let partial = how.partial;
        let ok = partial > 0.0 && partial <= 1.0;
        check(ok, "partial unweighting", partial, "above 0 and at most 1")?;
        let evaluator = self.evaluator(integrand, seed)?;
        let weigh = |purpose, first, n| self.weigh(&evaluator, purpose, first, n);
        let trial = weigh(Purpose::Maximum, 0, how.trials)?;
        let mut all = Both::default();
        for (_, weights) in &trial {
            all.add(weights);
        }
        let integral = Estimate::from(all.signed);
        let sizes = trial.iter().flat_map(|(_, w)| w.iter().map(|w| w.abs()));
        let mut sizes: Vec<f64> = sizes.collect();
        let efficiencies = Efficiencies::of(&mut sizes);
        let bound = how.max_weight.bound(&mut sizes) * partial;
        if !(bound > 0.0 && bound.is_finite()) {
            return Err(Error::NoSignal { draws: how.trials });
        }
        let expected = sizes.iter().map(|w| (w / bound).min(1.0)).sum::<f64>() / sizes.len() as f64;
        let mut kept = Kept::new(self.dim(), bound, how);
        let streams = evaluator.streams();
        let mut accept = streams.generator(Purpose::Accept, 0, u128::from(how.first));
        let mut drawn = 0;
        let most = how.max_trials_per_event.saturating_mul(n as u64);
        while kept.len() < n {
            if drawn >= most {
                return Err(Error::NoSignal { draws: drawn });
            }
            // About as many trials as the missing events need.
            let missing = (n - kept.len()) as f64;
            let wave = (missing / expected * kept.level() * 1.1).clamp(CHUNK as f64, WAVE) as u64;
            let wave = wave.min(most - drawn);
            let mut number = how.first + drawn;
            let mut full = false;
            for (points, weights) in weigh(Purpose::Sample, number, wave)? {
                all.add(&weights);
                full = full || kept.take((&points, &weights), (number, n), || accept.random());
                number += weights.len() as u64;
            }
            drawn += wave;
        }
        let (events, numbers, trials, report) = kept.finish(how, efficiencies);
        Ok(Unweighted {
            events,
            numbers,
            trials,
            calls: evaluator.calls(),
            report,
            integral,
            pooled: Estimate::from(all.signed),
            absolute: Estimate::from(all.absolute),
        })
    }
}
