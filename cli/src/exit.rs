//! Exit codes, from the least to the most serious.

use std::process::ExitCode;

use thalweg::{Report, Status, Stop};

/// What `--help` says about them.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0    good: target reached, or all calls spent where no target was set
  1    wrong use: options, names, files
  2    the integrand failed: NaN, an infinity, a panic
  3    the result is unreliable, or the integrand was zero wherever it was looked at
  4    the budget was spent before the target was reached, or points are missing
  130  interrupted; what was found until then is printed";

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    Good,
    TargetMissed,
    Unreliable,
    IntegrandFailed,
    WrongUse,
    Interrupted,
}

impl Exit {
    /// The exit of a run that had to go on until `stop`.
    pub(crate) fn of(report: &Report, stop: &Stop) -> Self {
        match report.status {
            Status::Converged => Self::Good,
            Status::Budget if stop.rel_error.is_none() && stop.abs_error.is_none() => Self::Good,
            Status::Budget => Self::TargetMissed,
            Status::Unreliable | Status::NoSignal => Self::Unreliable,
            Status::Interrupted => Self::Interrupted,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Good => 0,
            Exit::WrongUse => 1,
            Exit::IntegrandFailed => 2,
            Exit::Unreliable => 3,
            Exit::TargetMissed => 4,
            Exit::Interrupted => 130,
        })
    }
}
