//! What makes an event unfit for a file.

use thiserror::Error as ThisError;

use super::record::{Event, Particle};

/// Why an event cannot be written.
#[derive(Clone, Debug, PartialEq, ThisError)]
#[non_exhaustive]
pub enum EventFault {
    /// No particles at all.
    #[error("it has no particles")]
    Empty,
    /// A number is NaN or infinite.
    #[error("its {what} is {value}")]
    NonFinite {
        /// which number
        what: String,
        /// its value
        value: f64,
    },
    /// A quark or a gluon without its colour lines, or lines where there is no colour.
    #[error(
        "particle {particle} (id {id}) has the colour lines {} and {}; {allowed}",
        .colors[0], .colors[1]
    )]
    Color {
        /// counted from 1
        particle: usize,
        /// its kind
        id: i32,
        /// its lines
        colors: [u32; 2],
        /// what would be right
        allowed: &'static str,
    },
    /// A mother that is not among the particles.
    #[error("particle {particle} has mother {mother}, but there are {particles} particles")]
    Mother {
        /// counted from 1
        particle: usize,
        /// the mother
        mother: u32,
        /// how many there are
        particles: usize,
    },
    /// Energy or momentum is not conserved.
    #[error(
        "component {component} of the momentum (E, px, py, pz) is {incoming} before and {outgoing} after"
    )]
    Momentum {
        /// 0 for the energy
        component: usize,
        /// sum of the incoming particles
        incoming: f64,
        /// sum of the outgoing ones
        outgoing: f64,
    },
    /// Another number of variations than the process announces.
    #[error("it has {found} weights of variations, but {expected} are announced")]
    Variations {
        /// its weights
        found: usize,
        /// what the process says
        expected: usize,
    },
    /// A table whose rows have the same number of particles cannot hold it.
    #[error(
        "it has {found} particles, others have {expected}; LHE files may have both, tables not"
    )]
    Particles {
        /// its particles
        found: usize,
        /// those of the first event
        expected: usize,
    },
}

/// Momentum may be lost as far as rounding goes, in parts of the energy.
const ROUNDING: f64 = 1e-6;

impl Event {
    /// Whether the event can be written: finite numbers, momentum conserved to 1e-6 of the energy,
    /// colour lines for quarks and gluons and none for leptons and electroweak bosons, mothers that
    /// exist, and so many `variations`.
    ///
    /// # Errors
    /// The first fault that is found.
    pub fn check(&self, variations: usize) -> Result<(), EventFault> {
        let (found, expected) = (self.variations.len(), variations);
        if found != expected {
            return Err(EventFault::Variations { found, expected });
        }
        if self.particles.is_empty() {
            return Err(EventFault::Empty);
        }
        let own = [
            ("weight", self.weight),
            ("scale", self.scale),
            ("electromagnetic coupling", self.couplings[0]),
            ("strong coupling", self.couplings[1]),
        ];
        for (what, value) in own {
            finite(value, || what.to_owned())?;
        }
        for (i, &value) in self.variations.iter().enumerate() {
            finite(value, || format!("weight of variation {}", i + 1))?;
        }
        for (i, particle) in self.particles.iter().enumerate() {
            particle.check(i + 1, self.particles.len())?;
        }
        self.balance()
    }

    fn balance(&self) -> Result<(), EventFault> {
        let sum = |status: i32, component: usize| -> f64 {
            let side = self.particles.iter().filter(|p| p.status == status);
            side.map(|p| p.momentum[component]).sum()
        };
        let most = ROUNDING * sum(-1, 0).abs().max(sum(1, 0).abs());
        for component in 0..4 {
            let (incoming, outgoing) = (sum(-1, component), sum(1, component));
            if (incoming - outgoing).abs() > most {
                return Err(EventFault::Momentum {
                    component,
                    incoming,
                    outgoing,
                });
            }
        }
        Ok(())
    }
}

impl Particle {
    fn check(&self, number: usize, particles: usize) -> Result<(), EventFault> {
        let parts = ["E", "px", "py", "pz"].into_iter().zip(self.momentum);
        let others = [
            ("mass", self.mass),
            ("lifetime", self.lifetime),
            ("spin", self.spin),
        ];
        for (what, value) in parts.chain(others) {
            finite(value, || format!("{what} of particle {number}"))?;
        }
        for mother in self.mothers {
            if usize::try_from(mother).is_ok_and(|m| m > particles) {
                return Err(EventFault::Mother {
                    particle: number,
                    mother,
                    particles,
                });
            }
        }
        let lines = self.colors.map(|line| line != 0);
        let (right, allowed) = match self.id {
            1..=6 => (lines == [true, false], "a quark has the first one only"),
            -6..=-1 => (
                lines == [false, true],
                "an antiquark has the second one only",
            ),
            21 => (lines == [true, true], "a gluon has both"),
            11..=18 | -18..=-11 | 22..=25 | -24 => (lines == [false, false], "it has no colour"),
            // Whatever a model has beyond these, it knows best.
            _ => (true, ""),
        };
        if right {
            Ok(())
        } else {
            Err(EventFault::Color {
                particle: number,
                id: self.id,
                colors: self.colors,
                allowed,
            })
        }
    }
}

fn finite(value: f64, what: impl FnOnce() -> String) -> Result<(), EventFault> {
    if value.is_finite() {
        Ok(())
    } else {
        let what = what();
        Err(EventFault::NonFinite { what, value })
    }
}
