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
//! N, D and P are computed w times as large, with h, d0 w and d1 w in place of s, d0 and
//! d1: one division less. Known weakness: a nearly flat bin is inverted to the rounding of y
//! divided by its slope.

use std::f64::consts::LN_2;

use super::{
    super::lane::{Lane, Real as _},
    super::math::{constant, ln, softplus_and_logistic},
    Kind, MIN, TILE,
    bins::{self, Sizes, add_to, by_place, distance, load, number, numerators, sum_of},
};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Rational;

/// The bin that holds a point: its corners and its raw end slopes.
struct Bin<V> {
    index: V,
    x0: V,
    x1: V,
    y0: V,
    y1: V,
    raw0: V,
    raw1: V,
}

/// Finds the bin of `at`: by y where `BY_Y`, by x otherwise.
#[inline(always)]
fn find<V: Lane, const BY_Y: bool>(
    bins: usize,
    raw: &[V::Scalar],
    widths: Sizes<V>,
    heights: Sizes<V>,
    at: V,
) -> Bin<V> {
    let (zero, one) = (constant!(V, ZERO), constant!(V, ONE));
    let (for_y, slopes) = (&raw[bins * TILE..], &raw[2 * bins * TILE..]);
    // The last bin ends at 1 whatever the rounding of the sum.
    let knot = |from: V, sizes: Sizes<V>, numerators: &[V::Scalar], k: usize| {
        if k + 1 == bins {
            one
        } else {
            from.add(sizes.size(numerators, k))
        }
    };
    let mut bin = Bin {
        index: zero,
        x0: zero,
        x1: knot(zero, widths, raw, 0),
        y0: zero,
        y1: knot(zero, heights, for_y, 0),
        raw0: V::load(slopes),
        raw1: V::load(&slopes[TILE..]),
    };
    let (mut x, mut y, mut slope) = (bin.x1, bin.y1, bin.raw1);
    for k in 1..bins {
        let (next_x, next_y) = (knot(x, widths, raw, k), knot(y, heights, for_y, k));
        let next_slope = V::load(&slopes[(k + 1) * TILE..]);
        let past = at.ge(if BY_Y { y } else { x });
        bin.index = V::select(past, number(k), bin.index);
        bin.x0 = V::select(past, x, bin.x0);
        bin.x1 = V::select(past, next_x, bin.x1);
        bin.y0 = V::select(past, y, bin.y0);
        bin.y1 = V::select(past, next_y, bin.y1);
        bin.raw0 = V::select(past, slope, bin.raw0);
        bin.raw1 = V::select(past, next_slope, bin.raw1);
        (x, y, slope) = (next_x, next_y, next_slope);
    }
    bin
}

/// The slope at a knot and its derivative by the raw parameter.
#[inline(always)]
fn slope<V: Lane>(raw: V) -> (V, V) {
    let scale = V::splat(V::Scalar::from_f64((1.0 - MIN) / LN_2));
    let (softplus, logistic) = softplus_and_logistic(raw);
    let min = V::splat(V::Scalar::from_f64(MIN));
    (softplus.fma(scale, min), logistic.mul(scale))
}

/// a in [0, 1] with h N(a)/D(a) = y, for a bin of height h and slopes d0 and d1 times its width.
///
/// The root of the quadratic in the form without cancellation.
#[inline(always)]
fn solve<W: Lane<Scalar = f64>>(y: W, h: W, d0: W, d1: W) -> W {
    let zero = W::splat(0.0);
    let bend = d0.add(d1).sub(h.add(h));
    let y = y.max(zero).min(h);
    let square = y.fma(bend, h.mul(h.sub(d0)));
    let linear = h.mul(d0).sub(y.mul(bend));
    let constant = h.mul(y);
    let four_constant = W::splat(4.0).mul(constant);
    let root = linear
        .mul(linear)
        .add(square.mul(four_constant))
        .max(zero)
        .sqrt();
    constant
        .add(constant)
        .div(linear.add(root))
        .min(W::splat(1.0))
}

impl Kind for Rational {
    fn parameters(bins: usize) -> usize {
        3 * bins + 1
    }

    #[inline(always)]
    fn evaluate<V: Lane, const INVERSE: bool>(
        bins: usize,
        raw: &mut [V::Scalar],
        values: &mut [f64],
        log_slope: &mut [f64],
    ) {
        let widths = Sizes::new(bins, numerators::<V>(bins, raw));
        let heights = Sizes::new(bins, numerators::<V>(bins, &mut raw[bins * TILE..]));
        let at = load::<V>(values);
        let bin = find::<V, INVERSE>(bins, raw, widths, heights, V::narrow_down(at));
        let (d0, d1) = (slope(bin.raw0).0, slope(bin.raw1).0);
        for (part, at) in at.into_iter().enumerate().take(V::PARTS) {
            let (x0, y0) = (bin.x0.widen(part), bin.y0.widen(part));
            let (w, h) = (bin.x1.widen(part).sub(x0), bin.y1.widen(part).sub(y0));
            let (d0, d1) = (d0.widen(part).mul(w), d1.widen(part).mul(w));
            let one = <V::Wide as Lane>::splat(1.0);
            let a = if INVERSE {
                solve(at.sub(y0), h, d0, d1)
            } else {
                at.sub(x0).div(w)
            };
            let b = one.sub(a);
            let t = a.mul(b);
            let d = d0.add(d1).sub(h.add(h)).fma(t, h);
            let p = a.fma(d1.mul(a), h.add(h).mul(t)).add(d0.mul(b).mul(b));
            // 1/(w D) gives both h N/D and h^2 P/(w D^2).
            let inv = one.div(w.mul(d));
            let inv_d = inv.mul(w);
            let value = if INVERSE {
                a.fma(w, x0)
            } else {
                let n = h.fma(a, d0.mul(b)).mul(a);
                h.mul(n).fma(inv_d, y0)
            };
            let derivative = h.mul(h).mul(p).mul(inv).mul(inv_d);
            let first = part * <V::Wide as Lane>::LANES;
            value.store(&mut values[first..]);
            add_to(&mut log_slope[first..], ln(derivative));
        }
    }

    #[inline(always)]
    fn backward<V: Lane>(
        bins: usize,
        raw: &[V::Scalar],
        x: &[f64],
        (gy, gl): (V, V),
        raw_gradient: &mut [V::Scalar],
    ) -> V {
        let (zero, one, two) = (constant!(V, ZERO), constant!(V, ONE), constant!(V, TWO));
        let for_y = &raw[bins * TILE..];
        let (sum_w, sum_h) = (sum_of::<V>(bins, raw), sum_of::<V>(bins, for_y));
        let (widths, heights) = (Sizes::new(bins, sum_w), Sizes::new(bins, sum_h));
        let x = load::<V>(x);
        let bin = find::<V, false>(bins, raw, widths, heights, V::narrow_down(x));
        let ((d0, d0_raw), (d1, d1_raw)) = (slope(bin.raw0), slope(bin.raw1));
        let (w, h) = (bin.x1.sub(bin.x0), bin.y1.sub(bin.y0));
        let inv_w = one.div(w);
        let s = h.mul(inv_w);
        let a = distance(x, bin.x0).mul(inv_w);
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
        let gy_h = gy.mul(h).mul(inv_d);
        let ratio = n.mul(inv_d);
        let gl_p = gl.mul(inv_p);
        let gl_d = gl.mul(inv_d);
        let g_d = zero.sub(gy_h.mul(ratio)).sub(two.mul(gl_d)); // d loss / d D
        let g_s = gy_h
            .mul(a2)
            .add(g_d.mul(one_minus_2t))
            .add(two.mul(gl_p).mul(t))
            .add(two.mul(gl).mul(w).div(h));
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

        // Bins before that of the point move its knot, its own bin all else, later ones nothing.
        let mut from_left = zero;
        for k in 0..bins {
            let (to_x, to_y) = (k * TILE, (bins + k) * TILE);
            by_place(bin.index, k, g_knot, g_w).store(&mut raw_gradient[to_x..]);
            by_place(bin.index, k, gy, g_h).store(&mut raw_gradient[to_y..]);
            let slope = from_left.add(by_place(bin.index, k, zero, g_raw0));
            slope.store(&mut raw_gradient[(2 * bins + k) * TILE..]);
            from_left = by_place(bin.index, k, zero, g_raw1);
        }
        from_left.store(&mut raw_gradient[3 * bins * TILE..]);
        bins::backward(bins, raw, widths, sum_w, raw_gradient);
        let to_y = &mut raw_gradient[bins * TILE..];
        bins::backward(bins, for_y, heights, sum_h, to_y);
        gx
    }
}
