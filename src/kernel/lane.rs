//! The few vector operations that the kernels need.
//!
//! [`Lane`] is a vector of f32 or f64. One lane type of a level stands beside its wide
//! partner in f64 ([`Lane::widen`], [`Lane::narrow`]), so that a kernel can prepare in the
//! conditioner's precision and finish in f64. Every operation rounds once, as IEEE 754 says;
//! levels differ in [`Lane::fma`] (fused or not) and in the order of [`Lane::sum`].

use std::fmt::Debug;

use super::math::Constants;

/// A vector of `LANES` numbers.
pub(crate) trait Lane: Copy {
    /// f32 or f64
    type Scalar: Real;
    /// One truth value per lane.
    type Mask: Copy;
    /// The f64 vector of the same level.
    type Wide: Lane<Scalar = f64>;
    const LANES: usize;
    /// Wide vectors that hold the lanes of one: 1 or 2.
    const PARTS: usize;
    /// Whether 16 accumulators fit into the registers (otherwise 8).
    const MANY_REGISTERS: bool;

    fn splat(value: Self::Scalar) -> Self;
    /// Reads the first `LANES` elements; panics where there are fewer.
    fn load(from: &[Self::Scalar]) -> Self;
    /// Writes the first `LANES` elements; panics where there are fewer.
    fn store(self, to: &mut [Self::Scalar]);
    fn add(self, b: Self) -> Self;
    fn sub(self, b: Self) -> Self;
    fn mul(self, b: Self) -> Self;
    fn div(self, b: Self) -> Self;
    fn sqrt(self) -> Self;
    /// `self * b + c`, fused where the level has it.
    fn fma(self, b: Self, c: Self) -> Self;
    /// `self > b ? self : b`; b where one is NaN.
    fn max(self, b: Self) -> Self;
    /// `self < b ? self : b`; b where one is NaN.
    fn min(self, b: Self) -> Self;
    /// `self >= b`, false for NaN.
    fn ge(self, b: Self) -> Self::Mask;
    /// `self > 0`, false for NaN.
    fn positive(self) -> Self::Mask;
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self;
    /// Sum over the lanes, in an order fixed for the type.
    fn sum(self) -> Self::Scalar;
    /// The sums of four vectors; a level may have a faster way than one by one.
    #[inline(always)]
    fn sums4(v: [Self; 4]) -> [Self::Scalar; 4] {
        v.map(Self::sum)
    }

    /// The bit pattern `bits` (its low half for f32) in each lane.
    fn splat_bits(bits: u64) -> Self;
    /// Operations on the bit patterns as integers of the scalar's width (wrapping).
    fn bits_add(self, b: Self) -> Self;
    fn bits_sub(self, b: Self) -> Self;
    fn bits_and(self, b: Self) -> Self;
    fn bits_or(self, b: Self) -> Self;
    /// Shifts the bits up by the length of the mantissa: an integer becomes an exponent.
    fn shift_up(self) -> Self;
    /// Shifts the bits down by the length of the mantissa: an exponent becomes an integer.
    fn shift_down(self) -> Self;

    /// Lanes `part * LANES / PARTS ..` in f64; exact.
    fn widen(self, part: usize) -> Self::Wide;
    /// Rounds `PARTS` wide vectors to nearest; the second is ignored where one is enough.
    fn narrow(parts: [Self::Wide; 2]) -> Self;
    /// As [`Lane::narrow`] but rounds down, for numbers >= 0: k <= down(x) if and only if
    /// k <= x, for each k of the narrow type.
    fn narrow_down(parts: [Self::Wide; 2]) -> Self;

    /// Transposes the square block `from[i * from_stride + j]` into `to[j * to_stride + i]`,
    /// i and j below `LANES`.
    #[inline(always)]
    fn transpose(
        from: &[Self::Scalar],
        from_stride: usize,
        to: &mut [Self::Scalar],
        to_stride: usize,
    ) {
        for j in 0..Self::LANES {
            for i in 0..Self::LANES {
                to[j * to_stride + i] = from[i * from_stride + j];
            }
        }
    }
}

/// The vector types of one level.
pub(crate) trait Simd {
    type F32: Lane<Scalar = f32, Wide = Self::F64>;
    type F64: Lane<Scalar = f64, Wide = Self::F64>;
}

/// The two precisions a conditioner can run in.
pub(crate) trait Real:
    Constants + Default + PartialEq + Send + Sync + Debug + 'static
{
    type In<S: Simd>: Lane<Scalar = Self, Wide = S::F64>;
    fn from_f64(value: f64) -> Self;
    fn to_f64(self) -> f64;
    fn plus(self, b: Self) -> Self;
}

impl Real for f32 {
    type In<S: Simd> = S::F32;
    #[inline(always)]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the conditioner's precision is f32"
    )]
    fn from_f64(value: f64) -> Self {
        value as f32
    }
    #[inline(always)]
    fn to_f64(self) -> f64 {
        f64::from(self)
    }
    #[inline(always)]
    fn plus(self, b: Self) -> Self {
        self + b
    }
}

impl Real for f64 {
    type In<S: Simd> = S::F64;
    #[inline(always)]
    fn from_f64(value: f64) -> Self {
        value
    }
    #[inline(always)]
    fn to_f64(self) -> f64 {
        self
    }
    #[inline(always)]
    fn plus(self, b: Self) -> Self {
        self + b
    }
}
