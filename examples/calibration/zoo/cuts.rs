//! Jumps, along the axes and across them.

use super::{Nasty, distance2, exact::ball, indicator, on_cube};

pub(super) fn list() -> Vec<Nasty> {
    vec![
        checkerboard(
            "checkerboard-2",
            2,
            7.0,
            25.0 / 49.0,
            "jumps that cancel on every axis",
        ),
        checkerboard(
            "checkerboard-6",
            6,
            5.0,
            7813.0 / 15625.0,
            "15625 cells, of which any one axis alone shows 3e-4",
        ),
        corner(),
        half_space(),
        solid_ball(
            "ball-5",
            5,
            0.5,
            "a ball that touches the faces, with 16 % of the cube",
        ),
        solid_ball(
            "ball-10",
            10,
            0.5,
            "a ball that touches the faces and fills 0.25 % of the cube",
        ),
    ]
}

/// 1 on the even ones of `cells^dim` cells, an odd number: one more than half of them.
fn checkerboard(
    name: &'static str,
    dim: usize,
    cells: f64,
    exact: f64,
    why: &'static str,
) -> Nasty {
    let problem = on_cube(name, dim, exact, move |x| {
        let sum: f64 = x.iter().map(|x| (cells * x).floor().min(cells - 1.0)).sum();
        indicator(sum % 2.0 < 0.5)
    });
    Nasty::new(name, problem, None, why)
}

/// `exp(sum_i x_i)` where all `x_i < 0.4`, else 0: `(e^0.4 - 1)^8`.
fn corner() -> Nasty {
    let problem = on_cube("corner-box-8", 8, 0.4_f64.exp_m1().powi(8), |x| {
        indicator(x.iter().all(|x| *x < 0.4)) * x.iter().sum::<f64>().exp()
    });
    Nasty::new(
        "corner-box-8",
        problem,
        0.4_f64.powi(8),
        "largest right before the edge, in 7e-4 of the cube",
    )
}

/// 1 where the sum of ten coordinates is below 3: `1/10! sum_k (-1)^k C(10, k) (3 - k)^10`
/// over k < 3 (Irwin, Hall).
fn half_space() -> Nasty {
    let exact = (3.0_f64.powi(10) - 10.0 * 2.0_f64.powi(10) + 45.0) / 3628800.0;
    let problem = on_cube("half-space-10", 10, exact, |x| {
        indicator(x.iter().sum::<f64>() < 3.0)
    });
    Nasty::new(
        "half-space-10",
        problem,
        None,
        "a cut oblique to all axes that leaves 1.4 % of the cube",
    )
}

/// The indicator of a ball of radius `r` about the centre.
fn solid_ball(name: &'static str, dim: usize, r: f64, why: &'static str) -> Nasty {
    let volume = ball(dim, r);
    let problem = on_cube(name, dim, volume, move |x| {
        indicator(distance2(x, 0.5) < r * r)
    });
    Nasty::new(name, problem, Some(volume).filter(|v| *v < 0.01), why)
}
