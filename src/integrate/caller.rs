//! Calling the integrand: in slices, with panics caught, timed, and remembered.

use std::any::Any;
use std::iter::once;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::{
    checkpoint::Keeper,
    known::Known,
    watch::{Never, Stopping},
};
use crate::error::{Error, Result};
use crate::integrand::{Integrand, IntegrandError, Points};

/// Nanoseconds of calls between two looks at the clock.
const SLICE: u64 = 20_000_000;
/// Points that a call is timed by.
pub(crate) const FEW: usize = 16;
/// How long values of a chunk may wait before they are remembered.
const NOTE: Duration = Duration::from_secs(1);

/// An integrand, and how it is called.
pub(crate) struct Caller<'a> {
    integrand: &'a dyn Integrand,
    /// nanoseconds of the first slice, of one point
    first_nanos: AtomicU64,
    /// points and nanoseconds of the last slice
    last_points: AtomicU64,
    last_nanos: AtomicU64,
    /// nanoseconds of a call, of the fastest slice of some points
    least_nanos: AtomicU64,
    stopping: &'a dyn Stopping,
    keeper: Option<&'a Keeper<'a>>,
    /// held while an integrand is called that wants no two calls at once
    turn: Mutex<()>,
}

impl<'a> Caller<'a> {
    pub(crate) fn new(integrand: &'a dyn Integrand) -> Self {
        Self {
            integrand,
            first_nanos: AtomicU64::new(0),
            last_points: AtomicU64::new(0),
            last_nanos: AtomicU64::new(0),
            least_nanos: AtomicU64::new(u64::MAX),
            stopping: &Never,
            keeper: None,
            turn: Mutex::new(()),
        }
    }

    /// The same, watched: slow chunks end where the run has to stop, and values are remembered.
    pub(crate) fn watched(
        self,
        stopping: &'a dyn Stopping,
        keeper: Option<&'a Keeper<'a>>,
    ) -> Self {
        Self {
            stopping,
            keeper,
            ..self
        }
    }

    pub(crate) fn integrand(&self) -> &'a dyn Integrand {
        self.integrand
    }

    /// Seconds of a call: of the fastest slice of some points so far or, without any, at `points`.
    pub(crate) fn seconds(&self, points: &Points<'_>) -> Result<f64> {
        if self.least_nanos.load(Ordering::Relaxed) == u64::MAX {
            let mut f = vec![0.0; points.len() * self.integrand.outputs()];
            self.eval(points, &mut f)?;
        }
        // Of fewer points than a time should be taken of, the last one.
        let least = self.least_nanos.load(Ordering::Relaxed);
        let nanos = match least {
            u64::MAX => {
                let points = self.last_points.load(Ordering::Relaxed).max(1);
                self.last_nanos.load(Ordering::Relaxed) / points
            }
            least => least,
        };
        Ok(1e-9 * nanos as f64)
    }

    /// Values `f` (`[n * outputs]`) at the points of some chunks of the unit cube, which together are `y` in
    /// the user's units (`[n * dim]`), as far as they are not known: where calls are slow in slices,
    /// between which the run may have to stop. Returns how many of the first points have values.
    pub(crate) fn fill(
        &self,
        chunks: &[&[f64]],
        y: &Arc<Vec<f64>>,
        f: &mut [f64],
    ) -> Result<usize> {
        let (dim, outputs) = (self.integrand.dim(), self.integrand.outputs());
        let mut known = self
            .keeper
            .map(|keeper| Known::recall(keeper, (chunks, dim), (f, outputs)));
        let n = y.len() / dim;
        let gaps = known
            .as_ref()
            .map_or_else(|| once(0..n).collect(), Known::gaps);
        let mut called = false;
        let mut noted = Instant::now();
        for gap in gaps {
            let mut done = gap.start;
            while done < gap.end {
                if called && self.stopping.must_stop().is_some() {
                    note(&mut known, (y, f), done);
                    return Ok(done);
                }
                let end = gap.end.min(done + self.slice());
                let points = Points::of_shared(y, done..end, dim);
                match self.eval(&points, &mut f[done * outputs..end * outputs]) {
                    Err(Error::Stopped) => {
                        note(&mut known, (y, f), done);
                        return Ok(done);
                    }
                    values => values?,
                }
                done = end;
                called = true;
                if noted.elapsed() > NOTE {
                    noted = Instant::now();
                    note(&mut known, (y, f), done);
                }
            }
        }
        if called {
            note(&mut known, (y, f), n);
        }
        Ok(n)
    }

    /// Points between two looks at the clock. What a call costs by itself, in a process that is asked or
    /// on its way there, is told from what each point costs, so that it is not paid for few points.
    fn slice(&self) -> usize {
        let first = self.first_nanos.load(Ordering::Relaxed);
        let points = self.last_points.load(Ordering::Relaxed);
        let nanos = self.last_nanos.load(Ordering::Relaxed);
        let wanted = match points {
            // Of what nothing is known.
            0 => 1,
            1 => SLICE / first.max(1) + 1,
            _ => {
                let each = nanos.saturating_sub(first) / (points - 1);
                let most = if points >= FEW as u64 {
                    u64::MAX
                } else {
                    4 * points
                };
                (first.max(SLICE) / each.max(1)).min(most)
            }
        };
        // What is computed at the same time takes no longer together.
        let wanted = usize::try_from(wanted).unwrap_or(usize::MAX).max(1);
        let at_once = self.integrand.at_once().max(1);
        wanted.checked_next_multiple_of(at_once).unwrap_or(wanted)
    }

    /// Calls the integrand at `points` (`[n * dim]`, the user's units) for `f` (`[n * outputs]`), and
    /// measures; nothing is counted.
    pub(crate) fn eval(&self, points: &Points<'_>, f: &mut [f64]) -> Result<()> {
        let one_by_one = self.integrand.batch().is_some();
        let _turn = one_by_one.then(|| self.turn.lock().unwrap_or_else(PoisonError::into_inner));
        let start = Instant::now();
        catch_unwind(AssertUnwindSafe(|| self.integrand.eval(points, f)))
            .unwrap_or_else(|panic| {
                Err(IntegrandError::Panicked {
                    message: message(&*panic),
                })
            })
            .map_err(|error| {
                if error == IntegrandError::Interrupted {
                    Error::Stopped
                } else {
                    error.into()
                }
            })?;
        let n = points.len() as u64;
        let took = u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.last_nanos.store(took, Ordering::Relaxed);
        self.last_points.store(n, Ordering::Relaxed);
        if n == 1 {
            self.first_nanos.store(took, Ordering::Relaxed);
        }
        let nanos = took / n.max(1);
        if n >= FEW as u64 || nanos > SLICE {
            self.least_nanos.fetch_min(nanos.max(1), Ordering::Relaxed);
        }
        Ok(())
    }
}

/// Remembers values, where anything is.
fn note(known: &mut Option<Known<'_>>, (y, f): (&[f64], &[f64]), done: usize) {
    if let Some(known) = known {
        known.note((y, f), done);
    }
}

/// The text of a panic.
pub(crate) fn message(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|s| (*s).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned())
}
