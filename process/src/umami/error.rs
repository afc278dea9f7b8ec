//! Why a library gives no matrix elements.

use std::path::PathBuf;

use thiserror::Error;

/// What can be wrong with a UMAMI library.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum UmamiError {
    /// There is no such file.
    #[error("there is no file `{}`", path.display())]
    Missing {
        /// as it was given
        path: PathBuf,
    },
    /// The system cannot load it.
    #[error("`{}` cannot be loaded as a shared library: {reason}", path.display())]
    Load {
        /// as it was given
        path: PathBuf,
        /// the text of the system's loader
        reason: String,
    },
    /// It is some other library.
    #[error(
        "`{}` is no UMAMI library: it has no function {symbol} (an integrand of another kind goes with \
         --symbol)",
        path.display()
    )]
    NotUmami {
        /// as it was given
        path: PathBuf,
        /// what was looked for
        symbol: &'static str,
    },
    /// It speaks another version of the interface.
    #[error(
        "the library speaks version {major}.{minor} of UMAMI, and only versions 1.x are known here"
    )]
    Version {
        /// its major version
        major: i32,
        /// its minor version
        minor: i32,
    },
    /// It computes elsewhere.
    #[error(
        "the library computes on another device (number {device}), only those of the CPU are used"
    )]
    Device {
        /// as it calls its device
        device: i32,
    },
    /// It is for another process.
    #[error("the library has {found} particles, but the process file {expected}")]
    Particles {
        /// of the library
        found: i32,
        /// of the process file
        expected: usize,
    },
    /// It is for other masses.
    #[error(
        "particle {particle} has the mass {found} GeV in the library, but {expected} GeV in the process file"
    )]
    Mass {
        /// counted from 1
        particle: usize,
        /// of the library
        found: f64,
        /// of the process file
        expected: f64,
    },
    /// It wants something that is not known here.
    #[error("the library needs the input {name}, which is not given to it{}", .advice)]
    Needs {
        /// name of the input
        name: String,
        /// how to give it
        advice: &'static str,
    },
    /// It cannot do what the process file asks for.
    #[error("the library takes no {what}, but the process file sets {key}")]
    Takes {
        /// the input or function
        what: &'static str,
        /// the key of the file
        key: &'static str,
    },
    /// A call has failed.
    #[error("{function} failed with status {status}{about}")]
    Status {
        /// the function
        function: &'static str,
        /// what it returned
        status: i32,
        /// more where there is more to say, with a space in front
        about: String,
    },
    /// A path or name has a zero byte.
    #[error("{0:?} has a zero byte, which no C string can hold")]
    ZeroByte(String),
}
