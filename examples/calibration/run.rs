//! Runs: one integrand, one method, many seeds.

use thalweg::{
    CostClass, Domain, FlowConfig, Integrator, Method, Outcome, Report, Settings, Stop, from_fn,
    integrate::{Silent, VegasConfig},
};
use thalweg_integrands::Problem;

use crate::seeds;

/// Uniform points in a feature below which it may be missed.
const SEEN: f64 = 10.0;

/// How all runs go.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) seeds: u64,
    /// relative error to reach; the budget alone ends the runs without
    pub(crate) target: Option<f64>,
    /// most adapting iterations of VEGAS
    pub(crate) iterations: Option<usize>,
    pub(crate) defence: bool,
    pub(crate) flow: FlowConfig,
}

impl Options {
    /// The defaults, with a smaller flow.
    pub(crate) fn new(seeds: u64) -> Self {
        Self {
            seeds,
            target: None,
            iterations: None,
            defence: true,
            flow: FlowConfig {
                hidden: vec![16],
                ..FlowConfig::default()
            },
        }
    }
}

/// What became of a run, as far as calibration goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Result {
    /// distance from the exact value as a standard normal number
    pub(crate) pull: f64,
    pub(crate) good: bool,
    /// an error of 0 with a value that is not the exact one
    pub(crate) blind_zero: bool,
    /// uniform points
    pub(crate) explored: u64,
    pub(crate) calls: u64,
}

impl Result {
    /// Of a report on an integral whose value is `exact`.
    pub(crate) fn of(report: &Report, exact: f64) -> Self {
        let e = report.estimate;
        Self {
            good: report.status.is_good(),
            explored: report.exploration.map_or(0, |e| e.points),
            calls: report.calls.total(),
            ..Self::from_pull((e.value, e.error), e.pull(exact), exact)
        }
    }

    /// Of a value and its error with the `pull` that they have, good, without counts.
    pub(crate) fn from_pull((value, error): (f64, f64), pull: f64, exact: f64) -> Self {
        // Sums of equal numbers are right to rounding.
        let exactly = (value - exact).abs() <= 1e-12 * exact.abs();
        Self {
            pull: if exactly && error == 0.0 { 0.0 } else { pull },
            good: true,
            blind_zero: error == 0.0 && !exactly,
            explored: 0,
            calls: 0,
        }
    }

    /// Far from the exact value.
    pub(crate) fn is_far(&self) -> bool {
        self.blind_zero || self.pull.is_nan() || self.pull.abs() > 5.0
    }

    /// Far off without saying so.
    pub(crate) fn is_silent(&self) -> bool {
        self.good && self.is_far()
    }

    /// Whether uniform points may well have missed a feature of that volume, if there is one.
    pub(crate) fn is_blind(&self, feature: Option<f64>) -> bool {
        feature.is_some_and(|v| v * (self.explored as f64) < SEEN)
    }
}

/// All seeds of a method on a problem with at most `budget` calls, in their order.
///
/// # Panics
///
/// If a run fails.
pub(crate) fn run(
    problem: &Problem,
    method: Method,
    budget: u64,
    options: &Options,
) -> Vec<Result> {
    let exact = problem.exact.expect("an exact value");
    seeds::each(options.seeds, |seed| {
        let outcome = one(problem, method, budget, (seed, options));
        Result::of(&outcome.report, exact)
    })
}

/// The run of one seed, on one thread.
///
/// # Panics
///
/// If it fails.
pub(crate) fn one(
    problem: &Problem,
    method: Method,
    budget: u64,
    (seed, options): (u64, &Options),
) -> Outcome {
    let mut stop = Stop::calls(budget);
    stop.rel_error = options.target;
    let mut vegas = VegasConfig::default();
    if let Some(iterations) = options.iterations {
        vegas.max_iterations = iterations;
        vegas.first_calls = (budget / 4 / iterations as u64).max(16);
    }
    let settings = Settings {
        method,
        stop,
        vegas,
        seed,
        threads: Some(1),
        cost_class: Some(CostClass::Cheap),
        defence: options.defence,
        domain: Some(Domain::new(&problem.domain).expect("a range")),
        flow: options.flow.clone(),
        ..Settings::default()
    };
    let f = from_fn(problem.dim, |y| problem.eval(y));
    Integrator::new(settings)
        .and_then(|i| i.run(&f, &mut Silent))
        .expect("a run that ends")
}
