//! Files that runs of the program write and read.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

/// A file of the folder for temporary files of tests; each test has its own names.
pub(crate) fn scratch(name: &str) -> String {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    path.display().to_string()
}

/// A file for a checkpoint and the one that keeps the last but one, of which there is none yet.
pub(crate) fn checkpoint(name: &str) -> [String; 2] {
    let file = scratch(name);
    let previous = format!("{file}.1");
    let both = [file, previous];
    for path in &both {
        let _ = fs::remove_file(path);
    }
    both
}

/// Until there is a file at `path`, for half a minute at most.
pub(crate) fn wait_for(path: &str) {
    for _ in 0..6000 {
        if fs::exists(path).unwrap_or(false) {
            break;
        }
        thread::sleep(Duration::from_millis(5));
    }
}
