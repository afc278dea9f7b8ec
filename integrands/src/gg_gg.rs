//! `g g -> g g` at lowest order between two cuts on the scattering angle.
//!
//! ```text
//! d sigma / d cos = 9 pi alpha_s^2/(8 s) [3 - t u/s^2 - s u/t^2 - s t/u^2]
//! sigma = 9 pi alpha_s^2/(8 s) [11 m/2 + m^3/6 + 16 m/(1 - m^2) - 4 ln((1 + m)/(1 - m))]
//! ```
//!
//! with `t = -s (1 - cos)/2`, `u = -s (1 + cos)/2`, for cosines from `-m` to `m`, and with the 1/2
//! for equal final particles. Exact: 1323.76809055 pb with the defaults.
//!
//! Combridge, Kripfganz, Ranft 1977, Phys. Lett. B 70, 234. The forward and backward peaks grow
//! without limit as `m` nears 1.

use std::f64::consts::PI;

use crate::{
    BuildError, Dims, Family, Parameter, Problem, settings::Settings, units::PB_PER_INVERSE_GEV2,
};

pub(crate) const FAMILY: Family = Family {
    name: "gg-gg",
    title: "g g -> g g with a cut on the scattering angle, cross section in pb",
    formula: "9 pi alpha_s^2/(8 s) [3 - t u/s^2 - s u/t^2 - s t/u^2], t = -s (1 - cos)/2, \
              u = -s (1 + cos)/2",
    citation: "Combridge, Kripfganz, Ranft 1977, Phys. Lett. B 70, 234",
    default_dim: 1,
    dims: Dims::Fixed(1),
    parameters: &[
        Parameter {
            name: "sqrt_s",
            default: 1000.0,
            about: "centre-of-mass energy in GeV, > 0",
        },
        Parameter {
            name: "alpha_s",
            default: 0.118,
            about: "strong coupling, > 0",
        },
        Parameter {
            name: "cos_max",
            default: 0.9,
            about: "largest |cos|, between 0 and 1",
        },
    ],
    build,
};

fn build(settings: &Settings) -> Result<Problem, BuildError> {
    let s = settings.positive("sqrt_s")?.powi(2);
    let alpha_s = settings.positive("alpha_s")?;
    let m = settings.checked("cos_max", "above 0 and below 1", |m| m > 0.0 && m < 1.0)?;
    let norm = PB_PER_INVERSE_GEV2 * 9.0 * PI * alpha_s * alpha_s / (8.0 * s);
    let function = move |y: &[f64]| {
        // In units of s, where s + t + u = 0 reads 1 + t + u = 0.
        let (t, u) = (-0.5 * (1.0 - y[0]), -0.5 * (1.0 + y[0]));
        norm * (3.0 - t * u - u / (t * t) - t / (u * u))
    };
    let logarithm = 2.0 * m.atanh();
    let bracket = 5.5 * m + m.powi(3) / 6.0 + 16.0 * m / (1.0 - m * m) - 4.0 * logarithm;
    Ok(settings
        .problem(vec![(-m, m)], function)
        .with_exact(norm * bracket)
        .with_unit("pb"))
}

#[cfg(test)]
mod tests {
    use crate::check::{
        assert_close, assert_exact_by_monte_carlo, assert_exact_by_quadrature, build, exact,
    };

    #[test]
    fn exact_is_the_known_value() {
        assert_close(exact(&build("gg-gg", None, &[])), 1323.76809055, 1e-11);
    }

    #[test]
    fn exact_is_the_integral() {
        for cos_max in [0.1, 0.9, 0.99] {
            assert_exact_by_quadrature(&build("gg-gg", None, &[("cos_max", cos_max)]), 200, 1e-12);
        }
        assert_exact_by_monte_carlo(&build("gg-gg", None, &[]), 9);
    }
}
