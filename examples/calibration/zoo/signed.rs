//! Both signs: little or nothing is left of large parts.

use std::f64::consts::{PI, TAU};

use super::{Nasty, distance2, exact::normal_volume, on_cube};
use crate::families::exact::content;

pub(super) fn list() -> Vec<Nasty> {
    vec![
        packet("packet-1", 1, 0.06, "a wave packet of which 1 % is left"),
        packet(
            "packet-4",
            4,
            0.06,
            "a wave packet oblique to all axes of which 1 % is left",
        ),
        dipole(),
        sines(),
        odd(),
        cancel(),
    ]
}

/// A normal density times `cos(k u)`, `u = sum_i (x_i - 1/2)/sqrt(d)` and `k sigma = 3`: the mean
/// of cos(k u) over the normal u, `exp(-9/2)`, but for the 1e-12 of it that the faces cut off.
fn packet(name: &'static str, dim: usize, sigma: f64, why: &'static str) -> Nasty {
    let n = dim as f64;
    let k = 3.0 / sigma;
    let log_norm = -n * (sigma * (2.0 * PI).sqrt()).ln();
    let problem = on_cube(name, dim, (-4.5_f64).exp(), move |x| {
        let u = x.iter().map(|x| x - 0.5).sum::<f64>() / n.sqrt();
        (log_norm - 0.5 * distance2(x, 0.5) / (sigma * sigma)).exp() * (k * u).cos()
    });
    let feature = Some(normal_volume(dim, sigma)).filter(|v| *v < 0.01);
    Nasty::new(name, problem, feature, why)
}

/// A normal density less 99 % of another: 0.01 of its content.
fn dipole() -> Nasty {
    const SIGMA: f64 = 0.05;
    let log_norm = -3.0 * (SIGMA * (2.0 * PI).sqrt()).ln();
    let exact = 0.01 * content(0.6, SIGMA).powi(3);
    let problem = on_cube("dipole-99", 3, exact, move |x| {
        let peak = |c: f64| (log_norm - 0.5 * distance2(x, c) / (SIGMA * SIGMA)).exp();
        peak(0.6) - 0.99 * peak(0.4)
    });
    Nasty::new(
        "dipole-99",
        problem,
        normal_volume(3, SIGMA),
        "two peaks of either sign that cancel to 1 %",
    )
}

/// `0.01 + prod_i sin(2 pi k_i x_i)` with whole k: 0.01.
fn sines() -> Nasty {
    const WAVES: [f64; 6] = [1.0, 2.0, 3.0, 1.0, 2.0, 3.0];
    let problem = on_cube("sines-6", 6, 0.01, |x| {
        let waves = x.iter().zip(WAVES).map(|(x, k)| (TAU * k * x).sin());
        0.01 + waves.product::<f64>()
    });
    Nasty::new(
        "sines-6",
        problem,
        None,
        "waves thirteen times the value, with no slope on any axis alone",
    )
}

/// `sinh(2 sum_i (x_i - 1/2))`, odd about the centre: 0.
fn odd() -> Nasty {
    let problem = on_cube("odd-5", 5, 0.0, |x| {
        (2.0 * x.iter().map(|x| x - 0.5).sum::<f64>()).sinh()
    });
    Nasty::new(
        "odd-5",
        problem,
        None,
        "exactly zero: no relative error is ever reached",
    )
}

/// `1 + 10^6 cos(2 pi x_1) cos(2 pi x_2)`: 1.
fn cancel() -> Nasty {
    let problem = on_cube("million-to-one", 2, 1.0, |x| {
        1.0 + 1e6 * (TAU * x[0]).cos() * (TAU * x[1]).cos()
    });
    Nasty::new(
        "million-to-one",
        problem,
        None,
        "parts half a million times the value that cancel",
    )
}
