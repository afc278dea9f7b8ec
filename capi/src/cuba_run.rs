//! A run with an integrand of Cuba's.
//!
//! T. Hahn, Comput. Phys. Commun. 168 (2005) 78 (hep-ph/0404043). What differs: the estimate comes from
//! fresh points after adapting; sizes and growth of the iterations are thalweg's own, nothing is
//! printed, and no state is kept in files.

use std::ffi::{c_int, c_longlong, c_void};

use thalweg::integrate::Output;
use thalweg::{Control, Integrator, Method, Outcome, Report, Settings, Status as Trust, Stop};

use crate::bridge::{Remote, Step, Watcher};
use crate::callback::{Answers, BATCH, END_RUN, Fault, answer, outcome};
use crate::memory::{Out, Room};
use crate::status::{Failure, Status, guard, keep};

/// An integrand of Cuba's with all that it is called with.
pub(crate) type Whole = unsafe extern "C-unwind" fn(
    *const c_int,
    *const f64,
    *const c_int,
    *mut f64,
    *mut c_void,
    *const c_int,
    *const c_int,
) -> c_int;

/// Most components and dimensions.
pub(crate) const MOST: c_int = 1024;
/// Number of the core that is the caller.
static CORE: c_int = -1;
/// Fewest calls of a run.
const FEWEST: u64 = 512;
/// How often an estimate is made again.
const AGAIN: usize = 3;
/// What is said where the integrand wanted the end.
const ABORTED: c_int = -99;

/// The integrand and what it is called with.
pub(crate) struct Function {
    pub(crate) integrand: Option<Whole>,
    pub(crate) userdata: *mut c_void,
    pub(crate) ndim: c_int,
    pub(crate) ncomp: c_int,
    /// `ndim`, `ncomp`, and most points of a call
    pub(crate) sizes: (usize, usize, usize),
}

impl Answers for Function {
    fn values(&mut self, points: &[f64]) -> Result<Vec<f64>, Fault> {
        let (dim, outputs, nvec) = self.sizes;
        let mut values = vec![f64::NAN; points.len() / dim * outputs];
        let calls = points.chunks(nvec * dim);
        for (x, f) in calls.zip(values.chunks_mut(nvec * outputs)) {
            let n = c_int::try_from(x.len() / dim).unwrap_or(c_int::MAX);
            let (ndim, ncomp) = (&raw const self.ndim, &raw const self.ncomp);
            let Some(integrand) = self.integrand else {
                return Err(Fault::Stop);
            };
            let (x, f, core) = (x.as_ptr(), f.as_mut_ptr(), &raw const CORE);
            // SAFETY: the user vouches for the function; x holds n * ndim numbers, and there is room
            // for n * ncomp values.
            let code = unsafe { integrand(ndim, x, ncomp, f, self.userdata, &raw const n, core) };
            if code == END_RUN {
                return Err(Fault::Stop);
            }
        }
        Ok(values)
    }

    fn step(&mut self, _step: &Step) -> Control {
        Control::Continue
    }
}

/// What the two entry points have in common.
pub(crate) struct Task {
    pub(crate) function: Function,
    pub(crate) nvec: c_longlong,
    pub(crate) epsrel: f64,
    pub(crate) epsabs: f64,
    pub(crate) seed: c_int,
    pub(crate) maxeval: c_longlong,
}

/// Where the results go.
#[derive(Clone, Copy)]
pub(crate) struct Found {
    pub(crate) fail: *mut c_int,
    pub(crate) integral: *mut f64,
    pub(crate) error: *mut f64,
    pub(crate) prob: *mut f64,
}

/// What is said of faults that Cuba does not know.
const OTHER: c_int = -3;

/// Integrates, and returns the number of calls.
///
/// # Safety
/// What `found` points to may be written to.
pub(crate) unsafe fn vegas(mut task: Task, found: Found) -> c_longlong {
    let mut calls = 0;
    let mut code = OTHER;
    let status = guard(|| {
        let Function { ndim, ncomp, .. } = task.function;
        for (value, name, fault) in [(ndim, "ndim", -1), (ncomp, "ncomp", -2)] {
            if !(1..=MOST).contains(&value) {
                code = fault;
                return Err(Failure::argument(format!(
                    "{name} is {value}; it must be 1 to 1024"
                )));
            }
        }
        if task.function.integrand.is_none() {
            let text = "integrand is a null pointer";
            return Err(Failure::new(Status::NullPointer, text));
        }
        let n = task.function.sizes.1;
        let room = |p, what| Room::new(p, n, what);
        let (integral, error, prob) = (
            room(found.integral, "integral")?,
            room(found.error, "error")?,
            room(found.prob, "prob")?,
        );
        let nvec = usize::try_from(task.nvec).unwrap_or(1).max(1);
        task.function.sizes.2 = nvec.min(BATCH);
        let (report, stopped) = task.run(&mut calls).inspect_err(|failure| {
            if failure.status() == Status::Stopped {
                code = ABORTED;
            }
        })?;
        code = if stopped {
            ABORTED
        } else {
            task.judge(&report)
        };
        for (i, output) in report.outputs.iter().enumerate() {
            let p = output
                .consistency
                .as_ref()
                .map_or(-1.0, |c| 1.0 - c.p_value);
            // SAFETY: as the caller vouches.
            unsafe {
                integral.write(i, &[output.estimate.value]);
                error.write(i, &[output.estimate.error]);
                prob.write(i, &[p]);
            }
        }
        Ok(())
    });
    if status != Status::Ok {
        // SAFETY: as the caller vouches.
        unsafe { task.nothing(found) };
    }
    // SAFETY: as the caller vouches.
    let told = unsafe { Out::new(found.fail, code, "fail") };
    if told.is_err() {
        keep("fail is a null pointer");
    }
    calls
}

impl Task {
    /// What was found, and whether the integrand wanted the end. Where a component needs more than the
    /// first, which a run looks at, the estimate is made again with more points.
    fn run(&mut self, calls: &mut c_longlong) -> Result<(Report, bool), Failure> {
        let mut settings = self.settings();
        let most = settings.stop.max_calls;
        let integrator = Integrator::new(settings.clone())?;
        let (mut outcome, mut stopped) = self.with(move |f, w| integrator.run(f, w))?;
        let mut spent = outcome.report.calls.total();
        for _ in 0..AGAIN {
            let left = most.saturating_sub(spent);
            let (first, worst) = (outcome.report.estimate.error, self.worst(&outcome.report));
            let wanted = 0.9 * first / worst;
            let possible = wanted > 0.0 && wanted.is_finite();
            if stopped || worst <= 1.0 || left < FEWEST || !possible {
                break;
            }
            settings.method = Method::Plain;
            settings.stop = Stop {
                abs_error: Some(wanted),
                ..Stop::calls(left)
            };
            settings.seed = settings.seed.wrapping_add(1 << 32);
            let integrator = Integrator::new(settings.clone())?;
            let map = outcome.map;
            (outcome, stopped) = self.with(move |f, w| integrator.estimate(f, map, w))?;
            spent += outcome.report.calls.total();
        }
        *calls = c_longlong::try_from(spent).unwrap_or(c_longlong::MAX);
        Ok((outcome.report, stopped))
    }

    /// Does `work` with the integrand.
    fn with(
        &mut self,
        work: impl FnOnce(&Remote, &mut Watcher) -> thalweg::Result<Outcome> + Send + 'static,
    ) -> Result<(Outcome, bool), Failure> {
        let (dim, outputs, _) = self.function.sizes;
        let (made, fault) = answer(&mut self.function, move |wire| {
            let (remote, mut watcher) = wire.remote((dim, outputs), BATCH);
            work(&remote, &mut watcher)
        })?;
        Ok((outcome(made, fault)?, fault.is_some()))
    }

    /// The largest error of a component, divided by what it may be; 0 where nothing is asked for.
    fn worst(&self, report: &Report) -> f64 {
        if self.epsrel <= 0.0 && self.epsabs <= 0.0 {
            return 0.0;
        }
        let of = |output: &Output| {
            let e = &output.estimate;
            e.error / self.epsabs.max(self.epsrel * e.value.abs())
        };
        report.outputs.iter().map(of).fold(0.0, f64::max)
    }

    fn settings(&self) -> Settings {
        let positive = |e: f64| Some(e).filter(|e| *e > 0.0 && e.is_finite());
        Settings {
            method: Method::Vegas,
            stop: Stop {
                rel_error: positive(self.epsrel),
                abs_error: positive(self.epsabs),
                max_calls: u64::try_from(self.maxeval).unwrap_or(0).max(FEWEST),
                max_seconds: None,
            },
            seed: u64::from(self.seed.cast_unsigned()),
            ..Settings::default()
        }
    }

    /// 0 where all components are as precise as they must be, else 1.
    fn judge(&self, report: &Report) -> c_int {
        let asked = self.epsrel > 0.0 || self.epsabs > 0.0;
        let precise = asked && self.worst(report) <= 1.0;
        let trusted = !matches!(report.status, Trust::Unreliable | Trust::Interrupted);
        c_int::from(!(precise && trusted))
    }

    /// What is found where nothing is.
    ///
    /// # Safety
    /// What `found` points to may be written to.
    unsafe fn nothing(&self, found: Found) {
        let n = self.function.sizes.1;
        let places = [
            (found.integral, f64::NAN, "integral"),
            (found.error, f64::INFINITY, "error"),
            (found.prob, -1.0, "prob"),
        ];
        for (p, value, what) in places {
            if let Ok(room) = Room::optional(p, n, what) {
                // SAFETY: as the caller vouches.
                unsafe { room.write(0, &vec![value; n]) };
            }
        }
    }
}
