//! Fixed seeds; statistical bounds are five standard deviations or wider.

use super::*;
use crate::rng::mix;

/// Numbers of the sequence before the 2^-53.
const RAISED: f64 = f64::EPSILON / 2.0;

fn points(sobol: &Sobol, first: u64, n: usize) -> Vec<f64> {
    let mut z = vec![0.0; n * sobol.dim()];
    sobol.fill(first, &mut z);
    z
}

/// Index of the interval of 2^-m that holds `z`.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the index is below 2^m"
)]
fn interval(z: f64, m: u32) -> usize {
    (z * f64::exp2(f64::from(m))) as usize
}

#[test]
fn the_first_points_are_the_published_ones() {
    // The output of the authors' sobol.cc for 10 points in 3 dimensions.
    let published = [
        [0.0, 0.0, 0.0],
        [0.5, 0.5, 0.5],
        [0.75, 0.25, 0.25],
        [0.25, 0.75, 0.75],
        [0.375, 0.375, 0.625],
        [0.875, 0.875, 0.125],
        [0.625, 0.125, 0.875],
        [0.125, 0.625, 0.375],
        [0.1875, 0.3125, 0.9375],
        [0.6875, 0.8125, 0.4375],
    ];
    let z = points(&Sobol::unscrambled(3).unwrap(), 0, 10);
    assert_eq!(
        z,
        published
            .as_flattened()
            .iter()
            .map(|p| p + RAISED)
            .collect::<Vec<_>>()
    );
}

#[test]
fn each_axis_has_one_point_in_each_interval() {
    for dim in [1, 2, 3, 8, 33, 4096] {
        let m = if dim > 100 { 6 } else { 11 };
        for seed in [None, Some(1), Some(2)] {
            let sobol = seed
                .map_or_else(|| Sobol::unscrambled(dim), |s| Sobol::new(dim, s))
                .unwrap();
            for start in [0, 3 << m, 5 << 40] {
                let z = points(&sobol, start, 1 << m);
                let mut hits = vec![false; dim << m];
                for (at, z) in z.iter().enumerate() {
                    assert!(*z > 0.0 && *z < 1.0);
                    let hit = &mut hits[(at % dim) << m | interval(*z, m)];
                    assert!(!*hit, "{dim} dimensions, seed {seed:?}, from {start}");
                    *hit = true;
                }
            }
        }
    }
}

#[test]
fn the_first_two_axes_are_a_net() {
    let m = 10;
    for seed in 0..20 {
        let sobol = Sobol::new(2, seed).unwrap();
        let z = points(&sobol, seed << m, 1 << m);
        for k in 0..=m {
            let mut hits = vec![false; 1 << m];
            for z in z.chunks_exact(2) {
                let at = interval(z[0], k) << (m - k) | interval(z[1], m - k);
                assert!(!hits[at], "seed {seed}, boxes of 2^-{k}");
                hits[at] = true;
            }
        }
    }
}

#[test]
fn any_division_gives_the_same_bits_on_every_level() {
    for dim in [1, 2, 3, 5, 8, 16, 17, 33, 100, 300] {
        let sobol = Sobol::new(dim, 9).unwrap();
        for first in [0, 77, RUN - 150, 3 * RUN + 12345] {
            let n = 3000 / dim + 301;
            let mut all = vec![0.0; n * dim];
            sobol.fill_at(Level::Portable, first, &mut all);
            for level in Level::available() {
                let mut z = vec![0.0; n * dim];
                sobol.fill_at(level, first, &mut z);
                assert!(z == all, "{dim}, {first} at {level}");
                let (mut at, mut size) = (0, 1);
                z.fill(0.0);
                while at < n {
                    let end = n.min(at + size);
                    sobol.fill_at(level, first + at as u64, &mut z[at * dim..end * dim]);
                    (at, size) = (end, size * 3 % 101);
                }
                assert!(z == all, "{dim}, {first} at {level} in parts");
            }
        }
    }
}

#[test]
fn points_are_uniform_over_the_seeds() {
    let (seeds, dim, n) = (20_000_u64, 3, 4);
    let mut counts = vec![[0.0; 16]; dim * n];
    let mut products = vec![0.0; dim * n * dim * n];
    for seed in 0..seeds {
        let z = points(&Sobol::new(dim, seed).unwrap(), 0, n);
        for (i, a) in z.iter().enumerate() {
            counts[i][interval(*a, 4)] += 1.0;
            for (j, b) in z.iter().enumerate() {
                products[i * dim * n + j] += (a - 0.5) * (b - 0.5);
            }
        }
    }
    let expected = seeds as f64 / 16.0;
    for counts in counts {
        let chi2: f64 = counts
            .iter()
            .map(|c| (c - expected) * (c - expected) / expected)
            .sum();
        assert!(chi2 < 50.0, "chi2 = {chi2} of 15");
    }
    // Different axes are independent.
    for (at, product) in products.iter().enumerate() {
        let (i, j) = (at / (dim * n), at % (dim * n));
        if i % dim != j % dim {
            let pull = product / (seeds as f64).sqrt() * 12.0;
            assert!(pull.abs() < 5.0, "coordinates {i} and {j}: {pull}");
        }
    }
}

/// The product of 1 + 3 (z - 1/2) z, of mean 1.25^dim.
fn smooth(z: &[f64]) -> f64 {
    z.iter().map(|z| 1.0 + 3.0 * (z - 0.5) * z).product::<f64>() / 1.25_f64.powf(z.len() as f64)
}

/// Mean error and root mean square of the errors of 2^m points over many seeds.
fn errors(dim: usize, m: u32, fill: impl Fn(u64, &mut [f64])) -> (f64, f64) {
    const SEEDS: u64 = 400;
    let mut z = vec![0.0; dim << m];
    let (mut sum, mut squares) = (0.0, 0.0);
    for seed in 0..SEEDS {
        fill(seed, &mut z);
        let mean = z.chunks_exact(dim).map(smooth).sum::<f64>() / f64::from(1 << m);
        sum += mean - 1.0;
        squares += (mean - 1.0) * (mean - 1.0);
    }
    (sum / SEEDS as f64, (squares / SEEDS as f64).sqrt())
}

/// Nested uniform scrambling as defined: each digit's flip is hashed from those before it.
fn nested(seed: u64, dim: usize, z: &mut [f64]) {
    Sobol::unscrambled(dim).unwrap().fill(0, z);
    for (at, z) in z.iter_mut().enumerate() {
        let digits = interval(*z, 32) as u64;
        let tree = mix(mix(seed) ^ (at % dim) as u64);
        let flips = (0..32).fold(0, |flips, bit| {
            let before = digits >> bit >> 1;
            flips | (mix(tree ^ mix(before << 6 | bit)) >> 40 & 1) << bit
        });
        *z = ((digits ^ flips) as f64 + 0.5) * f64::exp2(-32.0);
    }
}

#[test]
fn errors_are_those_of_nested_scrambling() {
    let dim = 4;
    for m in [4, 8, 11] {
        let sobol = |seed, z: &mut [f64]| Sobol::new(dim, seed).unwrap().fill(0, z);
        let (bias, rms) = errors(dim, m, sobol);
        assert!(
            bias.abs() < 5.0 * rms / 20.0,
            "2^{m} points: {bias} of {rms}"
        );
        let (_, exact) = errors(dim, m, |seed, z| nested(seed, dim, z));
        let ratio = rms / exact;
        assert!(
            (0.75..1.33).contains(&ratio),
            "2^{m} points: {rms} and {exact}"
        );
    }
}

#[test]
fn errors_fall_far_below_monte_carlo() {
    let sobol = |seed, z: &mut [f64]| Sobol::new(5, seed).unwrap().fill(0, z);
    let (_, rms) = errors(5, 12, sobol);
    // The variance of f: E[(1 + 3 (z - 1/2) z)^2] = 1.8, over 1.25^2.
    let plain = ((1.8_f64 / 1.5625).powi(5) - 1.0).sqrt() / 64.0;
    assert!(rms < plain / 50.0, "{rms} and {plain}");
}

#[test]
fn bad_dimensions_are_refused() {
    assert!(matches!(Sobol::new(0, 1), Err(Error::ZeroDimension)));
    let message = Sobol::new(4097, 1).unwrap_err().to_string();
    assert!(
        message.contains("4097") && message.contains("1 to 4096"),
        "{message}"
    );
}
