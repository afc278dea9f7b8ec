//! The choice among plain points, the VEGAS grid and the flow.
//!
//! Uniform points tell what plain Monte Carlo would cost, then a grid is adapted; a flow is
//! trained only where the cheaper of the two would need many calls, and as long as it pays.
//! Costs are predicted calls to the target, (s/e)^2 for a spread s of the weights; pilot points
//! choose, the answer comes from fresh ones.

use super::{
    explore::Explored,
    neural::{self, Rival},
    report::Choice,
    run::Run,
    settings::{CostClass, Method},
    vegas,
};
use crate::error::Result;
use crate::flow::Flow;
use crate::map::{Identity, Map};

/// A frozen proposal with the spread of its weights.
pub(crate) struct Frozen {
    pub(crate) map: Box<dyn Map>,
    pub(crate) rel_std: f64,
    pub(crate) choice: Option<Choice>,
    pub(crate) cost: Option<CostClass>,
}

/// Calls below which training a flow is not worth considering.
const FEW_CALLS: f64 = 20_000.0;

/// Chooses, adapts and freezes.
pub(crate) fn choose(run: &mut Run<'_>, explored: &Explored) -> Result<Frozen> {
    let dim = run.evaluator.dim();
    let plain = explored.moments.rel_std();
    let frozen = |map, rel_std, method, why| {
        let cost = Some(explored.cost);
        Ok(Frozen { map, rel_std, choice: Some(Choice { method, why }), cost })
    };
    let identity = || Box::new(Identity::new(dim));
    let calls = |run: &Run<'_>, s: f64| calls_to_go(run, explored, s);
    let plain_calls = calls(run, plain);
    if explored.moments.mean != 0.0 && plain_calls <= 4.0 * run.calls.explore as f64 {
        let why = format!("uniform points need about {plain_calls:.0} calls");
        return frozen(identity(), plain, Method::Plain, why);
    }
    let most = share(run, plain_calls, 4.0);
    let adapted = vegas::adapt(run, explored, None, most)?;
    let (vegas, vegas_calls) = (adapted.rel_std, calls(run, adapted.rel_std));
    if vegas_calls > FEW_CALLS && plain_calls > FEW_CALLS {
        let rival = Rival { rel_std: vegas.min(plain) };
        let most = share(run, vegas_calls.min(plain_calls), 2.0);
        if most >= 8192 {
            let flow = Flow::new(dim, &run.settings.flow, run.settings.seed)?;
            let trained = neural::train(run, explored, flow, None, most, rival)?;
            let flow_calls = calls(run, trained.rel_std);
            if trained.rel_std < rival.rel_std {
                let other = vegas_calls.min(plain_calls);
                let why = format!(
                    "about {flow_calls:.0} calls to go, against {other:.0} without a flow"
                );
                return frozen(trained.map, trained.rel_std, Method::Flow, why);
            }
        }
    }
    if vegas < plain {
        let why = format!("about {vegas_calls:.0} calls to go, uniform points {plain_calls:.0}");
        frozen(Box::new(adapted.grid), vegas, Method::Vegas, why)
    } else {
        let why = format!("about {plain_calls:.0} calls to go, the grid {vegas_calls:.0}");
        frozen(identity(), plain, Method::Plain, why)
    }
}

/// Predicted calls of the estimate for a spread `s`: to the target, or the rest of the budget.
fn calls_to_go(run: &Run<'_>, explored: &Explored, s: f64) -> f64 {
    match run.target(explored.moments.mean) {
        Some(e) => (s / e).powi(2),
        None => run.calls_left() as f64 * if s > 0.0 { 1.0 } else { 0.0 },
    }
}

/// Calls that a preparation may take: a part of what it could save, and of what is left.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "capped by the budget, which is an u64"
)]
fn share(run: &Run<'_>, save: f64, part: f64) -> u64 {
    let left = run.calls_left() as f64;
    if save.is_finite() { (save.min(left) / part) as u64 } else { (left / part) as u64 }
}
