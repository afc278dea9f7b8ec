//! The runs of one method over all of the zoo.

use crate::run::Result;

/// Runs, and what became of them.
#[derive(Clone, Debug)]
pub(crate) struct Tally {
    pub(crate) method: String,
    runs: usize,
    silent: usize,
    blind: usize,
    /// within 3 sigma
    near: usize,
    near_good: usize,
}

impl Tally {
    pub(crate) fn new(method: &str) -> Self {
        Self {
            method: method.to_owned(),
            runs: 0,
            silent: 0,
            blind: 0,
            near: 0,
            near_good: 0,
        }
    }

    /// Adds the runs on a function whose smallest part that matters has a volume; gives the
    /// silent failures for which it is too small to be seen.
    pub(crate) fn add(&mut self, results: &[Result], feature: Option<f64>) -> usize {
        let count = |what: &dyn Fn(&Result) -> bool| results.iter().filter(|r| what(r)).count();
        let blind = count(&|r| r.is_silent() && r.is_blind(feature));
        self.runs += results.len();
        self.silent += count(&|r| r.is_silent()) - blind;
        self.blind += blind;
        self.near += count(&|r| r.pull.abs() <= 3.0);
        self.near_good += count(&|r| r.pull.abs() <= 3.0 && r.good);
        blind
    }

    pub(crate) fn merge_from(&mut self, other: &Self) {
        self.runs += other.runs;
        self.silent += other.silent;
        self.blind += other.blind;
        self.near += other.near;
        self.near_good += other.near_good;
    }

    pub(crate) const HEADER: &str = "| method | runs | silent | | blind | | within 3 sigma | of these good |\n\
        |---|---|---|---|---|---|---|---|";

    pub(crate) fn line(&self) -> String {
        let part = |a: usize, b: usize| 100.0 * a as f64 / b.max(1) as f64;
        format!(
            "| {} | {} | {} | {:.2} % | {} | {:.2} % | {:.1} % | {:.1} % |",
            self.method,
            self.runs,
            self.silent,
            part(self.silent, self.runs),
            self.blind,
            part(self.blind, self.runs),
            part(self.near, self.runs),
            part(self.near_good, self.near)
        )
    }
}
