//! Checkpoints as files: the last one, and the one before it as `FILE.1`.
//!
//! A state becomes bytes while the run waits, and the bytes a file while it goes on.

use std::ffi::OsString;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rmp_serde::{Deserializer, encode::write_named};
use serde::Deserialize as _;

use super::{
    CHECKPOINT, disk,
    envelope::{unwrap, wrap},
    file_error, skim,
    strict::Strict,
    writer::{Job, Writer},
};
use crate::error::{Error, Result};
use crate::integrate::{Checkpoint, CheckpointStore};

/// Part of the time that saving may take, inverted.
const RARELY: u32 = 20;

/// Keeps a run in a file.
///
/// ```
/// use std::{env::temp_dir, time::Duration};
/// use thalweg::{CheckpointFile, Integrator, Settings, from_fn, integrate::{Checkpoints, Silent}};
///
/// let mut file = CheckpointFile::new(temp_dir().join("doc.checkpoint"), Duration::from_secs(60));
/// let from = file.load()?;
/// let f = from_fn(2, |x| x[0] * x[1]);
/// let checkpoints = Checkpoints { store: &mut file, from };
/// let outcome = Integrator::new(Settings::default())?.run_kept(&f, None, &mut Silent, checkpoints)?;
/// assert!((outcome.report.estimate.value - 0.25).abs() < 0.01);
/// # file.remove()?;
/// # Ok::<(), thalweg::Error>(())
/// ```
#[derive(Debug)]
pub struct CheckpointFile {
    path: PathBuf,
    every: Duration,
    last: Instant,
    /// what the last one took
    took: Duration,
    writer: Writer,
    /// of a write that has ended, until it is told
    fault: Option<io::Error>,
    /// whether the last file is damaged, so that it must not take the place of the one before
    damaged: AtomicBool,
}

impl CheckpointFile {
    /// A file at `path` that is written about as often as `every` says, and less often where that would
    /// take more than a twentieth of the time. The first one is due after that time, too.
    pub fn new(path: impl Into<PathBuf>, every: Duration) -> Self {
        Self {
            path: path.into(),
            every,
            last: Instant::now(),
            took: Duration::ZERO,
            writer: Writer::new(),
            fault: None,
            damaged: AtomicBool::new(false),
        }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The name of the one before.
    fn previous(&self) -> PathBuf {
        let mut name = OsString::from(&self.path);
        name.push(".1");
        PathBuf::from(name)
    }

    /// Whether there is a file to go on from.
    pub fn exists(&self) -> bool {
        self.path.exists() || self.previous().exists()
    }

    /// The last state, or the one before it where the last one is damaged; `None` where there is no
    /// file.
    ///
    /// # Errors
    /// [`Error::File`] if reading fails, [`Error::InvalidCheckpoint`] if neither can be used.
    pub fn load(&self) -> Result<Option<Checkpoint>> {
        // What becomes of a write that goes on shows in the file.
        self.writer.wait();
        let last = read(&self.path);
        self.damaged.store(last.is_err(), Ordering::Relaxed);
        if matches!(last, Ok(Some(_))) {
            return last;
        }
        match (read(&self.previous()), last) {
            (Ok(Some(previous)), _) => Ok(Some(previous)),
            (_, Err(error)) | (Err(error), Ok(_)) => Err(error),
            (Ok(None), Ok(_)) => Ok(None),
        }
    }

    /// Removes the files.
    ///
    /// # Errors
    /// [`Error::File`] if that fails.
    pub fn remove(&self) -> Result<()> {
        self.writer.wait();
        for path in [self.path.clone(), self.previous()] {
            match fs::remove_file(&path) {
                Err(e) if e.kind() != ErrorKind::NotFound => {
                    return Err(file_error("remove", &path, e));
                }
                Ok(()) | Err(_) => {}
            }
        }
        Ok(())
    }
}

impl CheckpointFile {
    /// Takes note of a write that has ended, or waits until it has.
    fn settle(&mut self) {
        let Some(written) = self.writer.wait() else {
            return;
        };
        self.took += written.took;
        self.last = Instant::now();
        if written.result.is_ok() {
            self.damaged.store(false, Ordering::Relaxed);
        }
        self.fault = written.result.err();
    }

    /// What is wrong with the last write that has ended.
    fn told(&mut self) -> Result<()> {
        match self.fault.take() {
            Some(fault) => Err(file_error("write", &self.path, fault)),
            None => Ok(()),
        }
    }
}

impl CheckpointStore for CheckpointFile {
    fn due(&mut self) -> bool {
        if self.writer.is_busy() {
            return false;
        }
        self.settle();
        self.last.elapsed() >= self.every.max(self.took * RARELY)
    }

    /// Writes while the run goes on: an error is that of the state before.
    fn save(&mut self, checkpoint: &Checkpoint) -> Result<()> {
        self.settle();
        let start = Instant::now();
        let bytes = to_bytes(checkpoint).map_err(|e| file_error("write", &self.path, e))?;
        let damaged = self.damaged.load(Ordering::Relaxed);
        self.writer.start(Job {
            path: self.path.clone(),
            previous: (!damaged).then(|| self.previous()),
            bytes,
        });
        self.last = Instant::now();
        self.took = start.elapsed();
        self.told()
    }

    fn finish(&mut self) -> Result<()> {
        self.settle();
        self.told()
    }
}

impl Checkpoint {
    /// The state of which [`Checkpoint::to_bytes`] has made `bytes`, or that a file holds. It may come
    /// from a stranger: what it promises is checked, and reading takes memory of at most 4 times their
    /// number and 16 MiB.
    ///
    /// # Errors
    /// [`Error::InvalidCheckpoint`] for bytes that are damaged or none of a checkpoint.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        from_bytes(bytes).map_err(|fault| Error::InvalidCheckpoint {
            path: super::NOWHERE.to_owned(),
            fault,
        })
    }

    /// The bytes of a file.
    ///
    /// # Errors
    /// [`Error::File`] if it cannot be written as bytes.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        to_bytes(self).map_err(|e| file_error("write", Path::new(super::NOWHERE), e))
    }
}

fn to_bytes(checkpoint: &Checkpoint) -> io::Result<Vec<u8>> {
    wrap(CHECKPOINT, |bytes| write_named(bytes, checkpoint)).map_err(io::Error::other)
}

/// A state, or what is wrong.
fn from_bytes(bytes: &[u8]) -> Result<Checkpoint, String> {
    let payload = unwrap(CHECKPOINT, bytes).map_err(|e| e.to_string())?;
    skim::skim(payload).map_err(|e| e.to_string())?;
    let mut reader = Deserializer::from_read_ref(payload);
    Checkpoint::deserialize(Strict(&mut reader)).map_err(|e| e.to_string())
}

/// A file's state; `None` where there is no file.
fn read(path: &Path) -> Result<Option<Checkpoint>> {
    let bytes = match disk::read(CHECKPOINT, path) {
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(file_error("read", path, e)),
        Ok(bytes) => bytes,
    };
    let state = from_bytes(&bytes).map_err(|fault| Error::InvalidCheckpoint {
        path: path.display().to_string(),
        fault,
    })?;
    Ok(Some(state))
}
