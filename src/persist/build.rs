//! Maps from plain data: each is made, and checked by its own constructor, as soon as it is read.
//!
//! A map is a table of which the first entry names the kind. Knowing the kind first, the rest goes
//! straight into the fields of that kind; tables whose kind may come last have to be kept in a
//! form that takes many times their bytes.

use std::cell::Cell;
use std::fmt::{self, Formatter};

use serde::Deserialize;
use serde::de::{
    DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor,
    value::MapAccessDeserializer,
};

use super::list;
use crate::error::{Error, Result, check};
use crate::flow::{Architecture, Flow, FlowConfig, Stack};
use crate::map::{Chain, Grid, Identity, LogLinear, Map, Permutation, ProductMixture, Rotation};

/// Chains within each other.
const MAX_DEPTH: usize = 8;
/// Maps of a model, chains included, and densities of all mixtures. Either takes room of its own
/// whatever it holds, which has to be little beside that of the file or in all.
const MAX_MAPS: usize = 32;
const MAX_AXES: usize = 1 << 14;

/// What has been counted of a model.
#[derive(Debug, Default)]
pub(super) struct Limits {
    maps: Cell<usize>,
    axes: Cell<usize>,
}

impl Limits {
    pub(super) fn count_map(&self) -> Result<()> {
        let maps = self.maps.get() + 1;
        self.maps.set(maps);
        let (name, allowed) = ("number of maps of a model", "at most 32");
        check(maps <= MAX_MAPS, name, maps as f64, allowed)
    }

    pub(super) fn count_axes(&self, more: usize) -> Result<()> {
        let axes = self.axes.get().saturating_add(more);
        self.axes.set(axes);
        let (name, allowed) = ("number of densities in mixtures", "at most 16384");
        check(axes <= MAX_AXES, name, axes as f64, allowed)
    }

    /// Whether there may be a chain within `depth` others.
    pub(super) fn check_depth(depth: usize) -> Result<()> {
        let (name, allowed) = ("depth of chains", "at most 8");
        check(depth < MAX_DEPTH, name, depth as f64 + 1.0, allowed)
    }
}

/// Reads the map of a model.
pub(super) fn map<'de, D: Deserializer<'de>>(from: D) -> Result<Box<dyn Map>, D::Error> {
    let limits = &Limits::default();
    AnyMap { depth: 0, limits }.deserialize(from)
}

#[derive(Debug, Deserialize)]
struct IdentityState {
    dim: usize,
}

#[derive(Debug, Deserialize)]
struct PermutationState {
    #[serde(deserialize_with = "list::order")]
    order: Vec<usize>,
}

#[derive(Debug, Deserialize)]
struct GridState {
    dim: usize,
    #[serde(deserialize_with = "list::numbers")]
    edges: Vec<f64>,
}

#[derive(Debug, Deserialize)]
struct RotationState {
    dim: usize,
    #[serde(deserialize_with = "list::numbers")]
    axes: Vec<f64>,
}

#[derive(Debug, Deserialize)]
struct MixtureState {
    #[serde(deserialize_with = "list::some")]
    components: Vec<ComponentState>,
}

#[derive(Debug, Deserialize)]
struct ComponentState {
    share: f64,
    #[serde(deserialize_with = "list::some")]
    axes: Vec<AxisState>,
}

#[derive(Debug, Deserialize)]
struct AxisState {
    #[serde(deserialize_with = "list::numbers")]
    knots: Vec<f64>,
    #[serde(deserialize_with = "list::numbers")]
    values: Vec<f64>,
}

#[derive(Debug, Deserialize)]
struct FlowState<C> {
    dim: usize,
    seed: u64,
    config: C,
    #[serde(deserialize_with = "list::numbers")]
    parameters: Vec<f64>,
}

impl<C: Into<Architecture>> FlowState<C> {
    fn build(self) -> Result<Flow> {
        let architecture = self.config.into();
        Flow::from_parameters(self.dim, architecture, self.seed, self.parameters)
    }
}

impl ComponentState {
    fn build(self) -> Result<(f64, Vec<LogLinear>)> {
        let axes = self.axes.into_iter();
        let axes = axes.map(|a| LogLinear::new(a.knots, a.values));
        Ok((self.share, axes.collect::<Result<_>>()?))
    }
}

impl MixtureState {
    fn build(self, limits: &Limits) -> Result<ProductMixture> {
        for component in &self.components {
            limits.count_axes(component.axes.len())?;
        }
        let components = self.components.into_iter().map(ComponentState::build);
        ProductMixture::new(components.collect::<Result<_>>()?)
    }
}

/// A map within `depth` chains.
#[derive(Clone, Copy)]
struct AnyMap<'a> {
    depth: usize,
    limits: &'a Limits,
}

/// The maps of a chain that is within `depth` others.
struct Links<'a> {
    depth: usize,
    limits: &'a Limits,
}

impl<'de> DeserializeSeed<'de> for AnyMap<'_> {
    type Value = Box<dyn Map>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for AnyMap<'_> {
    type Value = Box<dyn Map>;

    fn expecting(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str("a map, its kind first")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        self.limits.count_map().map_err(A::Error::custom)?;
        if map.next_key::<&str>()? != Some("kind") {
            return Err(A::Error::custom("a map does not begin with its kind"));
        }
        let kind: &str = map.next_value()?;
        if kind == "chain" {
            return self.chain(map);
        }
        let fields = MapAccessDeserializer::new(map);
        let built: Result<Box<dyn Map>> = match kind {
            "identity" => match IdentityState::deserialize(fields)?.dim {
                0 => Err(Error::ZeroDimension),
                dim => Ok(Box::new(Identity::new(dim))),
            },
            "permutation" => {
                let order = PermutationState::deserialize(fields)?.order;
                Permutation::new(order).map(boxed)
            }
            "grid" => {
                let GridState { dim, edges } = GridState::deserialize(fields)?;
                Grid::from_edges(dim, edges).map(boxed)
            }
            "rotation" => {
                let RotationState { dim, axes } = RotationState::deserialize(fields)?;
                Rotation::new(dim, axes).map(boxed)
            }
            "product_mixture" => {
                let state = MixtureState::deserialize(fields)?;
                state.build(self.limits).map(boxed)
            }
            "flow" => FlowState::<FlowConfig>::deserialize(fields)?
                .build()
                .map(boxed),
            "stack" => FlowState::<Stack>::deserialize(fields)?.build().map(boxed),
            other => {
                return Err(A::Error::custom(format_args!(
                    "{other:?} is no kind of map"
                )));
            }
        };
        built.map_err(A::Error::custom)
    }
}

impl AnyMap<'_> {
    /// Reads a chain after its kind.
    fn chain<'de, A: MapAccess<'de>>(self, mut from: A) -> Result<Box<dyn Map>, A::Error> {
        let Self { depth, limits } = self;
        Limits::check_depth(depth).map_err(A::Error::custom)?;
        if from.next_key::<&str>()? != Some("maps") {
            return Err(A::Error::missing_field("maps"));
        }
        let maps = from.next_value_seed(Links { depth, limits })?;
        Chain::new(maps).map(boxed).map_err(A::Error::custom)
    }
}

impl<'de> DeserializeSeed<'de> for Links<'_> {
    type Value = Vec<Box<dyn Map>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Links<'_> {
    type Value = Vec<Box<dyn Map>>;

    fn expecting(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str("the maps of a chain")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let (depth, limits) = (self.depth + 1, self.limits);
        let mut maps = Vec::new();
        while let Some(map) = seq.next_element_seed(AnyMap { depth, limits })? {
            maps.push(map);
        }
        Ok(maps)
    }
}

fn boxed<M: Map>(map: M) -> Box<dyn Map> {
    Box::new(map)
}

#[cfg(test)]
mod tests {
    use rmp_serde::{decode, from_slice, to_vec_named};
    use serde::Serialize;

    use super::*;
    use crate::persist::state::MapState;

    #[derive(Debug, Deserialize)]
    #[serde(transparent)]
    struct Read {
        #[serde(deserialize_with = "map")]
        map: Box<dyn Map>,
    }

    fn through_a_file(state: &impl Serialize) -> Result<Box<dyn Map>, decode::Error> {
        let bytes = to_vec_named(state).unwrap();
        from_slice::<Read>(&bytes).map(|read| read.map)
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
            assert!(through_a_file(&MapState::Rotation { dim, axes }).is_err());
        }
        let axes = &[0.6, 0.8, -0.8, 0.6];
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

    /// A chain of `links` identities within `depth` others.
    fn nested(depth: usize, links: usize) -> Result<Box<dyn Map>> {
        let mut maps: Vec<Box<dyn Map>> = Vec::new();
        maps.resize_with(links, || Box::new(Identity::new(1)));
        let mut map = Chain::new(maps)?;
        for _ in 0..depth {
            map = Chain::new(vec![Box::new(map)])?;
        }
        Ok(Box::new(map))
    }

    #[test]
    fn what_cannot_be_read_is_not_saved() {
        for (depth, links) in [(0, 1), (7, 1), (0, 31), (7, 24)] {
            let map = nested(depth, links).unwrap();
            let state = MapState::of(map.as_ref()).unwrap();
            assert_eq!(through_a_file(&state).unwrap().dim(), 1);
        }
        for (depth, links) in [(8, 1), (0, 32), (7, 25)] {
            let map = nested(depth, links).unwrap();
            let error = MapState::of(map.as_ref()).unwrap_err();
            assert!(matches!(error, Error::InvalidSetting { .. }), "{error}");
        }
    }

    #[test]
    fn hostile_chains_are_refused() {
        for (depth, links) in [(8, 1), (0, 32), (400, 1)] {
            let identity = || MapState::Identity { dim: 1 };
            let mut maps = Vec::new();
            maps.resize_with(links, identity);
            let mut state = MapState::Chain { maps };
            for _ in 0..depth {
                state = MapState::Chain { maps: vec![state] };
            }
            assert!(through_a_file(&state).is_err(), "{depth}, {links}");
        }
    }
}
