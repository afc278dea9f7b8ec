//! The clock and the observer of a run, asked from any thread.

use std::sync::{
    PoisonError, RwLock,
    atomic::{AtomicBool, Ordering},
};
use std::time::Instant;

use super::{
    observer::{Control, Observer, Progress},
    report::StopReason,
};

/// Says whether the run has to end.
pub(crate) trait Stopping: Sync {
    /// Why it has to end now, if it has to.
    fn must_stop(&self) -> Option<StopReason>;
}

/// Never.
#[derive(Debug)]
pub(crate) struct Never;

impl Stopping for Never {
    fn must_stop(&self) -> Option<StopReason> {
        None
    }
}

pub(crate) struct Watch<'o> {
    observer: RwLock<&'o mut dyn Observer>,
    start: Instant,
    limit: Option<f64>,
    /// whether the proposal is still being made
    preparing: AtomicBool,
    /// whether that repeats what another process has done, however long it takes
    replaying: bool,
}

impl<'o> Watch<'o> {
    /// From now on, with at most `limit` seconds; where `replaying`, that does not end the making of
    /// the proposal.
    pub(crate) fn new(observer: &'o mut dyn Observer, limit: Option<f64>, replaying: bool) -> Self {
        Self {
            observer: RwLock::new(observer),
            start: Instant::now(),
            limit,
            preparing: AtomicBool::new(true),
            replaying,
        }
    }

    /// Seconds so far.
    pub(crate) fn elapsed(&self) -> f64 {
        self.start.elapsed().as_secs_f64()
    }

    /// The rest of the time is the estimate's.
    pub(crate) fn freeze(&self) {
        self.preparing.store(false, Ordering::Relaxed);
    }

    /// Shows a step to the observer.
    pub(crate) fn step(&self, progress: &Progress<'_>) -> Control {
        let observer = self.observer.write();
        observer
            .unwrap_or_else(PoisonError::into_inner)
            .step(progress)
    }
}

impl Stopping for Watch<'_> {
    /// Time is up, or the observer said so. Making the proposal may take half of the time, so that
    /// some is left for the estimate.
    fn must_stop(&self) -> Option<StopReason> {
        let observer = self.observer.read();
        if observer
            .unwrap_or_else(PoisonError::into_inner)
            .interrupted()
        {
            return Some(StopReason::Interrupted);
        }
        let part = match (self.preparing.load(Ordering::Relaxed), self.replaying) {
            (true, true) => return None,
            (true, false) => 0.5,
            (false, _) => 1.0,
        };
        (self.elapsed() >= self.limit? * part).then_some(StopReason::Seconds)
    }
}
