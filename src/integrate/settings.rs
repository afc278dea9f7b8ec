//! What a run is asked to do.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result, check};
use crate::flow::{Architecture, Flow, FlowConfig, Stack};
use crate::integrand::Domain;
use crate::train::TrainConfig;

/// How to integrate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// choose among the others by pilot points
    #[default]
    Auto,
    /// uniform points
    Plain,
    /// points from an adapted VEGAS grid
    Vegas,
    /// points from a trained flow
    Flow,
}

impl Method {
    /// The name used on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Plain => "plain",
            Self::Vegas => "vegas",
            Self::Flow => "flow",
        }
    }
}

/// How the points of the estimate are placed in the latent cube.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Placement {
    /// by the method: plain takes independent points, VEGAS what its pilot points found
    /// to be better, the flow and what auto chooses Sobol points
    #[default]
    Auto,
    /// independent points
    Random,
    /// randomised Sobol points: 8 to 23 independent randomisations, whose spread gives the error
    Sobol,
    /// strata with more points where the weights vary more (VEGAS+); VEGAS only
    Strata,
}

impl Placement {
    /// The name used on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Random => "random",
            Self::Sobol => "sobol",
            Self::Strata => "strata",
        }
    }

    /// In a few words.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Auto => "placed by the method",
            Self::Random => "independent",
            Self::Sobol => "randomised Sobol nets",
            Self::Strata => "stratified, more where the weights vary more",
        }
    }
}

/// When to stop. Whatever is reached first counts.
///
/// Without any error target the call budget is spent. The default: relative error 1e-3 and at
/// most 10 million calls.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stop {
    /// one-sigma error divided by |value| (first output)
    pub rel_error: Option<f64>,
    /// one-sigma error (first output)
    pub abs_error: Option<f64>,
    /// calls of the integrand, everything included
    pub max_calls: u64,
    /// seconds
    pub max_seconds: Option<f64>,
}

impl Default for Stop {
    fn default() -> Self {
        Self {
            rel_error: Some(1e-3),
            ..Self::calls(10_000_000)
        }
    }
}

impl Stop {
    /// Spend `calls` calls.
    pub fn calls(calls: u64) -> Self {
        Self {
            rel_error: None,
            abs_error: None,
            max_calls: calls,
            max_seconds: None,
        }
    }

    /// Reach a relative error, with at most 10 million calls.
    pub fn rel_error(error: f64) -> Self {
        Self {
            rel_error: Some(error),
            ..Self::default()
        }
    }

    pub(crate) fn has_target(&self) -> bool {
        self.rel_error.is_some() || self.abs_error.is_some()
    }

    /// The relative error to reach, given the value and relative to it; `None` for none.
    pub(crate) fn relative_target(&self, value: f64) -> Option<f64> {
        let absolute = self.abs_error.map(|e| e / value.abs());
        match (self.rel_error, absolute) {
            (Some(a), Some(b)) => Some(a.max(b)),
            (a, b) => a.or(b),
        }
        .filter(|e| e.is_finite())
    }
}

/// What happens when the integrand returns NaN or an infinity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NonFinite {
    /// the run fails and names the point
    #[default]
    Fail,
    /// the value counts as zero, as long as at most this share of all calls is concerned
    CountAsZero {
        /// largest share of calls, between 0 and 1
        max_share: f64,
    },
}

/// How dear a call of the integrand is: decides how hard a flow is trained per call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CostClass {
    /// below 2 microseconds
    Free,
    /// up to 200 microseconds
    Cheap,
    /// more
    Dear,
}

impl CostClass {
    pub(crate) fn of_seconds(seconds: f64) -> Self {
        if seconds < 2e-6 {
            Self::Free
        } else if seconds < 2e-4 {
            Self::Cheap
        } else {
            Self::Dear
        }
    }

    /// How often training uses each stored point, at least, where calls are dear.
    const DEAR_REUSE: f64 = 64.0;

    /// How often training uses each stored point, where the settings say `reuse`.
    pub(crate) fn reuse(self, reuse: f64) -> f64 {
        match self {
            Self::Dear => reuse.max(Self::DEAR_REUSE),
            Self::Free | Self::Cheap => reuse,
        }
    }

    /// The name used on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Cheap => "cheap",
            Self::Dear => "dear",
        }
    }
}

/// Most bins per axis of an adapted grid: a place among them takes two bytes.
const MOST_BINS: usize = 1 << 16;

/// Settings of the VEGAS grid.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct VegasConfig {
    /// how far a refinement goes towards what the points of an iteration show: 1 all the way,
    /// 0 not at all
    pub alpha: f64,
    /// how strongly points gather in the strata where the weights vary: 0 not at all, 1 as were
    /// best for known spreads
    pub beta: f64,
    /// most bins per axis
    pub max_bins: usize,
    /// calls of the first adapting iteration; each next one has half as many again
    pub first_calls: u64,
    /// most adapting iterations
    pub max_iterations: usize,
    /// whether the axes of the grid are turned to the principal axes of the weighted points, which
    /// lets it follow structure along diagonals (method vegas only)
    #[serde(default)]
    pub precondition: bool,
}

impl Default for VegasConfig {
    fn default() -> Self {
        Self {
            alpha: 1.0,
            beta: 0.75,
            max_bins: 1000,
            first_calls: 2000,
            max_iterations: 30,
            precondition: false,
        }
    }
}

/// Everything a run needs besides the integrand.
#[expect(
    clippy::struct_excessive_bools,
    reason = "switches that do not depend on each other"
)]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// the box to integrate over; `None` is the unit cube
    pub domain: Option<Domain>,
    /// how
    pub method: Method,
    /// until when
    pub stop: Stop,
    /// same seed, same bits, with two exceptions: `max_seconds`, and method auto with a cost
    /// class that is measured instead of set
    pub seed: u64,
    /// number of threads; `None` is one per core
    pub threads: Option<usize>,
    /// cost of a call; `None` measures it (method auto only)
    pub cost_class: Option<CostClass>,
    /// policy for NaN and infinities
    pub non_finite: NonFinite,
    /// whether the covariance of several outputs is computed
    pub covariance: bool,
    /// how the points of the estimate are placed
    #[serde(default)]
    pub placement: Placement,
    /// the VEGAS grid
    pub vegas: VegasConfig,
    /// the flow
    pub flow: FlowConfig,
    /// a flow of another family, in place of `flow`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stack: Option<Stack>,
    /// whether the flow stands on the adapted VEGAS grid
    pub flow_on_grid: bool,
    /// its training
    pub train: TrainConfig,
    /// whether a flow is defended in the estimate: of 35 points 2 come from the flow as it was while
    /// it was tempered and 1 from the uniform density (of 33 points 1, where nothing was tempered),
    /// which find what the flow has lost. Weights are f/q with q the mixture of the densities;
    /// value, error and spread are those of f/q + I0 (1 - `q_flow`/q), whose second term has the
    /// mean 0 (Owen, Zhou, JASA 95 (2000) 135)
    #[serde(default = "yes")]
    pub defence: bool,
    /// whether peaks of |f| are looked for before a new flow that stands on no grid is trained,
    /// and their surroundings sampled for a stage of it
    #[serde(default)]
    pub find_peaks: bool,
}

/// What settings of earlier versions stand for.
fn yes() -> bool {
    true
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            domain: None,
            method: Method::Auto,
            stop: Stop::default(),
            seed: 1,
            threads: None,
            cost_class: None,
            non_finite: NonFinite::Fail,
            covariance: false,
            placement: Placement::Auto,
            vegas: VegasConfig::default(),
            flow: FlowConfig::default(),
            stack: None,
            flow_on_grid: false,
            train: TrainConfig::default(),
            defence: true,
            find_peaks: false,
        }
    }
}

impl Settings {
    /// Refuses what cannot be run.
    ///
    /// # Errors
    /// [`Error::InvalidSetting`], [`Error::BudgetTooSmall`], or what [`Domain::new`] refuses.
    pub fn validate(&self) -> Result<()> {
        if let Some(domain) = &self.domain {
            domain.validate()?;
        }
        let positive = |name, value: Option<f64>| {
            let value = value.unwrap_or(1.0);
            check(
                value > 0.0 && value.is_finite(),
                name,
                value,
                "positive and finite",
            )
        };
        positive("rel_error", self.stop.rel_error)?;
        positive("abs_error", self.stop.abs_error)?;
        positive("max_seconds", self.stop.max_seconds)?;
        if self.stop.max_calls < self.minimum_calls() {
            let (calls, minimum) = (self.stop.max_calls, self.minimum_calls());
            let method = self.method.name();
            return Err(Error::BudgetTooSmall {
                method,
                calls,
                minimum,
            });
        }
        if let Some(threads) = self.threads {
            check(
                (1..=4096).contains(&threads),
                "threads",
                threads as f64,
                "1 to 4096",
            )?;
        }
        if let NonFinite::CountAsZero { max_share } = self.non_finite {
            check(
                (0.0..=1.0).contains(&max_share),
                "max_share",
                max_share,
                "0 to 1",
            )?;
        }
        let VegasConfig {
            alpha,
            beta,
            max_bins,
            first_calls,
            max_iterations,
            precondition: _,
        } = self.vegas;
        check((0.0..=1.0).contains(&alpha), "alpha", alpha, "0 to 1")?;
        check((0.0..=1.0).contains(&beta), "beta", beta, "0 to 1")?;
        check(
            (1..=MOST_BINS).contains(&max_bins),
            "max_bins",
            max_bins as f64,
            "1 to 65536",
        )?;
        if self.placement == Placement::Strata
            && !matches!(self.method, Method::Vegas | Method::Auto)
        {
            let method = self.method.name();
            return Err(Error::NoStrata { method });
        }
        check(
            first_calls >= 16,
            "first_calls",
            first_calls as f64,
            "at least 16",
        )?;
        check(
            max_iterations >= 1,
            "max_iterations",
            max_iterations as f64,
            "at least 1",
        )?;
        self.flow.validate()?;
        if let Some(stack) = &self.stack {
            stack.validate()?;
        }
        self.train.validate()
    }

    /// A new flow on `dim` coordinates.
    pub(crate) fn new_flow(&self, dim: usize, seed: u64) -> Result<Flow> {
        let architecture = match &self.stack {
            Some(stack) => Architecture::from(stack.clone()),
            None => self.flow.clone().into(),
        };
        Flow::of(dim, architecture, seed)
    }

    /// The fewest calls that the method can do anything with.
    pub fn minimum_calls(&self) -> u64 {
        match self.method {
            Method::Plain => 128,
            Method::Vegas | Method::Auto => 512,
            Method::Flow => 8192,
        }
    }
}
