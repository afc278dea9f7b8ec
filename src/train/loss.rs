//! Divergences between the target t = |f|/I and the flow q, and their gradients.
//!
//! Each is an f-divergence D = int q phi(r) dx with r = t/q. At fixed sampling density `q_s`,
//!
//! ```text
//! dD/dtheta = E_{q_s}[ (q/q_s) (phi - r phi') d log q/dtheta ],
//! ```
//!
//! and because `E_q`[d log q/dtheta] = 0 any constant may be added to (phi - r phi'). The control
//! variate adds the one that makes it vanish at r = 1, so that a perfect flow has no gradient
//! noise at all. [`Loss::gradient`] is the result with the sign turned, so that training
//! ascends `(q/q_s) gradient(r) log q`.

use std::fmt::Debug;

use serde::{Deserialize, Serialize};

/// An f-divergence, as a function of r = t/q.
pub trait Loss: Debug + Sync {
    /// `(phi(r), r phi'(r) - phi(r) - phi'(1))`: the divergence, with phi(1) = 0, and the pull
    /// on log q at a point, 0 at r = 1. `log_ratio` is ln r, minus infinity for r = 0.
    fn terms(&self, ratio: f64, log_ratio: f64) -> (f64, f64);

    /// phi'(1): what the control variate removes; without it the pull is `gradient + slope`.
    fn slope_at_one(&self) -> f64;

    /// The divergence at ln r.
    fn divergence(&self, log_ratio: f64) -> f64 {
        self.terms(log_ratio.exp(), log_ratio).0
    }

    /// The pull on log q at ln r.
    fn gradient(&self, log_ratio: f64) -> f64 {
        self.terms(log_ratio.exp(), log_ratio).1
    }
}

/// The forward Kullback-Leibler divergence KL(t||q) = int t ln(t/q).
///
/// phi = r ln r, gradient r - 1. Müller et al. (2019), arXiv:1808.03856.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kl;

/// The reverse divergence KL(q||t) = int q ln(q/t).
///
/// phi = -ln r, gradient ln r. It is infinite where f = 0 on the support of q, so that r is
/// taken as at least e^-[`ReverseKl::FLOOR`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReverseKl;

/// The variance of the weights (Pearson chi2), int (t - q)^2/q.
///
/// phi = r^2 - 1, gradient r^2 - 1. Müller et al. (2019), arXiv:1808.03856, section 5.2.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Variance;

/// The exponential divergence int t (ln(t/q))^2.
///
/// phi = r (ln r)^2, gradient 2 r ln r. Gao, Isaacson, Krause, "i-flow" (2020),
/// arXiv:2001.05486.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exponential;

impl ReverseKl {
    /// -ln of the smallest ratio t/q that is told from zero.
    pub const FLOOR: f64 = 10.0;
}

/// 0 for r = 0, where the factors of r ln r are 0 and minus infinity.
fn unless_zero(log_ratio: f64, product: f64) -> f64 {
    if log_ratio == f64::NEG_INFINITY {
        0.0
    } else {
        product
    }
}

impl Loss for Kl {
    fn terms(&self, ratio: f64, log_ratio: f64) -> (f64, f64) {
        (unless_zero(log_ratio, ratio * log_ratio), ratio - 1.0)
    }
    fn slope_at_one(&self) -> f64 {
        1.0
    }
}

impl Loss for ReverseKl {
    fn terms(&self, _: f64, log_ratio: f64) -> (f64, f64) {
        // Below the floor phi is constant, and phi - r phi' = phi is what remains.
        if log_ratio < -Self::FLOOR {
            (Self::FLOOR, -Self::FLOOR + 1.0)
        } else {
            (-log_ratio, log_ratio)
        }
    }
    fn slope_at_one(&self) -> f64 {
        -1.0
    }
}

impl Loss for Variance {
    fn terms(&self, ratio: f64, _: f64) -> (f64, f64) {
        // r^2 - 1 without cancellation
        let square = (ratio - 1.0) * (ratio + 1.0);
        (square, square)
    }
    fn slope_at_one(&self) -> f64 {
        2.0
    }
}

impl Loss for Exponential {
    fn terms(&self, ratio: f64, log_ratio: f64) -> (f64, f64) {
        let product = unless_zero(log_ratio, ratio * log_ratio);
        (unless_zero(log_ratio, product * log_ratio), 2.0 * product)
    }
    fn slope_at_one(&self) -> f64 {
        0.0
    }
}

/// The losses by name, for settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LossKind {
    /// [`Kl`]
    #[default]
    Kl,
    /// [`ReverseKl`]
    ReverseKl,
    /// [`Variance`]
    Variance,
    /// [`Exponential`]
    Exponential,
}

impl LossKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Kl, Self::ReverseKl, Self::Variance, Self::Exponential];

    /// The loss itself.
    pub fn loss(self) -> &'static dyn Loss {
        match self {
            Self::Kl => &Kl,
            Self::ReverseKl => &ReverseKl,
            Self::Variance => &Variance,
            Self::Exponential => &Exponential,
        }
    }
}
