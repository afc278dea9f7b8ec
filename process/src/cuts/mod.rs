//! Cuts: bounds on quantities of the outgoing particles in the laboratory; the value is zero outside.

use serde::Deserialize;

use crate::momentum::{Momentum, delta_r, mass2, pseudorapidity, rapidity, sum, transverse};

/// What is bounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    /// momentum transverse to the beams, of each particle
    Pt,
    /// energy of each particle
    Energy,
    /// pseudorapidity of each particle
    Eta,
    /// absolute pseudorapidity of each particle
    AbsEta,
    /// rapidity of each particle
    Rapidity,
    /// absolute rapidity of each particle
    AbsRapidity,
    /// `sqrt(Delta eta^2 + Delta phi^2)` of every pair
    DeltaR,
    /// invariant mass of all together
    Mass,
}

/// One cut.
#[derive(Clone, Debug, PartialEq)]
pub struct Cut {
    /// what is bounded
    pub quantity: Quantity,
    /// of which outgoing particles, counted from 0
    pub particles: Vec<usize>,
    /// of [`Quantity::DeltaR`]: the distances are those to these; within `particles` where there are none
    pub from: Vec<usize>,
    /// at least
    pub min: f64,
    /// at most
    pub max: f64,
}

impl Cut {
    /// Whether outgoing `momenta` (`[n]`) pass. What has no direction, and so no number, does not.
    pub fn passes(&self, momenta: &[Momentum]) -> bool {
        let within = |value: f64| self.min <= value && value <= self.max;
        let each = |f: fn(Momentum) -> f64| self.particles.iter().all(|&i| within(f(momenta[i])));
        match self.quantity {
            Quantity::Pt => each(transverse),
            Quantity::Energy => each(|p| p[0]),
            Quantity::Eta => each(pseudorapidity),
            Quantity::AbsEta => each(|p| pseudorapidity(p).abs()),
            Quantity::Rapidity => each(rapidity),
            Quantity::AbsRapidity => each(|p| rapidity(p).abs()),
            Quantity::DeltaR => self
                .pairs()
                .all(|(i, j)| within(delta_r(momenta[i], momenta[j]))),
            Quantity::Mass => {
                let all = self.particles.iter();
                let total = all.fold([0.0; 4], |total, &i| sum(total, momenta[i]));
                within(mass2(total).max(0.0).sqrt())
            }
        }
    }

    fn pairs(&self) -> impl Iterator<Item = (usize, usize)> {
        let own = self.from.is_empty();
        self.particles.iter().enumerate().flat_map(move |(k, &i)| {
            let others = if own {
                &self.particles[k + 1..]
            } else {
                &self.from
            };
            others.iter().map(move |&j| (i, j))
        })
    }
}

/// All cuts of a process.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cuts(pub Vec<Cut>);

impl Cuts {
    /// Whether outgoing `momenta` (`[n]`) pass all of them.
    pub fn pass(&self, momenta: &[Momentum]) -> bool {
        self.0.iter().all(|cut| cut.passes(momenta))
    }

    /// A mass that `particles` together have at least, where all have `masses` (`[n]`).
    ///
    /// From bounds on transverse momenta, as `sum_i sqrt(m_i^2 + pt_i^2)`, and on the mass of some or all
    /// of them.
    pub fn least_mass(&self, particles: &[usize], masses: &[f64]) -> f64 {
        let transverse_mass = |&i: &usize| masses[i].hypot(self.least_pt(i));
        let mut least: f64 = particles.iter().map(transverse_mass).sum();
        for cut in &self.0 {
            let inside = cut.particles.iter().all(|i| particles.contains(i));
            if cut.quantity == Quantity::Mass && inside {
                let others = particles.iter().filter(|i| !cut.particles.contains(i));
                least = least.max(cut.min + others.map(|&i| masses[i]).sum::<f64>());
            }
        }
        least
    }

    fn least_pt(&self, particle: usize) -> f64 {
        let about = |cut: &&Cut| cut.quantity == Quantity::Pt && cut.particles.contains(&particle);
        let cuts = self.0.iter().filter(about);
        cuts.map(|cut| cut.min).fold(0.0, f64::max)
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::FRAC_PI_2;

    use super::{Cut, Cuts, Quantity};

    const MOMENTA: [[f64; 4]; 3] = [
        [5.0, 3.0, 0.0, 4.0],
        [5.0, 0.0, -3.0, -4.0],
        [1.0, 1.0, 0.0, 0.0],
    ];

    fn cut(quantity: Quantity, particles: &[usize], min: f64, max: f64) -> Cut {
        Cut {
            quantity,
            particles: particles.to_vec(),
            from: Vec::new(),
            min,
            max,
        }
    }

    #[test]
    fn each_quantity_is_bounded_from_both_sides() {
        let eta = (4.0_f64 / 3.0).asinh();
        let distance = (2.0 * eta).hypot(FRAC_PI_2);
        for (quantity, particles, value) in [
            (Quantity::Pt, vec![0, 1], 3.0),
            (Quantity::Energy, vec![1], 5.0),
            (Quantity::Eta, vec![1], -eta),
            (Quantity::AbsEta, vec![0, 1], eta),
            (Quantity::Rapidity, vec![0], eta),
            (Quantity::AbsRapidity, vec![1, 0], eta),
            (Quantity::DeltaR, vec![0, 1], distance),
            (Quantity::Mass, vec![0, 1], 82.0_f64.sqrt()),
        ] {
            let passes = |min, max| cut(quantity, &particles, min, max).passes(&MOMENTA);
            // A mass of zero is known to the root of the rounding only.
            assert!(passes(value - 1e-6, value + 1e-6), "{quantity:?}");
            assert!(!passes(value + 1e-6, f64::INFINITY), "{quantity:?}");
            assert!(!passes(f64::NEG_INFINITY, value - 1e-6), "{quantity:?}");
        }
    }

    #[test]
    fn distances_may_be_those_to_others() {
        let mut far = cut(Quantity::DeltaR, &[0, 1], 1.0, f64::INFINITY);
        assert!(far.passes(&MOMENTA));
        far.from = vec![2];
        far.min = 1.2;
        assert!(!far.passes(&MOMENTA), "0 and 2 are 1.1 apart");
    }

    #[test]
    fn cuts_bound_the_mass_from_below() {
        let cuts = Cuts(vec![
            cut(Quantity::Pt, &[0, 1], 20.0, f64::INFINITY),
            cut(Quantity::Mass, &[0, 2], 50.0, f64::INFINITY),
        ]);
        let least = |particles: &[usize]| cuts.least_mass(particles, &[0.0, 15.0, 5.0]);
        assert!((least(&[0, 1, 2]) - 65.0).abs() < 1e-12);
        assert!((least(&[0, 1]) - 45.0).abs() < 1e-12);
        assert!((least(&[0, 2]) - 50.0).abs() < 1e-12);
    }
}
