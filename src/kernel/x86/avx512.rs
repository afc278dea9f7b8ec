//! Vectors of 512 bits.

use std::arch::x86_64::{
    __m512, __m512d, __mmask8, __mmask16, _CMP_GE_OQ, _CMP_GT_OQ, _MM_FROUND_NO_EXC,
    _MM_FROUND_TO_NEG_INF, _mm_loadu_ps, _mm256_add_ps, _mm512_add_epi32, _mm512_add_epi64,
    _mm512_add_pd, _mm512_add_ps, _mm512_and_si512, _mm512_castpd_si512, _mm512_castps_si512,
    _mm512_castps128_ps512, _mm512_castps256_ps512, _mm512_castps512_ps256, _mm512_castsi512_pd,
    _mm512_castsi512_ps, _mm512_cmp_pd_mask, _mm512_cmp_ps_mask, _mm512_cvt_roundpd_ps,
    _mm512_cvtpd_ps, _mm512_cvtps_pd, _mm512_div_pd, _mm512_div_ps, _mm512_extractf32x8_ps,
    _mm512_fmadd_pd, _mm512_fmadd_ps, _mm512_insertf32x4, _mm512_insertf32x8, _mm512_loadu_pd,
    _mm512_loadu_ps, _mm512_mask_blend_pd, _mm512_mask_blend_ps, _mm512_max_pd, _mm512_max_ps,
    _mm512_min_pd, _mm512_min_ps, _mm512_mul_pd, _mm512_mul_ps, _mm512_or_si512,
    _mm512_reduce_add_pd, _mm512_reduce_add_ps, _mm512_set1_epi32, _mm512_set1_epi64,
    _mm512_set1_pd, _mm512_set1_ps, _mm512_setzero_pd, _mm512_setzero_ps, _mm512_shuffle_ps,
    _mm512_slli_epi32, _mm512_slli_epi64, _mm512_sqrt_pd, _mm512_sqrt_ps, _mm512_srli_epi32,
    _mm512_srli_epi64, _mm512_storeu_pd, _mm512_storeu_ps, _mm512_sub_epi32, _mm512_sub_epi64,
    _mm512_sub_pd, _mm512_sub_ps, _mm512_unpackhi_ps, _mm512_unpacklo_ps,
};

use super::{super::lane::Lane, super::lane::Simd, avx2::F32x8, bits, lane, op};

/// AVX-512 F, DQ, VL.
pub(crate) struct Avx512;

impl Simd for Avx512 {
    type F32 = F32x16;
    type F64 = F64x8;
}

#[derive(Clone, Copy)]
pub(crate) struct F32x16(__m512);
#[derive(Clone, Copy)]
pub(crate) struct F64x8(__m512d);

/// Rounding mode of a conversion: down, without exceptions.
const DOWN: i32 = _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC;

impl Lane for F32x16 {
    lane!(
        f32,
        16,
        true,
        _mm512_set1_ps,
        _mm512_loadu_ps,
        _mm512_storeu_ps,
        _mm512_add_ps,
        _mm512_sub_ps,
        _mm512_mul_ps,
        _mm512_div_ps,
        _mm512_sqrt_ps,
        _mm512_fmadd_ps,
        _mm512_max_ps,
        _mm512_min_ps
    );
    bits!(
        i32,
        _mm512_set1_epi32,
        _mm512_castps_si512,
        _mm512_castsi512_ps,
        _mm512_add_epi32,
        _mm512_sub_epi32,
        _mm512_and_si512,
        _mm512_or_si512,
        _mm512_slli_epi32,
        _mm512_srli_epi32,
        23
    );
    type Mask = __mmask16;
    type Wide = F64x8;
    const PARTS: usize = 2;

    #[inline(always)]
    fn ge(self, b: Self) -> Self::Mask {
        op!(_mm512_cmp_ps_mask::<_CMP_GE_OQ>(self.0, b.0))
    }
    #[inline(always)]
    fn positive(self) -> Self::Mask {
        op!(_mm512_cmp_ps_mask::<_CMP_GT_OQ>(
            self.0,
            _mm512_setzero_ps()
        ))
    }
    #[inline(always)]
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self {
        Self(op!(_mm512_mask_blend_ps(mask, no.0, yes.0)))
    }
    #[inline(always)]
    fn sum(self) -> f32 {
        op!(_mm512_reduce_add_ps(self.0))
    }
    #[inline(always)]
    fn sums4([a, b, c, d]: [Self; 4]) -> [f32; 4] {
        // No `map`: a closure does not have the features of its surroundings, and each intrinsic in it would be
        // a call.
        F32x8::sums4([fold(a), fold(b), fold(c), fold(d)])
    }
    #[inline(always)]
    fn widen(self, part: usize) -> F64x8 {
        let half = if part == 0 {
            op!(_mm512_castps512_ps256(self.0))
        } else {
            op!(_mm512_extractf32x8_ps::<1>(self.0))
        };
        F64x8(op!(_mm512_cvtps_pd(half)))
    }
    #[inline(always)]
    fn narrow([a, b]: [F64x8; 2]) -> Self {
        let (a, b) = (op!(_mm512_cvtpd_ps(a.0)), op!(_mm512_cvtpd_ps(b.0)));
        Self(op!(_mm512_insertf32x8::<1>(_mm512_castps256_ps512(a), b)))
    }
    #[inline(always)]
    fn narrow_down([a, b]: [F64x8; 2]) -> Self {
        let a = op!(_mm512_cvt_roundpd_ps::<DOWN>(a.0));
        let b = op!(_mm512_cvt_roundpd_ps::<DOWN>(b.0));
        Self(op!(_mm512_insertf32x8::<1>(_mm512_castps256_ps512(a), b)))
    }
    #[inline(always)]
    fn transpose(from: &[f32], from_stride: usize, to: &mut [f32], to_stride: usize) {
        for q in (0..16).step_by(4) {
            let from = &from[q..];
            let (a, b) = (
                quarters(from, from_stride, 0),
                quarters(from, from_stride, 1),
            );
            let (c, d) = (
                quarters(from, from_stride, 2),
                quarters(from, from_stride, 3),
            );
            let (ab, cd) = (op!(_mm512_unpacklo_ps(a, b)), op!(_mm512_unpacklo_ps(c, d)));
            let (xy, zw) = (op!(_mm512_unpackhi_ps(a, b)), op!(_mm512_unpackhi_ps(c, d)));
            let columns = [
                op!(_mm512_shuffle_ps::<0b01_00_01_00>(ab, cd)),
                op!(_mm512_shuffle_ps::<0b11_10_11_10>(ab, cd)),
                op!(_mm512_shuffle_ps::<0b01_00_01_00>(xy, zw)),
                op!(_mm512_shuffle_ps::<0b11_10_11_10>(xy, zw)),
            ];
            for (k, column) in columns.into_iter().enumerate() {
                Self(column).store(&mut to[(q + k) * to_stride..]);
            }
        }
    }
}

/// The sums of the lanes of both halves.
#[inline(always)]
fn fold(v: F32x16) -> F32x8 {
    F32x8(op!(_mm256_add_ps(
        _mm512_castps512_ps256(v.0),
        _mm512_extractf32x8_ps::<1>(v.0)
    )))
}

/// The first four elements of rows i, i + 4, i + 8 and i + 12 side by side; a 16 x 16
/// transposition is four 4 x 4 ones of these.
#[inline(always)]
fn quarters(from: &[f32], stride: usize, i: usize) -> __m512 {
    let (a, b) = (&from[i * stride..][..4], &from[(i + 4) * stride..][..4]);
    let (c, d) = (
        &from[(i + 8) * stride..][..4],
        &from[(i + 12) * stride..][..4],
    );
    // SAFETY: each slice has the four elements that are read.
    let (a, b) = unsafe { (_mm_loadu_ps(a.as_ptr()), _mm_loadu_ps(b.as_ptr())) };
    // SAFETY: as above.
    let (c, d) = unsafe { (_mm_loadu_ps(c.as_ptr()), _mm_loadu_ps(d.as_ptr())) };
    let v = op!(_mm512_insertf32x4::<1>(_mm512_castps128_ps512(a), b));
    let v = op!(_mm512_insertf32x4::<2>(v, c));
    op!(_mm512_insertf32x4::<3>(v, d))
}

impl Lane for F64x8 {
    lane!(
        f64,
        8,
        true,
        _mm512_set1_pd,
        _mm512_loadu_pd,
        _mm512_storeu_pd,
        _mm512_add_pd,
        _mm512_sub_pd,
        _mm512_mul_pd,
        _mm512_div_pd,
        _mm512_sqrt_pd,
        _mm512_fmadd_pd,
        _mm512_max_pd,
        _mm512_min_pd
    );
    bits!(
        i64,
        _mm512_set1_epi64,
        _mm512_castpd_si512,
        _mm512_castsi512_pd,
        _mm512_add_epi64,
        _mm512_sub_epi64,
        _mm512_and_si512,
        _mm512_or_si512,
        _mm512_slli_epi64,
        _mm512_srli_epi64,
        52
    );
    type Mask = __mmask8;
    type Wide = Self;
    const PARTS: usize = 1;

    #[inline(always)]
    fn ge(self, b: Self) -> Self::Mask {
        op!(_mm512_cmp_pd_mask::<_CMP_GE_OQ>(self.0, b.0))
    }
    #[inline(always)]
    fn positive(self) -> Self::Mask {
        op!(_mm512_cmp_pd_mask::<_CMP_GT_OQ>(
            self.0,
            _mm512_setzero_pd()
        ))
    }
    #[inline(always)]
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self {
        Self(op!(_mm512_mask_blend_pd(mask, no.0, yes.0)))
    }
    #[inline(always)]
    fn sum(self) -> f64 {
        op!(_mm512_reduce_add_pd(self.0))
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
