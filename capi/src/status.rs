//! What every function returns, and the words that go with it.

use std::any::Any;
use std::cell::RefCell;
use std::ffi::{CStr, CString, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::result;

use thalweg::{Error, IntegrandError};

/// What a function returns. The numbers never change their meaning.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// it was done
    Ok = 0,
    /// a pointer that must not be null is
    NullPointer = 1,
    /// the handle was freed, or is none that thalweg gave
    InvalidHandle = 2,
    /// the handle is one of another kind of object
    WrongKind = 3,
    /// a number or choice that is not allowed, or sizes that do not fit together
    InvalidArgument = 4,
    /// a text that is not UTF-8, or not of the form it must have
    InvalidText = 5,
    /// the buffer does not hold the text or the bytes; the length that is needed was told
    BufferTooSmall = 6,
    /// more numbers than a call handles
    TooLarge = 7,
    /// a call at a time when it makes no sense, as tell without ask
    OutOfTurn = 8,
    /// another thread is using the object
    Busy = 9,
    /// the integrand returned a code that is neither 0 nor `THALWEG_END_RUN`
    IntegrandFailed = 10,
    /// the integrand gave NaN or an infinity, or one after the Jacobian of the range
    NonFinite = 11,
    /// all weights are zero: there is nothing to draw events from
    NoSignal = 12,
    /// stopped before there was anything to report
    Stopped = 13,
    /// a file could not be read or written
    File = 14,
    /// not a model, a damaged one, or one of a newer format
    InvalidModel = 15,
    /// threads could not be started
    Threads = 16,
    /// a fault of thalweg; the object at hand should be freed
    Panic = 17,
}

/// Why something was not done.
#[derive(Debug)]
pub(crate) struct Failure {
    status: Status,
    text: String,
}

/// `Result` with a [`Failure`].
pub(crate) type Result<T = (), E = Failure> = result::Result<T, E>;

impl Failure {
    pub(crate) fn new(status: Status, text: impl Into<String>) -> Self {
        let text = text.into();
        Self { status, text }
    }

    pub(crate) fn argument(text: impl Into<String>) -> Self {
        Self::new(Status::InvalidArgument, text)
    }

    /// Of a panic.
    pub(crate) fn panic(panic: &(dyn Any + Send)) -> Self {
        let text = panic.downcast_ref::<&str>().copied();
        let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        Self::new(Status::Panic, text.unwrap_or("a panic without a message"))
    }

    pub(crate) fn status(&self) -> Status {
        self.status
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let status = match &error {
            Error::Integrand(
                IntegrandError::NonFinite { .. } | IntegrandError::Overflow { .. },
            ) => Status::NonFinite,
            Error::Integrand(_) => Status::IntegrandFailed,
            Error::NotSavable { .. } | Error::InvalidModel { .. } | Error::NewerModel { .. } => {
                Status::InvalidModel
            }
            Error::File { .. } => Status::File,
            Error::Threads { .. } => Status::Threads,
            Error::NoSignal { .. } => Status::NoSignal,
            Error::Stopped => Status::Stopped,
            Error::ZeroDimension
            | Error::DimensionMismatch { .. }
            | Error::ZeroOutputs
            | Error::EmptyRange { .. }
            | Error::NoVolume { .. }
            | Error::InvalidSetting { .. }
            | Error::Histogram { .. }
            | Error::NoStrata { .. }
            | Error::BudgetTooSmall { .. }
            | Error::NotShared { .. }
            | Error::InvalidCheckpoint { .. }
            | Error::OtherRun { .. }
            | _ => Status::InvalidArgument,
        };
        Self::new(status, error.to_string())
    }
}

thread_local! {
    static LAST: RefCell<CString> = RefCell::default();
}

/// Does `work`; keeps the text of a failure or a panic for this thread.
pub(crate) fn guard(work: impl FnOnce() -> Result) -> Status {
    let done =
        catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| Err(Failure::panic(&*panic)));
    match done {
        Ok(()) => Status::Ok,
        Err(failure) => {
            keep(&failure.text);
            failure.status
        }
    }
}

/// Keeps a text as that of the last failure.
pub(crate) fn keep(text: &str) {
    let text: Vec<u8> = text.bytes().filter(|b| *b != 0).collect();
    let text = CString::new(text).unwrap_or_default();
    // A thread that ends may have lost it already.
    let _ = LAST.try_with(|last| {
        if let Ok(mut last) = last.try_borrow_mut() {
            *last = text;
        }
    });
}

/// The text of the last failure on this thread, in UTF-8; empty if nothing failed yet. It is there until
/// the next failure on this thread.
#[unsafe(no_mangle)]
pub extern "C" fn thalweg_last_error() -> *const c_char {
    let text = LAST.try_with(|last| last.try_borrow().map_or(c"".as_ptr(), |t| t.as_ptr()));
    text.unwrap_or(c"".as_ptr())
}

/// The name of a status, such as "invalid handle"; "unknown status" for other numbers.
#[unsafe(no_mangle)]
pub extern "C" fn thalweg_status_name(status: i32) -> *const c_char {
    const NAMES: [&CStr; 18] = [
        c"ok",
        c"null pointer",
        c"invalid handle",
        c"wrong kind of handle",
        c"invalid argument",
        c"invalid text",
        c"buffer too small",
        c"too large",
        c"out of turn",
        c"busy",
        c"integrand failed",
        c"not finite",
        c"no signal",
        c"stopped",
        c"file",
        c"invalid model",
        c"threads",
        c"panic",
    ];
    let name = usize::try_from(status).ok().and_then(|i| NAMES.get(i));
    name.unwrap_or(&c"unknown status").as_ptr()
}

/// The version of the library, such as "0.1.0".
#[unsafe(no_mangle)]
pub extern "C" fn thalweg_version() -> *const c_char {
    const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");
    VERSION.as_ptr().cast()
}
