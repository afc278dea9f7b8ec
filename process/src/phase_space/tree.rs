//! Channels: trees of decays, each with a map of its own for its mass.
//!
//! ```text
//! d Phi_n = d Phi_k(s; s_1 .. s_k) prod_j ds_j/(2 pi) d Phi(s_j)
//! ```
//!
//! for a system that decays into k parts, those of several particles with masses squared `s_j`. Two
//! parts are a two-body decay, more come from RAMBO, and those of the whole may come from a chain of
//! exchanges. Whatever the tree, n particles take `3 n - 4` random numbers.
//!
//! Byckling, Kajantie, "Particle kinematics", Wiley 1973, chapter VI. Weakness: one tree has the peaks
//! of one diagram; what other diagrams peak at is left to whoever chooses the random numbers.

use std::f64::consts::TAU;

use super::{Exchange, Invariant, rambo, t_channel};
use crate::momentum::Momentum;

/// A particle, or a system of several.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// an outgoing particle, counted from 0
    Particle(usize),
    /// a system that decays
    Decay(Decay),
}

/// A system and what it decays into.
#[derive(Clone, Debug, PartialEq)]
pub struct Decay {
    /// two or more parts
    pub parts: Vec<Node>,
    /// how its mass squared is distributed, which says nothing at the root
    pub invariant: Invariant,
    /// a mass in `GeV` that it has at least, as cuts have it; 0 where there is none
    pub least: f64,
    /// of the root: its parts come from exchanges of this kind, in the order from the first beam to the
    /// second
    pub exchange: Option<Exchange>,
}

/// What a system decays from: its own momentum and mass, and those of the beams.
#[derive(Clone, Copy, Debug)]
pub struct Parent {
    /// momentum
    pub momentum: Momentum,
    /// mass
    pub mass: f64,
    /// momenta of both incoming particles
    pub incoming: [Momentum; 2],
}

impl Node {
    /// The outgoing particles in it.
    pub fn particles(&self) -> Vec<usize> {
        match self {
            Self::Particle(i) => vec![*i],
            Self::Decay(decay) => decay.parts.iter().flat_map(Self::particles).collect(),
        }
    }

    /// The least mass it can have, of particles with `masses` (`[n]`).
    pub fn threshold(&self, masses: &[f64]) -> f64 {
        match self {
            Self::Particle(i) => masses[*i],
            Self::Decay(decay) => {
                let parts: f64 = decay.parts.iter().map(|part| part.threshold(masses)).sum();
                parts.max(decay.least)
            }
        }
    }
}

impl Decay {
    /// All particles in one decay with flat weights.
    pub fn flat(n: usize) -> Self {
        Self {
            parts: (0..n).map(Node::Particle).collect(),
            invariant: Invariant::Flat,
            least: 0.0,
            exchange: None,
        }
    }

    /// Random numbers it takes.
    pub fn dim(&self) -> usize {
        3 * Node::Decay(self.clone()).particles().len() - 4
    }

    /// Writes the momenta of all its particles, of `masses` (`[n]`), at the random numbers `r`
    /// (`[3 n - 4]`) into `momenta` (`[n]`), and gives d Phi/dr. `None` where there is no room.
    pub fn generate(
        &self,
        parent: &Parent,
        masses: &[f64],
        r: &[f64],
        momenta: &mut [Momentum],
    ) -> Option<f64> {
        let mut r = r;
        self.descend(parent, masses, &mut r, momenta)
    }

    fn descend(
        &self,
        parent: &Parent,
        masses: &[f64],
        r: &mut &[f64],
        momenta: &mut [Momentum],
    ) -> Option<f64> {
        let (parts, mut weight) = self.part_masses(parent.mass, masses, r)?;
        let own = take(r, 3 * parts.len() - 4);
        let system = (parent.momentum, parent.mass);
        let (made, factor) = if let Some(exchange) = &self.exchange {
            let exchanges = vec![*exchange; parts.len() - 1];
            let from = (parent.incoming, parent.momentum, parent.mass);
            t_channel::generate(&exchanges, &parts, from, own)?
        } else {
            rambo::generate(&parts, system, own)?
        };
        weight *= factor;
        for ((node, momentum), mass) in self.parts.iter().zip(made).zip(parts) {
            match node {
                Node::Particle(i) => momenta[*i] = momentum,
                Node::Decay(decay) => {
                    let parent = Parent {
                        momentum,
                        mass,
                        incoming: parent.incoming,
                    };
                    weight *= decay.descend(&parent, masses, r, momenta)?;
                }
            }
        }
        Some(weight)
    }

    /// The masses of the parts of a system of mass `mass`, and the weight of those that vary.
    fn part_masses(&self, mass: f64, masses: &[f64], r: &mut &[f64]) -> Option<(Vec<f64>, f64)> {
        let mut parts: Vec<f64> = self.parts.iter().map(|p| p.threshold(masses)).collect();
        let mut weight = 1.0;
        let total = |parts: &[f64]| parts.iter().sum::<f64>();
        if mass <= total(&parts) {
            return None;
        }
        for (i, node) in self.parts.iter().enumerate() {
            if let Node::Decay(decay) = node {
                let least = parts[i];
                let most = mass - (total(&parts) - least);
                let number = take(r, 1);
                let (s, jacobian) = decay.invariant.map(number[0], least * least, most * most);
                parts[i] = s.sqrt();
                weight *= jacobian / TAU;
            }
        }
        Some((parts, weight))
    }
}

/// The next `n` random numbers.
fn take<'a>(r: &mut &'a [f64], n: usize) -> &'a [f64] {
    let (first, rest) = r.split_at(n);
    *r = rest;
    first
}

#[cfg(test)]
mod tests {
    use std::f64::consts::{PI, TAU};

    use super::{Decay, Node, Parent};
    use crate::momentum::kallen;
    use crate::phase_space::rambo::massless_volume;
    use crate::phase_space::testing::{Numbers, assert_makes_up, assert_mean};
    use crate::phase_space::{Exchange, Invariant};

    const BEAMS: [[f64; 4]; 2] = [[5.0, 0.0, 0.0, 5.0], [5.0, 0.0, 0.0, -5.0]];
    const PARENT: Parent = Parent {
        momentum: [10.0, 0.0, 0.0, 0.0],
        mass: 10.0,
        incoming: BEAMS,
    };

    fn pair(first: Node, second: Node, invariant: Invariant) -> Node {
        Node::Decay(Decay {
            parts: vec![first, second],
            invariant,
            least: 0.0,
            exchange: None,
        })
    }

    /// Several trees of four particles.
    fn trees() -> Vec<Decay> {
        let particle = Node::Particle;
        let resonance = Invariant::BreitWigner {
            mass: 4.0,
            width: 1.0,
        };
        let power = Invariant::Power {
            nu: 0.8,
            shift: 0.1,
        };
        let exchange = Some(Exchange {
            mass: 0.0,
            power: 0.7,
        });
        let root = |parts, exchange| Decay {
            parts,
            invariant: Invariant::Flat,
            least: 0.0,
            exchange,
        };
        let two = pair(particle(2), particle(0), resonance);
        let three = pair(
            pair(particle(1), particle(3), power),
            particle(2),
            Invariant::Flat,
        );
        vec![
            Decay::flat(4),
            root(
                vec![two.clone(), pair(particle(3), particle(1), power)],
                None,
            ),
            root(vec![particle(0), three.clone()], None),
            root(vec![particle(1), two.clone(), particle(3)], None),
            root(vec![particle(1), two, particle(3)], exchange),
            root(vec![particle(0), three], exchange),
        ]
    }

    #[test]
    fn every_tree_has_the_volume_of_massless_particles() {
        for tree in trees() {
            let mut numbers = Numbers::new(6);
            let volume = massless_volume(4, 10.0);
            assert_eq!(tree.dim(), 8);
            assert_mean(60_000, 1.0, || {
                let mut momenta = [[0.0; 4]; 4];
                let r = numbers.take(8);
                let weight = tree.generate(&PARENT, &[0.0; 4], &r, &mut momenta).unwrap();
                assert_makes_up(&momenta, PARENT.momentum, &[0.0; 4]);
                weight / volume
            });
        }
    }

    #[test]
    fn every_tree_has_the_same_volume_with_masses() {
        let masses = [1.0, 0.5, 0.0, 2.0];
        // Two pairs, each mass integrated by a midpoint rule.
        let (steps, mut volume) = (1000, 0.0);
        for i in 0..steps {
            for j in 0..steps {
                let at = |low: f64, k: u32| low + (f64::from(k) + 0.5) * 10.0 / f64::from(steps);
                let (a, b) = (at(1.0, i), at(2.5, j));
                if a + b < 10.0 {
                    let rho = |m: f64, x, y| kallen(m, x, y).sqrt() / (8.0 * PI * m * m);
                    volume += rho(10.0, a, b) * rho(a, 0.0, 1.0) * rho(b, 2.0, 0.5) * 4.0 * a * b;
                }
            }
        }
        volume *= (10.0 / f64::from(steps) / TAU).powi(2);
        for tree in trees() {
            let mut numbers = Numbers::new(7);
            assert_mean(60_000, 1.0, || {
                let mut momenta = [[0.0; 4]; 4];
                let r = numbers.take(8);
                let weight = tree.generate(&PARENT, &masses, &r, &mut momenta).unwrap();
                assert_makes_up(&momenta, PARENT.momentum, &masses);
                weight / volume
            });
        }
    }

    #[test]
    fn three_massive_particles_have_the_volume_of_a_one_dimensional_integral() {
        let masses = [1.0, 2.0, 3.0];
        let (steps, mut volume) = (200_000, 0.0);
        for i in 0..steps {
            let width = (7.0 - 5.0) / f64::from(steps);
            let m = 5.0 + (f64::from(i) + 0.5) * width;
            let rho = |m: f64, x, y| kallen(m, x, y).sqrt() / (8.0 * PI * m * m);
            volume += rho(8.0, m, 1.0) * rho(m, 2.0, 3.0) * 2.0 * m * width / TAU;
        }
        let parent = Parent {
            momentum: [8.0, 0.0, 0.0, 0.0],
            mass: 8.0,
            incoming: BEAMS,
        };
        let mut numbers = Numbers::new(8);
        assert_mean(100_000, 1.0, || {
            let mut momenta = [[0.0; 4]; 3];
            let r = numbers.take(5);
            let tree = Decay::flat(3);
            tree.generate(&parent, &masses, &r, &mut momenta).unwrap() / volume
        });
        let mut momenta = [[0.0; 4]; 3];
        let below = Parent {
            mass: 5.9,
            ..parent
        };
        assert!(
            Decay::flat(3)
                .generate(&below, &masses, &[0.5; 5], &mut momenta)
                .is_none()
        );
    }
}
