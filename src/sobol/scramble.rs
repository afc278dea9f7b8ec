//! Owen scrambling by a hash, sixteen coordinates at a time.
//!
//! Nested uniform scrambling (A. B. Owen 1995) flips each binary digit of a coordinate by a
//! random bit that depends on all digits before it. In numbers with reversed digits that is any
//! permutation in which a bit depends on itself and lower bits only; multiplications and
//! additions are such (S. Laine, T. Karras 2011; B. Burley, "Practical Hash-based Owen
//! Scrambling", JCGT 9(4) (2020) 1). With a random shift a and a random odd factor b per
//! dimension, and the constants of N. Vegdahl ("Building a better LK hash", 2021):
//!
//! x ^= `C_1` x;  x += a;  x *= b;  x ^= `C_2` x;  x ^= `C_3` x.
//!
//! Given b, a uniform a makes x uniform: each point is uniform over the seeds, exactly. Digits
//! beyond the 32nd, which no two of 2^32 points share, may be independent of all; twenty come
//! from another hash of x and b. Only integers: the same bits on every level.
//! Known weakness: the flips of different digits are only as independent as the hash is good.

#![expect(
    clippy::inline_always,
    reason = "kernels must take on the features of their shell"
)]

use super::{Shape, directions::BITS};
use crate::kernel::{dispatch::Kernel, lane::Simd};
use crate::rng::mix;

/// Coordinates in a vector of 32-bit integers, at most.
pub(super) const WIDE: usize = 16;

/// Shifts and factors of all dimensions, in the pattern of [`Shape::period`].
#[derive(Clone)]
pub(super) struct Scramble {
    /// `[period]`
    shifts: Vec<u32>,
    /// `[period]`, odd
    factors: Vec<u32>,
}

impl Scramble {
    /// For points `run` 2^32 to (`run` + 1) 2^32.
    pub(super) fn new(shape: &Shape, seed: u64, run: u64) -> Self {
        let state = mix(mix(seed) ^ mix(run ^ 0x736f_626f_6c00_0000));
        let words: Vec<u64> = (0..shape.dim as u64)
            .map(|j| mix(state.wrapping_add(mix(j))))
            .collect();
        let repeated = |half: fn(u64) -> u32| {
            let row: Vec<u32> = words.iter().map(|w| half(*w)).collect();
            row.repeat(shape.period / shape.dim)
        };
        Self {
            shifts: repeated(|w| (w & 0xffff_ffff) as u32),
            factors: repeated(|w| (w >> 32) as u32 | 1),
        }
    }
}

/// Fills `z` from point `first` of a run on; `scramble` is `None` for the sequence as it is.
pub(super) struct Fill<'a> {
    pub(super) shape: &'a Shape,
    pub(super) scramble: Option<&'a Scramble>,
    pub(super) first: u32,
    pub(super) z: &'a mut [f64],
}

impl Kernel for Fill<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self) {
        let Self {
            shape, first, z, ..
        } = self;
        match self.scramble {
            Some(Scramble { shifts, factors }) => {
                blocks::<true>(shape, first, z, shifts, factors);
            }
            // The numbers are not used.
            None => blocks::<false>(shape, first, z, &shape.zeros, &shape.zeros),
        }
    }
}

/// Goes through the blocks of `z`: a point's state is that of its block ^ that of its place
/// within the block, because the Gray code is linear.
#[inline(always)]
fn blocks<const SCRAMBLED: bool>(
    shape: &Shape,
    first: u32,
    mut z: &mut [f64],
    shifts: &[u32],
    factors: &[u32],
) {
    let points = shape.block;
    let mut start = first & !(points - 1);
    let mut state = shape.state(start);
    let mut skip = (first - start) as usize * shape.dim;
    loop {
        let within = &shape.within[skip..];
        let n = within.len().min(z.len());
        let (now, later) = z.split_at_mut(n);
        let pattern = Pattern {
            state: &state,
            shifts,
            factors,
        };
        pattern.apply::<SCRAMBLED>(&within[..n], skip % shape.period, now);
        if later.is_empty() {
            return;
        }
        z = later;
        start = start.wrapping_add(points);
        skip = 0;
        // From one block to the next two bits of the Gray code change.
        let [above, below] = [start.trailing_zeros(), points.trailing_zeros() - 1]
            .map(|bit| shape.direction(bit as usize % BITS));
        for row in state.chunks_exact_mut(shape.dim) {
            for ((state, above), below) in row.iter_mut().zip(above).zip(below) {
                *state ^= above ^ below;
            }
        }
    }
}

/// What repeats with the period of the shape, each `[period]`.
#[derive(Clone, Copy)]
struct Pattern<'a> {
    state: &'a [u32],
    shifts: &'a [u32],
    factors: &'a [u32],
}

impl Pattern<'_> {
    /// Makes coordinates of the states `within` their block; the first has place `at` in the
    /// pattern.
    #[inline(always)]
    fn apply<const SCRAMBLED: bool>(self, within: &[u32], at: usize, z: &mut [f64]) {
        let period = self.state.len();
        let head = ((period - at) % period).min(z.len());
        let (first, z) = z.split_at_mut(head);
        self.one_by_one::<SCRAMBLED>(within, at, first);
        let within = &within[head..];
        let groups = within.chunks_exact(period);
        let mut parts = z.chunks_exact_mut(period);
        for (within, z) in groups.clone().zip(&mut parts) {
            let vectors = within.as_chunks::<WIDE>().0.iter();
            let vectors = vectors.zip(z.as_chunks_mut::<WIDE>().0);
            let pattern = self.state.as_chunks::<WIDE>().0.iter();
            let pattern = pattern.zip(self.shifts.as_chunks::<WIDE>().0);
            let pattern = pattern.zip(self.factors.as_chunks::<WIDE>().0);
            for ((within, z), ((state, shifts), factors)) in vectors.zip(pattern) {
                for i in 0..WIDE {
                    let digits = within[i] ^ state[i];
                    z[i] = number::<SCRAMBLED>(digits, shifts[i], factors[i]);
                }
            }
        }
        self.one_by_one::<SCRAMBLED>(groups.remainder(), 0, parts.into_remainder());
    }

    /// As `apply`, within one period.
    #[inline(always)]
    fn one_by_one<const SCRAMBLED: bool>(self, within: &[u32], at: usize, z: &mut [f64]) {
        let pattern = self.state[at..].iter().zip(&self.shifts[at..]);
        let pattern = pattern.zip(&self.factors[at..]);
        for ((within, z), ((state, shift), factor)) in within.iter().zip(z).zip(pattern) {
            *z = number::<SCRAMBLED>(within ^ state, *shift, *factor);
        }
    }
}

/// The scrambled digits, reversed, and twenty more at the top of a number.
#[inline(always)]
fn scrambled(x: u32, shift: u32, factor: u32) -> (u32, u32) {
    let x = x ^ x.wrapping_mul(0x3d20_adea);
    let x = x.wrapping_add(shift).wrapping_mul(factor);
    let x = x ^ x.wrapping_mul(0x0552_6c56);
    let x = x ^ x.wrapping_mul(0x53a2_2864);
    let low = x.wrapping_add(factor);
    let low = (low ^ low >> 16).wrapping_mul(0x7feb_352d);
    (x, low ^ low >> 15)
}

/// The number in (0, 1) of a coordinate with the reversed `digits`: 32 binary digits, scrambled
/// or not, twenty random ones or zeros, and a 1; an odd multiple of 2^-53.
#[inline(always)]
fn number<const SCRAMBLED: bool>(digits: u32, shift: u32, factor: u32) -> f64 {
    let (high, low) = if SCRAMBLED {
        scrambled(digits, shift, factor)
    } else {
        (digits, 0)
    };
    let digits = u64::from(high.reverse_bits()) << 20 | u64::from(low >> 12);
    f64::from_bits(1.0_f64.to_bits() | digits) - (1.0 - f64::EPSILON / 2.0)
}
