//! Makes the proposal that a method asks for, from nothing or from a model brought along.

use std::any::Any;

use super::{
    CHECK_CALLS, Goal,
    auto::{self, Frozen},
    estimate::Layout,
    explore::Explored,
    forecast, hunt,
    layers::Layers,
    neural::{self, Begin, Rival, Start, Until},
    peaks::Peak,
    pilot::ESTIMATE_NETS,
    product::{self, Points},
    run::Run,
    settings::{Method, Placement},
    turned::Base,
    vegas,
};
use crate::error::Result;
use crate::flow::Flow;
use crate::map::{Chain, Grid, Identity, Map};

/// Adapts or trains what the method asks for.
pub(super) fn prepare(
    run: &mut Run<'_>,
    explored: &Explored,
    start: Option<&dyn Map>,
    goal: Goal,
) -> Result<Frozen> {
    let dim = run.evaluator.dim();
    let warning = start.and_then(|start| unused(run.settings.method, start));
    run.warnings.extend(warning);
    // Half of the budget, or what a training that is not followed by an estimate can use.
    let share = |left: u64| match goal {
        Goal::Integrate => left / 2,
        Goal::TrainOnly => left.saturating_sub(CHECK_CALLS).max(left / 2),
    };
    let left = run.calls_left();
    let most = share(left);
    match run.settings.method {
        Method::Auto if start.is_none() && goal == Goal::Integrate => auto::choose(run, explored),
        Method::Plain => Ok(Frozen {
            map: Box::new(Identity::new(dim)),
            rel_std: explored.moments.rel_std(),
            // Independent points are what "plain Monte Carlo" means to everyone.
            layout: match run.settings.placement {
                Placement::Sobol => auto::even(run),
                Placement::Auto | Placement::Random | Placement::Strata => Layout::Random,
            },
            defence: None,
            choice: None,
            cost: None,
        }),
        Method::Vegas => {
            let turned = start.and_then(Base::of_map);
            let start = start.and_then(grid_of).cloned();
            let most = match goal {
                Goal::Integrate => left / 4,
                Goal::TrainOnly => most,
            };
            let (adapted, base) = if let Some((grid, base)) = turned {
                (
                    vegas::adapt(run, explored, (Some(grid), &base), most)?,
                    base,
                )
            } else if run.settings.vegas.precondition && start.is_none() {
                vegas::adapt_turned(run, explored, most)?
            } else {
                let base = Base::default();
                (vegas::adapt(run, explored, (start, &base), most)?, base)
            };
            Ok(Frozen {
                map: base.under(&adapted.grid)?,
                rel_std: adapted.rel_std,
                layout: adapted.layout,
                defence: None,
                choice: None,
                cost: None,
            })
        }
        Method::Auto | Method::Flow => {
            let warm = if start.and_then(flow_of).is_some() {
                Start::Warm
            } else {
                Start::Cold
            };
            let mut points = product::uniform(explored);
            if start.is_none()
                && goal == Goal::Integrate
                && let Some(untrained) = untrained(run, explored, &mut points)?
            {
                return Ok(untrained);
            }
            // A budget that is given without a target is what the training may cost.
            let until = match goal {
                Goal::TrainOnly if !run.settings.stop.has_target() => Until::Spent,
                Goal::TrainOnly | Goal::Integrate => Until::Pays(Rival::NONE),
            };
            let (stand, peaks) = starting_flow(run, explored, start, &mut points)?;
            // The check has its points also where looking for a beginning has cost some.
            let most = match goal {
                Goal::Integrate => most,
                Goal::TrainOnly => share(run.calls_left()),
            };
            let begin = Begin {
                flow: stand.flow,
                base: stand.base,
                wider: stand.wider,
                points: &points,
                peaks: &peaks,
            };
            let trained = neural::train(run, explored, begin, (warm, most), until)?;
            Ok(Frozen {
                map: trained.map,
                rel_std: trained.rel_std,
                layout: auto::even(run),
                defence: trained.defence,
                choice: None,
                cost: None,
            })
        }
    }
}

/// A warning where a method can begin with nothing of a start.
fn unused(method: Method, start: &dyn Map) -> Option<String> {
    let any: &dyn Any = start;
    let has_grid = Base::of_map(start).is_some() || grid_of(start).is_some();
    let (used, with) = match method {
        Method::Plain => (false, "nothing"),
        Method::Vegas => (has_grid, "a grid at the data end"),
        Method::Flow | Method::Auto => (
            has_grid || flow_of(start).is_some(),
            "a flow, or a grid at the data end",
        ),
    };
    (!used && !any.is::<Identity>()).then(|| {
        format!(
            "the start was not used: method {} goes on with {with}, and this is {}",
            method.name(),
            start.describe()
        )
    })
}

/// The grid in a map, alone or at the data end of a chain.
fn grid_of(map: &dyn Map) -> Option<&Grid> {
    let any: &dyn Any = map;
    // What lies under turned axes is no adapted grid.
    if Base::of_map(map).is_some() {
        return None;
    }
    any.downcast_ref::<Grid>()
        .or_else(|| grid_of(any.downcast_ref::<Chain>()?.maps().last()?.as_ref()))
}

/// The flow in a map, alone or at the latent end of a chain.
pub(super) fn flow_of(map: &dyn Map) -> Option<&Flow> {
    let any: &dyn Any = map;
    any.downcast_ref::<Flow>()
        .or_else(|| flow_of(any.downcast_ref::<Chain>()?.maps().first()?.as_ref()))
}

/// A new flow, or the one of the start, and what it stands on: what the start has, an adapted
/// grid where the settings say so, or a fitted product where that is a good one. The pilot points
/// of a fit are added to `points`; and peaks that were found on the way.
fn starting_flow(
    run: &mut Run<'_>,
    explored: &Explored,
    start: Option<&dyn Map>,
    points: &mut Points,
) -> Result<(Stand, Vec<Peak>)> {
    let (dim, settings) = (run.evaluator.dim(), run.settings);
    if let Some((start, flow)) = start.and_then(|s| Some((s, flow_of(s)?))) {
        let base = Layers::under_first(start)?;
        return Ok((Stand::on(flow.clone(), base), Vec::new()));
    }
    let mut flow = settings.new_flow(dim, settings.seed)?;
    let grid = start.and_then(grid_of).cloned();
    let follows = settings.stack.is_none() && settings.flow.elementwise_bins > 0;
    if settings.flow_on_grid || follows {
        let most = run.calls_left() / 8;
        let grid = vegas::adapt(run, explored, (grid, &Base::default()), most)?.grid;
        if settings.flow_on_grid {
            return Ok((Stand::on(flow, grid.into()), Vec::new()));
        }
        flow.follow_grid(&grid);
        return Ok((Stand::on(flow, Layers::default()), Vec::new()));
    }
    if let Some(grid) = grid {
        return Ok((Stand::on(flow, grid.into()), Vec::new()));
    }
    let peaks = if hunt::is_needed(points) {
        hunt::hunt(run, points)?
    } else {
        Vec::new()
    };
    let most = (run.calls_left() / 16).min(FIT_CALLS.max(FIT_CALLS_PER_AXIS * dim as u64));
    let fit = product::fit(run, points, &peaks, (most, FIT_SECONDS))?.filter(|fit| {
        let missed = hunt::missed(&peaks, fit.map.as_ref(), fit.pass.value);
        fit.is_good() && missed.is_none()
    });
    let stand = match fit {
        Some(fit) => Stand {
            flow,
            base: fit.layers,
            wider: fit.tempered,
        },
        None => Stand::on(flow, Layers::default()),
    };
    Ok((stand, peaks))
}

/// A new flow as it is, which is uniform, where nets of it need fewer calls to the target than it would
/// take to train it. The pilot points are added to `points`.
fn untrained(
    run: &mut Run<'_>,
    explored: &Explored,
    points: &mut Points,
) -> Result<Option<Frozen>> {
    let Some(target) = run.target(explored.moments.mean) else {
        return Ok(None);
    };
    let settings = run.settings;
    let flow = settings.new_flow(run.evaluator.dim(), settings.seed)?;
    let Some((pass, drawn)) = auto::uniform_pilot(run, &Identity::new(flow.dim()))? else {
        return Ok(None);
    };
    points.add(&Identity::new(flow.dim()), &drawn);
    let to_go = pass.calls_to(target, ESTIMATE_NETS, 2.0);
    let training = forecast::training(run, explored.cost, &flow, false);
    if pass.heavy || hunt::is_needed(points) || to_go > training.calls as f64 {
        return Ok(None);
    }
    Ok(Some(Frozen {
        map: Box::new(flow),
        rel_std: target * to_go.sqrt(),
        layout: Layout::Nets,
        defence: None,
        choice: None,
        cost: None,
    }))
}

/// A flow and what it stands on.
struct Stand {
    flow: Flow,
    base: Layers,
    /// wider than the base
    wider: Option<Layers>,
}

impl Stand {
    fn on(flow: Flow, base: Layers) -> Self {
        Self {
            flow,
            base,
            wider: None,
        }
    }
}

/// Most calls of fitting a product for a flow to stand on, in any case and per axis.
const FIT_CALLS: u64 = 4096;
const FIT_CALLS_PER_AXIS: u64 = 2048;
/// Seconds that it may take to look for a mixture.
const FIT_SECONDS: f64 = 2.0;
