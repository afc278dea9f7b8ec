//! The width of the top quark through an off-shell W boson, with a massless bottom quark.
//!
//! ```text
//! d Gamma / (d q2 d cos) = Gamma_0 B(q2) (1 - r)^2 (3/4) [1 - cos^2 + r (1 - cos)^2]
//! Gamma_0 = G_F m_t^3 / (8 pi sqrt(2)),   r = q2/m_t^2
//! B(q2) = (1/pi) (q2 Gamma_w/m_w) / ((q2 - m_w^2)^2 + m_w^2 Gamma_w^2)
//! ```
//!
//! summed over all decays of the W, where `q2` is its virtuality and `cos` the angle of the charged
//! fermion in the W frame against the flight of the W: the first term is a longitudinal W, the
//! second a left-handed one. `Gamma_0 (1 - r)^2 (1 + 2r)` is the width into a W of mass `q2^(1/2)`
//! at fixed `G_F`, and `B` the spectral density of the W, with a running width in its numerator and
//! the fixed one in its denominator. Exact: 1.4574002613 `GeV` with the defaults.
//!
//! Jezabek, Kuehn 1989, Nucl. Phys. B 314, 1; angles of Kane, Ladinsky, Yuan 1992, Phys. Rev. D 45,
//! 124. The squared matrix element at fixed gauge coupling has `m_w Gamma_w` in the numerator of
//! `B` instead, which gives 1.4577942127 `GeV`. The peak in `q2` is narrow, and left to be found.

use std::f64::consts::{PI, SQRT_2};

use crate::{BuildError, Dims, Family, Parameter, Problem, settings::Settings};

/// Fermi's constant in `GeV^-2`.
const G_F: f64 = 1.1663787e-5;

pub(crate) const FAMILY: Family = Family {
    name: "top-decay",
    title: "width of the top quark through an off-shell W boson, in GeV",
    formula: "G_F mt^3/(8 pi sqrt2) B(q2) (1 - r)^2 3/4 [1 - cos^2 + r (1 - cos)^2], r = q2/mt^2, \
              B = (q2 Gw/(pi mw))/((q2 - mw^2)^2 + mw^2 Gw^2)",
    citation: "Jezabek, Kuehn 1989, Nucl. Phys. B 314, 1",
    default_dim: 2,
    dims: Dims::Fixed(2),
    parameters: &[
        Parameter {
            name: "m_t",
            default: 172.5,
            about: "mass of the top quark in GeV, > 0",
        },
        Parameter {
            name: "m_w",
            default: 80.379,
            about: "mass of the W boson in GeV, above 0 and at most 2 m_t",
        },
        Parameter {
            name: "gamma_w",
            default: 2.085,
            about: "width of the W boson in GeV, above 0 and at most m_w",
        },
    ],
    build,
};

fn build(settings: &Settings) -> Result<Problem, BuildError> {
    let m_t = settings.positive("m_t")?;
    // Beyond these ranges the terms of the exact value cancel.
    let m_w = settings.checked("m_w", "above 0 and at most twice `m_t`", |m_w| {
        m_w > 0.0 && m_w <= 2.0 * m_t
    })?;
    let gamma_w = settings.checked("gamma_w", "above 0 and at most `m_w`", |gamma_w| {
        gamma_w > 0.0 && gamma_w <= m_w
    })?;
    let m_t2 = m_t * m_t;
    let (peak, width) = (m_w * m_w, m_w * gamma_w);
    let gamma_0 = G_F * m_t * m_t2 / (8.0 * PI * SQRT_2);
    let norm = 0.75 * gamma_0 * gamma_w / (PI * m_w);
    // y = (q2, cos)
    let function = move |y: &[f64]| {
        let r = y[0] / m_t2;
        let (distance, phase_space, away) = (y[0] - peak, 1.0 - r, 1.0 - y[1]);
        let angle = away * (1.0 + y[1] + r * away);
        norm * y[0] * phase_space * phase_space * angle / (distance * distance + width * width)
    };
    let exact = gamma_0 * virtuality_integral(peak / m_t2, width / m_t2);
    let problem = settings.problem(vec![(0.0, m_t2), (-1.0, 1.0)], function);
    Ok(problem.with_exact(exact).with_unit("GeV"))
}

/// `int_0^1 dr P(r) (g r/(pi m)) / ((r - m)^2 + g^2)` with `P(r) = (1 - r)^2 (1 + 2r)`.
///
/// With `z = m + i g` this is `Im[z J]/(pi m)`, `J = int_0^1 dr P(r)/(r - z)`, and
/// `J = P(z) ln((z - 1)/z) + 2/3 + (2z - 3)/2 + (2z - 3) z` by polynomial division.
fn virtuality_integral(m: f64, g: f64) -> f64 {
    let p_real = 1.0 - 3.0 * (m * m - g * g) + 2.0 * m * (m * m - 3.0 * g * g);
    let p_imaginary = 2.0 * g * (3.0 * m * m - g * g - 3.0 * m);
    let log_real = ((1.0 - m).hypot(g) / m.hypot(g)).ln();
    let log_imaginary = ((1.0 - m) / g).atan() + (m / g).atan();
    let j_real = p_real * log_real - p_imaginary * log_imaginary - 5.0 / 6.0 - 2.0 * m
        + 2.0 * (m * m - g * g);
    let j_imaginary = p_real * log_imaginary + p_imaginary * log_real + 2.0 * g * (2.0 * m - 1.0);
    (j_imaginary + g / m * j_real) / PI
}

#[cfg(test)]
mod tests {
    use crate::check::{
        assert_close, assert_exact_by_monte_carlo, assert_exact_by_quadrature, build, exact,
        monte_carlo,
    };

    #[test]
    fn exact_is_the_known_value() {
        assert_close(exact(&build("top-decay", None, &[])), 1.4574002613, 1e-10);
        // A W of no width is on its shell, and the width G_F m_t^3/(8 pi sqrt2) P(m_w^2/m_t^2).
        let narrow = build("top-decay", None, &[("gamma_w", 1e-9)]);
        assert_close(exact(&narrow), 1.4806842007, 1e-10);
    }

    #[test]
    fn exact_is_the_integral() {
        assert_exact_by_quadrature(&build("top-decay", None, &[]), 150, 1e-12);
        // Also with a wide peak outside, where no W can be on its shell.
        let settings = [("m_t", 70.0), ("m_w", 140.0), ("gamma_w", 140.0)];
        assert_exact_by_quadrature(&build("top-decay", None, &settings), 50, 1e-10);
        assert_exact_by_monte_carlo(&build("top-decay", None, &[]), 10);
    }

    #[test]
    fn much_is_left_to_learn() {
        let (_, spread) = monte_carlo(&build("top-decay", None, &[]), 11);
        assert!(spread > 3.0, "{spread}");
    }
}
