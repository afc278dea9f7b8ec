//! Indicators of thin sets: most points see nothing, and those that see something no slope.

use std::f64::consts::PI;

use super::{Nasty, distance2, exact::ball, indicator, on_cube};

pub(super) fn list() -> Vec<Nasty> {
    vec![
        shell(
            "thin-shell-3",
            3,
            0.4,
            1e-4,
            "a sphere's surface with no thickness to speak of",
        ),
        shell(
            "thin-shell-8",
            8,
            0.45,
            1e-3,
            "a surface in eight dimensions, blind to any grid",
        ),
        slabs(),
        annulus(),
        needle(),
        ordered(),
    ]
}

/// 1 within `eps` of the sphere of radius `r`: the difference of two balls.
fn shell(name: &'static str, dim: usize, r: f64, eps: f64, why: &'static str) -> Nasty {
    let volume = ball(dim, r + eps) - ball(dim, r - eps);
    let problem = on_cube(name, dim, volume, move |x| {
        indicator((distance2(x, 0.5).sqrt() - r).abs() < eps)
    });
    Nasty::new(name, problem, volume, why)
}

/// 1 where both |x1 - x2| and |x3 - x4| are below eps: `(2 eps - eps^2)^2`.
fn slabs() -> Nasty {
    const EPS: f64 = 0.005;
    let volume = (EPS * (2.0 - EPS)).powi(2);
    let problem = on_cube("slabs-4", 4, volume, |x| {
        indicator((x[0] - x[1]).abs() < EPS && (x[2] - x[3]).abs() < EPS)
    });
    Nasty::new(
        "slabs-4",
        problem,
        volume,
        "flat on each axis: all of it is in two correlations of pairs",
    )
}

/// `(1 + cos(a)^2)` on a thin annulus, a the azimuth: 3/2 of its area.
fn annulus() -> Nasty {
    const INNER2: f64 = 0.16;
    const OUTER2: f64 = 0.16002;
    let area = PI * (OUTER2 - INNER2);
    let problem = on_cube("thin-annulus", 2, 1.5 * area, |x| {
        let r2 = distance2(x, 0.5);
        let dx = x[0] - 0.5;
        indicator((INNER2..OUTER2).contains(&r2)) * (1.0 + dx * dx / r2)
    });
    Nasty::new(
        "thin-annulus",
        problem,
        area,
        "a circle 3e-5 thick that no grid and few splines can follow",
    )
}

/// 1 in the simplex x1 + 100 x2 + 100 x3 < 1, turned upside down: 1e-4/6.
fn needle() -> Nasty {
    let volume = 1e-4 / 6.0;
    let problem = on_cube("needle-simplex", 3, volume, |x| {
        let [a, b, c] = [1.0 - x[0], 1.0 - x[1], 1.0 - x[2]];
        indicator(a + 100.0 * b + 100.0 * c < 1.0)
    });
    Nasty::new(
        "needle-simplex",
        problem,
        volume,
        "a needle along an edge that comes to a point",
    )
}

/// The product of `2 x_i` where x1 < x2 < .. < x7, else 0: by symmetry 1/7!.
fn ordered() -> Nasty {
    let problem = on_cube("ordered-7", 7, 1.0 / 5040.0, |x| {
        let ordered = x.windows(2).all(|pair| pair[0] < pair[1]);
        indicator(ordered) * x.iter().map(|x| 2.0 * x).product::<f64>()
    });
    Nasty::new(
        "ordered-7",
        problem,
        1.0 / 5040.0,
        "one of 5040 orders: a simplex whose faces are oblique to all axes",
    )
}
