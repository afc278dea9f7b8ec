//! Genz's oscillatory family: a cosine across the cube.
//!
//! `f(x) = cos(2 pi u_1 + sum_i a_i x_i)`. Exact: the real part of
//! `exp(2 pi i u_1) prod_i (exp(i a_i) - 1)/(i a_i)`, which is
//! `cos(2 pi u_1 + sum_i a_i/2) prod_i sin(a_i/2)/(a_i/2)`.
//!
//! Genz 1984, see the parent module. It changes sign: a relative error means little where the
//! parts cancel.

use std::f64::consts::TAU;

use super::{CITATION, Shape, Tabulated, dot, parameters};
use crate::{BuildError, Dims, Family, Problem, settings::Settings};

pub(crate) const FAMILY: Family = Family {
    name: "genz-oscillatory",
    title: "Genz's oscillatory family",
    formula: "cos(2 pi u_1 + sum_i a_i x_i)",
    citation: CITATION,
    default_dim: 5,
    dims: Dims::Any,
    parameters: &parameters(9.0),
    build,
};

fn build(settings: &Settings) -> Result<Problem, BuildError> {
    let Shape { a, u } = Shape::new(settings, &TABLE)?;
    let phase = TAU * u[0];
    let middle = phase + 0.5 * a.iter().sum::<f64>();
    let exact = a
        .iter()
        .map(|a| (0.5 * a).sin() / (0.5 * a))
        .product::<f64>()
        * middle.cos();
    let function = move |x: &[f64]| (phase + dot(&a, x)).cos();
    Ok(settings
        .problem(vec![(0.0, 1.0); settings.dim], function)
        .with_exact(exact))
}

/// The members in 5 and 8 dimensions.
const TABLE: [Tabulated; 2] = [
    Tabulated {
        a: &[
            2.7232462621892837,
            1.5800223034617535,
            2.3569583358776947,
            1.384559527553085,
            0.9552135709181826,
        ],
        u: &[
            0.355744951007129,
            0.4359705637885439,
            0.4198486037054734,
            0.330104034517136,
            0.60930431481267,
        ],
    },
    Tabulated {
        a: &[
            0.7628401346253986,
            0.8091885662588459,
            1.5065884078945548,
            0.5499367103282935,
            1.590589873974963,
            1.09199860142023,
            1.7343530507210274,
            0.9545046547766852,
        ],
        u: &[
            0.5709961563225621,
            0.3798950292256894,
            0.7513392129494534,
            0.4227069379842523,
            0.39747893396218115,
            0.36279336972630205,
            0.2681199545587648,
            0.5699914579987088,
        ],
    },
];

#[cfg(test)]
mod tests {
    use crate::check::{
        assert_close, assert_exact_by_monte_carlo, assert_exact_by_quadrature, build, exact,
    };

    #[test]
    fn tabulated_members_have_the_known_value() {
        for (dim, value) in [(5, 0.40430835113853664), (8, -0.1424823125992693)] {
            assert_close(
                exact(&build("genz-oscillatory", Some(dim), &[])),
                value,
                1e-13,
            );
        }
    }

    #[test]
    fn exact_is_the_integral() {
        for dim in [1, 2, 3] {
            assert_exact_by_quadrature(&build("genz-oscillatory", Some(dim), &[]), 3, 1e-12);
        }
        assert_exact_by_monte_carlo(&build("genz-oscillatory", None, &[]), 31);
    }
}
