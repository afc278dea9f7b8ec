//! Rational-quadratic spline: K free bins, free slopes at all K + 1 knots.
//!
//! In bin k with width w, height h, s = h/w, end slopes d0 and d1, a = (x - `x_k)/w`, t = a(1-a):
//!
//! ```text
//! S  = y_k + h N/D,       N = s a^2 + d0 t,                    D = s + (d0 + d1 - 2s) t
//! S' = s^2 P/D^2,         P = d1 a^2 + 2 s t + d0 (1-a)^2
//! ```
//!
//! Raw: K widths, K heights, K + 1 slopes with d = MIN + (1 - MIN) softplus(raw)/ln 2.
//! Durkan, Bekasov, Murray, Papamakarios, "Neural spline flows" (2019), arXiv:1906.04032,
//! equations 4, 5 and 6-8 (inverse); boundary slopes are free because the cube has no tails.
//! Both directions are in this file, the gradient in `rational_backward`.
//!
//! A row goes through in phases (knots, slopes, evaluation), each over all its points: the
//! long chains of one vector then overlap with those of the next. Known weakness: a nearly
//! flat bin is inverted to the rounding of y divided by its slope.

use std::f64::consts::LN_2;

use super::{
    super::lane::{Lane, Real, Simd},
    super::math::{constant, logistic, softplus},
    Kind, MIN, TILE,
    bins::{Sizes, load, multiply, number, numerators},
    rational_backward,
};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Rational;

/// For each point the corners of its bin and the slopes there (raw at first).
pub(super) struct Corners<R> {
    pub(super) x0: [R; TILE],
    pub(super) x1: [R; TILE],
    pub(super) y0: [R; TILE],
    pub(super) y1: [R; TILE],
    pub(super) d0: [R; TILE],
    pub(super) d1: [R; TILE],
}

impl<R: Real> Corners<R> {
    #[inline(always)]
    pub(super) fn new() -> Self {
        Self {
            x0: [R::ZERO; TILE],
            x1: [R::ZERO; TILE],
            y0: [R::ZERO; TILE],
            y1: [R::ZERO; TILE],
            d0: [R::ZERO; TILE],
            d1: [R::ZERO; TILE],
        }
    }

    /// Finds the bins of the vector `at` from point `t` on: by y where `BY_Y`, by x otherwise.
    /// `raw` starts at the vector; returns the bins' numbers.
    #[inline(always)]
    pub(super) fn find<V: Lane<Scalar = R>, const BY_Y: bool>(
        &mut self,
        bins: usize,
        raw: &[R],
        (widths, heights): (Sizes<V>, Sizes<V>),
        at: V,
        t: usize,
    ) -> V {
        let zero = constant!(V, ZERO);
        let (for_y, slopes) = (&raw[bins * TILE..], &raw[2 * bins * TILE..]);
        let (mut x, mut y) = (
            widths.end(raw, 0, bins, zero),
            heights.end(for_y, 0, bins, zero),
        );
        let mut slope = V::load(&slopes[TILE..]);
        let (mut index, mut x0, mut y0) = (zero, zero, zero);
        let (mut x1, mut y1) = (x, y);
        let (mut d0, mut d1) = (V::load(slopes), slope);
        for k in 1..bins {
            let next_x = widths.end(raw, k, bins, x);
            let next_y = heights.end(for_y, k, bins, y);
            let next_slope = V::load(&slopes[(k + 1) * TILE..]);
            let past = at.ge(if BY_Y { y } else { x });
            index = V::select(past, number(k), index);
            x0 = V::select(past, x, x0);
            x1 = V::select(past, next_x, x1);
            y0 = V::select(past, y, y0);
            y1 = V::select(past, next_y, y1);
            d0 = V::select(past, slope, d0);
            d1 = V::select(past, next_slope, d1);
            (x, y, slope) = (next_x, next_y, next_slope);
        }
        x0.store(&mut self.x0[t..]);
        x1.store(&mut self.x1[t..]);
        y0.store(&mut self.y0[t..]);
        y1.store(&mut self.y1[t..]);
        d0.store(&mut self.d0[t..]);
        d1.store(&mut self.d1[t..]);
        index
    }
}

/// Replaces raw parameters by slopes at the knots.
#[inline(always)]
pub(super) fn slopes<V: Lane>(raw: &mut [V::Scalar; TILE]) {
    let scale = V::splat(V::Scalar::from_f64((1.0 - MIN) / LN_2));
    let min = V::splat(V::Scalar::from_f64(MIN));
    for raw in raw.chunks_exact_mut(V::LANES) {
        softplus(V::load(raw)).0.fma(scale, min).store(raw);
    }
}

/// As [`slopes`], and writes the derivatives of the slopes by their raw parameters.
#[inline(always)]
pub(super) fn slopes_and_derivatives<V: Lane>(
    raw: &mut [V::Scalar; TILE],
    derivatives: &mut [V::Scalar; TILE],
) {
    let scale = V::splat(V::Scalar::from_f64((1.0 - MIN) / LN_2));
    let min = V::splat(V::Scalar::from_f64(MIN));
    let chunks = raw.chunks_exact_mut(V::LANES);
    for (raw, derivative) in chunks.zip(derivatives.chunks_exact_mut(V::LANES)) {
        let x = V::load(raw);
        let (softplus, t) = softplus(x);
        softplus.fma(scale, min).store(raw);
        logistic(x, t).mul(scale).store(derivative);
    }
}

/// x - x0 such that S(x) - y0 = y, for a bin of width w and height h, its slopes times w.
///
/// The root of the quadratic in the form without cancellation.
#[inline(always)]
fn solve<W: Lane<Scalar = f64>>(y: W, (w, h): (W, W), (d0, d1): (W, W)) -> W {
    let zero = W::splat(0.0);
    let y = y.max(zero).min(h);
    let y_bend = y.mul(d0.add(d1).sub(h.add(h)));
    let square = h.fma(h.sub(d0), y_bend);
    let linear = h.mul(d0).sub(y_bend);
    let twice = y.mul(h.add(h));
    let root = linear
        .mul(linear)
        .add(square.mul(twice.add(twice)))
        .max(zero)
        .sqrt();
    twice.mul(w).div(linear.add(root))
}

impl Kind for Rational {
    fn parameters(bins: usize) -> usize {
        3 * bins + 1
    }

    #[inline(always)]
    fn evaluate<S: Simd, R: Real, const INVERSE: bool>(
        bins: usize,
        raw: &mut [R],
        values: &mut [f64],
        slope: &mut [f64],
    ) {
        let mut corners = Corners::new();
        let lanes = <R::In<S>>::LANES;
        for t in (0..TILE).step_by(lanes) {
            let raw = &mut raw[t..];
            let sums = (
                numerators::<R::In<S>>(bins, raw),
                numerators::<R::In<S>>(bins, &mut raw[bins * TILE..]),
            );
            let sizes = (Sizes::new(bins, sums.0), Sizes::new(bins, sums.1));
            let at = <R::In<S>>::narrow_down(load::<R::In<S>>(&values[t..]));
            corners.find::<R::In<S>, INVERSE>(bins, raw, sizes, at, t);
        }
        slopes::<R::In<S>>(&mut corners.d0);
        slopes::<R::In<S>>(&mut corners.d1);
        let wide = <S::F64 as Lane>::LANES;
        for t in (0..TILE).step_by(lanes) {
            let [x0, x1, y0, y1, d0, d1] = [
                &corners.x0,
                &corners.x1,
                &corners.y0,
                &corners.y1,
                &corners.d0,
                &corners.d1,
            ]
            .map(|row| <R::In<S>>::load(&row[t..]));
            for part in 0..<R::In<S>>::PARTS {
                let first = t + part * wide;
                let at = S::F64::load(&values[first..]);
                let (x0, y0) = (x0.widen(part), y0.widen(part));
                let (w, h) = (x1.widen(part).sub(x0), y1.widen(part).sub(y0));
                let (d0, d1) = (d0.widen(part).mul(w), d1.widen(part).mul(w));
                // a and 1 - a times w; N, D and P come out times w^3.
                let u = if INVERSE {
                    solve(at.sub(y0), (w, h), (d0, d1))
                } else {
                    at.sub(x0)
                };
                let v = w.sub(u);
                let two_h = h.add(h);
                let bend = d0.add(d1).sub(two_h);
                let d = bend.fma(u.mul(v), h.mul(w).mul(w));
                let p = d1.fma(u, two_h.mul(v)).fma(u, d0.mul(v).mul(v));
                let inv = S::F64::splat(1.0).div(d);
                let h_inv = h.mul(inv);
                let value = if INVERSE {
                    x0.add(u)
                } else {
                    h.fma(u, d0.mul(v)).mul(u).fma(h_inv, y0)
                };
                value.store(&mut values[first..]);
                multiply(&mut slope[first..], p.mul(w).mul(h_inv).mul(h_inv));
            }
        }
    }

    #[inline(always)]
    fn backward<S: Simd, R: Real>(
        bins: usize,
        raw: &[R],
        x: &[f64],
        gradient: &mut [R],
        log_slope_gradient: &[R],
        raw_gradient: &mut [R],
    ) {
        rational_backward::backward::<S, R>(
            bins,
            raw,
            x,
            gradient,
            log_slope_gradient,
            raw_gradient,
        );
    }
}
