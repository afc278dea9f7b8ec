//! What lies along lines and curves that no axis follows.

use std::f64::consts::{PI, TAU};

use super::{Nasty, on_cube};
use crate::families::{banana, correlated};

pub(super) fn list() -> Vec<Nasty> {
    vec![
        diagonal(
            "diagonal-2",
            2,
            0.999,
            0.1,
            "a line along the diagonal, 22 times as long as wide",
        ),
        diagonal(
            "diagonal-6",
            6,
            0.99,
            0.1,
            "one long direction out of six, of 5e-8 of the cube",
        ),
        diagonal(
            "diagonal-16",
            16,
            0.9,
            0.08,
            "one long direction out of sixteen, of 2e-16 of the cube",
        ),
        ridge(),
        narrow_banana(),
        spiral(),
    ]
}

/// A normal density with equal correlations; its box probability is a 1-D quadrature.
fn diagonal(name: &'static str, dim: usize, rho: f64, sigma: f64, why: &'static str) -> Nasty {
    let n = dim as f64;
    let determinant = (1.0 + (n - 1.0) * rho) * (1.0 - rho).powf(n - 1.0);
    let feature = (2.0 * PI.sqrt() * sigma).powf(n) * determinant.sqrt();
    Nasty::new(name, correlated(dim, rho, sigma), feature, why)
}

/// `exp(-|x2 - 0.5 - 0.3 sin(2 pi x1)|/w)`: 2w but for `exp(-0.2/w)`, as the ridge stays 0.2
/// from the faces.
fn ridge() -> Nasty {
    const W: f64 = 0.001;
    let problem = on_cube("sine-ridge", 2, 2.0 * W, |x| {
        (-(x[1] - 0.5 - 0.3 * (TAU * x[0]).sin()).abs() / W).exp()
    });
    Nasty::new(
        "sine-ridge",
        problem,
        4.0 * W,
        "a curved ridge with a kink on its crest",
    )
}

/// A banana a hundredth thick in four dimensions, by a 1-D quadrature.
fn narrow_banana() -> Nasty {
    let (s, t) = (0.1, 0.01);
    // Independent of the bend, whose Jacobian is 1.
    let feature = (2.0 * PI.sqrt()).powi(4) * s * f64::powi(t, 3);
    Nasty::new(
        "banana-4",
        banana(4, s, t),
        feature,
        "three coordinates bound to the square of the first",
    )
}

/// `exp(kappa (cos(azimuth - 60 r) - 1))` within r < 1/2 of the centre, else 0: the azimuth is
/// averaged over at each r, which leaves the area times `exp(-kappa) I_0(kappa)`.
fn spiral() -> Nasty {
    const KAPPA: f64 = 200.0;
    let profile = |angle: f64| (KAPPA * (angle.cos() - 1.0)).exp();
    // Equal steps over the period of a periodic analytic function converge exponentially.
    let steps = 4096;
    let mean = (0..steps)
        .map(|i| profile(TAU * f64::from(i) / f64::from(steps)))
        .sum::<f64>()
        / f64::from(steps);
    let problem = on_cube("spiral", 2, 0.25 * PI * mean, move |x| {
        let (dx, dy) = (x[0] - 0.5, x[1] - 0.5);
        let r = dx.hypot(dy);
        if r < 0.5 {
            profile(dy.atan2(dx) - 60.0 * r)
        } else {
            0.0
        }
    });
    Nasty::new(
        "spiral",
        problem,
        None,
        "an arm wound five times about the centre: flat on each axis, and cut by a circle",
    )
}
