//! The peak of fused multiply-adds in f32, for comparing kernels with what the core can do.

use super::{
    dispatch::Kernel,
    lane::{Lane as _, Simd},
};

/// Independent chains: enough to hide the latency of a multiply-add on two ports.
const CHAINS: usize = 12;

/// Runs `rounds` rounds of multiply-adds that nothing waits for.
pub(crate) struct Peak {
    pub(crate) rounds: usize,
    /// runtime values, so that nothing is computed at compile time
    pub(crate) factor: f32,
    pub(crate) term: f32,
}

impl Kernel for Peak {
    /// (floating-point operations done, a value that depends on all of them)
    type Output = (usize, f32);

    #[inline(always)]
    fn run<S: Simd>(self) -> (usize, f32) {
        let factor = S::F32::splat(self.factor);
        let term = S::F32::splat(self.term);
        let mut chains = [term; CHAINS];
        for _ in 0..self.rounds {
            for chain in &mut chains {
                *chain = chain.fma(factor, term);
            }
        }
        let sum = chains.iter().fold(0.0, |sum, chain| sum + chain.sum());
        (2 * CHAINS * S::F32::LANES * self.rounds, sum)
    }
}
