//! The run: explore, adapt, freeze, estimate.
//!
//! [`Integrator`] takes [`Settings`] and gives an [`Outcome`]: a [`Report`] and the frozen
//! proposal. All points that adapt or train anything are forgotten before the estimate begins.

mod around;
mod auto;
mod caller;
mod channels;
mod checkpoint;
mod climb;
mod curvature;
mod discrete;
mod doubts;
mod estimate;
pub(crate) mod evaluator;
mod exploration;
mod explore;
mod forecast;
mod hunt;
mod jobs;
mod known;
mod layers;
mod logarithm;
mod mixture;
mod neural;
mod observable;
mod observer;
mod partial;
mod peaks;
mod pilot;
mod prepare;
mod product;
mod ranks;
mod report;
mod run;
mod settings;
mod shard;
mod stage;
mod strata;
mod turned;
mod vegas;
mod vegas_plus;
mod verdict;
mod watch;
mod zoom;

pub use channels::{ChannelsConfig, MultiChannel};
pub use checkpoint::{Checkpoint, CheckpointStore, Checkpoints};
pub use logarithm::{LogOutcome, LogReport};
pub use observable::Observable;
pub use observer::{Control, Observer, Progress, Silent};
pub use partial::Partial;
pub use report::{
    Binned, Choice, Exploration, Iteration, Output, PerPhase, Phase, Report, Status, StopReason,
    WeightSummary,
};
pub use settings::{CostClass, Method, NonFinite, Placement, Settings, Stop, VegasConfig};
pub use shard::Shard;
pub use vegas_plus::{Drawn, Pass, PassConfig, PassEstimate, VegasPlus, VegasPlusState};

use std::sync::Arc;

use rayon::{ThreadPool, ThreadPoolBuilder};

use auto::Frozen;
use checkpoint::Keeper;
use evaluator::Evaluator;
use explore::Aim;
use mixture::{Defence, Mixture};
use run::Run;
use watch::Watch;

use crate::error::{Error, Result};
use crate::integrand::{Domain, Integrand};
use crate::kernel::Level;
use crate::map::Map;
use crate::rng::continued;
use crate::team::{Crew, Team};

/// Integrates functions as its settings say.
///
/// ```
/// use thalweg::{Integrator, Settings, Stop, from_fn};
///
/// let settings = Settings { stop: Stop::rel_error(1e-3), ..Settings::default() };
/// let report = Integrator::new(settings)?.integrate(&from_fn(2, |x| x[0] * x[1]))?;
/// assert!((report.estimate.value - 0.25).abs() < 5.0 * report.estimate.error);
/// # Ok::<(), thalweg::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Integrator {
    settings: Settings,
    observables: Vec<Observable>,
    team: Option<Arc<dyn Team>>,
}

/// A finished run.
#[derive(Debug)]
pub struct Outcome {
    /// what was found
    pub report: Report,
    /// the frozen proposal on the unit cube
    pub map: Box<dyn Map>,
    /// the domain that the unit cube was mapped to, with what was learned of its discrete coordinates
    pub domain: Domain,
}

/// Fresh points that check a proposal which was only to be trained.
const CHECK_CALLS: u64 = 8192;

/// What to do after adapting.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Goal {
    Integrate,
    TrainOnly,
}

impl Integrator {
    /// Checks the settings.
    ///
    /// # Errors
    /// [`Error::InvalidSetting`] or [`Error::BudgetTooSmall`], naming what is wrong;
    /// [`Error::UnknownLevel`] for an environment that asks for vector instructions unknown.
    pub fn new(settings: Settings) -> Result<Self> {
        Level::check()?;
        settings.validate()?;
        Ok(Self {
            settings,
            observables: Vec::new(),
            team: None,
        })
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Fills histograms of `observables` in the same pass as the estimate; nothing else changes.
    #[must_use]
    pub fn observing(mut self, observables: Vec<Observable>) -> Self {
        self.observables = observables;
        self
    }

    /// Shares each run with the other processes of `team`, all of which do the same with the same settings
    /// and integrand: to the bits of one process, on any number of them. What the integrand of one of them
    /// reports ends the runs of all. `max_seconds` and the observer are those of rank 0, which alone keeps
    /// checkpoints; the other ranks' stores are not asked. Estimates in shards are not shared.
    #[must_use]
    pub fn with_team(mut self, team: Arc<dyn Team>) -> Self {
        self.team = Some(team);
        self
    }

    /// Integrates `integrand`.
    ///
    /// # Errors
    /// What the integrand reports, or a disagreement of dimensions.
    pub fn integrate(&self, integrand: &dyn Integrand) -> Result<Report> {
        Ok(self.run(integrand, &mut Silent)?.report)
    }

    /// Integrates and keeps the frozen proposal; `observer` watches.
    ///
    /// # Errors
    /// As [`Integrator::integrate`].
    pub fn run(&self, integrand: &dyn Integrand, observer: &mut dyn Observer) -> Result<Outcome> {
        self.go(integrand, observer, (None, Goal::Integrate), None)
    }

    /// As [`Integrator::run`], and as [`Integrator::estimate`] where `map` is given, from time to time
    /// keeping what another process can go on from, or going on from it: value, error, report and map
    /// have the same bits as without any interruption.
    ///
    /// # Errors
    /// As [`Integrator::estimate`]; [`Error::OtherRun`] where the checkpoint is of other settings
    /// (threads and `max_seconds` may differ; the latter counts anew for each process), of another
    /// version, or of another integrand as far as a few of its values tell. A store that fails costs a warning, not the run.
    pub fn run_kept(
        &self,
        integrand: &dyn Integrand,
        map: Option<Box<dyn Map>>,
        observer: &mut dyn Observer,
        checkpoints: Checkpoints<'_>,
    ) -> Result<Outcome> {
        let given = map.map(Given::Frozen);
        let what = (given, Goal::Integrate);
        self.go(integrand, observer, what, Some(checkpoints))
    }

    /// Explores, adapts and trains, and spends nothing on an estimate; the report's estimate is
    /// a small check of the frozen proposal on fresh points. `start` warms the training up: a flow, or a
    /// grid; the report warns of one that the method cannot go on with. A flow
    /// is trained for as long as it lowers the calls to a target, and without one until the budget
    /// is spent; a grid is adapted until that brings nothing more.
    ///
    /// # Errors
    /// As [`Integrator::integrate`]; [`Error::DimensionMismatch`] for a start of another
    /// dimension.
    pub fn train(
        &self,
        integrand: &dyn Integrand,
        start: Option<&dyn Map>,
        observer: &mut dyn Observer,
    ) -> Result<Outcome> {
        let what = (start.map(Given::Start), Goal::TrainOnly);
        self.go(integrand, observer, what, None)
    }

    /// Estimates with a proposal that is frozen already. Before the estimate, 512 uniform points (1024
    /// from 11 coordinates on) look for what it may not see, and 512 of its own plan the estimate.
    ///
    /// # Errors
    /// As [`Integrator::integrate`]; [`Error::DimensionMismatch`] for a map of another
    /// dimension.
    pub fn estimate(
        &self,
        integrand: &dyn Integrand,
        map: Box<dyn Map>,
        observer: &mut dyn Observer,
    ) -> Result<Outcome> {
        let what = (Some(Given::Frozen(map)), Goal::Integrate);
        self.go(integrand, observer, what, None)
    }

    /// Runs inside a pool with the number of threads asked for.
    fn go(
        &self,
        integrand: &dyn Integrand,
        observer: &mut dyn Observer,
        (given, goal): (Option<Given<'_>>, Goal),
        checkpoints: Option<Checkpoints<'_>>,
    ) -> Result<Outcome> {
        let settings = &self.settings;
        // A model was most likely made with the same seed: its numbers are not drawn again.
        let seed = if given.is_some() {
            continued(settings.seed)
        } else {
            settings.seed
        };
        let crew = Crew::new(self.team.as_ref());
        let mut idle = Idle;
        let (evaluator, pool) = crew.agree(self.ready(integrand, seed))?;
        let what = (given.as_ref().map(Given::map), false);
        let keeper = self.keeper(&evaluator, what, checkpoints, (&crew, &mut idle))?;
        let keeper = keeper.as_ref();
        let replaying = keeper.is_some_and(Keeper::is_resumed);
        let watch = Watch::new(observer, settings.stop.max_seconds, replaying);
        let watch = watch.shared_by(crew.clone());
        let mut run = Run::new(settings, evaluator, &watch, keeper, seed);
        let mut outcome = pool.install(|| execute(&mut run, given, goal));
        if let Ok(outcome) = &mut outcome {
            outcome.report.warnings.extend(unkept(keeper));
        } else {
            unkept(keeper);
        }
        crew.whole().and(outcome)
    }

    /// What a run needs before it begins.
    fn ready<'a>(
        &'a self,
        integrand: &'a dyn Integrand,
        seed: u64,
    ) -> Result<(Evaluator<'a>, ThreadPool)> {
        let evaluator = self.evaluator(integrand, seed)?;
        Ok((evaluator, pool(self.settings.threads)?))
    }

    /// Calls `integrand` at points of the domain.
    fn evaluator<'a>(&'a self, integrand: &'a dyn Integrand, seed: u64) -> Result<Evaluator<'a>> {
        let domain = self.settings.domain.as_ref();
        let policy = self.settings.non_finite;
        Evaluator::new(integrand, domain, policy, &self.observables, seed)
    }

    /// What keeps a run, which begins with a map or is of ln f, where it is kept: in the store of rank 0, and
    /// from its checkpoint on; the other ranks keep nothing.
    fn keeper<'k, 'c: 'k, 'i: 'k>(
        &self,
        evaluator: &Evaluator<'_>,
        what: (Option<&dyn Map>, bool),
        checkpoints: Option<Checkpoints<'c>>,
        (crew, idle): (&Crew, &'i mut Idle),
    ) -> Result<Option<Keeper<'k>>> {
        let Some(Checkpoints { store, from }) = checkpoints else {
            return Ok(None);
        };
        let from = crew.of_first(|| Ok(from))?;
        let store: &'k mut dyn CheckpointStore = if crew.rank() == 0 { store } else { idle };
        let shape = (evaluator.caller().integrand(), &self.observables[..]);
        let fingerprint = checkpoint::fingerprint(&self.settings, shape, what);
        let keeper = Keeper::new(Checkpoints { store, from }, fingerprint);
        let checked = keeper.and_then(|keeper| {
            keeper.check(evaluator.caller())?;
            Ok(keeper)
        });
        crew.agree(checked).map(Some)
    }
}

/// Keeps the last state of a run, and warns where that was not possible.
fn unkept(keeper: Option<&Keeper<'_>>) -> Option<String> {
    let fault = keeper?.finish()?;
    Some(format!("the run could not be kept: {fault}"))
}

/// A proposal brought along.
enum Given<'a> {
    /// to be trained on
    Start(&'a dyn Map),
    /// to be used as it is
    Frozen(Box<dyn Map>),
}

impl Given<'_> {
    fn map(&self) -> &dyn Map {
        match self {
            Self::Start(map) => *map,
            Self::Frozen(map) => map.as_ref(),
        }
    }
}

/// The store of a process that keeps nothing itself.
struct Idle;

impl CheckpointStore for Idle {
    fn due(&mut self) -> bool {
        false
    }

    fn save(&mut self, _: &Checkpoint) -> Result<()> {
        Ok(())
    }
}

fn execute(run: &mut Run<'_>, given: Option<Given<'_>>, goal: Goal) -> Result<Outcome> {
    let dim = run.evaluator.dim();
    let found = given.as_ref().map_or(dim, |given| given.map().dim());
    if found != dim {
        return Err(Error::DimensionMismatch {
            what: "the model",
            found,
            expected: dim,
        });
    }
    // A map that is brought along belongs to the probabilities of the settings' domain.
    if given.is_none() {
        discrete::learn(run)?;
    }
    let aim = match given {
        Some(Given::Frozen(_)) => Aim::Check,
        Some(Given::Start(_)) | None => Aim::Learn,
    };
    let explored = explore::explore(run, aim)?;
    let mut frozen = match given {
        Some(Given::Frozen(map)) => {
            let pilot = estimate::pilot(run, map.as_ref())?;
            let trained = prepare::flow_of(map.as_ref()).is_some();
            Frozen {
                rel_std: pilot.rel_std(),
                layout: auto::even(run),
                // How the flow was while it was tempered is not known any more.
                defence: (run.settings.defence && trained).then_some(Defence {
                    tempered: None,
                    level: pilot.mean,
                }),
                map,
                choice: None,
                cost: None,
            }
        }
        Some(Given::Start(start)) => prepare::prepare(run, &explored, Some(start), goal)?,
        None => prepare::prepare(run, &explored, None, goal)?,
    };
    run.freeze(frozen.map.as_ref());
    let most = (goal == Goal::TrainOnly).then_some(CHECK_CALLS);
    if goal == Goal::TrainOnly {
        // What is checked is the map that will be saved.
        frozen.defence = None;
    }
    let mixture = Mixture::new(frozen.map.as_ref(), frozen.defence.as_ref());
    if goal == Goal::Integrate {
        run.reserve(exploration::reserve(mixture, run.calls_left()));
    }
    let findings = estimate::estimate(run, mixture, (&frozen.layout, frozen.rel_std), most)?;
    run.release();
    let exploration = if goal == Goal::Integrate && findings.outputs[0].estimate.calls > 0 {
        Some(exploration::explore_on(run, &explored, mixture, &findings)?)
    } else {
        None
    };
    let report = verdict::report(run, &frozen, findings, exploration);
    Ok(Outcome {
        report,
        map: frozen.map,
        domain: run.evaluator.domain().clone(),
    })
}

/// Threads of a run: so many, or one for each core.
fn pool(threads: Option<usize>) -> Result<ThreadPool> {
    let mut pool = ThreadPoolBuilder::new();
    if let Some(threads) = threads {
        pool = pool.num_threads(threads);
    }
    pool.build().map_err(|e| Error::Threads {
        threads: threads.unwrap_or(0),
        reason: e.to_string(),
    })
}
