//! Where a layer stands: which coordinates it may change, and what they are.

use std::ops::Range;

use super::{element::Element, inputs::View};
use crate::error::{Error, Result};

/// The coordinates that pass a layer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Place {
    /// coordinates that the layer may change, the first ones
    pub(crate) active: usize,
    /// coordinates that no layer changes and all conditioners see
    pub(crate) context: Range<usize>,
    /// whether the active ones are reals, rather than of the unit interval
    pub(crate) real: bool,
    /// those that are angles, in turns
    pub(crate) periodic: Vec<usize>,
}

impl Place {
    /// Before the first layer: `dim` coordinates of the unit cube, of which the last `context` are such.
    ///
    /// # Errors
    /// [`Error::InvalidSetting`] if there is nothing but context, or for an angle that there is not.
    pub(crate) fn new(dim: usize, context: usize, periodic: &[usize]) -> Result<Self> {
        if context >= dim {
            return Err(Error::InvalidSetting {
                name: "context",
                value: context as f64,
                allowed: "fewer coordinates than there are",
            });
        }
        let active = dim - context;
        if let Some(axis) = periodic.iter().find(|axis| **axis >= dim) {
            return Err(Error::InvalidSetting {
                name: "a periodic coordinate",
                value: *axis as f64,
                allowed: "the number of a coordinate, from 0",
            });
        }
        Ok(Self {
            active,
            context: active..dim,
            real: false,
            periodic: periodic.to_vec(),
        })
    }

    pub(crate) fn context(&self) -> Range<usize> {
        self.context.clone()
    }

    /// How conditioners see coordinate `i`.
    pub(crate) fn view(&self, i: usize) -> View {
        if self.periodic.contains(&i) {
            View::Circle
        } else if self.real && i < self.active {
            View::Real
        } else {
            View::Unit
        }
    }

    /// What happens to coordinate `i` where others undergo `element`.
    pub(crate) fn element(&self, i: usize, element: Element) -> Element {
        if self.periodic.contains(&i) {
            element.circular()
        } else {
            element
        }
    }
}
