//! Normalizing flows: maps with trainable parameters.
//!
//! A [`Flow`] is a chain of layers and one flat parameter vector. With the uniform base,
//! log q(x) = sum over the layers of log|dz/dx|. A [`FlowConfig`] describes a chain of spline couplings on
//! the unit cube, a [`Stack`] any other family layer by layer, also those that live on all reals.

mod aligned;
mod any_layer;
mod architecture;
mod autoregressive;
mod conditioner;
mod config;
mod coupling;
mod dense;
mod diagonal;
mod element;
mod elementwise;
mod family;
mod gated;
mod given;
mod gradient;
mod inputs;
mod join;
mod layer;
mod linear;
mod made;
mod mask;
mod place;
mod planar;
mod recurrent;
mod shuffle;
mod spline;
mod stack;
mod start;
mod summed;
mod tile;
mod values;

pub(crate) use aligned::Aligned;
pub use architecture::Architecture;
pub use config::{Activation, FlowConfig, Precision};
pub use element::Transform;
pub use family::Family;
pub use given::Given;
pub(crate) use gradient::{FlowGradient, WorkingParameters};
pub use join::Base;
pub use mask::Masks;
pub use spline::{Spline, SplineGradient, SplineKind};
pub use stack::{LayerConfig, Stack};
pub(crate) use summed::{SummedGradient, read_numbers, write_numbers};

use std::ops::Range;

use any_layer::AnyLayer;
use layer::{Layer as _, Record};
use tile::Tile;
use values::Values;

use crate::error::{Error, Result};
use crate::kernel::{TILE, lane::Real, spline::Direction};
use crate::map::{Grid, Map, inside};
use crate::rng::{Purpose, Streams};

/// Largest dimension of a flow.
const MAX_DIM: usize = 4096;

/// A normalizing flow on the unit cube.
///
/// A new flow is the identity, if its family has that among its members. The layers run from the data end to the latent end, so the
/// first one sees x.
#[derive(Clone, Debug)]
pub struct Flow {
    dim: usize,
    architecture: Architecture,
    seed: u64,
    /// from the data end, each with its range of the parameters
    layers: Vec<(AnyLayer, Range<usize>)>,
    /// parameters that are zero whatever happens
    fixed: Vec<usize>,
    parameters: Vec<f64>,
    values: Values,
}

/// The layers of a flow while it is made.
struct Layers {
    done: Vec<(AnyLayer, Range<usize>)>,
    /// parameters of the layers so far
    expected: usize,
    /// parameters that there are, where they are known
    count: Option<usize>,
}

impl Layers {
    fn new(count: Option<usize>) -> Self {
        Self {
            done: Vec::new(),
            expected: 0,
            count,
        }
    }

    /// Adds a layer, unless the parameters are too few for it: the layers of a flow from a file
    /// take room only as it has parameters for them.
    fn add(&mut self, layer: AnyLayer) -> Result<()> {
        let end = self.expected.saturating_add(layer.parameter_count());
        if let Some(found) = self.count.filter(|found| *found < end) {
            return Err(wrong_count(found, end));
        }
        self.done.push((layer, self.expected..end));
        self.expected = end;
        Ok(())
    }

    /// Makes sure that no parameters are left over.
    fn finish(self) -> Result<Self> {
        match self.count {
            Some(found) if found != self.expected => Err(wrong_count(found, self.expected)),
            _ => Ok(self),
        }
    }
}

/// The error for `found` parameters of a flow that has, or begins with, `expected`.
fn wrong_count(found: usize, expected: usize) -> Error {
    Error::DimensionMismatch {
        what: "the parameter vector",
        found,
        expected,
    }
}

impl Flow {
    /// A flow on `dim` coordinates that is still the identity; `seed` chooses the hidden
    /// weights and random masks.
    ///
    /// # Errors
    /// [`Error::ZeroDimension`], or [`Error::InvalidSetting`] from the configuration.
    pub fn new(dim: usize, config: &FlowConfig, seed: u64) -> Result<Self> {
        Self::of(dim, config.clone().into(), seed)
    }

    /// A flow of any family on `dim` coordinates, its context included; `seed` chooses random weights,
    /// masks and orders.
    ///
    /// # Errors
    /// As [`Flow::new`].
    pub fn of(dim: usize, architecture: Architecture, seed: u64) -> Result<Self> {
        let mut flow = Self::blank(dim, architecture, seed, None)?;
        flow.randomise(seed, 0.0);
        Ok(flow)
    }

    /// A flow with parameters that were read from a file: little is allocated before their number
    /// is known to fit the architecture, and they are not copied.
    ///
    /// # Errors
    /// As [`Flow::new`] and [`Flow::set_parameters`].
    pub(crate) fn from_parameters(
        dim: usize,
        architecture: Architecture,
        seed: u64,
        mut parameters: Vec<f64>,
    ) -> Result<Self> {
        let mut flow = Self::blank(dim, architecture, seed, Some(parameters.len()))?;
        flow.check(&parameters)?;
        flow.fixed.iter().for_each(|i| parameters[*i] = 0.0);
        let mut values = Values::new(flow.precision(), parameters.len());
        values.update(&parameters);
        (flow.parameters, flow.values) = (parameters, values);
        Ok(flow)
    }

    /// A flow whose parameters are zero; where their `count` is given they are left out, and it is
    /// an error if the architecture needs another number of them.
    fn blank(
        dim: usize,
        architecture: Architecture,
        seed: u64,
        count: Option<usize>,
    ) -> Result<Self> {
        if dim == 0 {
            return Err(Error::ZeroDimension);
        }
        if dim > MAX_DIM {
            let (name, value) = ("the dimension of a flow", dim as f64);
            return Err(Error::InvalidSetting {
                name,
                value,
                allowed: "at most 4096",
            });
        }
        let mut layers = Layers::new(count);
        let mut rng = Streams::new(seed).generator(Purpose::Initialise, 0, 0);
        match &architecture {
            Architecture::Couplings(config) => config.build(dim, &mut rng, |l| layers.add(l))?,
            Architecture::Stack(stack) => stack.build(dim, &mut rng, |l| layers.add(l))?,
        }
        let layers = layers.finish()?;
        let allocated = if count.is_some() { 0 } else { layers.expected };
        let fixed = layers.done.iter().flat_map(|(layer, range)| {
            let start = range.start;
            layer.fixed().into_iter().map(move |i| start + i)
        });
        Ok(Self {
            dim,
            seed,
            fixed: fixed.collect(),
            layers: layers.done,
            parameters: vec![0.0; allocated],
            values: Values::new(architecture.precision(), allocated),
            architecture,
        })
    }

    /// Draws new parameters: hidden layers as at the start, last layers (and elementwise
    /// splines) normal with standard deviation `spread`; 0 gives the identity.
    pub fn randomise(&mut self, seed: u64, spread: f64) {
        let mut rng = Streams::new(seed).generator(Purpose::Initialise, 1, 0);
        for (layer, range) in &self.layers {
            layer.initialise(spread, &mut self.parameters[range.clone()], &mut rng);
        }
        self.fixed.iter().for_each(|i| self.parameters[*i] = 0.0);
        self.values.update(&self.parameters);
    }

    /// Starts the elementwise spline at the data end from a VEGAS grid.
    ///
    /// Does nothing for a flow without such a spline.
    pub fn follow_grid(&mut self, grid: &Grid) {
        if let Some((AnyLayer::Elementwise(layer), range)) = self.layers.first() {
            layer.follow(grid, &mut self.parameters[range.clone()]);
            self.values.update(&self.parameters);
        }
    }

    /// How it is made.
    pub fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    pub(crate) fn precision(&self) -> Precision {
        self.architecture.precision()
    }

    /// The seed that chose the masks.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Where the parameters of conditioners stand.
    pub(crate) fn conditioners(&self) -> Vec<Range<usize>> {
        let has_one = |layer: &AnyLayer| {
            matches!(
                layer,
                AnyLayer::Coupling(_) | AnyLayer::Autoregressive(_) | AnyLayer::Recurrent(_)
            )
        };
        let layers = self.layers.iter().filter(|(layer, _)| has_one(layer));
        layers.map(|(_, range)| range.clone()).collect()
    }

    /// How often parameters are used for one point in a `direction`, from data to latent or back.
    pub(crate) fn uses(&self, direction: Direction) -> usize {
        let layers = self.layers.iter();
        layers
            .map(|(layer, range)| range.len() * layer.passes(direction))
            .sum()
    }

    /// All parameters, layer after layer.
    pub fn parameters(&self) -> &[f64] {
        &self.parameters
    }

    /// Replaces all parameters; those that its masks hide stay zero.
    ///
    /// # Errors
    /// [`Error::DimensionMismatch`] for a wrong number of them, [`Error::InvalidSetting`] for
    /// one that is not finite.
    pub fn set_parameters(&mut self, parameters: &[f64]) -> Result<()> {
        if parameters.len() != self.parameters.len() {
            return Err(wrong_count(parameters.len(), self.parameters.len()));
        }
        self.check(parameters)?;
        self.follow(parameters);
        Ok(())
    }

    /// Refuses parameters that are not finite in the precision of the flow.
    fn check(&self, parameters: &[f64]) -> Result<()> {
        let largest = match self.precision() {
            Precision::F32 => f64::from(f32::MAX),
            Precision::F64 => f64::MAX,
        };
        let fits = |p: &f64| (-largest..=largest).contains(p);
        if let Some(value) = parameters.iter().find(|p| !fits(p)) {
            let allowed = "finite in the precision of the flow";
            return Err(Error::InvalidSetting {
                name: "a parameter",
                value: *value,
                allowed,
            });
        }
        Ok(())
    }

    /// Replaces all parameters by as many finite ones.
    pub(crate) fn follow(&mut self, parameters: &[f64]) {
        self.parameters.copy_from_slice(parameters);
        self.fixed.iter().for_each(|i| self.parameters[*i] = 0.0);
        self.values.update(&self.parameters);
    }

    /// Takes row-major points through the layers, tile by tile.
    fn run<R: Real>(
        &self,
        values: &[R],
        to_data: bool,
        from: &[f64],
        to: &mut [f64],
        log_jac: &mut [f64],
    ) {
        let mut tile = Tile::new(self.dim);
        let mut record = Record::<R>::default();
        for (layer, _) in &self.layers {
            record.grow(&layer.record(false));
        }
        let tiles = from
            .chunks(TILE * self.dim)
            .zip(to.chunks_mut(TILE * self.dim));
        for ((from, to), log_jac) in tiles.zip(log_jac.chunks_mut(TILE)) {
            tile.load(from.chunks_exact(self.dim));
            if to_data {
                for (layer, range) in self.layers.iter().rev() {
                    layer.to_data(&values[range.clone()], &mut tile, &mut record);
                }
            } else {
                for (layer, range) in &self.layers {
                    layer.to_latent(&values[range.clone()], &mut tile, &mut record);
                }
            }
            tile.finish();
            tile.store(to, inside);
            for (log_jac, log_q) in log_jac.iter_mut().zip(tile.log_q.iter()) {
                *log_jac = -log_q;
            }
        }
    }
}

impl Map for Flow {
    fn dim(&self) -> usize {
        self.dim
    }

    fn forward(&self, z: &[f64], x: &mut [f64], log_jac: &mut [f64]) {
        match &self.values {
            Values::F32(v) => self.run(v, true, z, x, log_jac),
            Values::F64(v) => self.run(v, true, z, x, log_jac),
        }
    }

    fn inverse(&self, x: &[f64], z: &mut [f64], log_jac: &mut [f64]) {
        match &self.values {
            Values::F32(v) => self.run(v, false, x, z, log_jac),
            Values::F64(v) => self.run(v, false, x, z, log_jac),
        }
    }

    fn describe(&self) -> String {
        let count = |name: &str| self.layers.iter().filter(|(l, _)| l.name() == name).count();
        let config = match &self.architecture {
            Architecture::Couplings(config) => config,
            Architecture::Stack(_) => {
                let mut names: Vec<_> = self.layers.iter().map(|(l, _)| l.name()).collect();
                names.sort_unstable();
                names.dedup();
                let parts: Vec<_> = names.iter().map(|n| format!("{} {n}", count(n))).collect();
                return format!(
                    "flow, d = {}, {}, {} parameters",
                    self.dim,
                    parts.join(", "),
                    self.parameters.len()
                );
            }
        };
        let kind = match config.spline {
            SplineKind::Linear => "piecewise-linear",
            SplineKind::Quadratic => "piecewise-quadratic",
            SplineKind::RationalQuadratic => "rational-quadratic",
        };
        let (couplings, elementwise) = (count("couplings"), count("elementwise"));
        let mut parts = Vec::new();
        if couplings > 0 {
            parts.push(format!(
                "{couplings} couplings, conditioner {:?}",
                config.hidden
            ));
        }
        if elementwise > 0 {
            parts.push(format!("{elementwise} elementwise"));
        }
        format!(
            "{kind} flow, d = {}, {} bins, {}, {} parameters",
            self.dim,
            config.bins,
            parts.join(", "),
            self.parameters.len()
        )
    }
}
