//! The channel of a process file that has none: pairs of leptons come from a Z or W boson.
//!
//! A lepton and the neutrino of its generation are a W, a lepton and its antiparticle a Z, two
//! neutrinos of a kind too, in this order; the rest is one flat decay. Weakness: which other peaks a
//! matrix element has cannot be told from the particles.

use crate::cuts::Cuts;
use crate::phase_space::{Decay, Invariant, Node};

/// Masses and widths of the Particle Data Group (2024) in `GeV`: they only place points.
const Z: Invariant = Invariant::BreitWigner {
    mass: 91.188,
    width: 2.4955,
};
const W: Invariant = Invariant::BreitWigner {
    mass: 80.369,
    width: 2.085,
};
/// A pair of charged leptons that may be lighter than this comes from a photon: the density is 1/s.
const LIGHT: f64 = 30.0;

/// What two particles can come from.
fn resonance(a: i32, b: i32) -> Option<(u8, Invariant)> {
    let lepton = |id: i32| matches!(id.abs(), 11 | 13 | 15);
    let neutrino = |id: i32| matches!(id.abs(), 12 | 14 | 16);
    let opposite = a.signum() != b.signum();
    let own = |l: i32, n: i32| lepton(l) && neutrino(n) && n.abs() == l.abs() + 1;
    if opposite && (own(a, b) || own(b, a)) {
        Some((0, W))
    } else if a == -b && lepton(a) {
        Some((1, Z))
    } else if a == -b && neutrino(a) {
        Some((2, Z))
    } else {
        None
    }
}

/// A channel of outgoing particles `ids` with `masses` (`[n]` both).
pub(super) fn channel(ids: &[i32], masses: &[f64], cuts: &Cuts) -> Decay {
    let n = ids.len();
    let mut pairs: Vec<(u8, [usize; 2], Invariant)> = (0..n)
        .flat_map(|i| (i + 1..n).map(move |j| [i, j]))
        .filter_map(|[i, j]| {
            let (order, invariant) = resonance(ids[i], ids[j])?;
            Some((order, [i, j], invariant))
        })
        .collect();
    pairs.sort_by_key(|(order, ..)| *order);
    let mut free = vec![true; n];
    let mut parts = Vec::new();
    for (order, pair, resonance) in pairs {
        if n > 2 && pair.iter().all(|i| free[*i]) {
            for i in pair {
                free[i] = false;
            }
            let least = cuts.least_mass(&pair, masses);
            let invariant = if order == 1 && least < LIGHT {
                Invariant::Power {
                    nu: 1.0,
                    shift: 0.0,
                }
            } else {
                resonance
            };
            parts.push(Node::Decay(Decay {
                parts: pair.map(Node::Particle).to_vec(),
                invariant,
                least,
                exchange: None,
            }));
        }
    }
    parts.extend((0..n).filter(|i| free[*i]).map(Node::Particle));
    Decay {
        parts,
        ..Decay::flat(2)
    }
}

#[cfg(test)]
mod tests {
    use super::{W, Z, channel};
    use crate::cuts::{Cut, Cuts, Quantity};
    use crate::phase_space::{Decay, Invariant, Node};

    /// Particles and map of each system.
    fn systems(ids: &[i32], cuts: &Cuts) -> Vec<(Vec<usize>, Invariant)> {
        let channel = channel(ids, &vec![0.0; ids.len()], cuts);
        let mut all = Node::Decay(channel.clone()).particles();
        all.sort_unstable();
        assert_eq!(all, (0..ids.len()).collect::<Vec<_>>());
        let system = |part: &Node| match part {
            Node::Decay(decay) => Some((part.particles(), decay.invariant)),
            Node::Particle(_) => None,
        };
        channel.parts.iter().filter_map(system).collect()
    }

    #[test]
    fn pairs_are_those_of_one_boson() {
        let none = Cuts::default();
        let heavy = Cuts(vec![Cut {
            quantity: Quantity::Mass,
            particles: vec![0, 1],
            from: Vec::new(),
            min: 60.0,
            max: 120.0,
        }]);
        let photon = Invariant::Power {
            nu: 1.0,
            shift: 0.0,
        };
        assert_eq!(channel(&[13, -13], &[0.0; 2], &none), Decay::flat(2));
        assert_eq!(channel(&[21, 21, 21], &[0.0; 3], &none), Decay::flat(3));
        assert_eq!(systems(&[13, -13, 21], &none), [(vec![0, 1], photon)]);
        assert_eq!(systems(&[13, -13, 21], &heavy), [(vec![0, 1], Z)]);
        assert_eq!(systems(&[11, -13, 21], &none), []);
        let bosons = systems(&[11, -12, -11, 12], &none);
        assert_eq!(bosons, [(vec![0, 1], W), (vec![2, 3], W)]);
        let two = systems(&[5, 14, -14, 11, -11], &none);
        assert_eq!(two, [(vec![3, 4], photon), (vec![1, 2], Z)]);
    }
}
