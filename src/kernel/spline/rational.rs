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

use std::f64::consts::LN_2;

use super::{
    super::lane::LaneF64,
    super::math::{ln, softplus_and_logistic},
    Kind, MIN, Real, TILE, bins_backward, bins_from_raw,
};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Rational;

/// The bin that holds a point, its raw end slopes included.
struct Bin<V> {
    index: V,
    x: V,
    y: V,
    w: V,
    h: V,
    raw0: V,
    raw1: V,
}

#[inline(always)]
fn find<V: LaneF64, R: Real, const CAP: usize>(
    bins: usize,
    (w, h): (&[V; CAP], &[V; CAP]),
    raw: &[R],
    at: V,
    by_x: bool,
) -> Bin<V> {
    let zero = V::splat(0.0);
    let slopes = &raw[2 * bins * TILE..];
    let mut next = R::load::<V>(&slopes[TILE..]);
    let mut bin = Bin {
        index: zero,
        x: zero,
        y: zero,
        w: w[0],
        h: h[0],
        raw0: R::load::<V>(slopes),
        raw1: next,
    };
    let (mut x, mut y) = (zero, zero);
    for k in 1..bins {
        x = x.add(w[k - 1]);
        y = y.add(h[k - 1]);
        let past = at.ge(if by_x { x } else { y });
        bin.index = V::select(past, V::splat(k as f64), bin.index);
        bin.x = V::select(past, x, bin.x);
        bin.y = V::select(past, y, bin.y);
        bin.w = V::select(past, w[k], bin.w);
        bin.h = V::select(past, h[k], bin.h);
        bin.raw0 = V::select(past, next, bin.raw0);
        next = R::load::<V>(&slopes[(k + 1) * TILE..]);
        bin.raw1 = V::select(past, next, bin.raw1);
    }
    bin
}

#[inline(always)]
fn slope<V: LaneF64>(raw: V) -> (V, V) {
    let scale = V::splat(1.0 - MIN);
    let (softplus, logistic) = softplus_and_logistic(raw);
    let ln2 = V::splat(LN_2);
    (
        softplus.div(ln2).fma(scale, V::splat(MIN)),
        logistic.div(ln2).mul(scale),
    )
}

/// ln S' from s, t-polynomials P and D.
#[inline(always)]
fn log_slope<V: LaneF64>(s: V, p: V, d: V) -> V {
    let r = s.div(d);
    ln(r.mul(r).mul(p))
}

impl Kind for Rational {
    fn parameters(bins: usize) -> usize {
        3 * bins + 1
    }

    #[inline(always)]
    fn forward<V: LaneF64, R: Real, const CAP: usize>(bins: usize, raw: &[R], x: V) -> (V, V) {
        let (_, w) = bins_from_raw::<V, R, CAP>(bins, raw);
        let (_, h) = bins_from_raw::<V, R, CAP>(bins, &raw[bins * TILE..]);
        let bin = find(bins, (&w, &h), raw, x, true);
        let (d0, d1) = (slope(bin.raw0).0, slope(bin.raw1).0);
        let s = bin.h.div(bin.w);
        let a = x.sub(bin.x).div(bin.w);
        let b = V::splat(1.0).sub(a);
        let t = a.mul(b);
        let n = s.mul(a).mul(a).add(d0.mul(t));
        let d = d0.add(d1).sub(s.add(s)).fma(t, s);
        let p = d1.mul(a).mul(a).add(s.add(s).mul(t)).add(d0.mul(b).mul(b));
        (n.div(d).fma(bin.h, bin.y), log_slope(s, p, d))
    }

    #[inline(always)]
    fn inverse<V: LaneF64, R: Real, const CAP: usize>(bins: usize, raw: &[R], y: V) -> (V, V) {
        let (_, w) = bins_from_raw::<V, R, CAP>(bins, raw);
        let (_, h) = bins_from_raw::<V, R, CAP>(bins, &raw[bins * TILE..]);
        let bin = find(bins, (&w, &h), raw, y, false);
        let (d0, d1) = (slope(bin.raw0).0, slope(bin.raw1).0);
        let zero = V::splat(0.0);
        let s = bin.h.div(bin.w);
        let bend = d0.add(d1).sub(s.add(s));
        // With r = (y - y_k)/h: (s - d0 + r bend) a^2 + (d0 - r bend) a - r s = 0, arXiv:1906.04032
        // equations 25-29, divided by h; the root 2c/(-b - sqrt(b^2 - 4ac)) has no cancellation.
        let r = y.sub(bin.y).div(bin.h).max(zero).min(V::splat(1.0));
        let linear = d0.sub(r.mul(bend));
        let square = s.sub(linear);
        let constant = r.mul(s);
        let four_ac = V::splat(4.0).mul(square).mul(constant);
        let root = linear.fma(linear, four_ac).max(zero).sqrt();
        let a = constant
            .add(constant)
            .div(linear.add(root))
            .min(V::splat(1.0));
        let b = V::splat(1.0).sub(a);
        let t = a.mul(b);
        let d = bend.fma(t, s);
        let p = d1.mul(a).mul(a).add(s.add(s).mul(t)).add(d0.mul(b).mul(b));
        (a.fma(bin.w, bin.x), log_slope(s, p, d))
    }

    #[inline(always)]
    fn backward<V: LaneF64, R: Real, const CAP: usize>(
        bins: usize,
        raw: &[R],
        x: V,
        (gy, gl): (V, V),
        raw_gradient: &mut [R],
    ) -> V {
        let zero = V::splat(0.0);
        let one = V::splat(1.0);
        let two = V::splat(2.0);
        let (pw, w) = bins_from_raw::<V, R, CAP>(bins, raw);
        let (ph, h) = bins_from_raw::<V, R, CAP>(bins, &raw[bins * TILE..]);
        let bin = find(bins, (&w, &h), raw, x, true);
        let ((d0, d0_raw), (d1, d1_raw)) = (slope(bin.raw0), slope(bin.raw1));
        let inv_w = one.div(bin.w);
        let s = bin.h.mul(inv_w);
        let a = x.sub(bin.x).mul(inv_w);
        let b = one.sub(a);
        let t = a.mul(b);
        let a2 = a.mul(a);
        let n = s.mul(a2).add(d0.mul(t));
        let bend = d0.add(d1).sub(s.add(s));
        let d = bend.fma(t, s);
        let p = d1.mul(a2).add(two.mul(s).mul(t)).add(d0.mul(b).mul(b));
        let (inv_d, inv_p) = (one.div(d), one.div(p));
        let one_minus_2t = one.sub(two.mul(t));
        let one_minus_2a = one.sub(two.mul(a));

        // Weights of the numerator's and denominator's derivatives in y and in ln S'.
        let gy_h = gy.mul(bin.h).mul(inv_d);
        let ratio = n.mul(inv_d);
        let gl_p = gl.mul(inv_p);
        let gl_d = gl.mul(inv_d);
        let g_d = zero.sub(gy_h.mul(ratio)).sub(two.mul(gl_d)); // d loss / d D
        let g_s = gy_h
            .mul(a2)
            .add(g_d.mul(one_minus_2t))
            .add(two.mul(gl_p).mul(t))
            .add(two.mul(gl).div(s));
        let g_d0 = gy_h.mul(t).add(g_d.mul(t)).add(gl_p.mul(b).mul(b));
        let g_d1 = g_d.mul(t).add(gl_p.mul(a2));
        let dn = two.mul(s).mul(a).add(d0.mul(one_minus_2a));
        let dp = two.mul(d1.mul(a).add(s.mul(one_minus_2a)).sub(d0.mul(b)));
        let g_a = gy_h
            .mul(dn)
            .add(g_d.mul(bend).mul(one_minus_2a))
            .add(gl_p.mul(dp));

        let gx = g_a.mul(inv_w);
        let g_knot = zero.sub(gx);
        let g_w = zero.sub(g_a.mul(a).add(g_s.mul(s)).mul(inv_w));
        let g_h = gy.mul(ratio).add(g_s.mul(inv_w));
        let (g_raw0, g_raw1) = (g_d0.mul(d0_raw), g_d1.mul(d1_raw));

        let mut gw = [zero; CAP];
        let mut gh = [zero; CAP];
        let mut slope_gradient = zero;
        let slopes = &mut raw_gradient[2 * bins * TILE..];
        for k in 0..bins {
            let before = bin.index.ge(V::splat(k as f64 + 1.0));
            let not_after = bin.index.ge(V::splat(k as f64));
            gw[k] = V::select(before, g_knot, V::select(not_after, g_w, zero));
            gh[k] = V::select(before, gy, V::select(not_after, g_h, zero));
            let here0 = V::select(before, zero, V::select(not_after, g_raw0, zero));
            let here1 = V::select(before, zero, V::select(not_after, g_raw1, zero));
            R::store(slope_gradient.add(here0), &mut slopes[k * TILE..]);
            slope_gradient = here1;
        }
        R::store(slope_gradient, &mut slopes[bins * TILE..]);
        bins_backward(bins, &pw, &gw, raw_gradient);
        bins_backward(bins, &ph, &gh, &mut raw_gradient[bins * TILE..]);
        gx
    }
}
