//! What can be wrong with a file of densities, or with a question to it.

use std::{io, path::PathBuf};

use thiserror::Error;

/// Every error of parton densities. Lines are counted from 1.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PdfError {
    /// The file cannot be read.
    #[error("{}: {source}", path.display())]
    Io {
        /// the file
        path: PathBuf,
        /// why
        source: io::Error,
    },
    /// A file larger than any member of a set.
    #[error("more than {most} bytes, which no file of densities has")]
    TooLarge {
        /// the largest size that is read
        most: u64,
    },
    /// Bytes that are no text.
    #[error("line {line} is no UTF-8 text")]
    NotText {
        /// the line
        line: usize,
    },
    /// A header without the format, or with another one.
    #[error("line {line}: the format is {found:?}, not lhagrid1")]
    Format {
        /// the line, or that of the end of the header
        line: usize,
        /// what is there; empty where nothing is
        found: String,
    },
    /// The file ends too early.
    #[error("the file ends at line {line}, where {wanted} should be")]
    Ended {
        /// the line after the last
        line: usize,
        /// what should be there
        wanted: &'static str,
    },
    /// A word that is no finite number.
    #[error("line {line}: {found:?} is no {wanted}")]
    NotANumber {
        /// the line
        line: usize,
        /// the word
        found: String,
        /// what it should be
        wanted: &'static str,
    },
    /// A line or a list of the wrong length.
    #[error("line {line}: {found} {what}; {wanted} should be there")]
    Count {
        /// the line
        line: usize,
        /// what is counted
        what: &'static str,
        /// how many there are
        found: usize,
        /// how many there should be
        wanted: String,
    },
    /// Knots outside their range.
    #[error("line {line}: {value} is no knot of {axis}; it must be {allowed}")]
    Knot {
        /// the line
        line: usize,
        /// x or Q
        axis: &'static str,
        /// the knot
        value: f64,
        /// what would be right
        allowed: &'static str,
    },
    /// Knots that do not rise.
    #[error(
        "line {line}: knot {index} of {axis}, {value}, is not above {before}, the one before it"
    )]
    Order {
        /// the line
        line: usize,
        /// x or Q
        axis: &'static str,
        /// which knot, counted from 0
        index: usize,
        /// the knot
        value: f64,
        /// the one before it
        before: f64,
    },
    /// A parton that is named twice, or differently in two subgrids.
    #[error("line {line}: parton {id} {fault}")]
    Parton {
        /// the line
        line: usize,
        /// its number
        id: i32,
        /// what is wrong with it
        fault: &'static str,
    },
    /// Subgrids that do not follow each other.
    #[error("line {line}: this subgrid begins at Q = {low}, but the one before ends at {end}")]
    Gap {
        /// the line
        line: usize,
        /// its lowest Q
        low: f64,
        /// where it should begin
        end: f64,
    },
    /// Values between which slopes overflow.
    #[error("the values from line {line} on are too large for slopes between them")]
    Overflow {
        /// the line
        line: usize,
    },
    /// A key of an `.info` file that is there twice.
    #[error("line {line}: {key} is given a second time")]
    Twice {
        /// the line
        line: usize,
        /// the key
        key: &'static str,
    },
    /// Tables of the strong coupling of which one is missing.
    #[error("{missing} is missing; it belongs to {given}")]
    HalfTable {
        /// the key that is missing
        missing: &'static str,
        /// the key that is there
        given: &'static str,
    },
    /// A question outside of what the densities are known for.
    #[error("{axis} = {value} is outside of [{low}, {high}]")]
    Outside {
        /// x or Q^2
        axis: &'static str,
        /// its value
        value: f64,
        /// the least that is allowed
        low: f64,
        /// the most
        high: f64,
    },
    /// A parton that the densities do not have.
    #[error("no density of parton {id}; there are {known:?}")]
    Unknown {
        /// its number
        id: i32,
        /// those that are there
        known: Vec<i32>,
    },
}
