//! Piecewise-quadratic spline: piecewise-linear slope on K free bins.
//!
//! With vertices `v_0..v_K` and widths `w_k`, inside bin k at a = (x - `x_k)/w_k`:
//! S' = `v_k` + a (v_{k+1} - `v_k`), S = `y_k` + `w_k` (a `v_k` + a^2/2 (v_{k+1} - `v_k`)).
//! v = MIN + (1 - MIN) e^raw / Z with Z = `sum_k` `w_k` (`e^raw_k` + e^raw_{k+1})/2.
//! Raw: K widths, then K + 1 vertices. Müller et al. (2019), arXiv:1808.03856, section 4.2.

use super::{
    super::lane::LaneF64,
    super::math::{exp, ln},
    Kind, MIN, Real, TILE, bins_backward, bins_from_raw,
};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Quadratic;

/// Widths, vertices and what the backward pass needs of their making.
struct Knots<V, const CAP: usize> {
    p: [V; CAP],
    w: [V; CAP],
    /// e^(raw - max), `bins` of them and the last one apart
    e: [V; CAP],
    e_last: V,
    v: [V; CAP],
    v_last: V,
    /// (1 - MIN) / Z
    scale: V,
}

impl<V: LaneF64, const CAP: usize> Knots<V, CAP> {
    #[inline(always)]
    fn new<R: Real>(bins: usize, raw: &[R]) -> Self {
        let zero = V::splat(0.0);
        let half = V::splat(0.5);
        let (p, w) = bins_from_raw::<V, R, CAP>(bins, raw);
        let raw = &raw[bins * TILE..];
        let mut e = [zero; CAP];
        let mut e_last = R::load::<V>(&raw[bins * TILE..]);
        let mut max = e_last;
        for (k, e) in e.iter_mut().enumerate().take(bins) {
            *e = R::load::<V>(&raw[k * TILE..]);
            max = max.max(*e);
        }
        for e in e.iter_mut().take(bins) {
            *e = exp(e.sub(max));
        }
        e_last = exp(e_last.sub(max));
        let mut z = zero;
        for k in 0..bins {
            let next = if k + 1 == bins { e_last } else { e[k + 1] };
            z = e[k].add(next).mul(half).fma(w[k], z);
        }
        let scale = V::splat(1.0 - MIN).div(z);
        let mut v = [zero; CAP];
        for k in 0..bins {
            v[k] = e[k].fma(scale, V::splat(MIN));
        }
        let v_last = e_last.fma(scale, V::splat(MIN));
        Self {
            p,
            w,
            e,
            e_last,
            v,
            v_last,
            scale,
        }
    }

    #[inline(always)]
    fn vertex(&self, bins: usize, k: usize) -> V {
        if k == bins { self.v_last } else { self.v[k] }
    }
}

/// The bin that holds a point.
struct Bin<V> {
    index: V,
    x: V,
    y: V,
    w: V,
    left: V,
    right: V,
}

#[inline(always)]
fn find<V: LaneF64, const CAP: usize>(
    bins: usize,
    knots: &Knots<V, CAP>,
    at: V,
    by_x: bool,
) -> Bin<V> {
    let zero = V::splat(0.0);
    let half = V::splat(0.5);
    let right = knots.vertex(bins, 1);
    let mut bin = Bin {
        index: zero,
        x: zero,
        y: zero,
        w: knots.w[0],
        left: knots.v[0],
        right,
    };
    let (mut x, mut y) = (zero, zero);
    for k in 1..bins {
        x = x.add(knots.w[k - 1]);
        y = knots.v[k - 1]
            .add(knots.v[k])
            .mul(half)
            .fma(knots.w[k - 1], y);
        let past = at.ge(if by_x { x } else { y });
        bin.index = V::select(past, V::splat(k as f64), bin.index);
        bin.x = V::select(past, x, bin.x);
        bin.y = V::select(past, y, bin.y);
        bin.w = V::select(past, knots.w[k], bin.w);
        bin.left = V::select(past, knots.v[k], bin.left);
        bin.right = V::select(past, knots.vertex(bins, k + 1), bin.right);
    }
    bin
}

impl Kind for Quadratic {
    fn parameters(bins: usize) -> usize {
        2 * bins + 1
    }

    #[inline(always)]
    fn forward<V: LaneF64, R: Real, const CAP: usize>(bins: usize, raw: &[R], x: V) -> (V, V) {
        let bin = find(bins, &Knots::<V, CAP>::new(bins, raw), x, true);
        let rise = bin.right.sub(bin.left);
        let a = x.sub(bin.x).div(bin.w);
        let slope = a.fma(rise, bin.left);
        let mean_slope = a.mul(V::splat(0.5)).fma(rise, bin.left);
        (a.mul(mean_slope).fma(bin.w, bin.y), ln(slope))
    }

    #[inline(always)]
    fn inverse<V: LaneF64, R: Real, const CAP: usize>(bins: usize, raw: &[R], y: V) -> (V, V) {
        let bin = find(bins, &Knots::<V, CAP>::new(bins, raw), y, false);
        let rise = bin.right.sub(bin.left);
        let c = y.sub(bin.y).div(bin.w);
        let two_c = c.add(c);
        // The root of rise/2 a^2 + left a - c = 0 in the form without cancellation.
        let root = two_c
            .fma(rise, bin.left.mul(bin.left))
            .max(V::splat(0.0))
            .sqrt();
        let a = two_c
            .div(bin.left.add(root))
            .max(V::splat(0.0))
            .min(V::splat(1.0));
        (a.fma(bin.w, bin.x), ln(a.fma(rise, bin.left)))
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
        let half = V::splat(0.5);
        let knots = Knots::<V, CAP>::new(bins, raw);
        let bin = find(bins, &knots, x, true);
        let rise = bin.right.sub(bin.left);
        let a = x.sub(bin.x).div(bin.w);
        let slope = a.fma(rise, bin.left);
        let gl_over_slope = gl.div(slope);
        let ga = gy.mul(bin.w).mul(slope).add(gl_over_slope.mul(rise));
        let gx = ga.div(bin.w);
        let g_knot = zero.sub(gx);
        let half_a2 = a.mul(a).mul(half);
        let g_w = gy.mul(half_a2.fma(rise, a.mul(bin.left))).sub(gx.mul(a));
        let gy_w = gy.mul(bin.w);
        let g_left = gy_w
            .mul(a.sub(half_a2))
            .add(gl_over_slope.mul(V::splat(1.0).sub(a)));
        let g_right = gy_w.mul(half_a2).add(gl_over_slope.mul(a));

        // d loss / d widths and vertices at fixed normalisation
        let mut gw = [zero; CAP];
        let mut gv = [zero; CAP];
        let mut gv_last = zero;
        for k in 0..bins {
            let number = V::splat(k as f64);
            let before = bin.index.ge(V::splat(k as f64 + 1.0));
            let not_after = bin.index.ge(number);
            let mean = knots.v[k].add(knots.vertex(bins, k + 1)).mul(half);
            let inside = V::select(not_after, g_w, zero);
            gw[k] = V::select(before, gy.fma(mean, g_knot), inside);
            let area = gy.mul(knots.w[k]).mul(half);
            let left = V::select(before, area, V::select(not_after, g_left, zero));
            let right = V::select(before, area, V::select(not_after, g_right, zero));
            gv[k] = gv[k].add(left);
            if k + 1 == bins {
                gv_last = right;
            } else {
                gv[k + 1] = right;
            }
        }
        // through v = MIN + scale e, scale = (1 - MIN)/Z(w, e)
        let mut dot = gv_last.mul(knots.e_last);
        for (gv, e) in gv.iter().zip(&knots.e).take(bins) {
            dot = gv.fma(*e, dot);
        }
        let g_z = zero.sub(
            dot.mul(knots.scale)
                .mul(knots.scale)
                .mul(V::splat(1.0 / (1.0 - MIN))),
        );
        let mut w_before = zero;
        for k in 0..bins {
            let next = if k + 1 == bins {
                knots.e_last
            } else {
                knots.e[k + 1]
            };
            gw[k] = knots.e[k].add(next).mul(half).fma(g_z, gw[k]);
            let ge = gv[k]
                .mul(knots.scale)
                .add(w_before.add(knots.w[k]).mul(half).mul(g_z));
            R::store(ge.mul(knots.e[k]), &mut raw_gradient[(bins + k) * TILE..]);
            w_before = knots.w[k];
        }
        let ge = gv_last.mul(knots.scale).add(w_before.mul(half).mul(g_z));
        R::store(ge.mul(knots.e_last), &mut raw_gradient[2 * bins * TILE..]);
        bins_backward(bins, &knots.p, &gw, raw_gradient);
        gx
    }
}
