//! What nets say, and what is kept of them between two steps.

use serde::{Deserialize, Serialize};

use super::super::{
    super::{report::StopReason, run::Run, settings::Placement},
    Findings, Summary, Tally,
    histograms::of_nets,
    unscaled,
};
use super::sums::Nets;
use crate::error::{Error, Result};
use crate::list;
use crate::stats::{Covariance, Moments, WeightStats, consistency};

/// Nets between two steps.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Kept {
    /// per net: moments of each output, histograms
    #[serde(deserialize_with = "list::few")]
    pub(super) each: Vec<(Vec<Moments>, Tally)>,
    pub(super) weights: Vec<WeightStats>,
    pub(super) units: u64,
    /// where the next look is
    pub(super) goal: u64,
    /// the error to stop by, and the units that it is of
    pub(super) look: (f64, u64),
}

impl Nets {
    /// What can be kept of them.
    pub(super) fn kept(&self, goal: u64, look: (f64, u64)) -> Kept {
        let each = self.each.iter();
        Kept {
            each: each.map(|n| (n.moments.clone(), n.tally.clone())).collect(),
            weights: self.weights.clone(),
            units: self.units,
            goal,
            look,
        }
    }

    /// Goes on from what was kept of nets like these.
    pub(super) fn restore(&mut self, run: &Run<'_>, kept: Kept) -> Result<()> {
        let outputs = run.evaluator.outputs();
        let fits = |(moments, tally): &(Vec<Moments>, Tally)| {
            moments.len() == outputs
                && moments
                    .iter()
                    .all(|m| m.calls <= run.settings.stop.max_calls)
                && tally.fits(run.evaluator.observables())
        };
        // A file may hold anything.
        let most = run.settings.stop.max_calls;
        let all = kept.goal.checked_mul(self.unit() * self.each.len() as u64);
        let known = kept.units > 0 && kept.look.1 > 0 && kept.look.0.is_finite();
        if kept.each.len() != self.each.len()
            || kept.weights.len() != outputs
            || !known
            || kept.units > kept.goal
            || all.is_none_or(|calls| calls > most)
            || !kept.each.iter().all(fits)
        {
            return Err(Error::damaged());
        }
        for (net, (moments, tally)) in self.each.iter_mut().zip(kept.each) {
            (net.moments, net.tally) = (moments, tally);
        }
        (self.weights, self.units) = (kept.weights, kept.units);
        Ok(())
    }

    pub(super) fn findings(&self, run: &Run<'_>, stop: StopReason) -> Findings {
        let exponents = &run.evaluator.exponents;
        let outputs = exponents.iter().enumerate().map(|(o, exponent)| {
            let (means, all) = (self.means(o), self.all(o));
            let nets: Vec<Moments> = self.each.iter().map(|n| n.moments[o]).collect();
            let summary = Summary {
                value: means.mean,
                error: self.error(o),
                calls: self.calls(),
                dof: Some((self.each.len() as f64 - 1.0).max(1.0)),
                rel_std: all.rel_std(),
                weights: &self.weights[o],
                consistency: consistency(&nets),
            };
            summary.output(*exponent)
        });
        let with_covariance = run.settings.covariance && exponents.len() > 1;
        let covariance = with_covariance.then(|| {
            let rows: Vec<f64> = self
                .each
                .iter()
                .flat_map(|n| n.moments.iter().map(|m| m.mean))
                .collect();
            let mut matrix = Covariance::from_rows(&rows, exponents.len()).of_means();
            for o in 0..exponents.len() {
                matrix[(o, o)] = matrix[(o, o)].max(self.error(o).powi(2));
            }
            unscaled(matrix.iter().copied(), exponents)
        });
        let tallies: Vec<&Tally> = self.each.iter().map(|n| &n.tally).collect();
        let first = self.all(0);
        Findings {
            outputs: outputs.collect(),
            covariance,
            histograms: of_nets(
                &tallies,
                self.units * self.unit(),
                run.evaluator.observables(),
                exponents[0],
            ),
            constant: first.calls > 0 && first.m2 == 0.0,
            largest: self.weights[0].max_abs(),
            signal: self.weights.iter().any(|w| w.nonzero() > 0),
            even: true,
            placement: Placement::Sobol,
            stop,
        }
    }
}
