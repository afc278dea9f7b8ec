//! Each run in numbers: status, calls and seconds by phase, and what its weights and batches say.

use thalweg::integrate::PerPhase;
use thalweg::{Method, Report};

use super::Page;
use crate::number::{percent, seconds, significant};
use crate::plot::escape;
use crate::report::status;
use crate::table::{Align, Table};

impl Page<'_> {
    pub(super) fn runs(&self) -> String {
        let proposals: String = self
            .each()
            .map(|(method, report)| proposal(method, report))
            .collect();
        format!(
            "{}{}<p>What was sampled:</p>\n<ul>\n{proposals}</ul>\n",
            self.phases().html(),
            self.quality().html()
        )
    }

    fn each(&self) -> impl Iterator<Item = (Method, &Report)> {
        let all = self.comparison.all.iter();
        all.flat_map(|runs| runs.reports.iter().map(|report| (runs.method, report)))
    }

    fn phases(&self) -> Table {
        let mut columns = vec![("method", Align::Left), ("seed", Align::Right)];
        let phases = ["explore", "adapt", "train", "estimate", "total"];
        columns.extend(
            phases
                .iter()
                .chain(&phases)
                .map(|name| (*name, Align::Right)),
        );
        let mut table = Table::new(&columns);
        table.group(2, 6, "calls");
        table.group(7, 11, "time");
        for (method, report) in self.each() {
            let mut cells = vec![method.name().to_owned(), report.seed.to_string()];
            let (calls, time) = (report.calls, report.seconds);
            cells.extend(by_phase(calls, calls.total()).map(|n| n.to_string()));
            cells.extend(by_phase(time, time.total()).map(seconds));
            table.row(cells);
        }
        table
    }

    fn quality(&self) -> Table {
        let mut table = Table::new(&[
            ("method", Align::Left),
            ("seed", Align::Right),
            ("value", Align::Left),
            ("chi2/dof", Align::Right),
            ("p", Align::Right),
            ("ESS", Align::Right),
            ("largest share", Align::Right),
            ("k-hat", Align::Right),
            ("not finite", Align::Right),
            ("blind volume", Align::Right),
            ("status", Align::Left),
        ]);
        for (method, report) in self.each() {
            let w = &report.weights;
            let dash = || "-".to_owned();
            let batches = report.consistency.as_ref();
            table.row(vec![
                method.name().to_owned(),
                report.seed.to_string(),
                report.estimate.to_string(),
                batches.map_or_else(dash, |c| format!("{}/{}", significant(c.chi2, 3), c.dof)),
                batches.map_or_else(dash, |c| significant(c.p_value, 2)),
                percent(w.ess_fraction),
                percent(w.max_share),
                w.khat.map_or_else(dash, |khat| format!("{khat:.2}")),
                report.non_finite.to_string(),
                significant(report.blind_volume, 2),
                status(report),
            ]);
        }
        table
    }
}

fn by_phase<T>(phases: PerPhase<T>, total: T) -> [T; 5] {
    let PerPhase {
        explore,
        adapt,
        train,
        estimate,
    } = phases;
    [explore, adapt, train, estimate, total]
}

/// An item of the list of proposals.
fn proposal(method: Method, report: &Report) -> String {
    let choice = report.chosen.as_ref().map_or_else(String::new, |choice| {
        format!("; {} was chosen: {}", choice.method.name(), choice.why)
    });
    let text = format!(
        "{} with seed {}: {}{choice}",
        method.name(),
        report.seed,
        report.proposal
    );
    format!("<li>{}</li>\n", escape(&text))
}
