//! Genz's Gaussian family: a Gaussian peak with a place and a width per dimension.
//!
//! `f(x) = exp(-sum_i a_i^2 (x_i - u_i)^2)`. Exact:
//! `prod_i sqrt(pi)/(2 a_i) (erf(a_i (1 - u_i)) + erf(a_i u_i))`.
//!
//! Genz 1984, see the parent module. A product, hence easy for maps that adapt axis by axis.

use std::f64::consts::FRAC_2_SQRT_PI;

use super::{CITATION, Shape, Tabulated, parameters};
use crate::{BuildError, Dims, Family, Problem, settings::Settings, special::erf};

pub(crate) const FAMILY: Family = Family {
    name: "genz-gaussian",
    title: "Genz's Gaussian family",
    formula: "exp(-sum_i a_i^2 (x_i - u_i)^2)",
    citation: CITATION,
    default_dim: 5,
    dims: Dims::Any,
    parameters: &parameters(7.03),
    build,
};

fn build(settings: &Settings) -> Result<Problem, BuildError> {
    let shape = Shape::new(settings, &TABLE)?;
    let exact: f64 = shape
        .pairs()
        .map(|(a, u)| (erf(a * (1.0 - u)) + erf(a * u)) / (FRAC_2_SQRT_PI * a))
        .product();
    let function = move |x: &[f64]| {
        let distances = shape.pairs().zip(x).map(|((a, u), x)| a * (x - u));
        (-distances.map(|distance| distance * distance).sum::<f64>()).exp()
    };
    Ok(settings
        .problem(vec![(0.0, 1.0); settings.dim], function)
        .with_exact(exact))
}

/// The members in 5 and 8 dimensions.
const TABLE: [Tabulated; 2] = [
    Tabulated {
        a: &[
            1.7129953995362623,
            1.0827872611275822,
            0.9571817836452856,
            1.3265628163986818,
            1.9504727392921892,
        ],
        u: &[
            0.6801409647342678,
            0.5031023362448024,
            0.5008400688248655,
            0.40462013520989315,
            0.3495873290625808,
        ],
    },
    Tabulated {
        a: &[
            1.0900143356884349,
            0.7679193256133187,
            0.7763719784328569,
            0.6877588056964263,
            0.490078405357137,
            1.1972455122013554,
            1.3815726823163998,
            0.6390389546940715,
        ],
        u: &[
            0.4015524107666806,
            0.6231429106733624,
            0.5240766055941805,
            0.4484156845809786,
            0.32282345628936326,
            0.625474474973583,
            0.3295483580129473,
            0.5658956367710966,
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
        for (dim, value) in [(5, 0.39814525450853927), (8, 0.5307301472758162)] {
            assert_close(exact(&build("genz-gaussian", Some(dim), &[])), value, 1e-13);
        }
    }

    #[test]
    fn exact_is_the_integral() {
        for dim in [1, 2, 3] {
            assert_exact_by_quadrature(&build("genz-gaussian", Some(dim), &[]), 4, 1e-12);
        }
        assert_exact_by_monte_carlo(&build("genz-gaussian", None, &[]), 34);
    }
}
