//! Maximum weight: the weight against which events are accepted or rejected.
//!
//! `Max` takes the largest weight seen. `Quantile(p)` takes the smallest `w_max` with
//! `sum over w > w_max of w <= (1 - p) sum w`, so that overweight events carry a bounded share of the
//! total. `Overweight(eps)` does so for the share plus its standard error, because the share of the
//! next sample is what matters: a quantile keeps its promise in every second sample only.
//! `BootstrapMedian(m)` takes the median of the largest weights of replicas, each of m weights drawn
//! with replacement (C. Gao, S. Höche, J. Isaacson, C. Krause, H. Schulz, arXiv:2001.10028), in the
//! limit of infinitely many replicas, where it is a quantile by number. Weights here are absolute
//! values.
//!
//! Weakness: the largest weight of a heavy tail grows with the sample, and with it the efficiency
//! falls; the others are stable but leave overweight events, which must keep their excess weight. No
//! bound knows of weights beyond the largest one of its sample.

use std::error::Error;
use std::f64::consts::LN_2;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::sum::CompensatedSum;

/// How the maximum weight for unweighting is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum MaxWeight {
    /// The largest weight of the sample: no overweight events in it. Where events are unweighted, it is
    /// that of their own draws, too.
    #[default]
    Max,
    /// Weights above the bound carry at most the share `1 - p` of the total, with p in (0, 1].
    Quantile(f64),
    /// Median of the largest weights of replicas of so many weights: one in m / ln 2 lies above.
    BootstrapMedian(u64),
    /// Weights above the bound carry at most this share of the total, with one standard error to
    /// spare; in (0, 1).
    Overweight(f64),
}

impl MaxWeight {
    /// The maximum weight for a sample of absolute weights, 0 if it has no positive weight.
    ///
    /// The slice is sorted in descending order by all policies but `Max`, which leaves it alone.
    pub fn bound(&self, weights: &mut [f64]) -> f64 {
        match *self {
            Self::Quantile(p) if p < 1.0 => bound_by_share(weights, 1.0 - p.max(0.0), 0.0),
            Self::Overweight(share) if share > 0.0 => bound_by_share(weights, share, 1.0),
            Self::BootstrapMedian(m) if m > 0 => bootstrap_median(weights, m),
            Self::Max | Self::Quantile(_) | Self::Overweight(_) | Self::BootstrapMedian(_) => {
                weights.iter().copied().fold(0.0, f64::max)
            }
        }
    }
}

/// Smallest sample weight above which no more than `share` lies, and so many standard errors of the
/// weight there.
fn bound_by_share(weights: &mut [f64], share: f64, errors: f64) -> f64 {
    weights.sort_unstable_by(|a, b| b.total_cmp(a));
    let total = weights.iter().copied().collect::<CompensatedSum>().value();
    let mut bound = 0.0;
    let [mut above, mut squares] = [CompensatedSum::default(); 2];
    for &weight in weights.iter().take_while(|&&w| w > 0.0) {
        bound = weight;
        above.add(weight);
        // How many weights lie above is a Poisson number.
        squares.add((weight / total).powi(2));
        if above.value() + errors * squares.value().sqrt() * total > share * total {
            break;
        }
    }
    bound
}

/// The weight with index k of the descending sample, where the largest one of `m` drawn with
/// replacement is not among the k largest with a probability of one half: (1 - k/n)^m = 1/2.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to the indices"
)]
fn bootstrap_median(weights: &mut [f64], m: u64) -> f64 {
    weights.sort_unstable_by(|a, b| b.total_cmp(a));
    let share = -(-LN_2 / m as f64).exp_m1();
    let at = (weights.len() as f64 * share).floor() as usize;
    let bound = weights.get(at).copied().unwrap_or(0.0);
    // Where most weights vanish, a replica may have none; some maximum is needed all the same.
    let least = || weights.iter().copied().take_while(|w| *w > 0.0).last();
    if bound > 0.0 {
        bound
    } else {
        least().unwrap_or(0.0)
    }
}

/// Share of `sum w` carried by the weights above `bound`, for absolute weights; 0 for no signal.
pub fn overweight_share(weights: &[f64], bound: f64) -> f64 {
    let (mut above, mut total) = (CompensatedSum::default(), CompensatedSum::default());
    for &weight in weights {
        total.add(weight);
        above.add(if weight > bound { weight } else { 0.0 });
    }
    if total.value() == 0.0 {
        0.0
    } else {
        above.value() / total.value()
    }
}

impl fmt::Display for MaxWeight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Max => f.write_str("max"),
            Self::Quantile(p) => write!(f, "quantile:{p}"),
            Self::BootstrapMedian(m) => write!(f, "bootstrap:{m}"),
            Self::Overweight(share) => write!(f, "overweight:{share}"),
        }
    }
}

impl FromStr for MaxWeight {
    type Err = ParseMaxWeightError;

    /// Reads `max`, `quantile:p` with p in (0, 1], `bootstrap:m` with a whole number above 0, or
    /// `overweight:eps` with a share in (0, 1).
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "max" {
            return Ok(Self::Max);
        }
        let (name, value) = text.split_once(':').unwrap_or((text, ""));
        let share = || value.parse().ok().filter(|&p| p > 0.0 && p <= 1.0);
        match name {
            "quantile" => share()
                .map(Self::Quantile)
                .ok_or_else(|| ParseMaxWeightError::BadShare(value.to_owned())),
            "overweight" => share()
                .filter(|&share| share < 1.0)
                .map(Self::Overweight)
                .ok_or_else(|| ParseMaxWeightError::BadBudget(value.to_owned())),
            "bootstrap" => (value.parse().ok().filter(|&m| m > 0))
                .map(Self::BootstrapMedian)
                .ok_or_else(|| ParseMaxWeightError::BadReplica(value.to_owned())),
            _ => Err(ParseMaxWeightError::UnknownPolicy(text.to_owned())),
        }
    }
}

/// Why a text is no maximum-weight policy.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseMaxWeightError {
    /// The text is none of `max`, `quantile:p`, `bootstrap:m` and `overweight:eps`.
    UnknownPolicy(String),
    /// The `p` of `quantile:p` is not a number in (0, 1].
    BadShare(String),
    /// The `m` of `bootstrap:m` is not a whole number above 0.
    BadReplica(String),
    /// The `eps` of `overweight:eps` is not a number in (0, 1).
    BadBudget(String),
}

impl fmt::Display for ParseMaxWeightError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownPolicy(text) => {
                write!(
                    f,
                    "maximum weight {text:?}: expected \"max\", \"quantile:p\", \"bootstrap:m\" or \
                     \"overweight:eps\""
                )
            }
            Self::BadReplica(text) => write!(
                f,
                "maximum weight, replicas of {text:?} weights: expected a whole number above 0"
            ),
            Self::BadBudget(text) => write!(
                f,
                "maximum weight, share of overweights {text:?}: expected a number in (0, 1)"
            ),
            Self::BadShare(text) => {
                write!(
                    f,
                    "maximum weight quantile {text:?}: expected a number in (0, 1]"
                )
            }
        }
    }
}

impl Error for ParseMaxWeightError {}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "exact results are compared")]
mod tests {
    use proptest::{prop_assert, proptest};

    use super::super::testing::SplitMix;
    use super::{MaxWeight, ParseMaxWeightError, overweight_share};

    #[test]
    fn known_bounds() {
        let mut weights = [1.0, 5.0, 2.0, 0.0, 2.0];
        for (policy, bound) in [
            (MaxWeight::Max, 5.0),
            (MaxWeight::Quantile(1.0), 5.0),
            (MaxWeight::Quantile(0.51), 5.0),
            (MaxWeight::Quantile(0.5), 2.0),
            (MaxWeight::Quantile(0.1), 1.0),
            (MaxWeight::Quantile(0.0), 1.0),
            (MaxWeight::Quantile(f64::NAN), 5.0),
            // 5 +- 5 of 10, 9 +- sqrt(33)
            (MaxWeight::Overweight(0.99), 5.0),
            (MaxWeight::BootstrapMedian(5), 5.0),
            // (1 - 1/5)^3 > 1/2 > (1 - 2/5)^3
            (MaxWeight::BootstrapMedian(3), 2.0),
            // Every second weight is the largest of a replica of one; the third is 2.
            (MaxWeight::BootstrapMedian(1), 2.0),
        ] {
            assert_eq!(policy.bound(&mut weights), bound, "{policy}");
        }
        assert_eq!(overweight_share(&weights, 2.0), 0.5);
        assert_eq!(overweight_share(&weights, 5.0), 0.0);
    }

    #[test]
    fn no_signal_has_no_bound() {
        for policy in [
            MaxWeight::Max,
            MaxWeight::Quantile(0.9),
            MaxWeight::BootstrapMedian(10),
            MaxWeight::Overweight(0.1),
        ] {
            assert_eq!(policy.bound(&mut []), 0.0);
            assert_eq!(policy.bound(&mut [0.0; 3]), 0.0);
        }
        assert_eq!(overweight_share(&[0.0], 0.0), 0.0);
    }

    #[test]
    fn policies_are_written_and_read() {
        for policy in [
            MaxWeight::Max,
            MaxWeight::Quantile(0.999),
            MaxWeight::Quantile(1.0),
            MaxWeight::BootstrapMedian(500),
            MaxWeight::Overweight(0.001),
        ] {
            assert_eq!(policy.to_string().parse(), Ok(policy));
        }
        let parse = |text: &str| text.parse::<MaxWeight>();
        assert_eq!(
            parse("Max"),
            Err(ParseMaxWeightError::UnknownPolicy("Max".to_owned()))
        );
        for share in ["0", "1.1", "nan", "x", ""] {
            let fault = parse(&format!("quantile:{share}")).unwrap_err();
            assert_eq!(fault, ParseMaxWeightError::BadShare(share.to_owned()));
        }
        for size in ["0", "-1", "1.5", ""] {
            let fault = parse(&format!("bootstrap:{size}")).unwrap_err();
            assert_eq!(fault, ParseMaxWeightError::BadReplica(size.to_owned()));
        }
        for share in ["0", "1", "nan"] {
            let fault = parse(&format!("overweight:{share}")).unwrap_err();
            assert_eq!(fault, ParseMaxWeightError::BadBudget(share.to_owned()));
        }
    }

    /// Median of the largest weights of replicas, drawn.
    #[test]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an index below 1000"
    )]
    fn the_bootstrap_median_is_that_of_replicas() {
        let mut rng = SplitMix(3);
        let mut weights = rng.pareto(1000, 0.3);
        let bound = MaxWeight::BootstrapMedian(200).bound(&mut weights);
        let mut above = 0;
        for _ in 0..4000 {
            let hit = |_| weights[(rng.uniform() * 1000.0) as usize % 1000] > bound;
            above += u32::from((0..200).map(hit).fold(false, |any, hit| any | hit));
        }
        // Three of a thousand lie above: 1 - .997^200 = .452, with four, .551.
        assert!((f64::from(above) / 4000.0 - 0.452).abs() < 0.04, "{above}");
    }

    /// What the bound of one sample leaves above itself in another.
    #[test]
    fn a_budget_is_kept_more_often_than_a_quantile() {
        let mut big = SplitMix(1).pareto(1_000_000, 0.25);
        big.sort_unstable_by(|a, b| b.total_cmp(a));
        let kept = |policy: MaxWeight| {
            let keeps = |seed: u64| {
                let bound = policy.bound(&mut SplitMix(seed + 10).pareto(10_000, 0.25));
                u32::from(overweight_share(&big, bound) <= 0.01)
            };
            (0..100).map(keeps).sum::<u32>()
        };
        let (quantile, budget) = (
            kept(MaxWeight::Quantile(0.99)),
            kept(MaxWeight::Overweight(0.01)),
        );
        assert!((25..75).contains(&quantile), "{quantile}");
        assert!(budget >= 75, "{budget}");
    }

    proptest! {
        #[test]
        fn the_bound_is_the_smallest_that_keeps_its_promise(seed: u64, p in 0.01..0.999_f64) {
            let mut weights = SplitMix(seed).pareto(500, 0.7);
            let bound = MaxWeight::Quantile(p).bound(&mut weights);
            prop_assert!(overweight_share(&weights, bound) <= 1.0 - p);
            let next = weights.iter().copied().find(|&w| w < bound);
            prop_assert!(next.is_none_or(|w| overweight_share(&weights, w) > 1.0 - p));
        }
    }
}
