//! Processes that share one run.
//!
//! All of them, the ranks, run the same program with the same settings. What is done in parallel (chunks of
//! points, climbs, the parts of a gradient) is divided among them, and what came of it is given to all, who
//! fold it in the same order: so that all go on alike, and to the bits of one process. What depends on the
//! time or on a user is decided by rank 0, whose word comes with every exchange.
//!
//! How bytes get from one to the others is up to the [`Team`]: MPI, threads, or anything else.

use std::fmt::Debug;
use std::io;
use std::mem;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::error::{Error, Result};
use crate::integrand::IntegrandError;

/// The other processes of a run, and how to reach them.
pub trait Team: Debug + Send + Sync {
    /// The number of this process, from 0 on. Rank 0 decides what depends on time.
    fn rank(&self) -> usize;

    /// Number of processes.
    fn size(&self) -> usize;

    /// Gives `mine`, never empty, to all processes: in `all` afterwards, whatever was there, what each of them gave,
    /// one after the other in the order of ranks; returns the length of each. All call it equally often and
    /// wait for each other; one thread of each at a time, not always the same one. A step of training ends
    /// with it, so `all` keeps its memory from one to the next.
    ///
    /// # Errors
    /// Whatever keeps the bytes from arriving; the run ends with it.
    fn all_gather(&self, mine: &[u8], all: &mut Vec<u8>) -> io::Result<Vec<usize>>;

    /// As [`Team::all_gather`], where all know already how many bytes each gives: `lengths` (`[size]`). A step
    /// of training does, so that a team which must ask for them can save that.
    ///
    /// # Errors
    /// As [`Team::all_gather`].
    fn all_gather_known(
        &self,
        mine: &[u8],
        lengths: &[usize],
        all: &mut Vec<u8>,
    ) -> io::Result<()> {
        if self.all_gather(mine, all)? == lengths {
            Ok(())
        } else {
            Err(io::Error::other(
                "a rank's message has another length than it should",
            ))
        }
    }
}

/// What all processes gave, in memory that is used again.
#[derive(Debug, Default)]
pub(crate) struct Letters {
    bytes: Vec<u8>,
    lengths: Vec<usize>,
}

impl Letters {
    /// What each gave, in the order of ranks.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = &self.bytes[..];
        self.lengths.iter().map(move |length| {
            let (letter, later) = rest.split_at(*length);
            rest = later;
            // Without the word.
            &letter[..length - 1]
        })
    }

    /// The word of rank 0, if there is one letter of each of `size` ranks.
    fn word(&self, size: usize) -> Option<u8> {
        let whole = self.lengths.len() == size
            && !self.lengths.contains(&0)
            && self.lengths.iter().sum::<usize>() == self.bytes.len();
        whole.then(|| self.bytes[self.lengths[0] - 1])
    }
}

/// A team as the library sees it: none where there is one process, which then does nothing for it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Crew(Option<Arc<Shared>>);

#[derive(Debug)]
struct Shared {
    team: Arc<dyn Team>,
    /// what rank 0 has to say at the next exchange, and said at the last one
    word: AtomicU8,
    agreed: AtomicU8,
    /// why there can be no more exchanges
    broken: Mutex<Option<String>>,
}

/// An error on its way to other ranks.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Fault {
    Integrand(IntegrandError),
    Stopped,
    Other(String),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        if let Error::Integrand(error) = error {
            Self::Integrand(error)
        } else if matches!(error, Error::Stopped) {
            Self::Stopped
        } else {
            Self::Other(error.to_string())
        }
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Integrand(error) => error.into(),
            Fault::Stopped => Self::Stopped,
            Fault::Other(reason) => Self::Ranks { reason },
        }
    }
}

impl Crew {
    pub(crate) fn new(team: Option<&Arc<dyn Team>>) -> Self {
        let shared = team.filter(|team| team.size() > 1).map(|team| {
            Arc::new(Shared {
                team: Arc::clone(team),
                word: AtomicU8::new(0),
                agreed: AtomicU8::new(0),
                broken: Mutex::new(None),
            })
        });
        Self(shared)
    }

    /// Whether there is one process.
    pub(crate) fn is_alone(&self) -> bool {
        self.0.is_none()
    }

    pub(crate) fn rank(&self) -> usize {
        self.0.as_ref().map_or(0, |shared| shared.team.rank())
    }

    pub(crate) fn size(&self) -> usize {
        self.0.as_ref().map_or(1, |shared| shared.team.size())
    }

    /// Sets what rank 0 says at the next exchange.
    pub(crate) fn say(&self, word: u8) {
        if let Some(shared) = &self.0 {
            shared.word.store(word, Ordering::Relaxed);
        }
    }

    /// What rank 0 said at the last exchange.
    pub(crate) fn agreed(&self) -> u8 {
        let shared = self.0.as_ref();
        shared.map_or(0, |shared| shared.agreed.load(Ordering::Relaxed))
    }

    /// Gives `mine` to all, with a word at its end: in `all` what each of them gave. Nothing where there is one
    /// process.
    ///
    /// # Errors
    /// [`Error::Ranks`], then and ever after.
    pub(crate) fn gather(&self, mine: &mut Vec<u8>, all: &mut Letters) -> Result<()> {
        self.gather_by(mine, all, |team, mine, all| {
            all.lengths = team.all_gather(mine, &mut all.bytes)?;
            Ok(())
        })
    }

    /// As [`Self::gather`], where all know already how many bytes each gives.
    pub(crate) fn gather_known(
        &self,
        mine: &mut Vec<u8>,
        mut lengths: Vec<usize>,
        all: &mut Letters,
    ) -> Result<()> {
        // And the word.
        for length in &mut lengths {
            *length += 1;
        }
        self.gather_by(mine, all, |team, mine, all| {
            all.lengths = lengths;
            team.all_gather_known(mine, &all.lengths, &mut all.bytes)
        })
    }

    fn gather_by(
        &self,
        mine: &mut Vec<u8>,
        all: &mut Letters,
        send: impl FnOnce(&dyn Team, &[u8], &mut Letters) -> io::Result<()>,
    ) -> Result<()> {
        let Some(shared) = &self.0 else {
            return Ok(());
        };
        self.whole()?;
        mine.push(shared.word.load(Ordering::Relaxed));
        let sent = send(shared.team.as_ref(), mine, all);
        let word = sent.and_then(|()| {
            let word = all.word(shared.team.size());
            word.ok_or_else(|| io::Error::other("not every rank's bytes have arrived"))
        });
        match word {
            Ok(word) => {
                shared.agreed.store(word, Ordering::Relaxed);
                Ok(())
            }
            Err(error) => {
                let reason = format!("they cannot exchange what they found: {error}");
                *shared.broken.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason);
                self.whole()
            }
        }
    }

    /// Whether all exchanges went well.
    pub(crate) fn whole(&self) -> Result<()> {
        let shared = self.0.as_ref();
        let broken = shared.and_then(|shared| {
            let broken = shared.broken.lock();
            broken.unwrap_or_else(PoisonError::into_inner).clone()
        });
        broken.map_or(Ok(()), |reason| Err(Error::Ranks { reason }))
    }

    /// Gives `mine` to all: what each of the others gave, by their ranks, and nothing for this one.
    pub(crate) fn share<T: DeserializeOwned>(
        &self,
        mine: &impl Serialize,
    ) -> Result<Vec<Option<T>>> {
        let failed = |what: String| Error::Ranks { reason: what };
        let mine = rmp_serde::to_vec(mine);
        let mut mine = mine.map_err(|e| failed(format!("nothing to send: {e}")))?;
        let rank = self.rank();
        let mut all = Letters::default();
        self.gather(&mut mine, &mut all)?;
        all.iter()
            .enumerate()
            .map(|(from, bytes)| {
                if from == rank {
                    return Ok(None);
                }
                let read = rmp_serde::from_slice(bytes);
                read.map(Some)
                    .map_err(|e| failed(format!("rank {from} sends what is not understood: {e}")))
            })
            .collect()
    }

    /// What rank 0 makes of it, where the others do not try.
    pub(crate) fn of_first<T: Serialize + DeserializeOwned>(
        &self,
        make: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        if self.is_alone() {
            return make();
        }
        let mine = (self.rank() == 0).then(|| make().map_err(Fault::from));
        let mut all = self.share::<Option<Result<T, Fault>>>(&mine)?;
        let first = mine.or_else(|| all.swap_remove(0).flatten());
        let none = || Err(Fault::Other("rank 0 says nothing".to_owned()));
        Ok(first.unwrap_or_else(none)?)
    }

    /// The first error that any rank has met, if one has.
    pub(crate) fn agree<T>(&self, mine: Result<T>) -> Result<T> {
        if self.is_alone() {
            return mine;
        }
        let (mine, fault) = match mine {
            Ok(mine) => (Some(mine), None),
            Err(error) => (None, Some(Fault::from(error))),
        };
        let mut all = self.share::<Option<Fault>>(&fault)?;
        all[self.rank()] = Some(fault);
        match all.into_iter().flatten().flatten().next() {
            Some(fault) => Err(fault.into()),
            None => mine.ok_or(Error::Stopped),
        }
    }

    /// The jobs of this rank, of `n`.
    pub(crate) fn share_of(&self, n: usize) -> impl Iterator<Item = usize> + use<> {
        (self.rank()..n).step_by(self.size())
    }

    /// The results of all jobs in order, of those of each rank; up to the first that is missing.
    pub(crate) fn in_order<T>(mut lists: Vec<Vec<T>>) -> Vec<T> {
        let mut lists: Vec<_> = lists
            .iter_mut()
            .map(|list| mem::take(list).into_iter())
            .collect();
        let mut all = Vec::new();
        loop {
            for list in &mut lists {
                let Some(result) = list.next() else {
                    return all;
                };
                all.push(result);
            }
        }
    }
}
