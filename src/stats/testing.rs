//! Seeded numbers for the tests of this module: `SplitMix64`.
//!
//! G. L. Steele, D. Lea, C. H. Flood, OOPSLA 2014. Not for production: the streams of the crate live
//! elsewhere.

use super::normal_quantile;

/// A 64-bit generator with one word of state.
pub(crate) struct SplitMix(pub(crate) u64);

impl SplitMix {
    /// A uniform number strictly inside (0, 1).
    pub(crate) fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        ((bits >> 12) as f64 + 0.5) / (1_u64 << 52) as f64
    }

    /// A standard normal number, by inversion.
    pub(crate) fn normal(&mut self) -> f64 {
        normal_quantile(self.uniform())
    }

    /// `n` draws of a Pareto weight `u^-k` of tail index `k`.
    pub(crate) fn pareto(&mut self, n: usize, k: f64) -> Vec<f64> {
        (0..n).map(|_| self.uniform().powf(-k)).collect()
    }
}
