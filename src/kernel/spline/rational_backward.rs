//! The gradient of the rational-quadratic spline; formulas and names as in `rational`.
//!
//! From d loss / d S and d loss / d ln S' at x to x and to the raw parameters, by hand. A
//! bin before that of the point only moves the point's knot, a bin after it does nothing, so
//! every row of the result is one of three numbers, less the softmax's mean.

use super::{
    super::lane::{Lane, Real, Simd},
    super::math::constant,
    MIN, TILE,
    bins::{Sizes, distance, load, number, sum_of},
    rational::{Corners, slopes_and_derivatives},
};

/// For each point what the rows of the raw gradient are made of.
struct Shares<R> {
    index: [R; TILE],
    /// (1 - K MIN)/sum of the widths' and the heights' numerators
    scales: [[R; TILE]; 2],
    /// derivatives of the end slopes by their raw parameters
    slopes: [[R; TILE]; 2],
}

#[inline(always)]
pub(super) fn backward<S: Simd, R: Real>(
    bins: usize,
    raw: &[R],
    x: &[f64],
    gradient: &mut [R],
    log_slope_gradient: &[R],
    raw_gradient: &mut [R],
) {
    let mut corners = Corners::new();
    let mut shares = Shares {
        index: [R::ZERO; TILE],
        scales: [[R::ZERO; TILE]; 2],
        slopes: [[R::ZERO; TILE]; 2],
    };
    for t in (0..TILE).step_by(<R::In<S>>::LANES) {
        let raw = &raw[t..];
        let widths = Sizes::new(bins, sum_of::<R::In<S>>(bins, raw));
        let heights = Sizes::new(bins, sum_of::<R::In<S>>(bins, &raw[bins * TILE..]));
        widths.scale().store(&mut shares.scales[0][t..]);
        heights.scale().store(&mut shares.scales[1][t..]);
        let at = <R::In<S>>::narrow_down(load::<R::In<S>>(&x[t..]));
        corners
            .find::<R::In<S>, false>(bins, raw, (widths, heights), at, t)
            .store(&mut shares.index[t..]);
    }
    slopes_and_derivatives::<R::In<S>>(&mut corners.d0, &mut shares.slopes[0]);
    slopes_and_derivatives::<R::In<S>>(&mut corners.d1, &mut shares.slopes[1]);
    for t in (0..TILE).step_by(<R::In<S>>::LANES) {
        let at = load::<R::In<S>>(&x[t..]);
        let g = (
            <R::In<S>>::load(&gradient[t..]),
            <R::In<S>>::load(&log_slope_gradient[t..]),
        );
        let g = Gradient::<R::In<S>>::new(&corners, at, g, t);
        g.x.store(&mut gradient[t..]);
        g.write(bins, &shares, &raw[t..], &mut raw_gradient[t..], t);
    }
}

/// d loss by x and by what makes the bin of each point.
struct Gradient<V> {
    x: V,
    y: V,
    width: V,
    height: V,
    d0: V,
    d1: V,
    /// size of the bin
    w: V,
    h: V,
    /// lower corner
    x0: V,
    y0: V,
}

impl<V: Lane> Gradient<V> {
    #[inline(always)]
    fn new(corners: &Corners<V::Scalar>, x: [V::Wide; 2], (gy, gl): (V, V), t: usize) -> Self {
        let (zero, one, two) = (constant!(V, ZERO), constant!(V, ONE), constant!(V, TWO));
        let (x0, y0) = (V::load(&corners.x0[t..]), V::load(&corners.y0[t..]));
        let w = V::load(&corners.x1[t..]).sub(x0);
        let h = V::load(&corners.y1[t..]).sub(y0);
        let (d0, d1) = (V::load(&corners.d0[t..]), V::load(&corners.d1[t..]));
        let inv_w = one.div(w);
        let s = h.mul(inv_w);
        let a = distance(x, x0).mul(inv_w);
        let b = one.sub(a);
        let t = a.mul(b);
        let a2 = a.mul(a);
        let two_s = s.add(s);
        let n = s.fma(a2, d0.mul(t));
        let bend = d0.add(d1).sub(two_s);
        let d = bend.fma(t, s);
        let p = d1.fma(a2, two_s.fma(t, d0.mul(b).mul(b)));
        let (inv_d, inv_p) = (one.div(d), one.div(p));
        let one_minus_2a = b.sub(a);

        // Weights of the numerator's and denominator's derivatives in y and in ln S'.
        let gy_h = gy.mul(h).mul(inv_d);
        let ratio = n.mul(inv_d);
        let gl_p = gl.mul(inv_p);
        let two_gl = gl.add(gl);
        let g_d = zero.sub(gy_h.fma(ratio, two_gl.mul(inv_d))); // d loss / d D
        let g_s = gy_h
            .fma(a2, g_d)
            .add(two.mul(t).mul(gl_p.sub(g_d)))
            .add(two_gl.mul(w).div(h));
        let g_dt = g_d.mul(t);
        let d0 = (d0, gy_h.fma(t, g_dt).add(gl_p.mul(b).mul(b)));
        let d1 = (d1, gl_p.fma(a2, g_dt));
        let dn = two_s.fma(a, d0.0.mul(one_minus_2a));
        let dp = two.mul(d1.0.fma(a, s.mul(one_minus_2a)).sub(d0.0.mul(b)));
        let g_a = gy_h
            .fma(dn, gl_p.mul(dp))
            .add(g_d.mul(bend).mul(one_minus_2a));
        Self {
            x: g_a.mul(inv_w),
            y: gy,
            width: zero.sub(g_a.fma(a, g_s.mul(s)).mul(inv_w)),
            height: gy.fma(ratio, g_s.mul(inv_w)),
            d0: d0.1,
            d1: d1.1,
            w,
            h,
            x0,
            y0,
        }
    }

    /// Writes the rows of the raw gradient.
    #[inline(always)]
    fn write(
        &self,
        bins: usize,
        shares: &Shares<V::Scalar>,
        raw: &[V::Scalar],
        to: &mut [V::Scalar],
        t: usize,
    ) {
        let zero = constant!(V, ZERO);
        let index = V::load(&shares.index[t..]);
        let scales = shares.scales.each_ref().map(|s| V::load(&s[t..]));
        let slopes = shares.slopes.each_ref().map(|s| V::load(&s[t..]));
        let (g0, g1) = (self.d0.mul(slopes[0]), self.d1.mul(slopes[1]));
        let x = Rows::new(
            bins,
            scales[0],
            index,
            (self.x0, self.w),
            (zero.sub(self.x), self.width),
        );
        let y = Rows::new(
            bins,
            scales[1],
            index,
            (self.y0, self.h),
            (self.y, self.height),
        );
        // Whether k is below or at the point's bin, and so for k - 1.
        let mut at_or_before = index.ge(zero);
        let mut last = zero;
        for k in 0..bins {
            let before = index.ge(number(k + 1));
            let (to_x, to_y) = (k * TILE, (bins + k) * TILE);
            x.of(before, at_or_before, V::load(&raw[to_x..]))
                .store(&mut to[to_x..]);
            y.of(before, at_or_before, V::load(&raw[to_y..]))
                .store(&mut to[to_y..]);
            let here = V::select(before, zero, V::select(at_or_before, g0, last));
            here.store(&mut to[(2 * bins + k) * TILE..]);
            // The right end of the point's bin, and nothing after it.
            last = V::select(before, zero, V::select(at_or_before, g1, zero));
            at_or_before = before;
        }
        last.store(&mut to[3 * bins * TILE..]);
    }
}

/// The three values that d loss / d raw takes over the bins, times the softmax's scale.
struct Rows<V> {
    before: V,
    here: V,
    after: V,
}

impl<V: Lane> Rows<V> {
    /// `start` and `size` of the point's bin; d loss / d size of a bin before it and of its own.
    #[inline(always)]
    fn new(bins: usize, scale: V, index: V, (start, size): (V, V), (before, here): (V, V)) -> Self {
        // Shares of the bins before and of the bin itself in the softmax.
        let min = V::splat(V::Scalar::from_f64(MIN));
        let inv_spread = V::splat(V::Scalar::from_f64(1.0 / (1.0 - bins as f64 * MIN)));
        let share_before = start.sub(index.mul(min));
        let share_here = size.sub(min);
        let mean = before
            .mul(share_before)
            .add(here.mul(share_here))
            .mul(inv_spread);
        Self {
            before: before.sub(mean).mul(scale),
            here: here.sub(mean).mul(scale),
            after: constant!(V, ZERO).sub(mean).mul(scale),
        }
    }

    #[inline(always)]
    fn of(&self, before: V::Mask, at_or_before: V::Mask, numerator: V) -> V {
        let rest = V::select(at_or_before, self.here, self.after);
        V::select(before, self.before, rest).mul(numerator)
    }
}
