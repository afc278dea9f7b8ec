//! `e+ e- -> mu+ mu-` through a photon and a Z boson at lowest order.
//!
//! ```text
//! d sigma / (d cos d phi) = alpha^2/(16 s) [ (|A_LL|^2 + |A_RR|^2) (1 + cos)^2
//!                                          + (|A_LR|^2 + |A_RL|^2) (1 - cos)^2 ]
//! A_ij = 1 + g_i g_j s / (s - M_Z^2 + i M_Z Gamma_Z)
//! ```
//!
//! with the couplings `g_L = (-1/2 + S^2)/(S C)`, `g_R = S/C` of the sine and cosine of the weak
//! mixing angle, a fixed width and massless leptons. Exact: `pi alpha^2/(3 s)` times the sum of the
//! four squares, 2012.88390898 pb at 91.188 `GeV`.
//!
//! Consoli, Hollik, Jegerlehner in "Z physics at LEP 1", CERN 89-08 (1989). Nothing depends on
//! the azimuth `phi`.

use std::f64::consts::TAU;

use crate::{
    BuildError, Dims, Family, Parameter, Problem, settings::Settings, units::PB_PER_INVERSE_GEV2,
};

const ALPHA: f64 = 1.0 / 127.95;
const Z_MASS: f64 = 91.188;
const Z_WIDTH: f64 = 2.4952;
const SIN2: f64 = 0.2312;

pub(crate) const FAMILY: Family = Family {
    name: "ee-mumu",
    title: "e+ e- -> mu+ mu- through photon and Z, cross section in pb",
    formula: "alpha^2/(16 s) [(|A_LL|^2 + |A_RR|^2) (1 + cos)^2 + (|A_LR|^2 + |A_RL|^2) \
              (1 - cos)^2], A_ij = 1 + g_i g_j s/(s - MZ^2 + i MZ GZ)",
    citation: "Consoli, Hollik, Jegerlehner 1989, in Z physics at LEP 1, CERN 89-08",
    default_dim: 2,
    dims: Dims::Fixed(2),
    parameters: &[Parameter {
        name: "sqrt_s",
        default: 91.188,
        about: "centre-of-mass energy in GeV, > 0",
    }],
    build,
};

fn build(settings: &Settings) -> Result<Problem, BuildError> {
    let s = settings.positive("sqrt_s")?.powi(2);
    let left = (-0.5 + SIN2) / (SIN2 * (1.0 - SIN2)).sqrt();
    let right = SIN2 / (SIN2 * (1.0 - SIN2)).sqrt();
    let norm = PB_PER_INVERSE_GEV2 * ALPHA * ALPHA / (16.0 * s);
    let equal = norm * (amplitude2(s, left * left) + amplitude2(s, right * right));
    let opposite = norm * 2.0 * amplitude2(s, left * right);
    // y = (cos theta, phi)
    let function = move |y: &[f64]| {
        let (forward, backward) = (1.0 + y[0], 1.0 - y[0]);
        equal * forward * forward + opposite * backward * backward
    };
    let exact = TAU * 8.0 / 3.0 * (equal + opposite);
    let problem = settings.problem(vec![(-1.0, 1.0), (0.0, TAU)], function);
    Ok(problem.with_exact(exact).with_unit("pb"))
}

/// `|1 + coupling s / (s - M_Z^2 + i M_Z Gamma_Z)|^2`
fn amplitude2(s: f64, coupling: f64) -> f64 {
    let (distance, width) = (s - Z_MASS * Z_MASS, Z_MASS * Z_WIDTH);
    let numerator = (distance + coupling * s).powi(2) + width * width;
    numerator / (distance * distance + width * width)
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use crate::check::{
        assert_close, assert_exact_by_monte_carlo, assert_exact_by_quadrature, build, exact,
        quadrature,
    };

    #[test]
    fn cross_section_and_asymmetry_are_the_known_values() {
        let table = [
            (30.0, 110.84799639, -0.0638379),
            (91.188, 2012.88390898, 0.0166750),
            (200.0, 2.9995352293, 0.5556475),
            (500.0, 0.4534694439, 0.4814335),
        ];
        for (sqrt_s, sigma, asymmetry) in table {
            let problem = build("ee-mumu", None, &[("sqrt_s", sqrt_s)]);
            assert_close(exact(&problem), sigma, 1e-10);
            let forward = quadrature(&[(0.0, 1.0), (0.0, TAU)], 1, |y| problem.eval(y));
            assert_close(2.0 * forward / exact(&problem) - 1.0, asymmetry, 1e-5);
        }
    }

    #[test]
    fn exact_is_the_integral() {
        let problem = build("ee-mumu", None, &[("sqrt_s", 120.0)]);
        assert_exact_by_quadrature(&problem, 1, 1e-13);
        assert_exact_by_monte_carlo(&problem, 7);
    }
}
