//! Files: the only place that touches them.
//!
//! A model file is an envelope and a payload. Envelope, little-endian: the 8 bytes `THALWEG\n`,
//! the format version (u32), the CRC-32 of the version's four bytes and the payload (u32), its length (u64). Payload: one
//! self-describing `MessagePack` map of plain data; no code is ever stored or run. Every value
//! is validated on the way in.

mod envelope;
mod state;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::event::Sampler;
use crate::integrand::Domain;
use crate::stats::Estimate;
use envelope::Fault;
use state::MapState;

/// What a model file holds.
#[derive(Debug, Serialize, Deserialize)]
struct Model {
    /// version of the library that wrote it
    library: String,
    domain: Domain,
    map: MapState,
    estimate: Option<Estimate>,
    metadata: BTreeMap<String, String>,
}

impl Sampler {
    /// Writes the sampler to `path`, replacing a file that may be there only once the new one
    /// is complete.
    ///
    /// # Errors
    /// [`Error::NotSavable`] for a map of the user's own, [`Error::File`] if writing fails.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let model = Model {
            library: env!("CARGO_PKG_VERSION").to_owned(),
            domain: self.domain().clone(),
            map: MapState::of(self.map())?,
            estimate: self.estimate(),
            metadata: self.metadata().clone(),
        };
        let payload = rmp_serde::to_vec_named(&model)
            .map_err(|e| file_error("write", path, io::Error::other(e)))?;
        replace(path, &envelope::wrap(&payload)).map_err(|e| file_error("write", path, e))
    }

    /// Reads a sampler back.
    ///
    /// # Errors
    /// [`Error::File`] if reading fails, [`Error::InvalidModel`] for a file that is damaged or
    /// no model at all, [`Error::NewerModel`] for a newer format.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let bytes = fs::read(path).map_err(|e| file_error("read", path, e))?;
        let name = || path.display().to_string();
        let invalid = |fault: String| Error::InvalidModel {
            path: name(),
            fault,
        };
        let payload = envelope::unwrap(&bytes).map_err(|fault| match fault {
            Fault::Newer { found, known } => Error::NewerModel {
                path: name(),
                found,
                known,
            },
            fault @ (Fault::Empty
            | Fault::Magic
            | Fault::Truncated { .. }
            | Fault::TooLong { .. }
            | Fault::NoVersion
            | Fault::Checksum { .. }) => invalid(fault.to_string()),
        })?;
        let model: Model = rmp_serde::from_slice(payload).map_err(|e| invalid(e.to_string()))?;
        let domain = Domain::new(model.domain.ranges()).map_err(|e| invalid(e.to_string()))?;
        let map = model.map.build().map_err(|e| invalid(e.to_string()))?;
        let sampler = Self::new(map, domain).map_err(|e| invalid(e.to_string()))?;
        let mut sampler = sampler.with_estimate(model.estimate);
        *sampler.metadata_mut() = model.metadata;
        Ok(sampler)
    }
}

fn file_error(action: &'static str, path: &Path, source: io::Error) -> Error {
    Error::File {
        action,
        path: path.display().to_string(),
        source,
    }
}

/// Writes beside `path`, flushes to the disk, then renames.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = path
        .file_name()
        .ok_or(io::ErrorKind::InvalidInput)?
        .to_owned();
    name.push(".part");
    let part = path.with_file_name(name);
    let written = File::create(&part)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&part, path));
    if written.is_err() {
        // Nothing useful can be done if even the remains cannot be removed.
        let _ = fs::remove_file(&part);
    }
    written
}
