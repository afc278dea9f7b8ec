//! Maps as plain data, on their way into a file; `build` has the way out.

use std::any::Any;

use serde::Serialize;

use super::build::Limits;
use crate::error::{Error, Result};
use crate::flow::{Architecture, Flow, FlowConfig, Stack};
use crate::map::{Chain, Grid, Identity, LogLinear, Map, Permutation, ProductMixture, Rotation};

/// The saved form of each map of this crate. The kind comes first, and readers rely on it.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum MapState<'a> {
    Identity {
        dim: usize,
    },
    Permutation {
        order: &'a [usize],
    },
    Grid {
        dim: usize,
        edges: &'a [f64],
    },
    Rotation {
        dim: usize,
        axes: &'a [f64],
    },
    ProductMixture {
        components: Vec<ComponentState<'a>>,
    },
    Flow {
        dim: usize,
        seed: u64,
        config: &'a FlowConfig,
        parameters: &'a [f64],
    },
    Stack {
        dim: usize,
        seed: u64,
        config: &'a Stack,
        parameters: &'a [f64],
    },
    Chain {
        maps: Vec<MapState<'a>>,
    },
}

/// One product of a mixture.
#[derive(Debug, Serialize)]
pub(super) struct ComponentState<'a> {
    share: f64,
    axes: Vec<AxisState<'a>>,
}

/// A density whose logarithm is linear between knots.
#[derive(Debug, Serialize)]
pub(super) struct AxisState<'a> {
    knots: &'a [f64],
    values: &'a [f64],
}

impl<'a> ComponentState<'a> {
    fn of((share, axes): (f64, &'a [LogLinear])) -> Self {
        let axis = |a: &'a LogLinear| AxisState {
            knots: a.knots(),
            values: a.values(),
        };
        let axes = axes.iter().map(axis).collect();
        Self { share, axes }
    }
}

impl<'a> MapState<'a> {
    /// The saved form of a map.
    ///
    /// # Errors
    /// [`Error::NotSavable`] for a map of the user's own, [`Error::InvalidSetting`] for one with
    /// more parts than a file may have.
    pub(super) fn of(map: &'a dyn Map) -> Result<Self> {
        Self::at(map, 0, &Limits::default())
    }

    /// The saved form of a map within `depth` chains.
    fn at(map: &'a dyn Map, depth: usize, limits: &Limits) -> Result<Self> {
        limits.count_map()?;
        let any: &dyn Any = map;
        if let Some(map) = any.downcast_ref::<Identity>() {
            return Ok(Self::Identity { dim: map.dim() });
        }
        if let Some(map) = any.downcast_ref::<Permutation>() {
            let order = map.order();
            return Ok(Self::Permutation { order });
        }
        if let Some(map) = any.downcast_ref::<Grid>() {
            let (dim, edges) = (map.dim(), map.edges());
            return Ok(Self::Grid { dim, edges });
        }
        if let Some(map) = any.downcast_ref::<Rotation>() {
            let (dim, axes) = (map.dim(), map.axes());
            return Ok(Self::Rotation { dim, axes });
        }
        if let Some(map) = any.downcast_ref::<ProductMixture>() {
            map.components()
                .try_for_each(|c| limits.count_axes(c.1.len()))?;
            let components = map.components().map(ComponentState::of).collect();
            return Ok(Self::ProductMixture { components });
        }
        if let Some(map) = any.downcast_ref::<Flow>() {
            let (dim, seed, parameters) = (map.dim(), map.seed(), map.parameters());
            return Ok(match map.architecture() {
                Architecture::Couplings(config) => Self::Flow {
                    dim,
                    seed,
                    config,
                    parameters,
                },
                Architecture::Stack(config) => Self::Stack {
                    dim,
                    seed,
                    config,
                    parameters,
                },
            });
        }
        if let Some(map) = any.downcast_ref::<Chain>() {
            Limits::check_depth(depth)?;
            let maps = map.maps().iter();
            let maps = maps.map(|m| Self::at(m.as_ref(), depth + 1, limits));
            return Ok(Self::Chain {
                maps: maps.collect::<Result<_>>()?,
            });
        }
        Err(Error::NotSavable {
            kind: map.describe(),
        })
    }
}
