//! Two Gaussian peaks on the diagonal of the unit cube, the camel's humps.
//!
//! ```text
//! f(x) = (1/2) (a sqrt(pi))^-d [ exp(-sum_i (x_i - 1/3)^2 / a^2)
//!                              + exp(-sum_i (x_i - 2/3)^2 / a^2) ]
//! ```
//!
//! with the width `a`; its integral over the cube is `[(erf(1/(3a)) + erf(2/(3a))) / 2]^d`.
//!
//! Lepage 1978, J. Comput. Phys. 27, 192, in the form of Gao, Isaacson, Krause 2020,
//! arXiv:2001.05486. Not a product: maps that adapt axis by axis see phantom peaks off the
//! diagonal, and may lose one hump without noticing.

use std::f64::consts::PI;

use crate::{BuildError, Dims, Family, Parameter, Problem, settings::Settings, special::erf};

pub(crate) const FAMILY: Family = Family {
    name: "camel",
    title: "two Gaussian peaks on the diagonal of the unit cube",
    formula: "1/2 (a sqrt(pi))^-d [exp(-sum_i (x_i - 1/3)^2 / a^2) \
              + exp(-sum_i (x_i - 2/3)^2 / a^2)], a = width",
    citation: "Lepage 1978, J. Comput. Phys. 27, 192; Gao, Isaacson, Krause 2020, arXiv:2001.05486",
    default_dim: 4,
    dims: Dims::Any,
    parameters: &[Parameter {
        name: "width",
        default: 0.2,
        about: "width a of each peak, > 0",
    }],
    build,
};

fn build(settings: &Settings) -> Result<Problem, BuildError> {
    let width = settings.positive("width")?;
    let dim = settings.dim as f64;
    let scale = width.powi(-2);
    // In the exponent, where it cannot overflow however large the dimension.
    let log_norm = 0.5_f64.ln() - dim * (width * PI.sqrt()).ln();
    let function = move |x: &[f64]| {
        let (mut front, mut back) = (0.0, 0.0);
        for x in x {
            front += (x - 1.0 / 3.0) * (x - 1.0 / 3.0);
            back += (x - 2.0 / 3.0) * (x - 2.0 / 3.0);
        }
        (log_norm - scale * front).exp() + (log_norm - scale * back).exp()
    };
    let side = 0.5 * (erf(1.0 / (3.0 * width)) + erf(2.0 / (3.0 * width)));
    let domain = vec![(0.0, 1.0); settings.dim];
    Ok(settings
        .problem(domain, function)
        .with_exact(side.powf(dim)))
}

#[cfg(test)]
mod tests {
    use crate::check::{
        assert_close, assert_exact_by_monte_carlo, assert_exact_by_quadrature, build, exact,
    };

    #[test]
    fn exact_is_the_published_value() {
        let table = [
            (2, 0.9816603121),
            (4, 0.9636569684),
            (8, 0.9286347527),
            (16, 0.8623625040),
        ];
        for (dim, value) in table {
            assert_close(exact(&build("camel", Some(dim), &[])), value, 1e-10);
        }
    }

    #[test]
    fn exact_is_the_integral() {
        for width in [0.05, 0.2, 3.0] {
            for dim in [1, 2] {
                let problem = build("camel", Some(dim), &[("width", width)]);
                assert_exact_by_quadrature(&problem, 20, 1e-12);
            }
        }
        assert_exact_by_monte_carlo(&build("camel", Some(4), &[]), 1);
    }
}
