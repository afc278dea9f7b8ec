//! Why there is no gridpack.

use std::io;
use std::path::PathBuf;

use thiserror::Error as ThisError;

/// What can be wrong with a gridpack.
#[derive(Debug, ThisError)]
pub(crate) enum GridpackError {
    #[error("{} is there already; a gridpack is a new folder", path.display())]
    Exists { path: PathBuf },
    #[error(
        "`{name}` does not do as the name of a gridpack, which stands in scripts: letters, digits, \
         `.`, `_` and `-`, a letter or digit first"
    )]
    Name { name: String },
    #[error("cannot make {}: {source}", path.display())]
    Make { path: PathBuf, source: io::Error },
    #[error("cannot copy {}: {source}", path.display())]
    Copy { path: PathBuf, source: io::Error },
    #[error("cannot copy {}: a folder within itself, or folders more than {most} deep", path.display())]
    Deep { path: PathBuf, most: usize },
    #[error("there is no file {}, the `{key}` of the process file", path.display())]
    Missing { path: PathBuf, key: &'static str },
    #[error("the gridpack does not work by itself: {said}")]
    Broken { said: String },
}
