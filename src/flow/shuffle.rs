//! Another order of the coordinates, so that the next layer divides them anew: `z_i` = `x_{o_i}`.

use super::{
    layer::{Layer, Record, TileGradient, Work},
    tile::Tile,
};
use crate::kernel::{TILE, lane::Real};

/// A permutation of the first coordinates.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Shuffle {
    order: Vec<usize>,
}

impl Shuffle {
    /// `order` holds each of its indices once.
    pub(crate) fn new(order: Vec<usize>) -> Self {
        Self { order }
    }

    /// Moves row `order[i]` to row i, or back.
    fn apply<T: Copy>(&self, rows: &mut [T], back: bool) {
        let before = rows[..self.order.len() * TILE].to_vec();
        for (i, from) in self.order.iter().enumerate() {
            let (to, from) = if back { (*from, i) } else { (i, *from) };
            rows[to * TILE..(to + 1) * TILE]
                .copy_from_slice(&before[from * TILE..(from + 1) * TILE]);
        }
    }
}

impl Layer for Shuffle {
    fn parameter_count(&self) -> usize {
        0
    }

    fn to_latent<R: Real>(&self, _: &[R], tile: &mut Tile, _: &mut Record<R>) {
        self.apply(&mut tile.x, false);
    }

    fn to_data<R: Real>(&self, _: &[R], tile: &mut Tile, _: &mut Record<R>) {
        self.apply(&mut tile.x, true);
    }

    fn backward<R: Real>(
        &self,
        _: &[R],
        _: &Record<R>,
        _: &mut Work<R>,
        gradient: &mut TileGradient<R>,
        _: &mut [R],
    ) {
        self.apply(&mut gradient.x, true);
    }
}
