//! A start from data: each diagonal layer gives the points that reach it mean 0 and variance 1.
//!
//! D. P. Kingma, P. Dhariwal, "Glow" (2018), arXiv:1807.03039, section 3.1.

use super::{Flow, Values, any_layer::AnyLayer, layer::Layer as _, tile::Tile};
use crate::kernel::{TILE, lane::Real};

impl Flow {
    /// Starts the diagonal layers from `x` (`[n * dim]`, of the unit cube), one after the other from the
    /// data end; other parameters are as they were.
    pub fn start_from(&mut self, x: &[f64]) {
        let mut points = x.to_vec();
        for k in 0..self.layers.len() {
            let (layer, range) = &self.layers[k];
            if let AnyLayer::Diagonal(diagonal) = layer {
                let parameters = &mut self.parameters[range.clone()];
                diagonal.standardise(&points, self.dim, parameters);
                self.values.update(&self.parameters);
            }
            match &self.values {
                Values::F32(values) => self.pass(k, values, &mut points),
                Values::F64(values) => self.pass(k, values, &mut points),
            }
        }
    }

    /// Takes points through layer `k`.
    fn pass<R: Real>(&self, k: usize, values: &[R], points: &mut [f64]) {
        let (layer, range) = &self.layers[k];
        let (mut tile, mut record) = (Tile::new(self.dim), layer.record::<R>(false));
        for rows in points.chunks_mut(TILE * self.dim) {
            tile.load(rows.chunks_exact(self.dim));
            layer.to_latent(&values[range.clone()], &mut tile, &mut record);
            tile.finish();
            tile.store(rows, |x| x);
        }
    }
}
