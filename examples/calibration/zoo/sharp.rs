//! Narrow resonances and fast oscillations: a lattice or a net of points may see one phase only.

use std::f64::consts::{PI, TAU};

use super::{Nasty, indicator, on_cube};

pub(super) fn list() -> Vec<Nasty> {
    vec![
        resonance(
            "resonance-1e-3",
            1e-3,
            "a resonance on a background of equal content",
        ),
        resonance(
            "resonance-1e-6",
            1e-6,
            "a resonance on a background of equal content, a millionth wide",
        ),
        resonances(),
        cosine(),
        cosines(),
        walsh(),
        staircase(),
        chirp(),
    ]
}

/// A Lorentzian of half-width `gamma`, normalised over the whole line.
fn lorentz(x: f64, centre: f64, gamma: f64) -> f64 {
    gamma / (PI * ((x - centre).powi(2) + gamma * gamma))
}

/// What a Lorentzian has between 0 and 1.
fn lorentz_content(centre: f64, gamma: f64) -> f64 {
    (((1.0 - centre) / gamma).atan() + (centre / gamma).atan()) / PI
}

/// 1 + a Lorentzian.
fn resonance(name: &'static str, gamma: f64, why: &'static str) -> Nasty {
    const CENTRE: f64 = 0.6183;
    let exact = 1.0 + lorentz_content(CENTRE, gamma);
    let problem = on_cube(name, 1, exact, move |x| 1.0 + lorentz(x[0], CENTRE, gamma));
    Nasty::new(name, problem, TAU * gamma, why)
}

/// The product of four Lorentzians.
fn resonances() -> Nasty {
    const GAMMA: f64 = 1e-3;
    const CENTRES: [f64; 4] = [0.31, 0.47, 0.62, 0.78];
    let exact = CENTRES.iter().map(|c| lorentz_content(*c, GAMMA)).product();
    let problem = on_cube("resonances-4", 4, exact, |x| {
        x.iter()
            .zip(CENTRES)
            .map(|(x, c)| lorentz(*x, c, GAMMA))
            .product()
    });
    Nasty::new(
        "resonances-4",
        problem,
        (TAU * GAMMA).powi(4),
        "four resonances at once, whose tails are all that most points see",
    )
}

/// `1 + cos(2 pi 1024 x)`: 1.
fn cosine() -> Nasty {
    let problem = on_cube("cosine-1024", 1, 1.0, |x| 1.0 + (TAU * 1024.0 * x[0]).cos());
    Nasty::new(
        "cosine-1024",
        problem,
        None,
        "any 1024 equidistant points see one phase",
    )
}

/// `prod_i (1 + cos(2 pi 2^k_i x_i))`: 1.
fn cosines() -> Nasty {
    const WAVES: [f64; 3] = [32.0, 128.0, 512.0];
    let problem = on_cube("cosines-3", 3, 1.0, |x| {
        x.iter()
            .zip(WAVES)
            .map(|(x, k)| 1.0 + (TAU * k * x).cos())
            .product()
    });
    Nasty::new(
        "cosines-3",
        problem,
        None,
        "frequencies that are powers of two, as are the cells of a net",
    )
}

/// 1 + a Walsh function: the parity of the first binary digit of y and the first twelve of x.
///
/// It is 2 on the first 4096 Sobol points as they are: those digits of x are those of the point's
/// number, and the first of y is their parity. Its mean is 1, since the digits of x and y are
/// independent.
fn walsh() -> Nasty {
    let problem = on_cube("walsh-dual", 2, 1.0, |x| {
        let digits = 1
            + (1..=12)
                .map(|k| u32::from((f64::from(1 << k) * x[0]) % 2.0 >= 1.0))
                .sum::<u32>()
            + u32::from(x[1] >= 0.5);
        2.0 * indicator(digits % 2 == 1)
    });
    Nasty::new(
        "walsh-dual",
        problem,
        None,
        "in the dual of the Sobol net of 4096 points, which see nothing of it vary",
    )
}

/// `floor(9973 x)/9973`: `(1 - 1/9973)/2`.
fn staircase() -> Nasty {
    const STEPS: f64 = 9973.0;
    let problem = on_cube("staircase-9973", 1, 0.5 * (1.0 - 1.0 / STEPS), |x| {
        (STEPS * x[0]).floor().min(STEPS - 1.0) / STEPS
    });
    Nasty::new(
        "staircase-9973",
        problem,
        None,
        "smooth from afar, with a jump every few points from near",
    )
}

/// `1 + sin(1/x)`: `1 + sin(1) - Ci(1)`, Ci(1) = 0.33740392290096813 (DLMF 6.2, table 5.3 of
/// Abramowitz and Stegun).
fn chirp() -> Nasty {
    let exact = 1.0 + 1.0_f64.sin() - 0.337_403_922_900_968_13;
    let problem = on_cube("chirp", 1, exact, |x| {
        if x[0] > 0.0 {
            1.0 + x[0].recip().sin()
        } else {
            1.0
        }
    });
    Nasty::new("chirp", problem, None, "oscillates without end towards 0")
}
