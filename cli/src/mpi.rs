//! The ranks of MPI, of `mpirun`.

use std::cell::RefCell;
use std::env;
use std::io;
use std::sync::Arc;

use mpi::datatype::PartitionMut;
use mpi::environment::{Universe, initialize_with_threading};
use mpi::topology::SimpleCommunicator;
use mpi::traits::{Communicator as _, CommunicatorCollectives as _};
use mpi::{Count, Threading};
use thalweg::Team;

use crate::error::Failure;

/// Set by the launchers of Open MPI, MPICH and its kin, and Slurm.
const STARTED: [&str; 4] = ["OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMI_RANK", "PMI_SIZE"];

thread_local! {
    /// MPI from its start to its end, which are the main thread's.
    static UNIVERSE: RefCell<Option<Universe>> = const { RefCell::new(None) };
}

/// All processes of `mpirun`.
#[derive(Debug)]
struct World {
    rank: usize,
    size: usize,
}

/// Meets the other processes; `None` where there is one, or none of a launcher's.
pub(crate) fn join() -> Result<Option<Arc<dyn Team>>, Failure> {
    if !STARTED.iter().any(|name| env::var_os(name).is_some()) {
        return Ok(None);
    }
    let fail = |what: &str| Failure::usage(format!("MPI {what}"));
    // The thread that exchanges is the run's, not the main one.
    let (universe, threading) = initialize_with_threading(Threading::Serialized)
        .ok_or_else(|| fail("was started twice"))?;
    if threading < Threading::Serialized {
        return Err(fail("allows calls from the main thread only"));
    }
    let world = universe.world();
    UNIVERSE.set(Some(universe));
    let number = |n: Count| usize::try_from(n).unwrap_or(0);
    let (rank, size) = (number(world.rank()), number(world.size()));
    let team: Arc<dyn Team> = Arc::new(World { rank, size });
    Ok(Some(team))
}

/// Leaves the others. Where this process has `failed`, none of them shall wait for it.
pub(crate) fn leave(failed: bool) {
    if failed {
        SimpleCommunicator::world().abort(101);
    }
    UNIVERSE.set(None);
}

impl Team for World {
    fn rank(&self) -> usize {
        self.rank
    }

    fn size(&self) -> usize {
        self.size
    }

    // `mine` is not empty: the address of an empty vector is 1, which Open MPI takes for `MPI_IN_PLACE`.
    fn all_gather(&self, mine: &[u8], all: &mut Vec<u8>) -> io::Result<Vec<usize>> {
        let world = SimpleCommunicator::world();
        // MPI counts in 32 bits; all must know before any of them sends.
        let length = Count::try_from(mine.len()).unwrap_or(Count::MAX);
        let mut lengths = vec![0; self.size];
        world.all_gather_into(&length, &mut lengths[..]);
        gather(&world, mine, &lengths, all)?;
        Ok(lengths.into_iter().map(bytes).collect())
    }

    fn all_gather_known(
        &self,
        mine: &[u8],
        lengths: &[usize],
        all: &mut Vec<u8>,
    ) -> io::Result<()> {
        let lengths = lengths.iter().map(|length| Count::try_from(*length));
        let lengths: Result<Vec<Count>, _> = lengths.collect();
        let lengths = lengths.map_err(|_| too_much())?;
        gather(&SimpleCommunicator::world(), mine, &lengths, all)
    }
}

fn too_much() -> io::Error {
    io::Error::other("more than 2 GiB at once")
}

fn bytes(count: Count) -> usize {
    usize::try_from(count).unwrap_or(0)
}

/// Gives `mine` to all, of whom each gives so many bytes.
fn gather(
    world: &SimpleCommunicator,
    mine: &[u8],
    lengths: &[Count],
    all: &mut Vec<u8>,
) -> io::Result<()> {
    let mut starts = Vec::with_capacity(lengths.len());
    let mut end: Count = 0;
    for length in lengths {
        starts.push(end);
        let next = end.checked_add(*length);
        end = next.filter(|end| *end < Count::MAX).ok_or_else(too_much)?;
    }
    all.resize(bytes(end), 0);
    let mut parts = PartitionMut::new(&mut all[..], lengths, &starts[..]);
    world.all_gather_varcount_into(mine, &mut parts);
    Ok(())
}
