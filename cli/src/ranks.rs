//! Processes that share one command, as `mpirun` starts them: rank 0 speaks for all.

use std::sync::Arc;
#[cfg(feature = "mpi")]
use std::thread;

use thalweg::{Integrator, Settings, Team};

use crate::error::Failure;
use crate::exit::Exit;
#[cfg(feature = "mpi")]
use crate::mpi;

/// This process among those that were started with it; alone without the feature `mpi`.
pub(crate) struct Ranks(Option<Arc<dyn Team>>);

impl Ranks {
    /// A process that does not look for others.
    pub(crate) fn alone() -> Self {
        Self(None)
    }

    /// Meets the others, if there are any.
    #[cfg_attr(
        not(feature = "mpi"),
        expect(
            clippy::unnecessary_wraps,
            reason = "nobody is met without the feature"
        )
    )]
    pub(crate) fn join() -> Result<Self, Failure> {
        #[cfg(feature = "mpi")]
        let team = mpi::join()?;
        #[cfg(not(feature = "mpi"))]
        let team = None;
        Ok(Self(team))
    }

    /// Whether this process reads and writes files, and prints.
    pub(crate) fn leads(&self) -> bool {
        self.0.as_ref().is_none_or(|team| team.rank() == 0)
    }

    /// An integrator that shares its runs with the others; each process has one thread unless more are
    /// wanted.
    pub(crate) fn integrator(&self, mut settings: Settings) -> Result<Integrator, Failure> {
        if self.0.is_some() {
            settings.threads = settings.threads.or(Some(1));
        }
        let integrator = Integrator::new(settings)?;
        Ok(match &self.0 {
            Some(team) => integrator.with_team(Arc::clone(team)),
            None => integrator,
        })
    }

    /// What this process is ready with, if all are ready: none waits for one that has gone.
    pub(crate) fn agree<T>(&self, mine: Result<T, Failure>) -> Result<T, Failure> {
        let Some(team) = &self.0 else {
            return mine;
        };
        let message = match &mine {
            Ok(_) => String::new(),
            Err(failure) => failure.message().unwrap_or_else(|| failure.to_string()),
        };
        let mut letters = Vec::new();
        // A message is never empty: a line.
        let lengths = team.all_gather((message + "\n").as_bytes(), &mut letters);
        let lengths = lengths.map_err(|e| Failure::usage(format!("the ranks cannot talk: {e}")))?;
        let mut rest = &letters[..];
        let messages = lengths.into_iter().map(|length| {
            let (message, later) = rest.split_at(length);
            rest = later;
            message.trim_ascii_end()
        });
        let mut failed = messages
            .enumerate()
            .filter(|(_, message)| !message.is_empty());
        match (mine, failed.next()) {
            (Ok(_), Some((rank, message))) => {
                let message = String::from_utf8_lossy(message);
                Err(Failure::usage(format!("rank {rank}: {message}")))
            }
            (mine, _) => mine,
        }
    }

    /// How this process ends: rank 0 tells and the others say nothing.
    pub(crate) fn end(&self, exit: Result<Exit, Failure>) -> Result<Exit, Failure> {
        if self.leads() { exit } else { Ok(Exit::Good) }
    }
}

#[cfg(feature = "mpi")]
impl Drop for Ranks {
    fn drop(&mut self) {
        if self.0.is_some() {
            // None of the others shall wait for a process that has gone.
            mpi::leave(thread::panicking());
        }
    }
}
