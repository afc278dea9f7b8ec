//! `x_i` = z_{p(i)}.

use super::Map;
use crate::error::{Error, Result};

/// A permutation of the coordinates; its Jacobian is 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permutation {
    /// `x_i` = z_{order[i]}
    order: Vec<usize>,
    /// `z_i` = x_{reverse[i]}
    reverse: Vec<usize>,
}

impl Permutation {
    /// The map `x_i` = z_{order(i)}.
    ///
    /// # Errors
    /// [`Error::InvalidSetting`] if `order` does not hold each of 0..d once.
    pub fn new(order: Vec<usize>) -> Result<Self> {
        let mut reverse = vec![usize::MAX; order.len()];
        for (i, &from) in order.iter().enumerate() {
            if from >= order.len() || reverse[from] != usize::MAX {
                return Err(Error::InvalidSetting {
                    name: "order",
                    value: from as f64,
                    allowed: "a permutation: each index below the dimension exactly once",
                });
            }
            reverse[from] = i;
        }
        if order.is_empty() {
            return Err(Error::ZeroDimension);
        }
        Ok(Self { order, reverse })
    }

    /// The order: `x_i` = z_{order(i)}.
    pub fn order(&self) -> &[usize] {
        &self.order
    }
}

fn gather(order: &[usize], from: &[f64], to: &mut [f64]) {
    for (from, to) in from
        .chunks_exact(order.len())
        .zip(to.chunks_exact_mut(order.len()))
    {
        for (to, &i) in to.iter_mut().zip(order) {
            *to = from[i];
        }
    }
}

impl Map for Permutation {
    fn dim(&self) -> usize {
        self.order.len()
    }

    fn forward(&self, z: &[f64], x: &mut [f64], log_jac: &mut [f64]) {
        gather(&self.order, z, x);
        log_jac.fill(0.0);
    }

    fn inverse(&self, x: &[f64], z: &mut [f64], log_jac: &mut [f64]) {
        gather(&self.reverse, x, z);
        log_jac.fill(0.0);
    }

    fn describe(&self) -> String {
        format!("permutation {:?}", self.order)
    }
}
