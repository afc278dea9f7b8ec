//! Random numbers and checks for the tests of this module.

use crate::momentum::{Momentum, mass2, sum};

/// Uniform numbers of a 64-bit generator (Steele, Lea, Flood 2014, `SplitMix64`).
pub(crate) struct Numbers(u64);

impl Numbers {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    pub(crate) fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        ((z >> 11) as f64 + 0.5) / 2.0_f64.powi(53)
    }

    pub(crate) fn take(&mut self, n: usize) -> Vec<f64> {
        (0..n).map(|_| self.next()).collect()
    }
}

/// Checks that momenta are on shell and make up `parent`.
pub(crate) fn assert_makes_up(momenta: &[Momentum], parent: Momentum, masses: &[f64]) {
    let scale = parent[0];
    let total = momenta.iter().fold([0.0; 4], |total, p| sum(total, *p));
    for (component, expected) in total.iter().zip(parent) {
        let error = (component - expected).abs() / scale;
        assert!(error < 1e-12, "the sum is off by {error:e}");
    }
    for (p, mass) in momenta.iter().zip(masses) {
        let error = (mass2(*p) - mass * mass).abs() / (scale * scale);
        assert!(error < 1e-12, "mass {mass} is off by {error:e}");
    }
}

/// Checks a mean of `n` independent values within five of its errors, which have to be below 2 %.
pub(crate) fn assert_mean(n: u32, expected: f64, mut value: impl FnMut() -> f64) {
    let (mut total, mut squares) = (0.0, 0.0);
    for _ in 0..n {
        let value = value();
        total += value;
        squares += value * value;
    }
    let n = f64::from(n);
    let mean = total / n;
    let error = ((squares / n - mean * mean).max(0.0) / n).sqrt();
    assert!(error < 0.02 * expected.abs(), "{mean} +- {error}");
    let distance = (mean - expected).abs();
    assert!(
        distance < 5.0 * error + 1e-12 * expected.abs(),
        "{mean} +- {error}, expected {expected}"
    );
}
