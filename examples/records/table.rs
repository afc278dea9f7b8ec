//! The rows, what was published for them, and how a row is printed.

use thalweg::{Method, Placement, Status};

use super::{Row, Run};

/// Calls to the target in arXiv:2001.05486, table 2, the best whose pull is below 3.5.
pub(super) struct Published {
    pub(super) name: &'static str,
    pub(super) target: f64,
    pub(super) best: Option<u64>,
}

const fn published(name: &'static str, target: f64, best: Option<u64>) -> Published {
    Published { name, target, best }
}

/// The i-flow table.
pub(super) static RECORDS: [Published; 14] = [
    published("gaussian:2", 1e-4, Some(164_436)),
    published("gaussian:4", 1e-4, Some(631_874)),
    published("gaussian:8", 1e-4, Some(1_299_718)),
    published("gaussian:16", 1e-4, Some(2_772_216)),
    published("camel:2", 1e-4, Some(421_475)),
    published("camel:4", 1e-4, Some(8_220_000)),
    published("camel:8", 1e-4, Some(19_460_000)),
    published("camel:16", 1e-4, None),
    published("circles:2", 1e-4, Some(17_499_823)),
    published("annulus:2", 1e-4, Some(11_219_498)),
    published("box:3", 1e-4, Some(152_957)),
    published("poly:18", 1e-5, Some(585_000)),
    published("poly:54", 1e-5, Some(685_000)),
    published("poly:96", 1e-5, Some(1_145_000)),
];

/// Peaks on diagonals, to 1e-3.
pub(super) const LOOSE: &[&str] = &["camel:4", "camel:8", "camel:16", "narrow-camel:8"];

/// The Genz families.
pub(super) const GENZ: &[&str] = &[
    "genz-oscillatory:5",
    "genz-oscillatory:8",
    "genz-product-peak:5",
    "genz-product-peak:8",
    "genz-corner-peak:5",
    "genz-corner-peak:8",
    "genz-gaussian:5",
    "genz-gaussian:8",
    "genz-continuous:5",
    "genz-continuous:8",
    "genz-discontinuous:5",
    "genz-discontinuous:8",
];

/// Correlated, curved, many-peaked, cut and signed functions.
pub(super) const STRESS: &[&str] = &[
    "peaks:2",
    "peaks:4",
    "peaks:8",
    "two-widths:4",
    "two-widths:8",
    "correlated:8",
    "correlated:32",
    "needle:4",
    "needle:8",
    "pairs:6",
    "pairs:16",
    "banana:2",
    "banana:5",
    "banana:8",
    "shell:3",
    "shell:6",
    "ball:3",
    "ball:6",
    "cut-gaussian:3",
    "cut-gaussian:8",
    "wave:3",
    "wave:8",
    "dipole:3",
    "dipole:8",
    "cusp:4",
    "narrow-camel:8",
    "narrow-camel:16",
    "gaussian:32",
    "camel:32",
];

pub(super) const HEADER: &str = "row                target |      calls    largest   published | rms/target | pull mean   std | not good | seconds | chosen";

/// A row's figures.
struct Figures {
    calls: f64,
    largest: u64,
    rms: f64,
    pull: f64,
    std: f64,
    bad: usize,
    seconds: f64,
    chosen: String,
    training: f64,
}

fn figures(row: &Row, runs: &[Run]) -> Figures {
    let n = runs.len() as f64;
    let exact = row.problem.exact.unwrap_or(f64::NAN);
    let mean = |of: &dyn Fn(&Run) -> f64| runs.iter().map(of).sum::<f64>() / n;
    let pull = mean(&|r| r.report.estimate.pull(exact));
    let mut counts: Vec<(String, usize)> = Vec::new();
    for run in runs {
        let method = run
            .report
            .chosen
            .as_ref()
            .map_or(run.report.method, |c| c.method);
        let points = match run.report.placement {
            Placement::Random => "-r",
            Placement::Strata => "-s",
            Placement::Auto | Placement::Sobol => "",
        };
        let turned = if method == Method::Vegas && run.report.proposal.contains("rotation") {
            "-turned"
        } else {
            ""
        };
        let name = format!("{}{turned}{points}", method.name());
        match counts.iter_mut().find(|c| c.0 == name) {
            Some(count) => count.1 += 1,
            None => counts.push((name, 1)),
        }
    }
    let chosen: Vec<String> = counts
        .iter()
        .map(|(name, n)| format!("{name} {n}"))
        .collect();
    Figures {
        calls: mean(&|r| r.calls as f64),
        largest: runs.iter().map(|r| r.calls).max().unwrap_or(0),
        rms: mean(&|r| ((r.report.estimate.value - exact) / exact).powi(2)).sqrt() / row.target,
        pull,
        std: (mean(&|r| (r.report.estimate.pull(exact) - pull).powi(2)) * n / (n - 1.0)).sqrt(),
        bad: runs
            .iter()
            .filter(|r| r.report.status != Status::Converged)
            .count(),
        seconds: mean(&|r| r.seconds),
        training: mean(&|r| r.report.calls.training() as f64),
        chosen: chosen.join(", "),
    }
}

/// One row: a line of a table, or of JSON.
pub(super) fn line(row: &Row, runs: &[Run], json: bool) -> String {
    let f = figures(row, runs);
    let published = row.published.and_then(|p| p.best);
    if json {
        let pulls: Vec<String> = runs
            .iter()
            .map(|r| {
                format!(
                    "{:.3}",
                    r.report
                        .estimate
                        .pull(row.problem.exact.unwrap_or(f64::NAN))
                )
            })
            .collect();
        return format!(
            "{{\"row\": \"{}\", \"target\": {:e}, \"seeds\": {}, \"calls\": {:.0}, \"largest\": {}, \"training\": {:.0}, \
             \"published\": {}, \"rms\": {:.3}, \"pull_mean\": {:.3}, \"pull_std\": {:.3}, \
             \"bad\": {}, \"seconds\": {:.4}, \"chosen\": \"{}\", \"pulls\": [{}]}}",
            row.name,
            row.target,
            runs.len(),
            f.calls,
            f.largest,
            f.training,
            published.map_or("null".to_owned(), |p| p.to_string()),
            f.rms,
            f.pull,
            f.std,
            f.bad,
            f.seconds,
            f.chosen,
            pulls.join(", ")
        );
    }
    format!(
        "{:<18} {:>6.0e} | {:>10.0} {:>10} {:>11} | {:>10.2} | {:>+9.2} {:>5.2} | {:>8} | {:>7.3} | {}",
        row.name,
        row.target,
        f.calls,
        f.largest,
        published.map_or("-".to_owned(), |p| p.to_string()),
        f.rms,
        f.pull,
        f.std,
        f.bad,
        f.seconds,
        f.chosen
    )
}
