//! Genz's corner peak: a power law that falls off from the origin.
//!
//! `f(x) = (1 + sum_i a_i x_i)^-(d + 1)`. Inclusion and exclusion of corners gives the integral as
//! an alternating sum of `2^d` terms, which cancel. Here it is the positive integral
//! `1/d! int_0^inf dt t^d exp(-t) prod_i (1 - exp(-a_i t))/(a_i t)`, from writing the power as an
//! integral over exponentials, done by the trapezoidal rule in `ln t`. The integrand is analytic
//! and decays at both ends, so that the rule is exact to rounding in any dimension.
//!
//! Genz 1984, see the parent module. The places `u_i` play no part.

use super::{CITATION, Shape, Tabulated, dot, parameters};
use crate::{BuildError, Dims, Family, Problem, settings::Settings};

pub(crate) const FAMILY: Family = Family {
    name: "genz-corner-peak",
    title: "Genz's corner peak family",
    formula: "(1 + sum_i a_i x_i)^-(d + 1)",
    citation: CITATION,
    default_dim: 5,
    dims: Dims::Any,
    parameters: &parameters(1.85),
    build,
};

fn build(settings: &Settings) -> Result<Problem, BuildError> {
    let Shape { a, .. } = Shape::new(settings, &TABLE)?;
    let exact = corner_integral(&a);
    let power = a.len() as f64 + 1.0;
    let function = move |x: &[f64]| (-power * dot(&a, x).ln_1p()).exp();
    Ok(settings
        .problem(vec![(0.0, 1.0); settings.dim], function)
        .with_exact(exact))
}

fn corner_integral(a: &[f64]) -> f64 {
    let power = a.len() as f64 + 1.0;
    let log_factorial: f64 = (1..=a.len()).map(|k| (k as f64).ln()).sum();
    let log_integrand = |log_t: f64| {
        let t = log_t.exp();
        let log_means: f64 = a.iter().map(|a| (-(-a * t).exp_m1() / (a * t)).ln()).sum();
        power * log_t - t + log_means - log_factorial
    };
    // Four steps per standard deviation of t^(d + 1) exp(-t) in ln t.
    let step = 0.25 / power.sqrt();
    // The logarithm is concave. Its maximum is left of where that of t^(d + 1) exp(-t) is.
    let mut peak = power.ln();
    while log_integrand(peak - step) > log_integrand(peak) {
        peak -= step;
    }
    let top = log_integrand(peak);
    let mut sum = 1.0;
    for stride in [-step, step] {
        let mut log_t = peak;
        let mut term = 1.0;
        while term > 1e-18 {
            log_t += stride;
            term = (log_integrand(log_t) - top).exp();
            sum += term;
        }
    }
    step * top.exp() * sum
}

/// The members in 5 and 8 dimensions.
const TABLE: [Tabulated; 2] = [
    Tabulated {
        a: &[
            0.2798083868291355,
            0.5504606085957476,
            0.26758397399499734,
            0.3426627290668437,
            0.4094843015132759,
        ],
        u: &[
            0.7699289724972656,
            0.6910119992154905,
            0.6957648210175031,
            0.4116608941068246,
            0.380126308881387,
        ],
    },
    Tabulated {
        a: &[
            0.22676063536007418,
            0.1426491191378662,
            0.33697972691702904,
            0.19980241578933078,
            0.26910414282566225,
            0.3538950688366933,
            0.19072101816688194,
            0.13008787296646224,
        ],
        u: &[
            0.4274321361686683,
            0.7207046287869783,
            0.5505364129255312,
            0.661849276360668,
            0.4316122536670158,
            0.3072581052103326,
            0.4231726137135965,
            0.7423231434363857,
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
        // Inclusion and exclusion with 40 digits.
        for (dim, value) in [(5, 0.028917253324976026), (8, 0.004683824217552878)] {
            assert_close(
                exact(&build("genz-corner-peak", Some(dim), &[])),
                value,
                1e-13,
            );
        }
    }

    #[test]
    fn exact_is_the_integral() {
        for dim in [1, 2, 3] {
            assert_exact_by_quadrature(&build("genz-corner-peak", Some(dim), &[]), 3, 1e-12);
        }
        assert_exact_by_monte_carlo(&build("genz-corner-peak", None, &[]), 33);
    }

    #[test]
    fn equal_difficulties_agree_with_a_product_of_fractions() {
        // int_0^1 (1 - v^a)^d dv = prod_k k a/(1 + k a), from v = exp(-t) and the beta function.
        for dim in [1, 6, 30, 100] {
            let a = 1.85 / f64::from(dim);
            let expected = (1..=dim).map(|k| 1.0 / (1.0 + f64::from(k) * a)).product();
            let a = vec![a; usize::try_from(dim).unwrap()];
            assert_close(super::corner_integral(&a), expected, 1e-12);
        }
    }
}
