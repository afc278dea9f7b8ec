//! The principal axes of a weighted sample in Gaussian space.
//!
//! With v = Phi^-1(x), m the weighted mean and c = sum w (v - m)(v - m)^T / sum w, the covariance
//! of two coordinates counts where |`c_ij`| > 4 `s_ij`, `s_ij`^2 = sum w^2 (`a_i a_j` - `c_ij`)^2 / (sum w)^2
//! with a = v - m: its error from the sample itself. Coordinates that are connected by such pairs
//! form a group, and each group is turned to the eigenvectors of its own covariance matrix, in
//! falling order of the eigenvalues. A coordinate that correlates with no other stays as it is:
//! equal variances have no axes, and a turn by noise would only spoil what factorises.
//! Known weakness: second moments only; a group whose variances are equal but for a weak
//! correlation is turned all the same, by 45 degrees for a pair.

use nalgebra::{DMatrix, SymmetricEigen};

use crate::kernel::{dispatch::run, normal::Quantiles};

/// Covariances within this many of their errors are taken for noise.
const SIGNIFICANT: f64 = 4.0;
/// Variances below this are roundings of a constant coordinate.
const FLAT: f64 = 1e-24;
/// Effective points per coordinate, (sum w)^2 / sum w^2, below which a sample tells nothing.
const POINTS_PER_COORDINATE: f64 = 4.0;

/// The axes of the sample as rows (`[dim * dim]`), or `None` where it shows no correlation.
///
/// `x` is `[n * dim]`, `w` is `[n]`; |w| counts, and points of which a number is not finite or a
/// coordinate not inside (0, 1) do not.
pub(super) fn principal_axes(x: &[f64], w: &[f64], dim: usize) -> Option<Vec<f64>> {
    let (v, w) = usable(x, w, dim);
    let total: f64 = w.iter().sum();
    let squares: f64 = w.iter().map(|w| w * w).sum();
    // Also where both are 0.
    let enough = total * total >= POINTS_PER_COORDINATE * dim as f64 * squares && squares > 0.0;
    if !enough {
        return None;
    }
    let share: Vec<f64> = w.iter().map(|w| w / total).collect();
    let (covariance, error) = covariance(v, &share, dim);
    let flat = |i: usize| covariance[i * dim + i] < FLAT;
    let counts = |i: usize, j: usize| {
        let noise = SIGNIFICANT * error[i * dim + j];
        covariance[i * dim + j].abs() > noise && !flat(i) && !flat(j)
    };
    let mut axes = vec![0.0; dim * dim];
    let mut seen = vec![false; dim];
    let mut turned = false;
    for start in 0..dim {
        if seen[start] {
            continue;
        }
        let group = connected(start, &mut seen, counts);
        turned |= group.len() > 1;
        turn(&group, &covariance, dim, &mut axes);
    }
    turned.then_some(axes)
}

/// The points that count, in Gaussian space, and their |w| in units of the largest.
fn usable(x: &[f64], w: &[f64], dim: usize) -> (Vec<f64>, Vec<f64>) {
    let good = |(x, w): &(&[f64], &f64)| {
        w.is_finite() && **w != 0.0 && x.iter().all(|x| *x > 0.0 && *x < 1.0)
    };
    let points = || x.chunks_exact(dim).zip(w).filter(good);
    let largest = points().fold(0.0, |m: f64, (_, w)| m.max(w.abs()));
    let weights: Vec<f64> = points().map(|(_, w)| w.abs() / largest).collect();
    let n = weights.len() * dim;
    let mut v = Vec::with_capacity(n.next_multiple_of(8));
    v.extend(points().flat_map(|(x, _)| x));
    // Whole vectors of any level.
    v.resize(n.next_multiple_of(8), 0.5);
    run(Quantiles(&mut v));
    v.truncate(n);
    (v, weights)
}

/// Covariances of the points `v` (`[n * dim]`) and their errors, both `[dim * dim]`, under
/// weights that add up to 1.
fn covariance(mut v: Vec<f64>, share: &[f64], dim: usize) -> (Vec<f64>, Vec<f64>) {
    let mut mean = vec![0.0; dim];
    for (v, share) in v.chunks_exact(dim).zip(share) {
        for (mean, v) in mean.iter_mut().zip(v) {
            *mean += share * v;
        }
    }
    for v in v.chunks_exact_mut(dim) {
        for (v, mean) in v.iter_mut().zip(&mean) {
            *v -= mean;
        }
    }
    // sum s^2 (p - c)^2 = sum s^2 p^2 - 2 c sum s^2 p + c^2 sum s^2 would cancel: two passes.
    let mut covariance = vec![0.0; dim * dim];
    let mut error = vec![0.0; dim * dim];
    for (v, share) in v.chunks_exact(dim).zip(share) {
        for (a, row) in v.iter().zip(covariance.chunks_exact_mut(dim)) {
            let a = share * a;
            for (c, b) in row.iter_mut().zip(v) {
                *c += a * b;
            }
        }
    }
    for (v, share) in v.chunks_exact(dim).zip(share) {
        let rows = error
            .chunks_exact_mut(dim)
            .zip(covariance.chunks_exact(dim));
        for (a, (errors, covariances)) in v.iter().zip(rows) {
            for ((e, c), b) in errors.iter_mut().zip(covariances).zip(v) {
                let d = share * (a * b - c);
                *e += d * d;
            }
        }
    }
    for e in &mut error {
        *e = e.sqrt();
    }
    (covariance, error)
}

/// The coordinates that are connected to `start`, in rising order; they are marked as seen.
fn connected(start: usize, seen: &mut [bool], counts: impl Fn(usize, usize) -> bool) -> Vec<usize> {
    let mut group = vec![start];
    seen[start] = true;
    let mut next = 0;
    while let Some(&i) = group.get(next) {
        for (j, seen) in seen.iter_mut().enumerate() {
            if !*seen && counts(i, j) {
                *seen = true;
                group.push(j);
            }
        }
        next += 1;
    }
    group.sort_unstable();
    group
}

/// Writes the principal axes of a group into the rows of its coordinates.
fn turn(group: &[usize], covariance: &[f64], dim: usize, axes: &mut [f64]) {
    let n = group.len();
    if n == 1 {
        axes[group[0] * dim + group[0]] = 1.0;
        return;
    }
    let entry = |i: usize, j: usize| covariance[group[i] * dim + group[j]];
    let matrix = DMatrix::from_fn(n, n, |i, j| entry(i.min(j), i.max(j)));
    let eigen = SymmetricEigen::new(matrix);
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|a, b| eigen.eigenvalues[*b].total_cmp(&eigen.eigenvalues[*a]));
    for (row, column) in group.iter().zip(order) {
        let axis = eigen.eigenvectors.column(column);
        // The first of the largest decides the sign; those equal but for rounding count as equal.
        let largest = axis.amax();
        let sign = axis
            .iter()
            .find(|a| a.abs() > (1.0 - 1e-6) * largest)
            .map_or(1.0, |a| a.signum());
        for (j, a) in group.iter().zip(axis.iter()) {
            axes[row * dim + j] = sign * a;
        }
    }
}
