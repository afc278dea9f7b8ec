//! The table of `thalweg compare`.
//!
//! Variance reduction over a baseline (index 0), for the spread s of the weights, the error e and
//! the calls n of all phases: per call of the estimate (s0/s)^2, at equal calls; per call in all
//! (e0^2 n0)/(e^2 n), which charges a method for its training. Several seeds enter by their
//! means.

use thalweg::stats::Estimate;
use thalweg::{Method, Report, Stop};

use crate::number::{percent, seconds, significant};
use crate::record::pull;
use crate::table::{Align, Table};
use crate::what::Subject;

/// What the ratios of the table are.
pub(crate) const GAIN: &str = "\
gain: variance reduction over plain and over vegas; per call, (s0/s)^2 at equal calls of the \
estimate; in all, the ratio of error^2 x calls with the training included";

/// The runs of one method, one per seed.
#[derive(Debug)]
pub(crate) struct Runs {
    pub(crate) method: Method,
    pub(crate) reports: Vec<Report>,
}

/// Runs of several methods.
pub(crate) struct Comparison<'a> {
    pub(crate) subject: &'a Subject,
    pub(crate) stop: Stop,
    pub(crate) all: Vec<Runs>,
}

impl Runs {
    pub(crate) fn new(method: Method) -> Self {
        Self {
            method,
            reports: Vec::new(),
        }
    }

    /// The mean of `number` over the seeds.
    fn mean(&self, number: impl Fn(&Report) -> f64) -> f64 {
        self.reports.iter().map(number).sum::<f64>() / self.reports.len() as f64
    }

    /// All seeds together: the mean of the values.
    fn estimate(&self) -> Estimate {
        let seeds = self.reports.len() as f64;
        let variance = self.mean(|r| r.estimate.error.powi(2)) / seeds;
        Estimate {
            value: self.mean(|r| r.estimate.value),
            error: variance.sqrt(),
            calls: self.reports.iter().map(|r| r.estimate.calls).sum(),
            dof: self
                .reports
                .first()
                .and_then(|r| r.estimate.dof)
                .filter(|_| seeds < 2.0),
        }
    }

    fn spread(&self) -> f64 {
        self.mean(|r| r.weights.rel_std)
    }

    /// Squared error times all calls.
    fn cost(&self) -> f64 {
        self.mean(|r| r.estimate.error.powi(2) * r.calls.total() as f64)
    }

    /// `converged`, or how many seeds ended how.
    fn status(&self) -> String {
        let mut counts: Vec<(&str, usize)> = Vec::new();
        for report in &self.reports {
            let name = report.status.name();
            match counts.iter_mut().find(|(known, _)| *known == name) {
                Some((_, count)) => *count += 1,
                None => counts.push((name, 1)),
            }
        }
        match counts.as_slice() {
            [(name, _)] => (*name).to_owned(),
            several => {
                let each: Vec<_> = several
                    .iter()
                    .map(|(name, n)| format!("{n} {name}"))
                    .collect();
                each.join(", ")
            }
        }
    }
}

impl Comparison<'_> {
    pub(crate) fn text(&self) -> String {
        let mut lines = vec![self.title(), String::new()];
        lines.extend(self.table().lines(0));
        lines.push(String::new());
        lines.push(GAIN.replace("estimate; in", "estimate;\n      in"));
        lines.extend(self.remarks());
        lines.join("\n")
    }

    /// What speaks against runs, and what is worth knowing of them.
    pub(crate) fn remarks(&self) -> Vec<String> {
        let of_run = |method: Method, report: &Report| {
            let who = format!("{} with seed {}", method.name(), report.seed);
            let reasons = report.reasons.iter();
            let reasons = reasons.map(|r| format!("{who} is unreliable: {r}"));
            let warnings = report.warnings.iter().map(|w| format!("{who}: {w}"));
            reasons.chain(warnings).collect::<Vec<_>>()
        };
        let mut remarks = Vec::new();
        for runs in &self.all {
            let reports = runs.reports.iter();
            remarks.extend(reports.flat_map(|report| of_run(runs.method, report)));
        }
        remarks
    }

    fn title(&self) -> String {
        let mut parts = vec![self.subject.label()];
        parts.extend(self.facts());
        parts.join(", ")
    }

    /// What is known of the integral, and how the runs were told to go.
    pub(crate) fn facts(&self) -> Vec<String> {
        let mut parts = Vec::new();
        if let Some(exact) = self.subject.exact {
            let unit = &self.subject.unit;
            parts.push(
                format!("exact {} {unit}", significant(exact, 10))
                    .trim_end()
                    .to_owned(),
            );
        }
        if let Some(error) = self.stop.rel_error {
            parts.push(format!("to a relative error of {error:e}"));
        }
        if let Some(error) = self.stop.abs_error {
            parts.push(format!("to an error of {error:e}"));
        }
        parts.push(format!("at most {} calls", self.stop.max_calls));
        match self.seeds().as_slice() {
            [] => {}
            [seed] => parts.push(format!("seed {seed}")),
            [first, .., last] => parts.push(format!("seeds {first} to {last}, means")),
        }
        parts
    }

    /// The seeds of the first method.
    pub(crate) fn seeds(&self) -> Vec<u64> {
        let first = self.all.first();
        first.map_or_else(Vec::new, |r| r.reports.iter().map(|r| r.seed).collect())
    }

    pub(crate) fn several_seeds(&self) -> bool {
        self.all.iter().any(|runs| runs.reports.len() > 1)
    }

    pub(crate) fn table(&self) -> Table {
        let right = |name| (name, Align::Right);
        let mut columns = vec![("method", Align::Left), ("value", Align::Left)];
        if self.subject.exact.is_some() {
            if self.several_seeds() {
                columns.extend(["rms", "mean", "std"].map(right));
            } else {
                columns.push(right("pull"));
            }
        }
        let pulls = columns.len() - 2;
        columns.extend(["calls", "training", "spread"].map(right));
        let ratios = columns.len();
        columns.extend(["plain", "vegas", "plain", "vegas", "unweighting", "time"].map(right));
        columns.push(("status", Align::Left));
        let mut table = Table::new(&columns);
        if pulls == 3 {
            table.group(2, 4, "pull");
        }
        table.group(ratios, ratios + 1, "gain per call");
        table.group(ratios + 2, ratios + 3, "gain in all");
        for runs in &self.all {
            table.row(self.cells(runs));
        }
        table
    }

    fn cells(&self, runs: &Runs) -> Vec<String> {
        let mut cells = vec![runs.method.name().to_owned(), runs.estimate().to_string()];
        if self.subject.exact.is_some() {
            cells.extend(self.pulls(runs));
        }
        cells.push(format!("{:.0}", runs.mean(|r| r.calls.total() as f64)));
        cells.push(format!("{:.0}", runs.mean(|r| r.calls.training() as f64)));
        cells.push(significant(runs.spread(), 3));
        for of in [|r: &Runs| r.spread().powi(2), Runs::cost] {
            cells.extend([Method::Plain, Method::Vegas].map(|b| self.ratio(b, runs, of)));
        }
        cells.push(percent(runs.mean(|r| r.weights.unweighting_efficiency)));
        cells.push(seconds(runs.mean(|r| r.seconds.total())));
        cells.push(runs.status());
        cells
    }

    /// The pull, or its root mean square, mean and standard deviation over the seeds.
    fn pulls(&self, runs: &Runs) -> Vec<String> {
        let pulls: Vec<f64> = runs
            .reports
            .iter()
            .filter_map(|report| pull(self.subject, report))
            .collect();
        let n = pulls.len() as f64;
        let mean = pulls.iter().sum::<f64>() / n;
        if !self.several_seeds() {
            return vec![or_dash(mean, |pull| format!("{pull:+.2}"))];
        }
        let rms = (pulls.iter().map(|p| p * p).sum::<f64>() / n).sqrt();
        let squares: f64 = pulls.iter().map(|p| (p - mean).powi(2)).sum();
        let std = (squares / (n - 1.0)).sqrt();
        vec![
            or_dash(rms, |rms| format!("{rms:.2}")),
            or_dash(mean, |mean| format!("{mean:+.2}")),
            or_dash(std, |std| format!("{std:.2}")),
        ]
    }

    /// `of` the baseline divided by `of` these runs, if the baseline was run.
    fn ratio(&self, baseline: Method, runs: &Runs, of: impl Fn(&Runs) -> f64) -> String {
        let baseline = self.all.iter().find(|other| other.method == baseline);
        let ratio = baseline.map_or(f64::NAN, |baseline| of(baseline) / of(runs));
        or_dash(ratio, |ratio| significant(ratio, 3))
    }
}

/// A number, or a dash for what is not known.
fn or_dash(value: f64, show: impl Fn(f64) -> String) -> String {
    if value.is_finite() {
        show(value)
    } else {
        "-".to_owned()
    }
}
