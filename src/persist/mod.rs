//! Files: the only place that touches them.
//!
//! A file is an envelope and a payload. Envelope, little-endian: 8 bytes that name the kind of
//! file (`THALWEG\n` for a model), the format version (u32), the CRC-32 of the version's four
//! bytes and the payload (u32), its length (u64). Payload: one self-describing `MessagePack` map
//! of plain data; no code is ever stored or run.
//!
//! Files come from strangers. The envelope's checksum finds damage, not malice, so the payload is
//! looked through for promises that it does not keep (`skim`), every list is read with memory in
//! proportion to what is there (`list`), numbers and tables are taken in no shorter form than they are
//! written in (`strict`), and every map is made by the constructor that checks its values (`build`).
//! Reading a model or a checkpoint takes at most 4 times its size and 16 MiB, whatever its bytes;
//! `tests/files/` and `fuzz/` hold this.

mod build;
mod checkpoint;
mod disk;
mod envelope;
mod events;
#[cfg(test)]
mod faults;
mod list;
mod model;
mod partial;
mod skim;
mod state;
mod strict;
mod writer;

pub use checkpoint::CheckpointFile;
pub use events::EventFile;

use std::io;
use std::path::Path;

use crate::error::{Error, Result};
use crate::event::Sampler;
use envelope::{Fault, Kind};

/// A sampler.
const MODEL: Kind = Kind {
    name: "model",
    magic: b"THALWEG\n",
    format: 1,
};

/// The state of a run.
const CHECKPOINT: Kind = Kind {
    name: "checkpoint",
    magic: b"THALWGC\n",
    format: 1,
};

/// A part of an estimate.
const PARTIAL: Kind = Kind {
    name: "partial result",
    magic: b"THALWGP\n",
    format: 1,
};

/// What stands for the path of a model that is no file.
const NOWHERE: &str = "what was given";

impl Sampler {
    /// Writes the sampler to `path`, replacing a file that may be there only once the new one
    /// is complete.
    ///
    /// # Errors
    /// As [`Sampler::to_bytes`], and [`Error::File`] if writing fails.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let bytes = self.to_bytes()?;
        disk::replace(&disk::Real, (path, None), &bytes).map_err(|e| file_error("write", path, e))
    }

    /// Reads a sampler back.
    ///
    /// The file may come from a stranger: see [`Sampler::from_bytes`]. What does not begin as a
    /// model is not read on.
    ///
    /// # Errors
    /// [`Error::File`] if reading fails, [`Error::InvalidModel`] for a file that is damaged or
    /// no model at all, [`Error::NewerModel`] for a newer format.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let bytes = disk::read(MODEL, path).map_err(|e| file_error("read", path, e))?;
        from_bytes(&bytes, &path.display().to_string())
    }

    /// The bytes of a model file, for a place that is no file: a database, a message.
    ///
    /// # Errors
    /// [`Error::NotSavable`] for a map of the user's own; [`Error::InvalidSetting`] for a model
    /// with more than 32 maps, chains in more than 8 others, mixtures of more than 16384
    /// densities in all, more than 16384 notes, or a note of more than 256 KiB, which would not be read.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        envelope::wrap(MODEL, |bytes| model::write(self, bytes))
    }

    /// The sampler of which [`Sampler::to_bytes`] has made `bytes`, or that a file holds.
    ///
    /// Whoever made them need not be trusted: every value is checked, and reading takes memory of
    /// at most 4 times their number and 16 MiB. What is read draws points of its domain with a
    /// density; how long that takes is up to the model, which may be as large as it is.
    ///
    /// ```
    /// use thalweg::{Domain, Sampler, map::Grid};
    ///
    /// let grid = Grid::from_edges(1, vec![0.0, 0.2, 1.0])?;
    /// let sampler = Sampler::new(Box::new(grid), Domain::unit(1))?;
    /// let again = Sampler::from_bytes(&sampler.to_bytes()?)?;
    /// assert_eq!(again.draw(5, 1, 0), sampler.draw(5, 1, 0));
    /// # Ok::<(), thalweg::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::InvalidModel`] for bytes that are damaged or no model at all,
    /// [`Error::NewerModel`] for a newer format.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        from_bytes(bytes, NOWHERE)
    }
}

/// Reads a sampler; errors name `path`.
fn from_bytes(bytes: &[u8], path: &str) -> Result<Sampler> {
    let invalid = |fault: String| Error::InvalidModel {
        path: path.to_owned(),
        fault,
    };
    let payload = envelope::unwrap(MODEL, bytes).map_err(|fault| match fault {
        Fault::Newer { found, known } => Error::NewerModel {
            path: path.to_owned(),
            found,
            known,
        },
        fault @ (Fault::Empty
        | Fault::Magic { .. }
        | Fault::Truncated { .. }
        | Fault::TooLong { .. }
        | Fault::NoVersion
        | Fault::Checksum { .. }) => invalid(fault.to_string()),
    })?;
    model::read(payload).map_err(invalid)
}

fn file_error(action: &'static str, path: &Path, source: io::Error) -> Error {
    Error::File {
        action,
        path: path.display().to_string(),
        source,
    }
}
