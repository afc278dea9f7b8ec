//! AVX2 + FMA and AVX-512 vectors.
//!
//! The types stay inside `kernel`: [`super::dispatch::run`] alone chooses them, after the
//! features were detected, and every kernel is inlined into its `target_feature` shell.
//! That is the safety argument of each block below; bounds are checked before each load
//! and store. Weakness: a method called outside a shell would be slow, not wrong, on a
//! machine that has the features, and illegal on one that lacks them.

use std::arch::x86_64::{
    __m256, __m256d, __m256i, __m512, __m512d, __m512i, __mmask8, _CMP_GE_OQ, _CMP_GT_OQ,
    _mm_add_ps, _mm_loadu_ps, _mm_storeu_ps, _mm256_add_epi64, _mm256_add_pd, _mm256_add_ps,
    _mm256_and_si256, _mm256_blendv_pd, _mm256_blendv_ps, _mm256_castpd_si256,
    _mm256_castps256_ps128, _mm256_castsi256_pd, _mm256_cmp_pd, _mm256_cmp_ps, _mm256_cvtpd_ps,
    _mm256_cvtps_pd, _mm256_div_pd, _mm256_extractf128_ps, _mm256_fmadd_pd, _mm256_fmadd_ps,
    _mm256_hadd_ps, _mm256_loadu_pd, _mm256_loadu_ps, _mm256_max_pd, _mm256_min_pd, _mm256_mul_pd,
    _mm256_mul_ps, _mm256_or_si256, _mm256_set1_epi64x, _mm256_set1_pd, _mm256_set1_ps,
    _mm256_setzero_pd, _mm256_setzero_ps, _mm256_slli_epi64, _mm256_sqrt_pd, _mm256_srli_epi64,
    _mm256_storeu_pd, _mm256_storeu_ps, _mm256_sub_epi64, _mm256_sub_pd, _mm512_add_epi64,
    _mm512_add_pd, _mm512_add_ps, _mm512_and_si512, _mm512_castpd_si512, _mm512_castps512_ps256,
    _mm512_castsi512_pd, _mm512_cmp_pd_mask, _mm512_cmp_ps_mask, _mm512_cvtpd_ps, _mm512_cvtps_pd,
    _mm512_div_pd, _mm512_extractf32x8_ps, _mm512_fmadd_pd, _mm512_fmadd_ps, _mm512_loadu_pd,
    _mm512_loadu_ps, _mm512_mask_blend_pd, _mm512_mask_blend_ps, _mm512_max_pd, _mm512_min_pd,
    _mm512_mul_pd, _mm512_mul_ps, _mm512_or_si512, _mm512_reduce_add_pd, _mm512_reduce_add_ps,
    _mm512_set1_epi64, _mm512_set1_pd, _mm512_set1_ps, _mm512_setzero_pd, _mm512_setzero_ps,
    _mm512_slli_epi64, _mm512_sqrt_pd, _mm512_srli_epi64, _mm512_storeu_pd, _mm512_storeu_ps,
    _mm512_sub_epi64, _mm512_sub_pd,
};

use super::lane::{Lane, LaneF64, Simd};

/// AVX2 with FMA.
pub(super) struct Avx2;
/// AVX-512 F, DQ, VL.
pub(super) struct Avx512;

impl Simd for Avx2 {
    type F32 = F32x8;
    type F64 = F64x4;
}
impl Simd for Avx512 {
    type F32 = F32x16;
    type F64 = F64x8;
}

#[derive(Clone, Copy)]
pub(super) struct F32x8(__m256);
#[derive(Clone, Copy)]
pub(super) struct F64x4(__m256d);
#[derive(Clone, Copy)]
pub(super) struct F32x16(__m512);
#[derive(Clone, Copy)]
pub(super) struct F64x8(__m512d);

/// One intrinsic call; the types exist only where the features do (see the head).
macro_rules! op {
    ($e:expr) => {
        // SAFETY: the level was detected before this type was chosen.
        unsafe { $e }
    };
}

macro_rules! lane {
    ($v:ident, $t:ty, $n:literal, $many:literal, $set1:ident, $load:ident, $store:ident,
     $add:ident, $mul:ident, $fma:ident) => {
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
        fn mul(self, b: Self) -> Self {
            Self(op!($mul(self.0, b.0)))
        }
        #[inline(always)]
        fn fma(self, b: Self, c: Self) -> Self {
            Self(op!($fma(self.0, b.0, c.0)))
        }
        type Scalar = $t;
        const LANES: usize = $n;
        const MANY_REGISTERS: bool = $many;
    };
}

impl Lane for F32x8 {
    lane!(
        F32x8,
        f32,
        8,
        false,
        _mm256_set1_ps,
        _mm256_loadu_ps,
        _mm256_storeu_ps,
        _mm256_add_ps,
        _mm256_mul_ps,
        _mm256_fmadd_ps
    );
    #[inline(always)]
    fn select_positive(self, yes: Self, no: Self) -> Self {
        let mask = op!(_mm256_cmp_ps::<_CMP_GT_OQ>(self.0, _mm256_setzero_ps()));
        Self(op!(_mm256_blendv_ps(no.0, yes.0, mask)))
    }
    #[inline(always)]
    fn sum(self) -> f32 {
        let mut lanes = [0.0; 8];
        self.store(&mut lanes);
        let [a, b, c, d, e, f, g, h] = lanes;
        ((a + e) + (b + f)) + ((c + g) + (d + h))
    }
    #[inline(always)]
    fn sums4([a, b, c, d]: [Self; 4]) -> [f32; 4] {
        let pairs = op!(_mm256_hadd_ps(
            _mm256_hadd_ps(a.0, b.0),
            _mm256_hadd_ps(c.0, d.0)
        ));
        let sums = op!(_mm_add_ps(
            _mm256_castps256_ps128(pairs),
            _mm256_extractf128_ps::<1>(pairs)
        ));
        let mut lanes = [0.0; 4];
        // SAFETY: the array has the four lanes that are written.
        unsafe { _mm_storeu_ps(lanes.as_mut_ptr(), sums) }
        lanes
    }
}

impl Lane for F64x4 {
    lane!(
        F64x4,
        f64,
        4,
        false,
        _mm256_set1_pd,
        _mm256_loadu_pd,
        _mm256_storeu_pd,
        _mm256_add_pd,
        _mm256_mul_pd,
        _mm256_fmadd_pd
    );
    #[inline(always)]
    fn select_positive(self, yes: Self, no: Self) -> Self {
        let mask = op!(_mm256_cmp_pd::<_CMP_GT_OQ>(self.0, _mm256_setzero_pd()));
        Self(op!(_mm256_blendv_pd(no.0, yes.0, mask)))
    }
    #[inline(always)]
    fn sum(self) -> f64 {
        let mut lanes = [0.0; 4];
        self.store(&mut lanes);
        let [a, b, c, d] = lanes;
        (a + c) + (b + d)
    }
}

impl Lane for F32x16 {
    lane!(
        F32x16,
        f32,
        16,
        true,
        _mm512_set1_ps,
        _mm512_loadu_ps,
        _mm512_storeu_ps,
        _mm512_add_ps,
        _mm512_mul_ps,
        _mm512_fmadd_ps
    );
    #[inline(always)]
    fn select_positive(self, yes: Self, no: Self) -> Self {
        let mask = op!(_mm512_cmp_ps_mask::<_CMP_GT_OQ>(
            self.0,
            _mm512_setzero_ps()
        ));
        Self(op!(_mm512_mask_blend_ps(mask, no.0, yes.0)))
    }
    #[inline(always)]
    fn sum(self) -> f32 {
        op!(_mm512_reduce_add_ps(self.0))
    }
    #[inline(always)]
    fn sums4(v: [Self; 4]) -> [f32; 4] {
        F32x8::sums4(v.map(|v| {
            F32x8(op!(_mm256_add_ps(
                _mm512_castps512_ps256(v.0),
                _mm512_extractf32x8_ps::<1>(v.0)
            )))
        }))
    }
}

impl Lane for F64x8 {
    lane!(
        F64x8,
        f64,
        8,
        true,
        _mm512_set1_pd,
        _mm512_loadu_pd,
        _mm512_storeu_pd,
        _mm512_add_pd,
        _mm512_mul_pd,
        _mm512_fmadd_pd
    );
    #[inline(always)]
    fn select_positive(self, yes: Self, no: Self) -> Self {
        let mask = op!(_mm512_cmp_pd_mask::<_CMP_GT_OQ>(
            self.0,
            _mm512_setzero_pd()
        ));
        Self(op!(_mm512_mask_blend_pd(mask, no.0, yes.0)))
    }
    #[inline(always)]
    fn sum(self) -> f64 {
        op!(_mm512_reduce_add_pd(self.0))
    }
}

#[inline(always)]
fn int4(v: __m256d) -> __m256i {
    op!(_mm256_castpd_si256(v))
}
#[inline(always)]
fn float4(v: __m256i) -> F64x4 {
    F64x4(op!(_mm256_castsi256_pd(v)))
}
#[inline(always)]
fn int8(v: __m512d) -> __m512i {
    op!(_mm512_castpd_si512(v))
}
#[inline(always)]
fn float8(v: __m512i) -> F64x8 {
    F64x8(op!(_mm512_castsi512_pd(v)))
}

impl LaneF64 for F64x4 {
    type Mask = __m256d;

    #[inline(always)]
    fn load_f32(from: &[f32]) -> Self {
        let from = &from[..4];
        // SAFETY: the slice has the lanes that are read.
        Self(unsafe { _mm256_cvtps_pd(_mm_loadu_ps(from.as_ptr())) })
    }
    #[inline(always)]
    fn store_f32(self, to: &mut [f32]) {
        let to = &mut to[..4];
        // SAFETY: the slice has the lanes that are written.
        unsafe { _mm_storeu_ps(to.as_mut_ptr(), _mm256_cvtpd_ps(self.0)) }
    }
    #[inline(always)]
    fn sub(self, b: Self) -> Self {
        Self(op!(_mm256_sub_pd(self.0, b.0)))
    }
    #[inline(always)]
    fn div(self, b: Self) -> Self {
        Self(op!(_mm256_div_pd(self.0, b.0)))
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        Self(op!(_mm256_sqrt_pd(self.0)))
    }
    #[inline(always)]
    fn max(self, b: Self) -> Self {
        Self(op!(_mm256_max_pd(self.0, b.0)))
    }
    #[inline(always)]
    fn min(self, b: Self) -> Self {
        Self(op!(_mm256_min_pd(self.0, b.0)))
    }
    #[inline(always)]
    fn ge(self, b: Self) -> Self::Mask {
        op!(_mm256_cmp_pd::<_CMP_GE_OQ>(self.0, b.0))
    }
    #[inline(always)]
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self {
        Self(op!(_mm256_blendv_pd(no.0, yes.0, mask)))
    }
    #[inline(always)]
    fn bits_add(self, b: u64) -> Self {
        float4(op!(_mm256_add_epi64(
            int4(self.0),
            _mm256_set1_epi64x(b.cast_signed())
        )))
    }
    #[inline(always)]
    fn bits_sub(self, b: Self) -> Self {
        float4(op!(_mm256_sub_epi64(int4(self.0), int4(b.0))))
    }
    #[inline(always)]
    fn bits_and(self, b: u64) -> Self {
        float4(op!(_mm256_and_si256(
            int4(self.0),
            _mm256_set1_epi64x(b.cast_signed())
        )))
    }
    #[inline(always)]
    fn bits_or(self, b: u64) -> Self {
        float4(op!(_mm256_or_si256(
            int4(self.0),
            _mm256_set1_epi64x(b.cast_signed())
        )))
    }
    #[inline(always)]
    fn bits_shl52_add(self, b: Self) -> Self {
        float4(op!(_mm256_add_epi64(
            _mm256_slli_epi64::<52>(int4(self.0)),
            int4(b.0)
        )))
    }
    #[inline(always)]
    fn bits_shr52(self) -> Self {
        float4(op!(_mm256_srli_epi64::<52>(int4(self.0))))
    }
}

impl LaneF64 for F64x8 {
    type Mask = __mmask8;

    #[inline(always)]
    fn load_f32(from: &[f32]) -> Self {
        let from = &from[..8];
        // SAFETY: the slice has the lanes that are read.
        Self(unsafe { _mm512_cvtps_pd(_mm256_loadu_ps(from.as_ptr())) })
    }
    #[inline(always)]
    fn store_f32(self, to: &mut [f32]) {
        let to = &mut to[..8];
        // SAFETY: the slice has the lanes that are written.
        unsafe { _mm256_storeu_ps(to.as_mut_ptr(), _mm512_cvtpd_ps(self.0)) }
    }
    #[inline(always)]
    fn sub(self, b: Self) -> Self {
        Self(op!(_mm512_sub_pd(self.0, b.0)))
    }
    #[inline(always)]
    fn div(self, b: Self) -> Self {
        Self(op!(_mm512_div_pd(self.0, b.0)))
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        Self(op!(_mm512_sqrt_pd(self.0)))
    }
    #[inline(always)]
    fn max(self, b: Self) -> Self {
        Self(op!(_mm512_max_pd(self.0, b.0)))
    }
    #[inline(always)]
    fn min(self, b: Self) -> Self {
        Self(op!(_mm512_min_pd(self.0, b.0)))
    }
    #[inline(always)]
    fn ge(self, b: Self) -> Self::Mask {
        op!(_mm512_cmp_pd_mask::<_CMP_GE_OQ>(self.0, b.0))
    }
    #[inline(always)]
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self {
        Self(op!(_mm512_mask_blend_pd(mask, no.0, yes.0)))
    }
    #[inline(always)]
    fn bits_add(self, b: u64) -> Self {
        float8(op!(_mm512_add_epi64(
            int8(self.0),
            _mm512_set1_epi64(b.cast_signed())
        )))
    }
    #[inline(always)]
    fn bits_sub(self, b: Self) -> Self {
        float8(op!(_mm512_sub_epi64(int8(self.0), int8(b.0))))
    }
    #[inline(always)]
    fn bits_and(self, b: u64) -> Self {
        float8(op!(_mm512_and_si512(
            int8(self.0),
            _mm512_set1_epi64(b.cast_signed())
        )))
    }
    #[inline(always)]
    fn bits_or(self, b: u64) -> Self {
        float8(op!(_mm512_or_si512(
            int8(self.0),
            _mm512_set1_epi64(b.cast_signed())
        )))
    }
    #[inline(always)]
    fn bits_shl52_add(self, b: Self) -> Self {
        float8(op!(_mm512_add_epi64(
            _mm512_slli_epi64::<52>(int8(self.0)),
            int8(b.0)
        )))
    }
    #[inline(always)]
    fn bits_shr52(self) -> Self {
        float8(op!(_mm512_srli_epi64::<52>(int8(self.0))))
    }
}
