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

/// Columns that text should not go beyond.
const COLUMNS: usize = 100;

/// `  name   value` with the value from column `at` on, continued below itself where it is long.
pub(crate) fn entry(name: &str, at: usize, value: &str) -> String {
    let mut text = format!("  {name}");
    let mut column = text.chars().count();
    for (i, word) in value.split(' ').enumerate() {
        let length = word.chars().count();
        if i == 0 {
            let gap = at.saturating_sub(column).max(usize::from(!name.is_empty()));
            text += &" ".repeat(gap);
            column += gap;
        } else if column + 1 + length > COLUMNS {
            text.push('\n');
            text += &" ".repeat(at);
            column = at;
        } else {
            text.push(' ');
            column += 1;
        }
        text += word;
        column += length;
    }
    text
}

/// Says why the command failed.
pub(crate) fn complain(message: &str) {
    note(&format!("error: {message}"));
}

/// Says something beside the result. Without stderr there is nobody to tell.
pub(crate) fn note(message: &str) {
    let _ = writeln!(io::stderr(), "{message}");
}

#[cfg(test)]
mod tests {
    use super::entry;

    #[test]
    fn long_values_go_on_below_themselves() {
        assert_eq!(entry("name", 8, "a value"), "  name  a value");
        let long = "word ".repeat(30);
        let text = entry("name", 8, long.trim_end());
        let mut lines = text.lines();
        assert!(text.lines().all(|line| line.len() <= 100), "{text}");
        assert_eq!(lines.next().map(|line| &line[..12]), Some("  name  word"));
        assert_eq!(lines.next().map(|line| &line[..12]), Some("        word"));
    }
}
