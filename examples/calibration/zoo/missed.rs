//! Peaks that uniform points miss, on a background that looks like all there is.

use std::f64::consts::PI;

use super::{Nasty, exact::normal_volume, indicator, on_cube};
use crate::families::exact::content;

pub(super) fn list() -> Vec<Nasty> {
    vec![
        needle(
            "needle-2",
            2,
            1e-3,
            "half the integral in a hundred thousandth of the square",
        ),
        needle("needle-4", 4, 0.01, "half the integral in 2e-6 of the cube"),
        needle("needle-8", 8, 0.03, "half the integral in 2e-8 of the cube"),
        needle(
            "needle-16",
            16,
            0.1,
            "a peak that is wide on each axis and fills 6e-8 of the cube",
        ),
        hidden_box("hidden-box-5", 5),
        hidden_box("hidden-box-7", 7),
        widths(),
    ]
}

/// 1 + a normal density of width `sigma` off the centre: `1 + prod_i content(c_i, sigma)`.
fn needle(name: &'static str, dim: usize, sigma: f64, why: &'static str) -> Nasty {
    let centre: Vec<f64> = (0..dim)
        .map(|i| if i % 2 == 0 { 0.6371 } else { 0.4219 })
        .collect();
    let exact = 1.0 + centre.iter().map(|c| content(*c, sigma)).product::<f64>();
    let problem = on_cube(name, dim, exact, move |x| 1.0 + normal(x, &centre, sigma));
    Nasty::new(name, problem, normal_volume(dim, sigma), why)
}

/// The density at `x` of independent normal variables with means `centre` and width `sigma`.
fn normal(x: &[f64], centre: &[f64], sigma: f64) -> f64 {
    let r2: f64 = x.iter().zip(centre).map(|(x, c)| (x - c) * (x - c)).sum();
    let log_norm = -(x.len() as f64) * (sigma * (2.0 * PI).sqrt()).ln();
    (log_norm - 0.5 * r2 / (sigma * sigma)).exp()
}

/// 1, and more by `1/v` inside a box of volume v = 0.1^d: 2.
fn hidden_box(name: &'static str, dim: usize) -> Nasty {
    let volume = 0.1_f64.powf(dim as f64);
    let problem = on_cube(name, dim, 2.0, move |x| {
        let inside = x.iter().all(|x| (0.4375..0.5375).contains(x));
        1.0 + indicator(inside) / volume
    });
    Nasty::new(
        name,
        problem,
        volume,
        "half the integral in a box with no slope that leads to it",
    )
}

/// The mean of five normal densities, from one as wide as the cube to a speck.
fn widths() -> Nasty {
    const PEAKS: [([f64; 3], f64); 5] = [
        ([0.5, 0.5, 0.5], 0.2),
        ([0.2, 0.7, 0.4], 0.05),
        ([0.8, 0.3, 0.6], 0.012),
        ([0.35, 0.15, 0.85], 0.003),
        ([0.65, 0.9, 0.25], 0.0008),
    ];
    let exact = PEAKS
        .iter()
        .map(|(c, s)| c.iter().map(|c| content(*c, *s)).product::<f64>())
        .sum::<f64>()
        / 5.0;
    let problem = on_cube("five-widths", 3, exact, |x| {
        PEAKS.iter().map(|(c, s)| normal(x, c, *s)).sum::<f64>() / 5.0
    });
    Nasty::new(
        "five-widths",
        problem,
        normal_volume(3, 0.0008),
        "five equal contents in volumes from 0.4 to 2e-8: each peak found hides the next",
    )
}
