//! The volume of the phase space of `n` massless particles, through two-body decays in sequence.
//!
//! `Phi_n(s) = int prod_i d^3p_i/((2 pi)^3 2 E_i) (2 pi)^4 delta^4(P - sum_i p_i)`. Particle by
//! particle is split off, `Q_0 -> Q_1 + p_1`, `Q_1 -> Q_2 + p_2`, .., until the last two are left:
//! each decay gives `(1 - Q_k^2/Q_{k-1}^2)/(8 pi)` times its solid angle over `4 pi`, each
//! intermediate mass `d Q_k^2/(2 pi)`. The coordinates are the `n - 2` fractions
//! `Q_k^2/Q_{k-1}^2` in `[0, 1]`, then cosine and azimuth of each of the `n - 1` decays. Exact:
//! `Phi_n(s) = (2 pi)^(4 - 3n) (pi/2)^(n - 1) s^(n - 2) / ((n - 1)! (n - 2)!)`.
//!
//! Byckling, Kajantie, "Particle kinematics", Wiley 1973; the exact value in Kleiss, Stirling,
//! Ellis 1986, Comput. Phys. Commun. 40, 359. Every angle is flat: only the fractions need to be
//! learnt, and the integrand is a product in them.

use std::f64::consts::{FRAC_PI_2, PI, TAU};

use crate::{BuildError, Dims, Family, Parameter, Problem, settings::Settings};

pub(crate) const FAMILY: Family = Family {
    name: "phase-space",
    title: "phase-space volume of n massless particles through sequential two-body decays",
    formula: "prod_k Q_{k-1}^2/(2 pi) (1 - Q_k^2/Q_{k-1}^2)/(32 pi^2) over mass fractions and \
              decay angles",
    citation: "Byckling, Kajantie 1973; Kleiss, Stirling, Ellis 1986, \
               Comput. Phys. Commun. 40, 359",
    default_dim: 8,
    dims: Dims::Derived,
    parameters: &[
        Parameter {
            name: "n",
            default: 4.0,
            about: "number of particles, 2 to 32; d = 3n - 4",
        },
        Parameter {
            name: "sqrt_s",
            default: 1.0,
            about: "centre-of-mass energy in GeV, > 0",
        },
    ],
    build,
};

fn build(settings: &Settings) -> Result<Problem, BuildError> {
    let allowed = "a whole number from 2 to 32";
    let n = settings.whole("n", allowed, |n| (2.0..=32.0).contains(&n))?;
    let s = settings.positive("sqrt_s")?.powi(2);
    let n = usize::try_from(n).expect("at most 32 by the check above");
    // One solid angle per decay, one 1/(2 pi) per intermediate mass.
    let norm = (1..n).fold(TAU, |norm, _| norm / (32.0 * PI * PI) / TAU);
    let function = move |y: &[f64]| {
        let (mut weight, mut q2) = (norm, s);
        for fraction in &y[..n - 2] {
            weight *= q2 * (1.0 - fraction);
            q2 *= fraction;
        }
        weight
    };
    let mut domain = vec![(0.0, 1.0); n - 2];
    domain.extend([(-1.0, 1.0), (0.0, TAU)].repeat(n - 1));
    Ok(settings
        .problem(domain, function)
        .with_exact(volume(n, s))
        .with_unit(format!("GeV^{}", 2 * n - 4)))
}

/// `Phi_n(s)`, built up from `Phi_2 = 1/(8 pi)`.
fn volume(n: usize, s: f64) -> f64 {
    let step = s * FRAC_PI_2 / TAU.powi(3);
    (2..n)
        .map(|k| k as f64)
        .fold(0.125 / PI, |volume, k| volume * step / (k * (k - 1.0)))
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use crate::check::{
        assert_close, assert_exact_by_monte_carlo, build, exact, monte_carlo, quadrature,
    };

    #[test]
    fn exact_is_the_known_value() {
        let table = [
            (2.0, 0.0397887358),
            (3.0, 1.2598255638e-4),
            (4.0, 1.3296564303e-7),
            (5.0, 7.016789758e-11),
            (6.0, 2.2217170114e-14),
            (8.0, 7.0709658402e-22),
        ];
        for (n, value) in table {
            assert_close(exact(&build("phase-space", None, &[("n", n)])), value, 1e-9);
        }
    }

    #[test]
    fn exact_is_the_integral() {
        // The angles are flat, so that the fractions alone have to be integrated.
        for n in [2_u8, 3, 4, 5] {
            let settings = [("n", f64::from(n)), ("sqrt_s", 3.0)];
            let problem = build("phase-space", None, &settings);
            let fractions = usize::from(n) - 2;
            let mass_integral = quadrature(&problem.domain[..fractions], 1, |fraction| {
                let mut y = [0.1; 11];
                y[..fractions].copy_from_slice(fraction);
                problem.eval(&y[..problem.dim])
            });
            let angles = (2.0 * TAU).powi(i32::from(n) - 1);
            assert_close(mass_integral * angles, exact(&problem), 1e-12);
        }
        assert_exact_by_monte_carlo(&build("phase-space", None, &[]), 12);
    }

    #[test]
    fn untrained_weights_vary() {
        for n in [3.0, 4.0, 5.0, 6.0] {
            let (_, spread) = monte_carlo(&build("phase-space", None, &[("n", n)]), 13);
            assert!(spread > 0.1, "n = {n}: {spread}");
        }
    }
}
