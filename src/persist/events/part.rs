//! Files under way, with names of their own.

use std::fs::{self, File};
use std::io::{self, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use super::super::disk::{beside, flush_folder};

/// A file that is removed with its owner, unless it got its final name.
#[derive(Debug)]
pub(super) struct Part {
    path: PathBuf,
    pub(super) file: File,
}

impl Part {
    /// A file beside `path`, whose name is longer by `suffix`.
    pub(super) fn create(path: &Path, suffix: &str) -> io::Result<Self> {
        let path = beside(path, suffix)?;
        let options = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(&path);
        Ok(Self {
            file: options?,
            path,
        })
    }

    /// Flushes to the disk, gives the file its name, and flushes the folder, which holds it.
    pub(super) fn complete(&self, path: &Path) -> io::Result<()> {
        self.file.sync_all()?;
        fs::rename(&self.path, path)?;
        flush_folder(path)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // Once renamed there is nothing to remove.
        let _ = fs::remove_file(&self.path);
    }
}

/// A file whose head is known last.
#[derive(Debug)]
pub(super) struct Body(Part);

impl Body {
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        Part::create(path, ".events.part").map(Self)
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.file.write_all(bytes)
    }

    /// Makes `path` of `head` and what was written.
    pub(super) fn complete(&mut self, path: &Path, head: &[u8]) -> io::Result<()> {
        let mut whole = Part::create(path, ".part")?;
        whole.file.write_all(head)?;
        self.0.file.rewind()?;
        io::copy(&mut self.0.file, &mut whole.file)?;
        whole.complete(path)
    }
}
