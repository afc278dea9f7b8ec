//! A conditional flow for one value of what it is conditioned on.

use super::Flow;
use crate::error::{Error, Result};
use crate::map::Map;

/// The flow of the other coordinates for a fixed context: q(x | c). See [`Flow::given`].
#[derive(Clone, Debug)]
pub struct Given {
    flow: Flow,
    context: Vec<f64>,
}

impl Flow {
    /// The flow of the first coordinates for the `context` (`[context]`, each in the unit interval) of its
    /// [`Architecture`](super::Architecture): a flow trained over a range of a parameter, at one value of it.
    ///
    /// # Errors
    /// [`Error::DimensionMismatch`] for another number of values, [`Error::InvalidSetting`] for one that is
    /// not of the unit interval.
    pub fn given(&self, context: &[f64]) -> Result<Given> {
        let expected = self.architecture.context();
        if context.len() != expected || expected == 0 {
            return Err(Error::DimensionMismatch {
                what: "the context of a flow",
                found: context.len(),
                expected,
            });
        }
        if let Some(value) = context.iter().find(|c| !(0.0..=1.0).contains(*c)) {
            return Err(Error::InvalidSetting {
                name: "a context",
                value: *value,
                allowed: "0 to 1",
            });
        }
        Ok(Given {
            flow: self.clone(),
            context: context.to_vec(),
        })
    }
}

impl Given {
    /// Points with the context behind each.
    fn extend(&self, points: &[f64]) -> Vec<f64> {
        let mut all = Vec::with_capacity(points.len() / self.dim() * self.flow.dim());
        for point in points.chunks_exact(self.dim()) {
            all.extend_from_slice(point);
            all.extend_from_slice(&self.context);
        }
        all
    }

    /// Points without it.
    fn cut(&self, all: &[f64], points: &mut [f64]) {
        let rows = points.chunks_exact_mut(self.dim());
        for (point, row) in rows.zip(all.chunks_exact(self.flow.dim())) {
            point.copy_from_slice(&row[..point.len()]);
        }
    }
}

impl Map for Given {
    fn dim(&self) -> usize {
        self.flow.dim() - self.context.len()
    }

    fn forward(&self, z: &[f64], x: &mut [f64], log_jac: &mut [f64]) {
        let from = self.extend(z);
        let mut to = vec![0.0; from.len()];
        self.flow.forward(&from, &mut to, log_jac);
        self.cut(&to, x);
    }

    fn inverse(&self, x: &[f64], z: &mut [f64], log_jac: &mut [f64]) {
        let from = self.extend(x);
        let mut to = vec![0.0; from.len()];
        self.flow.inverse(&from, &mut to, log_jac);
        self.cut(&to, z);
    }

    fn describe(&self) -> String {
        format!("{} given {:?}", self.flow.describe(), self.context)
    }
}
