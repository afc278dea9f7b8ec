//! Threads for work that calls no Python: they must not be those of a process that was forked.

use std::mem::forget;
use std::process::id;
use std::sync::{Arc, Mutex};

use rayon::{ThreadPool, ThreadPoolBuilder};
use thalweg::{Error, Result};

/// The pool, and the process that its threads belong to.
static POOL: Mutex<Option<(u32, Arc<ThreadPool>)>> = Mutex::new(None);

/// Does `work` in the pool of this process. It must not wait for Python.
pub(crate) fn within<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T> {
    // A lock that another thread held while the process was forked is never given back.
    let pool = match POOL.try_lock() {
        Ok(mut pool) => match pool.take() {
            Some((owner, threads)) if owner == id() => {
                *pool = Some((owner, Arc::clone(&threads)));
                threads
            }
            stale => {
                // Dropping it would wait for threads that the fork has not taken along.
                forget(stale);
                let threads = Arc::new(fresh()?);
                *pool = Some((id(), Arc::clone(&threads)));
                threads
            }
        },
        Err(_) => Arc::new(fresh()?),
    };
    Ok(pool.install(work))
}

/// A pool of its own: for work that waits for Python.
pub(crate) fn fresh() -> Result<ThreadPool> {
    ThreadPoolBuilder::new()
        .build()
        .map_err(|e| Error::Threads {
            threads: 0,
            reason: e.to_string(),
        })
}
