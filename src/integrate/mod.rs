//! The run: explore, adapt, freeze, estimate.
//!
//! [`Integrator`] takes [`Settings`] and gives an [`Outcome`]: a [`Report`] and the frozen
//! proposal. All points that adapt or train anything are forgotten before the estimate begins.

mod auto;
mod estimate;
pub(crate) mod evaluator;
mod explore;
mod neural;
mod observer;
mod report;
mod run;
mod settings;
mod vegas;
mod verdict;

pub use observer::{Control, Observer, Progress, Silent};
pub use report::{
    Choice, Iteration, Output, PerPhase, Phase, Report, Status, StopReason, WeightSummary,
};
pub use settings::{CostClass, Method, NonFinite, Settings, Stop, VegasConfig};

use std::any::Any;

use rayon::ThreadPoolBuilder;

use auto::Frozen;
use evaluator::Evaluator;
use neural::Rival;
use run::Run;

use crate::error::{Error, Result};
use crate::flow::Flow;
use crate::integrand::{Domain, Integrand};
use crate::map::{Chain, Grid, Identity, Map};

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
}

/// A finished run.
#[derive(Debug)]
pub struct Outcome {
    /// what was found
    pub report: Report,
    /// the frozen proposal on the unit cube
    pub map: Box<dyn Map>,
    /// the domain that the unit cube was mapped to
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
    /// [`Error::InvalidSetting`] or [`Error::BudgetTooSmall`], naming what is wrong.
    pub fn new(settings: Settings) -> Result<Self> {
        settings.validate()?;
        Ok(Self { settings })
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
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
        self.go(integrand, observer, None, Goal::Integrate)
    }

    /// Explores, adapts and trains, and spends nothing on an estimate; the report's estimate is
    /// a small check of the frozen proposal on fresh points. `start` warms the training up.
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
        self.go(
            integrand,
            observer,
            start.map(Given::Start),
            Goal::TrainOnly,
        )
    }

    /// Estimates with a proposal that is frozen already.
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
        self.go(
            integrand,
            observer,
            Some(Given::Frozen(map)),
            Goal::Integrate,
        )
    }

    /// Runs inside a pool with the number of threads asked for.
    fn go(
        &self,
        integrand: &dyn Integrand,
        observer: &mut dyn Observer,
        given: Option<Given<'_>>,
        goal: Goal,
    ) -> Result<Outcome> {
        let settings = &self.settings;
        let evaluator = Evaluator::new(
            integrand,
            settings.domain.as_ref(),
            settings.non_finite,
            settings.seed,
        )?;
        let mut pool = ThreadPoolBuilder::new();
        if let Some(threads) = settings.threads {
            pool = pool.num_threads(threads);
        }
        let threads = settings.threads.unwrap_or(0);
        let pool = pool.build().map_err(|e| Error::Threads {
            threads,
            reason: e.to_string(),
        })?;
        let mut run = Run::new(settings, evaluator, observer);
        pool.install(|| execute(&mut run, given, goal))
    }
}

/// A proposal brought along.
enum Given<'a> {
    /// to be trained on
    Start(&'a dyn Map),
    /// to be used as it is
    Frozen(Box<dyn Map>),
}

fn execute(run: &mut Run<'_>, given: Option<Given<'_>>, goal: Goal) -> Result<Outcome> {
    let dim = run.evaluator.dim();
    let found = match &given {
        Some(Given::Start(map)) => map.dim(),
        Some(Given::Frozen(map)) => map.dim(),
        None => dim,
    };
    if found != dim {
        return Err(Error::DimensionMismatch {
            what: "the model",
            found,
            expected: dim,
        });
    }
    let explored = explore::explore(run)?;
    let frozen = match given {
        Some(Given::Frozen(map)) => Frozen {
            rel_std: estimate::spread(run, map.as_ref())?,
            map,
            choice: None,
            cost: None,
        },
        Some(Given::Start(start)) => prepare(run, &explored, Some(start), goal)?,
        None => prepare(run, &explored, None, goal)?,
    };
    let most = (goal == Goal::TrainOnly).then_some(CHECK_CALLS);
    let (sums, stop) = estimate::estimate(run, frozen.map.as_ref(), frozen.rel_std, most)?;
    let report = verdict::report(run, &frozen, &sums, stop);
    Ok(Outcome {
        report,
        map: frozen.map,
        domain: run.evaluator.domain().clone(),
    })
}

/// Adapts or trains what the method asks for.
fn prepare(
    run: &mut Run<'_>,
    explored: &explore::Explored,
    start: Option<&dyn Map>,
    goal: Goal,
) -> Result<Frozen> {
    let dim = run.evaluator.dim();
    let half = run.calls_left() / 2;
    match run.settings.method {
        Method::Auto if start.is_none() && goal == Goal::Integrate => auto::choose(run, explored),
        Method::Plain => Ok(Frozen {
            map: Box::new(Identity::new(dim)),
            rel_std: explored.moments.rel_std(),
            choice: None,
            cost: None,
        }),
        Method::Vegas => {
            let start = start.and_then(grid_of).cloned();
            let adapted = vegas::adapt(run, explored, start, half)?;
            Ok(Frozen {
                map: Box::new(adapted.grid),
                rel_std: adapted.rel_std,
                choice: None,
                cost: None,
            })
        }
        Method::Auto | Method::Flow => {
            let (flow, grid) = starting_flow(run, explored, start)?;
            let rival = Rival {
                rel_std: f64::INFINITY,
            };
            let trained = neural::train(run, explored, flow, grid.as_ref(), half, rival)?;
            Ok(Frozen {
                map: trained.map,
                rel_std: trained.rel_std,
                choice: None,
                cost: None,
            })
        }
    }
}

/// The grid in a map, alone or at the data end of a chain.
fn grid_of(map: &dyn Map) -> Option<&Grid> {
    let any: &dyn Any = map;
    any.downcast_ref::<Grid>()
        .or_else(|| grid_of(any.downcast_ref::<Chain>()?.maps().last()?.as_ref()))
}

/// The flow in a map, alone or at the latent end of a chain.
fn flow_of(map: &dyn Map) -> Option<&Flow> {
    let any: &dyn Any = map;
    any.downcast_ref::<Flow>()
        .or_else(|| flow_of(any.downcast_ref::<Chain>()?.maps().first()?.as_ref()))
}

/// A new flow, or the one of the start; with a grid under it where the settings or the start
/// say so.
fn starting_flow(
    run: &mut Run<'_>,
    explored: &explore::Explored,
    start: Option<&dyn Map>,
) -> Result<(Flow, Option<Grid>)> {
    let (dim, settings) = (run.evaluator.dim(), run.settings);
    if let Some(flow) = start.and_then(flow_of) {
        return Ok((flow.clone(), start.and_then(grid_of).cloned()));
    }
    let mut flow = Flow::new(dim, &settings.flow, settings.seed)?;
    let wants_grid = settings.flow_on_grid || settings.flow.elementwise_bins > 0;
    if !wants_grid {
        return Ok((flow, start.and_then(grid_of).cloned()));
    }
    let most = run.calls_left() / 8;
    let grid = vegas::adapt(run, explored, start.and_then(grid_of).cloned(), most)?.grid;
    if settings.flow_on_grid {
        return Ok((flow, Some(grid)));
    }
    flow.follow_grid(&grid);
    Ok((flow, None))
}
