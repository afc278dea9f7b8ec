//! A flow described layer by layer: every family that is no chain of spline couplings on the cube.

use rand::seq::SliceRandom as _;
use rand_pcg::Pcg64Dxsm;
use serde::{Deserialize, Serialize};

use super::{
    Activation, Precision, Spline, Transform,
    any_layer::AnyLayer,
    autoregressive::Autoregressive,
    config::check_hidden,
    coupling::Coupling,
    diagonal::Diagonal,
    element::Element,
    elementwise::Elementwise,
    join::{Base, Join},
    linear::Linear,
    place::Place,
    planar::Planar,
    recurrent::Recurrent,
    shuffle::Shuffle,
};
use crate::error::{Error, Result};
use crate::list::few;

/// One layer of a [`Stack`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LayerConfig {
    /// from the unit cube to the reals, by the quantiles of a distribution
    Open(Base),
    /// from the reals to the unit cube, by its distribution function: the base of what came before
    Close(Base),
    /// z = x e^s + b for each coordinate: rescaling, or actnorm once it is started from data
    Diagonal,
    /// z = L e^s x + b, L lower triangular with a unit diagonal
    Triangular,
    /// z = L U x + b
    Lu,
    /// the coordinates backwards
    Reverse,
    /// the coordinates in a random order
    Shuffle,
    /// z = x + u tanh(w x + b)
    Planar,
    /// a spline of its own for each coordinate
    Elementwise(Spline),
    /// a function of the even coordinates given the odd ones, or the other way round
    Coupling {
        /// the function
        transform: Transform,
        /// whether the odd ones are transformed
        odd: bool,
    },
    /// each coordinate given those before it
    Autoregressive {
        /// the function
        transform: Transform,
        /// whether those before it are seen at the latent end (IAF) rather than the data end (MAF)
        inverse: bool,
        /// whether "before" is by a random order rather than that of the coordinates
        random: bool,
    },
    /// each coordinate given those before it at the data end (MAF), by a gated recurrent unit that runs along
    /// them and remembers as many numbers as the last hidden layer has features
    Recurrent {
        /// the function
        transform: Transform,
    },
    /// the second half of the coordinates passes unchanged from here on: L. Dinh, J. Sohl-Dickstein,
    /// S. Bengio, "Real NVP" (2017), arXiv:1605.08803, section 3.6
    FactorOut,
}

/// Most layers of a stack.
const MAX_LAYERS: usize = 256;

/// A flow on the unit cube, layer by layer from the data end.
///
/// Splines act on the unit interval, all other layers with parameters on the reals, between an
/// [`LayerConfig::Open`] and a [`LayerConfig::Close`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stack {
    /// from the data end to the latent end
    #[serde(deserialize_with = "few")]
    pub layers: Vec<LayerConfig>,
    /// features of each hidden layer of the conditioners
    #[serde(deserialize_with = "few")]
    pub hidden: Vec<usize>,
    /// activation of the hidden layers
    pub activation: Activation,
    /// precision of the conditioners and parameters
    pub precision: Precision,
    /// coordinates at the end that no layer changes and all conditioners see
    pub context: usize,
}

impl Default for Stack {
    fn default() -> Self {
        Self {
            layers: Vec::new(),
            hidden: vec![32, 32],
            activation: Activation::LeakyRelu,
            precision: Precision::F32,
            context: 0,
        }
    }
}

/// Refuses layer number `number` of a stack.
fn refuse(number: usize, allowed: &'static str) -> Error {
    Error::InvalidSetting {
        name: "the number of a layer",
        value: number as f64,
        allowed,
    }
}

impl Stack {
    /// Refuses what no dimension makes possible.
    ///
    /// # Errors
    /// [`Error::InvalidSetting`] naming the setting, or the layer by its number, from 0.
    pub fn validate(&self) -> Result<()> {
        check_hidden(&self.hidden)?;
        if self.layers.len() > MAX_LAYERS {
            return Err(refuse(self.layers.len(), "at most 255"));
        }
        let mut real = false;
        for (number, layer) in self.layers.iter().enumerate() {
            let needs_reals = match layer {
                LayerConfig::Open(_) => {
                    if real {
                        return Err(refuse(number, "no Open: it is among the reals already"));
                    }
                    real = true;
                    continue;
                }
                LayerConfig::Close(_) => {
                    if !real {
                        return Err(refuse(number, "no Close: it is on the unit cube already"));
                    }
                    real = false;
                    continue;
                }
                LayerConfig::Diagonal
                | LayerConfig::Triangular
                | LayerConfig::Lu
                | LayerConfig::Planar => true,
                LayerConfig::Elementwise(spline) => {
                    Spline::new(spline.kind, spline.bins)?;
                    false
                }
                LayerConfig::Coupling { transform, .. }
                | LayerConfig::Autoregressive { transform, .. }
                | LayerConfig::Recurrent { transform } => {
                    if matches!(layer, LayerConfig::Recurrent { .. }) && self.hidden.is_empty() {
                        let allowed = "none that is recurrent without a hidden layer";
                        return Err(refuse(number, allowed));
                    }
                    Element::new(*transform)?;
                    !matches!(transform, Transform::Spline(_))
                }
                LayerConfig::Reverse | LayerConfig::Shuffle | LayerConfig::FactorOut => continue,
            };
            if needs_reals != real {
                return Err(refuse(
                    number,
                    if needs_reals {
                        "one of the unit cube, or after an Open: it acts on the reals"
                    } else {
                        "one of the reals, or after a Close: it acts on the unit cube"
                    },
                ));
            }
        }
        if real {
            return Err(refuse(
                self.layers.len(),
                "a Close, as the stack ends among the reals",
            ));
        }
        Ok(())
    }

    /// Gives each layer for `dim` coordinates, context included, to `add`.
    pub(super) fn build(
        &self,
        dim: usize,
        rng: &mut Pcg64Dxsm,
        mut add: impl FnMut(AnyLayer) -> Result<()>,
    ) -> Result<()> {
        self.validate()?;
        let mut place = Place::new(dim, self.context, &[])?;
        let free = place.active;
        for (number, layer) in self.layers.iter().enumerate() {
            if let Some(layer) = self.layer(number, *layer, free, &mut place, rng)? {
                add(layer)?;
            }
        }
        Ok(())
    }

    /// One layer, and what it makes of the place.
    fn layer(
        &self,
        number: usize,
        layer: LayerConfig,
        free: usize,
        place: &mut Place,
        rng: &mut Pcg64Dxsm,
    ) -> Result<Option<AnyLayer>> {
        let (n, slope) = (place.active, self.activation.slope());
        Ok(Some(match layer {
            LayerConfig::Open(base) | LayerConfig::Close(base) => {
                place.real = matches!(layer, LayerConfig::Open(_));
                AnyLayer::Join(Join::new(free, base, place.real))
            }
            LayerConfig::Diagonal => AnyLayer::Diagonal(Diagonal::new(n)),
            LayerConfig::Triangular => AnyLayer::Linear(Linear::new(n, false)),
            LayerConfig::Lu => AnyLayer::Linear(Linear::new(n, true)),
            LayerConfig::Reverse => AnyLayer::Shuffle(Shuffle::new((0..n).rev().collect())),
            LayerConfig::Shuffle => AnyLayer::Shuffle(Shuffle::new(shuffled(n, rng))),
            LayerConfig::Planar => AnyLayer::Planar(Planar::new(n)),
            LayerConfig::Elementwise(spline) => {
                AnyLayer::Elementwise(Elementwise::new(place, spline))
            }
            LayerConfig::Coupling { transform, odd } => {
                if n == 1 && self.context == 0 {
                    let allowed = "no coupling: there is one coordinate and nothing to see";
                    return Err(refuse(number, allowed));
                }
                let mask: Vec<bool> = (0..n).map(|i| n == 1 || (i % 2 == 1) == odd).collect();
                let element = Element::new(transform)?;
                AnyLayer::Coupling(Coupling::new(place, &mask, element, &self.hidden, slope))
            }
            LayerConfig::Autoregressive {
                transform,
                inverse,
                random,
            } => {
                let order = if random {
                    shuffled(n, rng)
                } else {
                    (0..n).collect()
                };
                let (element, hidden) = (Element::new(transform)?, &self.hidden);
                AnyLayer::Autoregressive(Autoregressive::new(
                    place, order, inverse, element, hidden, slope,
                ))
            }
            LayerConfig::Recurrent { transform } => {
                let features = self.hidden.last().copied().unwrap_or(1);
                let element = Element::new(transform)?;
                AnyLayer::Recurrent(Recurrent::new(place, element, features))
            }
            LayerConfig::FactorOut => {
                place.active = n.div_ceil(2);
                return Ok(None);
            }
        }))
    }
}

fn shuffled(n: usize, rng: &mut Pcg64Dxsm) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n).collect();
    order.shuffle(rng);
    order
}
