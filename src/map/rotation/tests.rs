use nalgebra::DMatrix;

use super::*;
use crate::kernel::{Level, dispatch::run_at};
use crate::rng::{Purpose, Streams};
use crate::stats::{normal_cdf, normal_quantile};

fn uniform(n: usize, dim: usize, seed: u64) -> Vec<f64> {
    let mut z = vec![0.0; n * dim];
    Streams::new(seed).fill_points(Purpose::Sample, 0, 0, dim, &mut z);
    z
}

/// The orthogonal factor of a random matrix.
fn random(dim: usize, seed: u64) -> Rotation {
    let entries = uniform(dim, dim, seed);
    let q = DMatrix::from_fn(dim, dim, |i, j| entries[i * dim + j] - 0.5)
        .qr()
        .q();
    Rotation::new(dim, q.transpose().as_slice().to_vec()).unwrap()
}

#[test]
fn every_level_agrees_with_the_formula() {
    for (dim, n) in [(1, 3), (2, 64), (3, 65), (8, 200), (31, 5)] {
        let rotation = random(dim, 3);
        let z = uniform(n, dim, 4);
        for level in Level::available() {
            let mut x = vec![0.0; z.len()];
            let apply = Apply {
                matrix: &rotation.axes,
                dim,
                from: &z,
                to: &mut x,
                work: &mut vec![0.0; 2 * dim * TILE],
            };
            run_at(level, apply);
            for (z, x) in z.chunks_exact(dim).zip(x.chunks_exact(dim)) {
                let v: Vec<f64> = z.iter().map(|z| normal_quantile(*z)).collect();
                for (row, x) in rotation.axes.chunks_exact(dim).zip(x) {
                    let u: f64 = row.iter().zip(&v).map(|(a, b)| a * b).sum();
                    assert!((normal_cdf(u) - x).abs() < 1e-9, "{level} {dim} {n}");
                }
            }
        }
    }
}

#[test]
fn tails_come_back() {
    let half = (0..600).map(|i| 0.5 * 10.0_f64.powf(-f64::from(i) / 51.3));
    let z: Vec<f64> = half.flat_map(|p| [p, 1.0 - p]).collect();
    assert!(z.iter().all(|z| *z > 1e-12 && *z < 1.0 - 1e-12));
    let mirror = Rotation::new(1, vec![-1.0]).unwrap();
    for rotation in [Rotation::identity(1).unwrap(), mirror] {
        let (mut x, mut back) = (z.clone(), z.clone());
        let mut log_jac = vec![1.0; z.len()];
        rotation.forward(&z, &mut x, &mut log_jac);
        rotation.inverse(&x, &mut back, &mut log_jac);
        for (z, back) in z.iter().zip(back) {
            assert!((z - back).abs() < 1e-15, "{z:e} {back:e}");
        }
    }
}

#[test]
fn what_is_outside_harms_nobody() {
    let rotation = random(2, 5);
    let z = [-1.0, f64::NAN, f64::INFINITY, 2.0, 1.0, 0.0, 0.3, 0.8];
    let (mut x, mut log_jac) = ([0.5; 8], [1.0; 4]);
    rotation.forward(&z, &mut x, &mut log_jac);
    assert!(x.iter().all(|x| *x > 0.0 && *x < 1.0), "{x:?}");
    rotation.inverse(&z, &mut x, &mut log_jac);
    assert!(x.iter().all(|x| *x > 0.0 && *x < 1.0), "{x:?}");
    assert!(log_jac.iter().all(|l| l.to_bits() == 0));
    let mut alone = [0.5; 2];
    rotation.inverse(&z[6..], &mut alone, &mut [0.0]);
    let bits = |x: &[f64]| -> Vec<u64> { x.iter().map(|x| x.to_bits()).collect() };
    assert_eq!(bits(&alone), bits(&x[6..]));
}

#[test]
fn what_is_no_rotation_is_refused() {
    let text = |dim, axes: &[f64]| {
        let result = Rotation::new(dim, axes.to_vec());
        result.err().map(|e| e.to_string()).unwrap_or_default()
    };
    assert!(text(0, &[]).contains("dimension is 0"));
    assert!(text(2, &[1.0, 0.0, 0.0]).contains("elements"));
    assert!(text(usize::MAX, &[1.0]).contains("elements"));
    assert!(text(2, &[1.0, 0.0, 0.0, f64::NAN]).contains("finite"));
    assert!(text(2, &[1.0, 0.0, 0.0, 1.0 + 1e-8]).contains("itself"));
    assert!(text(2, &[1.0, 1e-8, 0.0, 1.0]).contains("different"));
    assert!(text(2, &[1e200, 0.0, 0.0, 1e200]).contains("itself"));
    assert_eq!(text(2, &[0.0, -1.0, 1.0, 1e-10]), "");
    assert!(Rotation::from_sample(&[0.5; 3], &[1.0; 2], 2).is_err());
    assert!(Rotation::from_sample(&[], &[], 0).is_err());
}

#[test]
fn two_humps_on_the_diagonal_give_its_direction() {
    for seed in 0..10 {
        for dim in [2, 4, 7] {
            let x = uniform(20_000, dim, seed);
            let hump = |x: &[f64], c: f64| {
                (-x.iter().map(|x| ((x - c) / 0.25).powi(2)).sum::<f64>()).exp()
            };
            let w: Vec<f64> = x
                .chunks_exact(dim)
                .map(|x| -1e-200 * (hump(x, 1.0 / 3.0) + hump(x, 2.0 / 3.0)))
                .collect();
            let rotation = Rotation::from_sample(&x, &w, dim).unwrap();
            let along: f64 = rotation.axes()[..dim].iter().sum();
            let cosine = along / (dim as f64).sqrt();
            assert!(cosine > 0.99, "{dim}, seed {seed}: {cosine}");
            assert_eq!(Rotation::from_sample(&x, &w, dim).unwrap(), rotation);
        }
    }
}

#[test]
fn what_correlates_with_nothing_stays() {
    let dim = 4;
    let mut x = uniform(5000, dim, 8);
    for x in x.chunks_exact_mut(dim) {
        x[2] = 0.3 * x[2] + 0.7 * (1.0 - x[0]);
    }
    let rotation = Rotation::from_sample(&x, &vec![1.0; 5000], dim).unwrap();
    let axes: Vec<&[f64]> = rotation.axes().chunks_exact(dim).collect();
    assert_eq!(axes[1], [0.0, 1.0, 0.0, 0.0]);
    assert_eq!(axes[3], [0.0, 0.0, 0.0, 1.0]);
    assert!(axes[0][0] > 0.5 && axes[0][2] < -0.5, "{axes:?}");
    assert!(axes[2][0] > 0.5 && axes[2][2] > 0.5, "{axes:?}");
}

#[test]
fn samples_that_tell_nothing_give_the_identity() {
    let x = uniform(2000, 3, 9);
    let heavy = |k: usize| if k == 7 { 1e300 } else { 1.0 };
    let cases = [
        vec![1.0; 2000],
        vec![0.0; 2000],
        vec![f64::NAN; 2000],
        vec![f64::INFINITY; 2000],
        (0..2000).map(heavy).collect(),
    ];
    for w in cases {
        let rotation = Rotation::from_sample(&x, &w, 3).unwrap();
        assert!(rotation.is_identity(), "{:?} {rotation:?}", &w[..2]);
    }
    for n in [0, 1, 3] {
        let rotation = Rotation::from_sample(&x[..3 * n], &vec![1.0; n], 3).unwrap();
        assert!(rotation.is_identity());
    }
    let twice = [0.2, 0.4].repeat(50);
    assert!(
        Rotation::from_sample(&twice, &[1.0; 50], 2)
            .unwrap()
            .is_identity()
    );
}

#[test]
fn bad_points_do_not_count() {
    let line: Vec<f64> = uniform(500, 1, 2).iter().flat_map(|x| [*x, *x]).collect();
    let good = Rotation::from_sample(&line, &[1.0; 500], 2).unwrap();
    assert!(!good.is_identity());
    let (mut x, mut w) = (line, vec![1.0; 500]);
    x.extend([f64::NAN, 0.5, 0.5, 1.0, -3.0, 0.5, 0.1, 0.9]);
    w.extend([1.0, 1.0, 1.0, f64::NAN]);
    assert_eq!(Rotation::from_sample(&x, &w, 2).unwrap(), good);
}
