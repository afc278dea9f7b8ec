//! Process files: what collides, what goes out, and how it is integrated, as TOML.

mod automatic;
mod channel;
mod cut;
mod error;
mod reference;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, absolute};
use std::sync::Arc;

use serde::Deserialize;
use thalweg::event::Beam;

pub use error::ProcessError;
pub use reference::Reference;

use crate::cuts::Cuts;
use crate::pdf::{Grid, Luminosity, PdfError};
use crate::phase_space::{Initial, Invariant, PhaseSpace};
use crate::umami::{Umami, UmamiSettings};
use crate::{Scale, Scattering, Subprocess};
use channel::{InvariantTable, System};
use cut::CutTable;

/// More outgoing particles than any library has.
const MOST: usize = 20;

/// A process file.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProcessFile {
    name: Option<String>,
    alpha_s: Option<f64>,
    scale: Option<ScaleValue>,
    param_card: Option<String>,
    #[serde(default)]
    parameters: BTreeMap<String, f64>,
    beams: Beams,
    particles: Particles,
    #[serde(default)]
    subprocesses: Subprocesses,
    #[serde(default)]
    subprocess: Vec<SubprocessTable>,
    #[serde(default)]
    mapping: Mapping,
    #[serde(default)]
    cuts: Vec<CutTable>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(
    untagged,
    expecting = "`scale` is a number in GeV, \"mass\" or \"ht/2\""
)]
enum ScaleValue {
    Fixed(f64),
    Named(ScaleName),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
enum ScaleName {
    #[serde(rename = "mass")]
    Mass,
    #[serde(rename = "ht/2")]
    HalfHt,
}

/// What a point has of the subprocesses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
enum Subprocesses {
    /// all of them
    #[default]
    #[serde(rename = "sum")]
    Sum,
    /// one of them, by a coordinate
    #[serde(rename = "sample")]
    Sample,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Beams {
    ids: [i32; 2],
    energies: [f64; 2],
    /// a grid of parton densities
    pdf: Option<String>,
    /// its number in LHAPDF's list
    #[serde(default)]
    lhaid: i32,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Particles {
    r#in: [i32; 2],
    out: Vec<i32>,
    masses: Option<Vec<f64>>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct SubprocessTable {
    r#in: [i32; 2],
    out: Vec<i32>,
    flavor: Option<i32>,
    #[serde(default)]
    mirror: bool,
    #[serde(default)]
    colors: Vec<[u32; 2]>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mapping {
    channel: Option<System>,
    /// mass of the partons
    #[serde(default)]
    partons: InvariantTable,
}

impl ProcessFile {
    /// Reads `text`, the contents of the file at `path`.
    ///
    /// # Errors
    /// Where it is no TOML, has keys that there are none of, or lacks some.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ProcessError> {
        toml::from_str(text).map_err(|error| ProcessError::syntax(path.into(), text, &error))
    }

    /// Reads the file at `path`.
    ///
    /// # Errors
    /// Where there is none, and as [`ProcessFile::parse`].
    pub fn read(path: &Path) -> Result<Self, ProcessError> {
        Self::parse(&text(path)?, path)
    }

    /// The process with |M|^2 from the library at `library`. A relative path of a parameter card starts
    /// at `folder`.
    ///
    /// # Errors
    /// Where values make no sense, or the library does not fit.
    pub fn scattering(&self, library: &Path, folder: &Path) -> Result<Scattering, ProcessError> {
        self.check()?;
        let umami = Umami::open(library, self.count(), &self.umami_settings(folder))?;
        let masses = match (&self.particles.masses, umami.masses()) {
            (Some(masses), _) => masses.clone(),
            (None, Some(masses)) => masses.to_vec(),
            (None, None) => vec![0.0; self.count()],
        };
        umami.check_masses(&masses)?;
        let cuts = self.cuts()?;
        let channel = match &self.mapping.channel {
            Some(system) => system.decay(&masses[2..], &cuts)?,
            None => automatic::channel(&self.particles.out, &masses[2..], &cuts),
        };
        let [one, two] = [0, 1].map(|i: usize| Beam {
            id: self.beams.ids[i],
            energy: self.beams.energies[i],
            pdf: self.beams.lhaid,
        });
        let subprocesses = self.subprocesses();
        Ok(Scattering {
            name: self.name(),
            beams: [one, two],
            matrix_element: Box::new(umami),
            phase_space: PhaseSpace {
                initial: self.initial(&masses, &cuts)?,
                masses,
                channel,
            },
            luminosity: self.luminosity(folder, &subprocesses)?,
            subprocesses,
            sampled: self.subprocesses == Subprocesses::Sample,
            cuts,
            alpha_s: self.alpha_s,
            scale: match self.scale {
                Some(ScaleValue::Fixed(scale)) => Scale::Fixed(scale),
                Some(ScaleValue::Named(ScaleName::HalfHt)) => Scale::HalfHt,
                Some(ScaleValue::Named(ScaleName::Mass)) | None => Scale::Mass,
            },
        })
    }

    /// External particles.
    fn count(&self) -> usize {
        2 + self.particles.out.len()
    }

    /// Its name, or `11 -11 -> 13 -13`.
    fn name(&self) -> String {
        let list = |ids: &[i32]| ids.iter().map(i32::to_string).collect::<Vec<_>>().join(" ");
        let particles = &self.particles;
        let made = || format!("{} -> {}", list(&particles.r#in), list(&particles.out));
        self.name.clone().unwrap_or_else(made)
    }

    fn umami_settings(&self, folder: &Path) -> UmamiSettings {
        let path = |card: &String| folder.join(card).display().to_string();
        UmamiSettings {
            param_card: self.param_card.as_ref().map(path),
            parameters: self.parameters.clone().into_iter().collect(),
            alpha_s: self.alpha_s.is_some(),
            flavor: self.subprocess.iter().any(|s| s.flavor.is_some()),
        }
    }

    /// The densities of the partons of `subprocesses`; the path of the grid starts at `folder`.
    fn luminosity(
        &self,
        folder: &Path,
        subprocesses: &[Subprocess],
    ) -> Result<Option<Luminosity>, ProcessError> {
        let Some(pdf) = &self.beams.pdf else {
            return Ok(None);
        };
        if let Some(id) = self.beams.ids.iter().find(|id| id.abs() != 2212) {
            let message = format!("has {id}, beams with parton densities are 2212 or -2212");
            return Err(ProcessError::value("ids", message));
        }
        let wrong = |error: PdfError| ProcessError::value("pdf", error.to_string());
        let grid = Arc::new(Grid::load(&folder.join(pdf)).map_err(wrong)?);
        let pairs: Vec<[i32; 2]> = subprocesses.iter().map(|s| [s.ids[0], s.ids[1]]).collect();
        let luminosity = Luminosity::new(grid, self.beams.ids, &pairs);
        luminosity.map(Some).map_err(wrong)
    }

    /// What comes in, of particles with `masses`.
    fn initial(&self, masses: &[f64], cuts: &Cuts) -> Result<Initial, ProcessError> {
        let incoming = [masses[0], masses[1]];
        let energies = self.beams.energies;
        if self.beams.pdf.is_some() {
            return self.partons(masses, cuts);
        }
        for (energy, mass) in energies.iter().zip(incoming) {
            if *energy <= mass {
                let message = format!("is {energy}, it has to be above the mass {mass}");
                return Err(ProcessError::value("energies", message));
            }
        }
        let initial = Initial::beams(energies, incoming);
        let (most, least) = (initial.most(), masses[2..].iter().sum::<f64>());
        if most <= least {
            return Err(ProcessError::value(
                "energies",
                format!(
                    "make {most} GeV together, the outgoing particles need more than {least} GeV"
                ),
            ));
        }
        Ok(initial)
    }

    /// Partons that come in, of particles with `masses`.
    fn partons(&self, masses: &[f64], cuts: &Cuts) -> Result<Initial, ProcessError> {
        if let Some(mass) = masses[..2].iter().find(|mass| **mass > 0.0) {
            let message = format!("has {mass} for a parton, they come in without mass");
            return Err(ProcessError::value("masses", message));
        }
        let all: Vec<usize> = (0..masses.len() - 2).collect();
        let least = cuts.least_mass(&all, &masses[2..]);
        let otherwise = Invariant::Power {
            nu: 1.0,
            shift: 0.0,
        };
        let invariant = self.mapping.partons.invariant(otherwise)?;
        let initial = Initial::partons(self.beams.energies, least * least, invariant);
        if least > 0.0 && least < initial.most() {
            return Ok(initial);
        }
        let message = format!(
            "bound the mass of all that goes out by {least} GeV from below; with parton densities it has \
             to be above 0 and below {} GeV",
            initial.most()
        );
        Err(ProcessError::value("cuts", message))
    }

    fn subprocesses(&self) -> Vec<Subprocess> {
        let ids = |r#in: &[i32; 2], out: &[i32]| [&r#in[..], out].concat();
        if self.subprocess.is_empty() {
            return vec![Subprocess {
                ids: ids(&self.particles.r#in, &self.particles.out),
                flavor: 0,
                mirror: false,
                colors: Vec::new(),
            }];
        }
        self.subprocess
            .iter()
            .map(|table| Subprocess {
                ids: ids(&table.r#in, &table.out),
                flavor: table.flavor.unwrap_or(0),
                mirror: table.mirror,
                colors: table.colors.clone(),
            })
            .collect()
    }

    fn cuts(&self) -> Result<Cuts, ProcessError> {
        let tables = self.cuts.iter();
        let cuts = tables.map(|table| table.cut(&self.particles.out));
        Ok(Cuts(cuts.collect::<Result<_, _>>()?))
    }

    /// Refuses values that make no sense whatever the library.
    fn check(&self) -> Result<(), ProcessError> {
        let fail = |key, message: String| Err(ProcessError::value(key, message));
        let outgoing = self.particles.out.len();
        if !(2..=MOST).contains(&outgoing) {
            let message = format!("has {outgoing} particles, there have to be 2 to {MOST}");
            return fail("out", message);
        }
        if let Some(masses) = &self.particles.masses {
            if masses.len() != self.count() {
                let message = format!("has {} values for {} particles", masses.len(), self.count());
                return fail("masses", message);
            }
            if let Some(mass) = masses.iter().find(|m| !m.is_finite() || **m < 0.0) {
                return fail(
                    "masses",
                    format!("has {mass}, a mass is finite and at least 0"),
                );
            }
        }
        let numbers = [
            ("energies", Some(self.beams.energies[0])),
            ("energies", Some(self.beams.energies[1])),
            ("alpha_s", self.alpha_s),
        ];
        for (key, value) in numbers {
            if let Some(value) = value.filter(|v| !v.is_finite() || *v <= 0.0) {
                return fail(
                    key,
                    format!("is {value}, it has to be a finite number above 0"),
                );
            }
        }
        if let Some(ScaleValue::Fixed(scale)) = self.scale
            && !(scale.is_finite() && scale > 0.0)
        {
            return fail(
                "scale",
                format!("is {scale}, it has to be a finite number above 0"),
            );
        }
        for subprocess in self.subprocesses() {
            self.check_subprocess(&subprocess)?;
        }
        Ok(())
    }

    fn check_subprocess(&self, subprocess: &Subprocess) -> Result<(), ProcessError> {
        let fail = |message: String| Err(ProcessError::value("subprocess", message));
        let (given, colors) = (subprocess.ids.len(), subprocess.colors.len());
        if given != self.count() {
            return fail(format!(
                "{given} particles, but `particles` has {}",
                self.count()
            ));
        }
        if colors != 0 && colors != given {
            return fail(format!("`colors` has {colors} pairs for {given} particles"));
        }
        if self.beams.pdf.is_none() && subprocess.ids[..2] != self.beams.ids {
            return fail(format!(
                "{:?} come in, but the beams are {:?}",
                &subprocess.ids[..2],
                self.beams.ids
            ));
        }
        Ok(())
    }
}

/// The contents of the file at `path`.
fn text(path: &Path) -> Result<String, ProcessError> {
    fs::read_to_string(path).map_err(|error| ProcessError::Read {
        path: path.into(),
        reason: error.to_string(),
    })
}

/// The process of a file at `path` with |M|^2 from the library at `library`.
///
/// # Errors
/// Where the file or the library cannot be used, or do not fit.
pub fn open(library: &Path, path: &Path) -> Result<Scattering, ProcessError> {
    let folder = path.parent().unwrap_or(Path::new(""));
    // Some libraries want an absolute path; without a current folder they get what there is.
    let folder = absolute(folder.join(".")).unwrap_or_else(|_| folder.into());
    ProcessFile::read(path)?.scattering(library, &folder)
}
