//! Lines of a file of text with their numbers, and the words on them as numbers.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::str::from_utf8;

use super::PdfError;

/// The largest file that is read: some times the largest members of published sets.
const LARGEST: u64 = 32 << 20;

/// The bytes of a file.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, PdfError> {
    let io = |source| PdfError::Io {
        path: path.to_owned(),
        source,
    };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(io)?;
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() as u64 > LARGEST {
        return Err(PdfError::TooLarge { most: LARGEST });
    }
    Ok(bytes)
}

/// The lines that are left of a text.
#[derive(Clone, Debug)]
pub(super) struct Lines<'a> {
    rest: &'a str,
    /// the number of the next one
    next: usize,
}

impl<'a> Lines<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Result<Self, PdfError> {
        let rest = from_utf8(bytes).map_err(|e| {
            let before = &bytes[..e.valid_up_to()];
            PdfError::NotText {
                line: before.split(|b| *b == b'\n').count(),
            }
        })?;
        Ok(Self { rest, next: 1 })
    }

    /// Bytes that are left.
    pub(super) fn len(&self) -> usize {
        self.rest.len()
    }

    /// Whether nothing but space is left.
    pub(super) fn is_empty(&self) -> bool {
        self.rest.trim_start().is_empty()
    }

    /// The next line without space around it, and its number.
    pub(super) fn line(&mut self, wanted: &'static str) -> Result<(usize, &'a str), PdfError> {
        let number = self.next;
        if self.rest.is_empty() {
            return Err(PdfError::Ended {
                line: number,
                wanted,
            });
        }
        let (line, rest) = self.rest.split_once('\n').unwrap_or((self.rest, ""));
        self.rest = rest;
        self.next += 1;
        Ok((number, line.trim()))
    }
}

/// A finite number.
pub(super) fn number(line: usize, word: &str) -> Result<f64, PdfError> {
    match word.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(value),
        _ => Err(not(line, word, "finite number")),
    }
}

/// A whole number.
pub(super) fn whole(line: usize, word: &str) -> Result<i32, PdfError> {
    word.parse()
        .map_err(|_| not(line, word, "number of a particle"))
}

/// The error for a word, of which no more is kept than one wants to read.
fn not(line: usize, word: &str, wanted: &'static str) -> PdfError {
    PdfError::NotANumber {
        line,
        found: word.chars().take(40).collect(),
        wanted,
    }
}
