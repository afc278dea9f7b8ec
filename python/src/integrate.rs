//! Runs.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use pyo3::prelude::{Bound, Py, PyAny, PyAnyMethods as _, PyErr, PyRef, PyResult, Python};
use pyo3::{FromPyObject, pyfunction};
use pythonize::{depythonize, pythonize};
use serde::Serialize;
use thalweg::integrate::Checkpoints;
use thalweg::stats::HistogramError;
use thalweg::{
    CheckpointFile, Error, Integrand, IntegrandError, Integrator, LogOutcome, Method, Observable,
    Outcome, Report, Sampler as Proposal, Settings, Team as _,
};

use crate::bridge::{Functions, Observed, Wire, serve};
use crate::errors::raise;
use crate::integrand::{Batch, Remote};
use crate::native::{Direct, Native};
use crate::observer::Watcher;
use crate::sampler::Sampler;
use crate::team::Communicator;

/// The settings of a run that asks for nothing, as a dict.
#[pyfunction]
pub(crate) fn default_settings(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    Ok(pythonize(py, &Settings::default())?)
}

/// A report, and the same in words.
#[derive(Serialize)]
struct Told<'a> {
    #[serde(flatten)]
    report: &'a Report,
    text: String,
}

/// A report as a dict.
pub(crate) fn told<'py>(py: Python<'py>, report: &Report) -> PyResult<Bound<'py, PyAny>> {
    let text = report.to_string();
    Ok(pythonize(py, &Told { report, text })?)
}

/// Where a run is kept.
#[derive(Debug, FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Kept {
    path: PathBuf,
    /// seconds between two writings
    every: f64,
    /// whether to go on from what is there
    resume: bool,
}

/// What a histogram is of: its name, and its one axis or its two.
#[derive(Debug, FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Binning {
    name: String,
    axes: Vec<Axis>,
}

/// An observable: its name, the number of its bins, and a function that gives each point the
/// number of its bin.
#[derive(Debug, FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Axis {
    name: String,
    bins: usize,
    /// x `[n, dim]` -> `[n, 1]`: below 0 for the underflow, `bins` or more for the overflow
    place: Py<PyAny>,
}

/// The functions of all axes.
pub(crate) fn places(histograms: Vec<Binning>) -> Vec<Py<PyAny>> {
    let axes = histograms.into_iter().flat_map(|histogram| histogram.axes);
    axes.map(|axis| axis.place).collect()
}

impl Binning {
    /// Without the functions.
    pub(crate) fn named(&self) -> Named {
        let axes = self.axes.iter().map(|axis| (axis.name.clone(), axis.bins));
        (self.name.clone(), axes.collect())
    }
}

/// What a run is to do besides its settings.
#[derive(Debug, FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Task {
    dim: usize,
    outputs: usize,
    /// points of a call
    batch: usize,
    /// points that are computed at the same time
    at_once: usize,
    /// "integrate", "log" (of ln f), "train" or "estimate"
    goal: String,
    integrand: Py<PyAny>,
    observables: Vec<Binning>,
    observe: Option<Py<PyAny>>,
    tick: Option<Py<PyAny>>,
    checkpoint: Option<Kept>,
    /// communicator of the processes that share the run
    comm: Option<Py<PyAny>>,
}

/// What a run of ln f has found besides the report of the integral in units of e^level.
#[derive(Debug, Serialize)]
struct Logarithm {
    log_z: f64,
    error: f64,
    level: f64,
    restarts: u32,
}

/// What a run has found, of ln f or of f.
type Found = (Outcome, Option<Logarithm>);

/// What a run gives: its report as a dict and the sampler, where it came to an end, and the
/// exception that ended it, where one did.
pub(crate) type Ended<'py> = (
    Option<Bound<'py, PyAny>>,
    Option<Sampler>,
    Option<Py<PyAny>>,
);

/// Runs a task; `start` is the proposal to train on or to estimate with.
#[pyfunction]
#[pyo3(signature = (task, settings, start = None))]
pub(crate) fn run<'py>(
    py: Python<'py>,
    task: Task,
    settings: &Bound<'py, PyAny>,
    start: Option<PyRef<'py, Sampler>>,
) -> PyResult<Ended<'py>> {
    let settings: Settings = depythonize(settings)?;
    let failed = |error: Error| raise(py, &error);
    let start = start.map(|s| s.copy()).transpose().map_err(failed)?;
    let comm = task
        .comm
        .as_ref()
        .map(|comm| Communicator::new(comm.bind(py)));
    let comm = comm.transpose()?;
    let run = Prepared::new(&task, settings, start, comm).map_err(failed)?;
    let native = Native::of(task.integrand.bind(py))?;
    let native = native.as_ref();
    let functions = Functions {
        integrand: Some(task.integrand),
        observables: places(task.observables),
        observe: task.observe,
        tick: task.tick,
    };
    let wanted = functions.observe.is_some();
    let (dim, outputs) = (task.dim, task.outputs);
    let (batch, at_once) = (task.batch, task.at_once);
    let (outcome, fault) = serve(py, &functions, move |wire| {
        let wire = wire.clone();
        let observer = Watcher {
            wire: wire.clone(),
            wanted,
        };
        let Some(native) = native else {
            let integrand = Remote {
                wire,
                dim,
                outputs,
                batch,
                at_once,
            };
            return run.run(&integrand, observer);
        };
        run.run(&Direct { wire, native }, observer)
    })?;
    if let (Err(_), None, Some(failure)) = (&outcome, &fault, native.and_then(|n| n.raised(py))) {
        return Err(failure);
    }
    ended(py, outcome, fault)
}

/// The observables of histograms, whose functions are counted through all of them.
pub(crate) fn observables(named: &[Named], wire: &Wire<'_>) -> Result<Vec<Observable>, Error> {
    let mut index = 0;
    let mut next = |axis: &(String, usize)| {
        let of = wire.observed(index);
        index += 1;
        observable(axis, of)
    };
    let all = named.iter().map(|(name, axes)| match &axes[..] {
        [x, y] => Observable::joint(name, next(x)?, next(y)?),
        [axis] => next(axis),
        _ => Err(Error::Histogram {
            name: name.clone(),
            reason: HistogramError::NumberOfAxes { axes: axes.len() }.to_string(),
        }),
    });
    all.collect()
}

/// An observable whose values are numbers of bins.
fn observable((name, bins): &(String, usize), of: Observed) -> Result<Observable, Error> {
    Observable::of_points(name, *bins, 0.0, *bins as f64, move |points| {
        of.values(Batch::of(points))
            .ok_or(IntegrandError::Interrupted)
    })
}

/// Report and sampler, or the exception.
fn ended(
    py: Python<'_>,
    outcome: Result<Found, Error>,
    fault: Option<PyErr>,
) -> PyResult<Ended<'_>> {
    let outcome = match (outcome, &fault) {
        (Ok(outcome), _) => Some(outcome),
        // What Python raised says more than what became of it.
        (Err(_), Some(_)) => None,
        (Err(error), None) => return Err(raise(py, &error)),
    };
    let dict = |(outcome, log): &Found| {
        let report = told(py, &outcome.report)?;
        if let Some(log) = log {
            report.set_item("logarithm", pythonize(py, log)?)?;
        }
        Ok::<_, PyErr>(report)
    };
    let report = outcome.as_ref().map(dict).transpose()?;
    let sampler = outcome.map(|(o, _)| Sampler::from(Proposal::from_outcome(o)));
    let fault = fault.map(|fault| fault.into_value(py).into_any());
    Ok((report, sampler, fault))
}

/// Name of a histogram, names and bins of its axes.
pub(crate) type Named = (String, Vec<(String, usize)>);

/// A run that may begin.
struct Prepared {
    integrator: Integrator,
    goal: String,
    start: Option<Proposal>,
    file: Option<(CheckpointFile, bool)>,
    histograms: Vec<Named>,
}

impl Prepared {
    fn new(
        task: &Task,
        mut settings: Settings,
        start: Option<Proposal>,
        comm: Option<Communicator>,
    ) -> Result<Self, Error> {
        let leads = comm.as_ref().is_none_or(|comm| comm.rank() == 0);
        if comm.is_some() {
            settings.threads = settings.threads.or(Some(1));
        }
        let estimate = task.goal == "estimate";
        let settings = match &start {
            // Nothing is prepared, so the budget need not suffice for preparing.
            Some(_) if estimate => Settings {
                method: Method::Plain,
                ..settings
            },
            _ => settings,
        };
        let file = task.checkpoint.as_ref().map(|kept| {
            let every = Duration::try_from_secs_f64(kept.every).unwrap_or(Duration::MAX / 64);
            // The others go on from where rank 0 does.
            (CheckpointFile::new(&kept.path, every), kept.resume && leads)
        });
        let integrator = Integrator::new(settings)?;
        Ok(Self {
            integrator: match comm {
                Some(comm) => integrator.with_team(Arc::new(comm)),
                None => integrator,
            },
            goal: task.goal.clone(),
            start,
            file,
            histograms: task.observables.iter().map(Binning::named).collect(),
        })
    }

    fn go(self, integrand: &dyn Integrand, mut observer: Watcher<'_>) -> Result<Found, Error> {
        let Self {
            integrator,
            goal,
            start,
            file,
            histograms,
        } = self;
        let observables = observables(&histograms, &observer.wire)?;
        let integrator = integrator.observing(observables);
        if goal == "train" {
            let start = start.as_ref().map(Proposal::map);
            let outcome = integrator.train(integrand, start, &mut observer)?;
            return Ok((outcome, None));
        }
        let map = start.map(Proposal::into_map);
        let mut file = file;
        let checkpoints = match &mut file {
            Some((file, resume)) => {
                let from = if *resume { file.load()? } else { None };
                Some(Checkpoints { store: file, from })
            }
            None => None,
        };
        if goal == "log" {
            return Ok(of_log(integrator.run_log(
                integrand,
                &mut observer,
                checkpoints,
            )?));
        }
        let outcome = match (map, checkpoints) {
            (map, Some(kept)) => integrator.run_kept(integrand, map, &mut observer, kept),
            (Some(map), None) => integrator.estimate(integrand, map, &mut observer),
            (None, None) => integrator.run(integrand, &mut observer),
        };
        Ok((outcome?, None))
    }

    /// As [`Self::go`]; the report names the method that made the proposal.
    fn run(self, integrand: &dyn Integrand, observer: Watcher<'_>) -> Result<Found, Error> {
        let frozen = self.start.is_some() && self.goal == "estimate";
        let mut found = self.go(integrand, observer)?;
        if frozen {
            let outcome = &mut found.0;
            outcome.report.method = Method::of_map(outcome.map.as_ref());
        }
        Ok(found)
    }
}

/// Takes ln Z apart from the integral and its proposal.
fn of_log(outcome: LogOutcome) -> Found {
    let LogOutcome {
        report,
        map,
        domain,
    } = outcome;
    let logarithm = Logarithm {
        log_z: report.log_z,
        error: report.error,
        level: report.level,
        restarts: report.restarts,
    };
    let report = report.report;
    let outcome = Outcome {
        report,
        map,
        domain,
    };
    (outcome, Some(logarithm))
}
