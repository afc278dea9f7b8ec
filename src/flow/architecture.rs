//! How a flow is made: couplings by one configuration, or layer by layer.

use serde::{Deserialize, Serialize};

use super::{FlowConfig, Precision, Stack};

/// How a flow is made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Architecture {
    /// couplings with splines on the unit cube
    Couplings(FlowConfig),
    /// layer by layer
    Stack(Stack),
}

impl Architecture {
    pub(super) fn precision(&self) -> Precision {
        match self {
            Self::Couplings(config) => config.precision,
            Self::Stack(stack) => stack.precision,
        }
    }

    /// Coordinates at the end that are given rather than drawn.
    pub fn context(&self) -> usize {
        match self {
            Self::Couplings(config) => config.context,
            Self::Stack(stack) => stack.context,
        }
    }
}

impl From<FlowConfig> for Architecture {
    fn from(config: FlowConfig) -> Self {
        Self::Couplings(config)
    }
}

impl From<Stack> for Architecture {
    fn from(stack: Stack) -> Self {
        Self::Stack(stack)
    }
}
