//! Watching a run without touching it.

use super::report::{Iteration, PerPhase};

/// What an observer sees after each step.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    /// the step that has just ended
    pub iteration: &'a Iteration,
    /// calls so far
    pub calls: PerPhase<u64>,
    /// the budget
    pub max_calls: u64,
}

/// Whether the run shall go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// go on
    Continue,
    /// stop with what there is; the report's status becomes interrupted
    Stop,
}

/// Sees each step and may ask to stop. Observers never change the numbers of a run.
pub trait Observer: Send + Sync {
    /// Called after each step, on one thread at a time, in order.
    fn step(&mut self, progress: &Progress<'_>) -> Control;

    /// Asked between the chunks of a step, on any thread's behalf: true stops soon.
    fn interrupted(&self) -> bool {
        false
    }
}

/// Watches nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {
    fn step(&mut self, _progress: &Progress<'_>) -> Control {
        Control::Continue
    }
}
