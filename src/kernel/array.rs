//! Vectors as plain arrays: the level that every machine has, and the tests' oracle.
//!
//! `Array<f32, 8, false>` and its f64 partner of 4 lanes are left to the compiler to vectorise for the target's baseline;
//! multiplications and additions round one by one, because a fused one would call the C
//! library. With one lane it is the scalar twin of the other levels: `FUSED` says whether
//! that of a level with fused multiply-adds.

use std::array;

use super::lane::{Lane, Real as _, Simd};

/// `N` numbers side by side, one plain operation per lane.
#[derive(Clone, Copy)]
pub(crate) struct Array<T, const N: usize, const FUSED: bool>([T; N]);

/// The level that every machine has.
pub(crate) struct Portable;

impl Simd for Portable {
    type F32 = Array<f32, 8, false>;
    type F64 = Array<f64, 4, false>;
}

/// One lane at a time: the oracle of the tests, and what benchmarks compare with.
pub(crate) struct Scalar<const FUSED: bool>;

impl<const FUSED: bool> Simd for Scalar<FUSED>
where
    Array<f32, 1, FUSED>: Lane<Scalar = f32, Wide = Array<f64, 1, FUSED>>,
    Array<f64, 1, FUSED>: Lane<Scalar = f64, Wide = Array<f64, 1, FUSED>>,
{
    type F32 = Array<f32, 1, FUSED>;
    type F64 = Array<f64, 1, FUSED>;
}

macro_rules! array_lane {
    ($t:ty, $bits:ty, $mantissa:literal, $lanes:literal, $wide:literal, $fused:literal) => {
        impl Lane for Array<$t, $lanes, $fused> {
            type Scalar = $t;
            type Mask = [bool; $lanes];
            type Wide = Array<f64, $wide, $fused>;
            const LANES: usize = $lanes;
            const PARTS: usize = $lanes / $wide;
            const MANY_REGISTERS: bool = false;

            #[inline(always)]
            fn splat(value: $t) -> Self {
                Self([value; $lanes])
            }
            #[inline(always)]
            fn load(from: &[$t]) -> Self {
                Self(array::from_fn(|i| from[i]))
            }
            #[inline(always)]
            fn store(self, to: &mut [$t]) {
                to[..$lanes].copy_from_slice(&self.0);
            }
            #[inline(always)]
            fn add(self, b: Self) -> Self {
                self.zip(b, |a, b| a + b)
            }
            #[inline(always)]
            fn sub(self, b: Self) -> Self {
                self.zip(b, |a, b| a - b)
            }
            #[inline(always)]
            fn mul(self, b: Self) -> Self {
                self.zip(b, |a, b| a * b)
            }
            #[inline(always)]
            fn div(self, b: Self) -> Self {
                self.zip(b, |a, b| a / b)
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                Self(self.0.map(<$t>::sqrt))
            }
            #[inline(always)]
            fn fma(self, b: Self, c: Self) -> Self {
                Self(array::from_fn(|i| {
                    if $fused {
                        self.0[i].mul_add(b.0[i], c.0[i])
                    } else {
                        self.0[i] * b.0[i] + c.0[i]
                    }
                }))
            }
            #[inline(always)]
            fn max(self, b: Self) -> Self {
                self.zip(b, |a, b| if a > b { a } else { b })
            }
            #[inline(always)]
            fn min(self, b: Self) -> Self {
                self.zip(b, |a, b| if a < b { a } else { b })
            }
            #[inline(always)]
            fn ge(self, b: Self) -> Self::Mask {
                array::from_fn(|i| self.0[i] >= b.0[i])
            }
            #[inline(always)]
            fn positive(self) -> Self::Mask {
                self.0.map(|a| a > 0.0)
            }
            #[inline(always)]
            fn select(mask: Self::Mask, yes: Self, no: Self) -> Self {
                Self(array::from_fn(|i| if mask[i] { yes.0[i] } else { no.0[i] }))
            }
            #[inline(always)]
            fn sum(self) -> $t {
                self.0.iter().fold(0.0, |a, b| a + b)
            }
            #[inline(always)]
            #[expect(
                clippy::allow_attributes,
                reason = "only one of the two widths truncates"
            )]
            #[allow(
                clippy::cast_possible_truncation,
                reason = "the low half is what is asked for"
            )]
            fn splat_bits(bits: u64) -> Self {
                Self::splat(<$t>::from_bits(bits as $bits))
            }
            #[inline(always)]
            fn bits_add(self, b: Self) -> Self {
                self.bits(b, <$bits>::wrapping_add)
            }
            #[inline(always)]
            fn bits_sub(self, b: Self) -> Self {
                self.bits(b, <$bits>::wrapping_sub)
            }
            #[inline(always)]
            fn bits_and(self, b: Self) -> Self {
                self.bits(b, |a, b| a & b)
            }
            #[inline(always)]
            fn bits_or(self, b: Self) -> Self {
                self.bits(b, |a, b| a | b)
            }
            #[inline(always)]
            fn shift_up(self) -> Self {
                self.bits(self, |a, _| a << $mantissa)
            }
            #[inline(always)]
            fn shift_down(self) -> Self {
                self.bits(self, |a, _| a >> $mantissa)
            }
            #[inline(always)]
            fn widen(self, part: usize) -> Self::Wide {
                Array(array::from_fn(|i| self.0[part * $wide + i].to_f64()))
            }
            #[inline(always)]
            fn narrow(parts: [Self::Wide; 2]) -> Self {
                let mut lanes = [0.0; $lanes];
                for (lanes, part) in lanes.chunks_exact_mut($wide).zip(parts) {
                    for (to, from) in lanes.iter_mut().zip(part.0) {
                        *to = <$t>::from_f64(from);
                    }
                }
                Self(lanes)
            }
            #[inline(always)]
            fn narrow_down(parts: [Self::Wide; 2]) -> Self {
                let Self(mut lanes) = Self::narrow(parts);
                for (lanes, part) in lanes.chunks_exact_mut($wide).zip(parts) {
                    for (near, exact) in lanes.iter_mut().zip(part.0) {
                        // One step down is one less in the bits of a positive number.
                        let step = <$bits>::from(near.to_f64() > exact);
                        *near = <$t>::from_bits(near.to_bits().wrapping_sub(step));
                    }
                }
                Self(lanes)
            }
        }

        impl Array<$t, $lanes, $fused> {
            #[inline(always)]
            fn zip(self, b: Self, op: impl Fn($t, $t) -> $t) -> Self {
                Self(array::from_fn(|i| op(self.0[i], b.0[i])))
            }
            #[inline(always)]
            fn bits(self, b: Self, op: impl Fn($bits, $bits) -> $bits) -> Self {
                self.zip(b, |a, b| <$t>::from_bits(op(a.to_bits(), b.to_bits())))
            }
        }
    };
}
array_lane!(f32, u32, 23, 8, 4, false);
array_lane!(f64, u64, 52, 4, 4, false);
array_lane!(f32, u32, 23, 1, 1, false);
array_lane!(f64, u64, 52, 1, 1, false);
#[cfg(test)]
array_lane!(f32, u32, 23, 1, 1, true);
#[cfg(test)]
array_lane!(f64, u64, 52, 1, 1, true);
