//! What comes in: two particles of fixed momenta, or partons with the shares x1 and x2 of two beams.
//!
//! ```text
//! d x1 d x2 = d tau d y,   tau = x1 x2,   y = 1/2 ln(x1/x2),   |y| <= -1/2 ln tau
//! ```
//!
//! The mass squared `s = tau S` of the partons has a map of its own between `s_min` and S, y is flat.

use super::Invariant;
use crate::momentum::{Momentum, kallen};

/// What comes in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Initial {
    /// the beams themselves
    Fixed {
        /// their mass in `GeV`
        mass: f64,
        /// rapidity of their rest frame in the laboratory
        rapidity: f64,
    },
    /// massless partons
    Partons {
        /// mass of both beams in `GeV`
        mass: f64,
        /// rapidity of the beams' rest frame in the laboratory
        rapidity: f64,
        /// least mass squared of the partons in `GeV^2`, above 0
        s_min: f64,
        /// how their mass squared is distributed
        invariant: Invariant,
    },
}

/// One choice of what comes in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Collision {
    /// shares of the beams' momenta
    pub x: [f64; 2],
    /// mass in `GeV`
    pub mass: f64,
    /// rapidity of the rest frame in the laboratory
    pub rapidity: f64,
    /// d x1 d x2/dr
    pub jacobian: f64,
}

impl Initial {
    /// Beams of `energies` along z and -z, of particles with `masses`.
    pub fn beams(energies: [f64; 2], masses: [f64; 2]) -> Self {
        let p = [0, 1].map(|i: usize| (energies[i].powi(2) - masses[i].powi(2)).max(0.0).sqrt());
        let (energy, pz) = (energies[0] + energies[1], p[0] - p[1]);
        Self::Fixed {
            mass: ((energy - pz) * (energy + pz)).sqrt(),
            rapidity: (pz / energy).atanh(),
        }
    }

    /// Massless partons of massless beams.
    pub fn partons(energies: [f64; 2], s_min: f64, invariant: Invariant) -> Self {
        Self::Partons {
            mass: 2.0 * (energies[0] * energies[1]).sqrt(),
            rapidity: 0.5 * (energies[0] / energies[1]).ln(),
            s_min,
            invariant,
        }
    }

    /// Random numbers it takes.
    pub fn dim(&self) -> usize {
        match self {
            Self::Fixed { .. } => 0,
            Self::Partons { .. } => 2,
        }
    }

    /// The most mass there can be.
    pub fn most(&self) -> f64 {
        let (Self::Fixed { mass, .. } | Self::Partons { mass, .. }) = *self;
        mass
    }

    /// What comes in at the random numbers `r` (`[dim]`).
    pub fn collide(&self, r: &[f64]) -> Collision {
        match *self {
            Self::Fixed { mass, rapidity } => Collision {
                x: [1.0, 1.0],
                mass,
                rapidity,
                jacobian: 1.0,
            },
            Self::Partons {
                mass,
                rapidity,
                s_min,
                invariant,
            } => {
                let total = mass * mass;
                let (s, ds) = invariant.map(r[0], s_min.min(total), total);
                let tau = s / total;
                let reach = -0.5 * tau.ln();
                let y = (2.0 * r[1] - 1.0) * reach;
                let share = |y: f64| (tau.sqrt() * y.exp()).min(1.0);
                Collision {
                    x: [share(y), share(-y)],
                    mass: s.sqrt(),
                    rapidity: rapidity + y,
                    jacobian: ds / total * 2.0 * reach,
                }
            }
        }
    }
}

/// Momenta of two particles with `masses` that make up a mass `mass` at rest.
pub fn incoming(mass: f64, masses: [f64; 2]) -> [Momentum; 2] {
    let p = 0.5 * kallen(mass, masses[0], masses[1]).sqrt() / mass;
    [
        [p.hypot(masses[0]), 0.0, 0.0, p],
        [p.hypot(masses[1]), 0.0, 0.0, -p],
    ]
}

/// `1/(2 lambda^(1/2)(s, m1^2, m2^2))`, which is `1/(2 s)` without masses.
pub fn flux(mass: f64, masses: [f64; 2]) -> f64 {
    0.5 / kallen(mass, masses[0], masses[1]).sqrt()
}

#[cfg(test)]
mod tests {
    use super::{Initial, flux, incoming};
    use crate::momentum::{boost_along_z, mass2, sum};
    use crate::phase_space::Invariant;
    use crate::phase_space::testing::{Numbers, assert_mean};

    #[test]
    fn beams_of_unequal_energies_are_found_again_in_the_laboratory() {
        let (energies, masses) = ([27.5, 920.0], [0.0, 0.938]);
        let collision = Initial::beams(energies, masses).collide(&[]);
        let [a, b] = incoming(collision.mass, masses).map(|p| boost_along_z(p, collision.rapidity));
        assert!((a[0] - energies[0]).abs() < 1e-10 && (b[0] - energies[1]).abs() < 1e-10);
        assert!((mass2(sum(a, b)).sqrt() - collision.mass).abs() < 1e-10);
        assert!((flux(10.0, [0.0; 2]) - 0.005).abs() < 1e-16);
    }

    #[test]
    fn the_shares_cover_what_lies_above_the_least_mass() {
        // Area of x1 x2 > tau in the unit square: 1 - tau + tau ln tau.
        for invariant in [
            Invariant::Flat,
            Invariant::Power {
                nu: 1.0,
                shift: 0.0,
            },
            Invariant::BreitWigner {
                mass: 30.0,
                width: 9.0,
            },
        ] {
            let initial = Initial::partons([40.0, 62.5], 1000.0, invariant);
            let tau: f64 = 0.1;
            let mut numbers = Numbers::new(9);
            assert_mean(100_000, 1.0 - tau + tau * tau.ln(), || {
                let collision = initial.collide(&numbers.take(2));
                let [a, b] = [40.0 * collision.x[0], 62.5 * collision.x[1]];
                let expected = boost_along_z([collision.mass, 0.0, 0.0, 0.0], collision.rapidity);
                assert!((expected[0] - a - b).abs() < 1e-10);
                assert!((expected[3] - a + b).abs() < 1e-10);
                collision.jacobian
            });
        }
    }
}
