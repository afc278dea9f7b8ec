//! What a candidate would cost: calls to the target, and seconds by fixed rates.
//!
//! A class stands for one cost of a call, and rates of sampling and training are those of one
//! core, rounded: a forecast reads no clock, so that the same seed and class choose the same.

use std::cmp::Ordering;

use super::{
    estimate::Layout,
    pilot::{ESTIMATE_NETS, Pass},
    run::Run,
    settings::CostClass,
    vegas::Adapted,
};
use crate::flow::Flow;
use crate::kernel::spline::Direction;
use crate::map::Map as _;
use crate::stats::Moments;

/// Seconds for a point and coordinate through a grid.
pub(crate) const GRID: f64 = 8e-9;
/// The same on turned axes.
pub(crate) const TURNED: f64 = 4e-8;
/// The same through a mixture of products.
pub(crate) const MIXTURE: f64 = 4e-7;
/// By how much the variance of a proposal with a heavy tail may be larger than it seems.
const DOUBT: f64 = 16.0;
/// Seconds below which none of two is slow.
const FELT: f64 = 0.01;
/// Seconds for a point and coordinate through a flow.
pub(crate) const FLOW: f64 = 1e-7;
/// Seconds for a parameter and use of a point in training: 6 operations at 80 GFLOP/s; and for
/// each use besides.
const TRAINING: f64 = 7.5e-11;
const USE: f64 = 3e-7;
/// Seconds for a parameter in each pass of a draw after the first, which [`FLOW`] has: 2 operations.
const PASS: f64 = TRAINING / 3.0;
/// Points that a flow needs to be any good, and more per coordinate, unless it has so few parameters for
/// all of them that it cannot learn much from each.
const TRAINING_POINTS: u64 = 16_384;
const TRAINING_POINTS_PER_AXIS: u64 = 2048;
const TRAINING_POINTS_PER_PARAMETER: u64 = 4;

/// Calls and seconds that are still to come.
#[derive(Clone, Debug)]
pub(crate) struct Forecast {
    pub(crate) name: &'static str,
    pub(crate) calls: f64,
    pub(crate) seconds: f64,
    /// spread of independent points that would need as many calls
    pub(crate) effective: f64,
}

impl CostClass {
    /// Seconds that a call of the class is taken to cost.
    fn seconds(self) -> f64 {
        match self {
            Self::Free => 1e-7,
            Self::Cheap => 2e-5,
            Self::Dear => 1e-3,
        }
    }
}

impl Forecast {
    /// For an error that falls as `effective`/sqrt(calls) near the target: the spread of the weights,
    /// for independent points.
    pub(crate) fn of_spread(run: &Run<'_>, cost: CostClass, effective: f64, sampling: f64) -> Self {
        let calls = match run
            .iterations
            .last()
            .and_then(|i| run.settings.stop.relative_target(i.value))
        {
            Some(e) => (effective / e).powi(2),
            // What uniform points would reach with the rest of the budget is reached by a part of it.
            None => run.calls_left() as f64 * effective.powi(2).min(1e6),
        };
        let calls = if calls.is_nan() { f64::INFINITY } else { calls };
        let per_call = cost.seconds() + sampling * run.evaluator.dim() as f64;
        Self {
            name: "",
            calls,
            seconds: calls * per_call,
            effective,
        }
    }

    /// Independent uniform points.
    pub(crate) fn independent(run: &Run<'_>, cost: CostClass, moments: &Moments) -> Self {
        Self::of_spread(run, cost, moments.rel_std(), GRID)
    }

    /// Nets, as a pilot saw them.
    pub(crate) fn of_nets(run: &Run<'_>, cost: CostClass, pass: &Pass, sampling: f64) -> Self {
        let aim = (run.target(pass.value), run.calls_left() as f64);
        let effective = pass.effective(aim, ESTIMATE_NETS, 2.0);
        Self::of_spread(run, cost, effective, sampling).doubted(pass.heavy)
    }

    /// An adapted grid with its layout.
    pub(crate) fn of_layout(run: &Run<'_>, cost: CostClass, adapted: &Adapted) -> Self {
        // Strata take care of what varies wildly.
        let heavy = adapted.pass.heavy && matches!(adapted.layout, Layout::Nets);
        Self::of_spread(run, cost, adapted.rel_std, GRID).doubted(heavy)
    }

    /// Dearer where the variance may be anything; what it takes if all goes well stays the same.
    fn doubted(mut self, heavy: bool) -> Self {
        if heavy {
            self.calls *= DOUBT;
            self.seconds *= DOUBT;
        }
        self
    }

    /// The order of candidates: by seconds where they are felt, and else by calls.
    pub(crate) fn order(&self, other: &Self) -> Ordering {
        let felt = |f: &Self| f.seconds.max(FELT);
        let seconds = felt(self).total_cmp(&felt(other));
        seconds.then(self.calls.total_cmp(&other.calls))
    }

    pub(crate) fn named(self, name: &'static str) -> Self {
        Self { name, ..self }
    }
}

/// What it takes to find out what a flow can do.
pub(crate) struct Training {
    pub(crate) calls: u64,
    pub(crate) seconds: f64,
    pub(crate) rates: Rates,
}

/// Seconds of a flow's work.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rates {
    /// of a call, sampling included
    pub(crate) call: f64,
    /// of all uses of a stored point in a stage
    pub(crate) replay: f64,
}

impl Rates {
    /// Calls alone count.
    pub(crate) const CALLS: Self = Self {
        call: 1.0,
        replay: 0.0,
    };
}

/// Calls and seconds of a first training of `flow`, which may stand on a product that fits.
pub(crate) fn training(run: &Run<'_>, cost: CostClass, flow: &Flow, stands: bool) -> Training {
    let parameters = flow.parameters().len();
    let by_axes = TRAINING_POINTS_PER_AXIS * flow.dim() as u64;
    let by_parameters = TRAINING_POINTS_PER_PARAMETER * parameters as u64;
    let points = TRAINING_POINTS + by_axes.min(by_parameters);
    let points = if stands { points / 4 } else { points };
    let step = USE + TRAINING * flow.uses(Direction::Forward) as f64;
    let reuse = cost.reuse(run.settings.train.reuse);
    let later_passes = flow.uses(Direction::Inverse).saturating_sub(parameters);
    let rates = Rates {
        call: cost.seconds() + FLOW * flow.dim() as f64 + PASS * later_passes as f64,
        replay: reuse * step,
    };
    Training {
        calls: points,
        // Each doubling uses all points again.
        seconds: points as f64 * (rates.call + 2.0 * rates.replay),
        rates,
    }
}

/// All forecasts in one line, the best first.
pub(crate) fn compare(forecasts: &[Forecast]) -> String {
    let each = forecasts
        .iter()
        .map(|f| format!("{} {:.1e} ({:.1e} s)", f.name, f.calls, f.seconds));
    let each: Vec<String> = each.collect();
    format!("predicted calls to go: {}", each.join(", "))
}
