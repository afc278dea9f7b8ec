//! Threads for work outside of runs. They must not be those of a process that was forked.

use std::mem::forget;
use std::process::id;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use rayon::{ThreadPool, ThreadPoolBuilder};
use thalweg::Error;

use crate::status::{Failure, Result, Status, guard};

/// How many threads are wanted; 0 is one per core.
static WANTED: AtomicUsize = AtomicUsize::new(0);

/// A pool, the process that its threads belong to, and how many were wanted.
type Pool = (u32, usize, Arc<ThreadPool>);

/// The pool of this process.
static POOL: Mutex<Option<Pool>> = Mutex::new(None);

/// Does `work` in the pool of this process. It must not wait for the user's code.
pub(crate) fn within<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T> {
    let wanted = WANTED.load(Ordering::Relaxed);
    // A lock that another thread held while the process was forked is never given back.
    let pool = match POOL.try_lock() {
        Ok(mut pool) => match &*pool {
            Some((owner, number, threads)) if *owner == id() && *number == wanted => {
                Arc::clone(threads)
            }
            _ => {
                let threads = Arc::new(fresh()?);
                match pool.replace((id(), wanted, Arc::clone(&threads))) {
                    // Dropping it would wait for threads that the fork has not taken along.
                    Some(stale) if stale.0 != id() => forget(stale),
                    _ => {}
                }
                threads
            }
        },
        Err(_) => Arc::new(fresh()?),
    };
    Ok(pool.install(work))
}

/// A pool of its own: for work that waits for the user's code.
pub(crate) fn fresh() -> Result<ThreadPool> {
    let threads = WANTED.load(Ordering::Relaxed);
    let pool = ThreadPoolBuilder::new().num_threads(threads).build();
    pool.map_err(|e| {
        let reason = e.to_string();
        Error::Threads { threads, reason }.into()
    })
}

/// Sets the number of threads that draw points and compute densities outside of runs, 0 for one per
/// core, as it is from the beginning. No bit depends on it.
#[unsafe(no_mangle)]
pub extern "C" fn thalweg_set_threads(threads: usize) -> Status {
    guard(|| {
        if threads > 4096 {
            let text = format!("threads is {threads}; it must be 0 to 4096");
            return Err(Failure::new(Status::InvalidArgument, text));
        }
        WANTED.store(threads, Ordering::Relaxed);
        Ok(())
    })
}
