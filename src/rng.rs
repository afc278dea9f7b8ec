//! The only place that seeds.
//!
//! (seed, purpose, iteration, point) gives the same numbers whoever asks: each triple of the
//! first three names one PCG-DXSM sequence, and point i of dimension d owns the d numbers
//! from i d on, reached by jumping (O'Neill, "PCG" (2014); the DXSM output as in NumPy).
//! Training and estimation have different purposes, so they never share numbers.
//!
//! A step is s -> M s + c mod 2^128, so L steps are s -> M^L s + (M^(L-1) + ... + 1) c: long
//! slices are filled by L generators side by side, the l-th of which makes every L-th number
//! from l on. The numbers are those of one generator, bit for bit; integers are exact on every
//! level. Weakness: the 64-bit multiplications bound it; without AVX2 one generator is faster.

use rand::Rng;
use rand_pcg::Pcg64Dxsm;

use crate::kernel::{
    Level,
    dispatch::{Kernel, run_at},
    lane::Simd,
};

/// What random numbers are used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// uniform points that look for scale and sign
    Explore = 1,
    /// points that adapt the VEGAS grid
    Adapt = 2,
    /// points that train the flow
    Train = 3,
    /// choice of minibatches
    Minibatch = 4,
    /// initial parameters
    Initialise = 5,
    /// the estimate
    Estimate = 6,
    /// draws from a sampler
    Sample = 7,
    /// acceptance of unweighted events
    Accept = 8,
    /// trial weights that fix the maximum
    Maximum = 9,
    /// points of online training
    Online = 10,
    /// points around peaks that were found
    Peaks = 11,
    /// which of the scatterings that f sums over an event is
    Choice = 12,
    /// uniform points that look for the level of ln f
    Level = 13,
}

/// All random numbers of one run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Streams {
    seed: u64,
}

/// One round of the `SplitMix64` finaliser (Steele, Lea, Flood 2014).
#[inline]
pub(crate) fn mix(mut z: u64) -> u64 {
    z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The seed of a run that goes on from a model: its numbers differ from those of a run with the
/// same seed that made the model.
pub(crate) fn continued(seed: u64) -> u64 {
    mix(seed ^ 0x636f_6e74_696e_7565)
}

impl Streams {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// Seed and stream of the generator of a purpose and iteration.
    fn seeds(self, purpose: Purpose, iteration: u64) -> (u128, u128) {
        let mut words = [0_u64; 4];
        let mut state = mix(self.seed) ^ mix((purpose as u64) << 32 | 0x7468_616c);
        state = mix(state) ^ mix(iteration ^ 0x7765_6700_0000_0000);
        for word in &mut words {
            state = mix(state);
            *word = state;
        }
        let wide = |high: u64, low: u64| u128::from(high) << 64 | u128::from(low);
        (wide(words[0], words[1]), wide(words[2], words[3]))
    }

    /// The generator of a purpose and iteration, jumped over `offset` numbers.
    pub(crate) fn generator(self, purpose: Purpose, iteration: u64, offset: u128) -> Pcg64Dxsm {
        let (state, stream) = self.seeds(purpose, iteration);
        let mut generator = Pcg64Dxsm::new(state, stream);
        generator.advance(offset);
        generator
    }

    /// Fills `z` (`[n * dim]`) with the uniform points `first..first + n` of a sequence.
    pub(crate) fn fill_points(
        self,
        purpose: Purpose,
        iteration: u64,
        first: u64,
        dim: usize,
        z: &mut [f64],
    ) {
        let at = (purpose, iteration, u128::from(first) * dim as u128);
        self.fill_at(Level::active(), at, z);
    }

    /// Fills `z` with the numbers from `offset` on of a (purpose, iteration, `offset`).
    fn fill_at(self, level: Level, at: (Purpose, u64, u128), z: &mut [f64]) {
        let (purpose, iteration, offset) = at;
        let side_by_side = match level {
            Level::Avx2 | Level::Avx512 if z.len() >= WORTHWHILE => z.len() / LANES * LANES,
            Level::Avx2 | Level::Avx512 | Level::Portable => 0,
        };
        let (many, rest) = z.split_at_mut(side_by_side);
        if !many.is_empty() {
            let (seed, stream) = self.seeds(purpose, iteration);
            // As in `Pcg64Dxsm::new`.
            let increment = stream << 1 | 1;
            let state = Leap::over(1, increment).apply(seed.wrapping_add(increment));
            let state = Leap::over(offset, increment).apply(state);
            run_at(
                level,
                SideBySide {
                    state,
                    increment,
                    z: many,
                },
            );
        }
        if !rest.is_empty() {
            let offset = offset.wrapping_add(side_by_side as u128);
            let mut generator = self.generator(purpose, iteration, offset);
            for z in rest {
                *z = unit(&mut generator);
            }
        }
    }
}

/// A number strictly inside (0, 1): an odd multiple of 2^-53.
pub(crate) fn unit<R: Rng + ?Sized>(rng: &mut R) -> f64 {
    ((rng.next_u64() >> 12) as f64 + 0.5) * (1.0 / 4503599627370496.0)
}

/// Generators side by side: two AVX-512 registers, because one step has to wait for the last.
const LANES: usize = 16;
/// Numbers from which on it pays to set them up.
const WORTHWHILE: usize = 8 * LANES;
/// The multiplier of PCG with a "cheap" multiplication.
const MULTIPLIER: u64 = 0xda94_2042_e4dd_58b5;

/// Several steps of the generator in one: s -> `factor` s + `term`.
#[derive(Clone, Copy)]
struct Leap {
    factor: u128,
    term: u128,
}

impl Leap {
    /// `steps` steps, by squaring (Brown, Trans. Am. Nucl. Soc. 71 (1994) 202).
    fn over(mut steps: u128, increment: u128) -> Self {
        let mut square = Self {
            factor: u128::from(MULTIPLIER),
            term: increment,
        };
        let mut all = Self { factor: 1, term: 0 };
        while steps > 0 {
            if steps & 1 == 1 {
                all = Self {
                    factor: all.factor.wrapping_mul(square.factor),
                    term: square.apply(all.term),
                };
            }
            square = Self {
                factor: square.factor.wrapping_mul(square.factor),
                term: square.apply(square.term),
            };
            steps >>= 1;
        }
        all
    }

    fn apply(self, state: u128) -> u128 {
        self.factor.wrapping_mul(state).wrapping_add(self.term)
    }
}

/// High and low half of a product, by 32-bit parts: what vector instructions have.
#[inline(always)]
fn product(a: u64, b: u64) -> (u64, u64) {
    const LOW: u64 = 0xffff_ffff;
    let (a0, a1, b0, b1) = (a & LOW, a >> 32, b & LOW, b >> 32);
    let low = a0 * b0;
    let middle = a1 * b0 + (low >> 32);
    let other = a0 * b1 + (middle & LOW);
    let high = a1 * b1 + (middle >> 32) + (other >> 32);
    (high, other << 32 | low & LOW)
}

/// Fills `z`, of a length divisible by [`LANES`], from `state` on.
struct SideBySide<'a> {
    state: u128,
    increment: u128,
    z: &'a mut [f64],
}

impl Kernel for SideBySide<'_> {
    type Output = ();

    #[expect(
        clippy::inline_always,
        reason = "the body takes on the features of its shell"
    )]
    #[expect(clippy::cast_possible_truncation, reason = "halves of 128-bit numbers")]
    #[inline(always)]
    fn run<S: Simd>(self) {
        let halves = |wide: u128| ((wide >> 64) as u64, wide as u64);
        let (mut high, mut low) = ([0_u64; LANES], [0_u64; LANES]);
        let one = Leap::over(1, self.increment);
        let mut state = self.state;
        for lane in 0..LANES {
            (high[lane], low[lane]) = halves(state);
            state = one.apply(state);
        }
        let leap = Leap::over(LANES as u128, self.increment);
        let (factor_high, factor_low) = halves(leap.factor);
        let (term_high, term_low) = halves(leap.term);
        for z in self.z.chunks_exact_mut(LANES) {
            for lane in 0..LANES {
                let (h, l) = (high[lane], low[lane]);
                let word = (h ^ h >> 32).wrapping_mul(MULTIPLIER);
                let word = (word ^ word >> 48).wrapping_mul(l | 1);
                // 1 + k 2^-52, less 1 - 2^-53, is the number of `unit` and exact.
                let from_one = f64::from_bits(word >> 12 | 1.0_f64.to_bits());
                z[lane] = from_one - (1.0 - f64::EPSILON / 2.0);
                let (carried, l_next) = product(l, factor_low);
                let h_next = h
                    .wrapping_mul(factor_low)
                    .wrapping_add(l.wrapping_mul(factor_high));
                low[lane] = l_next.wrapping_add(term_low);
                let carry = u64::from(low[lane] < term_low);
                high[lane] = h_next
                    .wrapping_add(carried)
                    .wrapping_add(term_high)
                    .wrapping_add(carry);
            }
        }
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "exact results are compared")]
mod tests {
    use std::convert::Infallible;

    use super::*;

    #[test]
    fn points_do_not_depend_on_how_they_are_asked_for() {
        let streams = Streams::new(7);
        let mut all = vec![0.0; 3 * 100];
        streams.fill_points(Purpose::Train, 4, 0, 3, &mut all);
        let mut some = vec![0.0; 3 * 10];
        streams.fill_points(Purpose::Train, 4, 37, 3, &mut some);
        assert_eq!(some, all[37 * 3..47 * 3]);
        for (purpose, iteration) in [(Purpose::Train, 5), (Purpose::Estimate, 4)] {
            let mut other = vec![0.0; 3 * 100];
            streams.fill_points(purpose, iteration, 0, 3, &mut other);
            assert_ne!(other, all);
        }
    }

    /// A generator that returns one word for ever.
    #[derive(Debug)]
    struct Stuck(u64);
    impl rand::TryRng for Stuck {
        type Error = Infallible;
        fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
            Ok((self.0 >> 32) as u32)
        }
        fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
            Ok(self.0)
        }
        fn try_fill_bytes(&mut self, dst: &mut [u8]) -> Result<(), Self::Error> {
            dst.fill(0);
            Ok(())
        }
    }

    #[test]
    fn extremes_stay_strictly_inside() {
        assert!(unit(&mut Stuck(0)) > 0.0);
        assert!(unit(&mut Stuck(u64::MAX)) < 1.0);
    }

    #[test]
    fn side_by_side_is_one_generator() {
        let streams = Streams::new(11);
        for level in Level::available() {
            for n in [0, 1, 127, 128, 129, 1000, 4096] {
                for offset in [0, 1, 12345, u128::from(u64::MAX) * 9] {
                    let mut generator = streams.generator(Purpose::Adapt, 6, offset);
                    let plain: Vec<f64> = (0..n).map(|_| unit(&mut generator)).collect();
                    let mut z = vec![0.0; n];
                    streams.fill_at(level, (Purpose::Adapt, 6, offset), &mut z);
                    assert_eq!(z, plain, "{level}, {n} from {offset}");
                }
            }
        }
    }

    #[test]
    fn values_are_stable() {
        let mut z = [0.0; 3];
        Streams::new(1).fill_points(Purpose::Estimate, 0, 0, 3, &mut z);
        assert_eq!(
            z,
            [0.1033168269605994, 0.9527129445005952, 0.9355200710873411]
        );
    }
}
