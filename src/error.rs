//! What can go wrong, named by the fault and carrying the offending values.

use std::{io, result};

use thiserror::Error as ThisError;

use crate::event::EventFault;
use crate::integrand::IntegrandError;

/// Every error of the library.
#[derive(Debug, ThisError)]
#[non_exhaustive]
pub enum Error {
    /// The dimension is zero.
    #[error("the dimension is 0; an integral needs at least 1")]
    ZeroDimension,
    /// Two parts of a run disagree about the dimension.
    #[error("{what} has dimension {found}, but {expected} is needed")]
    DimensionMismatch {
        /// the part at fault
        what: &'static str,
        /// its dimension
        found: usize,
        /// the dimension of the rest
        expected: usize,
    },
    /// An integrand without outputs.
    #[error("the integrand has 0 outputs; it needs at least 1")]
    ZeroOutputs,
    /// A range whose ends do not bound an interval.
    #[error("range {axis} is [{low}, {high}]; the lower end must be below the upper one")]
    EmptyRange {
        /// index of the axis
        axis: usize,
        /// lower end
        low: f64,
        /// upper end
        high: f64,
    },
    /// A box whose volume vanishes as a floating-point number.
    #[error(
        "the widths of the ranges 0 to {axis} multiply to less than 2.2e-308, the smallest number \
         with all digits; wider ranges, as by a smaller unit of length, are needed"
    )]
    NoVolume {
        /// the axis up to which they do
        axis: usize,
    },
    /// A setting outside its allowed values.
    #[error("{name} is {value}; it must be {allowed}")]
    InvalidSetting {
        /// the setting
        name: &'static str,
        /// the value given
        value: f64,
        /// what would be right
        allowed: &'static str,
    },
    /// A histogram that cannot be made.
    #[error("histogram {name:?}: {reason}")]
    Histogram {
        /// its name
        name: String,
        /// what is wrong with it
        reason: String,
    },
    /// A level of vector instructions that there is none of.
    #[error("THALWEG_LEVEL is {name:?}; it must be portable, avx2 or avx512")]
    UnknownLevel {
        /// what the environment variable names
        name: String,
    },
    /// Strata for a method that has none.
    #[error("strata need method vegas or auto, not {method}")]
    NoStrata {
        /// the method
        method: &'static str,
    },
    /// Too few calls for the method.
    #[error("a budget of {calls} calls is too small; method {method} needs at least {minimum}")]
    BudgetTooSmall {
        /// the method
        method: &'static str,
        /// the budget
        calls: u64,
        /// the least that works
        minimum: u64,
    },
    /// The integrand failed.
    #[error(transparent)]
    Integrand(#[from] IntegrandError),
    /// A map that the file format does not know.
    #[error("a map of this kind cannot be saved: {kind}")]
    NotSavable {
        /// how the map describes itself
        kind: String,
    },
    /// A map under a flow to be trained that cannot be copied.
    #[error(
        "a flow cannot be trained over a map of this kind: {kind}; put it into the chain as an Arc<dyn Map>"
    )]
    NotShared {
        /// how the map describes itself
        kind: String,
    },
    /// A file that could not be read or written.
    #[error("cannot {action} {path}: {source}")]
    File {
        /// "read", "write" or "remove"
        action: &'static str,
        /// the file
        path: String,
        /// the cause
        source: io::Error,
    },
    /// A file that is not a model, or a damaged one.
    #[error("{path} is not a valid model file: {fault}")]
    InvalidModel {
        /// the file
        path: String,
        /// what is wrong with it
        fault: String,
    },
    /// A file written by a newer format than this program knows.
    #[error("{path} has model format {found}; this program reads formats up to {known}")]
    NewerModel {
        /// the file
        path: String,
        /// its format
        found: u32,
        /// the newest format known
        known: u32,
    },
    /// A file that is not a checkpoint, or a damaged one.
    #[error("{path} is not a valid checkpoint: {fault}")]
    InvalidCheckpoint {
        /// the file
        path: String,
        /// what is wrong with it
        fault: String,
    },
    /// A checkpoint of another run.
    #[error("the checkpoint is of another run: {what}")]
    OtherRun {
        /// what differs
        what: String,
    },
    /// A file that is not a part of an estimate, or a damaged one.
    #[error("{path} is not a valid partial result: {fault}")]
    InvalidPartial {
        /// the file
        path: String,
        /// what is wrong with it
        fault: String,
    },
    /// A part of another estimate.
    #[error("the part does not belong to the others: it {what}")]
    OtherPart {
        /// what differs
        what: String,
    },
    /// A part with points that are there already.
    #[error("the points {first} to {last} are there already")]
    SamePoints {
        /// the first of them, counted from 0
        first: u64,
        /// the last of them
        last: u64,
    },
    /// The run was asked to stop between two calls.
    #[doc(hidden)]
    #[error("the run was asked to stop")]
    Stopped,
    /// Something went wrong on or between the processes that share a run.
    #[error("the ranks of the run: {reason}")]
    Ranks {
        /// what it was
        reason: String,
    },
    /// Threads could not be started.
    #[error("cannot start {threads} threads: {reason}")]
    Threads {
        /// number asked for
        threads: usize,
        /// what the system said
        reason: String,
    },
    /// A file of events of no known format.
    #[error("the events' format of {path} is not known: {why}")]
    EventFormat {
        /// the file
        path: String,
        /// what would be right
        why: &'static str,
    },
    /// An event that cannot be written.
    #[error("event {number} cannot be written: {fault}")]
    InvalidEvent {
        /// counted from 1
        number: u64,
        /// what is wrong with it
        fault: EventFault,
    },
    /// ln f is minus infinity wherever it was looked at.
    #[error(
        "ln f is minus infinity at all {calls} points: the integral may be zero or its support too small to \
         be hit; try a smaller range or more calls"
    )]
    NoLevel {
        /// number of points
        calls: u64,
    },
    /// ln f is again and again far above the highest value that climbs have found.
    #[error(
        "ln f, with the logarithm of the range's Jacobian, is {log_f} at the point {point:?}, far above the \
         {level} that points and climbs have found, and too few calls or restarts are left: f may have a spike \
         or grow without bounds; more calls or a smaller range may help"
    )]
    AboveLevel {
        /// ln(f |dy/dx|)
        log_f: f64,
        /// the highest one before
        level: f64,
        /// where, in the user's domain
        point: Vec<f64>,
    },
    /// An integral whose logarithm means nothing.
    #[error(
        "ln Z cannot be told: the integral is {value:e} +- {error:e} in units of e^{level}, which is not \
         positive; more calls are needed"
    )]
    NoLogarithm {
        /// the integral
        value: f64,
        /// its one-sigma error
        error: f64,
        /// the logarithm of the unit of both
        level: f64,
    },
    /// Every weight is zero, so there is nothing to draw events from.
    #[error("all {draws} trial weights are zero; there is nothing to unweight")]
    NoSignal {
        /// number of trial draws
        draws: u64,
    },
}

impl Error {
    /// Of a checkpoint whose parts do not agree.
    pub(crate) fn damaged() -> Self {
        Self::OtherRun {
            what: "its sums do not fit the run".to_owned(),
        }
    }
}

/// `Result` with the library's [`enum@Error`].
pub type Result<T, E = Error> = result::Result<T, E>;

/// Ok, or [`Error::InvalidSetting`] where a setting is not as it must be.
pub(crate) fn check(ok: bool, name: &'static str, value: f64, allowed: &'static str) -> Result<()> {
    if ok {
        Ok(())
    } else {
        Err(Error::InvalidSetting {
            name,
            value,
            allowed,
        })
    }
}
