//! A sum of parabolas in the unit cube, nearly flat in many dimensions.
//!
//! `f(x) = sum_i x_i (1 - x_i)`; its integral is `d/6`.
//!
//! Gao, Isaacson, Krause 2020, arXiv:2001.05486, in 18, 54 and 96 dimensions. A sum, not a product:
//! no importance sampling that factorises removes its variance.

use crate::{BuildError, Dims, Family, Problem, settings::Settings};

pub(crate) const FAMILY: Family = Family {
    name: "poly",
    title: "sum of parabolas",
    formula: "sum_i x_i (1 - x_i)",
    citation: "Gao, Isaacson, Krause 2020, arXiv:2001.05486",
    default_dim: 18,
    dims: Dims::Any,
    parameters: &[],
    build,
};

#[expect(
    clippy::unnecessary_wraps,
    reason = "the signature is that of every family"
)]
fn build(settings: &Settings) -> Result<Problem, BuildError> {
    let function = |x: &[f64]| x.iter().map(|x| x * (1.0 - x)).sum();
    let problem = settings.problem(vec![(0.0, 1.0); settings.dim], function);
    Ok(problem.with_exact(settings.dim as f64 / 6.0))
}

#[cfg(test)]
mod tests {
    use crate::check::{assert_exact_by_monte_carlo, assert_exact_by_quadrature, build};

    #[test]
    fn exact_is_the_integral() {
        for dim in [1, 2, 3] {
            assert_exact_by_quadrature(&build("poly", Some(dim), &[]), 1, 1e-14);
        }
        assert_exact_by_monte_carlo(&build("poly", None, &[]), 6);
    }
}
