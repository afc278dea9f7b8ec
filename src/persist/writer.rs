//! A file that is written while the run goes on: one at a time.

use std::io;
use std::mem::replace;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use super::disk::{self, Real};

/// What is to be written.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) path: PathBuf,
    /// where the file that is there goes, if it shall not be lost
    pub(super) previous: Option<PathBuf>,
    pub(super) bytes: Vec<u8>,
}

/// What became of it.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) took: Duration,
    pub(super) result: io::Result<()>,
}

#[derive(Debug)]
enum State {
    Idle,
    Busy(JoinHandle<Written>),
    Done(Written),
}

/// Writes jobs, one at a time.
#[derive(Debug)]
pub(super) struct Writer {
    state: Mutex<State>,
}

impl Job {
    fn write(&self) -> Written {
        let start = Instant::now();
        let to = (&*self.path, self.previous.as_deref());
        let result = disk::replace(&Real, to, &self.bytes);
        Written {
            took: start.elapsed(),
            result,
        }
    }
}

impl Writer {
    pub(super) fn new() -> Self {
        Self {
            state: Mutex::new(State::Idle),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a job is being done.
    pub(super) fn is_busy(&self) -> bool {
        matches!(&*self.state(), State::Busy(thread) if !thread.is_finished())
    }

    /// Begins with a job, after the one before it, of which nobody will hear any more.
    pub(super) fn start(&self, job: Job) {
        self.wait();
        let job = Arc::new(job);
        let same = Arc::clone(&job);
        let thread = Builder::new().name("checkpoint".to_owned());
        *self.state() = match thread.spawn(move || same.write()) {
            Ok(thread) => State::Busy(thread),
            // Without another thread this one has to do.
            Err(_) => State::Done(job.write()),
        };
    }

    /// Waits for the job that was begun, and says what became of it: once.
    pub(super) fn wait(&self) -> Option<Written> {
        match replace(&mut *self.state(), State::Idle) {
            State::Idle => None,
            State::Busy(thread) => Some(thread.join().unwrap_or_else(|_| Written {
                took: Duration::ZERO,
                result: Err(io::Error::other("the thread that writes has panicked")),
            })),
            State::Done(written) => Some(written),
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.wait();
    }
}
