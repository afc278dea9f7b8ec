//! Options that several subcommands share.

use std::path::PathBuf;

use clap::Args;
use thalweg::flow::{Family, Stack};
use thalweg::integrate::VegasConfig;
use thalweg::stats::MaxWeight;
use thalweg::train::TrainConfig;
use thalweg::{CostClass, Domain, FlowConfig, Method, NonFinite, Placement, Settings, Stop};

use crate::parse;
use crate::what::Subject;

/// Calls that are spent where no budget is given.
const DEFAULT_CALLS: u64 = 10_000_000;
/// The target where neither target nor budget is given.
const DEFAULT_REL_ERROR: f64 = 1e-3;

/// What is integrated.
#[derive(Debug, Args)]
#[command(next_help_heading = "Integrand")]
pub(crate) struct WhatArgs {
    /// A name of `thalweg list`, or the path of a shared library
    #[arg(value_name = "WHAT", conflicts_with = "expr", help_heading = None)]
    pub(crate) what: Option<String>,

    /// An expression in x0, x1, ... instead, such as 'exp(-x0^2 - x1^2)'
    #[arg(long, value_name = "EXPRESSION", allow_hyphen_values = true)]
    pub(crate) expr: Option<String>,

    /// Number of dimensions
    #[arg(long, value_name = "D", value_parser = parse::dimension, allow_hyphen_values = true)]
    pub(crate) dim: Option<usize>,

    /// Range of all axes, or once per axis: 0,1 or 0,2*pi or -inf,inf [default: 0,1]
    #[arg(long, value_name = "LOW,HIGH", value_parser = parse::range, allow_hyphen_values = true)]
    pub(crate) range: Vec<(f64, f64)>,

    /// Sets a parameter of a built-in integrand (repeatable)
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse::setting)]
    pub(crate) set: Vec<(String, f64)>,

    /// Function of the shared library: double NAME(const double *x, int dim)
    #[arg(long, value_name = "NAME")]
    pub(crate) symbol: Option<String>,

    /// Process file, where the shared library gives matrix elements by the UMAMI interface
    #[arg(long, value_name = "FILE", conflicts_with_all = ["expr", "symbol"])]
    pub(crate) process: Option<PathBuf>,
}

/// Which points become events.
#[derive(Debug, Args)]
pub(crate) struct UnweightArgs {
    /// Keep each point with a probability that follows its weight, so that most weights are 1
    #[arg(long)]
    pub(crate) unweighted: bool,

    /// Weight that is kept always: max, the largest one, so that all weights are 1; quantile:P, such
    /// that the share 1-P lies above it; overweight:EPS, so that EPS does with an error to spare;
    /// bootstrap:M, the median of the largest of M weights
    #[arg(
        long,
        value_name = "POLICY",
        default_value = "quantile:0.999",
        requires = "unweighted"
    )]
    pub(crate) max_weight: MaxWeight,

    /// Unweight partly: keep all above R times that weight, with weights from 1 to 1/R
    #[arg(long, value_name = "R", default_value = "1", value_parser = parse::share,
        requires = "unweighted", allow_hyphen_values = true)]
    pub(crate) partial: f64,
}

/// When a run ends, and how it goes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Run")]
pub(crate) struct RunArgs {
    /// Relative error to reach [default: 1e-3, if no target and no --max-calls is given]
    #[arg(long, value_name = "E", value_parser = parse::positive, allow_hyphen_values = true)]
    rel_error: Option<f64>,

    /// Absolute error to reach; with --rel-error, whatever is reached first
    #[arg(long, value_name = "E", value_parser = parse::positive, allow_hyphen_values = true)]
    abs_error: Option<f64>,

    /// Most calls of the integrand, all phases together [default: 1e7]
    #[arg(long, value_name = "N", value_parser = parse::count, allow_hyphen_values = true)]
    max_calls: Option<u64>,

    /// Most seconds
    #[arg(long, value_name = "S", value_parser = parse::positive, allow_hyphen_values = true)]
    max_seconds: Option<f64>,

    /// How the points of the estimate are placed
    #[arg(long, value_name = "PLACEMENT", value_parser = parse::placement(), default_value = "auto")]
    placement: Placement,

    /// Turn the axes of the VEGAS grid along the structure of f (method vegas)
    #[arg(long)]
    precondition: bool,

    /// Draw the estimate from the trained flow alone, without tempered and uniform points beside it
    #[arg(long)]
    no_defence: bool,
    /// Look for peaks of |f| before a flow is trained
    #[arg(long)]
    find_peaks: bool,

    /// L-BFGS iterations after each training stage of a flow
    #[arg(long, value_name = "N", value_parser = parse::iterations, default_value = "0",
        allow_hyphen_values = true)]
    polish: usize,

    /// Family of a new flow [default: the library's spline couplings]
    #[arg(long, value_name = "FAMILY", value_parser = parse::family())]
    family: Option<Family>,

    /// Steps of a family's layers
    #[arg(long, value_name = "N", value_parser = parse::depth, default_value = "6",
        requires = "family", allow_hyphen_values = true)]
    depth: usize,

    /// Features of the hidden layers of a new flow's conditioners
    #[arg(long, value_name = "N,N,..", value_delimiter = ',', value_parser = parse::width,
        default_value = "32,32", allow_hyphen_values = true)]
    hidden: Vec<usize>,

    /// Bins of a new flow's splines; those of a family have 8
    #[arg(long, value_name = "B", value_parser = parse::bins, default_value = "8",
        allow_hyphen_values = true)]
    bins: usize,

    /// How often a flow's training uses each point per stage
    #[arg(long, value_name = "R", value_parser = parse::reuse, default_value = "16",
        allow_hyphen_values = true)]
    reuse: f64,

    /// Cost of a call: below 2 us, below 200 us, above [default: measured by method auto]
    #[arg(long, value_name = "CLASS", value_parser = parse::cost_class())]
    cost_class: Option<CostClass>,

    /// Same seed, same result
    #[arg(long, value_name = "SEED", value_parser = parse::seed, default_value = "1",
        allow_hyphen_values = true)]
    pub(crate) seed: u64,

    /// Number of threads [default: one per core; 1 with --symbol]
    #[arg(long, value_name = "T", value_parser = parse::threads, allow_hyphen_values = true)]
    threads: Option<usize>,

    /// NaN and infinities of the integrand: fail, or count as 0 up to a SHARE of the calls
    #[arg(long, value_name = "fail|zero:SHARE", value_parser = parse::non_finite,
        default_value = "fail")]
    non_finite: NonFinite,
}

impl RunArgs {
    pub(crate) fn stop(&self) -> Stop {
        let unbounded =
            self.rel_error.is_none() && self.abs_error.is_none() && self.max_calls.is_none();
        Stop {
            rel_error: self.rel_error.or(unbounded.then_some(DEFAULT_REL_ERROR)),
            abs_error: self.abs_error,
            max_calls: self.max_calls.unwrap_or(DEFAULT_CALLS),
            max_seconds: self.max_seconds,
        }
    }

    /// As `settings`, for one method of several: strata concern those that have them.
    pub(crate) fn settings_of_several(&self, method: Method, subject: &Subject) -> Settings {
        let mut settings = self.settings(method, subject);
        if settings.placement == Placement::Strata
            && !matches!(method, Method::Vegas | Method::Auto)
        {
            settings.placement = Placement::Auto;
        }
        settings
    }

    /// The settings of a run with `method` on `domain`.
    pub(crate) fn settings(&self, method: Method, subject: &Subject) -> Settings {
        Settings {
            domain: Some(Domain::clone(&subject.domain)),
            method,
            stop: self.stop(),
            seed: self.seed,
            threads: self.threads.or(subject.threads),
            cost_class: self.cost_class,
            non_finite: self.non_finite,
            placement: self.placement,
            defence: !self.no_defence,
            vegas: VegasConfig {
                precondition: self.precondition,
                ..VegasConfig::default()
            },
            flow: FlowConfig {
                hidden: self.hidden.clone(),
                bins: self.bins,
                ..FlowConfig::default()
            },
            stack: self.family.map(|family| Stack {
                hidden: self.hidden.clone(),
                ..family.stack(self.depth)
            }),
            train: TrainConfig {
                polish: self.polish,
                reuse: self.reuse,
                ..TrainConfig::default()
            },
            find_peaks: self.find_peaks,
            ..Settings::default()
        }
    }
}
