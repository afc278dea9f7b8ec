//! Phase space: random numbers to momenta, each algorithm a file with its source.

mod initial;
mod invariant;
pub mod rambo;
pub mod t_channel;
#[cfg(test)]
pub(crate) mod testing;
mod tree;
mod two_body;

pub use initial::{Collision, Initial, flux, incoming};
pub use invariant::Invariant;
pub use t_channel::Exchange;
pub use tree::{Decay, Node, Parent};
pub use two_body::TwoBody;

use crate::momentum::{Momentum, boost_along_z};

/// All of it: what comes in, what goes out, and how.
#[derive(Clone, Debug)]
pub struct PhaseSpace {
    /// what comes in
    pub initial: Initial,
    /// masses of what comes in, then of what goes out, in `GeV` (`[n]`)
    pub masses: Vec<f64>,
    /// how what goes out is generated
    pub channel: Decay,
}

/// One point of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// what comes in
    pub collision: Collision,
    /// flux times d Phi d x1 d x2/dr in `GeV^-2` for a dimensionless squared matrix element, as 2 -> 2 has
    pub weight: f64,
    /// momenta in the rest frame of what comes in, incoming first (`[n]`)
    pub momenta: Vec<Momentum>,
}

impl PhaseSpace {
    /// Random numbers it takes: `3 n - 4` for n outgoing particles, and two where there are partons.
    pub fn dim(&self) -> usize {
        self.initial.dim() + self.channel.dim()
    }

    /// The point at the random numbers `r` (`[dim]`); `None` where there is none.
    pub fn point(&self, r: &[f64]) -> Option<Point> {
        let (first, rest) = r.split_at(self.initial.dim());
        let collision = self.initial.collide(first);
        let (incoming_masses, masses) = self.masses.split_at(2);
        let incoming_masses = [incoming_masses[0], incoming_masses[1]];
        let beams = incoming(collision.mass, incoming_masses);
        let parent = Parent {
            momentum: [collision.mass, 0.0, 0.0, 0.0],
            mass: collision.mass,
            incoming: beams,
        };
        let mut momenta = vec![[0.0; 4]; self.masses.len()];
        momenta[..2].copy_from_slice(&beams);
        let volume = self
            .channel
            .generate(&parent, masses, rest, &mut momenta[2..])?;
        let weight = volume * collision.jacobian * flux(collision.mass, incoming_masses);
        Some(Point {
            collision,
            weight,
            momenta,
        })
    }
}

impl Point {
    /// The momenta in the laboratory.
    pub fn laboratory(&self) -> Vec<Momentum> {
        let rapidity = self.collision.rapidity;
        self.momenta
            .iter()
            .map(|p| boost_along_z(*p, rapidity))
            .collect()
    }
}
