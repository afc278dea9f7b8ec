//! Files read with no more memory than they have bytes, and written so that they are whole.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::Path;

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

/// Writes beside `path`, flushes to the disk, renames, and flushes the folder: after a crash
/// there is the old file or the new one.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    put(path, bytes, || Ok(()))
}

/// The same, and what was there becomes `previous`: after a crash there is one of both, whole.
pub(super) fn replace_keeping(path: &Path, previous: &Path, bytes: &[u8]) -> io::Result<()> {
    put(path, bytes, || match fs::rename(path, previous) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        renamed => renamed,
    })
}

/// Writes beside `path`, makes room and renames.
fn put(path: &Path, bytes: &[u8], room: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let mut part = OsString::from(name);
    part.push(".part");
    let part = path.with_file_name(part);
    let written = File::create(&part)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| room())
        .and_then(|()| fs::rename(&part, path));
    if written.is_err() {
        // Nothing useful can be done if even the remains cannot be removed.
        let _ = fs::remove_file(&part);
    }
    written.and_then(|()| flush_folder(path))
}

/// Flushes the folder of a file, which holds its name.
#[cfg(unix)]
fn flush_folder(path: &Path) -> io::Result<()> {
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
fn flush_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
