//! A Python function that watches a run.

use thalweg::{Control, Observer, Progress};

use crate::bridge::{Step, Wire};

/// Sends every step over the wire.
#[derive(Debug)]
pub(crate) struct Watcher<'a> {
    pub(crate) wire: Wire<'a>,
    /// whether anyone looks
    pub(crate) wanted: bool,
}

impl Observer for Watcher<'_> {
    fn step(&mut self, progress: &Progress<'_>) -> Control {
        if !self.wanted {
            return Control::Continue;
        }
        let i = progress.iteration;
        self.wire.step(Step {
            phase: i.phase.name(),
            calls: i.calls,
            all_calls: progress.calls.total(),
            max_calls: progress.max_calls,
            value: i.value,
            error: i.error,
            rel_std: i.rel_std,
            beta: i.beta,
        })
    }

    fn interrupted(&self) -> bool {
        self.wire.stopped()
    }
}
