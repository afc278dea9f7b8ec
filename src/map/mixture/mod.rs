//! A mixture of product densities as one map: the inverse of its Rosenblatt transformation.
//!
//! ```text
//! q(x) = sum_k c_k prod_j p_kj(x_j)
//! z_j  = sum_k r_kj P_kj(x_j),   r_kj proportional to c_k prod_(i<j) p_ki(x_i)
//! ```
//!
//! with `P_kj` the distribution of `p_kj`: each coordinate in turn has its distribution given the
//! ones before it (M. Rosenblatt, Ann. Math. Stat. 23 (1952) 470), which is again a mixture.
//! log|dx/dz| = -log q(x). x -> z is in closed form; z -> x solves one rising equation per
//! coordinate, between the smallest and the largest quantile of the components, by Newton steps
//! with bisection. Mixtures in adaptive importance sampling: O. Cappé et al., Stat. Comput. 18
//! (2008) 447.
//! Known weaknesses: between peaks far from each other z tells little of x, so that a point comes
//! back to about 2^-53/q only; and a point costs K evaluations of exp per step of each root.

mod log_linear;
#[cfg(test)]
mod tests;

pub use log_linear::LogLinear;

use super::{Map, inside};
use crate::error::{Error, Result, check};

/// Most steps to a root: bisection alone needs fewer.
const STEPS: usize = 100;
/// Relative rounding of a distribution.
const ROUNDING: f64 = 4.0 * f64::EPSILON;
/// How far from 1 the sum of normalised shares may be.
const NORMALISED: f64 = 1e-12;
/// Share below which a component is left out of a conditional distribution.
const NOTHING: f64 = 1e-18;

/// Products of densities, each with its share.
#[derive(Clone, Debug, PartialEq)]
pub struct ProductMixture {
    dim: usize,
    components: Vec<Component>,
}

#[derive(Clone, Debug, PartialEq)]
struct Component {
    share: f64,
    log_share: f64,
    axes: Vec<LogLinear>,
}

impl ProductMixture {
    /// The mixture of `components`: a share each (positive, up to a common factor) and the
    /// densities of all coordinates.
    ///
    /// # Errors
    /// [`Error::ZeroDimension`] without components or coordinates,
    /// [`Error::DimensionMismatch`] if they disagree, [`Error::InvalidSetting`] for a share that is
    /// not positive.
    pub fn new(components: Vec<(f64, Vec<LogLinear>)>) -> Result<Self> {
        let dim = components.first().map_or(0, |c| c.1.len());
        if dim == 0 {
            return Err(Error::ZeroDimension);
        }
        let total: f64 = components.iter().map(|c| c.0).sum();
        for (share, axes) in &components {
            let positive = *share > 0.0 && (share / total).is_normal();
            check(positive, "share of a component", *share, "positive")?;
            if axes.len() != dim {
                return Err(Error::DimensionMismatch {
                    what: "a component of the mixture",
                    found: axes.len(),
                    expected: dim,
                });
            }
        }
        // What is normalised already keeps its bits.
        let total = if (total - 1.0).abs() < NORMALISED {
            1.0
        } else {
            total
        };
        let component = |(share, axes): (f64, Vec<LogLinear>)| Component {
            share: share / total,
            log_share: (share / total).ln(),
            axes,
        };
        let components = components.into_iter().map(component).collect();
        Ok(Self { dim, components })
    }

    /// The share of each component, and the densities of its coordinates.
    pub fn components(&self) -> impl Iterator<Item = (f64, &[LogLinear])> {
        let each = self.components.iter();
        each.map(|c| (c.share, &c.axes[..]))
    }

    /// Goes through the coordinates of one point: `coordinate(j, work)` gives its `x_j` from the
    /// shares of the components there, and leaves log p of each. Returns log q.
    fn walk(&self, work: &mut Work, mut coordinate: impl FnMut(usize, &mut Work)) -> f64 {
        work.logs.clear();
        work.logs
            .extend(self.components.iter().map(|c| c.log_share));
        work.densities.resize(self.components.len(), 0.0);
        for j in 0..self.dim {
            log_sum(&work.logs, &mut work.shares);
            coordinate(j, work);
            for (log, density) in work.logs.iter_mut().zip(&work.densities) {
                *log += density;
            }
        }
        log_sum(&work.logs, &mut work.shares)
    }

    /// The conditional distribution of coordinate j at `x`, and its density.
    fn conditional(&self, j: usize, x: f64, work: &mut Work) -> (f64, f64) {
        let (mut below, mut density) = (0.0, 0.0);
        for (k, component) in self.components.iter().enumerate() {
            let (p, each, log) = component.axes[j].at(x);
            below += work.shares[k] * p;
            density += work.shares[k] * each;
            work.densities[k] = log;
        }
        (below, density)
    }

    /// The x below which coordinate j lies with probability `z`.
    fn root(&self, j: usize, z: f64, work: &mut Work) -> f64 {
        let (mut low, mut high, mut x) = (1.0_f64, 0.0_f64, 0.0);
        for (share, component) in work.shares.iter().zip(&self.components) {
            if *share > NOTHING {
                let quantile = component.axes[j].quantile(z);
                low = low.min(quantile);
                high = high.max(quantile);
                x += share * quantile;
            }
        }
        x = inside(x);
        for _ in 0..STEPS {
            let (below, density) = self.conditional(j, x, work);
            // Closer than rounding tells apart: where the density is small, x may still be anywhere.
            if (below - z).abs() <= ROUNDING * z {
                return x;
            }
            if below < z {
                low = x;
            } else {
                high = x;
            }
            let newton = x + (z - below) / density;
            let within = newton > low && newton < high;
            let next = inside(if within { newton } else { 0.5 * (low + high) });
            if (next - x).abs() <= f64::EPSILON * x {
                return x;
            }
            x = next;
        }
        self.conditional(j, x, work);
        x
    }
}

/// What a point needs, once for many.
#[derive(Default)]
struct Work {
    /// `[components]`
    logs: Vec<f64>,
    /// `[components]`
    shares: Vec<f64>,
    /// `[components]`: log p of the coordinate
    densities: Vec<f64>,
}

/// log sum exp(logs), and the share of each in it.
fn log_sum(logs: &[f64], shares: &mut Vec<f64>) -> f64 {
    let top = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    shares.clear();
    shares.extend(logs.iter().map(|l| (l - top).exp()));
    let sum: f64 = shares.iter().sum();
    for share in shares.iter_mut() {
        *share /= sum;
    }
    top + sum.ln()
}

impl Map for ProductMixture {
    fn dim(&self) -> usize {
        self.dim
    }

    fn forward(&self, z: &[f64], x: &mut [f64], log_jac: &mut [f64]) {
        let mut work = Work::default();
        let points = z.chunks_exact(self.dim).zip(x.chunks_exact_mut(self.dim));
        for ((z, x), log_jac) in points.zip(log_jac) {
            *log_jac = -self.walk(&mut work, |j, work| x[j] = self.root(j, z[j], work));
        }
    }

    fn inverse(&self, x: &[f64], z: &mut [f64], log_jac: &mut [f64]) {
        let mut work = Work::default();
        let points = x.chunks_exact(self.dim).zip(z.chunks_exact_mut(self.dim));
        for ((x, z), log_jac) in points.zip(log_jac) {
            *log_jac = -self.walk(&mut work, |j, work| {
                z[j] = inside(self.conditional(j, x[j], work).0);
            });
        }
    }

    fn describe(&self) -> String {
        let (count, dim) = (self.components.len(), self.dim);
        format!("mixture of {count} products, d = {dim}")
    }
}
