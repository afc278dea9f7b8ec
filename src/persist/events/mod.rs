//! Files of events: LHE, `NumPy` arrays and Parquet tables, told apart by their names.
//!
//! Events go to files beside the one that is named, which gets its name when all is written and on
//! the disk: what has the name is whole. What is to stand first in a file, as cross sections are, is
//! known last, so it is written last and what was written before is copied behind it.

mod lhe;
mod npy;
#[cfg(feature = "parquet")]
mod parquet;
mod part;

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::event::{Event, EventFault, EventRun, EventSink, Variation};

use super::{disk, file_error};

/// A file of events that is written; what it is goes by the end of its name.
///
/// | name | what | beside it |
/// |---|---|---|
/// | `.lhe`, `.lhe.gz` | Les Houches event file 3.0 | |
/// | `.npy` | structured array, one row an event | `NAME.json` |
/// | `.parquet` | one row an event (with the feature `parquet`) | `NAME.json` |
///
/// The tables need the same number of particles in all events.
pub struct EventFile {
    path: PathBuf,
    format: Format,
    events: u64,
}

enum Format {
    Lhe(lhe::Lhe),
    Npy(npy::Npy),
    #[cfg(feature = "parquet")]
    Parquet(Box<parquet::Parquet>),
}

/// Why some events were not taken.
enum Fault {
    Disk(io::Error),
    /// index among those taken together
    Event(usize, EventFault),
}

impl From<io::Error> for Fault {
    fn from(source: io::Error) -> Self {
        Self::Disk(source)
    }
}

impl EventFile {
    /// Whether the name is that of a file of events; names of points may end in `.npy` too.
    pub fn knows(path: &Path) -> bool {
        Ending::of(path).is_some()
    }

    /// Opens a file that is not there, for all that others see, before it is finished.
    ///
    /// # Errors
    /// [`Error::EventFormat`] for a name that says nothing of the format, [`Error::File`] for a file
    /// that cannot be written.
    pub fn create(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let failed = |e| file_error("write", path, e);
        let format = match Ending::of(path) {
            Some(Ending::Lhe { gzip }) => {
                Format::Lhe(lhe::Lhe::create(path, gzip).map_err(failed)?)
            }
            Some(Ending::Npy) => Format::Npy(npy::Npy::create(path).map_err(failed)?),
            Some(Ending::Parquet) => Self::parquet(path)?,
            None => {
                let why = "its name must end in .lhe, .lhe.gz, .npy or .parquet";
                return Err(unknown(path, why));
            }
        };
        Ok(Self {
            path: path.to_owned(),
            format,
            events: 0,
        })
    }

    #[cfg(feature = "parquet")]
    fn parquet(path: &Path) -> Result<Format> {
        let file = parquet::Parquet::create(path);
        let file = file.map_err(|e| file_error("write", path, e))?;
        Ok(Format::Parquet(Box::new(file)))
    }

    #[cfg(not(feature = "parquet"))]
    fn parquet(path: &Path) -> Result<Format> {
        Err(unknown(
            path,
            "this program was built without the feature parquet",
        ))
    }

    fn failed(&self, source: io::Error) -> Error {
        file_error("write", &self.path, source)
    }
}

fn unknown(path: &Path, why: &'static str) -> Error {
    let path = path.display().to_string();
    Error::EventFormat { path, why }
}

/// What the end of a name says, in upper or lower case.
enum Ending {
    Lhe { gzip: bool },
    Npy,
    Parquet,
}

impl Ending {
    fn of(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_string_lossy().to_lowercase();
        let mut parts = name.rsplit('.');
        match (parts.next()?, parts.next()?) {
            ("lhe", _) => Some(Self::Lhe { gzip: false }),
            ("gz", "lhe") => Some(Self::Lhe { gzip: true }),
            ("npy", _) => Some(Self::Npy),
            ("parquet", _) => Some(Self::Parquet),
            _ => None,
        }
    }
}

impl EventSink for EventFile {
    fn begin(&mut self, variations: &[Variation]) -> Result<()> {
        match &mut self.format {
            Format::Lhe(file) => file.begin(variations),
            Format::Npy(_) => {}
            #[cfg(feature = "parquet")]
            Format::Parquet(file) => file.begin(variations),
        }
        Ok(())
    }

    fn take(&mut self, events: &[Event]) -> Result<()> {
        let taken = match &mut self.format {
            Format::Lhe(file) => file.take(events).map_err(Fault::from),
            Format::Npy(file) => file.take(events),
            #[cfg(feature = "parquet")]
            Format::Parquet(file) => file.take(events),
        };
        taken.map_err(|fault| match fault {
            Fault::Disk(source) => self.failed(source),
            Fault::Event(i, fault) => Error::InvalidEvent {
                number: self.events + i as u64 + 1,
                fault,
            },
        })?;
        self.events += events.len() as u64;
        Ok(())
    }

    fn finish(&mut self, run: &EventRun) -> Result<()> {
        let events = self.events;
        let finished = match &mut self.format {
            Format::Lhe(file) => file.finish(&self.path, run),
            Format::Npy(file) => {
                sidecar(&self.path, run)?;
                file.finish(&self.path, run, events)
            }
            #[cfg(feature = "parquet")]
            Format::Parquet(file) => {
                sidecar(&self.path, run)?;
                file.finish(&self.path)
            }
        };
        finished.map_err(|e| self.failed(e))
    }
}

impl fmt::Debug for EventFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("EventFile");
        shown
            .field("path", &self.path)
            .field("events", &self.events);
        shown.finish_non_exhaustive()
    }
}

/// Writes what is told about all events beside a table.
fn sidecar(path: &Path, run: &EventRun) -> Result<()> {
    let mut name = OsString::from(path.file_name().unwrap_or_default());
    name.push(".json");
    let beside = path.with_file_name(name);
    let text = serde_json::to_string_pretty(run).map_err(io::Error::from);
    let written = text.and_then(|text| {
        let text = text + "\n";
        disk::replace(&disk::Real, (&beside, None), text.as_bytes())
    });
    written.map_err(|e| file_error("write", &beside, e))
}

/// All rows of a table have so many particles.
fn same_particles(events: &[Event], expected: &mut Option<usize>) -> Result<usize, Fault> {
    let first = events.first().map_or(0, |event| event.particles.len());
    let expected = *expected.get_or_insert(first);
    let odd = |event: &Event| event.particles.len() != expected;
    match events.iter().position(odd) {
        None => Ok(expected),
        Some(i) => {
            let found = events[i].particles.len();
            Err(Fault::Event(i, EventFault::Particles { found, expected }))
        }
    }
}
