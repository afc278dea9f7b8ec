//! What the parts of a sum of products begin with.

use nalgebra::{DMatrix, SymmetricEigen};

use super::fit::{Fit, MOST_PARTS};
use super::{NOTHING, Normal};

/// Effective points per axis that a part must have to be split.
const POINTS_TO_SPLIT: f64 = 4.0;
/// Steps of two means.
const STEPS: usize = 12;
/// Neighbours that a maximum must exceed, and points among which they are looked for.
const NEIGHBOURS: usize = 10;
const AMONG: usize = 1024;
/// Seconds of a pair of points and an axis.
const PAIR: f64 = 1e-9;

impl Fit<'_> {
    /// Normal densities of the points that are nearest to each maximum: a point that counts for
    /// more than all those near it.
    pub(super) fn maxima(&mut self, power: f64) -> Vec<Normal> {
        let dim = self.dim;
        self.seconds -= PAIR * (dim + 8) as f64 * (AMONG * AMONG) as f64;
        let mut order: Vec<usize> = (0..self.weights.len()).collect();
        order.sort_by(|a, b| self.weights[*b].total_cmp(&self.weights[*a]));
        order.truncate(AMONG);
        let square = |i: usize, j: usize| -> f64 {
            let (x, y) = (&self.x[i * dim..][..dim], &self.x[j * dim..][..dim]);
            x.iter().zip(y).map(|(a, b)| (a - b) * (a - b)).sum()
        };
        let mut tops = Vec::new();
        for (rank, i) in order.iter().enumerate() {
            // Is any of its nearest neighbours higher, which is to say earlier?
            let mut near: Vec<(f64, usize)> = order
                .iter()
                .enumerate()
                .filter(|(r, _)| *r != rank)
                .map(|(r, j)| (square(*i, *j), r))
                .collect();
            if near.len() <= NEIGHBOURS {
                break;
            }
            near.select_nth_unstable_by(NEIGHBOURS, |a, b| a.0.total_cmp(&b.0));
            if near[..NEIGHBOURS].iter().all(|n| n.1 > rank) {
                tops.push(*i);
            }
            if tops.len() == MOST_PARTS {
                break;
            }
        }
        let nearest = |i: usize| {
            (0..tops.len()).min_by(|a, b| square(i, tops[*a]).total_cmp(&square(i, tops[*b])))
        };
        let places: Vec<Option<usize>> = (0..self.weights.len()).map(nearest).collect();
        (0..tops.len())
            .map(|k| {
                let within: Vec<f64> = places
                    .iter()
                    .map(|p| f64::from(u8::from(*p == Some(k))))
                    .collect();
                self.normal(&within, power)
            })
            .collect()
    }

    /// Two halves of the points as they count in `within` (`[n]` each), by two means.
    pub(super) fn halves(&self, within: &[f64]) -> Option<[Vec<f64>; 2]> {
        let dim = self.dim;
        let w = self.counting(within);
        let (sum, squares) = w.iter().fold((0.0, 0.0), |(s, q), w| (s + w, q + w * w));
        let enough = POINTS_TO_SPLIT * dim.max(8) as f64;
        if (sum * sum / squares).is_nan() || sum * sum < enough * squares {
            return None;
        }
        let mean = self.mean(&w);
        let mut covariance = DMatrix::<f64>::zeros(dim, dim);
        for (x, w) in self.x.chunks_exact(dim).zip(&w) {
            for a in 0..dim {
                for b in 0..=a {
                    covariance[(a, b)] += w * (x[a] - mean[a]) * (x[b] - mean[b]) / sum;
                }
            }
        }
        covariance.fill_upper_triangle_with_lower_triangle();
        let eigen = SymmetricEigen::new(covariance);
        let longest = eigen.eigenvalues.imax();
        let length = eigen.eigenvalues[longest].sqrt();
        let axis = eigen.eigenvectors.column(longest);
        let end = |sign: f64| -> Vec<f64> {
            let pairs = mean.iter().zip(axis.iter());
            pairs.map(|(m, a)| m + sign * length * a).collect()
        };
        let mut centres = [end(-1.0), end(1.0)];
        let mut halves = [vec![], vec![]];
        for _ in 0..STEPS {
            let square = |x: &[f64], c: &[f64]| -> f64 {
                x.iter().zip(c).map(|(x, c)| (x - c) * (x - c)).sum()
            };
            let first = |x: &[f64]| square(x, &centres[0]) < square(x, &centres[1]);
            let points = self.x.chunks_exact(dim).zip(within);
            halves = points
                .map(|(x, r)| if first(x) { (*r, 0.0) } else { (0.0, *r) })
                .collect::<(Vec<f64>, Vec<f64>)>()
                .into();
            let sides = [self.counting(&halves[0]), self.counting(&halves[1])];
            if sides.iter().any(|s| s.iter().sum::<f64>() <= NOTHING * sum) {
                return None;
            }
            centres = sides.map(|s| self.mean(&s));
        }
        Some(halves)
    }

    /// Mean of the points with the weights `w`.
    fn mean(&self, w: &[f64]) -> Vec<f64> {
        let total: f64 = w.iter().sum();
        let mut mean = vec![0.0; self.dim];
        for (x, w) in self.x.chunks_exact(self.dim).zip(w) {
            for (m, x) in mean.iter_mut().zip(x) {
                *m += w * x / total;
            }
        }
        mean
    }

    /// The normal density of the points as they count in `within`; weights that are a `power` of those
    /// that count make it look wider than it is.
    pub(super) fn normal(&self, within: &[f64], power: f64) -> Normal {
        let w = self.counting(within);
        let total: f64 = w.iter().sum();
        let centre = self.mean(&w);
        let mut squares = vec![0.0; self.dim];
        for (x, w) in self.x.chunks_exact(self.dim).zip(&w) {
            for (s, (x, m)) in squares.iter_mut().zip(x.iter().zip(&centre)) {
                *s += w * (x - m) * (x - m) / total;
            }
        }
        let width = |s: f64| (power.max(0.05) * s).sqrt().clamp(1e-6, 1.0);
        Normal {
            log_share: total.ln(),
            centre,
            widths: squares.into_iter().map(width).collect(),
        }
    }
}
