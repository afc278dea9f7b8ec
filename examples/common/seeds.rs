//! The same run for many seeds, on all cores.

use std::sync::{
    Mutex,
    atomic::{AtomicU64, Ordering},
};
use std::thread;

/// What `one` gives for the seeds from 1 to `seeds`, in their order.
///
/// # Panics
///
/// If a run does.
pub(crate) fn each<T: Send>(seeds: u64, one: impl Fn(u64) -> T + Sync) -> Vec<T> {
    let next = AtomicU64::new(1);
    let all = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed > seeds {
                        break;
                    }
                    let result = one(seed);
                    all.lock().expect("no run panics").push((seed, result));
                }
            });
        }
    });
    let mut all = all.into_inner().expect("no run panics");
    all.sort_by_key(|(seed, _)| *seed);
    all.into_iter().map(|(_, result)| result).collect()
}
