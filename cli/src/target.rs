//! A file that is written beside its name and renamed when it is complete.

use std::ffi::OsString;
use std::fs::{File, remove_file, rename};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::error::Failure;
use crate::model::check_folder;

/// A file under way.
#[derive(Debug)]
pub(crate) struct Target {
    path: PathBuf,
    part: PathBuf,
}

impl Target {
    pub(crate) fn create(path: &Path) -> Result<(File, Self), Failure> {
        let mut name = OsString::from(path.file_name().unwrap_or_default());
        name.push(".part");
        let target = Self {
            path: path.to_owned(),
            part: path.with_file_name(name),
        };
        let file = File::create(&target.part).map_err(|e| target.failed(e))?;
        Ok((file, target))
    }

    pub(crate) fn failed(&self, source: io::Error) -> Failure {
        Failure::Write {
            to: self.path.display().to_string(),
            source,
        }
    }

    pub(crate) fn complete(&self) -> io::Result<()> {
        rename(&self.part, &self.path)
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        // Once renamed there is nothing to remove.
        let _ = remove_file(&self.part);
    }
}

/// A text file that is written at the end of a run, but opened before it: what cannot be written
/// is refused before the calls are spent.
#[derive(Debug)]
pub(crate) struct TextFile {
    file: File,
    target: Target,
}

impl TextFile {
    pub(crate) fn create(path: &Path) -> Result<Self, Failure> {
        check_folder(path)?;
        let (file, target) = Target::create(path)?;
        Ok(Self { file, target })
    }

    /// Writes the whole text and completes the file.
    pub(crate) fn write(mut self, text: &str) -> Result<(), Failure> {
        self.file
            .write_all(text.as_bytes())
            .and_then(|()| self.file.sync_all())
            .and_then(|()| self.target.complete())
            .map_err(|e| self.target.failed(e))
    }
}
