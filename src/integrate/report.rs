//! What a run found: plain data.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::settings::{CostClass, Method, Placement};
use crate::stats::{Axes, Consistency, Estimate};

/// The parts of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// uniform points: scale, sign, zeros
    Explore,
    /// adapting the VEGAS grid
    Adapt,
    /// training the flow
    Train,
    /// fresh points from the frozen proposal
    Estimate,
}

impl Phase {
    /// The name used in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Explore => "explore",
            Self::Adapt => "adapt",
            Self::Train => "train",
            Self::Estimate => "estimate",
        }
    }
}

/// A number for each phase: calls or seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PerPhase<T> {
    /// uniform points
    pub explore: T,
    /// adapting the VEGAS grid
    pub adapt: T,
    /// training the flow
    pub train: T,
    /// the estimate
    pub estimate: T,
}

impl<T> PerPhase<T> {
    /// The entry of a phase.
    pub fn of(&mut self, phase: Phase) -> &mut T {
        match phase {
            Phase::Explore => &mut self.explore,
            Phase::Adapt => &mut self.adapt,
            Phase::Train => &mut self.train,
            Phase::Estimate => &mut self.estimate,
        }
    }
}

impl PerPhase<u64> {
    /// All phases together.
    pub fn total(&self) -> u64 {
        self.training() + self.estimate
    }

    /// Explore, adapt and train: everything that does not enter the estimate.
    pub fn training(&self) -> u64 {
        self.explore + self.adapt + self.train
    }
}

impl PerPhase<f64> {
    /// All phases together.
    pub fn total(&self) -> f64 {
        self.explore + self.adapt + self.train + self.estimate
    }
}

/// One step of a run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Iteration {
    /// which part of the run
    pub phase: Phase,
    /// calls of this step
    pub calls: u64,
    /// mean of the weights; a preview unless the phase is [`Phase::Estimate`], and there of all
    /// points so far where they are placed in nets or strata
    pub value: f64,
    /// its one-sigma error
    pub error: f64,
    /// spread of the weights, sigma/|mean|
    pub rel_std: f64,
    /// exponent of |f| trained on, for training steps
    pub beta: Option<f64>,
}

/// Weights f/q of the estimate's points (first output).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WeightSummary {
    /// sigma/|mean|; with the control variate, where a flow is defended
    pub rel_std: f64,
    /// effective sample size divided by the number of points
    pub ess_fraction: f64,
    /// share of the largest weight in the sum of |w|
    pub max_share: f64,
    /// Pareto shape of the tail; the error is unreliable above .5, the estimate above .7
    pub khat: Option<f64>,
    /// how many weights above the largest one a tail of that shape would have: about 1, and far more
    /// where the weights are bounded ([`ParetoTail::beyond`](crate::stats::ParetoTail::beyond))
    #[serde(default)]
    pub beyond: Option<f64>,
    /// mean |w| / max |w|
    pub unweighting_efficiency: f64,
    /// |sum w| / sum |w|: 1 without sign changes
    pub cancellation: f64,
    /// share of points with w != 0
    pub nonzero_fraction: f64,
}

/// One output of the integrand.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Output {
    /// value and error
    pub estimate: Estimate,
    /// agreement of the equal batches
    pub consistency: Option<Consistency>,
    /// weights
    pub weights: WeightSummary,
}

/// A histogram of an observable, or of two: the integral over each bin (not divided by its width).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Binned {
    /// name of the observable
    pub name: String,
    /// its one axis, or its two
    pub axes: Axes,
    /// integral over each bin (first output), `[bins]` or `[bins of the first, bins of the second]`, row by row
    pub values: Vec<f64>,
    /// their one-sigma errors
    pub errors: Vec<f64>,
    /// integral below or above a range, and its error: the cells that are no bins, in the order of
    /// [`Axes::cell`]. Of one axis, what is below and what is above or NaN.
    pub outside: Vec<(f64, f64)>,
}

impl Binned {
    /// Edges of the bins of an axis, `[bins + 1]`.
    ///
    /// # Panics
    /// If there is no such axis.
    pub fn edges(&self, axis: usize) -> Vec<f64> {
        self.axes.as_slice()[axis].edges()
    }

    /// Integral and error of the cell at a slot of each axis: 0 is below the range, 1 the first bin, the
    /// number of bins the last one, and one more is above or NaN. `None` where there is no such cell.
    pub fn cell(&self, slots: &[usize]) -> Option<(f64, f64)> {
        let cell = self.axes.cell(slots)?;
        let bins = self.axes.bins_before(slots);
        if self.axes.is_bin(cell) {
            return Some((*self.values.get(bins)?, *self.errors.get(bins)?));
        }
        self.outside.get(cell - bins).copied()
    }
}

/// How much the result can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// the target was reached
    Converged,
    /// the budget was spent
    Budget,
    /// a diagnostic objects; see the reasons
    Unreliable,
    /// f was zero wherever it was looked at
    NoSignal,
    /// stopped from outside
    Interrupted,
}

impl Status {
    /// Whether the result may be used as it stands.
    pub fn is_good(self) -> bool {
        matches!(self, Self::Converged | Self::Budget)
    }

    /// The name used in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Converged => "converged",
            Self::Budget => "budget",
            Self::Unreliable => "unreliable",
            Self::NoSignal => "no_signal",
            Self::Interrupted => "interrupted",
        }
    }
}

/// What ended the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// the relative error was reached
    RelError,
    /// the absolute error was reached
    AbsError,
    /// the calls were spent
    Calls,
    /// the time was spent
    Seconds,
    /// an observer asked for it
    Interrupted,
}

impl StopReason {
    /// The name used in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::RelError => "rel_error",
            Self::AbsError => "abs_error",
            Self::Calls => "calls",
            Self::Seconds => "seconds",
            Self::Interrupted => "interrupted",
        }
    }
}

/// Uniform points, which find what the proposal may not (first output).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Exploration {
    /// uniform points in all, those of a proposal that mixes them in included
    pub points: u64,
    /// the integral by the uniform points outside of the estimate
    pub value: f64,
    /// its one-sigma error
    pub error: f64,
    /// part of the integral of |f| where weights are far beyond the largest that the estimate saw
    pub unseen: f64,
    /// smallest density of the proposal at any of them, on the unit cube: 1 is the uniform density
    pub smallest_density: f64,
}

/// What the method auto took, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Choice {
    /// the method taken
    pub method: Method,
    /// one line
    pub why: String,
}

/// The result of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// the method asked for
    pub method: Method,
    /// what auto chose
    pub chosen: Option<Choice>,
    /// what was sampled, in one line
    pub proposal: String,
    /// value and error of the first output
    pub estimate: Estimate,
    /// agreement of the equal batches of the first output
    pub consistency: Option<Consistency>,
    /// weights of the first output
    pub weights: WeightSummary,
    /// every output, the first included
    pub outputs: Vec<Output>,
    /// covariance of the outputs' values, `[outputs * outputs]`, if asked for
    pub covariance: Option<Vec<f64>>,
    /// histograms of the observables, in their order
    #[serde(default)]
    pub histograms: Vec<Binned>,
    /// how the points of the estimate were placed
    #[serde(default)]
    pub placement: Placement,
    /// how much to trust it
    pub status: Status,
    /// why the status is unreliable
    pub reasons: Vec<String>,
    /// what ended the run
    pub stop: StopReason,
    /// things worth knowing
    pub warnings: Vec<String>,
    /// calls by phase
    pub calls: PerPhase<u64>,
    /// seconds by phase
    pub seconds: PerPhase<f64>,
    /// the steps of the run
    pub iterations: Vec<Iteration>,
    /// a feature of smaller volume may have been missed by the uniform points (97 %)
    pub blind_volume: f64,
    /// the uniform points that went on beside the estimate; none where nothing was estimated
    #[serde(default)]
    pub exploration: Option<Exploration>,
    /// points where the integrand was not finite and counted as zero
    pub non_finite: u64,
    /// the seed
    pub seed: u64,
    /// threads used
    pub threads: usize,
    /// cost of a call, where it was measured or given
    pub cost_class: Option<CostClass>,
    /// instruction set of the kernels
    pub level: String,
    /// version of the library
    pub version: String,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.estimate)?;
        if self.estimate.value != 0.0 {
            write!(f, "   relative error {:.2e}", self.estimate.rel_error())?;
        }
        writeln!(f)?;
        let method = match &self.chosen {
            Some(choice) => format!("auto -> {} ({})", choice.method.name(), choice.why),
            None => self.method.name().to_owned(),
        };
        writeln!(f, "  method   {method}")?;
        writeln!(
            f,
            "  status   {} (stopped by {})",
            self.status.name(),
            self.stop.name()
        )?;
        let calls = self.calls;
        writeln!(
            f,
            "  calls    {} = {} explore + {} adapt + {} train + {} estimate",
            calls.total(),
            calls.explore,
            calls.adapt,
            calls.train,
            calls.estimate
        )?;
        writeln!(f, "  points   {}", self.placement.describe())?;
        writeln!(f, "  time     {:.2} s", self.seconds.total())?;
        if let Some(c) = &self.consistency {
            writeln!(
                f,
                "  batches  chi2/dof = {:.1}/{}, p = {:.2}",
                c.chi2, c.dof, c.p_value
            )?;
        }
        let w = &self.weights;
        write!(
            f,
            "  weights  spread {:.3}, ESS {:.1} %, unweighting efficiency {:.3}",
            w.rel_std,
            100.0 * w.ess_fraction,
            w.unweighting_efficiency
        )?;
        if let Some(khat) = w.khat {
            write!(f, ", k-hat {khat:.2}")?;
        }
        if w.cancellation < 0.999 {
            write!(f, ", cancellation {:.3}", w.cancellation)?;
        }
        for (i, output) in self.outputs.iter().enumerate().skip(1) {
            write!(f, "\n  output {i} {}", output.estimate)?;
        }
        for reason in &self.reasons {
            write!(f, "\n  unreliable: {reason}")?;
        }
        for warning in &self.warnings {
            write!(f, "\n  warning: {warning}")?;
        }
        Ok(())
    }
}
