//! Genz's continuous family: an exponential peak, continuous with a kink in every dimension.
//!
//! `f(x) = exp(-sum_i a_i |x_i - u_i|)`. Exact:
//! `prod_i (2 - exp(-a_i u_i) - exp(-a_i (1 - u_i)))/a_i`.
//!
//! Genz 1984, see the parent module (its `C0` family). A product, hence easy for maps that adapt
//! axis by axis, but for the kinks.

use super::{CITATION, Shape, Tabulated, parameters};
use crate::{BuildError, Dims, Family, Problem, settings::Settings};

pub(crate) const FAMILY: Family = Family {
    name: "genz-continuous",
    title: "Genz's continuous family, a peak with kinks",
    formula: "exp(-sum_i a_i |x_i - u_i|)",
    citation: CITATION,
    default_dim: 5,
    dims: Dims::Any,
    parameters: &parameters(20.4),
    build,
};

fn build(settings: &Settings) -> Result<Problem, BuildError> {
    let shape = Shape::new(settings, &TABLE)?;
    let exact: f64 = shape
        .pairs()
        .map(|(a, u)| -((-a * u).exp_m1() + (-a * (1.0 - u)).exp_m1()) / a)
        .product();
    let function = move |x: &[f64]| {
        let distances = shape.pairs().zip(x).map(|((a, u), x)| a * (x - u).abs());
        (-distances.sum::<f64>()).exp()
    };
    Ok(settings
        .problem(vec![(0.0, 1.0); settings.dim], function)
        .with_exact(exact))
}

/// The members in 5 and 8 dimensions.
const TABLE: [Tabulated; 2] = [
    Tabulated {
        a: &[
            3.1900075428807066,
            3.3031357482686237,
            4.869885891570909,
            5.170293554339777,
            3.86667726293998,
        ],
        u: &[
            0.4430705225009208,
            0.5582361447946302,
            0.5692018834115188,
            0.5746583706618842,
            0.5019809675241167,
        ],
    },
    Tabulated {
        a: &[
            2.3542324792585267,
            3.520009249582029,
            1.7204130407541431,
            3.359101708162,
            1.7519751525839746,
            2.5406965019633394,
            3.075379553786862,
            2.078192313909126,
        ],
        u: &[
            0.6177895269848732,
            0.4738441887421491,
            0.49627499202685077,
            0.7776209857846568,
            0.7035816945399669,
            0.2366759009643767,
            0.3495840169866645,
            0.7420696553539152,
        ],
    },
];

#[cfg(test)]
mod tests {
    use super::super::Shape;
    use crate::check::{assert_close, assert_exact_by_monte_carlo, build, exact, quadrature};

    #[test]
    fn tabulated_members_have_the_known_value() {
        for (dim, value) in [(5, 0.014209200424157282), (8, 0.007377559985336309)] {
            assert_close(
                exact(&build("genz-continuous", Some(dim), &[])),
                value,
                1e-13,
            );
        }
    }

    #[test]
    fn exact_is_the_integral() {
        // Two axes cut at the kinks, which leaves smooth functions.
        let problem = build("genz-continuous", Some(2), &[]);
        let Shape { u, .. } = Shape::drawn(2, 0);
        let halves = u.iter().map(|&u| [(0.0, u), (u, 1.0)]).collect::<Vec<_>>();
        let quarters = halves[0]
            .iter()
            .flat_map(|&x1| halves[1].iter().map(move |&x2| [x1, x2]));
        let sum = quarters
            .map(|quarter| quadrature(&quarter, 4, |x| problem.eval(x)))
            .sum();
        assert_close(exact(&problem), sum, 1e-12);
        assert_exact_by_monte_carlo(&build("genz-continuous", None, &[]), 35);
    }
}
