//! Joins between the unit interval and the reals, for the layers that act on all reals.
//!
//! Probit: t = Phi^-1(x), |dt/dx| = sqrt(2 pi) e^(t^2/2). Logit: t = ln(x/(1 - x)), |dt/dx| = 1/(x (1 - x)).
//! A flow that opens with one and closes with the other way of one is a flow of R^d between two
//! quantile functions: closing by Phi gives it a normal base, closing by the logistic function a
//! logistic one. Known weakness: beyond 8.2 standard deviations the unit interval has no numbers left.

use std::f64::consts::TAU;

use serde::{Deserialize, Serialize};

use super::{
    layer::{Layer, Record, TileGradient, Work},
    tile::Tile,
};
use crate::kernel::{
    TILE,
    dispatch::run,
    lane::Real,
    normal::{Cdfs, Quantiles},
};
use crate::map::inside;

/// A distribution on the reals, whose quantile function joins the unit interval to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Base {
    /// the standard normal one: probit
    Normal,
    /// the logistic one: logit
    Logistic,
}

impl Base {
    /// Takes quantiles of a row in (0, 1).
    fn quantiles(self, row: &mut [f64]) {
        match self {
            Self::Normal => run(Quantiles(row)),
            Self::Logistic => row.iter_mut().for_each(|x| {
                let p = inside(*x);
                *x = (p / (1.0 - p)).ln();
            }),
        }
    }

    /// Takes a row of reals into (0, 1).
    fn probabilities(self, row: &mut [f64]) {
        match self {
            Self::Normal => run(Cdfs(row)),
            Self::Logistic => row.iter_mut().for_each(|t| *t = 1.0 / (1.0 + (-*t).exp())),
        }
    }

    /// ln of the density at the real t.
    fn log_density(self, t: f64) -> f64 {
        match self {
            Self::Normal => -0.5 * (t * t + TAU.ln()),
            Self::Logistic => -t.abs() - 2.0 * (-t.abs()).exp().ln_1p(),
        }
    }

    /// d ln density / dt
    fn log_slope(self, t: f64) -> f64 {
        match self {
            Self::Normal => -t,
            Self::Logistic => -(0.5 * t).tanh(),
        }
    }
}

/// A join of the first `dim` coordinates.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Join {
    dim: usize,
    base: Base,
    /// whether the reals are at the latent end
    opens: bool,
}

impl Join {
    pub(crate) fn new(dim: usize, base: Base, opens: bool) -> Self {
        Self { dim, base, opens }
    }

    /// To the reals; log q grows by `sign` times the log density there.
    fn open(&self, tile: &mut Tile, sign: f64) {
        let Tile { x, log_q, .. } = tile;
        for row in x.chunks_exact_mut(TILE).take(self.dim) {
            self.base.quantiles(row);
            self.add_densities(row, log_q, sign);
        }
    }

    /// To the unit interval.
    fn close(&self, tile: &mut Tile, sign: f64) {
        let Tile { x, log_q, .. } = tile;
        for row in x.chunks_exact_mut(TILE).take(self.dim) {
            self.add_densities(row, log_q, sign);
            self.base.probabilities(row);
        }
    }

    fn add_densities(&self, reals: &[f64], log_q: &mut [f64], sign: f64) {
        for (log_q, t) in log_q.iter_mut().zip(reals) {
            *log_q += sign * self.base.log_density(*t);
        }
    }
}

impl Layer for Join {
    fn parameter_count(&self) -> usize {
        0
    }

    fn record<R: Real>(&self, keep: bool) -> Record<R> {
        Record::of_rows(keep, self.dim)
    }

    fn to_latent<R: Real>(&self, _: &[R], tile: &mut Tile, record: &mut Record<R>) {
        if self.opens {
            self.open(tile, -1.0);
            record.keep_rows(tile);
        } else {
            record.keep_rows(tile);
            self.close(tile, 1.0);
        }
    }

    fn to_data<R: Real>(&self, _: &[R], tile: &mut Tile, record: &mut Record<R>) {
        if self.opens {
            record.keep_rows(tile);
            self.close(tile, -1.0);
        } else {
            self.open(tile, 1.0);
            record.keep_rows(tile);
        }
    }

    fn backward<R: Real>(
        &self,
        _: &[R],
        record: &Record<R>,
        _: &mut Work<R>,
        gradient: &mut TileGradient<R>,
        _: &mut [R],
    ) {
        let TileGradient { x, log_q } = gradient;
        for (row, reals) in x.chunks_exact_mut(TILE).zip(record.x.chunks_exact(TILE)) {
            for ((g, t), log_q) in row.iter_mut().zip(reals).zip(log_q.iter()) {
                let (density, slope) = (self.base.log_density(*t).exp(), self.base.log_slope(*t));
                let (at_z, log_q) = (g.to_f64(), log_q.to_f64());
                *g = R::from_f64(if self.opens {
                    // d log q / dt = -slope, dt/dx = 1/density
                    (at_z - log_q * slope) / density
                } else {
                    at_z * density + log_q * slope
                });
            }
        }
    }
}
