//! The `.info` file of a set: what is needed of it here.
//!
//! YAML of which one level is read: keys at the beginning of a line with a number or a list in brackets,
//! which may go over several lines. Everything else is left alone.

use std::path::Path;

use super::lines::{Lines, number, read, whole};
use super::{AlphaS, PdfError};

/// What a set says about all its members.
#[derive(Clone, Debug, Default)]
pub struct Info {
    /// its number in LHAPDF's list (`SetIndex`)
    pub set: Option<i32>,
    /// whose partons these are, in the numbering of the Particle Data Group (`Particle`)
    pub particle: Option<i32>,
    /// the strong coupling (`AlphaS_Qs` and `AlphaS_Vals`), where it is given as a table
    pub alpha_s: Option<AlphaS>,
}

/// A list and the line where it begins.
type Table = Option<(usize, Vec<f64>)>;

impl Info {
    /// Reads a file.
    ///
    /// # Errors
    /// See [`PdfError`].
    pub fn load(path: &Path) -> Result<Self, PdfError> {
        Self::from_bytes(&read(path)?)
    }

    /// Reads the bytes of a file.
    ///
    /// # Errors
    /// See [`PdfError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, PdfError> {
        let mut lines = Lines::new(bytes)?;
        let mut info = Self::default();
        let (mut q, mut values): (Table, Table) = (None, None);
        while !lines.is_empty() {
            let (line, text) = lines.line("a key")?;
            let Some((key, value)) = text.split_once(':') else {
                continue;
            };
            match key {
                "SetIndex" => one(&mut info.set, line, "SetIndex", whole(line, value.trim())?)?,
                "Particle" => one(
                    &mut info.particle,
                    line,
                    "Particle",
                    whole(line, value.trim())?,
                )?,
                "AlphaS_Qs" => {
                    let table = (line, list(line, value, &mut lines)?);
                    one(&mut q, line, "AlphaS_Qs", table)?;
                }
                "AlphaS_Vals" => {
                    let table = (line, list(line, value, &mut lines)?);
                    one(&mut values, line, "AlphaS_Vals", table)?;
                }
                _ => {}
            }
        }
        let half = |missing, given| Err(PdfError::HalfTable { missing, given });
        info.alpha_s = match (q, values) {
            (Some((at, q)), Some((line, values))) => {
                Some(AlphaS::at_lines(&q, &values, (at, line))?)
            }
            (None, None) => None,
            (Some(_), None) => return half("AlphaS_Vals", "AlphaS_Qs"),
            (None, Some(_)) => return half("AlphaS_Qs", "AlphaS_Vals"),
        };
        Ok(info)
    }
}

/// Keeps the value of a key that may be there once.
fn one<T>(place: &mut Option<T>, line: usize, key: &'static str, value: T) -> Result<(), PdfError> {
    match place.replace(value) {
        Some(_) => Err(PdfError::Twice { line, key }),
        None => Ok(()),
    }
}

/// The numbers from `[` to `]`, which may be some lines further down.
fn list(line: usize, text: &str, lines: &mut Lines<'_>) -> Result<Vec<f64>, PdfError> {
    let mut values = Vec::new();
    let Some(mut text) = text.trim().strip_prefix('[') else {
        return Err(PdfError::Ended {
            line,
            wanted: "a list in brackets",
        });
    };
    let mut line = line;
    loop {
        let (inside, ended) = match text.split_once(']') {
            Some((inside, _)) => (inside, true),
            None => (text, false),
        };
        let words = inside.split(',').map(str::trim).filter(|w| !w.is_empty());
        for word in words {
            values.push(number(line, word)?);
        }
        if ended {
            return Ok(values);
        }
        (line, text) = lines.line("the end of a list, ]")?;
    }
}
