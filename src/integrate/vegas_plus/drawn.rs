//! Points of a pass on their way to the integrand.

use std::ops::Range;
use std::sync::Arc;

use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};

use crate::error::Result;
use crate::integrand::{IntegrandError, Points};
use crate::integrate::{caller::Caller, strata::Chunk};

/// Points of a pass, some whole chunks of them.
#[derive(Clone, Debug)]
pub struct Drawn {
    pub(super) chunks: Vec<Chunk>,
    /// index of the first point in the pass
    pub(super) first: u64,
    pub(super) dim: usize,
    /// `[n * dim]`: latent points, z
    pub(super) latent: Vec<f64>,
    /// `[n * dim]`, in the user's units
    pub(super) points: Arc<Vec<f64>>,
    /// `[n]`: |dy/dz|
    pub(super) jacobian: Vec<f64>,
    pub(super) cells: usize,
}

impl Drawn {
    /// Number of points.
    pub fn len(&self) -> usize {
        self.jacobian.len()
    }

    /// Whether there are none, which [`super::Pass::draw`] never returns.
    pub fn is_empty(&self) -> bool {
        self.jacobian.is_empty()
    }

    /// The points in the user's units, `[n * dim]`.
    pub fn points(&self) -> &Arc<Vec<f64>> {
        &self.points
    }

    /// The points in the latent cube, which the cells divide, `[n * dim]`.
    pub fn latent(&self) -> &[f64] {
        &self.latent
    }

    /// Weights (`[n]`): the sum of weight times f over all points of a pass is the integral.
    pub fn weights(&self) -> Vec<f64> {
        let visits = self.chunks.iter().flat_map(|chunk| &chunk.visits);
        let of = visits.flat_map(|v| (0..v.points).map(|_| f64::from(v.of)));
        let all = self.cells as f64;
        let pairs = self.jacobian.iter().zip(of);
        pairs.map(|(jacobian, of)| jacobian / (all * of)).collect()
    }

    /// Indices of the cells that the points are in, `[n]`.
    pub fn cells(&self) -> Vec<u64> {
        let visits = self.chunks.iter().flat_map(|chunk| &chunk.visits);
        visits
            .flat_map(|v| (0..v.points).map(|_| v.cell as u64))
            .collect()
    }

    /// Values of an integrand at the points, `[n * outputs]`.
    pub(super) fn evaluated(&self, caller: &Caller<'_>) -> Result<Vec<f64>> {
        let integrand = caller.integrand();
        let (dim, outputs) = (self.dim, integrand.outputs());
        let mut f = vec![0.0; self.len() * outputs];
        if integrand.batch().is_some() {
            let all = Points::of_shared(&self.points, 0..self.len(), dim);
            caller.eval(&all, &mut f)?;
            return Ok(f);
        }
        let (mut jobs, mut rest, mut start) = (Vec::new(), f.as_mut_slice(), 0);
        for chunk in &self.chunks {
            let (here, later) = rest.split_at_mut(chunk.len() * outputs);
            jobs.push((start..start + chunk.len(), here));
            rest = later;
            start += chunk.len();
        }
        let each = |(rows, f): (Range<usize>, &mut [f64])| {
            caller.eval(&Points::of_shared(&self.points, rows, dim), f)
        };
        let done: Vec<Result<()>> = jobs.into_par_iter().map(each).collect();
        done.into_iter().collect::<Result<()>>()?;
        Ok(f)
    }

    /// Weights f |dy/dz| of the points, `[n * outputs]`.
    pub(super) fn weighed(&self, f: &[f64]) -> Result<Vec<f64>> {
        let outputs = f.len() / self.len();
        let mut w = f.to_vec();
        let points = self.points.chunks_exact(self.dim);
        let rows = w.chunks_exact_mut(outputs).zip(&self.jacobian);
        for ((row, jacobian), point) in rows.zip(points) {
            for (output, w) in row.iter_mut().enumerate() {
                let value = *w;
                // Zero stays zero, whatever the Jacobian at the end of an infinite range.
                *w = if value == 0.0 { 0.0 } else { value * jacobian };
                if w.is_finite() {
                    continue;
                }
                return Err(IntegrandError::of_weight((value, output), (*jacobian, point)).into());
            }
        }
        Ok(w)
    }
}
