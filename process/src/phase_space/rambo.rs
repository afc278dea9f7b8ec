//! RAMBO on diet: `n` particles from `3 n - 4` random numbers, with equal weights where they are
//! massless.
//!
//! The chain of decays `Q_1 -> p_1 + Q_2`, `Q_2 -> p_2 + Q_3`, .. has isotropic angles, and the
//! masses `K_i` of the `Q_i` come one by one from
//!
//! ```text
//! v_i = (n + 1 - i) u_i^(2 (n - i)) - (n - i) u_i^(2 (n + 1 - i)),   K_i = u_2 .. u_i K_1,
//! ```
//!
//! which makes the massless density flat: the weight is the volume
//! `(2 pi)^(4 - 3n) (pi/2)^(n - 1) K_1^(2n - 4)/((n - 1)! (n - 2)!)`. With masses,
//! `K_1 = M - sum_j m_j`, `M_i = K_i + sum_(j >= i) m_j`, and the weight has the factors
//! `prod_(i = 2 .. n-1) M_i/K_i prod_(i = 1 .. n-1) rho(M_i; M_(i+1), m_i)/(1 - K_(i+1)^2/K_i^2)`
//! with `rho = lambda^(1/2)/M_i^2`.
//!
//! Plätzer 2013, arXiv:1308.2922, sections 2 and 3. Weakness: it knows of no peaks, and weights of
//! particles with masses are uneven near the threshold.

use std::f64::consts::{FRAC_PI_2, PI, TAU};

use super::TwoBody;
use crate::momentum::{Momentum, kallen};

/// Steps of Newton's method that u needs from the worst start, with some to spare.
const STEPS: usize = 100;

/// Volume of the phase space of `n` massless particles of total mass `mass`.
pub fn massless_volume(n: usize, mass: f64) -> f64 {
    let step = mass * mass * FRAC_PI_2 / TAU.powi(3);
    (2..n)
        .map(|k| k as f64)
        .fold(0.125 / PI, |volume, k| volume * step / (k * (k - 1.0)))
}

/// Momenta of particles with `masses` (`[n]`, n at least 2) that make up `parent`, of mass `mass`, at
/// the random numbers `r` (`[3 n - 4]`: the `n - 2` masses first, then cosine and azimuth of each
/// decay), and d Phi/dr. `None` where the masses leave no room.
pub fn generate(
    masses: &[f64],
    (parent, mass): (Momentum, f64),
    r: &[f64],
) -> Option<(Vec<Momentum>, f64)> {
    let n = masses.len();
    let mut kinetic = mass - masses.iter().sum::<f64>();
    if kinetic <= 0.0 {
        return None;
    }
    let (fractions, angles) = r.split_at(n - 2);
    let mut weight = massless_volume(n, kinetic);
    let (mut system, mut system_mass) = (parent, mass);
    let mut momenta = Vec::with_capacity(n);
    for (i, angle) in angles.chunks_exact(2).enumerate() {
        let last = i + 2 == n;
        let u = if last {
            0.0
        } else {
            root(fractions[i], n - i - 2)
        };
        let rest: f64 = masses[i + 1..].iter().sum();
        let rest_mass = u * kinetic + rest;
        let decay = TwoBody {
            masses: [system_mass, rest_mass, masses[i]],
        };
        let rho = kallen(system_mass, rest_mass, masses[i]).sqrt() / (system_mass * system_mass);
        weight *= rho / (1.0 - u * u);
        kinetic *= u;
        if !last {
            weight *= rest_mass / kinetic;
        }
        // The particle that is split off flies along -z at cos = 1.
        let [next, particle] = decay.generate(system, [angle[0], angle[1]]);
        momenta.push(particle);
        (system, system_mass) = (next, rest_mass);
    }
    momenta.push(system);
    Some((momenta, weight))
}

/// The u in (0, 1) with `(k + 1) u^(2k) - k u^(2k + 2) = v`.
fn root(v: f64, k: usize) -> f64 {
    // In w = u^2: Newton within a bracket, as the slope vanishes at both ends.
    let k = i32::try_from(k).unwrap_or(i32::MAX);
    let degree = f64::from(k);
    let (mut low, mut high) = (0.0_f64, 1.0_f64);
    let mut w = 0.5_f64;
    for _ in 0..STEPS {
        let power = w.powi(k - 1);
        let value = power * w * (degree + 1.0 - degree * w) - v;
        if value > 0.0 {
            high = w;
        } else {
            low = w;
        }
        let slope = degree * (degree + 1.0) * power * (1.0 - w);
        let newton = w - value / slope;
        let next = if newton > low && newton < high {
            newton
        } else {
            f64::midpoint(low, high)
        };
        if (next - w).abs() <= f64::EPSILON * w {
            return next.sqrt();
        }
        w = next;
    }
    w.sqrt()
}

#[cfg(test)]
mod tests {
    use super::{generate, massless_volume, root};
    use crate::momentum::mass2;
    use crate::phase_space::testing::{Numbers, assert_makes_up};

    #[test]
    fn massless_particles_have_equal_weights() {
        let mut numbers = Numbers::new(1);
        for n in 2..9 {
            let volume = massless_volume(n, 7.0);
            for _ in 0..200 {
                let parent = [25.0, 24.0, 0.0, 0.0];
                let r = numbers.take(3 * n - 4);
                let (momenta, weight) = generate(&vec![0.0; n], (parent, 7.0), &r).unwrap();
                assert!((weight / volume - 1.0).abs() < 1e-10, "{n}: {weight}");
                assert_makes_up(&momenta, parent, &vec![0.0; n]);
            }
        }
    }

    #[test]
    fn the_volume_is_the_known_one() {
        for (n, volume) in [
            (2, 0.0397887358),
            (3, 1.2598255638e-4),
            (6, 2.2217170114e-14),
        ] {
            assert!((massless_volume(n, 1.0) / volume - 1.0).abs() < 1e-9);
        }
    }

    #[test]
    fn massive_particles_are_on_shell() {
        let mut numbers = Numbers::new(2);
        let masses = [1.0, 0.0, 3.0, 0.5];
        for _ in 0..500 {
            let parent = [30.0, 5.0, 10.0, 20.0];
            let mass = mass2(parent).sqrt();
            let r = numbers.take(8);
            let (momenta, weight) = generate(&masses, (parent, mass), &r).unwrap();
            assert!(weight > 0.0);
            assert_makes_up(&momenta, parent, &masses);
        }
        let below = generate(&masses, ([4.0, 0.0, 0.0, 0.0], 4.0), &[0.5; 8]);
        assert!(below.is_none());
    }

    #[test]
    fn the_polynomial_is_solved() {
        for k in [1, 2, 5, 20] {
            for v in [1e-12, 0.01, 0.5, 0.99, 1.0 - 1e-12] {
                let w = root(v, k).powi(2);
                let (degree, k) = (k as f64, i32::try_from(k).unwrap());
                let value = w.powi(k) * (degree + 1.0 - degree * w);
                assert!((value - v).abs() < 1e-13, "{k} {v}: {value}");
            }
        }
    }
}
