//! Integrable singularities and long tails: weights without bound, often of infinite variance.

use std::f64::consts::{FRAC_PI_4, PI};

use super::{Nasty, exact::quadrature, on_cube};
use thalweg_integrands::Problem;

pub(super) fn list() -> Vec<Nasty> {
    vec![
        mixed(),
        endpoint(
            "endpoint-0.9",
            0.9,
            "infinite variance, and 2.5 % of the integral below 2^-53",
        ),
        endpoint(
            "endpoint-0.95",
            0.95,
            "infinite variance, and 16 % of the integral below 2^-53",
        ),
        interior(),
        corner(),
        logarithm(),
        cauchy(),
        pareto(),
    ]
}

/// The part of the range that has 1 % of the integral of `x^-a`.
fn last_percent(a: f64) -> f64 {
    0.01_f64.powf(1.0 / (1.0 - a))
}

/// `x^-a`, 0 at 0.
fn power(x: f64, a: f64) -> f64 {
    if x > 0.0 { x.powf(-a) } else { 0.0 }
}

/// `prod_i x_i^-a_i`: `prod_i 1/(1 - a_i)`.
fn mixed() -> Nasty {
    const POWERS: [f64; 4] = [0.3, 0.5, 0.7, 0.8];
    let exact = POWERS.iter().map(|a| 1.0 / (1.0 - a)).product();
    let problem = on_cube("endpoint-mixed", 4, exact, |x| {
        x.iter().zip(POWERS).map(|(x, a)| power(*x, a)).product()
    });
    Nasty::new(
        "endpoint-mixed",
        problem,
        last_percent(0.8),
        "singular on four faces with powers from 0.3 to 0.8, of infinite variance on three",
    )
}

/// `x^-a`: `1/(1 - a)`.
fn endpoint(name: &'static str, a: f64, why: &'static str) -> Nasty {
    let problem = on_cube(name, 1, 1.0 / (1.0 - a), move |x| power(x[0], a));
    Nasty::new(name, problem, last_percent(a), why)
}

/// `prod_i |x_i - c_i|^-0.6`: `prod_i (c_i^0.4 + (1 - c_i)^0.4)/0.4`.
fn interior() -> Nasty {
    const CENTRE: [f64; 2] = [0.3719, 0.6143];
    let exact = CENTRE
        .iter()
        .map(|c| (c.powf(0.4) + (1.0 - c).powf(0.4)) / 0.4)
        .product();
    let problem = on_cube("interior-0.6", 2, exact, |x| {
        x.iter()
            .zip(CENTRE)
            .map(|(x, c)| power((x - c).abs(), 0.6))
            .product()
    });
    Nasty::new(
        "interior-0.6",
        problem,
        last_percent(0.6),
        "lines inside the square on which it diverges, of infinite variance",
    )
}

/// `r^-1.8` about a corner of the square, in polar coordinates about it:
/// `2 int_0^(pi/4) dt int_0^(1/cos t) dr r^-0.8 = 10 int_0^(pi/4) dt cos(t)^-0.2`.
fn corner() -> Nasty {
    let exact = 10.0 * quadrature(0.0, FRAC_PI_4, |t| t.cos().powf(-0.2));
    let problem = on_cube("corner-1.8", 2, exact, |x| {
        power(x[0] * x[0] + x[1] * x[1], 0.9)
    });
    // Within r of the corner lies r^0.2 of it, on an area of pi r^2/4.
    let r = 0.01_f64.powi(5);
    Nasty::new(
        "corner-1.8",
        problem,
        FRAC_PI_4 * r * r,
        "a point singularity that is no product, just short of diverging",
    )
}

/// `1/(x (1 - ln x)^2)`: with `t = -ln x` it is `int_0^inf dt/(1 + t)^2 = 1`.
fn logarithm() -> Nasty {
    let problem = on_cube("inverse-log", 1, 1.0, |x| {
        power(x[0], 1.0) / (1.0 - x[0].max(f64::MIN_POSITIVE).ln()).powi(2)
    });
    Nasty::new(
        "inverse-log",
        problem,
        (-99.0_f64).exp(),
        "integrable by logarithms only, with 2.6 % of the integral below 2^-53",
    )
}

/// The Cauchy density in three dimensions, `1/(pi^2 (1 + r^2)^2)`: with `r = tan t` it is
/// `4/pi int_0^(pi/2) dt sin(t)^2 = 1`.
fn cauchy() -> Nasty {
    let line = (f64::NEG_INFINITY, f64::INFINITY);
    let problem = Problem::new("cauchy-3", vec![line; 3], |y| {
        let r2: f64 = y.iter().map(|y| y * y).sum();
        1.0 / (PI * PI * (1.0 + r2).powi(2))
    });
    Nasty::new(
        "cauchy-3",
        problem.with_exact(1.0),
        None,
        "tails in all directions: mapped onto the cube it diverges at the corners",
    )
}

/// `prod_i 0.3 (1 + y_i)^-1.3` from 0 to infinity: 1.
fn pareto() -> Nasty {
    let problem = Problem::new("pareto-2", vec![(0.0, f64::INFINITY); 2], |y| {
        y.iter().map(|y| 0.3 * (1.0 + y).powf(-1.3)).product()
    });
    Nasty::new(
        "pareto-2",
        problem.with_exact(1.0),
        // x^-0.7 at the far end once mapped onto the square.
        last_percent(0.7),
        "tails so long that 1 % lies beyond 4.6 million on each axis",
    )
}
