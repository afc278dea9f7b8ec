//! What a flow is made of.

use rand_pcg::Pcg64Dxsm;

use serde::{Deserialize, Serialize};

use super::{
    Masks, Spline, SplineKind, any_layer::AnyLayer, coupling::Coupling, elementwise::Elementwise,
    place::Place,
};
use crate::error::{Error, Result};
use crate::list::few;

/// The precision of the conditioners, the splines' knots and all gradients; between knots, and
/// for densities, it is f64 always.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// single: about three times as fast to train
    F32,
    /// double: for checks
    F64,
}

/// Activation of the hidden layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    /// max(0, x)
    Relu,
    /// max(0.01 x, x)
    LeakyRelu,
}

impl Activation {
    pub(crate) fn slope(self) -> f64 {
        match self {
            Self::Relu => 0.0,
            Self::LeakyRelu => 0.01,
        }
    }
}

/// Most hidden layers of a conditioner, and features of each.
const MAX_LAYERS: usize = 16;
const MAX_WIDTH: usize = 4096;

/// Architecture of a flow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FlowConfig {
    /// family of the splines
    pub spline: SplineKind,
    /// bins per spline
    pub bins: usize,
    /// division of the coordinates among the couplings
    pub masks: Masks,
    /// features of each hidden layer of the conditioners
    #[serde(deserialize_with = "few")]
    pub hidden: Vec<usize>,
    /// activation of the hidden layers
    pub activation: Activation,
    /// precision of the conditioners
    pub precision: Precision,
    /// bins of an elementwise spline at the data end; 0 for none
    pub elementwise_bins: usize,
    /// coordinates at the end that pass unchanged and that all conditioners see: the flow is one of the
    /// others for any value of them ([`Flow::given`](crate::Flow::given))
    #[serde(default, skip_serializing_if = "is_zero")]
    pub context: usize,
    /// coordinates whose ends are one point, such as angles: their splines are circular, and
    /// conditioners see their cosine and sine
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "few"
    )]
    pub periodic: Vec<usize>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks in this way")]
fn is_zero(n: &usize) -> bool {
    *n == 0
}

impl Default for FlowConfig {
    fn default() -> Self {
        Self {
            spline: SplineKind::RationalQuadratic,
            bins: 8,
            masks: Masks::Binary,
            hidden: vec![32, 32],
            activation: Activation::LeakyRelu,
            precision: Precision::F32,
            elementwise_bins: 0,
            context: 0,
            periodic: Vec::new(),
        }
    }
}

impl FlowConfig {
    /// Refuses what cannot be built.
    ///
    /// # Errors
    /// [`Error::InvalidSetting`] naming the setting.
    pub fn validate(&self) -> Result<()> {
        Spline::new(self.spline, self.bins)?;
        if self.elementwise_bins > 0 {
            Spline::new(SplineKind::RationalQuadratic, self.elementwise_bins)?;
        }
        check_hidden(&self.hidden)?;
        let couplings = match self.masks {
            Masks::Binary => 1,
            Masks::Halves { couplings } | Masks::Random { couplings } => couplings,
        };
        if !(1..=256).contains(&couplings) {
            let value = couplings as f64;
            return Err(Error::InvalidSetting {
                name: "couplings",
                value,
                allowed: "1 to 256",
            });
        }
        if !self.periodic.is_empty() && self.spline != SplineKind::RationalQuadratic {
            return Err(Error::InvalidSetting {
                name: "periodic coordinates",
                value: self.periodic.len() as f64,
                allowed: "none but with rational-quadratic splines",
            });
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
        let place = Place::new(dim, self.context, &self.periodic)?;
        let spline = Spline::new(self.spline, self.bins)?;
        if self.elementwise_bins > 0 {
            let own = Spline::new(SplineKind::RationalQuadratic, self.elementwise_bins)?;
            add(AnyLayer::Elementwise(Elementwise::new(&place, own)))?;
        }
        if place.active == 1 && self.context == 0 {
            return add(AnyLayer::Elementwise(Elementwise::new(&place, spline)));
        }
        let masks = match place.active {
            1 => vec![vec![true]],
            n => self.masks.build(n, rng),
        };
        let slope = self.activation.slope();
        for mask in masks {
            let coupling = Coupling::new(&place, &mask, spline.into(), &self.hidden, slope);
            add(AnyLayer::Coupling(coupling))?;
        }
        Ok(())
    }
}

/// Refuses hidden layers that are too many, too wide or empty.
pub(super) fn check_hidden(hidden: &[usize]) -> Result<()> {
    if let Some(width) = hidden.iter().find(|w| !(1..=MAX_WIDTH).contains(*w)) {
        let value = *width as f64;
        return Err(Error::InvalidSetting {
            name: "hidden",
            value,
            allowed: "1 to 4096",
        });
    }
    if hidden.len() > MAX_LAYERS {
        let value = hidden.len() as f64;
        let allowed = "at most 16 layers";
        return Err(Error::InvalidSetting {
            name: "hidden",
            value,
            allowed,
        });
    }
    Ok(())
}
