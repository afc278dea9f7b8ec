//! The few vector operations that the kernels need, and their portable form.
//!
//! `Array<T, 1>` is the scalar oracle, `Array<T, 4>` what machines without AVX2 run.

use std::array;
use std::fmt::Debug;

/// A vector of `LANES` numbers.
pub(crate) trait Lane: Copy {
    type Scalar: Copy;
    const LANES: usize;
    /// Whether 16 accumulators fit into the registers (otherwise 8).
    const MANY_REGISTERS: bool;

    fn splat(value: Self::Scalar) -> Self;
    /// Reads the first `LANES` elements; panics where there are fewer.
    fn load(from: &[Self::Scalar]) -> Self;
    /// Writes the first `LANES` elements; panics where there are fewer.
    fn store(self, to: &mut [Self::Scalar]);
    fn add(self, b: Self) -> Self;
    fn mul(self, b: Self) -> Self;
    /// `self * b + c`, fused where the level has it.
    fn fma(self, b: Self, c: Self) -> Self;
    /// Where `self > 0`: `yes`, elsewhere: `no`.
    fn select_positive(self, yes: Self, no: Self) -> Self;
    /// Sum over the lanes, in an order fixed for the type.
    fn sum(self) -> Self::Scalar;
    /// The sums of four vectors; a level may have a faster way than one by one.
    #[inline(always)]
    fn sums4(v: [Self; 4]) -> [Self::Scalar; 4] {
        v.map(Self::sum)
    }
}

/// A vector of f64 with what exp, ln and the splines need besides.
pub(crate) trait LaneF64: Lane<Scalar = f64> {
    type Mask: Copy;

    /// Reads the first `LANES` elements and widens them.
    fn load_f32(from: &[f32]) -> Self;
    /// Rounds to f32 and writes the first `LANES` elements.
    fn store_f32(self, to: &mut [f32]);
    fn sub(self, b: Self) -> Self;
    fn div(self, b: Self) -> Self;
    fn sqrt(self) -> Self;
    fn max(self, b: Self) -> Self;
    fn min(self, b: Self) -> Self;
    /// `self >= b`, false for NaN.
    fn ge(self, b: Self) -> Self::Mask;
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self;
    /// Operations on the bit patterns as 64-bit integers (wrapping).
    fn bits_add(self, b: u64) -> Self;
    fn bits_sub(self, b: Self) -> Self;
    fn bits_and(self, b: u64) -> Self;
    fn bits_or(self, b: u64) -> Self;
    /// Adds the bits of `self`, shifted left by 52, to the bits of `b`.
    fn bits_shl52_add(self, b: Self) -> Self;
    fn bits_shr52(self) -> Self;
}

/// The vector types of one level.
pub(crate) trait Simd {
    type F32: Lane<Scalar = f32>;
    type F64: LaneF64;
}

/// The two precisions a conditioner can run in.
pub(crate) trait Real: Copy + Default + PartialEq + Send + Sync + Debug + 'static {
    type In<S: Simd>: Lane<Scalar = Self>;
    fn from_f64(value: f64) -> Self;
    fn to_f64(self) -> f64;
    fn plus(self, b: Self) -> Self;
    fn load<V: LaneF64>(from: &[Self]) -> V;
    fn store<V: LaneF64>(value: V, to: &mut [Self]);
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
    #[inline(always)]
    fn load<V: LaneF64>(from: &[Self]) -> V {
        V::load_f32(from)
    }
    #[inline(always)]
    fn store<V: LaneF64>(value: V, to: &mut [Self]) {
        value.store_f32(to);
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
    #[inline(always)]
    fn load<V: LaneF64>(from: &[Self]) -> V {
        V::load(from)
    }
    #[inline(always)]
    fn store<V: LaneF64>(value: V, to: &mut [Self]) {
        value.store(to);
    }
}

/// `N` numbers side by side, one plain operation per lane.
#[derive(Clone, Copy)]
pub(crate) struct Array<T, const N: usize>([T; N]);

/// The level that every machine has.
pub(crate) struct Portable;

impl Simd for Portable {
    type F32 = Array<f32, 8>;
    type F64 = Array<f64, 4>;
}

/// One lane at a time: the oracle of the tests.
#[cfg(test)]
pub(crate) struct Scalar;

#[cfg(test)]
impl Simd for Scalar {
    type F32 = Array<f32, 1>;
    type F64 = Array<f64, 1>;
}

macro_rules! array_lane {
    ($t:ty) => {
        impl<const N: usize> Lane for Array<$t, N> {
            type Scalar = $t;
            const LANES: usize = N;
            const MANY_REGISTERS: bool = false;

            #[inline(always)]
            fn splat(value: $t) -> Self {
                Self([value; N])
            }
            #[inline(always)]
            fn load(from: &[$t]) -> Self {
                Self(array::from_fn(|i| from[i]))
            }
            #[inline(always)]
            fn store(self, to: &mut [$t]) {
                to[..N].copy_from_slice(&self.0);
            }
            #[inline(always)]
            fn add(self, b: Self) -> Self {
                Self(array::from_fn(|i| self.0[i] + b.0[i]))
            }
            #[inline(always)]
            fn mul(self, b: Self) -> Self {
                Self(array::from_fn(|i| self.0[i] * b.0[i]))
            }
            #[inline(always)]
            fn fma(self, b: Self, c: Self) -> Self {
                Self(array::from_fn(|i| self.0[i] * b.0[i] + c.0[i]))
            }
            #[inline(always)]
            fn select_positive(self, yes: Self, no: Self) -> Self {
                Self(array::from_fn(|i| {
                    if self.0[i] > 0.0 { yes.0[i] } else { no.0[i] }
                }))
            }
            #[inline(always)]
            fn sum(self) -> $t {
                self.0.iter().fold(0.0, |a, b| a + b)
            }
        }
    };
}
array_lane!(f32);
array_lane!(f64);

impl<const N: usize> Array<f64, N> {
    #[inline(always)]
    fn zip(self, b: Self, op: impl Fn(f64, f64) -> f64) -> Self {
        Self(array::from_fn(|i| op(self.0[i], b.0[i])))
    }
    #[inline(always)]
    fn bits(self, op: impl Fn(u64) -> u64) -> Self {
        Self(array::from_fn(|i| f64::from_bits(op(self.0[i].to_bits()))))
    }
}

impl<const N: usize> LaneF64 for Array<f64, N> {
    type Mask = [bool; N];

    #[inline(always)]
    fn load_f32(from: &[f32]) -> Self {
        Self(array::from_fn(|i| f64::from(from[i])))
    }
    #[inline(always)]
    fn store_f32(self, to: &mut [f32]) {
        for (to, from) in to[..N].iter_mut().zip(self.0) {
            *to = f32::from_f64(from);
        }
    }
    #[inline(always)]
    fn sub(self, b: Self) -> Self {
        self.zip(b, |a, b| a - b)
    }
    #[inline(always)]
    fn div(self, b: Self) -> Self {
        self.zip(b, |a, b| a / b)
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        Self(self.0.map(f64::sqrt))
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
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self {
        Self(array::from_fn(|i| if mask[i] { yes.0[i] } else { no.0[i] }))
    }
    #[inline(always)]
    fn bits_add(self, b: u64) -> Self {
        self.bits(|a| a.wrapping_add(b))
    }
    #[inline(always)]
    fn bits_sub(self, b: Self) -> Self {
        self.zip(b, |a, b| {
            f64::from_bits(a.to_bits().wrapping_sub(b.to_bits()))
        })
    }
    #[inline(always)]
    fn bits_and(self, b: u64) -> Self {
        self.bits(|a| a & b)
    }
    #[inline(always)]
    fn bits_or(self, b: u64) -> Self {
        self.bits(|a| a | b)
    }
    #[inline(always)]
    fn bits_shl52_add(self, b: Self) -> Self {
        self.zip(b, |a, b| {
            f64::from_bits((a.to_bits() << 52).wrapping_add(b.to_bits()))
        })
    }
    #[inline(always)]
    fn bits_shr52(self) -> Self {
        self.bits(|a| a >> 52)
    }
}
