//! What a conditioner sees of a tile: the rows of some coordinates.

use std::f64::consts::TAU;

use super::{aligned::Aligned, tile::Tile};
use crate::kernel::{
    TILE,
    dispatch::run,
    lane::Real,
    rows::{AddScaled, Center, Round},
};

/// How a coordinate is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum View {
    /// 2x - 1, for one of the unit interval
    Unit,
    /// x, for a real one
    Real,
    /// cos(2 pi x) and sin(2 pi x), for an angle
    Circle,
}

impl View {
    fn rows(self) -> usize {
        match self {
            Self::Unit | Self::Real => 1,
            Self::Circle => 2,
        }
    }
}

/// One coordinate and where its rows begin.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Input {
    axis: usize,
    view: View,
    row: usize,
}

/// The coordinates that a conditioner sees, in the order of its rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Inputs {
    list: Vec<Input>,
    rows: usize,
}

impl Inputs {
    pub(crate) fn new(axes: impl Iterator<Item = (usize, View)>) -> Self {
        let mut inputs = Self::default();
        for (axis, view) in axes {
            let row = inputs.rows;
            inputs.list.push(Input { axis, view, row });
            inputs.rows += view.rows();
        }
        inputs
    }

    /// Features that they make.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// The coordinate that each feature comes from.
    pub(crate) fn axes(&self) -> impl Iterator<Item = usize> {
        self.list
            .iter()
            .flat_map(|input| (0..input.view.rows()).map(|_| input.axis))
    }

    /// Fills the features (`[rows * TILE]`) of all coordinates.
    pub(crate) fn fill<R: Real>(&self, tile: &Tile, features: &mut [R]) {
        self.list.iter().for_each(|i| i.fill(tile, features));
    }

    /// Fills the features of coordinate `axis` alone, if it is one of them.
    pub(crate) fn fill_one<R: Real>(&self, axis: usize, tile: &Tile, features: &mut [R]) {
        if let Some(input) = self.list.iter().find(|input| input.axis == axis) {
            input.fill(tile, features);
        }
    }

    /// Adds d loss / d features, taken back to the coordinates for which `which` holds, to `total`.
    pub(crate) fn backward<R: Real>(
        &self,
        features: &[R],
        gradient: &[R],
        total: &mut Aligned<R>,
        which: impl Fn(usize) -> bool,
    ) {
        for input in self.list.iter().filter(|input| which(input.axis)) {
            let total = &mut total[input.axis * TILE..(input.axis + 1) * TILE];
            let from = &gradient[input.row * TILE..];
            let factor = match input.view {
                View::Unit => R::TWO,
                View::Real => R::ONE,
                View::Circle => {
                    let features = &features[input.row * TILE..];
                    for (t, total) in total.iter_mut().enumerate() {
                        let [cos, sin] = [features[t], features[t + TILE]].map(R::to_f64);
                        let [by_cos, by_sin] = [from[t], from[t + TILE]].map(R::to_f64);
                        let along = TAU * (cos * by_sin - sin * by_cos);
                        *total = R::from_f64(total.to_f64() + along);
                    }
                    continue;
                }
            };
            run(AddScaled {
                factor,
                from: &from[..TILE],
                total,
            });
        }
    }
}

impl Input {
    fn fill<R: Real>(&self, tile: &Tile, features: &mut [R]) {
        let from = &tile.x[self.axis * TILE..(self.axis + 1) * TILE];
        let to = &mut features[self.row * TILE..];
        match self.view {
            View::Unit => run(Center {
                from,
                to: &mut to[..TILE],
            }),
            View::Real => run(Round {
                from,
                to: &mut to[..TILE],
            }),
            View::Circle => {
                for (t, x) in from.iter().enumerate() {
                    let (sin, cos) = (TAU * x).sin_cos();
                    (to[t], to[t + TILE]) = (R::from_f64(cos), R::from_f64(sin));
                }
            }
        }
    }
}
