//! The only place that seeds.
//!
//! (seed, purpose, iteration, point) gives the same numbers whoever asks: each triple of the
//! first three names one PCG-DXSM sequence, and point i of dimension d owns the d numbers
//! from i d on, reached by jumping (O'Neill, "PCG" (2014); the DXSM output as in NumPy).
//! Training and estimation have different purposes, so they never share numbers.

use rand::Rng;
use rand_pcg::Pcg64Dxsm;

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
}

/// All random numbers of one run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Streams {
    seed: u64,
}

/// One round of the `SplitMix64` finaliser (Steele, Lea, Flood 2014).
fn mix(mut z: u64) -> u64 {
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

    /// The generator of a purpose and iteration, jumped over `offset` numbers.
    pub(crate) fn generator(self, purpose: Purpose, iteration: u64, offset: u128) -> Pcg64Dxsm {
        let mut words = [0_u64; 4];
        let mut state = mix(self.seed) ^ mix((purpose as u64) << 32 | 0x7468_616c);
        state = mix(state) ^ mix(iteration ^ 0x7765_6700_0000_0000);
        for word in &mut words {
            state = mix(state);
            *word = state;
        }
        let wide = |high: u64, low: u64| u128::from(high) << 64 | u128::from(low);
        let mut generator = Pcg64Dxsm::new(wide(words[0], words[1]), wide(words[2], words[3]));
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
        let offset = u128::from(first) * dim as u128;
        let mut generator = self.generator(purpose, iteration, offset);
        for z in z {
            *z = unit(&mut generator);
        }
    }
}

/// A number strictly inside (0, 1): an odd multiple of 2^-53.
pub(crate) fn unit<R: Rng + ?Sized>(rng: &mut R) -> f64 {
    ((rng.next_u64() >> 12) as f64 + 0.5) * (1.0 / 4503599627370496.0)
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
    fn values_are_stable() {
        let mut z = [0.0; 3];
        Streams::new(1).fill_points(Purpose::Estimate, 0, 0, 3, &mut z);
        assert_eq!(
            z,
            [0.1033168269605994, 0.9527129445005952, 0.9355200710873411]
        );
    }
}
