//! Maps as plain data.

use std::any::Any;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::flow::{Flow, FlowConfig};
use crate::map::{Chain, Grid, Identity, LogLinear, Map, Permutation, ProductMixture, Rotation};

/// Chains nested deeper than this are refused.
const MAX_DEPTH: usize = 8;

/// The saved form of each map of this crate.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum MapState {
    Identity {
        dim: usize,
    },
    Permutation {
        order: Vec<usize>,
    },
    Grid {
        dim: usize,
        edges: Vec<f64>,
    },
    Rotation {
        dim: usize,
        axes: Vec<f64>,
    },
    ProductMixture {
        components: Vec<ComponentState>,
    },
    Flow {
        dim: usize,
        seed: u64,
        config: FlowConfig,
        parameters: Vec<f64>,
    },
    Chain {
        maps: Vec<MapState>,
    },
}

/// One product of a mixture.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ComponentState {
    share: f64,
    axes: Vec<AxisState>,
}

/// A density whose logarithm is linear between knots.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct AxisState {
    knots: Vec<f64>,
    values: Vec<f64>,
}

impl ComponentState {
    fn of((share, axes): (f64, &[LogLinear])) -> Self {
        let axis = |a: &LogLinear| AxisState {
            knots: a.knots().to_vec(),
            values: a.values().to_vec(),
        };
        let axes = axes.iter().map(axis).collect();
        Self { share, axes }
    }

    fn build(self) -> Result<(f64, Vec<LogLinear>)> {
        let axes = self.axes.into_iter();
        let axes = axes.map(|a| LogLinear::new(a.knots, a.values));
        Ok((self.share, axes.collect::<Result<_>>()?))
    }
}

impl MapState {
    pub(super) fn of(map: &dyn Map) -> Result<Self> {
        let any: &dyn Any = map;
        if let Some(map) = any.downcast_ref::<Identity>() {
            return Ok(Self::Identity { dim: map.dim() });
        }
        if let Some(map) = any.downcast_ref::<Permutation>() {
            return Ok(Self::Permutation {
                order: map.order().to_vec(),
            });
        }
        if let Some(map) = any.downcast_ref::<Grid>() {
            return Ok(Self::Grid {
                dim: map.dim(),
                edges: map.edges().to_vec(),
            });
        }
        if let Some(map) = any.downcast_ref::<Rotation>() {
            return Ok(Self::Rotation {
                dim: map.dim(),
                axes: map.axes().to_vec(),
            });
        }
        if let Some(map) = any.downcast_ref::<ProductMixture>() {
            let components = map.components().map(ComponentState::of).collect();
            return Ok(Self::ProductMixture { components });
        }
        if let Some(map) = any.downcast_ref::<Flow>() {
            return Ok(Self::Flow {
                dim: map.dim(),
                seed: map.seed(),
                config: map.config().clone(),
                parameters: map.parameters().to_vec(),
            });
        }
        if let Some(map) = any.downcast_ref::<Chain>() {
            let maps = map
                .maps()
                .iter()
                .map(|m| Self::of(m.as_ref()))
                .collect::<Result<_>>()?;
            return Ok(Self::Chain { maps });
        }
        Err(Error::NotSavable {
            kind: map.describe(),
        })
    }

    pub(super) fn build(self) -> Result<Box<dyn Map>> {
        self.build_at(0)
    }

    fn build_at(self, depth: usize) -> Result<Box<dyn Map>> {
        Ok(match self {
            Self::Identity { dim: 0 } => return Err(Error::ZeroDimension),
            Self::Identity { dim } => Box::new(Identity::new(dim)),
            Self::Permutation { order } => Box::new(Permutation::new(order)?),
            Self::Grid { dim, edges } => Box::new(Grid::from_edges(dim, edges)?),
            Self::Rotation { dim, axes } => Box::new(Rotation::new(dim, axes)?),
            Self::ProductMixture { components } => {
                let components = components.into_iter().map(ComponentState::build);
                Box::new(ProductMixture::new(components.collect::<Result<_>>()?)?)
            }
            Self::Flow {
                dim,
                seed,
                config,
                parameters,
            } => {
                let mut flow = Flow::with_parameter_count(dim, &config, seed, parameters.len())?;
                flow.set_parameters(&parameters)?;
                Box::new(flow)
            }
            Self::Chain { .. } if depth >= MAX_DEPTH => {
                let (name, value) = ("depth of chains", depth as f64);
                return Err(Error::InvalidSetting {
                    name,
                    value,
                    allowed: "at most 8",
                });
            }
            Self::Chain { maps } => {
                let maps = maps
                    .into_iter()
                    .map(|m| m.build_at(depth + 1))
                    .collect::<Result<_>>()?;
                Box::new(Chain::new(maps)?)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use rmp_serde::{from_slice, to_vec_named};

    use super::*;

    fn through_a_file(state: &MapState) -> Result<Box<dyn Map>> {
        let bytes = to_vec_named(state).unwrap();
        from_slice::<MapState>(&bytes).unwrap().build()
    }

    #[test]
    fn rotations_of_hostile_files_are_refused() {
        let hostile: [(usize, &[f64]); 7] = [
            (0, &[]),
            (2, &[]),
            (2, &[1.0, 0.0, 0.0]),
            (usize::MAX, &[1.0]),
            (2, &[1.0, 0.0, 0.0, f64::NAN]),
            (2, &[1.0, 0.0, 0.0, f64::INFINITY]),
            (2, &[1.0, 1.0, 1.0, 1.0]),
        ];
        for (dim, axes) in hostile {
            let axes = axes.to_vec();
            assert!(through_a_file(&MapState::Rotation { dim, axes }).is_err());
        }
        let axes = vec![0.6, 0.8, -0.8, 0.6];
        let good = MapState::Rotation { dim: 2, axes };
        let map = through_a_file(&good).unwrap();
        let again = MapState::of(map.as_ref()).unwrap();
        assert_eq!(to_vec_named(&again).unwrap(), to_vec_named(&good).unwrap());
    }

    #[test]
    fn a_mixture_comes_back_with_its_bits() {
        let axis = |a: f64| {
            let knots = vec![0.0, 0.3, 0.7, 1.0];
            LogLinear::new(knots, vec![a, 0.1, -2.0 * a, 0.7]).unwrap()
        };
        let components = vec![
            (0.3, vec![axis(1.0), axis(0.2)]),
            (0.9, vec![axis(-3.0), axis(0.4)]),
        ];
        let map = ProductMixture::new(components).unwrap();
        let state = MapState::of(&map).unwrap();
        let back = through_a_file(&state).unwrap();
        let again = MapState::of(back.as_ref()).unwrap();
        assert_eq!(to_vec_named(&again).unwrap(), to_vec_named(&state).unwrap());
        let z = [0.11, 0.93, 0.5, 0.27];
        let draw = |map: &dyn Map| {
            let (mut x, mut log_jac) = ([0.0; 4], [0.0; 2]);
            map.forward(&z, &mut x, &mut log_jac);
            (x.map(f64::to_bits), log_jac.map(f64::to_bits))
        };
        assert_eq!(draw(&map), draw(back.as_ref()));
    }
}
