//! x = z.

use super::Map;

/// The identity: plain Monte Carlo as a map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    dim: usize,
}

impl Identity {
    /// The identity of a cube with `dim` coordinates.
    pub fn new(dim: usize) -> Self {
        Self { dim }
    }
}

impl Map for Identity {
    fn dim(&self) -> usize {
        self.dim
    }

    fn forward(&self, z: &[f64], x: &mut [f64], log_jac: &mut [f64]) {
        // In pieces of 1 kB, for the reason see `joined` of the evaluator.
        for (x, z) in x.chunks_mut(128).zip(z.chunks(128)) {
            x.copy_from_slice(z);
        }
        log_jac.fill(0.0);
    }

    fn inverse(&self, x: &[f64], z: &mut [f64], log_jac: &mut [f64]) {
        self.forward(x, z, log_jac);
    }

    fn describe(&self) -> String {
        format!("identity, d = {}", self.dim)
    }
}
