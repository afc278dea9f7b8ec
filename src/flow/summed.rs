//! Gradients summed over points, to be added up further.

use super::{Flow, Precision, aligned::Aligned};
use crate::kernel::{
    dispatch::run,
    rows::{AddScaled, Widen},
};

/// A gradient (`[parameters]`) in the precision of the conditioners.
#[derive(Debug)]
pub(crate) enum SummedGradient {
    F32(Aligned<f32>),
    F64(Aligned<f64>),
}

impl SummedGradient {
    /// Zero.
    pub(crate) fn new(flow: &Flow) -> Self {
        let count = flow.parameters.len();
        match flow.precision() {
            Precision::F32 => Self::F32(Aligned::new(count)),
            Precision::F64 => Self::F64(Aligned::new(count)),
        }
    }

    /// Adds another one of the same flow.
    pub(crate) fn add(&mut self, other: &Self) {
        match (self, other) {
            (Self::F32(total), Self::F32(from)) => run(AddScaled {
                factor: 1.0,
                from,
                total,
            }),
            (Self::F64(total), Self::F64(from)) => run(AddScaled {
                factor: 1.0,
                from,
                total,
            }),
            _ => unreachable!("a flow has one precision"),
        }
    }

    /// Copies it to `to` (`[parameters]`).
    pub(crate) fn copy_to(&self, to: &mut [f64]) {
        match self {
            Self::F32(from) => run(Widen { from, to }),
            Self::F64(from) => to.copy_from_slice(from),
        }
    }

    /// Number of bytes that one of `flow` is written to.
    pub(crate) fn bytes(flow: &Flow) -> usize {
        let number = match flow.precision() {
            Precision::F32 => size_of::<f32>(),
            Precision::F64 => size_of::<f64>(),
        };
        number * flow.parameters.len()
    }

    /// Writes it to as many bytes.
    pub(crate) fn write(&self, bytes: &mut [u8]) {
        match self {
            Self::F32(values) => write_numbers(values, f32::to_le_bytes, bytes.as_chunks_mut().0),
            Self::F64(values) => write_numbers(values, f64::to_le_bytes, bytes.as_chunks_mut().0),
        }
    }

    /// Becomes what was written.
    pub(crate) fn read(&mut self, bytes: &[u8]) {
        match self {
            Self::F32(values) => read_numbers(values, f32::from_le_bytes, bytes.as_chunks().0),
            Self::F64(values) => read_numbers(values, f64::from_le_bytes, bytes.as_chunks().0),
        }
    }
}

/// Writes numbers to as many times their bytes.
pub(crate) fn write_numbers<R: Copy, const N: usize>(
    values: &[R],
    to: impl Fn(R) -> [u8; N],
    bytes: &mut [[u8; N]],
) {
    let pairs = bytes.iter_mut().zip(values);
    pairs.for_each(|(bytes, value)| *bytes = to(*value));
}

/// Reads as many numbers as there are `values`.
pub(crate) fn read_numbers<R, const N: usize>(
    values: &mut [R],
    from: impl Fn([u8; N]) -> R,
    bytes: &[[u8; N]],
) {
    let pairs = values.iter_mut().zip(bytes);
    pairs.for_each(|(value, bytes)| *value = from(*bytes));
}
