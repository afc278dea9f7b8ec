//! Scattering through exchanges: `a + b -> 1 + 2`, or a chain `a + b -> 1 + (2 + (3 + ..))`.
//!
//! Step i takes `q_(i-1) + b -> p_i + R_i`, with `q_0 = p_a`, `q_i = q_(i-1) - p_i`, `t_i = q_i^2`:
//!
//! ```text
//! d Phi_2 = dt d phi/(32 pi^2 M |q|),   t = t_max - 2 |q| |p| (1 - cos)
//! ```
//!
//! with momenta in the rest frame of `q + b`, and cos between q and p. `t` follows the density
//! `(a + t_max - t)^(-nu)`, `a = max(m^2 - t_max, 10^-4 M^2)`: of a propagator of mass m, and for a
//! massless one of something that stays finite forwards, where cuts end the peak.
//!
//! Byckling, Kajantie, "Particle kinematics", Wiley 1973, chapters V and IX.

use std::f64::consts::{PI, TAU};

use super::{Invariant, TwoBody};
use crate::momentum::{
    Momentum, boost, difference, kallen, mass2, mirrored, space_dot, turn_from_z,
};

/// The share of M^2 below which a massless exchange does not peak any more.
const FORWARD: f64 = 1e-4;

/// The propagator of an exchanged particle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Exchange {
    /// of the particle exchanged, in `GeV`
    pub mass: f64,
    /// the power `nu` of the density; 2 is a propagator squared
    pub power: f64,
}

impl Exchange {
    /// Momenta of `q + b -> p + R`, with `masses` of both, at the random numbers `r` (t and azimuth), and
    /// d Phi/dr. `None` where the masses leave no room.
    pub fn generate(
        &self,
        [q, b]: [Momentum; 2],
        (parent, mass): (Momentum, f64),
        masses: [f64; 2],
        r: [f64; 2],
    ) -> Option<([Momentum; 2], f64)> {
        let decay = TwoBody {
            masses: [mass, masses[0], masses[1]],
        };
        let rest = boost(q, mirrored(parent), mass);
        let incoming = incoming_momentum(rest, [q, b], mass);
        let outgoing = decay.momentum();
        if mass <= masses[0] + masses[1] || incoming <= 0.0 || outgoing <= 0.0 {
            return None;
        }
        let t_max = forward(
            mass2(q),
            masses[0],
            [rest[0], incoming],
            [outgoing.hypot(masses[0]), outgoing],
        );
        let shift = (self.mass * self.mass - t_max).max(FORWARD * mass * mass);
        let map = Invariant::Power {
            nu: self.power,
            shift,
        };
        let reach = 4.0 * incoming * outgoing;
        let (distance, jacobian) = map.map(r[0], 0.0, reach);
        let half = distance / reach; // (1 - cos)/2
        let sin = 2.0 * (half * (1.0 - half)).sqrt();
        let (sin_phi, cos_phi) = (TAU * r[1]).sin_cos();
        let about_z = [1.0, sin * cos_phi, sin * sin_phi, 1.0 - 2.0 * half];
        let [_, x, y, z] = turn_from_z(about_z, rest);
        let weight = jacobian * TAU / (32.0 * PI * PI * mass * incoming);
        Some((decay.at([x, y, z], parent), weight))
    }
}

/// `|q|` in the rest frame of `q + b`.
fn incoming_momentum(rest: Momentum, [q, b]: [Momentum; 2], mass: f64) -> f64 {
    let (q2, b2) = (mass2(q), mass2(b));
    // From the masses where both are real ones; what is exchanged has none.
    if q2 >= 0.0 && b2 >= 0.0 {
        0.5 * kallen(mass, q2.sqrt(), b2.sqrt()).sqrt() / mass
    } else {
        space_dot(rest, rest).sqrt()
    }
}

/// t where p flies along q: `q^2 + m^2 - 2 (E_q E_p - |q| |p|)`.
fn forward(q2: f64, m: f64, [q_energy, q]: [f64; 2], [p_energy, p]: [f64; 2]) -> f64 {
    q2 + m * m - 2.0 * (q_energy * p_energy - q * p)
}

/// Momenta of particles with `masses` (`[n]`) from `incoming` in a chain of `exchanges`
/// (`[n - 1]`), at the random numbers `r` (`[3 n - 4]`: the masses of `R_1 .. R_(n-2)`, then t and
/// azimuth of each step), and d Phi/dr.
pub fn generate(
    exchanges: &[Exchange],
    masses: &[f64],
    (incoming, parent, mass): ([Momentum; 2], Momentum, f64),
    r: &[f64],
) -> Option<(Vec<Momentum>, f64)> {
    let n = masses.len();
    let (invariants, steps) = r.split_at(n - 2);
    let mut weight = 1.0;
    let ([mut q, b], mut system, mut system_mass) = (incoming, parent, mass);
    let mut momenta = Vec::with_capacity(n);
    for (i, (step, exchange)) in steps.chunks_exact(2).zip(exchanges).enumerate() {
        let least: f64 = masses[i + 1..].iter().sum();
        let rest_mass = if i + 2 == n {
            masses[n - 1]
        } else {
            let most = system_mass - masses[i];
            if most <= least {
                return None;
            }
            let (s, jacobian) = Invariant::Flat.map(invariants[i], least * least, most * most);
            weight *= jacobian / TAU;
            s.sqrt()
        };
        let ([p, rest], factor) = exchange.generate(
            [q, b],
            (system, system_mass),
            [masses[i], rest_mass],
            [step[0], step[1]],
        )?;
        weight *= factor;
        momenta.push(p);
        q = difference(q, p);
        (system, system_mass) = (rest, rest_mass);
    }
    momenta.push(system);
    Some((momenta, weight))
}

#[cfg(test)]
mod tests {
    use super::{Exchange, generate};
    use crate::momentum::{difference, mass2};
    use crate::phase_space::rambo::massless_volume;
    use crate::phase_space::testing::{Numbers, assert_makes_up, assert_mean};

    const BEAMS: [[f64; 4]; 2] = [[5.0, 0.0, 0.0, 5.0], [5.0, 0.0, 0.0, -5.0]];
    const TOTAL: [f64; 4] = [10.0, 0.0, 0.0, 0.0];

    #[test]
    fn the_volume_of_massless_particles_is_the_known_one() {
        let exchange = Exchange {
            mass: 0.0,
            power: 0.8,
        };
        for n in 2..5 {
            let mut numbers = Numbers::new(3);
            let volume = massless_volume(n, 10.0);
            assert_mean(40_000, 1.0, || {
                let r = numbers.take(3 * n - 4);
                let masses = vec![0.0; n];
                let made = generate(&vec![exchange; n - 1], &masses, (BEAMS, TOTAL, 10.0), &r);
                let (momenta, weight) = made.unwrap();
                assert_makes_up(&momenta, TOTAL, &masses);
                weight / volume
            });
        }
    }

    #[test]
    fn t_is_distributed_as_the_propagator() {
        // With nu = 2 the weight is (a - t)^2 times a constant.
        let exchange = Exchange {
            mass: 2.0,
            power: 2.0,
        };
        let mut numbers = Numbers::new(4);
        let mut constant = None;
        for _ in 0..100 {
            let r = numbers.take(2);
            let (momenta, weight) =
                generate(&[exchange], &[0.0; 2], (BEAMS, TOTAL, 10.0), &r).unwrap();
            let t = mass2(difference(BEAMS[0], momenta[0]));
            let ratio = weight / (4.0 - t).powi(2);
            let expected = *constant.get_or_insert(ratio);
            assert!((ratio / expected - 1.0).abs() < 1e-10);
        }
    }

    #[test]
    fn particles_with_masses_are_on_shell() {
        let exchange = Exchange {
            mass: 0.0,
            power: 1.0,
        };
        let mut numbers = Numbers::new(5);
        let masses = [1.0, 0.0, 4.0];
        for _ in 0..500 {
            let r = numbers.take(5);
            let (momenta, _) = generate(&[exchange; 2], &masses, (BEAMS, TOTAL, 10.0), &r).unwrap();
            assert_makes_up(&momenta, TOTAL, &masses);
        }
    }
}
