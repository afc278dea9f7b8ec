//! Shared libraries of the user's.
#![expect(unsafe_code, reason = "a foreign interface")]

use std::error::Error as _;
use std::path::{Path, PathBuf};

use libloading::Library;

/// Why a library was not loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoadError {
    /// there is no such file
    Missing,
    /// the text of the system's loader, which refused it
    Refused(String),
}

/// Loads the file at `path`, which starts at the current folder where it is relative, a bare name
/// too. The library's initialisers run.
///
/// # Errors
/// Where there is no file, and where the system cannot load it.
pub fn load(path: &Path) -> Result<Library, LoadError> {
    if !path.exists() {
        return Err(LoadError::Missing);
    }
    // SAFETY: the user names the file so that its code runs in this process, which includes its
    // initialisers; that they are sound is up to the user.
    unsafe { Library::new(from_current_directory(path)) }
        .map_err(|error| LoadError::Refused(reason(&error)))
}

/// The path with a folder in front if it has none: the system's loader searches its own folders
/// for a name without a slash, and never the current one.
pub fn from_current_directory(path: &Path) -> PathBuf {
    if path.is_relative() {
        Path::new(".").join(path)
    } else {
        path.into()
    }
}

/// What the system's loader said; `libloading` itself displays only which call failed.
pub fn reason(error: &libloading::Error) -> String {
    error
        .source()
        .map_or_else(|| error.to_string(), ToString::to_string)
}
