//! A folder that is made beside its name, and renamed when it is complete and nobody may write to it.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::id;

use super::error::GridpackError;

/// Folders within folders that are copied.
const MOST: usize = 32;

/// A folder under way. Unless it is completed nothing of it stays.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    part: PathBuf,
    bytes: u64,
}

impl Folder {
    /// Begins the folder `path`, which there must not be yet.
    pub(super) fn create(path: &Path) -> Result<Self, GridpackError> {
        if path.symlink_metadata().is_ok() {
            return Err(GridpackError::Exists { path: path.into() });
        }
        let mut name = OsString::from(path.file_name().unwrap_or_default());
        name.push(format!(".part-{}", id()));
        let part = path.with_file_name(name);
        fs::create_dir(&part).map_err(|source| GridpackError::Make {
            path: path.into(),
            source,
        })?;
        Ok(Self {
            path: path.into(),
            part,
            bytes: 0,
        })
    }

    /// Where it is while it is made.
    pub(super) fn part(&self) -> &Path {
        &self.part
    }

    /// Bytes of all files so far.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Writes the file `name`.
    pub(super) fn write(&mut self, name: &str, contents: &[u8]) -> Result<(), GridpackError> {
        let make = |source| GridpackError::Make {
            path: self.path.join(name),
            source,
        };
        fs::write(self.part.join(name), contents).map_err(make)?;
        self.bytes += contents.len() as u64;
        Ok(())
    }

    /// Writes the file `name`, which can be executed.
    pub(super) fn write_script(&mut self, name: &str, text: &str) -> Result<(), GridpackError> {
        self.write(name, text.as_bytes())?;
        executable(&self.part.join(name)).map_err(|source| GridpackError::Make {
            path: self.path.join(name),
            source,
        })
    }

    /// Copies the file or folder `from`, with all that is in it, to `name`.
    pub(super) fn copy(&mut self, from: &Path, name: &str) -> Result<(), GridpackError> {
        let to = self.part.join(name);
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder).map_err(|source| GridpackError::Make {
                path: self.path.join(name),
                source,
            })?;
        }
        self.copy_all(from, &to, 0)
    }

    fn copy_all(&mut self, from: &Path, to: &Path, depth: usize) -> Result<(), GridpackError> {
        let failed = |source| GridpackError::Copy {
            path: from.into(),
            source,
        };
        if !from.is_dir() {
            self.bytes += fs::copy(from, to).map_err(failed)?;
            return Ok(());
        }
        // A folder that the gridpack is made in would be copied into itself for ever.
        let inside = self.part.canonicalize().map_err(failed)?;
        if depth >= MOST || inside.starts_with(from.canonicalize().map_err(failed)?) {
            return Err(GridpackError::Deep {
                path: from.into(),
                most: MOST,
            });
        }
        fs::create_dir(to).map_err(failed)?;
        for entry in fs::read_dir(from).map_err(failed)? {
            let name: &OsStr = &entry.map_err(failed)?.file_name();
            self.copy_all(&from.join(name), &to.join(name), depth + 1)?;
        }
        Ok(())
    }

    /// Takes away all rights to write, and gives the folder its name.
    pub(super) fn complete(self) -> Result<(), GridpackError> {
        let make = |source| GridpackError::Make {
            path: self.path.clone(),
            source,
        };
        seal(&self.part).map_err(make)?;
        if self.path.symlink_metadata().is_ok() {
            return Err(GridpackError::Exists {
                path: self.path.clone(),
            });
        }
        fs::rename(&self.part, &self.path).map_err(make)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Once renamed there is nothing to remove.
        let _ = unseal(&self.part).and_then(|()| fs::remove_dir_all(&self.part));
    }
}

/// Makes `path`, and all that is in it, read-only: what is within first.
fn seal(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            seal(&entry?.path())?;
        }
    }
    let mut permissions = fs::metadata(path)?.permissions();
    permissions.set_readonly(true);
    fs::set_permissions(path, permissions)
}

/// Lets folders be written to again, so that what is in them can be removed.
#[cfg(unix)]
fn unseal(path: &Path) -> io::Result<()> {
    change(path, |mode| mode | 0o700)?;
    for entry in fs::read_dir(path)? {
        let path = entry?.path();
        if path.is_dir() && !path.is_symlink() {
            unseal(&path)?;
        }
    }
    Ok(())
}

/// Whoever may read `path` may execute it.
#[cfg(unix)]
fn executable(path: &Path) -> io::Result<()> {
    change(path, |mode| mode | (mode & 0o444) >> 2)
}

#[cfg(unix)]
fn change(path: &Path, mode: impl Fn(u32) -> u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;

    let mut permissions = fs::metadata(path)?.permissions();
    permissions.set_mode(mode(permissions.mode()));
    fs::set_permissions(path, permissions)
}

#[cfg(not(unix))]
fn unseal(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(not(unix))]
fn executable(_: &Path) -> io::Result<()> {
    Ok(())
}
