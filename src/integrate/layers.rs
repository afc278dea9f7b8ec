//! Fixed maps that a flow, or nothing, stands on: grids and rotations, as a list that can be copied.

use std::any::Any;

use super::settings::Method;
use crate::error::Result;
use crate::map::{Chain, Grid, Identity, Map, ProductMixture, Rotation};

/// One fixed map.
#[derive(Clone, Debug)]
pub(crate) enum Layer {
    Grid(Grid),
    Turn(Rotation),
    Mixture(ProductMixture),
}

/// Fixed maps from the latent end to the data end; none is the identity.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layers(pub(crate) Vec<Layer>);

impl From<Grid> for Layers {
    fn from(grid: Grid) -> Self {
        Self(vec![Layer::Grid(grid)])
    }
}

impl Layer {
    fn boxed(&self) -> Box<dyn Map> {
        match self {
            Self::Grid(grid) => Box::new(grid.clone()),
            Self::Turn(turn) => Box::new(turn.clone()),
            Self::Mixture(mixture) => Box::new(mixture.clone()),
        }
    }

    fn of_map(map: &dyn Map) -> Option<Self> {
        let any: &dyn Any = map;
        let grid = any.downcast_ref::<Grid>().cloned().map(Self::Grid);
        let turn = || any.downcast_ref::<Rotation>().cloned().map(Self::Turn);
        let mixture = || any.downcast_ref().cloned().map(Self::Mixture);
        grid.or_else(turn).or_else(mixture)
    }
}

impl Layers {
    /// The layers of a map that is made of nothing else, but for a first map that is not counted
    /// where `skip` says so.
    pub(crate) fn of_map(map: &dyn Map, skip: usize) -> Option<Self> {
        let any: &dyn Any = map;
        match any.downcast_ref::<Chain>() {
            Some(chain) => {
                let maps = chain.maps().iter().skip(skip);
                maps.map(|m| Layer::of_map(m.as_ref()))
                    .collect::<Option<_>>()
                    .map(Self)
            }
            None if skip == 0 => Layer::of_map(map).map(|l| Self(vec![l])),
            None => Some(Self::default()),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The map `first` and then these.
    pub(crate) fn under(&self, first: Box<dyn Map>) -> Result<Box<dyn Map>> {
        if self.is_empty() {
            return Ok(first);
        }
        let rest = self.0.iter().map(Layer::boxed);
        Ok(Box::new(Chain::new(
            [first].into_iter().chain(rest).collect(),
        )?))
    }

    /// These alone.
    pub(crate) fn map(&self, dim: usize) -> Result<Box<dyn Map>> {
        let maps: Vec<Box<dyn Map>> = self.0.iter().map(Layer::boxed).collect();
        Ok(if maps.is_empty() {
            Box::new(Identity::new(dim))
        } else {
            Box::new(Chain::new(maps)?)
        })
    }
}

impl Method {
    /// The method that makes maps like `map`: plain for the identity, VEGAS for a grid, whether its axes
    /// are turned or not, and flow for all others.
    pub fn of_map(map: &dyn Map) -> Self {
        let any: &dyn Any = map;
        let parts = any.downcast_ref().map_or(&[][..], Chain::maps);
        let turned = parts.iter().any(|part| {
            let any: &dyn Any = part.as_ref();
            any.is::<Rotation>()
        });
        if any.is::<Identity>() {
            Self::Plain
        } else if any.is::<Grid>() || turned {
            Self::Vegas
        } else {
            Self::Flow
        }
    }
}
