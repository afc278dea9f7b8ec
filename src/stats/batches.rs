//! Consistency of batches: do independent estimates of one mean agree?
//!
//! `chi2 = sum_b (m_b - m)^2 n_b / s^2` with `m` the mean over calls and `s^2` the variance pooled
//! within the batches, `sum m2_b / sum (n_b - 1)` (the F statistic of the analysis of variance
//! times its degrees of freedom; R. A. Fisher, Statistical Methods for Research Workers, 1925). A
//! batch's own variance is never used as its weight: mean and variance of positive weights are
//! correlated, and the inverse-variance mean is biased low.
//!
//! Weakness: a peak missed by all batches passes; heavy tails make the batch means non-normal, so
//! read it together with [`WeightStats::khat`](super::WeightStats::khat).

use serde::{Deserialize, Serialize};
use statrs::function::gamma::gamma_ur;

use super::Moments;

/// Outcome of the chi-squared test of equal means.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Consistency {
    /// Weighted squared deviations of the batch means.
    pub chi2: f64,
    /// Degrees of freedom, the number of batches less one.
    pub dof: u64,
    /// Probability of a larger `chi2` if all batches have the same mean.
    pub p_value: f64,
}

impl Consistency {
    /// `chi2 / dof`.
    pub fn chi2_per_dof(&self) -> f64 {
        self.chi2 / self.dof as f64
    }

    /// Two-sided p-value: small also if the batches agree better than chance allows.
    pub fn two_sided(&self) -> f64 {
        two_sided_p_value(self.p_value)
    }
}

/// Tests whether the batches share one mean; empty batches are left out.
///
/// `None` if fewer than two batches have calls or the pooled variance is not positive.
pub fn consistency(batches: &[Moments]) -> Option<Consistency> {
    let mut total = Moments::default();
    let (mut used, mut within) = (0_u64, 0.0);
    for batch in batches.iter().filter(|b| b.calls > 0) {
        used += 1;
        within += batch.m2;
        total.merge_from(batch);
    }
    if used < 2 || total.calls == used {
        return None;
    }
    let pooled = within / (total.calls - used) as f64;
    if pooled <= 0.0 || pooled.is_nan() {
        return None;
    }
    let squares: f64 = batches
        .iter()
        .map(|b| b.calls as f64 * (b.mean - total.mean).powi(2))
        .sum();
    let (chi2, dof) = (squares / pooled, used - 1);
    Some(Consistency {
        chi2,
        dof,
        p_value: p_value_chi2(chi2, dof),
    })
}

/// Probability that a chi-squared variable with `dof` degrees of freedom exceeds `chi2`.
///
/// 1 for `chi2 <= 0` or no degrees of freedom; NaN stays NaN.
pub fn p_value_chi2(chi2: f64, dof: u64) -> f64 {
    if chi2.is_nan() {
        f64::NAN
    } else if chi2 <= 0.0 || dof == 0 {
        1.0
    } else if chi2.is_infinite() {
        0.0
    } else {
        gamma_ur(0.5 * dof as f64, 0.5 * chi2).clamp(0.0, 1.0)
    }
}

/// Two-sided p-value `2 min(p, 1 - p)` of a one-sided one.
pub fn two_sided_p_value(p: f64) -> f64 {
    2.0 * p.min(1.0 - p)
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "exact results are compared")]
mod tests {
    use proptest::{prop_assert, proptest};

    use super::super::testing::SplitMix;
    use super::{Consistency, Moments, consistency, p_value_chi2, two_sided_p_value};

    fn normal_batches(rng: &mut SplitMix, count: usize, calls: usize, shift: f64) -> Vec<Moments> {
        let mut batch = |offset: f64| {
            let values: Vec<f64> = (0..calls).map(|_| offset + rng.normal()).collect();
            Moments::from_slice(&values)
        };
        (0..count)
            .map(|b| batch(if b == 0 { shift } else { 0.0 }))
            .collect()
    }

    #[test]
    fn known_p_values() {
        for (chi2, dof, p) in [
            (3.841459, 1, 0.05),
            (18.307038, 10, 0.05),
            (2.0, 2, 0.36787944),
        ] {
            assert!((p_value_chi2(chi2, dof) - p).abs() < 1e-7);
        }
        assert!((p_value_chi2(1e6, 1_000_000) - 0.5).abs() < 1e-3);
        assert!((two_sided_p_value(0.975) - 0.05).abs() < 1e-12);
    }

    #[test]
    fn p_values_at_the_ends() {
        assert_eq!((p_value_chi2(0.0, 3), p_value_chi2(1.0, 0)), (1.0, 1.0));
        assert_eq!(p_value_chi2(f64::INFINITY, 3), 0.0);
        assert_eq!(p_value_chi2(1e5, 3), 0.0);
        assert!(p_value_chi2(f64::NAN, 3).is_nan());
    }

    #[test]
    fn nothing_to_test() {
        let batch = Moments::from_slice(&[1.0, 2.0]);
        let constant = Moments::from_slice(&[0.1; 3]);
        assert_eq!(consistency(&[]), None);
        assert_eq!(consistency(&[batch, Moments::default()]), None);
        assert_eq!(consistency(&[constant, constant]), None);
        assert_eq!(
            consistency(&[Moments::from_slice(&[1.0]), Moments::from_slice(&[2.0])]),
            None
        );
    }

    #[test]
    fn p_values_of_equal_batches_are_uniform() {
        let mut rng = SplitMix(1);
        let mean = |rng: &mut SplitMix, read: fn(&Consistency) -> f64| {
            let p = (0..1000).filter_map(|_| consistency(&normal_batches(rng, 10, 100, 0.0)));
            p.map(|c| read(&c)).sum::<f64>() / 1000.0
        };
        // Four standard errors of a mean of 1000 uniforms, 4 / sqrt(12000).
        assert!((mean(&mut rng, |c| c.p_value) - 0.5).abs() < 0.037);
        assert!((mean(&mut rng, Consistency::two_sided) - 0.5).abs() < 0.037);
        assert!((mean(&mut rng, Consistency::chi2_per_dof) - 1.0).abs() < 0.06);
    }

    #[test]
    fn a_shifted_batch_is_seen() {
        let batches = normal_batches(&mut SplitMix(2), 10, 1000, 0.3);
        assert!(consistency(&batches).is_some_and(|c| c.p_value < 1e-6 && c.dof == 9));
    }

    proptest! {
        #[test]
        fn shift_and_scale_do_not_matter(seed: u64, shift in -10.0..10.0_f64, scale in 0.1..10.0_f64) {
            let batches = normal_batches(&mut SplitMix(seed), 4, 20, 0.0);
            let moved: Vec<Moments> = batches
                .iter()
                .map(|b| Moments { mean: b.mean * scale + shift, m2: b.m2 * scale * scale, ..*b })
                .collect();
            let pair = consistency(&batches).zip(consistency(&moved));
            prop_assert!(pair.is_some_and(|(a, b)| (a.chi2 - b.chi2).abs() < 1e-9 * (1.0 + a.chi2)));
        }
    }
}
