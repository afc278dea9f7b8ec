//! Runs: one integrand, one method, many seeds.

use thalweg::{
    CostClass, Domain, FlowConfig, Integrator, Method, Report, Settings, Stop, from_fn,
    integrate::VegasConfig,
};
use thalweg_integrands::Problem;

use crate::seeds;

/// How all runs go.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) seeds: u64,
    /// relative error to reach; the budget alone ends the runs without
    pub(crate) target: Option<f64>,
    /// most adapting iterations of VEGAS
    pub(crate) iterations: Option<usize>,
    pub(crate) defence: bool,
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
    fn of(report: &Report, exact: f64) -> Self {
        let e = report.estimate;
        // Sums of equal numbers are right to rounding.
        let exactly = (e.value - exact).abs() <= 1e-12 * exact.abs();
        Self {
            pull: if exactly && e.error == 0.0 {
                0.0
            } else {
                e.pull(exact)
            },
            good: report.status.is_good(),
            blind_zero: e.error == 0.0 && !exactly,
            explored: report.exploration.map_or(0, |e| e.points),
            calls: report.calls.total(),
        }
    }

    /// Far off without saying so.
    pub(crate) fn is_silent(&self) -> bool {
        self.good && (self.blind_zero || self.pull.is_nan() || self.pull.abs() > 5.0)
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
        Result::of(&one(problem, method, budget, (seed, options)), exact)
    })
}

fn one(problem: &Problem, method: Method, budget: u64, (seed, options): (u64, &Options)) -> Report {
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
        flow: FlowConfig {
            hidden: vec![16],
            ..FlowConfig::default()
        },
        ..Settings::default()
    };
    let f = from_fn(problem.dim, |y| problem.eval(y));
    Integrator::new(settings)
        .and_then(|i| i.integrate(&f))
        .expect("a run that ends")
}
