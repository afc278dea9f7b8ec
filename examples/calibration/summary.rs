//! What many pulls say.

use crate::run::Result;

/// Numbers of one row.
#[derive(Clone, Debug)]
pub(crate) struct Summary {
    pub(crate) runs: usize,
    pub(crate) mean: f64,
    pub(crate) std: f64,
    /// shares within one and two standard deviations
    pub(crate) within: (f64, f64),
    pub(crate) good: f64,
    pub(crate) silent: usize,
    pub(crate) calls: f64,
}

impl Summary {
    /// Pulls count whatever the status; those that are no numbers, or beyond 50, as 50.
    pub(crate) fn of(results: &[Result]) -> Self {
        let n = results.len() as f64;
        let pulls: Vec<f64> = results.iter().map(|r| bounded(r.pull)).collect();
        let mean = pulls.iter().sum::<f64>() / n;
        let square = pulls.iter().map(|p| (p - mean) * (p - mean)).sum::<f64>();
        let share = |k: f64| pulls.iter().filter(|p| p.abs() <= k).count() as f64 / n;
        Self {
            runs: results.len(),
            mean,
            std: (square / (n - 1.0)).sqrt(),
            within: (share(1.0), share(1.959963984540054)),
            good: results.iter().filter(|r| r.good).count() as f64 / n,
            silent: results.iter().filter(|r| r.is_silent()).count(),
            calls: results.iter().map(|r| r.calls as f64).sum::<f64>() / n,
        }
    }

    pub(crate) const HEADER: &str = "| integrand | method | runs | calls | pull mean | std | in 68 % | in 95 % | good | silent |\n\
        |---|---|---|---|---|---|---|---|---|---|";

    pub(crate) fn line(&self, name: &str, method: &str) -> String {
        let percent = |x: f64| format!("{:.0} %", 100.0 * x);
        format!(
            "| {name} | {method} | {} | {:.0} | {:+.2} | {:.2} | {} | {} | {} | {} |",
            self.runs,
            self.calls,
            self.mean,
            self.std,
            percent(self.within.0),
            percent(self.within.1),
            percent(self.good),
            self.silent
        )
    }
}

/// A pull that sums can hold.
pub(crate) fn bounded(pull: f64) -> f64 {
    if pull.is_nan() {
        50.0
    } else {
        pull.clamp(-50.0, 50.0)
    }
}
