//! The parameters of a flow as its layers read them.

use super::Precision;
use crate::kernel::{dispatch::run, rows::Round};

/// The parameters in the precision that the conditioners run in.
#[derive(Clone, Debug)]
pub(super) enum Values {
    F32(Vec<f32>),
    F64(Vec<f64>),
}

impl Values {
    pub(super) fn new(precision: Precision, count: usize) -> Self {
        match precision {
            Precision::F32 => Self::F32(vec![0.0; count]),
            Precision::F64 => Self::F64(vec![0.0; count]),
        }
    }

    /// Takes over `parameters`, as many as there were.
    pub(super) fn update(&mut self, parameters: &[f64]) {
        match self {
            Self::F32(values) => run(Round {
                from: parameters,
                to: values,
            }),
            Self::F64(values) => values.copy_from_slice(parameters),
        }
    }
}
