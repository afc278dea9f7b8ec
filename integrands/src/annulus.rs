//! A ring with sharp edges in the unit square.
//!
//! `f(x) = 1` if `inner <= r <= outer`, else 0, with `r` the distance from the centre (1/2, 1/2);
//! its integral is `pi (outer^2 - inner^2)`.
//!
//! Gao, Isaacson, Krause 2020, arXiv:2001.05486, with radii 0.2 and 0.45. A hard cut has no slope
//! to learn from.

use std::f64::consts::PI;

use crate::{BuildError, Dims, Family, Parameter, Problem, settings::Settings};

pub(crate) const FAMILY: Family = Family {
    name: "annulus",
    title: "ring with sharp edges",
    formula: "1 if inner <= r <= outer, else 0; r = distance from (1/2, 1/2)",
    citation: "Gao, Isaacson, Krause 2020, arXiv:2001.05486",
    default_dim: 2,
    dims: Dims::Fixed(2),
    parameters: &[
        Parameter {
            name: "inner",
            default: 0.2,
            about: "inner radius, from 0 to below outer",
        },
        Parameter {
            name: "outer",
            default: 0.45,
            about: "outer radius, above 0 to 0.5",
        },
    ],
    build,
};

fn build(settings: &Settings) -> Result<Problem, BuildError> {
    let outer = settings.checked("outer", "above 0 and at most 0.5", |v| v > 0.0 && v <= 0.5)?;
    let inner = settings.checked("inner", "at least 0 and below `outer`", |v| {
        v >= 0.0 && v < outer
    })?;
    let ring = inner * inner..=outer * outer;
    let exact = PI * (outer * outer - inner * inner);
    let function = move |x: &[f64]| {
        let (dx1, dx2) = (x[0] - 0.5, x[1] - 0.5);
        f64::from(u8::from(ring.contains(&(dx1 * dx1 + dx2 * dx2))))
    };
    Ok(settings
        .problem(vec![(0.0, 1.0); 2], function)
        .with_exact(exact))
}

#[cfg(test)]
mod tests {
    use crate::check::{assert_close, assert_exact_by_monte_carlo, build, exact};

    #[test]
    fn exact_is_the_published_value() {
        assert_close(exact(&build("annulus", None, &[])), 0.510508806208, 1e-12);
    }

    #[test]
    fn exact_is_the_integral() {
        assert_exact_by_monte_carlo(&build("annulus", None, &[]), 3);
        let disc = build("annulus", None, &[("inner", 0.0), ("outer", 0.5)]);
        assert_exact_by_monte_carlo(&disc, 4);
    }
}
