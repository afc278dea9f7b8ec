//! Which check finds which integral anew.

use std::f64::consts::PI;

use thalweg::Method;
use thalweg_integrands::Problem;

use crate::check::Check;

/// `[0, 1]` in `n` equal panels.
fn even(n: u32) -> Vec<f64> {
    (0..=n).map(|i| f64::from(i) / f64::from(n)).collect()
}

/// `[0, 1]` in panels that narrow by tens towards `centre`, for peaks of any width.
fn about(centre: f64) -> Vec<f64> {
    let mut breaks = vec![0.0, 1.0, centre];
    for k in 1..=8 {
        breaks.extend([centre - 0.1_f64.powi(k), centre + 0.1_f64.powi(k)]);
    }
    breaks.sort_by(f64::total_cmp);
    breaks
}

/// One peak at a centre with equal coordinates.
fn around(dim: usize, centre: f64, sigma: f64) -> (Vec<f64>, f64) {
    (vec![centre; dim], sigma)
}

/// The whole range of each axis as one panel.
fn whole(problem: &Problem) -> Check {
    Check::Panels(problem.domain.iter().map(|(a, b)| vec![*a, *b]).collect())
}

/// The check of an integrand of the named ones.
pub(crate) fn of_named(name: &str, problem: &Problem) -> Check {
    let d = problem.dim;
    let guided = |peaks: &[(f64, f64)]| {
        Check::Guided(
            10_000_000,
            peaks.iter().map(|&(c, s)| around(d, c, s)).collect(),
        )
    };
    match name {
        "gaussian:4" | "gaussian:16" => guided(&[(0.5, 0.15)]),
        "camel:2" | "camel:16" => guided(&[(1.0 / 3.0, 0.15), (2.0 / 3.0, 0.15)]),
        "ee-mumu:2" | "ee-qqg:2" | "gg-gg:1" | "triangle:2" | "box:3" | "fourth-root:1" => {
            whole(problem)
        }
        "correlated:4" => guided(&[(0.5, 0.1)]),
        "pairs:4" => guided(&[(0.5, 0.09)]),
        "banana:3" => guided(&[(0.4, 0.12)]),
        "cut-gaussian:4" => guided(&[(0.5, 0.07)]),
        "wave:4" | "cusp:4" => guided(&[(0.5, 0.08)]),
        "dipole:3" => guided(&[(0.62, 0.08), (0.38, 0.08)]),
        "two-widths:3" => guided(&[(0.35, 0.1), (0.75, 0.03)]),
        "step:1" => Check::Panels(vec![vec![0.0, 0.3719, 1.0]]),
        "oscillation:1" => Check::Panels(vec![even(29)]),
        "resonances:3" => Check::Product([0.3, 0.55, 0.7].map(|c| vec![0.0, c, 1.0]).to_vec()),
        _ => Check::Plain(20_000_000),
    }
}

/// The check of an entry of the zoo.
pub(crate) fn of_zoo(name: &str, problem: &Problem) -> Check {
    let d = problem.dim;
    let guided = |n: u32, peaks: &[(f64, f64)]| {
        Check::Guided(n, peaks.iter().map(|&(c, s)| around(d, c, s)).collect())
    };
    let needle = |sigma: f64| {
        let centre = (0..d).map(|i| if i % 2 == 0 { 0.6371 } else { 0.4219 });
        Check::Guided(10_000_000, vec![(centre.collect(), sigma)])
    };
    let line = |breaks: Vec<f64>| Check::Panels(vec![breaks]);
    match name {
        "needle-2" => needle(1.2e-3),
        "needle-4" => needle(0.012),
        "needle-8" => needle(0.035),
        "needle-16" => needle(0.1),
        "hidden-box-5" | "hidden-box-7" => guided(10_000_000, &[(0.4875, 0.06)]),
        "five-widths" => Check::Guided(
            20_000_000,
            vec![
                (vec![0.5, 0.5, 0.5], 0.2),
                (vec![0.2, 0.7, 0.4], 0.05),
                (vec![0.8, 0.3, 0.6], 0.012),
                (vec![0.35, 0.15, 0.85], 0.003),
                (vec![0.65, 0.9, 0.25], 0.0008),
            ],
        ),
        "endpoint-mixed" | "pareto-2" => Check::Product(vec![even(1); d]),
        "interior-0.6" => Check::Product([0.3719, 0.6143].map(|c| vec![0.0, c, 1.0]).to_vec()),
        "corner-1.8" => Check::Corner,
        "inverse-log" => Check::Logarithmic,
        "cauchy-3" => Check::Radial,
        "thin-shell-3" | "thin-annulus" | "needle-simplex" | "sine-ridge" | "slabs-4"
        | "thin-shell-8" | "ordered-7" | "half-space-10" => Check::Plain(100_000_000),
        "corner-box-8" => guided(10_000_000, &[(0.3, 0.15)]),
        "diagonal-2" => guided(30_000_000, &[(0.5, 0.12)]),
        "diagonal-6" | "diagonal-16" => Check::Run(Method::Auto, 300_000),
        "banana-4" => guided(30_000_000, &[(0.38, 0.12)]),
        "packet-1" => line(even(64)),
        "packet-4" => guided(30_000_000, &[(0.5, 0.06)]),
        "dipole-99" => Check::Panels(vec![even(2); 3]),
        "million-to-one" => Check::Panels(vec![even(2); 2]),
        "two-worlds" => Check::Panels(vec![
            vec![0.0, 0.3125, 0.3525, 1.0],
            vec![0.0, 0.625, 0.65, 1.0],
        ]),
        "tiny-bump" => guided(10_000_000, &[(0.41, 0.012)]),
        "exponential-200" => line(even(100)),
        "endpoint-0.9" | "endpoint-0.95" | "huge" | "tiny" | "constant-1e308"
        | "constant-1e-310" | "parabola-1" => whole(problem),
        "product-100" | "sum-1000" | "gaussian-1000" => Check::Plain(1_000_000),
        "speck-3" => guided(10_000_000, &[(0.6186, 0.0006)]),
        "resonance-1e-3" | "resonance-1e-6" => line(about(0.6183)),
        "resonances-4" => {
            Check::Product([0.31, 0.47, 0.62, 0.78].map(|c| vec![0.0, c, 1.0]).to_vec())
        }
        "cosine-1024" => line(even(1024)),
        "cosines-3" => Check::Product(vec![even(1024); 3]),
        "staircase-9973" => line(even(9973)),
        "chirp" => {
            let zeros = (1..200_000).map(|k| 1.0 / (f64::from(k) * PI));
            let mut breaks: Vec<f64> = zeros.chain([0.0, 1.0]).collect();
            breaks.sort_by(f64::total_cmp);
            line(breaks)
        }
        _ => Check::Plain(20_000_000),
    }
}
