//! Seeded numbers that share nothing with the library's: splitmix64 (G. L. Steele, D. Lea,
//! C. H. Flood, OOPSLA 2014) and the normal ones of Box and Muller.

use std::f64::consts::TAU;

/// Uniform numbers in (0, 1).
pub(crate) fn uniform(mut state: u64) -> impl FnMut() -> f64 {
    move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64 + 0.5 / (1_u64 << 53) as f64
    }
}

/// A standard normal number from two uniform ones.
pub(crate) fn normal(next: &mut impl FnMut() -> f64) -> f64 {
    let radius = (-2.0 * next().ln()).sqrt();
    radius * (TAU * next()).cos()
}
