//! Vectors of 256 bits.

use std::arch::x86_64::{
    __m256, __m256d, _CMP_GE_OQ, _CMP_GT_OQ, _mm_add_ps, _mm_storeu_ps, _mm256_add_epi32,
    _mm256_add_epi64, _mm256_add_pd, _mm256_add_ps, _mm256_and_si256, _mm256_blendv_pd,
    _mm256_blendv_ps, _mm256_castpd_ps, _mm256_castpd_si256, _mm256_castps_si256,
    _mm256_castps256_ps128, _mm256_castsi256_pd, _mm256_castsi256_ps, _mm256_cmp_pd, _mm256_cmp_ps,
    _mm256_cvtpd_ps, _mm256_cvtps_pd, _mm256_div_pd, _mm256_div_ps, _mm256_extractf128_ps,
    _mm256_fmadd_pd, _mm256_fmadd_ps, _mm256_hadd_ps, _mm256_loadu_pd, _mm256_loadu_ps,
    _mm256_max_pd, _mm256_max_ps, _mm256_min_pd, _mm256_min_ps, _mm256_mul_pd, _mm256_mul_ps,
    _mm256_or_si256, _mm256_permute2f128_ps, _mm256_permute4x64_epi64, _mm256_set_m128,
    _mm256_set1_epi32, _mm256_set1_epi64x, _mm256_set1_pd, _mm256_set1_ps, _mm256_setzero_pd,
    _mm256_setzero_ps, _mm256_shuffle_ps, _mm256_slli_epi32, _mm256_slli_epi64, _mm256_sqrt_pd,
    _mm256_sqrt_ps, _mm256_srli_epi32, _mm256_srli_epi64, _mm256_storeu_pd, _mm256_storeu_ps,
    _mm256_sub_epi32, _mm256_sub_epi64, _mm256_sub_pd, _mm256_sub_ps, _mm256_unpackhi_ps,
    _mm256_unpacklo_ps,
};

use super::{super::lane::Lane, super::lane::Simd, bits, lane, op};

/// AVX2 with FMA.
pub(crate) struct Avx2;

impl Simd for Avx2 {
    type F32 = F32x8;
    type F64 = F64x4;
}

#[derive(Clone, Copy)]
pub(crate) struct F32x8(pub(super) __m256);
#[derive(Clone, Copy)]
pub(crate) struct F64x4(__m256d);

impl Lane for F32x8 {
    lane!(
        f32,
        8,
        false,
        _mm256_set1_ps,
        _mm256_loadu_ps,
        _mm256_storeu_ps,
        _mm256_add_ps,
        _mm256_sub_ps,
        _mm256_mul_ps,
        _mm256_div_ps,
        _mm256_sqrt_ps,
        _mm256_fmadd_ps,
        _mm256_max_ps,
        _mm256_min_ps
    );
    bits!(
        i32,
        _mm256_set1_epi32,
        _mm256_castps_si256,
        _mm256_castsi256_ps,
        _mm256_add_epi32,
        _mm256_sub_epi32,
        _mm256_and_si256,
        _mm256_or_si256,
        _mm256_slli_epi32,
        _mm256_srli_epi32,
        23
    );
    type Mask = __m256;
    type Wide = F64x4;
    const PARTS: usize = 2;

    #[inline(always)]
    fn ge(self, b: Self) -> Self::Mask {
        op!(_mm256_cmp_ps::<_CMP_GE_OQ>(self.0, b.0))
    }
    #[inline(always)]
    fn positive(self) -> Self::Mask {
        op!(_mm256_cmp_ps::<_CMP_GT_OQ>(self.0, _mm256_setzero_ps()))
    }
    #[inline(always)]
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self {
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
    #[inline(always)]
    fn widen(self, part: usize) -> F64x4 {
        let half = if part == 0 {
            op!(_mm256_castps256_ps128(self.0))
        } else {
            op!(_mm256_extractf128_ps::<1>(self.0))
        };
        F64x4(op!(_mm256_cvtps_pd(half)))
    }
    #[inline(always)]
    fn narrow([a, b]: [F64x4; 2]) -> Self {
        Self(op!(_mm256_set_m128(
            _mm256_cvtpd_ps(b.0),
            _mm256_cvtpd_ps(a.0)
        )))
    }
    #[inline(always)]
    fn narrow_down([a, b]: [F64x4; 2]) -> Self {
        let near = Self::narrow([a, b]);
        // Each mask of 64 bits shrinks to 32: the even halves of both registers.
        let (a, b) = (above(near.widen(0), a), above(near.widen(1), b));
        let both = op!(_mm256_permute4x64_epi64::<0b11_01_10_00>(
            _mm256_castps_si256(_mm256_shuffle_ps::<0b10_00_10_00>(a, b))
        ));
        // The mask is -1 where a step is due, which is one in the bits of a positive number.
        Self(op!(_mm256_castsi256_ps(_mm256_add_epi32(
            _mm256_castps_si256(near.0),
            both
        ))))
    }
    #[inline(always)]
    fn transpose(from: &[f32], from_stride: usize, to: &mut [f32], to_stride: usize) {
        let low = four_columns(from, from_stride);
        let high = four_columns(&from[4 * from_stride..], from_stride);
        for (j, (low, high)) in low.into_iter().zip(high).enumerate() {
            let first = op!(_mm256_permute2f128_ps::<0x20>(low, high));
            let second = op!(_mm256_permute2f128_ps::<0x31>(low, high));
            Self(first).store(&mut to[j * to_stride..]);
            Self(second).store(&mut to[(j + 4) * to_stride..]);
        }
    }
}

/// The 4 x 4 transpositions of both halves of four rows: vector j holds columns j and 4 + j.
#[inline(always)]
fn four_columns(from: &[f32], stride: usize) -> [__m256; 4] {
    let (a, b) = (F32x8::load(from).0, F32x8::load(&from[stride..]).0);
    let (c, d) = (
        F32x8::load(&from[2 * stride..]).0,
        F32x8::load(&from[3 * stride..]).0,
    );
    let (ab, cd) = (op!(_mm256_unpacklo_ps(a, b)), op!(_mm256_unpacklo_ps(c, d)));
    let (xy, zw) = (op!(_mm256_unpackhi_ps(a, b)), op!(_mm256_unpackhi_ps(c, d)));
    [
        op!(_mm256_shuffle_ps::<0b01_00_01_00>(ab, cd)),
        op!(_mm256_shuffle_ps::<0b11_10_11_10>(ab, cd)),
        op!(_mm256_shuffle_ps::<0b01_00_01_00>(xy, zw)),
        op!(_mm256_shuffle_ps::<0b11_10_11_10>(xy, zw)),
    ]
}

/// Where `near` lies above `exact`, as all bits of each lane.
#[inline(always)]
fn above(near: F64x4, exact: F64x4) -> __m256 {
    op!(_mm256_castpd_ps(_mm256_cmp_pd::<_CMP_GT_OQ>(
        near.0, exact.0
    )))
}

impl Lane for F64x4 {
    lane!(
        f64,
        4,
        false,
        _mm256_set1_pd,
        _mm256_loadu_pd,
        _mm256_storeu_pd,
        _mm256_add_pd,
        _mm256_sub_pd,
        _mm256_mul_pd,
        _mm256_div_pd,
        _mm256_sqrt_pd,
        _mm256_fmadd_pd,
        _mm256_max_pd,
        _mm256_min_pd
    );
    bits!(
        i64,
        _mm256_set1_epi64x,
        _mm256_castpd_si256,
        _mm256_castsi256_pd,
        _mm256_add_epi64,
        _mm256_sub_epi64,
        _mm256_and_si256,
        _mm256_or_si256,
        _mm256_slli_epi64,
        _mm256_srli_epi64,
        52
    );
    type Mask = __m256d;
    type Wide = Self;
    const PARTS: usize = 1;

    #[inline(always)]
    fn ge(self, b: Self) -> Self::Mask {
        op!(_mm256_cmp_pd::<_CMP_GE_OQ>(self.0, b.0))
    }
    #[inline(always)]
    fn positive(self) -> Self::Mask {
        op!(_mm256_cmp_pd::<_CMP_GT_OQ>(self.0, _mm256_setzero_pd()))
    }
    #[inline(always)]
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self {
        Self(op!(_mm256_blendv_pd(no.0, yes.0, mask)))
    }
    #[inline(always)]
    fn sum(self) -> f64 {
        let mut lanes = [0.0; 4];
        self.store(&mut lanes);
        let [a, b, c, d] = lanes;
        (a + c) + (b + d)
    }
    #[inline(always)]
    fn widen(self, _part: usize) -> Self {
        self
    }
    #[inline(always)]
    fn narrow([a, _]: [Self; 2]) -> Self {
        a
    }
    #[inline(always)]
    fn narrow_down([a, _]: [Self; 2]) -> Self {
        a
    }
}
