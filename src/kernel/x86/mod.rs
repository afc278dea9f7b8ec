//! AVX2 + FMA and AVX-512 vectors.
//!
//! The types stay inside `kernel`: [`super::dispatch::run`] alone chooses them, after the
//! features were detected, and every kernel is inlined into its `target_feature` shell.
//! That is the safety argument of each block in the files below; bounds are checked before
//! each load and store. Weakness: a method called outside a shell would be slow, not wrong,
//! on a machine that has the features, and illegal on one that lacks them.

mod avx2;
mod avx512;

pub(super) use avx2::Avx2;
pub(super) use avx512::Avx512;

/// One intrinsic call; the types exist only where the features do (see the head).
macro_rules! op {
    ($e:expr) => {
        // SAFETY: the level was detected before this type was chosen.
        unsafe { $e }
    };
}
use op;

/// The methods that differ between the types in the names of intrinsics only.
macro_rules! lane {
    ($t:ty, $n:literal, $many:literal, $set1:ident, $load:ident, $store:ident, $add:ident,
     $sub:ident, $mul:ident, $div:ident, $sqrt:ident, $fma:ident, $max:ident, $min:ident) => {
        type Scalar = $t;
        const LANES: usize = $n;
        const MANY_REGISTERS: bool = $many;

        #[inline(always)]
        fn splat(value: $t) -> Self {
            Self(op!($set1(value)))
        }
        #[inline(always)]
        fn load(from: &[$t]) -> Self {
            let from = &from[..$n];
            // SAFETY: the slice has the lanes that are read.
            Self(unsafe { $load(from.as_ptr()) })
        }
        #[inline(always)]
        fn store(self, to: &mut [$t]) {
            let to = &mut to[..$n];
            // SAFETY: the slice has the lanes that are written.
            unsafe { $store(to.as_mut_ptr(), self.0) }
        }
        #[inline(always)]
        fn add(self, b: Self) -> Self {
            Self(op!($add(self.0, b.0)))
        }
        #[inline(always)]
        fn sub(self, b: Self) -> Self {
            Self(op!($sub(self.0, b.0)))
        }
        #[inline(always)]
        fn mul(self, b: Self) -> Self {
            Self(op!($mul(self.0, b.0)))
        }
        #[inline(always)]
        fn div(self, b: Self) -> Self {
            Self(op!($div(self.0, b.0)))
        }
        #[inline(always)]
        fn sqrt(self) -> Self {
            Self(op!($sqrt(self.0)))
        }
        #[inline(always)]
        fn fma(self, b: Self, c: Self) -> Self {
            Self(op!($fma(self.0, b.0, c.0)))
        }
        #[inline(always)]
        fn max(self, b: Self) -> Self {
            Self(op!($max(self.0, b.0)))
        }
        #[inline(always)]
        fn min(self, b: Self) -> Self {
            Self(op!($min(self.0, b.0)))
        }
    };
}
use lane;

/// Integer operations on bit patterns: intrinsics for (set1, to integer, back, add, sub, and,
/// or, shift left, shift right) and the length of the mantissa.
macro_rules! bits {
    ($int:ty, $set1:ident, $to:ident, $back:ident, $add:ident, $sub:ident, $and:ident,
     $or:ident, $left:ident, $right:ident, $mantissa:literal) => {
        #[inline(always)]
        #[expect(
            clippy::allow_attributes,
            reason = "only one of the two widths truncates"
        )]
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_possible_wrap,
            reason = "the low half of the bits is what is asked for"
        )]
        fn splat_bits(bits: u64) -> Self {
            Self(op!($back($set1(bits as $int))))
        }
        #[inline(always)]
        fn bits_add(self, b: Self) -> Self {
            Self(op!($back($add($to(self.0), $to(b.0)))))
        }
        #[inline(always)]
        fn bits_sub(self, b: Self) -> Self {
            Self(op!($back($sub($to(self.0), $to(b.0)))))
        }
        #[inline(always)]
        fn bits_and(self, b: Self) -> Self {
            Self(op!($back($and($to(self.0), $to(b.0)))))
        }
        #[inline(always)]
        fn bits_or(self, b: Self) -> Self {
            Self(op!($back($or($to(self.0), $to(b.0)))))
        }
        #[inline(always)]
        fn shift_up(self) -> Self {
            Self(op!($back($left::<$mantissa>($to(self.0)))))
        }
        #[inline(always)]
        fn shift_down(self) -> Self {
            Self(op!($back($right::<$mantissa>($to(self.0)))))
        }
    };
}
use bits;
