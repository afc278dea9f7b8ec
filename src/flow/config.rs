//! What a flow is made of.

use std::fmt::{self, Formatter};

use serde::de::{Deserializer, Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

use super::{Masks, Spline, SplineKind};
use crate::error::{Error, Result};

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
}

/// Reads hidden layers; more than there may be are not even read.
fn few<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<usize>, D::Error> {
    struct Few;
    impl<'de> Visitor<'de> for Few {
        type Value = Vec<usize>;

        fn expecting(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
            write!(
                formatter,
                "the features of at most {MAX_LAYERS} hidden layers"
            )
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<usize>, A::Error> {
            let mut hidden = Vec::new();
            while let Some(width) = seq.next_element()? {
                if hidden.len() == MAX_LAYERS {
                    return Err(A::Error::invalid_length(MAX_LAYERS + 1, &self));
                }
                hidden.push(width);
            }
            Ok(hidden)
        }
    }
    from.deserialize_seq(Few)
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
        if let Some(width) = self.hidden.iter().find(|w| !(1..=MAX_WIDTH).contains(*w)) {
            let value = *width as f64;
            return Err(Error::InvalidSetting {
                name: "hidden",
                value,
                allowed: "1 to 4096",
            });
        }
        if self.hidden.len() > MAX_LAYERS {
            let value = self.hidden.len() as f64;
            let allowed = "at most 16 layers";
            return Err(Error::InvalidSetting {
                name: "hidden",
                value,
                allowed,
            });
        }
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
        Ok(())
    }
}
