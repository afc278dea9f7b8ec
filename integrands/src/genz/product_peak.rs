//! Genz's product peak: a product of Cauchy (Lorentz) peaks.
//!
//! `f(x) = prod_i 1/(a_i^-2 + (x_i - u_i)^2)`. Exact:
//! `prod_i a_i (atan(a_i (1 - u_i)) + atan(a_i u_i))`.
//!
//! Genz 1984, see the parent module. A product, hence easy for maps that adapt axis by axis.

use super::{CITATION, Shape, Tabulated, parameters};
use crate::{BuildError, Dims, Family, Problem, settings::Settings};

pub(crate) const FAMILY: Family = Family {
    name: "genz-product-peak",
    title: "Genz's product peak family",
    formula: "prod_i 1/(a_i^-2 + (x_i - u_i)^2)",
    citation: CITATION,
    default_dim: 5,
    dims: Dims::Any,
    parameters: &parameters(7.25),
    build,
};

fn build(settings: &Settings) -> Result<Problem, BuildError> {
    let shape = Shape::new(settings, &TABLE)?;
    let exact: f64 = shape
        .pairs()
        .map(|(a, u)| a * ((a * (1.0 - u)).atan() + (a * u).atan()))
        .product();
    // Pairs of the squared width and the place of each peak.
    let peaks: Vec<_> = shape.pairs().map(|(a, u)| (a.powi(-2), u)).collect();
    let function = move |x: &[f64]| {
        let denominators = peaks
            .iter()
            .zip(x)
            .map(|((width2, u), x)| width2 + (x - u) * (x - u));
        1.0 / denominators.product::<f64>()
    };
    Ok(settings
        .problem(vec![(0.0, 1.0); settings.dim], function)
        .with_exact(exact))
}

/// The members in 5 and 8 dimensions.
const TABLE: [Tabulated; 2] = [
    Tabulated {
        a: &[
            1.0743089831798012,
            1.1748016977143603,
            1.8663322351297496,
            1.3766385812115256,
            1.7579185027645645,
        ],
        u: &[
            0.5438125761008836,
            0.6966242919888181,
            0.3350849183022854,
            0.5830688263100516,
            0.44627476692810786,
        ],
    },
    Tabulated {
        a: &[
            0.9681702600897648,
            0.6273784848738936,
            0.5114144376111326,
            1.224139049793707,
            0.6830616902266967,
            0.7543450111252661,
            1.6062815963187185,
            0.8752094699608199,
        ],
        u: &[
            0.4043604921799659,
            0.6928815835383575,
            0.3093955156652032,
            0.5731954198195275,
            0.6446821275929057,
            0.4309561429005112,
            0.7889529099901518,
            0.7835956650353944,
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
        for (dim, value) in [(5, 14.411332488702747), (8, 0.03664711655967652)] {
            assert_close(
                exact(&build("genz-product-peak", Some(dim), &[])),
                value,
                1e-13,
            );
        }
    }

    #[test]
    fn exact_is_the_integral() {
        for dim in [1, 2, 3] {
            assert_exact_by_quadrature(&build("genz-product-peak", Some(dim), &[]), 4, 1e-9);
        }
        assert_exact_by_monte_carlo(&build("genz-product-peak", None, &[]), 32);
    }
}
