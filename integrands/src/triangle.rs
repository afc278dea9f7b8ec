//! The one-loop triangle with equal masses inside and two massless legs, below its threshold.
//!
//! `int dx dy 1/(1 - s x y)` over the Feynman parameters `x, y > 0`, `x + y < 1`, with the mass
//! in the loop as unit; the square is mapped onto the simplex by `x = u v`, `y = u (1 - v)`, which
//! gives `u / (1 - s u^2 v (1 - v))`. Exact: `(2/s) asin^2(sqrt(s)/2)`, `0 < s < 4`.
//!
//! 't Hooft, Veltman 1979, Nucl. Phys. B 153, 365. Near the threshold `s = 4` it peaks at `u = 1`,
//! `v = 1/2`.

use crate::{BuildError, Dims, Family, Parameter, Problem, settings::Settings};

pub(crate) const FAMILY: Family = Family {
    name: "triangle",
    title: "one-loop triangle integral below threshold",
    formula: "u/(1 - s u^2 v (1 - v))",
    citation: "'t Hooft, Veltman 1979, Nucl. Phys. B 153, 365",
    default_dim: 2,
    dims: Dims::Fixed(2),
    parameters: &[Parameter {
        name: "s",
        default: 1.0,
        about: "invariant mass squared over the squared mass in the loop, between 0 and 4",
    }],
    build,
};

fn build(settings: &Settings) -> Result<Problem, BuildError> {
    let s = settings.checked("s", "above 0 and below 4", |s| s > 0.0 && s < 4.0)?;
    let function = move |y: &[f64]| {
        let (u, v) = (y[0], y[1]);
        u / (1.0 - s * u * u * v * (1.0 - v))
    };
    let exact = 2.0 / s * (0.5 * s.sqrt()).asin().powi(2);
    Ok(settings
        .problem(vec![(0.0, 1.0); 2], function)
        .with_exact(exact))
}

#[cfg(test)]
mod tests {
    use crate::check::{
        assert_close, assert_exact_by_monte_carlo, assert_exact_by_quadrature, build, exact,
    };

    #[test]
    fn exact_is_the_known_value() {
        for (s, value) in [
            (1.0, 0.5483113556),
            (2.0, 0.6168502751),
            (3.9, 1.0224561543),
        ] {
            assert_close(exact(&build("triangle", None, &[("s", s)])), value, 1e-10);
        }
    }

    #[test]
    fn exact_is_the_integral() {
        for s in [0.01, 1.0, 2.0, 3.9] {
            assert_exact_by_quadrature(&build("triangle", None, &[("s", s)]), 80, 1e-12);
        }
        assert_exact_by_monte_carlo(&build("triangle", None, &[("s", 3.9)]), 14);
    }
}
