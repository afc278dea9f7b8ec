//! The special functions of the exact values, to full double precision.
//!
//! `erf` by its all-positive series below 2 and the continued fraction of `erfc` above (NIST DLMF
//! 7.6.2 and 7.9.1); the dilogarithm by its power series, with the reflection formula above 1/2
//! (DLMF 25.12.1 and 25.12.6).

use std::f64::consts::{FRAC_2_SQRT_PI, PI};

/// The error function.
pub(crate) fn erf(x: f64) -> f64 {
    let size = x.abs();
    let value = if size < 2.0 {
        erf_series(size)
    } else {
        1.0 - erfc_fraction(size)
    };
    value.copysign(x)
}

/// `2/sqrt(pi) exp(-x^2) sum_n 2^n x^(2n+1) / (1 3 5 .. (2n+1))`, free of cancellation.
fn erf_series(x: f64) -> f64 {
    let mut term = x;
    let mut sum = 0.0;
    let mut odd = 1.0;
    while term > f64::EPSILON * 0.01 * sum {
        sum += term;
        odd += 2.0;
        term *= 2.0 * x * x / odd;
    }
    FRAC_2_SQRT_PI * (-x * x).exp() * sum
}

/// `erfc(x) = exp(-x^2)/sqrt(pi) / (x + (1/2)/(x + (2/2)/(x + (3/2)/(x + ..))))`, `x >= 2`.
fn erfc_fraction(x: f64) -> f64 {
    let denominator = (1..=80)
        .rev()
        .fold(x, |tail, k| x + 0.5 * f64::from(k) / tail);
    0.5 * FRAC_2_SQRT_PI * (-x * x).exp() / denominator
}

/// The dilogarithm `Li2(x) = sum_k x^k / k^2` for `0 <= x <= 1`.
pub(crate) fn li2(x: f64) -> f64 {
    debug_assert!((0.0..=1.0).contains(&x), "li2 of {x}");
    if x > 0.5 {
        // At x = 1 the product of logarithms is 0 times infinity, and its limit is 0.
        let logs = if x < 1.0 { x.ln() * (-x).ln_1p() } else { 0.0 };
        return PI * PI / 6.0 - logs - li2(1.0 - x);
    }
    // Summed from the smallest term; at x = 1/2 the 60th is below 1e-21.
    (1..=60).rev().map(|k| x.powi(k) / f64::from(k * k)).sum()
}

#[cfg(test)]
mod tests {
    use std::f64::consts::{FRAC_2_SQRT_PI, LN_2, PI};

    use statrs::function::erf as reference;

    use super::{erf, li2};
    use crate::check::{assert_close, quadrature};

    #[test]
    fn erf_agrees_with_statrs() {
        for i in -700..=700 {
            let x = f64::from(i) / 100.0;
            // Theirs is good to ten digits only; the next test is the sharp one.
            assert_close(erf(x), reference::erf(x), 1e-10);
        }
    }

    #[test]
    fn erf_is_the_integral_of_its_density() {
        for i in 1..=70 {
            let x = f64::from(i) / 10.0;
            let density = |t: &[f64]| FRAC_2_SQRT_PI * (-t[0] * t[0]).exp();
            assert_close(erf(x), quadrature(&[(0.0, x)], 10, density), 3e-15);
        }
    }

    #[test]
    fn erf_has_the_tabulated_values() {
        let table = [
            (1e-8, 1.1283791670955126e-8),
            (0.5, 0.5204998778130465),
            (1.0, 0.8427007929497149),
            (2.0, 0.9953222650189527),
            (2.28, 0.9987376611502191),
            (2.71, 0.9998731620733717),
            (3.0, 0.9999779095030014),
        ];
        for (x, value) in table {
            assert!(
                (erf(x) - value).abs() <= 4.0 * f64::EPSILON * value,
                "{x}: {}",
                erf(x)
            );
        }
        assert!((erf(f64::MAX) - 1.0).abs() < f64::EPSILON);
        assert!(erf(f64::NAN).is_nan());
    }

    #[test]
    fn li2_has_its_known_values() {
        let golden = (5_f64.sqrt() - 1.0) / 2.0;
        let table = [
            (0.0, 0.0),
            (0.5, PI * PI / 12.0 - LN_2 * LN_2 / 2.0),
            (1.0 - golden, PI * PI / 15.0 - golden.ln().powi(2)),
            (golden, PI * PI / 10.0 - golden.ln().powi(2)),
            (1.0, PI * PI / 6.0),
        ];
        for (x, value) in table {
            assert!((li2(x) - value).abs() < 1e-15, "{x}: {} {value}", li2(x));
        }
    }
}
