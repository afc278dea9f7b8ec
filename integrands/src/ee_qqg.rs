//! `e+ e- -> q qbar g` at lowest order, with three jets by a cut on every pair mass.
//!
//! ```text
//! T(y) = int dx1 dx2 (x1^2 + x2^2) / ((1 - x1) (1 - x2))   over 1 - x_i > y, i = 1, 2, 3
//!      = (3 - 6y) ln(y/(1-2y)) + 2 ln^2(y/(1-y)) + 5/2 - 6y - 9y^2/2 + 4 Li2(y/(1-y)) - pi^2/3
//! ```
//!
//! where `x_i` are the energies of quark, antiquark and gluon in units of the beam energy,
//! `x1 + x2 + x3 = 2`; the share of three-jet events is `2 alpha_s T(y) / (3 pi)`. The unit square
//! is mapped onto the triangle by `1 - x1 = y + (1 - 3y) r1`, `1 - x2 = y + (1 - 3y) (1 - r1) r2`.
//! Exact: `T(0.05) = 8.6476831056`.
//!
//! Ellis, Gaillard, Ross 1976, Nucl. Phys. B 111, 253. As `y` nears 1/3, `T` vanishes
//! like `(1 - 3y)^2` while its terms do not: above 0.33 the exact value is left out.

use std::f64::consts::PI;

use crate::{BuildError, Dims, Family, Parameter, Problem, settings::Settings, special::li2};

pub(crate) const FAMILY: Family = Family {
    name: "ee-qqg",
    title: "e+ e- -> q qbar g with a cut on the pair masses, without couplings",
    formula: "(x1^2 + x2^2)/((1 - x1) (1 - x2)) over the triangle 1 - x_i > y, mapped from the \
              unit square",
    citation: "Ellis, Gaillard, Ross 1976, Nucl. Phys. B 111, 253",
    default_dim: 2,
    dims: Dims::Fixed(2),
    parameters: &[Parameter {
        name: "y",
        default: 0.05,
        about: "least pair mass squared over s, between 0 and 1/3",
    }],
    build,
};

fn build(settings: &Settings) -> Result<Problem, BuildError> {
    let y = settings.checked("y", "above 0 and below 1/3", |y| y > 0.0 && 3.0 * y < 1.0)?;
    let side = 1.0 - 3.0 * y;
    let function = move |r: &[f64]| {
        let jacobian = side * side * (1.0 - r[0]);
        let gap1 = y + side * r[0];
        let gap2 = y + side * (1.0 - r[0]) * r[1];
        let (x1, x2) = (1.0 - gap1, 1.0 - gap2);
        jacobian * (x1 * x1 + x2 * x2) / (gap1 * gap2)
    };
    Ok(settings
        .problem(vec![(0.0, 1.0); 2], function)
        .with_exact((y <= 0.33).then(|| three_jet_integral(y))))
}

fn three_jet_integral(y: f64) -> f64 {
    let ratio = y / (1.0 - y);
    (3.0 - 6.0 * y) * (y / (1.0 - 2.0 * y)).ln() + 2.0 * ratio.ln().powi(2) + 2.5
        - 6.0 * y
        - 4.5 * y * y
        + 4.0 * li2(ratio)
        - PI * PI / 3.0
}

#[cfg(test)]
mod tests {
    use crate::check::{
        assert_close, assert_exact_by_monte_carlo, assert_exact_by_quadrature, build, exact,
    };

    #[test]
    fn exact_is_the_known_value() {
        for (y, value) in [
            (0.01, 27.9406368847),
            (0.05, 8.6476831056),
            (0.1, 3.6875046807),
        ] {
            assert_close(exact(&build("ee-qqg", None, &[("y", y)])), value, 1e-10);
        }
    }

    #[test]
    fn exact_is_the_integral() {
        for y in [0.01, 0.05, 0.2, 0.33] {
            assert_exact_by_quadrature(&build("ee-qqg", None, &[("y", y)]), 80, 1e-10);
        }
        assert_exact_by_monte_carlo(&build("ee-qqg", None, &[]), 8);
    }
}
