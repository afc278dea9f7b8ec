//! Turned axes under a VEGAS grid.
//!
//! z -> grid -> rotation of normal scores -> truncated normal law -> x. The density of a grid
//! factorises along its own axes; turned to the principal axes of the weighted points they follow
//! structure along diagonals (preconditioning: G. P. Lepage, arXiv:2009.05112). A plain rotation
//! would leave the cube; between the scores of a normal law it keeps the measure.

use std::any::Any;

use super::layers::{Layer, Layers};
use crate::error::Result;
use crate::map::{Chain, Grid, Map, Rotation};

/// What lies under the grid: nothing, or turned axes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Base(Option<Turned>);

#[derive(Clone, Debug)]
struct Turned {
    turn: Rotation,
    law: Grid,
}

impl Base {
    /// The axes of weighted points `x` (`[n * dim]`, weights `w`: `[n]`).
    pub(crate) fn of_points(dim: usize, x: &[f64], w: &[f64]) -> Result<Self> {
        let law = Grid::truncated_normal(dim, LAW_BINS, LAW_WIDTH)?;
        let mut scores = vec![0.0; x.len()];
        law.inverse(x, &mut scores, &mut vec![0.0; w.len()]);
        let turn = Rotation::from_sample(&scores, w, dim)?;
        Ok(Self((!turn.is_identity()).then_some(Turned { turn, law })))
    }

    /// The grid and the base of a map that [`Self::under`] made of them with turned axes.
    pub(crate) fn of_map(map: &dyn Map) -> Option<(Grid, Self)> {
        let any: &dyn Any = map;
        let [grid, turn, law] = any.downcast_ref::<Chain>()?.maps() else {
            return None;
        };
        let (grid, turn, law): (&dyn Any, &dyn Any, &dyn Any) =
            (grid.as_ref(), turn.as_ref(), law.as_ref());
        let turned = Turned {
            turn: turn.downcast_ref::<Rotation>()?.clone(),
            law: law.downcast_ref::<Grid>()?.clone(),
        };
        Some((grid.downcast_ref::<Grid>()?.clone(), Self(Some(turned))))
    }

    /// Whether nothing is turned.
    pub(crate) fn is_plain(&self) -> bool {
        self.0.is_none()
    }

    /// `grid` on this base.
    pub(crate) fn under(&self, grid: &Grid) -> Result<Box<dyn Map>> {
        Ok(match &self.0 {
            None => Box::new(grid.clone()),
            Some(_) => self.layers([grid.clone()]).map(grid.dim())?,
        })
    }

    /// `grids`, from the latent end on, on this base.
    pub(crate) fn layers(&self, grids: impl IntoIterator<Item = Grid>) -> Layers {
        let mut layers: Vec<Layer> = grids.into_iter().map(Layer::Grid).collect();
        if let Some(Turned { turn, law }) = &self.0 {
            layers.push(Layer::Turn(turn.clone()));
            layers.push(Layer::Grid(law.clone()));
        }
        Layers(layers)
    }

    /// What `n` points `x` (`[n * dim]`) are in the coordinates above this base (`[n * dim]`), and
    /// log|dx/dy| there (`[n]`); `None` where they are the same.
    pub(crate) fn coordinates(&self, x: &[f64], n: usize) -> Option<(Vec<f64>, Vec<f64>)> {
        let Turned { turn, law } = self.0.as_ref()?;
        let (mut scores, mut y) = (vec![0.0; x.len()], vec![0.0; x.len()]);
        let mut log_jac = vec![0.0; n];
        law.inverse(x, &mut scores, &mut log_jac);
        turn.inverse(&scores, &mut y, &mut vec![0.0; n]);
        Some((y, log_jac))
    }
}

/// The normal law between whose scores axes are turned: its width makes them nearly linear in x.
const LAW_WIDTH: f64 = 0.2;
const LAW_BINS: usize = 1000;
