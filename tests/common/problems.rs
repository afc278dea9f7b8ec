//! Known problems as integrands, and settings with small budgets.

use thalweg::{Domain, Method, Settings, Stop};
use thalweg_integrands::Problem;

/// A problem by name, dimension and parameters.
pub(crate) fn problem(name: &str, dim: usize, settings: &[(&str, f64)]) -> Problem {
    thalweg_integrands::problem(name, Some(dim), settings).expect("a known problem")
}

/// Settings that spend `calls` calls on the domain of `problem`.
pub(crate) fn settings(problem: &Problem, method: Method, calls: u64) -> Settings {
    Settings {
        domain: Some(Domain::new(&problem.domain).expect("a domain")),
        method,
        stop: Stop::calls(calls),
        ..Settings::default()
    }
}
