//! Two kinds that act on all reals, with whatever number of bins: a shift, and a shift with a scale.
//!
//! Additive: S(x) = x + t, S' = 1; raw: t. L. Dinh, D. Krueger, Y. Bengio, "NICE" (2014),
//! arXiv:1410.8516, section 3.2.
//! Affine: S(x) = x e^s + t, S' = e^s; raw: t and r, s = r/(1 + |r|/[`LARGEST`]). L. Dinh,
//! J. Sohl-Dickstein, S. Bengio, "Density estimation using Real NVP" (2017), arXiv:1605.08803,
//! section 3.2, where s is limited by a hyperbolic tangent. Limited slopes can be multiplied as
//! those of splines are.

use super::{
    super::lane::{Lane, Real as _},
    super::math::{constant, exp, limited},
    TILE, VectorKind,
    bins::{load, multiply},
};

/// What |s| stays below: slopes from 1/148 to 148.
pub(crate) const LARGEST: f64 = 5.0;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Additive;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Affine;

/// The shift t; no number beyond those whose exponential is finite.
#[inline(always)]
fn shift<V: Lane>(raw: &[V::Scalar]) -> V {
    limited(V::load(raw))
}

/// `(s, ds/dr)`
#[inline(always)]
fn limit<V: Lane>(raw: &[V::Scalar]) -> (V, V) {
    let raw = limited(V::load(raw));
    let size = raw.max(constant!(V, ZERO).sub(raw));
    let inverse = V::splat(V::Scalar::from_f64(1.0 / LARGEST));
    let factor = constant!(V, ONE).div(size.fma(inverse, constant!(V, ONE)));
    (raw.mul(factor), factor.mul(factor))
}

impl VectorKind for Additive {
    fn parameters(_: usize) -> usize {
        1
    }

    #[inline(always)]
    fn evaluate<V: Lane, const INVERSE: bool>(
        _: usize,
        raw: &mut [V::Scalar],
        values: &mut [f64],
        _: &mut [f64],
    ) {
        let (x, shift) = (load::<V>(values), shift::<V>(raw));
        for (part, x) in x.into_iter().enumerate().take(V::PARTS) {
            let shift = shift.widen(part);
            let value = if INVERSE { x.sub(shift) } else { x.add(shift) };
            value.store(&mut values[part * <V::Wide as Lane>::LANES..]);
        }
    }

    #[inline(always)]
    fn backward<V: Lane>(
        _: usize,
        _: &[V::Scalar],
        _: &[f64],
        (gy, _): (V, V),
        raw_gradient: &mut [V::Scalar],
    ) -> V {
        gy.store(raw_gradient);
        gy
    }
}

impl VectorKind for Affine {
    fn parameters(_: usize) -> usize {
        2
    }

    #[inline(always)]
    fn evaluate<V: Lane, const INVERSE: bool>(
        _: usize,
        raw: &mut [V::Scalar],
        values: &mut [f64],
        slope: &mut [f64],
    ) {
        let (x, shift) = (load::<V>(values), shift::<V>(raw));
        let (log_slope, _) = limit::<V>(&raw[TILE..]);
        for (part, x) in x.into_iter().enumerate().take(V::PARTS) {
            let shift = shift.widen(part);
            let scale = exp(log_slope.widen(part));
            let value = if INVERSE {
                x.sub(shift).div(scale)
            } else {
                x.fma(scale, shift)
            };
            let first = part * <V::Wide as Lane>::LANES;
            value.store(&mut values[first..]);
            multiply(&mut slope[first..], scale);
        }
    }

    #[inline(always)]
    fn backward<V: Lane>(
        _: usize,
        raw: &[V::Scalar],
        x: &[f64],
        (gy, gl): (V, V),
        raw_gradient: &mut [V::Scalar],
    ) -> V {
        let (log_slope, derivative) = limit::<V>(&raw[TILE..]);
        let pulled = gy.mul(exp(log_slope));
        gy.store(raw_gradient);
        let x = V::narrow(load::<V>(x));
        x.fma(pulled, gl)
            .mul(derivative)
            .store(&mut raw_gradient[TILE..]);
        pulled
    }
}
