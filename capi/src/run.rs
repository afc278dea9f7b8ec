//! Ask and tell: points out, values in, and the caller keeps its own loop.
//!
//! The run goes on in a thread of its own until it wants values; [`Asking`] holds the batch it waits for
//! and hands it out in parts of any size. All methods run this way, `auto` included, with the same
//! bits as with callbacks.

use std::sync::Mutex;
use std::sync::mpsc::Sender;

use thalweg::{Integrator, Outcome, Settings};

use crate::bridge::{Batch, Remote, Request, Watcher, Wire, Work};
use crate::callback::{BATCH, Fault, correlated, outcome, shape};
use crate::handles::{ReportHandle, RunHandle, SamplerHandle, SettingsHandle};
use crate::integrate::Places;
use crate::memory::{Out, Room, numbers, read};
use crate::settings::settings;
use crate::status::{Failure, Result, Status, guard};
use crate::table::{Stored as _, hold};

/// A run, seen from outside.
pub(crate) struct Asking {
    dim: usize,
    outputs: usize,
    /// what the run waits for; it goes before the run does, which would wait for ever
    pending: Option<Pending>,
    /// the run, until it was finished
    work: Option<Work<thalweg::Result<Outcome>>>,
    /// whether it has no more points
    done: bool,
    /// whether the caller has stopped it
    stopped: bool,
}

/// A batch that is told part by part.
struct Pending {
    batch: Batch,
    /// points that were handed out
    asked: usize,
    /// values so far
    values: Vec<f64>,
    reply: Sender<Vec<f64>>,
}

fn out_of_turn(text: &str) -> Failure {
    Failure::new(Status::OutOfTurn, text)
}

impl Asking {
    fn begin(
        settings: &Settings,
        (dim, outputs): (usize, usize),
        work: impl FnOnce(&Remote, &mut Watcher) -> thalweg::Result<Outcome> + Send + 'static,
    ) -> Result<Self> {
        shape(dim, outputs)?;
        if settings.covariance {
            correlated(outputs)?;
        }
        if let Some(domain) = &settings.domain
            && domain.dim() != dim
        {
            let text = format!("dim is {dim}; the settings have {} ranges", domain.dim());
            return Err(Failure::argument(text));
        }
        let work = Work::begin(move |wire: Wire| {
            let (remote, mut watcher) = wire.remote((dim, outputs), BATCH);
            work(&remote, &mut watcher)
        })?;
        Ok(Self {
            dim,
            outputs,
            pending: None,
            work: Some(work),
            done: false,
            stopped: false,
        })
    }

    fn work(&self) -> Result<&Work<thalweg::Result<Outcome>>> {
        let ended = || out_of_turn("the run is finished");
        self.work.as_ref().ok_or_else(ended)
    }

    /// The next points, at most `most` of them; none after the last.
    fn ask(&mut self, most: usize) -> Result<&[f64]> {
        let work = self.work()?;
        if self.done || self.stopped {
            return Ok(&[]);
        }
        if self.pending.is_none() {
            match work.next() {
                Some(Request::Batch(batch, reply)) => {
                    self.pending = Some(Pending {
                        batch,
                        asked: 0,
                        values: Vec::new(),
                        reply,
                    });
                }
                // Nobody watches steps, so there are none.
                Some(Request::Step(..)) | None => self.done = true,
            }
        }
        let (dim, outputs) = (self.dim, self.outputs);
        let Some(pending) = &mut self.pending else {
            return Ok(&[]);
        };
        let first = pending.asked;
        if pending.values.len() < first * outputs {
            let text = "points were asked for whose values were not told";
            return Err(out_of_turn(text));
        }
        let points = pending.batch.points();
        let end = first.saturating_add(most).min(points.len() / dim);
        pending.asked = end;
        Ok(&points[first * dim..end * dim])
    }

    /// Takes the values of the points asked for last.
    fn tell(&mut self, values: &[f64]) -> Result {
        self.work()?;
        let turn = || out_of_turn("no points wait for values");
        let pending = self.pending.as_mut().ok_or_else(turn)?;
        let expected = pending.asked * self.outputs - pending.values.len();
        if expected == 0 {
            return Err(turn());
        }
        if values.len() != expected {
            let text = format!("{} values were told; {expected} are needed", values.len());
            return Err(Failure::argument(text));
        }
        pending.values.extend_from_slice(values);
        let all = pending.batch.points().len() / self.dim * self.outputs;
        if pending.values.len() == all
            && let Some(Pending { values, reply, .. }) = self.pending.take()
        {
            // A run that has ended in the meantime says so when it is asked.
            let _ = reply.send(values);
        }
        Ok(())
    }

    fn stop(&mut self) -> Result {
        self.work()?.stop();
        self.pending = None;
        self.stopped = true;
        Ok(())
    }

    fn finish(&mut self) -> Result<Outcome> {
        self.work()?;
        if !self.done && !self.stopped {
            return Err(out_of_turn("the run goes on: ask for points, or stop it"));
        }
        let ended = || out_of_turn("the run is finished");
        let made = self.work.take().ok_or_else(ended)?.end()?;
        outcome(made, self.stopped.then_some(Fault::Stop))
    }
}

/// Begins a run.
unsafe fn begin(run: *mut RunHandle, begin: impl FnOnce() -> Result<Asking>) -> Status {
    guard(|| {
        // SAFETY: as the caller vouches.
        let out = unsafe { Out::new(run, RunHandle::default(), "run") }?;
        let id = Mutex::new(begin()?).insert()?;
        // SAFETY: as above.
        unsafe { out.set(RunHandle { id }) };
        Ok(())
    })
}

/// Begins a run that integrates a function of `dim` coordinates and `outputs` values, which the caller
/// computes: see `thalweg_run_ask`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn thalweg_run_start(
    settings: SettingsHandle,
    dim: usize,
    outputs: usize,
    run: *mut RunHandle,
) -> Status {
    let made = || {
        let settings = self::settings(settings)?;
        let integrator = Integrator::new(settings.clone())?;
        Asking::begin(&settings, (dim, outputs), move |remote, watcher| {
            integrator.run(remote, watcher)
        })
    };
    // SAFETY: the caller vouches for it.
    unsafe { begin(run, made) }
}

/// As `thalweg_run_start`, for a run that only trains, as `thalweg_train` does, on the proposal of `start`
/// (0 for none).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn thalweg_run_train(
    settings: SettingsHandle,
    dim: usize,
    outputs: usize,
    start: SamplerHandle,
    run: *mut RunHandle,
) -> Status {
    let made = || {
        let settings = self::settings(settings)?;
        let integrator = Integrator::new(settings.clone())?;
        let start = start.wanted()?;
        Asking::begin(&settings, (dim, outputs), move |remote, watcher| {
            let start = start.as_ref().map(|s| s.map());
            integrator.train(remote, start, watcher)
        })
    };
    // SAFETY: the caller vouches for it.
    unsafe { begin(run, made) }
}

/// Asks for the next points, at most `most`: `points[most * dim]` in the units of the box, and their
/// number `n`, which is 0 when the run needs no more. All values must be told before points are asked
/// for again. How they are divided changes no bit.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn thalweg_run_ask(
    run: RunHandle,
    most: usize,
    points: *mut f64,
    n: *mut usize,
) -> Status {
    guard(|| {
        // SAFETY: the caller vouches for both.
        let out = unsafe { Out::new(n, 0, "n") }?;
        let run = <Mutex<Asking>>::get(run.id)?;
        let mut run = hold(&run)?;
        if most == 0 {
            return Err(Failure::argument("most is 0; it must be at least 1"));
        }
        let dim = run.dim;
        let room = Room::new(points, numbers(most, dim)?, "points")?;
        let points = run.ask(most)?;
        // SAFETY: as above.
        unsafe {
            room.write(0, points);
            out.set(points.len() / dim);
        }
        Ok(())
    })
}

/// Tells the values, `values[count]`, of the points asked for last: `count` is their number times the
/// outputs. Values that are not finite end the run as the settings say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn thalweg_run_tell(
    run: RunHandle,
    count: usize,
    values: *const f64,
) -> Status {
    guard(|| {
        let run = <Mutex<Asking>>::get(run.id)?;
        let mut run = hold(&run)?;
        // SAFETY: the caller vouches for it.
        let values = unsafe { read(values, numbers(count, 1)?, "values") }?;
        run.tell(values)
    })
}

/// Stops a run; `thalweg_run_finish` gives what there is.
#[unsafe(no_mangle)]
pub extern "C" fn thalweg_run_stop(run: RunHandle) -> Status {
    guard(|| hold(&*<Mutex<Asking>>::get(run.id)?)?.stop())
}

/// What came of a run that needs no more points, or was stopped; `report` and `sampler` may be null. It can
/// be asked once; the run must still be freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn thalweg_run_finish(
    run: RunHandle,
    report: *mut ReportHandle,
    sampler: *mut SamplerHandle,
) -> Status {
    guard(|| {
        // SAFETY: the caller vouches for both.
        let places = unsafe { Places::new(report, sampler) }?;
        let run = <Mutex<Asking>>::get(run.id)?;
        let outcome = hold(&run)?.finish()?;
        // SAFETY: as above.
        unsafe { places.fill(outcome) }
    })
}
