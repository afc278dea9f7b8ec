//! Parts of an estimate as files.

use std::io;
use std::path::Path;

use rmp_serde::{Deserializer, encode::write_named};
use serde::Deserialize as _;

use super::{
    NOWHERE, PARTIAL, disk,
    envelope::{unwrap, wrap},
    file_error, skim,
    strict::Strict,
};
use crate::error::{Error, Result};
use crate::integrate::Partial;

impl Partial {
    /// Writes the part to `path`, replacing a file that may be there only once the new one is complete.
    ///
    /// # Errors
    /// [`Error::File`] if that fails.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let bytes = self.to_bytes()?;
        disk::replace(&disk::Real, (path, None), &bytes).map_err(|e| file_error("write", path, e))
    }

    /// Reads a part back; see [`Partial::from_bytes`].
    ///
    /// # Errors
    /// [`Error::File`] if reading fails, [`Error::InvalidPartial`] for a file that is damaged or none of
    /// a part.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let bytes = disk::read(PARTIAL, path).map_err(|e| file_error("read", path, e))?;
        named(&bytes, path.display().to_string())
    }

    /// The bytes of a file. The same points have the same bytes, up to the time that they have taken.
    ///
    /// # Errors
    /// [`Error::File`] if it cannot be written as bytes.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let wrapped = wrap(PARTIAL, |bytes| write_named(bytes, self));
        wrapped.map_err(|e| file_error("write", Path::new(NOWHERE), io::Error::other(e)))
    }

    /// The part of which [`Partial::to_bytes`] has made `bytes`, or that a file holds. It may come from a
    /// stranger: what it promises is checked, and reading takes memory of at most 4 times their number
    /// and 16 MiB.
    ///
    /// # Errors
    /// [`Error::InvalidPartial`] for bytes that are damaged or none of a part.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        named(bytes, NOWHERE.to_owned())
    }
}

fn named(bytes: &[u8], path: String) -> Result<Partial> {
    from_bytes(bytes).map_err(|fault| Error::InvalidPartial { path, fault })
}

fn from_bytes(bytes: &[u8]) -> Result<Partial, String> {
    let payload = unwrap(PARTIAL, bytes).map_err(|e| e.to_string())?;
    skim::skim(payload).map_err(|e| e.to_string())?;
    let mut reader = Deserializer::from_read_ref(payload);
    let part = Partial::deserialize(Strict(&mut reader)).map_err(|e| e.to_string())?;
    part.check().map_err(str::to_owned)?;
    Ok(part)
}
