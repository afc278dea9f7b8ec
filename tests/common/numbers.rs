//! Seeded uniform numbers (`SplitMix64`: G. L. Steele, D. Lea, C. H. Flood, OOPSLA 2014) and the
//! spread of a sample.

/// `n` numbers strictly inside (0, 1).
pub(crate) fn uniform(n: usize, seed: u64) -> Vec<f64> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = state;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((bits ^ (bits >> 31)) >> 12) as f64
    };
    (0..n)
        .map(|_| (next() + 0.5) / 4503599627370496.0)
        .collect()
}

/// The standard deviation of a sample.
pub(crate) fn std_dev(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / n).sqrt()
}
