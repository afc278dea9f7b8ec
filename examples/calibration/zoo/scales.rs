//! Values near the ends of what a double holds: squares overflow or vanish.

use std::f64::consts::{LN_10, PI};

use super::{Nasty, distance2, exact::normal_volume, indicator, on_cube};
use crate::families::exact::content;

pub(super) fn list() -> Vec<Nasty> {
    vec![
        scaled("huge", 1e300, "values whose squares overflow"),
        scaled("tiny", 1e-300, "values whose squares are 0"),
        largest(),
        subnormal(),
        exponential(),
        two_worlds(),
        bump(),
    ]
}

/// `scale prod_i 2 x_i`: the scale.
fn scaled(name: &'static str, scale: f64, why: &'static str) -> Nasty {
    let problem = on_cube(name, 3, scale, move |x| {
        x.iter().map(|x| 2.0 * x).product::<f64>() * scale
    });
    Nasty::new(name, problem, None, why)
}

/// A constant of which no two can be added.
fn largest() -> Nasty {
    let problem = on_cube("constant-1e308", 1, 1e308, |_| 1e308);
    Nasty::new(
        "constant-1e308",
        problem,
        None,
        "the sum of two values overflows",
    )
}

/// A constant with fewer digits than other doubles, 46 of 52 bits.
fn subnormal() -> Nasty {
    let problem = on_cube("constant-1e-310", 2, 1e-310, |_| 1e-310);
    Nasty::new(
        "constant-1e-310",
        problem,
        None,
        "subnormal: its inverse overflows and its square is 0",
    )
}

/// `10^(200 x)`: `(10^200 - 1)/(200 ln 10)`.
fn exponential() -> Nasty {
    let exact = (1e200 - 1.0) / (200.0 * LN_10);
    let problem = on_cube("exponential-200", 1, exact, |x| {
        (200.0 * LN_10 * x[0]).exp()
    });
    Nasty::new(
        "exponential-200",
        problem,
        // The inverse of the square's integral, with a slope of 200 ln 10.
        2.0 / (200.0 * LN_10),
        "two hundred orders of magnitude from end to end",
    )
}

/// 1e200 in a rectangle of 1e-3, else 1: `10^197 + 0.999`.
fn two_worlds() -> Nasty {
    let problem = on_cube("two-worlds", 2, 1e197, |x| {
        let inside = (0.3125..0.3525).contains(&x[0]) && (0.625..0.65).contains(&x[1]);
        1.0 + indicator(inside) * 1e200
    });
    Nasty::new(
        "two-worlds",
        problem,
        1e-3,
        "points outside a small rectangle tell nothing of its scale, 1e200 times theirs",
    )
}

/// `10^-12 (1 + a normal density)`.
fn bump() -> Nasty {
    const SIGMA: f64 = 0.01;
    let log_norm = -3.0 * (SIGMA * (2.0 * PI).sqrt()).ln();
    let exact = 1e-12 * (1.0 + content(0.41, SIGMA).powi(3));
    let problem = on_cube("tiny-bump", 3, exact, move |x| {
        1e-12 * (1.0 + (log_norm - 0.5 * distance2(x, 0.41) / (SIGMA * SIGMA)).exp())
    });
    Nasty::new(
        "tiny-bump",
        problem,
        normal_volume(3, SIGMA),
        "a peak on a floor that a fixed threshold takes for 0",
    )
}
