//! What unweighting a sample of weights would cost, by the definitions that are published.
//!
//! The efficiency is `mean |w| / w_max`, and definitions differ in `w_max`: the largest weight of
//! the sample, the median of the largest weights of bootstrapped replicas (arXiv:2001.10028), or the
//! weight above which a thousandth of the total lies. The first falls with the size of the sample,
//! so say how large it was. Unit weights of which the share f is negative are worth (1 - 2f)^2 of as
//! many positive ones.

use serde::{Deserialize, Serialize};

use super::{CompensatedSum, MaxWeight};

/// Unweighting efficiencies of a sample.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Efficiencies {
    /// against the largest weight
    pub by_max: f64,
    /// against the median of the largest weights of replicas, each a tenth of the sample
    pub by_bootstrap_median: f64,
    /// against the weight above which 0.1 % of the total lies
    pub by_quantile: f64,
}

impl Efficiencies {
    /// Efficiencies of absolute weights, which are sorted; 0 for no signal.
    pub fn of(weights: &mut [f64]) -> Self {
        let mean = weights.iter().copied().collect::<CompensatedSum>().value()
            / weights.len().max(1) as f64;
        let replica = (weights.len() as u64 / 10).max(1);
        let mut against = |policy: MaxWeight| {
            let bound = policy.bound(weights);
            if bound > 0.0 { mean / bound } else { 0.0 }
        };
        Self {
            by_max: against(MaxWeight::Max),
            by_bootstrap_median: against(MaxWeight::BootstrapMedian(replica)),
            by_quantile: against(MaxWeight::Quantile(0.999)),
        }
    }
}

/// The weights of draws beside the maximum that they are compared with: mergeable.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Overweights {
    /// sum |w|
    total: CompensatedSum,
    /// sum |w| of negative weights
    negative: CompensatedSum,
    /// sum |w| above the maximum
    above: CompensatedSum,
    /// largest |w| over the maximum
    reach: f64,
}

impl Overweights {
    /// Counts a signed weight over the maximum.
    pub fn add(&mut self, ratio: f64) {
        let size = ratio.abs();
        self.total.add(size);
        if ratio < 0.0 {
            self.negative.add(size);
        }
        if size > 1.0 {
            self.above.add(size);
        }
        self.reach = self.reach.max(size);
    }

    /// The same weights beside a maximum `factor` times as large, which `above`, over it, exceed.
    #[must_use]
    pub fn raised(self, factor: f64, above: CompensatedSum) -> Self {
        let scaled = |sum: CompensatedSum| [sum.value() / factor].into_iter().collect();
        Self {
            total: scaled(self.total),
            negative: scaled(self.negative),
            above,
            reach: self.reach / factor,
        }
    }

    /// sum |w| over the maximum.
    pub fn total(&self) -> f64 {
        self.total.value()
    }

    /// Share of sum |w| in weights above the maximum: as much of the kept events' weight.
    pub fn share(&self) -> f64 {
        self.part(self.above)
    }

    /// Largest |w| over the maximum.
    pub fn reach(&self) -> f64 {
        self.reach
    }

    /// Share f of negative ones among unit weights.
    pub fn negative_fraction(&self) -> f64 {
        self.part(self.negative)
    }

    fn part(&self, sum: CompensatedSum) -> f64 {
        let total = self.total.value();
        if total > 0.0 {
            sum.value() / total
        } else {
            0.0
        }
    }
}

/// What unit weights with a negative share `f` are worth: (1 - 2f)^2 of as many positive ones.
pub fn negative_efficiency(f: f64) -> f64 {
    (1.0 - 2.0 * f).powi(2)
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "exact results are compared")]
mod tests {
    use super::{Efficiencies, Overweights, negative_efficiency};

    #[test]
    fn definitions_on_a_known_sample() {
        // 999 weights of 1 and one of 101: mean 1.1; a thousandth of the total is 1.1.
        let mut weights = vec![1.0; 1000];
        weights[7] = 101.0;
        let found = Efficiencies::of(&mut weights);
        assert_eq!(found.by_max, 1.1 / 101.0);
        assert_eq!(found.by_quantile, 1.1 / 101.0);
        // Most replicas of 100 lack the large one.
        assert_eq!(found.by_bootstrap_median, 1.1);
        assert_eq!(Efficiencies::of(&mut []), Efficiencies::default());
        assert_eq!(Efficiencies::of(&mut [0.0; 9]), Efficiencies::default());
    }

    #[test]
    fn overweights_are_shares_of_all() {
        let mut tail = Overweights::default();
        for ratio in [0.5, -0.5, 2.0, -1.0, 0.0] {
            tail.add(ratio);
        }
        assert_eq!((tail.total(), tail.share(), tail.reach()), (4.0, 0.5, 2.0));
        assert_eq!(tail.negative_fraction(), 0.375);
        assert_eq!(negative_efficiency(0.375), 0.0625);
        let above = [1.0].into_iter().collect();
        let raised = tail.raised(1.5, above);
        let mut new = Overweights::default();
        for ratio in [0.5, -0.5, 2.0, -1.0, 0.0] {
            new.add(ratio / 1.5);
        }
        assert!((raised.total() - new.total()).abs() < 1e-15);
        assert_eq!(raised.reach(), new.reach());
        assert_eq!(raised.negative_fraction(), 0.375);
        assert!((raised.share() - 1.0 / raised.total()).abs() < 1e-15);
        assert_eq!(Overweights::default().share(), 0.0);
    }
}
