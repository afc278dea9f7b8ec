//! The fewest dimensions, and very many.

use std::f64::consts::PI;

use super::{Nasty, distance2, on_cube};
use crate::families::exact::content;

pub(super) fn list() -> Vec<Nasty> {
    vec![parabola(), product(), sum(), gaussian()]
}

/// `3 x^2`: 1.
fn parabola() -> Nasty {
    let problem = on_cube("parabola-1", 1, 1.0, |x| 3.0 * x[0] * x[0]);
    Nasty::new(
        "parabola-1",
        problem,
        None,
        "trivial: too few points to fail on",
    )
}

/// `prod_i (1 + (x_i - 1/2)/2)` in 100 dimensions: 1.
fn product() -> Nasty {
    let problem = on_cube("product-100", 100, 1.0, |x| {
        x.iter().map(|x| 1.0 + 0.5 * (x - 0.5)).product()
    });
    Nasty::new(
        "product-100",
        problem,
        None,
        "a hundred slopes, each too weak to be seen, with a variance of 7 together",
    )
}

/// `3/1000 sum_i x_i^2` in 1000 dimensions: 1.
fn sum() -> Nasty {
    let problem = on_cube("sum-1000", 1000, 1.0, |x| 0.003 * distance2(x, 0.0));
    Nasty::new(
        "sum-1000",
        problem,
        None,
        "nearly constant in a thousand dimensions: any adaptation only adds noise",
    )
}

/// `exp(-sum_i (x_i - 1/2)^2/2)` in 1000 dimensions, over its integral at width 1.
fn gaussian() -> Nasty {
    let side = (2.0 * PI).sqrt() * content(0.5, 1.0);
    let problem = on_cube("gaussian-1000", 1000, side.powi(1000), |x| {
        (-0.5 * distance2(x, 0.5)).exp()
    });
    Nasty::new(
        "gaussian-1000",
        problem,
        None,
        "values of about e^-41 that vary by factors in a thousand dimensions",
    )
}
