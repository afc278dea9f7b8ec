//! Ctrl-C: the first one asks the run to end with what it has, the second one ends the program.

use std::process;
use std::sync::atomic::{AtomicBool, Ordering};

static SEEN: AtomicBool = AtomicBool::new(false);

/// Begins to listen. Where that is impossible, Ctrl-C ends the program as it always does.
pub(crate) fn listen() {
    let _ = ctrlc::set_handler(|| {
        if SEEN.swap(true, Ordering::Relaxed) {
            leave();
        }
    });
}

#[expect(clippy::exit, reason = "the user insists")]
fn leave() {
    process::exit(130);
}

/// Whether Ctrl-C was pressed.
pub(crate) fn seen() -> bool {
    SEEN.load(Ordering::Relaxed)
}
