//! The checkpoint file of a run, with a word on stderr when it cannot be written.

use thalweg::integrate::{Checkpoint, CheckpointStore};
use thalweg::{CheckpointFile, Result};

/// Says at once, and once, that a run cannot be kept: it may go on for hours.
pub(crate) struct Kept<'f, T> {
    file: &'f mut CheckpointFile,
    tell: T,
    told: bool,
    failed: bool,
}

impl<'f, T: Fn(&str) + Send> Kept<'f, T> {
    pub(crate) fn new(file: &'f mut CheckpointFile, tell: T) -> Self {
        Self {
            file,
            tell,
            told: false,
            failed: false,
        }
    }

    /// Whether the last state was not kept.
    pub(crate) fn has_failed(&self) -> bool {
        self.failed
    }

    fn mind(&mut self, result: Result<()>) -> Result<()> {
        self.failed = result.is_err();
        if let Err(error) = &result
            && !self.told
        {
            self.told = true;
            (self.tell)(&format!(
                "warning: the run cannot be kept and goes on without: {error}"
            ));
        }
        result
    }
}

impl<T: Fn(&str) + Send> CheckpointStore for Kept<'_, T> {
    fn due(&mut self) -> bool {
        self.file.due()
    }

    fn save(&mut self, checkpoint: &Checkpoint) -> Result<()> {
        let saved = self.file.save(checkpoint);
        self.mind(saved)
    }

    fn finish(&mut self) -> Result<()> {
        let finished = self.file.finish();
        self.mind(finished)
    }
}
