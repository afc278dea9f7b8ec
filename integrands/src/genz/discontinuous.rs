//! Genz's discontinuous family: an exponential, cut off in the first two dimensions.
//!
//! `f(x) = 0` if `x_1 > u_1` or `x_2 > u_2`, else `exp(sum_i a_i x_i)`; in one dimension there is
//! the first condition only. Exact: `prod_i (exp(a_i e_i) - 1)/a_i` with the ends `e_1 = u_1`,
//! `e_2 = u_2`, else `e_i = 1`.
//!
//! Genz 1984, see the parent module. The cuts are parallel to the axes, as the binned maps like it.

use super::{CITATION, Shape, Tabulated, dot, parameters};
use crate::{BuildError, Dims, Family, Problem, settings::Settings};

pub(crate) const FAMILY: Family = Family {
    name: "genz-discontinuous",
    title: "Genz's discontinuous family, an exponential with two cuts",
    formula: "0 if x_1 > u_1 or x_2 > u_2, else exp(sum_i a_i x_i)",
    citation: CITATION,
    default_dim: 5,
    dims: Dims::Any,
    parameters: &parameters(4.3),
    build,
};

fn build(settings: &Settings) -> Result<Problem, BuildError> {
    let Shape { a, mut u } = Shape::new(settings, &TABLE)?;
    u.truncate(2);
    let ends = u.iter().copied().chain([1.0].into_iter().cycle());
    let exact: f64 = a
        .iter()
        .zip(ends)
        .map(|(a, end)| (a * end).exp_m1() / a)
        .product();
    let function = move |x: &[f64]| {
        let cut = x.iter().zip(&u).any(|(x, u)| x > u);
        if cut { 0.0 } else { dot(&a, x).exp() }
    };
    Ok(settings
        .problem(vec![(0.0, 1.0); settings.dim], function)
        .with_exact(exact))
}

/// The members in 5 and 8 dimensions.
const TABLE: [Tabulated; 2] = [
    Tabulated {
        a: &[
            0.8921462304850273,
            0.6227487171946419,
            0.9806593145030157,
            0.8889341864212127,
            0.9155115513961024,
        ],
        u: &[
            0.5370088977085022,
            0.6238463387967648,
            0.6253958922087279,
            0.7269311493279693,
            0.537447752749588,
        ],
    },
    Tabulated {
        a: &[
            0.7427143547746989,
            0.39532857002974087,
            0.35351639736939694,
            0.8201666521243476,
            0.2765683372466684,
            0.3913765464092863,
            0.6611212562456802,
            0.6592078858001801,
        ],
        u: &[
            0.5668419939154627,
            0.6341506630702194,
            0.433435354654703,
            0.42599213163282207,
            0.45185431186595737,
            0.5292039237344924,
            0.41898250415627797,
            0.5843153793482606,
        ],
    },
];

#[cfg(test)]
mod tests {
    use super::super::Shape;
    use crate::check::{assert_close, assert_exact_by_monte_carlo, build, exact, quadrature};

    #[test]
    fn tabulated_members_have_the_known_value() {
        for (dim, value) in [(5, 2.353091445778424), (8, 2.671118659262192)] {
            assert_close(
                exact(&build("genz-discontinuous", Some(dim), &[])),
                value,
                1e-13,
            );
        }
    }

    #[test]
    fn exact_is_the_integral() {
        // Over the part that is not cut off.
        for dim in [1, 2, 3] {
            let problem = build("genz-discontinuous", Some(dim), &[]);
            let ends = Shape::drawn(dim, 0).u.into_iter().take(2).chain([1.0]);
            let domain: Vec<_> = ends.take(dim).map(|end| (0.0, end)).collect();
            assert_close(
                exact(&problem),
                quadrature(&domain, 2, |x| problem.eval(x)),
                1e-12,
            );
        }
        assert_exact_by_monte_carlo(&build("genz-discontinuous", None, &[]), 36);
    }
}
