//! Normal law: distribution, quantile, scores of Student's t, and a calibration test.
//!
//! A score is `z` with `Phi(z) = F_t(t)`. Up to a thousand degrees of freedom it goes through the
//! incomplete beta function (M. Abramowitz, I. A. Stegun, 26.5 and 26.7), beyond through
//! `z = (8 v + 1) / (8 v + 3) sqrt(v ln(1 + t^2 / v))` (D. L. Wallace, Ann. Math. Stat. 30 (1959)
//! 1121). The calibration test is Kolmogorov's with the correction of M. A. Stephens, J. R. Stat.
//! Soc. B 32 (1970) 115.
//!
//! Weakness: the test is weak in the tails of the distribution, and its p-value is asymptotic,
//! good to about .01 from 10 numbers on.

use std::f64::consts::{PI, SQRT_2};

use statrs::function::beta::{beta_reg, ln_beta};
use statrs::function::erf::{erfc, erfc_inv};

/// Degrees of freedom from which Wallace's approximation is good to 1e-7 at 3 sigma, 2e-5 at 30.
const MANY: f64 = 1000.0;
/// Tail probabilities below this are handled by their logarithm.
const TINY: f64 = 1e-290;

/// Probability that a standard normal number is below `x`, to a relative 1e-10 in either tail.
pub fn normal_cdf(x: f64) -> f64 {
    0.5 * erfc(-x / SQRT_2)
}

/// The `x` with `normal_cdf(x) = p`; infinite for 0 and 1, NaN outside of [0, 1].
pub fn normal_quantile(p: f64) -> f64 {
    if (0.0..=1.0).contains(&p) {
        -SQRT_2 * erfc_inv(2.0 * p)
    } else {
        f64::NAN
    }
}

/// The standard normal number that is as improbable as `t` of Student's law with `dof` > 0.
///
/// Odd in `t`, at most |t| in size, and finite for every finite `t`. NaN for a `dof` that is not
/// positive.
pub fn normal_score_of_t(t: f64, dof: f64) -> f64 {
    if t.is_nan() || dof.is_nan() || dof <= 0.0 {
        return f64::NAN;
    }
    if dof.is_infinite() || t.is_infinite() || t == 0.0 {
        return t;
    }
    // Squares must not overflow; no finite t is told apart beyond this.
    let size = t.abs().min(1e150);
    if dof >= MANY {
        let score =
            (8.0 * dof + 1.0) / (8.0 * dof + 3.0) * (dof * (size * size / dof).ln_1p()).sqrt();
        return score.copysign(t);
    }
    let x = dof / (dof + size * size);
    let tail = 0.5 * beta_reg(0.5 * dof, 0.5, x);
    let score = if tail > TINY {
        -normal_quantile(tail)
    } else {
        score_of_log_tail(log_tail(x, dof))
    };
    score.copysign(t)
}

/// `ln (I_x(dof / 2, 1 / 2) / 2)` for small `x`, by the hypergeometric series.
fn log_tail(x: f64, dof: f64) -> f64 {
    let a = 0.5 * dof;
    let (mut term, mut series, mut n) = (1.0, 1.0, 0.0);
    while term > f64::EPSILON * series {
        term *= x * (a + 0.5 + n) / (a + 1.0 + n);
        series += term;
        n += 1.0;
    }
    a * x.ln() + 0.5 * (-x).ln_1p() - ln_beta(a, 0.5) + (0.5 * series / a).ln()
}

/// The `z` with `ln (1 - Phi(z)) = log_tail`, from `1 - Phi(z) ~ phi(z) / z (1 - 1 / z^2 + 3 / z^4)`.
fn score_of_log_tail(log_tail: f64) -> f64 {
    let mut square = -2.0 * log_tail;
    for _ in 0..8 {
        square = -2.0 * log_tail - (2.0 * PI * square).ln()
            + 2.0 * ((3.0 / square - 1.0) / square).ln_1p();
    }
    square.sqrt()
}

/// Kolmogorov-Smirnov distance of a sample from the standard normal law, and its p-value.
///
/// Sorts the sample. A sample with NaN in it has distance 1 and p-value 0, an empty one 0 and 1.
pub fn ks_normal(sample: &mut [f64]) -> (f64, f64) {
    if sample.is_empty() {
        return (0.0, 1.0);
    }
    if sample.iter().any(|x| x.is_nan()) {
        return (1.0, 0.0);
    }
    sample.sort_unstable_by(f64::total_cmp);
    let n = sample.len() as f64;
    let mut distance = 0.0_f64;
    for (i, &x) in sample.iter().enumerate() {
        let cdf = normal_cdf(x);
        let (before, after) = (i as f64 / n, (i + 1) as f64 / n);
        distance = distance.max(cdf - before).max(after - cdf);
    }
    let root = n.sqrt();
    (
        distance,
        kolmogorov_sf((root + 0.12 + 0.11 / root) * distance),
    )
}

/// `2 sum_j (-1)^(j-1) exp(-2 j^2 x^2)`, or its theta transform where that converges faster.
fn kolmogorov_sf(x: f64) -> f64 {
    let odd = [1.0, 3.0, 5.0, 7.0_f64];
    if x < 0.05 {
        1.0
    } else if x < 1.0 {
        let sum: f64 = odd
            .iter()
            .map(|j| (-(j * PI / x).powi(2) / 8.0).exp())
            .sum();
        1.0 - (2.0 * PI).sqrt() / x * sum
    } else {
        let term = |j: f64| (-2.0 * (j * x).powi(2)).exp();
        2.0 * odd.iter().map(|&j| term(j) - term(j + 1.0)).sum::<f64>()
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "exact results are compared")]
mod tests {
    use proptest::{prop_assert, proptest};

    use super::super::testing::SplitMix;
    use super::{kolmogorov_sf, ks_normal, normal_cdf, normal_quantile, normal_score_of_t};

    #[test]
    fn known_probabilities() {
        for (x, p) in [
            (0.0, 0.5),
            (1.0, 0.841344746068543),
            (-5.0, 2.866515718791939e-7),
        ] {
            assert!((normal_cdf(x) / p - 1.0).abs() < 2e-10);
            assert!((normal_quantile(p) - x).abs() < 1e-9);
        }
        assert!(normal_quantile(1.0).is_infinite() && normal_quantile(1.5).is_nan());
    }

    #[test]
    fn known_scores() {
        // By mpmath at 60 digits.
        for (t, dof, z) in [
            (0.5, 3.0, 0.45175156661644),
            (2.0, 1.0, 1.0468533173349),
            (5.0, 10.0, 3.4614200961856),
            (1e6, 1.0, 4.9797636333932),
            (1e6, 60.0, 37.537330512627),
            (1e6, 999.0, 143.87672263759),
            (37.0, 999.0, 29.356133933058),
            (3.0, 999.9, 2.9925342970057),
        ] {
            let score = normal_score_of_t(t, dof);
            assert!((score / z - 1.0).abs() < 1e-9, "{t} {dof}: {score} {z}");
        }
        for (t, z, tolerance) in [(3.0, 2.9925350400925, 2e-7), (1e6, 143.94525046235, 2e-4)] {
            assert!((normal_score_of_t(t, 1000.0) / z - 1.0).abs() < tolerance);
        }
    }

    #[test]
    fn limits_of_a_score() {
        assert_eq!(normal_score_of_t(0.0, 3.0), 0.0);
        assert_eq!(normal_score_of_t(7.0, f64::INFINITY), 7.0);
        assert!(normal_score_of_t(f64::MAX, 3.0).is_finite());
        assert!(normal_score_of_t(-f64::INFINITY, 3.0) == f64::NEG_INFINITY);
        assert!(normal_score_of_t(1.0, 0.0).is_nan() && normal_score_of_t(f64::NAN, 3.0).is_nan());
    }

    #[test]
    fn known_kolmogorov_probabilities() {
        for (x, p) in [
            (1.3581, 0.05),
            (1.6276, 0.01),
            (0.8276, 0.5),
            (0.5196, 0.95),
        ] {
            assert!(
                (kolmogorov_sf(x) - p).abs() < 2e-4,
                "{x}: {}",
                kolmogorov_sf(x)
            );
        }
        assert!((kolmogorov_sf(1.0_f64.next_down()) - kolmogorov_sf(1.0)).abs() < 1e-12);
        assert_eq!((kolmogorov_sf(0.0), kolmogorov_sf(1e3)), (1.0, 0.0));
    }

    #[test]
    fn normal_samples_pass_and_others_fail() {
        let mut rng = SplitMix(1);
        let p_values: Vec<f64> = (0..400)
            .map(|_| ks_normal(&mut (0..50).map(|_| rng.normal()).collect::<Vec<_>>()).1)
            .collect();
        let mean = p_values.iter().sum::<f64>() / 400.0;
        // Four standard errors of a mean of 400 uniforms, 4 / sqrt(4800).
        assert!((mean - 0.5).abs() < 0.058, "{mean}");
        let mut wide: Vec<f64> = (0..1000).map(|_| 1.3 * rng.normal()).collect();
        assert!(ks_normal(&mut wide).1 < 1e-3);
        assert_eq!(ks_normal(&mut []), (0.0, 1.0));
        assert_eq!(ks_normal(&mut [0.0, f64::NAN]), (1.0, 0.0));
    }

    proptest! {
        #[test]
        fn a_score_is_odd_rises_and_is_finite(log in -3.0..6.0_f64, log_dof in 0.0..7.0_f64) {
            let (t, dof) = (10_f64.powf(log), 10_f64.powf(log_dof));
            let score = normal_score_of_t(t, dof);
            prop_assert!(score.is_finite() && score > 0.0 && score <= t * (1.0 + 1e-9));
            prop_assert!((score + normal_score_of_t(-t, dof)).abs() < 1e-12);
            prop_assert!(normal_score_of_t(1.01 * t, dof) > score);
        }
    }
}
