//! A rotation in Gaussian space: `v_j` = Phi^-1(`z_j`), u = R^T v, `x_i` = Phi(`u_i`).
//!
//! The rows of the orthogonal matrix R are the latent axes, so that a factorised map before it (a
//! [`super::Grid`], in a chain z -> grid -> rotation -> x) follows structure along diagonals,
//! which it cannot see by itself. The standard normal law knows no direction: with phi its density,
//! log|dx/dz| = sum over i of [log phi(`u_i`) - log phi(`v_i`)] = (|v|^2 - |u|^2)/2 = 0, because
//! |u| = |v|. The map preserves the measure, and `log_jac` is exactly 0 in both directions.
//! Linear maps that prepare an integrand for VEGAS: G. P. Lepage, arXiv:2009.05112. The turn is
//! about the centre of the cube; where the mean goes, a grid follows.
//! Phi^-1 stretches what lies near a wall of the cube, so that straight and round things are bent
//! there; [`super::Grid::truncated_normal`] as the next map of the chain makes the scores nearly
//! linear, and the camel of eight dimensions ten times cheaper still.
//! Known weakness: coordinates near 1 are known to 2^-53 only, so that a point does not come
//! back to better than 2^-53 phi(v)/phi(u), for u the largest coordinate after the turn; beyond
//! |u| of 8.2 it is moved to where a coordinate is inside the cube.

mod apply;
mod axes;

use super::{Map, inside};
use crate::error::{Error, Result, check};
use crate::kernel::{TILE, dispatch::run};

use apply::Apply;

/// How far R R^T may be from 1.
const TOLERANCE: f64 = 1e-9;

/// An orthogonal matrix R acting on the normal scores of the coordinates:
/// x = Phi(R^T Phi^-1(z)); its Jacobian is 1.
///
/// In a chain grid -> rotation the rows of R are the directions along which the grid adapts, so
/// that it follows structure along diagonals (preconditioning: G. P. Lepage, arXiv:2009.05112).
/// What comes near the walls is bent by Phi^-1; with [`super::Grid::truncated_normal`] as a third
/// map, grid -> rotation -> normal law, it stays straight.
#[derive(Clone, Debug, PartialEq)]
pub struct Rotation {
    dim: usize,
    /// R, `[dim * dim]`, row-major: row k is the k-th latent axis
    axes: Vec<f64>,
    /// its transpose
    transposed: Vec<f64>,
}

impl Rotation {
    /// The map Phi(R^T Phi^-1(z)) with R given row by row (`[dim * dim]`): latent coordinate k
    /// runs along row k.
    ///
    /// R may be off from orthogonal by 1e-9, and the density is then off by as much times |v|^2.
    ///
    /// # Errors
    /// [`Error::ZeroDimension`]; [`Error::InvalidSetting`] naming the number of elements if that
    /// is not dim^2, an element that is not finite, or the product of two rows that is more than
    /// 1e-9 from 1 (a row with itself) or 0.
    pub fn new(dim: usize, axes: Vec<f64>) -> Result<Self> {
        if dim == 0 {
            return Err(Error::ZeroDimension);
        }
        let length = axes.len();
        check(
            dim.checked_mul(dim) == Some(length),
            "number of elements of the rotation",
            length as f64,
            "the square of the dimension",
        )?;
        if let Some(bad) = axes.iter().find(|a| !a.is_finite()) {
            check(false, "element of the rotation", *bad, "finite")?;
        }
        for (i, row) in axes.chunks_exact(dim).enumerate() {
            for (j, other) in axes.chunks_exact(dim).enumerate().take(i + 1) {
                let product: f64 = row.iter().zip(other).map(|(a, b)| a * b).sum();
                let (wanted, allowed) = if i == j {
                    (1.0, "1 for a row with itself, within 1e-9")
                } else {
                    (0.0, "0 for two different rows, within 1e-9")
                };
                let ok = (product - wanted).abs() <= TOLERANCE;
                check(ok, "product of rows of the rotation", product, allowed)?;
            }
        }
        Ok(Self::with_orthogonal(dim, axes))
    }

    /// The rotation that leaves everything as it is.
    ///
    /// # Errors
    /// [`Error::ZeroDimension`].
    pub fn identity(dim: usize) -> Result<Self> {
        Self::new(dim, unit(dim))
    }

    /// Turns to the principal axes of the normal scores Phi^-1(x) of a sample: points `x`
    /// (`[n * dim]`) with weights `w` (`[n]`), of which the size counts.
    ///
    /// With w = f/q for points of density q these are the axes of |f|. The axes are those of the
    /// weighted covariance matrix, by falling eigenvalue, the first largest component positive.
    /// Coordinates that correlate with no other by more than 4 standard errors are left alone.
    /// Points of which a number is not finite or a coordinate not inside (0, 1) do not count, and
    /// a sample of fewer than 4 dim effective points, (sum w)^2 / sum w^2, gives the identity
    /// ([`Rotation::is_identity`]).
    ///
    /// # Errors
    /// [`Error::ZeroDimension`], or [`Error::InvalidSetting`] if `x` does not hold dim numbers for
    /// each weight.
    pub fn from_sample(x: &[f64], w: &[f64], dim: usize) -> Result<Self> {
        if dim == 0 {
            return Err(Error::ZeroDimension);
        }
        check(
            w.len().checked_mul(dim) == Some(x.len()),
            "number of coordinates of the sample",
            x.len() as f64,
            "the dimension times the number of weights",
        )?;
        match axes::principal_axes(x, w, dim) {
            Some(axes) => Self::new(dim, axes),
            None => Self::identity(dim),
        }
    }

    /// R, `[dim * dim]`, row-major: row k is the k-th latent axis.
    pub fn axes(&self) -> &[f64] {
        &self.axes
    }

    /// Whether nothing is turned.
    pub fn is_identity(&self) -> bool {
        self.axes == unit(self.dim)
    }

    /// A rotation by `axes` that are known to be orthogonal.
    fn with_orthogonal(dim: usize, axes: Vec<f64>) -> Self {
        let transposed = (0..dim * dim).map(|k| axes[k % dim * dim + k / dim]);
        Self {
            dim,
            transposed: transposed.collect(),
            axes,
        }
    }

    /// Turns points (`[n * dim]`) by `matrix`.
    fn turn(&self, matrix: &[f64], from: &[f64], to: &mut [f64]) {
        let mut work = vec![0.0; 2 * self.dim * TILE];
        run(Apply {
            matrix,
            dim: self.dim,
            from,
            to,
            work: &mut work,
        });
    }
}

/// The unit matrix, `[dim * dim]`.
fn unit(dim: usize) -> Vec<f64> {
    let on_diagonal = |k| k % (dim + 1) == 0;
    (0..dim * dim)
        .map(|k| f64::from(u8::from(on_diagonal(k))))
        .collect()
}

impl Map for Rotation {
    fn dim(&self) -> usize {
        self.dim
    }

    fn forward(&self, z: &[f64], x: &mut [f64], log_jac: &mut [f64]) {
        self.turn(&self.transposed, z, x);
        log_jac.fill(0.0);
    }

    fn inverse(&self, x: &[f64], z: &mut [f64], log_jac: &mut [f64]) {
        self.turn(&self.axes, x, z);
        log_jac.fill(0.0);
    }

    fn describe(&self) -> String {
        format!("rotation in Gaussian space, d = {}", self.dim)
    }
}

#[cfg(test)]
mod tests;
