//! Functions of the user's.
//!
//! Their type is `extern "C-unwind"`: an exception of another language that leaves one ends the process
//! with a message, which is bad, but defined; `thalweg.hpp` catches those of C++ before.

use std::ffi::{c_int, c_void};
use std::sync::{Arc, OnceLock};

use thalweg::integrate::Phase;
use thalweg::{Control, Integrand, IntegrandError, Integrator, Points, Settings};

use crate::bridge::{Remote, Request, Step, Watcher, Wire, Work};
use crate::memory::{MOST_AXES, value};
use crate::status::{Failure, Result, Status};

/// What an integrand or a progress function returns so that the run ends with what there is.
pub const END_RUN: c_int = -999;

/// Most values of a point whose covariance is computed.
const MOST_CORRELATED: usize = 1024;
/// Points of a call where the user does not say.
pub(crate) const BATCH: usize = 10_000;

/// An integrand: writes the values f, `values[n * outputs]`, at the points `x[n * dim]`, both row by row,
/// and returns 0, or `THALWEG_END_RUN` to end the run with what there is, or any other number to say
/// that it failed. Values that it does not write are NaN.
pub type EvaluateFn = Option<
    unsafe extern "C-unwind" fn(
        n: usize,
        dim: usize,
        x: *const f64,
        outputs: usize,
        values: *mut f64,
        user_data: *mut c_void,
    ) -> c_int,
>;

/// Sees each step of a run and returns 0, or any other number to end the run with what there is.
pub type ProgressFn =
    Option<unsafe extern "C-unwind" fn(progress: *const Progress, user_data: *mut c_void) -> c_int>;

/// A function to be integrated. What is not named in an initialiser is 0, as it should be.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct IntegrandDescription {
    /// computes values
    pub evaluate: EvaluateFn,
    /// handed to `evaluate` as it is
    pub user_data: *mut c_void,
    /// coordinates of a point
    pub dim: usize,
    /// values of a point
    pub outputs: usize,
    /// points of a call, as far as a run has so many at a time and they are fast; 0 is 10000
    pub batch: usize,
    /// 0: called by the thread that called thalweg, one call at a time; 1: called from several threads
    /// at once, some hundred points each
    pub concurrent: c_int,
}

/// A step of a run.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// 0 uniform points, 1 adapting the grid, 2 training the flow, 3 the estimate
    pub phase: c_int,
    /// calls of this step
    pub step_calls: u64,
    /// calls so far
    pub calls: u64,
    /// the budget
    pub max_calls: u64,
    /// mean of the weights; a preview unless the phase is 3
    pub value: f64,
    /// its one-sigma error
    pub error: f64,
    /// sigma/|mean| of the weights
    pub rel_std: f64,
}

/// Watches a run.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Observer {
    /// called after each step by the thread that called thalweg
    pub progress: ProgressFn,
    /// handed to `progress` as it is
    pub user_data: *mut c_void,
}

/// Why the user's code ended a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// it asked for the end
    Stop,
    /// it returned this
    Code(c_int),
}

impl Fault {
    /// Of what an integrand returned.
    pub(crate) fn of(code: c_int) -> Result<(), Self> {
        match code {
            0 => Ok(()),
            END_RUN => Err(Self::Stop),
            code => Err(Self::Code(code)),
        }
    }
}

/// An integrand that was looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Callback(IntegrandDescription);

impl Callback {
    /// What is described at `p`.
    ///
    /// # Safety
    /// Unless it is null, a description is at `p`.
    pub(crate) unsafe fn read(p: *const IntegrandDescription) -> Result<Self> {
        // SAFETY: as the caller vouches.
        let mut description = *unsafe { value(p, "integrand") }?;
        if description.evaluate.is_none() {
            let text = "integrand.evaluate is a null pointer";
            return Err(Failure::new(Status::NullPointer, text));
        }
        shape(description.dim, description.outputs)?;
        if !(0..=1).contains(&description.concurrent) {
            let text = format!(
                "integrand.concurrent is {}; it must be 0 or 1",
                description.concurrent
            );
            return Err(Failure::argument(text));
        }
        if description.batch == 0 {
            description.batch = BATCH;
        }
        Ok(Self(description))
    }

    /// The integrator of these settings for this function.
    pub(crate) fn integrator(&self, settings: Settings) -> Result<Integrator> {
        if settings.covariance {
            correlated(self.0.outputs)?;
        }
        Ok(Integrator::new(settings)?)
    }

    /// Coordinates of a point.
    pub(crate) fn dim(&self) -> usize {
        self.0.dim
    }

    /// Calls the function for `values` (`[n * outputs]`) at `points` (`[n * dim]`).
    fn call(&self, points: &[f64], values: &mut [f64]) -> Result<(), Fault> {
        let d = &self.0;
        let n = points.len() / d.dim;
        // What is not written shall be noticed.
        values.fill(f64::NAN);
        let (x, v) = (points.as_ptr(), values.as_mut_ptr());
        let Some(evaluate) = d.evaluate else {
            return Err(Fault::Stop);
        };
        // SAFETY: the user vouches for the function; x holds n * dim numbers, and there is room for
        // n * outputs values.
        Fault::of(unsafe { evaluate(n, d.dim, x, d.outputs, v, d.user_data) })
    }

    fn values(&self, points: &[f64]) -> Result<Vec<f64>, Fault> {
        let mut values = vec![0.0; points.len() / self.0.dim * self.0.outputs];
        self.call(points, &mut values)?;
        Ok(values)
    }
}

/// Refuses more values than have a covariance that fits into memory.
pub(crate) fn correlated(outputs: usize) -> Result {
    if outputs > MOST_CORRELATED {
        let text = format!("outputs is {outputs}; with covariance it must be at most 1024");
        return Err(Failure::new(Status::TooLarge, text));
    }
    Ok(())
}

/// Refuses points and values of sizes that cannot be.
pub(crate) fn shape(dim: usize, outputs: usize) -> Result {
    for (name, n) in [("dim", dim), ("outputs", outputs)] {
        if n == 0 {
            return Err(Failure::argument(format!(
                "{name} is 0; it must be at least 1"
            )));
        }
        if n > MOST_AXES {
            let text = format!("{name} is {n}; it must be at most 65536");
            return Err(Failure::new(Status::TooLarge, text));
        }
    }
    Ok(())
}

/// A function that is called from several threads at once.
struct Concurrent {
    callback: Callback,
    /// there once the run is
    wire: OnceLock<Wire>,
    /// how it failed first
    fault: Arc<OnceLock<Fault>>,
}

// SAFETY: by `concurrent` the user says that the function may be called from any thread, several at a
// time, with this user data.
unsafe impl Send for Concurrent {}
// SAFETY: as above.
unsafe impl Sync for Concurrent {}

impl Integrand for Concurrent {
    fn dim(&self) -> usize {
        self.callback.0.dim
    }

    fn outputs(&self) -> usize {
        self.callback.0.outputs
    }

    fn eval(&self, points: &Points<'_>, values: &mut [f64]) -> Result<(), IntegrandError> {
        let done = self.callback.call(points.data(), values);
        done.map_err(|fault| {
            let _ = self.fault.set(fault);
            if let Some(wire) = self.wire.get() {
                wire.stop();
            }
            IntegrandError::Interrupted
        })
    }
}

/// Who answers a run.
pub(crate) trait Answers {
    /// Values `[n * outputs]` at points `[n * dim]`.
    fn values(&mut self, points: &[f64]) -> Result<Vec<f64>, Fault>;

    /// Whether the run shall go on after a step.
    fn step(&mut self, step: &Step) -> Control;
}

/// The user's functions.
struct Functions<'a> {
    callback: &'a Callback,
    observer: Option<&'a Observer>,
}

impl Answers for Functions<'_> {
    fn values(&mut self, points: &[f64]) -> Result<Vec<f64>, Fault> {
        self.callback.values(points)
    }

    fn step(&mut self, step: &Step) -> Control {
        let Some(Observer {
            progress: Some(progress),
            user_data,
        }) = self.observer
        else {
            return Control::Continue;
        };
        let i = &step.iteration;
        let seen = Progress {
            phase: match i.phase {
                Phase::Explore => 0,
                Phase::Adapt => 1,
                Phase::Train => 2,
                Phase::Estimate => 3,
            },
            step_calls: i.calls,
            calls: step.calls,
            max_calls: step.max_calls,
            value: i.value,
            error: i.error,
            rel_std: i.rel_std,
        };
        // SAFETY: the user vouches for the function; what it sees is there until it returns.
        match unsafe { progress(&raw const seen, *user_data) } {
            0 => Control::Continue,
            _ => Control::Stop,
        }
    }
}

/// What a job of [`serve`] works with.
pub(crate) struct Tools {
    pub(crate) integrand: Box<dyn Integrand + Send>,
    pub(crate) watcher: Watcher,
}

/// Does `job` on a thread of its own, and what it asks for on this one. Says what came of it, and why
/// the user's code ended it, if it did.
pub(crate) fn answer<T: Send + 'static>(
    answers: &mut dyn Answers,
    job: impl FnOnce(Wire) -> T + Send + 'static,
) -> Result<(T, Option<Fault>)> {
    let work = Work::begin(job)?;
    let mut fault = None;
    while let Some(request) = work.next() {
        if fault.is_some() {
            // Dropped requests are refused ones.
            continue;
        }
        match request {
            Request::Batch(batch, reply) => match answers.values(batch.points()) {
                // Who asked may have given up.
                Ok(values) => drop(reply.send(values)),
                Err(found) => {
                    work.stop();
                    fault = Some(found);
                }
            },
            Request::Step(step, reply) => drop(reply.send(answers.step(&step))),
        }
    }
    Ok((work.end()?, fault))
}

/// As [`answer`], with the user's functions.
pub(crate) fn serve<T: Send + 'static>(
    callback: &Callback,
    observer: Option<&Observer>,
    job: impl FnOnce(Tools) -> thalweg::Result<T> + Send + 'static,
) -> Result<T> {
    let fault = Arc::new(OnceLock::new());
    let IntegrandDescription {
        dim,
        outputs,
        batch,
        concurrent,
        ..
    } = callback.0;
    let direct = (concurrent == 1).then(|| Concurrent {
        callback: *callback,
        wire: OnceLock::new(),
        fault: Arc::clone(&fault),
    });
    let wanted = observer.is_some();
    let mut functions = Functions { callback, observer };
    let (made, served) = answer(&mut functions, move |wire| {
        let watcher = Watcher {
            wire: wire.clone(),
            wanted,
        };
        let integrand: Box<dyn Integrand + Send> = match direct {
            Some(direct) => {
                let _ = direct.wire.set(wire);
                Box::new(direct)
            }
            None => Box::new(Remote {
                wire,
                dim,
                outputs,
                batch,
            }),
        };
        job(Tools { integrand, watcher })
    })?;
    outcome(made, served.or_else(|| fault.get().copied()))
}

/// What to say of a run that the user's code may have ended.
pub(crate) fn outcome<T>(made: thalweg::Result<T>, fault: Option<Fault>) -> Result<T> {
    match fault {
        Some(Fault::Code(code)) => {
            let text = format!("the integrand returned {code}");
            Err(Failure::new(Status::IntegrandFailed, text))
        }
        Some(Fault::Stop) => made.map_err(|_| {
            Failure::new(
                Status::Stopped,
                "stopped before there was anything to report",
            )
        }),
        None => Ok(made?),
    }
}
