//! Between the threads of a run and the thread of the user's.
//!
//! The run has threads of its own. What only the user can do is a request, which waits until the
//! user's thread has answered it or given up. Once anything has gone wrong every further request is
//! refused by being dropped, and the run ends; nothing is ever left waiting.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{Builder, JoinHandle};

use thalweg::integrate::Iteration;
use thalweg::{Control, Integrand, IntegrandError, Observer, Points, Progress};

use crate::status::{Failure, Result, Status};

/// Points that wait for values.
#[derive(Debug)]
pub(crate) struct Batch {
    buffer: Arc<Vec<f64>>,
    /// their coordinates in the buffer, all `[n * dim]`
    range: Range<usize>,
}

impl Batch {
    fn of(points: &Points<'_>) -> Self {
        let (buffer, range) = points.share();
        Self { buffer, range }
    }

    /// The coordinates, `[n * dim]`.
    pub(crate) fn points(&self) -> &[f64] {
        &self.buffer[self.range.clone()]
    }
}

/// What observers see of a step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) iteration: Iteration,
    pub(crate) calls: u64,
    pub(crate) max_calls: u64,
}

/// Something that only the user can do.
#[derive(Debug)]
pub(crate) enum Request {
    /// values `[n * outputs]` of the integrand
    Batch(Batch, Sender<Vec<f64>>),
    /// a step to be seen
    Step(Step, Sender<Control>),
}

/// The run's end.
#[derive(Clone, Debug)]
pub(crate) struct Wire {
    requests: Sender<Request>,
    stop: Arc<AtomicBool>,
}

impl Wire {
    /// Whether the run shall end.
    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Asks that the run ends.
    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// An integrand of `dim` coordinates and `outputs` values that is asked in batches of so many
    /// points, and an observer that sends no steps.
    pub(crate) fn remote(self, (dim, outputs): (usize, usize), batch: usize) -> (Remote, Watcher) {
        let watcher = Watcher {
            wire: self.clone(),
            wanted: false,
        };
        let remote = Remote {
            wire: self,
            dim,
            outputs,
            batch,
        };
        (remote, watcher)
    }

    fn values(&self, batch: Batch) -> Option<Vec<f64>> {
        let (reply, answer) = channel();
        self.requests.send(Request::Batch(batch, reply)).ok()?;
        answer.recv().ok()
    }

    fn step(&self, step: Step) -> Control {
        let (reply, answer) = channel();
        let sent = self.requests.send(Request::Step(step, reply));
        let answered = sent.ok().and_then(|()| answer.recv().ok());
        answered.unwrap_or(Control::Stop)
    }
}

/// The user's end: work that goes on in a thread of its own.
#[derive(Debug)]
pub(crate) struct Work<T> {
    inbox: Option<Receiver<Request>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<T>>,
}

impl<T: Send + 'static> Work<T> {
    /// Begins with `work`.
    pub(crate) fn begin(work: impl FnOnce(Wire) -> T + Send + 'static) -> Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let (requests, inbox) = channel();
        let wire = Wire {
            requests,
            stop: Arc::clone(&stop),
        };
        // The wire ends with the work, and with it the requests.
        let thread = Builder::new()
            .name("thalweg".to_owned())
            .spawn(move || work(wire));
        let thread = thread.map_err(|e| Failure::new(Status::Threads, e.to_string()))?;
        Ok(Self {
            inbox: Some(inbox),
            stop,
            thread: Some(thread),
        })
    }

    /// The next request; none when the work is done.
    pub(crate) fn next(&self) -> Option<Request> {
        self.inbox.as_ref()?.recv().ok()
    }

    /// Asks that the work ends.
    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// What came of it. No request is answered any more, and the caller holds none.
    pub(crate) fn end(mut self) -> Result<T> {
        self.inbox = None;
        let ended = || Failure::new(Status::OutOfTurn, "the run has ended");
        let thread = self.thread.take().ok_or_else(ended)?;
        thread.join().map_err(|panic| Failure::panic(&*panic))
    }
}

impl<T> Drop for Work<T> {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.inbox = None;
        if let Some(thread) = self.thread.take() {
            // Whether it panicked or not, there is nobody left to tell.
            let _ = thread.join();
        }
    }
}

/// The integrand that the user's thread computes.
#[derive(Debug)]
pub(crate) struct Remote {
    pub(crate) wire: Wire,
    pub(crate) dim: usize,
    pub(crate) outputs: usize,
    /// points of a call
    pub(crate) batch: usize,
}

impl Integrand for Remote {
    fn dim(&self) -> usize {
        self.dim
    }

    fn outputs(&self) -> usize {
        self.outputs
    }

    fn batch(&self) -> Option<usize> {
        Some(self.batch)
    }

    fn eval(&self, points: &Points<'_>, values: &mut [f64]) -> Result<(), IntegrandError> {
        let found = self.wire.values(Batch::of(points));
        // Who answers gives as many values as there is room for.
        values.copy_from_slice(&found.ok_or(IntegrandError::Interrupted)?);
        Ok(())
    }
}

/// Sends steps over the wire, where anyone looks.
#[derive(Debug)]
pub(crate) struct Watcher {
    pub(crate) wire: Wire,
    pub(crate) wanted: bool,
}

impl Observer for Watcher {
    fn step(&mut self, progress: &Progress<'_>) -> Control {
        if !self.wanted {
            return Control::Continue;
        }
        self.wire.step(Step {
            iteration: *progress.iteration,
            calls: progress.calls.total(),
            max_calls: progress.max_calls,
        })
    }

    fn interrupted(&self) -> bool {
        self.wire.stopped()
    }
}
