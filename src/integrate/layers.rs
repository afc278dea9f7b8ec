//! Fixed maps that a flow, or nothing, stands on: those of this crate and shared ones, as a list that can be
//! copied.

use std::any::Any;
use std::sync::Arc;

use super::settings::Method;
use crate::error::{Error, Result};
use crate::map::{Chain, Grid, Identity, Map, ProductMixture, Rotation};

/// One fixed map.
#[derive(Clone, Debug)]
pub(crate) enum Layer {
    Grid(Grid),
    Turn(Rotation),
    Mixture(ProductMixture),
    /// whatever else, such as a map of the user's
    Shared(Arc<dyn Map>),
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
            Self::Shared(map) => Box::new(Arc::clone(map)),
        }
    }

    /// # Errors
    /// [`Error::NotShared`] for a map that cannot be copied.
    fn of_map(map: &dyn Map) -> Result<Self> {
        let any: &dyn Any = map;
        let grid = any.downcast_ref::<Grid>().cloned().map(Self::Grid);
        let turn = || any.downcast_ref::<Rotation>().cloned().map(Self::Turn);
        let mixture = || any.downcast_ref().cloned().map(Self::Mixture);
        let shared = || any.downcast_ref().cloned().map(Self::Shared);
        let known = grid.or_else(turn).or_else(mixture).or_else(shared);
        known.ok_or_else(|| Error::NotShared {
            kind: map.describe(),
        })
    }
}

impl Layers {
    /// What lies under the first map of a chain, and of the chain that this may be; nothing for any other map.
    ///
    /// # Errors
    /// [`Error::NotShared`] for a map that cannot be copied.
    pub(crate) fn under_first(map: &dyn Map) -> Result<Self> {
        let any: &dyn Any = map;
        let Some((first, rest)) = any
            .downcast_ref()
            .and_then(|c: &Chain| c.maps().split_first())
        else {
            return Ok(Self::default());
        };
        let mut layers = Self::under_first(first.as_ref())?;
        for map in rest {
            layers.0.push(Layer::of_map(map.as_ref())?);
        }
        Ok(layers)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::{Flow, FlowConfig};

    /// A map that is not the crate's.
    #[derive(Debug)]
    struct Foreign;

    impl Map for Foreign {
        fn dim(&self) -> usize {
            2
        }
        fn forward(&self, z: &[f64], x: &mut [f64], log_jac: &mut [f64]) {
            x.copy_from_slice(z);
            log_jac.fill(0.0);
        }
        fn inverse(&self, x: &[f64], z: &mut [f64], log_jac: &mut [f64]) {
            self.forward(x, z, log_jac);
        }
        fn describe(&self) -> String {
            "foreign".to_owned()
        }
    }

    fn over(map: Box<dyn Map>) -> Result<Layers> {
        let flow = Flow::new(2, &FlowConfig::default(), 1)?;
        Layers::under_first(&Chain::new(vec![Box::new(flow), map])?)
    }

    #[test]
    fn a_foreign_map_is_refused_by_name_unless_it_is_shared() {
        let error = over(Box::new(Foreign)).unwrap_err();
        assert!(
            matches!(&error, Error::NotShared { kind } if kind == "foreign"),
            "{error}"
        );
        let shared: Arc<dyn Map> = Arc::new(Foreign);
        let layers = over(Box::new(Arc::clone(&shared))).unwrap();
        assert!(matches!(&layers.0[..], [Layer::Shared(map)] if Arc::ptr_eq(map, &shared)));
    }
}
