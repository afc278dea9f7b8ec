//! Messages from threads to a thread, first in, first out; as `std::sync::mpsc`, but who waits sleeps at
//! once.
//!
//! The channels of the standard library spin for some microseconds before they sleep, on both sides of
//! every batch: processor time for nothing, because no function of Python answers that fast. This one is a
//! queue behind a lock and a condition. Known weakness: one receiver, and no bound on what waits.

use std::collections::VecDeque;
use std::mem::take;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What both ends share.
#[derive(Debug)]
struct Shared<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
}

#[derive(Debug)]
struct State<T> {
    waiting: VecDeque<T>,
    senders: usize,
    /// whether anyone will ever receive
    listened: bool,
}

impl<T> Shared<T> {
    /// Nothing that is done under the lock can panic half-way.
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why nothing was received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nothing {
    /// not yet
    Yet,
    /// nobody is left to send
    Ever,
}

/// The end that sends.
#[derive(Debug)]
pub(crate) struct Sender<T>(Arc<Shared<T>>);

/// The end that receives.
#[derive(Debug)]
pub(crate) struct Receiver<T>(Arc<Shared<T>>);

/// Both ends of a channel.
pub(crate) fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let shared = Arc::new(Shared {
        state: Mutex::new(State {
            waiting: VecDeque::new(),
            senders: 1,
            listened: true,
        }),
        changed: Condvar::new(),
    });
    (Sender(Arc::clone(&shared)), Receiver(shared))
}

impl<T> Sender<T> {
    /// Leaves a message; `None` where nobody will receive it.
    pub(crate) fn send(&self, message: T) -> Option<()> {
        let mut state = self.0.lock();
        if !state.listened {
            return None;
        }
        state.waiting.push_back(message);
        drop(state);
        self.0.changed.notify_one();
        Some(())
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        self.0.lock().senders += 1;
        Self(Arc::clone(&self.0))
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        self.0.lock().senders -= 1;
        self.0.changed.notify_one();
    }
}

impl<T> Receiver<T> {
    /// Waits for a message; `None` once nobody is left to send one.
    pub(crate) fn recv(&self) -> Option<T> {
        let mut state = self.0.lock();
        loop {
            if let Some(message) = state.waiting.pop_front() {
                return Some(message);
            }
            if state.senders == 0 {
                return None;
            }
            let woken = self.0.changed.wait(state);
            state = woken.unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Waits for a message for so long at most.
    pub(crate) fn recv_timeout(&self, patience: Duration) -> Result<T, Nothing> {
        let end = Instant::now() + patience;
        let mut state = self.0.lock();
        loop {
            if let Some(message) = state.waiting.pop_front() {
                return Ok(message);
            }
            if state.senders == 0 {
                return Err(Nothing::Ever);
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Nothing::Yet);
            }
            let woken = self.0.changed.wait_timeout(state, left);
            state = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.listened = false;
        // What holds a reply refuses it so; outside of the lock, as it may take others.
        let refused = take(&mut state.waiting);
        drop(state);
        drop(refused);
    }
}
