//! A fixed grid whose density is a normal law in the middle of the unit interval.
//!
//! With s the width and Phi the normal distribution, the edges are
//! `e_k` = 1/2 + s Phi^-1(a + (k/K)(1 - 2 a)), a = Phi(-1/(2 s)). Under a [`crate::map::Rotation`] it makes
//! the normal scores of x nearly linear in x, so that straight and round things stay so; the
//! scores of uniform x run off to infinity at the walls and bend what comes near.
//! Known weakness: of s = 0.2 the density is a tenth at the walls on each axis, so weights may be
//! large where the integrand fills corners.

use super::{Grid, refine::strictly_rising};
use crate::error::{Error, Result, check};
use crate::stats::{normal_cdf, normal_quantile};

impl Grid {
    /// The grid of `bins` per axis with the density of a normal law of the given `width`
    /// (standard deviation) about 1/2 on each axis, cut to the unit interval.
    ///
    /// Meant as the data end of a chain grid -> [`crate::map::Rotation`] -> this, with the axes
    /// taken from the sample as this grid maps it back; a width of 0.2 serves well, and 1000 bins.
    ///
    /// # Errors
    /// [`Error::ZeroDimension`], or [`Error::InvalidSetting`] for no bins or a width that is not
    /// above 0 and at most 10.
    pub fn truncated_normal(dim: usize, bins: usize, width: f64) -> Result<Self> {
        if dim == 0 {
            return Err(Error::ZeroDimension);
        }
        check(bins > 0, "bins", 0.0, "at least 1")?;
        let ok = width > 0.0 && width <= 10.0;
        check(ok, "width", width, "above 0 and at most 10")?;
        let below = normal_cdf(-0.5 / width);
        let edge = |k| {
            // From the nearer end, for symmetry.
            let place = below + f64::min(k, bins as f64 - k) / bins as f64 * (1.0 - 2.0 * below);
            let offset = width * normal_quantile(place.min(0.5));
            if 2.0 * k < bins as f64 {
                0.5 + offset
            } else {
                0.5 - offset
            }
        };
        let mut axis: Vec<f64> = (0..=bins).map(|k| edge(k as f64)).collect();
        // Roundings at the ends must not leave the interval.
        for edge in &mut axis {
            *edge = edge.clamp(0.0, 1.0);
        }
        Self::from_edges(dim, strictly_rising(axis, bins + 1).repeat(dim))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map::Map as _;

    #[test]
    fn density_is_that_of_the_law() {
        let grid = Grid::truncated_normal(1, 1000, 0.2).unwrap();
        let x: Vec<f64> = (0..199).map(|i| (f64::from(i) + 0.5) / 199.0).collect();
        let (mut z, mut log_jac) = (x.clone(), x.clone());
        grid.inverse(&x, &mut z, &mut log_jac);
        let norm = 1.0 - 2.0 * normal_cdf(-2.5);
        for ((x, z), log_jac) in x.iter().zip(z).zip(log_jac) {
            let t = (x - 0.5) / 0.2;
            let law = (normal_cdf(t) - normal_cdf(-2.5)) / norm;
            assert!((z - law).abs() < 1e-4, "{x}: {z} {law}");
            let density = (-0.5 * t * t).exp() / (0.2 * norm * 2.5066282746310002);
            // Half a bin of 0.011 at the walls, where ln q rises by 12.5 per unit.
            assert!(((-log_jac).exp() / density - 1.0).abs() < 0.08, "{x}");
        }
    }

    #[test]
    fn any_width_makes_a_grid() {
        for width in [1e-300, 1e-3, 0.05, 1.0, 10.0] {
            for bins in [1, 2, 7, 1000] {
                let grid = Grid::truncated_normal(2, bins, width).unwrap();
                assert_eq!((grid.dim(), grid.bins()), (2, bins));
            }
        }
        for width in [0.0, -1.0, 11.0, f64::NAN] {
            assert!(Grid::truncated_normal(2, 10, width).is_err());
        }
        assert!(Grid::truncated_normal(0, 10, 0.2).is_err());
        assert!(Grid::truncated_normal(2, 0, 0.2).is_err());
    }
}
