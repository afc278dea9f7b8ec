//! Between the threads of a run and the Python thread that asked for it.
//!
//! The run has threads of its own; whatever is Python (the integrand, callbacks, signals) is done by
//! the thread that called, which waits for requests without the GIL. So Python code runs where the
//! user expects it: one call at a time, with its own context variables, traceback and Ctrl-C. Once
//! anything has gone wrong every further request is refused at once, and the run ends; nothing is ever
//! left waiting.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{Builder, scope};
use std::time::{Duration, Instant};

use pyo3::prelude::{Py, PyAny, PyAnyMethods as _, PyErr, PyResult, Python};
use pyo3::types::PyDict;
use thalweg::Control;

use crate::channel::{Nothing, Receiver, Sender, channel};
use crate::integrand::{Batch, call};

/// How long the Python thread waits before it looks for signals.
const PATIENCE: Duration = Duration::from_millis(50);

/// Something that only the Python thread can do.
#[derive(Debug)]
pub(crate) enum Request {
    /// Values of the integrand.
    Batch(Batch, Sender<Option<Vec<f64>>>),
    /// Values of an observable.
    Observe(usize, Batch, Sender<Option<Vec<f64>>>),
    /// A step to be seen.
    Step(Step, Sender<Control>),
}

/// What observers see of a step.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) phase: &'static str,
    pub(crate) calls: u64,
    pub(crate) all_calls: u64,
    pub(crate) max_calls: u64,
    pub(crate) value: f64,
    pub(crate) error: f64,
    pub(crate) rel_std: f64,
    pub(crate) beta: Option<f64>,
}

/// The Python functions of a run.
#[derive(Debug)]
pub(crate) struct Functions {
    /// x `[n, dim]` -> f `[n, outputs]`
    pub(crate) integrand: Option<Py<PyAny>>,
    /// x `[n, dim]` -> o(x) `[n, 1]`
    pub(crate) observables: Vec<Py<PyAny>>,
    /// called with a dict for each step; true stops the run
    pub(crate) observe: Option<Py<PyAny>>,
    /// called with the number of calls, some times a second
    pub(crate) tick: Option<Py<PyAny>>,
}

/// The end of the threads of a run.
#[derive(Clone, Debug)]
pub(crate) struct Wire<'a> {
    requests: Sender<Request>,
    told: &'a Told,
}

/// What the two sides tell each other without a request.
#[derive(Debug, Default)]
struct Told {
    /// whether the run shall end
    stop: AtomicBool,
    /// points of the integrand so far
    calls: AtomicU64,
}

impl Wire<'_> {
    /// Values of the integrand, `None` where the run shall end.
    pub(crate) fn values(&self, batch: Batch) -> Option<Vec<f64>> {
        let (reply, answer) = channel();
        self.requests.send(Request::Batch(batch, reply))?;
        answer.recv().flatten()
    }

    /// Shows a step.
    pub(crate) fn step(&self, step: Step) -> Control {
        let (reply, answer) = channel();
        let sent = self.requests.send(Request::Step(step, reply));
        sent.and_then(|()| answer.recv()).unwrap_or(Control::Stop)
    }

    /// The observable number `index` of the run.
    pub(crate) fn observed(&self, index: usize) -> Observed {
        let requests = self.requests.clone();
        Observed { requests, index }
    }

    /// Whether the run shall end.
    pub(crate) fn stopped(&self) -> bool {
        self.told.stop.load(Ordering::Relaxed)
    }

    /// Counts points that were not asked for here.
    pub(crate) fn count(&self, points: usize) {
        self.told.calls.fetch_add(points as u64, Ordering::Relaxed);
    }
}

/// An observable of the run. It must end with the run's work.
#[derive(Clone, Debug)]
pub(crate) struct Observed {
    requests: Sender<Request>,
    index: usize,
}

impl Observed {
    /// Its values, `None` where the run shall end.
    pub(crate) fn values(&self, batch: Batch) -> Option<Vec<f64>> {
        let (reply, answer) = channel();
        let request = Request::Observe(self.index, batch, reply);
        self.requests.send(request)?;
        answer.recv().flatten()
    }
}

/// What came of a run, and the Python exception that ended it.
pub(crate) type Served<T> = (T, Option<PyErr>);

/// Does `work` on a thread of its own, and what it asks for on this one.
///
/// # Errors
/// If there is no thread to be had.
pub(crate) fn serve<T: Send>(
    py: Python<'_>,
    functions: &Functions,
    work: impl FnOnce(&Wire<'_>) -> T + Send,
) -> PyResult<Served<T>> {
    let told = &Told::default();
    py.detach(|| {
        scope(|scope| {
            let (requests, inbox) = channel();
            let wire = Wire { requests, told };
            let thread = Builder::new().name("thalweg".to_owned());
            // The wire ends with the work, which ends the serving.
            let worker = thread.spawn_scoped(scope, move || work(&wire))?;
            let fault = answer_all(&inbox, functions, told);
            let result = worker.join().unwrap_or_else(|panic| resume_unwind(panic));
            Ok((result, fault))
        })
    })
}

/// Answers until nobody is left to ask; returns the exception that ended the run, if one did.
fn answer_all(inbox: &Receiver<Request>, functions: &Functions, told: &Told) -> Option<PyErr> {
    let mut fault: Option<PyErr> = None;
    let mut last = Instant::now();
    loop {
        let request = match inbox.recv_timeout(PATIENCE) {
            Ok(request) => Some(request),
            Err(Nothing::Yet) => None,
            Err(Nothing::Ever) => return fault,
        };
        // Once something went wrong, dropped requests are refused ones.
        if fault.is_some() {
            continue;
        }
        let due = last.elapsed() >= PATIENCE;
        let done = Python::attach(|py| {
            py.check_signals()?;
            match request {
                Some(Request::Batch(batch, reply)) => {
                    told.calls.fetch_add(batch.len() as u64, Ordering::Relaxed);
                    let values = call(py, functions.integrand.as_ref(), batch)?;
                    // Who asked may have given up.
                    let _ = reply.send(Some(values));
                }
                Some(Request::Observe(index, batch, reply)) => {
                    let values = call(py, functions.observables.get(index), batch)?;
                    let _ = reply.send(Some(values));
                }
                Some(Request::Step(step, reply)) => {
                    let control = observe(py, functions.observe.as_ref(), &step)?;
                    let _ = reply.send(control);
                }
                None => {}
            }
            match &functions.tick {
                Some(tick) if due => {
                    let calls = told.calls.load(Ordering::Relaxed);
                    tick.bind(py).call1((calls,)).map(drop)
                }
                _ => Ok(()),
            }
        });
        if due {
            last = Instant::now();
        }
        if let Err(error) = done {
            told.stop.store(true, Ordering::Relaxed);
            fault = Some(error);
        }
    }
}

/// Shows a step to a Python function.
fn observe(py: Python<'_>, function: Option<&Py<PyAny>>, step: &Step) -> PyResult<Control> {
    let Some(function) = function else {
        return Ok(Control::Continue);
    };
    let seen = PyDict::new(py);
    let set = |name: &str, value| seen.as_any().set_item(name, value);
    set("value", Some(step.value))?;
    set("error", Some(step.error))?;
    set("rel_std", Some(step.rel_std))?;
    set("beta", step.beta)?;
    let seen = seen.as_any();
    seen.set_item("phase", step.phase)?;
    seen.set_item("step_calls", step.calls)?;
    seen.set_item("calls", step.all_calls)?;
    seen.set_item("max_calls", step.max_calls)?;
    let stop = function.bind(py).call1((seen,))?.is_truthy()?;
    Ok(if stop {
        Control::Stop
    } else {
        Control::Continue
    })
}
