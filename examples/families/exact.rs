//! Contents of normal densities in the unit cube: what their exact integrals are made of.

use std::f64::consts::{FRAC_2_SQRT_PI, PI, SQRT_2};

/// The error function to full precision: `2/sqrt(pi) exp(-x^2) sum_n 2^n x^(2n+1) / (2n+1)!!`,
/// free of cancellation, below 3, and the continued fraction of `erfc` above (DLMF 7.6.2, 7.9.1).
fn erf(x: f64) -> f64 {
    let size = x.abs();
    let scale = FRAC_2_SQRT_PI * (-size * size).exp();
    let value = if size < 3.0 {
        let (mut term, mut sum, mut odd) = (size, 0.0, 1.0);
        while term > 1e-18 * sum {
            sum += term;
            odd += 2.0;
            term *= 2.0 * size * size / odd;
        }
        scale * sum
    } else {
        let fraction = (1..=80)
            .rev()
            .fold(size, |tail, k| size + 0.5 * f64::from(k) / tail);
        1.0 - 0.5 * scale / fraction
    };
    value.copysign(x)
}

/// What a normal density with mean `centre` and width `sigma` has between 0 and 1.
pub(crate) fn content(centre: f64, sigma: f64) -> f64 {
    let s = sigma * SQRT_2;
    0.5 * (erf((1.0 - centre) / s) + erf(centre / s))
}

/// What `dim` normal variables of mean 1/2 and width `sigma`, with correlations `rho > 0` among
/// all, have in the unit cube.
///
/// They are `sqrt(rho) z_0 + sqrt(1 - rho) z_i` with independent z: given `z_0` the sides factorise.
/// The midpoint rule converges exponentially, as nothing is left at the ends.
pub(crate) fn correlated_content(dim: usize, rho: f64, sigma: f64) -> f64 {
    let steps = 40_000;
    let h = 18.0 / f64::from(steps);
    (0..steps)
        .map(|i| {
            let z = -9.0 + h * (f64::from(i) + 0.5);
            let side = content(0.5 + sigma * rho.sqrt() * z, sigma * (1.0 - rho).sqrt());
            h * (-0.5 * z * z).exp() / (2.0 * PI).sqrt() * side.powf(dim as f64)
        })
        .sum()
}
