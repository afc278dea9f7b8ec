//! Text for people: results on stdout, everything else on stderr.

use std::io::{self, Write as _};

use serde::Serialize;

use crate::error::Failure;

/// Prints `text` and a line end; a reader that has gone is no failure.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => Err(stdout_failed(e)),
        _ => Ok(()),
    }
}

/// Prints `value` as one line of JSON.
pub(crate) fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string(value).map_err(|e| stdout_failed(io::Error::other(e)))?;
    print(&text)
}

pub(crate) fn stdout_failed(source: io::Error) -> Failure {
    Failure::Write {
        to: "the output".to_owned(),
        source,
    }
}

/// Says why the command failed.
pub(crate) fn complain(message: &str) {
    note(&format!("error: {message}"));
}

/// Says something beside the result. Without stderr there is nobody to tell.
pub(crate) fn note(message: &str) {
    let _ = writeln!(io::stderr(), "{message}");
}
