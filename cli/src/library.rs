//! A function of a shared library of the user's as integrand.
//!
//! The C signature is
//!
//! ```c
//! double NAME(const double *x, int dim);
//! ```
//!
//! where `x` holds `dim` values in the user's domain (not in the unit cube) and the value returned
//! is f(x). Fortran reaches it with `bind(c)` and `integer(c_int), value :: dim`, C++ with
//! `extern "C"`. `cc -O2 -shared -fPIC f.c -o libf.so` makes the file.
//!
//! Weakness: a symbol carries no type. A function of another signature, or a variable of that
//! name, is not noticed here and gives rubbish or a crash.
#![expect(
    unsafe_code,
    reason = "calling into a library of the user's cannot be checked"
)]

use std::ffi::c_int;
use std::path::{Path, PathBuf};

use thalweg_process::load::{LoadError, load, reason};
use thiserror::Error;

/// The C function `double NAME(const double *x, int dim)`.
type Function = unsafe extern "C" fn(*const f64, c_int) -> f64;

/// Why a library could not be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub(crate) enum LibraryError {
    /// There is no file at that path.
    #[error("there is no file `{}`", path.display())]
    Missing {
        /// The path as the user gave it.
        path: PathBuf,
    },
    /// The file is there, but the system cannot load it.
    #[error("`{}` cannot be loaded as a shared library: {reason}", path.display())]
    Load {
        /// The path as the user gave it.
        path: PathBuf,
        /// The text of the system's loader.
        reason: String,
    },
    /// The library has no such symbol.
    #[error(
        "`{}` has no function `{symbol}` (in C++ it needs extern \"C\"): {reason}",
        path.display()
    )]
    Symbol {
        /// The path as the user gave it.
        path: PathBuf,
        /// The symbol looked for.
        symbol: String,
        /// The text of the system's loader.
        reason: String,
    },
    /// The dimension does not fit the C type `int`.
    #[error("a C integrand takes its dimension as an int, {dim} is too large")]
    Dimension {
        /// The dimension given.
        dim: usize,
    },
}

/// A loaded library and the one function used from it.
///
/// It is `Send` and `Sync` because a loaded library and a function address belong to the whole
/// process. Whether the function itself may run on several threads at once only its author knows
/// (static variables, Fortran `SAVE`), so the caller evaluates on one thread unless the user asks
/// for more.
#[derive(Debug)]
pub(crate) struct Library {
    function: Function,
    dim: usize,
    c_dim: c_int,
    /// Keeps the code mapped for as long as `function` can be called.
    _handle: libloading::Library,
}

impl Library {
    /// Loads `path` and looks up `symbol`, a function of `dim` variables.
    ///
    /// A relative path, a bare file name too, starts at the current directory; the system's
    /// library folders are not searched. The initialisers of the library run here.
    ///
    /// # Errors
    ///
    /// When there is no such file, when the system cannot load it, when it has no such symbol, and
    /// when `dim` is more than a C `int` holds.
    pub(crate) fn open(path: &Path, symbol: &str, dim: usize) -> Result<Self, LibraryError> {
        let c_dim = c_int::try_from(dim).map_err(|_| LibraryError::Dimension { dim })?;
        let handle = load(path).map_err(|error| match error {
            LoadError::Missing => LibraryError::Missing { path: path.into() },
            LoadError::Refused(reason) => LibraryError::Load {
                path: path.into(),
                reason,
            },
        })?;
        // SAFETY: the user states that the symbol is a function of the documented signature.
        let found = unsafe { handle.get::<Function>(symbol) };
        let function = *found.map_err(|error| LibraryError::Symbol {
            path: path.into(),
            symbol: symbol.into(),
            reason: reason(&error),
        })?;
        Ok(Self {
            function,
            dim,
            c_dim,
            _handle: handle,
        })
    }

    /// f(x) for one point `x` `[dim]` of the user's domain.
    ///
    /// # Panics
    ///
    /// When `x` does not have `dim` values: the C side would read past its end.
    pub(crate) fn eval(&self, x: &[f64]) -> f64 {
        assert_eq!(x.len(), self.dim, "a point has one value per dimension");
        // SAFETY: the library is still loaded (`_handle`), `x` holds the `dim` values announced,
        // and the user vouches for the signature (see `open`).
        unsafe { (self.function)(x.as_ptr(), self.c_dim) }
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the values compared are exact")]
mod tests {
    use std::path::{Path, PathBuf};
    use std::process::{Command, id};
    use std::{env, fs, io};

    use thalweg_process::load::from_current_directory;

    use super::{Library, LibraryError};

    const SOURCE: &str = "\
        int calls = 0;\n\
        double weighted(const double *x, int dim) {\n\
            double sum = 0;\n\
            for (int i = 0; i < dim; i++) sum += (i + 1) * x[i];\n\
            return sum;\n\
        }\n";

    /// A folder of its own for one test, removed at its end.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> io::Result<Self> {
            let path = env::temp_dir().join(format!("thalweg-library-{name}-{}", id()));
            fs::create_dir_all(&path)?;
            Ok(Self(path))
        }

        /// The compiled `SOURCE`, or `None` where there is no C compiler.
        fn compiled(&self) -> io::Result<Option<PathBuf>> {
            let (source, library) = (self.0.join("f.c"), self.0.join("libf.so"));
            fs::write(&source, SOURCE)?;
            let mut command = Command::new("cc");
            command
                .args(["-shared", "-fPIC", "-o"])
                .arg(&library)
                .arg(&source);
            match command.output() {
                Ok(output) if output.status.success() => Ok(Some(library)),
                Ok(output) => Err(io::Error::other(String::from_utf8_lossy(&output.stderr))),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                Err(error) => Err(error),
            }
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    #[expect(clippy::print_stderr, reason = "a test that did not run should say so")]
    fn a_compiled_function_is_evaluated_and_a_missing_one_named() {
        let folder = Folder::new("compiled").unwrap();
        let Some(path) = folder.compiled().unwrap() else {
            eprintln!("no C compiler, nothing tested");
            return;
        };
        let library = Library::open(&path, "weighted", 3).unwrap();
        assert_eq!(library.eval(&[1.0, 10.0, 100.0]), 321.0);
        for symbol in ["unweighted", "", "weigh\0ted"] {
            let error = Library::open(&path, symbol, 3).unwrap_err();
            let text = error.to_string();
            assert!(matches!(error, LibraryError::Symbol { .. }), "{text}");
            assert!(text.contains(&format!("`{symbol}`")), "{text}");
            assert!(text.contains(&path.display().to_string()), "{text}");
        }
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = Library::open(Path::new("no-such-library.so"), "f", 2).unwrap_err();
        assert_eq!(error.to_string(), "there is no file `no-such-library.so`");
    }

    #[test]
    fn what_is_no_library_is_refused_with_the_reason_of_the_system() {
        let folder = Folder::new("text").unwrap();
        let path = folder.0.join("notes.so");
        fs::write(
            &path,
            "this is no library, but long enough for a header to be looked for\n",
        )
        .unwrap();
        for path in [&path, &folder.0] {
            let error = Library::open(path, "f", 2).unwrap_err();
            assert!(
                matches!(&error, LibraryError::Load { reason, .. } if reason != "dlopen failed")
            );
            assert!(
                error.to_string().contains(&path.display().to_string()),
                "{error}"
            );
        }
    }

    #[test]
    fn a_bare_name_starts_at_the_current_directory() {
        for name in ["libf.so", "./libf.so", "lib/libf.so"] {
            let path = from_current_directory(Path::new(name));
            assert_eq!(path, Path::new(".").join(name));
        }
        assert_eq!(
            from_current_directory(Path::new("/lib/f.so")),
            Path::new("/lib/f.so")
        );
    }

    #[test]
    fn a_dimension_beyond_int_is_refused() {
        let error = Library::open(Path::new("no-such-library.so"), "f", usize::MAX).unwrap_err();
        assert!(matches!(error, LibraryError::Dimension { dim: usize::MAX }));
    }
}
