//! The text of a member: a header, and subgrids that are ended by `---`.
//!
//! ```text
//! PdfType: central
//! Format: lhagrid1
//! ---
//! knots in x
//! knots in Q
//! numbers of the partons
//! x f for each parton: one line for each x and Q, Q the faster one
//! ---
//! ```
//!
//! Memory: lists grow with the words that are there; numbers take 8 bytes, a word at least 2 of the file.

use super::PdfError;
use super::lines::{Lines, number, whole};

/// Most partons of a file; there are 14, and a few more in models with more particles.
const PARTONS: usize = 64;

/// A subgrid as it is written.
#[derive(Debug)]
pub(super) struct Block {
    /// the line of the knots in x; that in Q and the partons follow
    pub(super) line: usize,
    pub(super) x: Vec<f64>,
    /// in `GeV`
    pub(super) q: Vec<f64>,
    pub(super) ids: Vec<i32>,
    /// `[x.len() * q.len() * ids.len()]`
    pub(super) values: Vec<f64>,
}

/// The subgrids of a file one after the other, so that only one is in memory as it is written.
#[derive(Debug)]
pub(super) struct Blocks<'a> {
    lines: Lines<'a>,
}

impl<'a> Blocks<'a> {
    /// Reads the header.
    pub(super) fn new(bytes: &'a [u8]) -> Result<Self, PdfError> {
        let mut lines = Lines::new(bytes)?;
        header(&mut lines)?;
        Ok(Self { lines })
    }

    /// The next subgrid, which must be there.
    pub(super) fn block(&mut self) -> Result<Block, PdfError> {
        block(&mut self.lines)
    }

    /// Whether there is another one.
    pub(super) fn more(&self) -> bool {
        !self.lines.is_empty()
    }
}

/// Reads up to `---`.
fn header(lines: &mut Lines<'_>) -> Result<(), PdfError> {
    let mut format = None;
    loop {
        let (line, text) = lines.line("the end of the header, ---")?;
        if text == "---" {
            return match format {
                Some((_, "lhagrid1")) => Ok(()),
                Some((line, found)) => Err(unknown(line, found)),
                None => Err(unknown(line, "")),
            };
        }
        if let Some(found) = text.strip_prefix("Format:") {
            format = Some((line, found.trim()));
        }
    }
}

fn unknown(line: usize, found: &str) -> PdfError {
    PdfError::Format {
        line,
        found: found.chars().take(40).collect(),
    }
}

fn block(lines: &mut Lines<'_>) -> Result<Block, PdfError> {
    let (first, text) = lines.line("knots in x")?;
    let x = list(text, |word| number(first, word))?;
    let (line, text) = lines.line("knots in Q")?;
    let q = list(text, |word| number(line, word))?;
    let (line, text) = lines.line("the numbers of the partons")?;
    let found = text.split_ascii_whitespace().count();
    if found > PARTONS {
        return Err(PdfError::Count {
            line,
            what: "partons",
            found,
            wanted: format!("{PARTONS} or fewer"),
        });
    }
    let ids: Vec<i32> = list(text, |word| whole(line, word))?;
    let rows = x.len().saturating_mul(q.len());
    let size = rows.saturating_mul(ids.len());
    // Every number takes a character and something behind it.
    if size == 0 || size > lines.len().div_ceil(2) {
        return Err(PdfError::Count {
            line: line + 1,
            what: "bytes",
            found: lines.len(),
            wanted: format!("{} x {} knots of {} partons", x.len(), q.len(), ids.len()),
        });
    }
    let mut values = Vec::with_capacity(size);
    for _ in 0..rows {
        let (line, text) = lines.line("densities")?;
        let found = text.split_ascii_whitespace().count();
        if found != ids.len() {
            return Err(PdfError::Count {
                line,
                what: "densities",
                found,
                wanted: ids.len().to_string(),
            });
        }
        for word in text.split_ascii_whitespace() {
            values.push(number(line, word)?);
        }
    }
    // Some files end without the last mark; every value is there then.
    if !lines.is_empty() {
        let (line, text) = lines.line("---")?;
        if text != "---" {
            return Err(PdfError::Count {
                line,
                what: "lines of densities or more",
                found: rows + 1,
                wanted: format!("{rows}, and then ---"),
            });
        }
    }
    Ok(Block {
        line: first,
        x,
        q,
        ids,
        values,
    })
}

fn list<T>(text: &str, read: impl Fn(&str) -> Result<T, PdfError>) -> Result<Vec<T>, PdfError> {
    text.split_ascii_whitespace().map(read).collect()
}
