//! Maximum weight: the weight against which events are accepted or rejected.
//!
//! `Max` takes the largest weight seen. `Quantile(p)` takes the smallest `w_max` with
//! `sum over w > w_max of w <= (1 - p) sum w`, so that overweight events carry a bounded share of the
//! total (C. Gao, S. Höche, J. Isaacson, C. Krause, H. Schulz, arXiv:2001.10028). Weights here are
//! absolute values.
//!
//! Weakness: the largest weight of a heavy tail grows with the sample, and with it the efficiency
//! falls; a quantile is stable but leaves overweight events, which must keep their excess weight.

use std::error::Error;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::sum::CompensatedSum;

/// How the maximum weight for unweighting is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum MaxWeight {
    /// The largest weight of the sample: no overweight events in it.
    #[default]
    Max,
    /// Weights above the bound carry at most the share `1 - p` of the total, with p in (0, 1].
    Quantile(f64),
}

impl MaxWeight {
    /// The maximum weight for a sample of absolute weights, 0 if it has no positive weight.
    ///
    /// The slice is sorted in descending order by a quantile policy and left alone by `Max`.
    pub fn bound(&self, weights: &mut [f64]) -> f64 {
        match *self {
            Self::Quantile(p) if p < 1.0 => quantile_bound(weights, p.max(0.0)),
            Self::Max | Self::Quantile(_) => weights.iter().copied().fold(0.0, f64::max),
        }
    }
}

/// Smallest sample weight above which no more than the share `1 - p` lies.
fn quantile_bound(weights: &mut [f64], p: f64) -> f64 {
    weights.sort_unstable_by(|a, b| b.total_cmp(a));
    let total = weights.iter().copied().collect::<CompensatedSum>().value();
    let mut bound = 0.0;
    let mut above = CompensatedSum::default();
    for &weight in weights.iter().take_while(|&&w| w > 0.0) {
        bound = weight;
        above.add(weight);
        if above.value() > (1.0 - p) * total {
            break;
        }
    }
    bound
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
        }
    }
}

impl FromStr for MaxWeight {
    type Err = ParseMaxWeightError;

    /// Reads `max` or `quantile:p` with p in (0, 1].
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "max" {
            return Ok(Self::Max);
        }
        let share = text
            .strip_prefix("quantile:")
            .ok_or_else(|| ParseMaxWeightError::UnknownPolicy(text.to_owned()))?;
        share
            .parse()
            .ok()
            .filter(|&p| p > 0.0 && p <= 1.0)
            .map(Self::Quantile)
            .ok_or_else(|| ParseMaxWeightError::BadShare(share.to_owned()))
    }
}

/// Why a text is no maximum-weight policy.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseMaxWeightError {
    /// The text is neither `max` nor `quantile:p`.
    UnknownPolicy(String),
    /// The `p` of `quantile:p` is not a number in (0, 1].
    BadShare(String),
}

impl fmt::Display for ParseMaxWeightError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownPolicy(text) => {
                write!(
                    f,
                    "maximum weight {text:?}: expected \"max\" or \"quantile:p\""
                )
            }
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
        ] {
            assert_eq!(policy.bound(&mut weights), bound, "{policy}");
        }
        assert_eq!(overweight_share(&weights, 2.0), 0.5);
        assert_eq!(overweight_share(&weights, 5.0), 0.0);
    }

    #[test]
    fn no_signal_has_no_bound() {
        for policy in [MaxWeight::Max, MaxWeight::Quantile(0.9)] {
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
