//! Sums over cells: values and covariances of all outputs.

use crate::stats::CompensatedSum;

/// Sums over cells, in units of 1/M for the values and 1/M^2 for the variances.
#[derive(Clone, Debug)]
pub(super) struct Sums {
    pub(super) values: Vec<CompensatedSum>,
    /// `[outputs * outputs]`, the upper triangle
    pub(super) covariance: Vec<f64>,
}

impl Sums {
    pub(super) fn new(outputs: usize) -> Self {
        Self {
            values: vec![CompensatedSum::default(); outputs],
            covariance: vec![0.0; outputs * outputs],
        }
    }

    pub(super) fn merge_from(&mut self, other: &Self) {
        for (mine, theirs) in self.values.iter_mut().zip(&other.values) {
            mine.merge_from(theirs);
        }
        for (mine, theirs) in self.covariance.iter_mut().zip(&other.covariance) {
            *mine += theirs;
        }
    }

    /// Adds a part `factor` of a cell's points, with weights `rows` (`[n * outputs]`); returns the
    /// variance of the first output's weights.
    pub(super) fn add(&mut self, rows: &[f64], factor: f64, all_pairs: bool) -> f64 {
        let k = self.values.len();
        let n = (rows.len() / k) as f64;
        let origin = &rows[..k];
        let mut mean = vec![0.0; k];
        for row in rows.chunks_exact(k) {
            for ((mean, w), origin) in mean.iter_mut().zip(row).zip(origin) {
                *mean += w - origin;
            }
        }
        for ((mean, origin), value) in mean.iter_mut().zip(origin).zip(&mut self.values) {
            *mean = origin + *mean / n;
            value.add(factor * *mean);
        }
        // Every visit has two points or more.
        let (scale, mut first) = (1.0 / (n - 1.0), 0.0);
        for row in rows.chunks_exact(k) {
            first += (row[0] - mean[0]).powi(2) * scale;
            for i in 0..k {
                let deviation = (row[i] - mean[i]) * scale * factor * factor / n;
                let end = if all_pairs { k } else { i + 1 };
                for j in i..end {
                    self.covariance[i * k + j] += deviation * (row[j] - mean[j]);
                }
            }
        }
        first
    }
}
