//! What is kept of runs.

use thalweg::Result;
use thalweg::integrate::{Checkpoint, CheckpointStore};

/// Keeps the last state as bytes; every `every`th question is answered with yes.
pub(crate) struct Store {
    every: u64,
    asked: u64,
    pub(crate) bytes: Vec<u8>,
}

impl Store {
    pub(crate) fn new(every: u64) -> Self {
        Self {
            every,
            asked: 0,
            bytes: Vec::new(),
        }
    }
}

/// What was kept as bytes, if anything was.
pub(crate) fn state(bytes: &[u8]) -> Option<Checkpoint> {
    rmp_serde::from_slice(bytes).ok()
}

impl CheckpointStore for Store {
    fn due(&mut self) -> bool {
        self.asked += 1;
        self.asked.is_multiple_of(self.every)
    }

    fn save(&mut self, checkpoint: &Checkpoint) -> Result<()> {
        self.bytes = rmp_serde::to_vec(checkpoint).expect("plain data");
        Ok(())
    }
}
