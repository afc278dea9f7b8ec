//! Why a text is no expression, in words that say what would be right.

use thiserror::Error;

use super::{MAX_LENGTH, MAX_NESTING};

/// Why a text is no expression.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub(crate) enum ExpressionError {
    /// The text does not follow the grammar.
    #[error("column {column}: {fault}\n  {excerpt}")]
    Syntax {
        /// Where, in characters from 1.
        column: usize,
        /// What is wrong there.
        fault: &'static str,
        /// The text around it, and a second line with a caret below the place.
        excerpt: String,
    },
    /// A name that is no variable, constant or function.
    #[error("unknown name `{name}`; {hint}")]
    UnknownName {
        /// The name.
        name: String,
        /// The nearest known names, or the variables if none is near.
        hint: String,
    },
    /// A variable beyond the dimension.
    #[error("{name} is used but --dim is {dim}: {}", variables(*dim))]
    VariableRange {
        /// The variable as written.
        name: String,
        /// The dimension.
        dim: usize,
    },
    /// A function with too few or too many arguments, or a variable or constant with some.
    #[error("{name} takes {expected} argument(s), not {given}")]
    ArgumentCount {
        /// The function.
        name: String,
        /// How many it takes.
        expected: usize,
        /// How many are written.
        given: usize,
    },
    /// More text than [`Expression::parse`](super::Expression::parse) reads.
    #[error("the expression is {length} bytes long, at most {MAX_LENGTH} are read")]
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// Parentheses, signs and powers within each other, or operators waiting for their right side.
    #[error("the expression is nested too deeply (at most {MAX_NESTING} levels)")]
    TooDeep,
}

/// Which variables there are, for messages.
pub(super) fn variables(dim: usize) -> String {
    match dim {
        0 => "there are no variables".into(),
        1 => "the only variable is x0 (or x)".into(),
        _ => format!("variables are x0 to x{}", dim - 1),
    }
}

pub(super) fn wrong_count(name: &str, expected: usize, given: usize) -> ExpressionError {
    ExpressionError::ArgumentCount {
        name: name.to_owned(),
        expected,
        given,
    }
}

/// The error `fault` at byte `at`, with the text around it and a caret.
pub(super) fn syntax(text: &str, at: usize, fault: &'static str) -> ExpressionError {
    let column = text[..at].chars().count();
    let first = column.saturating_sub(40);
    let around = text.chars().skip(first).take(60);
    let line: String = around
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let excerpt = format!(
        "{}\n  {:>width$}",
        line.trim_end(),
        '^',
        width = column - first + 1
    );
    ExpressionError::Syntax {
        column: column + 1,
        fault,
        excerpt,
    }
}
