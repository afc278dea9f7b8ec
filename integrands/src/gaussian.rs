//! A normalised Gaussian peak in the middle of the unit cube.
//!
//! `f(x) = (a sqrt(pi))^-d exp(-sum_i (x_i - 1/2)^2 / a^2)` with the width `a`; its integral over
//! the cube is `erf(1/(2a))^d`.
//!
//! Gao, Isaacson, Krause 2020, arXiv:2001.05486. A product of functions of one coordinate, hence
//! easy for any integrator that adapts axis by axis.

use std::f64::consts::PI;

use crate::{BuildError, Dims, Family, Parameter, Problem, settings::Settings, special::erf};

pub(crate) const FAMILY: Family = Family {
    name: "gaussian",
    title: "Gaussian peak in the middle of the unit cube",
    formula: "(a sqrt(pi))^-d exp(-sum_i (x_i - 1/2)^2 / a^2), a = width",
    citation: "Gao, Isaacson, Krause 2020, arXiv:2001.05486",
    default_dim: 4,
    dims: Dims::Any,
    parameters: &[Parameter {
        name: "width",
        default: 0.2,
        about: "width a of the peak, > 0",
    }],
    build,
};

fn build(settings: &Settings) -> Result<Problem, BuildError> {
    let width = settings.positive("width")?;
    let dim = settings.dim as f64;
    let scale = width.powi(-2);
    // In the exponent, where it cannot overflow however large the dimension.
    let log_norm = -dim * (width * PI.sqrt()).ln();
    let function = move |x: &[f64]| {
        let distance2: f64 = x.iter().map(|x| (x - 0.5) * (x - 0.5)).sum();
        (log_norm - scale * distance2).exp()
    };
    let exact = erf(0.5 / width).powf(dim);
    Ok(settings
        .problem(vec![(0.0, 1.0); settings.dim], function)
        .with_exact(exact))
}

#[cfg(test)]
mod tests {
    use crate::check::{assert_close, assert_exact_by_quadrature, build, exact};

    #[test]
    fn exact_is_the_published_value() {
        let table = [
            (2, 0.9991862616),
            (4, 0.9983731853),
            (8, 0.9967490172),
            (16, 0.9935086032),
        ];
        for (dim, value) in table {
            assert_close(exact(&build("gaussian", Some(dim), &[])), value, 1e-10);
        }
    }

    #[test]
    fn exact_is_the_integral() {
        for width in [0.05, 0.2, 3.0] {
            for dim in [1, 2] {
                let problem = build("gaussian", Some(dim), &[("width", width)]);
                assert_exact_by_quadrature(&problem, 20, 1e-12);
            }
        }
    }

    #[test]
    fn many_dimensions_do_not_overflow() {
        let problem = build("gaussian", Some(1000), &[]);
        assert!(problem.eval(&[0.1; 1000]).is_finite());
    }
}
