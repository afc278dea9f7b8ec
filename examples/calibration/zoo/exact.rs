//! What the exact values need: a quadrature, and volumes.

use std::f64::consts::{FRAC_PI_2, PI};

use statrs::function::gamma::gamma;

/// The integral of a function that is analytic inside `(a, b)`, by the tanh-sinh rule.
pub(super) fn quadrature(a: f64, b: f64, f: impl Fn(f64) -> f64) -> f64 {
    let h = 1.0 / 128.0;
    (-450..=450)
        .map(|k| {
            let t = h * f64::from(k);
            let u = FRAC_PI_2 * t.sinh();
            let weight = h * FRAC_PI_2 * t.cosh() / u.cosh().powi(2);
            0.5 * (b - a) * weight * f(0.5 * (a + b) + 0.5 * (b - a) * u.tanh())
        })
        .sum()
}

/// The volume of the ball of radius `r` in `dim` dimensions.
pub(super) fn ball(dim: usize, r: f64) -> f64 {
    let n = dim as f64;
    PI.powf(0.5 * n) / gamma(0.5 * n + 1.0) * r.powf(n)
}

/// The share of the cube that a normal density of width `sigma` fills.
pub(super) fn normal_volume(dim: usize, sigma: f64) -> f64 {
    (2.0 * PI.sqrt() * sigma).powf(dim as f64)
}
