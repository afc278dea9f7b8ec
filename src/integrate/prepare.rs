//! Makes the proposal that a method asks for, from nothing or from a model brought along.

use std::any::Any;

use super::{
    CHECK_CALLS, Goal,
    auto::{self, Frozen},
    estimate::Layout,
    explore::Explored,
    neural::{self, Rival, Start},
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
    // Half of the budget, or what a training that is not followed by an estimate can use.
    let left = run.calls_left();
    let most = match goal {
        Goal::Integrate => left / 2,
        Goal::TrainOnly => left.saturating_sub(CHECK_CALLS).max(left / 2),
    };
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
            let (flow, grid) = starting_flow(run, explored, start)?;
            let start = (warm, most);
            let trained = neural::train(
                run,
                explored,
                flow,
                grid.as_ref(),
                start,
                (Rival::NONE, &[]),
            )?;
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

/// A new flow, or the one of the start; with a grid under it where the settings or the start
/// say so.
fn starting_flow(
    run: &mut Run<'_>,
    explored: &Explored,
    start: Option<&dyn Map>,
) -> Result<(Flow, Option<Grid>)> {
    let (dim, settings) = (run.evaluator.dim(), run.settings);
    if let Some(flow) = start.and_then(flow_of) {
        return Ok((flow.clone(), start.and_then(grid_of).cloned()));
    }
    let mut flow = Flow::new(dim, &settings.flow, settings.seed)?;
    let wants_grid = settings.flow_on_grid || settings.flow.elementwise_bins > 0;
    if !wants_grid {
        return Ok((flow, start.and_then(grid_of).cloned()));
    }
    let most = run.calls_left() / 8;
    let grid = vegas::adapt(
        run,
        explored,
        (start.and_then(grid_of).cloned(), &Base::default()),
        most,
    )?
    .grid;
    if settings.flow_on_grid {
        return Ok((flow, Some(grid)));
    }
    flow.follow_grid(&grid);
    Ok((flow, None))
}
