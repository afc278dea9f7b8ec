//! The tree of decays in a process file.
//!
//! A number is a particle, counted from 1 with the incoming ones first; a table is a system:
//! `{ of = [3, { of = [4, 5], mass = 91.188, width = 2.4952 }] }`.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::ProcessError;
use crate::cuts::Cuts;
use crate::phase_space::{Decay, Exchange, Invariant, Node};

/// A particle or a system.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Part {
    Particle(u64),
    System(System),
}

/// A system of particles and how it is generated.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct System {
    of: Vec<Part>,
    /// of a resonance
    mass: Option<f64>,
    width: Option<f64>,
    /// exponent of the density of the mass squared
    power: Option<f64>,
    /// what is exchanged, of the whole
    exchange: Option<ExchangeTable>,
}

#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExchangeTable {
    #[serde(default)]
    mass: f64,
    #[serde(default = "one")]
    power: f64,
}

impl ExchangeTable {
    fn exchange(self) -> Result<Exchange, ProcessError> {
        let Self { mass, power } = self;
        if mass.is_finite() && mass >= 0.0 && (0.0..=10.0).contains(&power) {
            return Ok(Exchange { mass, power });
        }
        let message = format!(
            "has the mass {mass} and the power {power}; a mass is finite and at least 0, a power from 0 to 10"
        );
        Err(ProcessError::value("exchange", message))
    }
}

fn one() -> f64 {
    1.0
}

/// A map of a mass squared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct InvariantTable {
    mass: Option<f64>,
    width: Option<f64>,
    power: Option<f64>,
}

impl InvariantTable {
    /// The map, `otherwise` where the table is empty.
    pub(super) fn invariant(&self, otherwise: Invariant) -> Result<Invariant, ProcessError> {
        let positive = |value: f64| value.is_finite() && value > 0.0;
        match (self.mass, self.width, self.power) {
            (None, None, None) => Ok(otherwise),
            (None, None, Some(nu)) if (0.0..=10.0).contains(&nu) => {
                Ok(Invariant::Power { nu, shift: 0.0 })
            }
            (None, None, Some(nu)) => Err(ProcessError::value(
                "power",
                format!("is {nu}, it has to be from 0 to 10"),
            )),
            (Some(mass), Some(width), None) if positive(mass) && positive(width) => {
                Ok(Invariant::BreitWigner { mass, width })
            }
            _ => Err(ProcessError::value(
                "mapping",
                "a system has either `mass` and `width`, both above 0, or `power`".to_owned(),
            )),
        }
    }
}

impl<'de> Deserialize<'de> for Part {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Part;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("the number of a particle or a table with `of`")
            }
            fn visit_i64<E: Error>(self, v: i64) -> Result<Part, E> {
                // What is below 3 is refused later, with all others that are not there.
                Ok(Part::Particle(u64::try_from(v).unwrap_or(0)))
            }
            fn visit_u64<E: Error>(self, v: u64) -> Result<Part, E> {
                Ok(Part::Particle(v))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Part, A::Error> {
                System::deserialize(MapAccessDeserializer::new(map)).map(Part::System)
            }
        }
        deserializer.deserialize_any(Either)
    }
}

impl System {
    /// The tree, of outgoing particles with `masses` (`[n]`).
    pub(super) fn decay(&self, masses: &[f64], cuts: &Cuts) -> Result<Decay, ProcessError> {
        let decay = self.build(masses, cuts, true)?;
        let mut found = Node::Decay(decay.clone()).particles();
        found.sort_unstable();
        if found == (0..masses.len()).collect::<Vec<_>>() {
            Ok(decay)
        } else {
            let numbers: Vec<usize> = found.iter().map(|i| i + 3).collect();
            let message = format!(
                "has the particles {numbers:?}, it has to have each of 3 to {} once",
                masses.len() + 2
            );
            Err(ProcessError::value("channel", message))
        }
    }

    fn build(&self, masses: &[f64], cuts: &Cuts, root: bool) -> Result<Decay, ProcessError> {
        if self.of.len() < 2 {
            let message = "a system has at least two parts in `of`".to_owned();
            return Err(ProcessError::value("channel", message));
        }
        if self.exchange.is_some() && !root {
            let message = "only the whole may come from an `exchange`".to_owned();
            return Err(ProcessError::value("channel", message));
        }
        let parts = self
            .of
            .iter()
            .map(|part| match part {
                Part::Particle(number) => particle(*number, masses.len()).map(Node::Particle),
                Part::System(system) => system.build(masses, cuts, false).map(Node::Decay),
            })
            .collect::<Result<Vec<_>, _>>()?;
        let table = InvariantTable {
            mass: self.mass,
            width: self.width,
            power: self.power,
        };
        let mut decay = Decay {
            parts,
            invariant: table.invariant(Invariant::Flat)?,
            least: 0.0,
            exchange: self.exchange.map(ExchangeTable::exchange).transpose()?,
        };
        let particles = Node::Decay(decay.clone()).particles();
        decay.least = cuts.least_mass(&particles, masses);
        Ok(decay)
    }
}

/// The outgoing particle, counted from 0, that has `number` in a file.
pub(super) fn particle(number: u64, outgoing: usize) -> Result<usize, ProcessError> {
    let index = usize::try_from(number).ok().and_then(|n| n.checked_sub(3));
    index.filter(|index| *index < outgoing).ok_or_else(|| {
        let message = format!(
            "there is no outgoing particle {number}; they have the numbers 3 to {}",
            outgoing + 2
        );
        ProcessError::value("particles", message)
    })
}
