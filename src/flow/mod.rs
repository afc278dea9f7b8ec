//! Normalizing flows: maps with trainable parameters.
//!
//! A [`Flow`] is a chain of couplings (or elementwise splines) and one flat parameter vector.
//! With the uniform base, log q(x) = sum over the layers of log|dz/dx|.

mod aligned;
mod any_layer;
mod conditioner;
mod config;
mod coupling;
mod elementwise;
mod gradient;
mod layer;
mod mask;
mod spline;
mod tile;

pub(crate) use aligned::Aligned;
pub use config::{Activation, FlowConfig, Precision};
pub(crate) use gradient::{FlowGradient, WorkingParameters};
pub use mask::Masks;
pub use spline::{Spline, SplineGradient, SplineKind};

use std::ops::Range;

use any_layer::AnyLayer;
use coupling::Coupling;
use elementwise::Elementwise;
use layer::{Layer as _, Record};
use tile::Tile;

use crate::error::{Error, Result};
use crate::kernel::{TILE, dispatch::run, lane::Real, rows::Round};
use crate::map::{Grid, Map, inside};
use crate::rng::{Purpose, Streams};

/// Largest dimension of a flow.
const MAX_DIM: usize = 4096;

/// A normalizing flow on the unit cube.
///
/// A new flow is the identity. The layers run from the data end to the latent end, so the
/// first one sees x.
#[derive(Clone, Debug)]
pub struct Flow {
    dim: usize,
    config: FlowConfig,
    seed: u64,
    /// from the data end, each with its range of the parameters
    layers: Vec<(AnyLayer, Range<usize>)>,
    parameters: Vec<f64>,
    values: Values,
}

/// The parameters in the precision that the conditioners run in.
#[derive(Clone, Debug)]
enum Values {
    F32(Vec<f32>),
    F64(Vec<f64>),
}

impl Values {
    fn new(precision: Precision, count: usize) -> Self {
        match precision {
            Precision::F32 => Self::F32(vec![0.0; count]),
            Precision::F64 => Self::F64(vec![0.0; count]),
        }
    }

    /// Takes over `parameters`, as many as there were.
    fn update(&mut self, parameters: &[f64]) {
        match self {
            Self::F32(values) => run(Round {
                from: parameters,
                to: values,
            }),
            Self::F64(values) => values.copy_from_slice(parameters),
        }
    }
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
        let mut flow = Self::blank(dim, config, seed, None)?;
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
        config: &FlowConfig,
        seed: u64,
        parameters: Vec<f64>,
    ) -> Result<Self> {
        let mut flow = Self::blank(dim, config, seed, Some(parameters.len()))?;
        flow.check(&parameters)?;
        let mut values = Values::new(config.precision, parameters.len());
        values.update(&parameters);
        (flow.parameters, flow.values) = (parameters, values);
        Ok(flow)
    }

    /// A flow whose parameters are zero; where their `count` is given they are left out, and it is
    /// an error if the architecture needs another number of them.
    fn blank(dim: usize, config: &FlowConfig, seed: u64, count: Option<usize>) -> Result<Self> {
        config.validate()?;
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
        let spline = Spline::new(config.spline, config.bins)?;
        let mut layers = Layers::new(count);
        if config.elementwise_bins > 0 {
            let own = Spline::new(SplineKind::RationalQuadratic, config.elementwise_bins)?;
            layers.add(AnyLayer::Elementwise(Elementwise::new(dim, own)))?;
        }
        let mut rng = Streams::new(seed).generator(Purpose::Initialise, 0, 0);
        if dim == 1 {
            layers.add(AnyLayer::Elementwise(Elementwise::new(1, spline)))?;
        } else {
            let slope = config.activation.slope();
            for mask in config.masks.build(dim, &mut rng) {
                let coupling = Coupling::new(&mask, spline, &config.hidden, slope);
                layers.add(AnyLayer::Coupling(coupling))?;
            }
        }
        let layers = layers.finish()?;
        let allocated = if count.is_some() { 0 } else { layers.expected };
        Ok(Self {
            dim,
            config: config.clone(),
            seed,
            layers: layers.done,
            parameters: vec![0.0; allocated],
            values: Values::new(config.precision, allocated),
        })
    }

    /// Draws new parameters: hidden layers as at the start, last layers (and elementwise
    /// splines) normal with standard deviation `spread`; 0 gives the identity.
    pub fn randomise(&mut self, seed: u64, spread: f64) {
        let mut rng = Streams::new(seed).generator(Purpose::Initialise, 1, 0);
        for (layer, range) in &self.layers {
            layer.initialise(spread, &mut self.parameters[range.clone()], &mut rng);
        }
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

    /// The architecture.
    pub fn config(&self) -> &FlowConfig {
        &self.config
    }

    /// The seed that chose the masks.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// All parameters, layer after layer.
    pub fn parameters(&self) -> &[f64] {
        &self.parameters
    }

    /// Replaces all parameters.
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
        let largest = match self.config.precision {
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
        self.values.update(parameters);
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
        let kind = match self.config.spline {
            SplineKind::Linear => "piecewise-linear",
            SplineKind::Quadratic => "piecewise-quadratic",
            SplineKind::RationalQuadratic => "rational-quadratic",
        };
        let couplings = self
            .layers
            .iter()
            .filter(|(l, _)| matches!(l, AnyLayer::Coupling(_)))
            .count();
        let elementwise = self.layers.len() - couplings;
        let mut parts = Vec::new();
        if couplings > 0 {
            parts.push(format!(
                "{couplings} couplings, conditioner {:?}",
                self.config.hidden
            ));
        }
        if elementwise > 0 {
            parts.push(format!("{elementwise} elementwise"));
        }
        format!(
            "{kind} flow, d = {}, {} bins, {}, {} parameters",
            self.dim,
            self.config.bins,
            parts.join(", "),
            self.parameters.len()
        )
    }
}
