//! The clock and the observer of a run, asked from any thread.

use std::sync::{
    PoisonError, RwLock,
    atomic::{AtomicBool, AtomicU64, Ordering},
};
use std::time::Instant;

use super::{
    observer::{Control, Observer, Progress},
    report::StopReason,
};
use crate::team::Crew;

/// Says whether the run has to end.
pub(crate) trait Stopping: Sync {
    /// Why it has to end now, if it has to, as this process sees it.
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
    /// bits of the second at which what is done now has to end, where there is a limit: before it for the
    /// estimate, which leaves some time, and beyond it perhaps for what comes after
    until: AtomicU64,
    crew: Crew,
    /// whether the observer has asked to stop after a step of a run that several processes share
    insisted: AtomicBool,
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
            until: AtomicU64::new(limit.unwrap_or(0.0).to_bits()),
            crew: Crew::default(),
            insisted: AtomicBool::new(false),
        }
    }

    /// The same for a run that several processes share.
    pub(crate) fn shared_by(self, crew: Crew) -> Self {
        Self { crew, ..self }
    }

    pub(crate) fn crew(&self) -> &Crew {
        &self.crew
    }

    /// Why the run has to end now, if it has to: as rank 0 has said at the last exchange, where there
    /// are several.
    pub(crate) fn agreed(&self) -> Option<StopReason> {
        let reason = self.must_stop();
        if self.crew.is_alone() {
            return reason;
        }
        self.crew.say(match reason {
            None => 0,
            Some(StopReason::Seconds) => 1,
            Some(_) => 2,
        });
        match (self.crew.agreed(), self.crew.whole()) {
            (0, Ok(())) => None,
            (1, Ok(())) => Some(StopReason::Seconds),
            _ => Some(StopReason::Interrupted),
        }
    }

    /// Stops as the observer wants it: now or, where others have to be told, soon.
    pub(crate) fn insist(&self) -> Option<StopReason> {
        self.insisted.store(true, Ordering::Relaxed);
        self.crew.is_alone().then_some(StopReason::Interrupted)
    }

    /// Seconds so far.
    pub(crate) fn elapsed(&self) -> f64 {
        self.start.elapsed().as_secs_f64()
    }

    /// The rest of the time is the estimate's.
    pub(crate) fn freeze(&self) {
        self.preparing.store(false, Ordering::Relaxed);
    }

    /// A new proposal is made.
    pub(crate) fn thaw(&self) {
        self.preparing.store(true, Ordering::Relaxed);
        self.reserve(0.0);
    }

    /// Keeps a `share` of the time left for what comes after the estimate.
    pub(crate) fn reserve(&self, share: f64) {
        if let Some(limit) = self.limit {
            self.end_at(limit - share * (limit - self.elapsed()).max(0.0));
        }
    }

    /// Hands out the time that was kept: all of it from now on, as an estimate that ended late has
    /// taken none of it.
    pub(crate) fn release(&self) {
        if let Some(limit) = self.limit {
            let kept = limit - self.until();
            self.end_at(limit.max(self.elapsed() + kept));
        }
    }

    fn until(&self) -> f64 {
        f64::from_bits(self.until.load(Ordering::Relaxed))
    }

    fn end_at(&self, seconds: f64) {
        self.until.store(seconds.to_bits(), Ordering::Relaxed);
    }

    /// Seconds until the estimate, or what comes after it, has to end; `None` without a limit.
    pub(crate) fn seconds_left(&self) -> Option<f64> {
        let limited = self.limit.is_some();
        limited.then(|| (self.until() - self.elapsed()).max(0.0))
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
        let observer = observer.unwrap_or_else(PoisonError::into_inner);
        if observer.interrupted() || self.insisted.load(Ordering::Relaxed) {
            return Some(StopReason::Interrupted);
        }
        let up = match (self.preparing.load(Ordering::Relaxed), self.replaying) {
            (true, true) => return None,
            (true, false) => self.elapsed() >= self.limit? * 0.5,
            (false, _) => self.seconds_left()? <= 0.0,
        };
        up.then_some(StopReason::Seconds)
    }
}
