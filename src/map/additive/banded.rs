//! Symmetric positive definite systems with two bands beside the diagonal.

/// L of A = L L^T for a matrix A with `a_ij` = 0 where |i - j| > 2, or A before it is factored.
#[derive(Clone, Debug)]
pub(super) struct Banded {
    /// for each row i: `a_ii`, `a_(i,i-1)`, `a_(i,i-2)`
    rows: Vec<[f64; 3]>,
}

impl Banded {
    pub(super) fn zeros(n: usize) -> Self {
        Self {
            rows: vec![[0.0; 3]; n],
        }
    }

    /// Adds to `a_ij` and `a_ji`, i >= j >= i - 2.
    pub(super) fn add(&mut self, i: usize, j: usize, value: f64) {
        self.rows[i][i - j] += value;
    }

    /// The factor; `None` for a matrix that is not positive definite.
    pub(super) fn cholesky(mut self) -> Option<Self> {
        let zero = [0.0; 3];
        for i in 0..self.rows.len() {
            let before = if i >= 1 { self.rows[i - 1] } else { zero };
            let first = if i >= 2 { self.rows[i - 2] } else { zero };
            let [a, b, c] = self.rows[i];
            let c = if i >= 2 { c / first[0] } else { 0.0 };
            let b = if i >= 1 {
                (b - c * before[1]) / before[0]
            } else {
                0.0
            };
            let square = a - b * b - c * c;
            if !square.is_finite() || square <= 0.0 {
                return None;
            }
            self.rows[i] = [square.sqrt(), b, c];
        }
        Some(self)
    }

    /// Solves L L^T x = `x` in place.
    pub(super) fn solve(&self, x: &mut [f64]) {
        let n = x.len();
        for i in 0..n {
            let [a, b, c] = self.rows[i];
            let before = if i >= 1 { b * x[i - 1] } else { 0.0 };
            let first = if i >= 2 { c * x[i - 2] } else { 0.0 };
            x[i] = (x[i] - before - first) / a;
        }
        for i in (0..n).rev() {
            let after = if i + 1 < n {
                self.rows[i + 1][1] * x[i + 1]
            } else {
                0.0
            };
            let last = if i + 2 < n {
                self.rows[i + 2][2] * x[i + 2]
            } else {
                0.0
            };
            x[i] = (x[i] - after - last) / self.rows[i][0];
        }
    }
}

#[cfg(test)]
mod tests {
    use nalgebra::{DMatrix, DVector};

    use super::*;

    #[test]
    fn solves_what_it_was_made_of() {
        for n in 1..8 {
            let value = |i: usize, j: usize| match i.abs_diff(j) {
                0 => 4.0 + i as f64,
                1 | 2 => 1.0 / (1 + i + j) as f64,
                _ => 0.0,
            };
            let full = DMatrix::from_fn(n, n, value);
            let mut matrix = Banded::zeros(n);
            for (i, j) in (0..n).flat_map(|i| (i.saturating_sub(2)..=i).map(move |j| (i, j))) {
                matrix.add(i, j, value(i, j));
            }
            let wanted = DVector::from_fn(n, |i, _| 1.0 - 0.3 * i as f64);
            let mut x = (&full * &wanted).as_slice().to_vec();
            matrix.cholesky().unwrap().solve(&mut x);
            for (x, wanted) in x.iter().zip(&wanted) {
                assert!((x - wanted).abs() < 1e-13, "{x} {wanted}");
            }
        }
    }

    #[test]
    fn what_is_not_positive_has_no_factor() {
        let mut matrix = Banded::zeros(2);
        matrix.add(0, 0, 1.0);
        matrix.add(1, 1, 1.0);
        matrix.add(1, 0, 2.0);
        assert!(matrix.cholesky().is_none());
    }
}
