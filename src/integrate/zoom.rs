//! Turned axes seen at the scale of what lies along them.
//!
//! A long structure along the diagonal of d axes reaches sqrt(d) times as far in normal scores as
//! along one of them, where Phi leaves nothing to be told apart, and a thin one across it fills
//! little. With v a score, m its mean and s some standard deviations,
//!
//! ```text
//! y = Phi(v),   y' = Phi((v - m)/s),   log|dy/dy'| = ((v - m)^2/s^2 - v^2)/2 + ln s
//! ```
//!
//! A fit is made in y', and its grid is taken back to y.

use crate::map::{Grid, inside};
use crate::stats::{normal_cdf, normal_quantile};

/// Scores beyond which Phi is 0 or 1.
const FARTHEST: f64 = 8.0;
/// Narrowest and widest.
const LIMITS: (f64, f64) = (1e-3, 4.0);

/// A centre and a width for each axis, in normal scores.
#[derive(Clone, Debug)]
pub(super) struct Zoom {
    centre: Vec<f64>,
    width: Vec<f64>,
}

impl Zoom {
    /// Of points `y` (`[n * dim]`) with the weights `w` (`[n]`); `scale` standard deviations wide.
    pub(super) fn new(dim: usize, y: &[f64], w: &[f64], scale: f64) -> Self {
        let total: f64 = w.iter().sum();
        let (mut centre, mut width) = (vec![0.0; dim], vec![1.0; dim]);
        if !(total.is_finite() && total > 0.0) {
            return Self { centre, width };
        }
        let scores: Vec<f64> = y.iter().map(|y| normal_quantile(*y)).collect();
        for (v, w) in scores.chunks_exact(dim).zip(w) {
            centre
                .iter_mut()
                .zip(v)
                .for_each(|(m, v)| *m += w * v / total);
        }
        let mut squares = vec![0.0; dim];
        for (v, w) in scores.chunks_exact(dim).zip(w) {
            for (s, (v, m)) in squares.iter_mut().zip(v.iter().zip(&centre)) {
                *s += w * (v - m) * (v - m) / total;
            }
        }
        for (width, square) in width.iter_mut().zip(&squares) {
            *width = (scale * square.sqrt()).clamp(LIMITS.0, LIMITS.1);
        }
        Self { centre, width }
    }

    /// Takes points y to y', and adds log|dy/dy'| to `log_jac` (`[n]`).
    pub(super) fn apply(&self, y: &mut [f64], log_jac: &mut [f64]) {
        let dim = self.centre.len();
        for (y, log_jac) in y.chunks_exact_mut(dim).zip(log_jac) {
            for (y, (centre, width)) in y.iter_mut().zip(self.centre.iter().zip(&self.width)) {
                let v = normal_quantile(*y);
                let t = (v - centre) / width;
                // Farther out y' cannot be told from its end: such a point is left out.
                *log_jac += if t.abs() > FARTHEST {
                    f64::NEG_INFINITY
                } else {
                    0.5 * (t * t - v * v) + width.ln()
                };
                *y = inside(normal_cdf(t));
            }
        }
    }

    /// A grid over y' as one over y.
    pub(super) fn back(&self, grid: &Grid) -> Grid {
        let (dim, edges) = (self.centre.len(), grid.edges());
        let each = edges.len() / dim;
        let axes = self.centre.iter().zip(&self.width);
        let edges = edges.chunks_exact(each).zip(axes);
        let edges = edges.flat_map(|(edges, (centre, width))| {
            edges.iter().map(move |edge| {
                if *edge <= 0.0 || *edge >= 1.0 {
                    *edge
                } else {
                    normal_cdf(centre + width * normal_quantile(*edge))
                }
            })
        });
        Grid::repaired(dim, each - 1, edges.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map::Map as _;

    #[test]
    fn a_grid_goes_back_with_its_density() {
        let y: Vec<f64> = (1..200)
            .map(|k| normal_cdf(1.5 + 0.01 * f64::from(k % 20)))
            .collect();
        let zoom = Zoom::new(1, &y, &vec![1.0; y.len()], 2.0);
        let edges: Vec<f64> = (0..=500).map(|k| f64::from(k) / 500.0).collect();
        let uniform = Grid::from_edges(1, edges).unwrap();
        let grid = zoom.back(&uniform);
        // A uniform density of y' is the Jacobian of y' with respect to y.
        for at in [1.4, 1.55, 1.7] {
            let mut y = [normal_cdf(at)];
            let (mut z, mut log_jac) = ([0.0], [0.0]);
            grid.inverse(&y, &mut z, &mut log_jac);
            let mut shift = [0.0];
            zoom.apply(&mut y, &mut shift);
            assert!((z[0] - y[0]).abs() < 1e-3, "{z:?} {y:?}");
            assert!(
                (log_jac[0] - shift[0]).abs() < 0.02,
                "{log_jac:?} {shift:?}"
            );
        }
    }

    #[test]
    fn without_weights_nothing_is_moved() {
        let zoom = Zoom::new(2, &[0.1, 0.9], &[0.0], 2.0);
        let (mut y, mut log_jac) = ([0.1, 0.9], [0.0]);
        zoom.apply(&mut y, &mut log_jac);
        // The quantile is good to a relative 1e-10.
        assert!((y[0] - 0.1).abs() < 1e-10 && log_jac[0].abs() < 1e-9);
    }
}
