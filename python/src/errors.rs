//! Errors of the library as Python exceptions, whose classes are those of `thalweg/errors.py`.

use std::ffi::c_int;

use pyo3::exceptions::PyOSError;
use pyo3::prelude::{PyAnyMethods as _, PyErr, PyModule, Python};
use thalweg::{Error, IntegrandError};

/// The exception for an error.
pub(crate) fn raise(py: Python<'_>, error: &Error) -> PyErr {
    if let Error::File { path, source, .. } = error {
        // With a number of the system Python takes the subclass, such as FileNotFoundError.
        let text = error.to_string();
        return match source.raw_os_error() {
            Some(number) => PyOSError::new_err((number, source.to_string(), path.clone())),
            None => PyOSError::new_err(text),
        };
    }
    named(py, class_of(error), &error.to_string())
}

/// The exception of `thalweg.errors` with that name.
pub(crate) fn named(py: Python<'_>, class: &str, text: &str) -> PyErr {
    let made = PyModule::import(py, "thalweg.errors")
        .and_then(|module| module.getattr(class))
        .and_then(|class| class.call1((text,)));
    match made {
        Ok(exception) => PyErr::from_value(exception),
        Err(error) => error,
    }
}

/// The exception for a C function that returned another number than 0.
pub(crate) fn native_failure(py: Python<'_>, code: c_int) -> PyErr {
    let made = PyModule::import(py, "thalweg.errors")
        .and_then(|module| module.getattr("NativeError"))
        .and_then(|class| class.call1((code,)));
    match made {
        Ok(exception) => PyErr::from_value(exception),
        Err(error) => error,
    }
}

fn class_of(error: &Error) -> &'static str {
    match error {
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
        | Error::Threads { .. } => "SettingError",
        Error::Integrand(IntegrandError::NonFinite { .. } | IntegrandError::Overflow { .. }) => {
            "NonFiniteError"
        }
        Error::Integrand(_) => "IntegrandError",
        Error::NotSavable { .. } | Error::InvalidModel { .. } | Error::NewerModel { .. } => {
            "ModelError"
        }
        Error::InvalidCheckpoint { .. } | Error::OtherRun { .. } => "CheckpointError",
        Error::InvalidPartial { .. } | Error::OtherPart { .. } | Error::SamePoints { .. } => {
            "PartialError"
        }
        Error::NoSignal { .. } | Error::NoLevel { .. } => "NoSignalError",
        Error::File { .. } | _ => "Error",
    }
}
