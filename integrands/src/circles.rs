//! Two overlapping circular ridges of varying height in the unit square.
//!
//! `f(x) = x2^3 exp(-w |(x1 - p1)^2 + (x2 - p2)^2 - r^2|) + (the same at 1 - x1, 1 - x2)` with
//! `p1 = 0.4`, `p2 = 0.6`, `r = 0.25`, `w = 250`; its integral is 0.01368477672493795.
//!
//! Gao, Isaacson, Krause 2020, arXiv:2001.05486. The ridges are kinks: smooth maps only come near.

use crate::{BuildError, Dims, Family, Problem, settings::Settings};

const CENTRE: [f64; 2] = [0.4, 0.6];
const RADIUS2: f64 = 0.0625;
const STEEPNESS: f64 = 250.0;
/// Polar quadrature with 15 digits about the centre; the test below has the main part of it.
const EXACT: f64 = 0.013_684_776_724_937_95;

pub(crate) const FAMILY: Family = Family {
    name: "circles",
    title: "two overlapping circular ridges",
    formula: "x2^3 exp(-w |(x1 - p1)^2 + (x2 - p2)^2 - r^2|) + (the same at 1 - x1, 1 - x2), \
              p1 = 0.4, p2 = 0.6, r = 0.25, w = 250",
    citation: "Gao, Isaacson, Krause 2020, arXiv:2001.05486",
    default_dim: 2,
    dims: Dims::Fixed(2),
    parameters: &[],
    build,
};

#[expect(
    clippy::unnecessary_wraps,
    reason = "the signature is that of every family"
)]
fn build(settings: &Settings) -> Result<Problem, BuildError> {
    let function = |x: &[f64]| ridge(x[0], x[1]) + ridge(1.0 - x[0], 1.0 - x[1]);
    Ok(settings
        .problem(vec![(0.0, 1.0); 2], function)
        .with_exact(EXACT))
}

fn ridge(x1: f64, x2: f64) -> f64 {
    let (dx1, dx2) = (x1 - CENTRE[0], x2 - CENTRE[1]);
    x2 * x2 * x2 * (-STEEPNESS * (dx1 * dx1 + dx2 * dx2 - RADIUS2).abs()).exp()
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use super::{CENTRE, EXACT, RADIUS2, STEEPNESS};
    use crate::check::{assert_close, assert_exact_by_monte_carlo, build, quadrature};

    #[test]
    fn exact_is_the_published_value() {
        assert_close(EXACT, 0.01368477672, 1e-9);
    }

    #[test]
    fn exact_is_the_integral() {
        assert_exact_by_monte_carlo(&build("circles", None, &[]), 2);
        // Over the largest disc about the centre, of radius 0.4, the angle is done by hand and
        // leaves an integral over t = radius^2. What is outside has a share of 1.5e-11.
        let height = |t: f64| CENTRE[1].powi(3) + 1.5 * CENTRE[1] * t;
        let ridge = |t: f64| PI * height(t) * (-STEEPNESS * (t - RADIUS2).abs()).exp();
        let disc = quadrature(&[(0.0, RADIUS2)], 20, |t| ridge(t[0]))
            + quadrature(&[(RADIUS2, 0.16)], 20, |t| ridge(t[0]));
        assert_close(EXACT, 2.0 * disc, 2e-11);
    }
}
