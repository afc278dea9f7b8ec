//! The choice among plain points, the VEGAS grid and the flow.
//!
//! Uniform points tell what plain Monte Carlo would cost, then a grid is adapted; a flow is
//! trained only where the cheaper of the two would need many calls, and as long as it pays.
//! Costs are predicted calls to the target, (s/e)^2 for a spread s of the weights; pilot points
//! choose, the answer comes from fresh ones.

use super::{
    estimate::Layout,
    explore::Explored,
    mixture::Defence,
    neural::{self, Rival, Start},
    report::Choice,
    run::Run,
    settings::{CostClass, Method, Placement},
    turned::Base,
    vegas,
};
use crate::error::Result;
use crate::flow::Flow;
use crate::map::{Identity, Map};
use crate::sobol::MAX_DIM;

/// A frozen proposal with the spread of its weights.
pub(crate) struct Frozen {
    pub(crate) map: Box<dyn Map>,
    pub(crate) rel_std: f64,
    pub(crate) layout: Layout,
    /// what the map is defended with in the estimate
    pub(crate) defence: Option<Defence>,
    pub(crate) choice: Option<Choice>,
    pub(crate) cost: Option<CostClass>,
}

/// Calls below which training a flow is not worth considering.
const FEW_CALLS: f64 = 20_000.0;
/// Calls of the first look at what a grid can do.
const GLANCE: u64 = 8192;

/// Chooses, adapts and freezes.
pub(crate) fn choose(run: &mut Run<'_>, explored: &Explored) -> Result<Frozen> {
    let dim = run.evaluator.dim();
    let plain = explored.moments.rel_std();
    let calls = |run: &Run<'_>, s: f64| calls_to_go(run, explored, s);
    let plain_calls = calls(run, plain);
    let identity = || -> Box<dyn Map> { Box::new(Identity::new(dim)) };
    if explored.moments.mean != 0.0 && plain_calls <= 4.0 * run.calls.explore as f64 {
        let why = format!("uniform points need about {plain_calls:.0} calls");
        return Ok(Frozen::new(
            explored,
            (identity(), even(run)),
            plain,
            Method::Plain,
            why,
        ));
    }
    let most = share(run, plain_calls, 4.0);
    let glance = vegas::adapt(run, explored, (None, &Base::default()), most.min(GLANCE))?;
    let easy = calls(run, plain.min(glance.rel_std));
    let mut flow = None;
    if easy > FEW_CALLS && share(run, easy, 2.0) > 2 * GLANCE {
        let rival = Rival {
            rel_std: plain.min(glance.rel_std),
        };
        let new = Flow::new(dim, &run.settings.flow, run.seed)?;
        let most = share(run, easy, 2.0);
        flow = Some(neural::train(
            run,
            explored,
            new,
            None,
            (Start::Cold, most),
            rival,
        )?);
    }
    // The grid goes on learning only where the flow has not made it pointless.
    let best = flow.as_ref().map_or(f64::INFINITY, |f| f.rel_std);
    let grid = if 2.0 * best < glance.rel_std {
        glance
    } else {
        let most = share(run, calls(run, glance.rel_std.min(plain).min(best)), 4.0);
        vegas::adapt(run, explored, (Some(glance.grid), &Base::default()), most)?
    };
    let (flow_calls, grid_calls) = (calls(run, best), calls(run, grid.rel_std));
    let predicted = |name: &str, n: f64| format!("{name} {n:.1e}");
    let mut others = vec![
        predicted("plain", plain_calls),
        predicted("vegas", grid_calls),
    ];
    if flow.is_some() {
        others.push(predicted("flow", flow_calls));
    }
    let why = format!("predicted calls to go: {}", others.join(", "));
    Ok(match flow {
        Some(flow) if flow.rel_std < grid.rel_std.min(plain) => Frozen {
            defence: flow.defence,
            ..Frozen::new(
                explored,
                (flow.map, even(run)),
                flow.rel_std,
                Method::Flow,
                why,
            )
        },
        _ if grid.rel_std < plain => Frozen::new(
            explored,
            (Box::new(grid.grid), grid.layout),
            grid.rel_std,
            Method::Vegas,
            why,
        ),
        _ => Frozen::new(explored, (identity(), even(run)), plain, Method::Plain, why),
    })
}

/// The layout for a map without strata, unless independent points are asked for: nets cost
/// nothing and gain much where f/q is smooth.
pub(crate) fn even(run: &Run<'_>) -> Layout {
    if run.settings.placement == Placement::Random || run.evaluator.dim() > MAX_DIM {
        Layout::Random
    } else {
        Layout::Nets
    }
}

impl Frozen {
    fn new(
        explored: &Explored,
        (map, layout): (Box<dyn Map>, Layout),
        rel_std: f64,
        method: Method,
        why: String,
    ) -> Self {
        Self {
            map,
            rel_std,
            layout,
            defence: None,
            choice: Some(Choice { method, why }),
            cost: Some(explored.cost),
        }
    }
}

/// Predicted calls of the estimate for a spread `s`: to the target or, without one, to what
/// uniform points would reach with the rest of the budget.
fn calls_to_go(run: &Run<'_>, explored: &Explored, s: f64) -> f64 {
    match run.target(explored.moments.mean) {
        Some(e) => (s / e).powi(2),
        None if s > 0.0 => {
            run.calls_left() as f64 * (s / explored.moments.rel_std()).powi(2).min(1.0)
        }
        None => 0.0,
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
    if save.is_finite() {
        (save.min(left) / part) as u64
    } else {
        (left / part) as u64
    }
}
