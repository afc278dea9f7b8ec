//! Maps one after the other: x = `m_k`(... `m_2(m_1(z))`).

use super::Map;
use crate::error::{Error, Result};

/// A composition; log-Jacobians add up.
#[derive(Debug)]
pub struct Chain {
    /// from the latent end to the data end
    maps: Vec<Box<dyn Map>>,
}

impl Chain {
    /// Composes `maps`, given from the latent end to the data end.
    ///
    /// # Errors
    /// [`Error::ZeroDimension`] without maps, [`Error::DimensionMismatch`] if they disagree.
    pub fn new(maps: Vec<Box<dyn Map>>) -> Result<Self> {
        let expected = maps.first().ok_or(Error::ZeroDimension)?.dim();
        for map in &maps {
            if map.dim() != expected {
                let found = map.dim();
                return Err(Error::DimensionMismatch {
                    what: "a map of the chain",
                    found,
                    expected,
                });
            }
        }
        Ok(Self { maps })
    }

    /// The maps, from the latent end to the data end.
    pub fn maps(&self) -> &[Box<dyn Map>] {
        &self.maps
    }

    /// Applies each map of `maps` in turn, by `step`.
    fn run<'a>(
        maps: impl Iterator<Item = &'a Box<dyn Map>>,
        from: &[f64],
        to: &mut [f64],
        log_jac: &mut [f64],
        step: impl Fn(&dyn Map, &[f64], &mut [f64], &mut [f64]),
    ) {
        let mut current = from.to_vec();
        let mut part = vec![0.0; log_jac.len()];
        log_jac.fill(0.0);
        for map in maps {
            step(map.as_ref(), &current, to, &mut part);
            current.copy_from_slice(to);
            for (sum, part) in log_jac.iter_mut().zip(&part) {
                *sum += part;
            }
        }
    }
}

impl Map for Chain {
    fn dim(&self) -> usize {
        self.maps[0].dim()
    }

    fn forward(&self, z: &[f64], x: &mut [f64], log_jac: &mut [f64]) {
        Self::run(self.maps.iter(), z, x, log_jac, Map::forward);
    }

    fn inverse(&self, x: &[f64], z: &mut [f64], log_jac: &mut [f64]) {
        Self::run(self.maps.iter().rev(), x, z, log_jac, Map::inverse);
    }

    fn describe(&self) -> String {
        self.maps
            .iter()
            .map(|m| m.describe())
            .collect::<Vec<_>>()
            .join(" -> ")
    }
}
