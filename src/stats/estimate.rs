//! Estimate: a value with its one-sigma error, and how far it is from the truth.
//!
//! The pull `t = (value - exact) / error` follows Student's t with `dof` degrees of freedom if the
//! error itself was estimated from few numbers; its normal score `Phi^-1(F_t(t))` can be compared
//! and pooled as a standard normal number.
//!
//! Weakness: a pull is normal only where the central limit theorem has set in; for heavy-tailed
//! weights it is not, see [`WeightStats::khat`](super::WeightStats::khat).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Moments, normal_score_of_t, parenthesis};

/// A value, its standard error, and where they come from.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// Estimated value.
    pub value: f64,
    /// Standard error of the value (one sigma).
    pub error: f64,
    /// Number of evaluations behind it.
    pub calls: u64,
    /// Degrees of freedom of the error; `None` means so many that it is taken as known.
    pub dof: Option<f64>,
}

impl Estimate {
    /// `error / |value|`: 0 if both vanish, infinite if only the value does.
    pub fn rel_error(&self) -> f64 {
        if self.error == 0.0 && self.value == 0.0 {
            0.0
        } else {
            self.error / self.value.abs()
        }
    }

    /// Distance from the exact value in errors, as a standard normal number.
    ///
    /// Finite unless the error is 0: then 0 for the exact value and infinite for any other.
    pub fn pull(&self, exact: f64) -> f64 {
        let distance = self.value - exact;
        if distance == 0.0 {
            return 0.0;
        }
        let t = distance / self.error;
        self.dof.map_or(t, |dof| normal_score_of_t(t, dof))
    }
}

impl From<Moments> for Estimate {
    /// The mean with its standard error, as one of many calls (`dof` is `None`).
    fn from(moments: Moments) -> Self {
        Self {
            value: moments.mean,
            error: moments.error(),
            calls: moments.calls,
            dof: None,
        }
    }
}

impl fmt::Display for Estimate {
    /// Writes [parenthesis notation](parenthesis); width and alignment are kept.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&parenthesis(self.value, self.error))
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "exact results are compared")]
mod tests {
    use super::{Estimate, Moments};

    const SAMPLE: Estimate = Estimate {
        value: 0.96366,
        error: 0.00048,
        calls: 1000,
        dof: None,
    };

    #[test]
    fn written_in_parenthesis_notation() {
        assert_eq!(SAMPLE.to_string(), "0.96366(48)");
        assert_eq!(format!("{SAMPLE:>13}|"), "  0.96366(48)|");
    }

    #[test]
    fn relative_errors() {
        assert!((SAMPLE.rel_error() - 0.00048 / 0.96366).abs() < 1e-18);
        assert!(
            Estimate {
                value: 0.0,
                ..SAMPLE
            }
            .rel_error()
            .is_infinite()
        );
        let nothing = Estimate {
            value: 0.0,
            error: 0.0,
            ..SAMPLE
        };
        assert_eq!(nothing.rel_error(), 0.0);
    }

    #[test]
    fn few_degrees_of_freedom_shrink_a_pull() {
        let exact = SAMPLE.value + 2.0 * SAMPLE.error;
        assert!((SAMPLE.pull(exact) + 2.0).abs() < 1e-9);
        let few = Estimate {
            dof: Some(4.0),
            ..SAMPLE
        };
        assert!((few.pull(exact) + 1.571_284_742_9).abs() < 1e-8);
    }

    #[test]
    fn no_error_means_exact_or_infinitely_wrong() {
        let exact = Estimate {
            error: 0.0,
            dof: Some(3.0),
            ..SAMPLE
        };
        assert_eq!(exact.pull(exact.value), 0.0);
        assert!(exact.pull(0.0).is_infinite());
    }

    #[test]
    fn made_from_moments() {
        let estimate = Estimate::from(Moments::from_slice(&[1.0, 3.0]));
        assert_eq!(
            (estimate.value, estimate.error, estimate.calls),
            (2.0, 1.0, 2)
        );
    }

    #[test]
    fn serialised_and_read_back() {
        let text = serde_json::to_string(&SAMPLE).unwrap();
        assert_eq!(serde_json::from_str::<Estimate>(&text).unwrap(), SAMPLE);
    }
}
