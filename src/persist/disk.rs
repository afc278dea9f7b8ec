//! Files read with no more memory than they have bytes, and written so that they are whole.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use super::envelope::{HEADER, Kind, expected};

/// The bytes of a file of a kind, as far as they are needed to open the envelope or to say why
/// not: the header alone if it is none, and at most one byte too many. A device without end, or
/// a film by mistake, is not read into memory.
pub(super) fn read(kind: Kind, path: &Path) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    let mut bytes = Vec::with_capacity(HEADER);
    (&file).take(HEADER as u64).read_to_end(&mut bytes)?;
    let Ok(expected) = expected(kind, &bytes) else {
        return Ok(bytes);
    };
    let rest = expected.saturating_sub(HEADER as u64).saturating_add(1);
    // A header may promise anything; a pipe does not know its length and has 0 here.
    let there = file.metadata()?.len().min(rest);
    let room = usize::try_from(there).map_err(|_| io::ErrorKind::OutOfMemory)?;
    bytes.try_reserve_exact(room)?;
    file.take(rest).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What writing asks of the system: calls of their own, so that tests can let each of them fail.
pub(super) trait System {
    fn create(&self, path: &Path) -> io::Result<File> {
        File::create(path)
    }

    fn write(&self, file: &mut File, bytes: &[u8]) -> io::Result<()> {
        file.write_all(bytes)
    }

    fn flush(&self, file: &File) -> io::Result<()> {
        file.sync_all()
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn flush_folder(&self, path: &Path) -> io::Result<()> {
        flush_folder(path)
    }
}

/// The system as it is.
pub(super) struct Real;

impl System for Real {}

/// Writes beside `path`, flushes to the disk, renames, and flushes the folder: after a crash
/// there is the old file or the new one. What was there becomes `previous` where one is given: after
/// a crash there is one of both, whole.
pub(super) fn replace(
    system: &impl System,
    (path, previous): (&Path, Option<&Path>),
    bytes: &[u8],
) -> io::Result<()> {
    let part = beside(path, ".part")?;
    let written = write_new(system, &part, bytes)
        .and_then(|()| previous.map_or(Ok(()), |to| make_room(system, path, to)))
        .and_then(|()| system.rename(&part, path));
    if written.is_err() {
        // Nothing useful can be done if even the remains cannot be removed.
        let _ = system.remove(&part);
    }
    written.and_then(|()| system.flush_folder(path))
}

/// The file beside `path` whose name is longer by `suffix`.
pub(super) fn beside(path: &Path, suffix: &str) -> io::Result<PathBuf> {
    let mut name = OsString::from(path.file_name().ok_or(io::ErrorKind::InvalidInput)?);
    name.push(suffix);
    Ok(path.with_file_name(name))
}

/// Writes a file as far as to the disk.
fn write_new(system: &impl System, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = system.create(path)?;
    system.write(&mut file, bytes)?;
    system.flush(&file)
}

/// Gives what is at `path`, if anything is, another name.
fn make_room(system: &impl System, path: &Path, to: &Path) -> io::Result<()> {
    match system.rename(path, to) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        renamed => renamed,
    }
}

/// Flushes the folder of a file, which holds its name.
#[cfg(unix)]
pub(super) fn flush_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|f| !f.as_os_str().is_empty());
    // A folder that may be written but not read cannot be opened: the file is there all the same.
    let Ok(folder) = File::open(folder.unwrap_or(Path::new("."))) else {
        return Ok(());
    };
    match folder.sync_all() {
        // Some file systems know no flushing of folders.
        Err(e)
            if matches!(
                e.kind(),
                io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported
            ) =>
        {
            Ok(())
        }
        flushed => flushed,
    }
}

/// Elsewhere folders cannot be opened as files.
#[cfg(not(unix))]
pub(super) fn flush_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
