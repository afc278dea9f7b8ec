//! Why a process cannot be set up.

use std::path::PathBuf;

use strsim::{jaro_winkler, normalized_damerau_levenshtein};
use thiserror::Error;
use toml::de::Error as TomlError;

use crate::umami::UmamiError;

/// What can be wrong with a process.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum ProcessError {
    /// The process file cannot be read.
    #[error("cannot read the process file `{}`: {reason}", path.display())]
    Read {
        /// as it was given
        path: PathBuf,
        /// the text of the system
        reason: String,
    },
    /// The process file is no TOML, or has a key or value that there is none of.
    #[error("in the process file `{}`, {message}", path.display())]
    Syntax {
        /// as it was given
        path: PathBuf,
        /// where and what
        message: String,
    },
    /// A value makes no sense.
    #[error("in the process file, `{key}`: {message}")]
    Value {
        /// the key
        key: &'static str,
        /// what is wrong and what would be right
        message: String,
    },
    /// The library cannot be used.
    #[error(transparent)]
    Umami(#[from] UmamiError),
}

impl ProcessError {
    pub(super) fn value(key: &'static str, message: String) -> Self {
        Self::Value { key, message }
    }

    pub(super) fn syntax(path: PathBuf, text: &str, error: &TomlError) -> Self {
        let line = error.span().map_or(1, |span| {
            text[..span.start.min(text.len())].matches('\n').count() + 1
        });
        let message = error.message();
        let hint = suggestion(message)
            .map_or_else(String::new, |name| format!("; did you mean `{name}`?"));
        Self::Syntax {
            path,
            message: format!("line {line}: {message}{hint}"),
        }
    }
}

/// The known name nearest to the unknown one, in a message like "unknown field `a`, expected `b`".
fn suggestion(message: &str) -> Option<&str> {
    let mut names = message.split('`').skip(1).step_by(2);
    if !message.starts_with("unknown ") {
        return None;
    }
    let unknown = names.next()?;
    let near = |known: &&str| {
        let edits = normalized_damerau_levenshtein(unknown, known);
        edits.max(jaro_winkler(unknown, known) - 0.28)
    };
    let best = names.max_by(|a, b| near(a).total_cmp(&near(b)))?;
    (near(&best) >= 0.6).then_some(best)
}

#[cfg(test)]
mod tests {
    use super::suggestion;

    #[test]
    fn the_nearest_name_is_suggested() {
        let text = "unknown field `energy`, expected one of `ids`, `energies`";
        assert_eq!(suggestion(text), Some("energies"));
        assert_eq!(
            suggestion("unknown field `x`, expected `ids` or `energies`"),
            None
        );
        assert_eq!(suggestion("missing field `ids`"), None);
    }
}
