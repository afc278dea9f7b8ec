//! Solving the additive regression axis by axis, and the choice of its knots.

use super::{Sample, axis::Axis, banded::Banded, mean_square};

/// Most sweeps over the axes, and the fall of the residual below which they end.
const SWEEPS: usize = 40;
const PROGRESS: f64 = 1e-3;
/// Weight of squared second differences, in units of the weight of an average knot.
const PENALTY: f64 = 1e-3;
/// Knots gather as this power of the density: between even ones and quantiles, so that the
/// tails keep some.
const FLATTEN: f64 = 0.25;

/// One axis while it is fitted.
#[derive(Clone)]
pub(super) struct Column {
    pub(super) axis: Axis,
    /// `[n]`: interval of each point and place in it
    places: Vec<(u32, f32)>,
    factor: Option<Banded>,
}

/// A regression over some of the points.
pub(super) struct Backfit {
    columns: Vec<Column>,
    /// `[n]`
    weights: Vec<f64>,
    /// `[n]`: what is not yet explained
    rest: Vec<f64>,
    constant: f64,
}

impl Backfit {
    /// Over the points `used[i]`, i in `of`, with the weights `omega[i]`.
    pub(super) fn new(
        sample: Sample<'_>,
        used: &[usize],
        omega: &[f64],
        of: &[usize],
        knots: usize,
    ) -> Self {
        let weights: Vec<f64> = of.iter().map(|i| omega[*i]).collect();
        let mut rest: Vec<f64> = of.iter().map(|i| sample.log_f[used[*i]]).collect();
        let total: f64 = weights.iter().sum();
        let constant = rest.iter().zip(&weights).map(|(r, w)| r * w).sum::<f64>() / total;
        for r in &mut rest {
            *r -= constant;
        }
        let columns = (0..sample.dim).map(|k| {
            let x: Vec<f64> = of
                .iter()
                .map(|i| sample.x[used[*i] * sample.dim + k])
                .collect();
            Column::new(&x, &weights, knots)
        });
        Self {
            columns: columns.collect(),
            weights,
            rest,
            constant,
        }
    }

    /// Sweeps until nothing changes any more.
    pub(super) fn solve(mut self) -> Self {
        let mut last = f64::INFINITY;
        for _ in 0..SWEEPS {
            for column in &mut self.columns {
                column.improve(&mut self.rest, &self.weights);
            }
            let now: f64 = self
                .rest
                .iter()
                .zip(&self.weights)
                .map(|(r, w)| w * r * r)
                .sum();
            if now.is_nan() || now >= (1.0 - PROGRESS) * last {
                break;
            }
            last = now;
        }
        self
    }

    /// Weighted mean square of the residuals at the points `used[i]`, i in `of`.
    pub(super) fn residual(
        &self,
        sample: Sample<'_>,
        used: &[usize],
        omega: &[f64],
        of: &[usize],
    ) -> f64 {
        mean_square(of.iter().map(|i| {
            let x = &sample.x[used[*i] * sample.dim..][..sample.dim];
            let axes = x.iter().zip(&self.columns);
            let fit: f64 = axes.map(|(x, c)| c.axis.at(*x)).sum();
            (omega[*i], sample.log_f[used[*i]] - self.constant - fit)
        }))
    }

    /// The axes, and the constant.
    pub(super) fn into_axes(self) -> (Vec<Axis>, f64) {
        let axes = self.columns.into_iter().map(|c| c.axis);
        (axes.collect(), self.constant)
    }
}

impl Column {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "few knots; places within an interval need no more digits"
    )]
    pub(super) fn new(x: &[f64], weights: &[f64], count: usize) -> Self {
        let knots = knots(x, weights, count);
        let places: Vec<(u32, f32)> = x
            .iter()
            .map(|x| {
                let (j, t) = Axis::locate(&knots, *x);
                (j as u32, t as f32)
            })
            .collect();
        let m = knots.len();
        let mut column = Self {
            axis: Axis {
                values: vec![0.0; m],
                knots,
                seen: vec![false; m],
            },
            places,
            factor: None,
        };
        column.weigh(weights, 0.0);
        column
    }

    /// Takes other weights for the same points and knots; a point is seen that counts `little` or
    /// more.
    pub(super) fn weigh(&mut self, weights: &[f64], little: f64) {
        let knots = &self.axis.knots;
        let m = knots.len();
        let mut matrix = Banded::zeros(m);
        let mut seen = vec![false; m];
        for ((j, t), w) in self.places.iter().zip(weights) {
            let (j, t) = (*j as usize, f64::from(*t));
            matrix.add(j, j, w * (1.0 - t) * (1.0 - t));
            matrix.add(j + 1, j + 1, w * t * t);
            matrix.add(j + 1, j, w * t * (1.0 - t));
            if *w >= little {
                (seen[j], seen[j + 1]) = (true, true);
            }
        }
        let scale = weights.iter().sum::<f64>() / m as f64;
        for j in 1..m - 1 {
            // v_{j-1} h_1 - v_j (h_0 + h_1) + v_{j+1} h_0, in units of h_0 + h_1
            let (before, after) = (knots[j] - knots[j - 1], knots[j + 1] - knots[j]);
            let both = before + after;
            let row = [after / both, -1.0, before / both];
            for (a, ra) in row.iter().enumerate() {
                for (b, rb) in row.iter().enumerate().take(a + 1) {
                    matrix.add(j - 1 + a, j - 1 + b, PENALTY * scale * ra * rb);
                }
            }
        }
        for j in 0..m {
            matrix.add(j, j, 1e-9 * scale);
        }
        self.axis.seen = seen;
        self.factor = matrix.cholesky();
    }

    /// The values at the points, `[n]`.
    pub(super) fn fitted(&self) -> impl Iterator<Item = f64> {
        let values = &self.axis.values;
        self.places.iter().map(|(j, t)| {
            let (j, t) = (*j as usize, f64::from(*t));
            values[j] * (1.0 - t) + values[j + 1] * t
        })
    }

    /// Sets the values at the knots.
    pub(super) fn set(&mut self, value: impl Fn(f64) -> f64) {
        for (v, x) in self.axis.values.iter_mut().zip(&self.axis.knots) {
            *v = value(*x);
        }
    }

    /// The best values given all other axes; `rest` is what all leave unexplained.
    pub(super) fn improve(&mut self, rest: &mut [f64], weights: &[f64]) {
        let Some(factor) = &self.factor else {
            return;
        };
        let values = &mut self.axis.values;
        let mut right = vec![0.0; values.len()];
        for (((j, t), rest), w) in self.places.iter().zip(rest.iter_mut()).zip(weights) {
            let (j, t) = (*j as usize, f64::from(*t));
            *rest += values[j] * (1.0 - t) + values[j + 1] * t;
            right[j] += w * (1.0 - t) * *rest;
            right[j + 1] += w * t * *rest;
        }
        factor.solve(&mut right);
        values.copy_from_slice(&right);
        for ((j, t), rest) in self.places.iter().zip(rest) {
            let (j, t) = (*j as usize, f64::from(*t));
            *rest -= values[j] * (1.0 - t) + values[j + 1] * t;
        }
    }
}

/// `count` intervals from 0 to 1, narrow where the weighted points are dense.
fn knots(x: &[f64], weights: &[f64], count: usize) -> Vec<f64> {
    let mut order: Vec<(f64, f64)> = x.iter().copied().zip(weights.iter().copied()).collect();
    order.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let total: f64 = weights.iter().sum();
    // Quantiles of the points, two for each knot.
    let mut edges = vec![0.0];
    let mut sum = 0.0;
    let parts = 2 * count;
    for (x, w) in &order {
        sum += w;
        if sum * parts as f64 >= edges.len() as f64 * total && edges.len() < parts {
            edges.push(*x);
        }
    }
    edges.push(1.0);
    edges.dedup_by(|b, a| *b - *a < 1e-9);
    // Mass (1/parts / width)^FLATTEN * width of each piece.
    let masses: Vec<f64> = edges
        .windows(2)
        .map(|e| (e[1] - e[0]).powf(1.0 - FLATTEN))
        .collect();
    let all: f64 = masses.iter().sum();
    let mut knots = vec![0.0];
    let (mut j, mut before) = (0, 0.0);
    for k in 1..count {
        let wanted = all * k as f64 / count as f64;
        while j + 1 < masses.len() && before + masses[j] < wanted {
            before += masses[j];
            j += 1;
        }
        let t = ((wanted - before) / masses[j]).clamp(0.0, 1.0);
        knots.push(edges[j] + t * (edges[j + 1] - edges[j]));
    }
    knots.push(1.0);
    knots.dedup_by(|b, a| *b - *a < 1e-9);
    knots
}
