//! Why a command could not be carried out.

use std::io;

use thalweg::{Error, IntegrandError};
use thalweg_integrands::BuildError;
use thalweg_process::ProcessError;
use thiserror::Error as ThisError;

use crate::exit::Exit;
use crate::expression::ExpressionError;
use crate::gridpack::GridpackError;
use crate::library::LibraryError;

/// Everything that ends a command early.
#[derive(Debug, ThisError)]
pub(crate) enum Failure {
    #[error("{0}")]
    Usage(String),
    #[error("in the expression, {0}")]
    Expression(#[from] ExpressionError),
    #[error(transparent)]
    Problem(#[from] BuildError),
    #[error(transparent)]
    SharedLibrary(#[from] LibraryError),
    #[error(transparent)]
    Process(#[from] ProcessError),
    #[error(transparent)]
    Gridpack(#[from] GridpackError),
    #[error(transparent)]
    Thalweg(#[from] Error),
    #[error("cannot write {to}: {source}")]
    Write { to: String, source: io::Error },
}

impl Failure {
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::Usage(message.into())
    }

    pub(crate) fn exit(&self) -> Exit {
        if self.is_closed_pipe() {
            return Exit::Good;
        }
        match self {
            Self::Thalweg(Error::Integrand(_)) => Exit::IntegrandFailed,
            Self::Thalweg(Error::NoSignal { .. }) => Exit::Unreliable,
            Self::Thalweg(Error::Stopped) => Exit::Interrupted,
            Self::Usage(_)
            | Self::Expression(_)
            | Self::Problem(_)
            | Self::SharedLibrary(_)
            | Self::Process(_)
            | Self::Gridpack(_)
            | Self::Thalweg(_)
            | Self::Write { .. } => Exit::WrongUse,
        }
    }

    /// What to tell; nothing where the reader of our output has simply gone.
    pub(crate) fn message(&self) -> Option<String> {
        if self.is_closed_pipe() {
            return None;
        }
        Some(format!("{self}{}", self.advice()))
    }

    /// A further line where there is a way out.
    fn advice(&self) -> &'static str {
        if let Self::Thalweg(Error::Integrand(IntegrandError::NonFinite { .. })) = self {
            "\n  --non-finite zero:0.01 counts such values as 0, as long as at most 1 % of the calls \
             give them"
        } else if let Self::Thalweg(Error::BudgetTooSmall { .. }) = self {
            "\n  --max-calls raises the budget"
        } else {
            ""
        }
    }

    fn is_closed_pipe(&self) -> bool {
        matches!(self, Self::Write { source, .. } if source.kind() == io::ErrorKind::BrokenPipe)
    }
}
