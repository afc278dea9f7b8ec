//! Piecewise-quadratic spline: piecewise-linear slope on K free bins.
//!
//! With vertices `v_0..v_K` and widths `w_k`, inside bin k at a = (x - `x_k)/w_k`:
//! S' = `v_k` + a (v_{k+1} - `v_k`), S = `y_k` + `w_k` (a `v_k` + a^2/2 (v_{k+1} - `v_k`)).
//! v = MIN + (1 - MIN) e^raw / Z with Z = `sum_k` `w_k` (`e^raw_k` + e^raw_{k+1})/2.
//! Raw: K widths, then K + 1 vertices. Müller et al. (2019), arXiv:1808.03856, section 4.2.
//! Only exponentials and widths are made in the conditioner's precision: the heights of the
//! knots are areas under the slope, so they must follow from it to f64 rounding.

use super::{
    super::lane::{Lane, Real as _},
    super::math::constant,
    MIN, TILE, VectorKind,
    bins::{self, Sizes, by_place, distance, load, multiply, number, numerators, sum_of},
};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Quadratic;

/// The numerators as [`numerators`] left them, and the sizes of the bins.
#[derive(Clone, Copy)]
struct Knots<'a, V: Lane> {
    bins: usize,
    /// K widths, then K + 1 vertices
    raw: &'a [V::Scalar],
    widths: Sizes<V>,
}

/// The bin that holds a point.
struct Bin<W> {
    x0: W,
    y0: W,
    w: W,
    left: W,
    right: W,
}

impl<V: Lane> Knots<'_, V> {
    /// The end of bin `k` that starts at `x`.
    #[inline(always)]
    fn end(&self, x: V, k: usize) -> V {
        self.widths.end(self.raw, k, self.bins, x)
    }

    #[inline(always)]
    fn vertex(&self, k: usize) -> V {
        V::load(&self.raw[(self.bins + k) * TILE..])
    }

    /// (1 - MIN)/Z for the lanes of one part.
    #[inline(always)]
    fn scale(&self, part: usize) -> V::Wide {
        let half = <V::Wide as Lane>::splat(0.5);
        let mut z = <V::Wide as Lane>::splat(0.0);
        let (mut x, mut left) = (constant!(V, ZERO), self.vertex(0).widen(part));
        for k in 0..self.bins {
            let (next, right) = (self.end(x, k), self.vertex(k + 1).widen(part));
            let w = next.widen(part).sub(x.widen(part));
            z = left.add(right).mul(half).fma(w, z);
            (x, left) = (next, right);
        }
        <V::Wide as Lane>::splat(1.0 - MIN).div(z)
    }

    /// The slope at knot `k` for the lanes of one part.
    #[inline(always)]
    fn slope(&self, part: usize, scale: V::Wide, k: usize) -> V::Wide {
        let min = <V::Wide as Lane>::splat(MIN);
        self.vertex(k).widen(part).fma(scale, min)
    }

    /// The bin of `at` for the lanes of one part: by y where `BY_Y`, by x otherwise.
    #[inline(always)]
    fn find<const BY_Y: bool>(&self, part: usize, at: V::Wide) -> Bin<V::Wide> {
        let zero = constant!(V::Wide, ZERO);
        let (scale, half) = (self.scale(part), <V::Wide as Lane>::splat(0.5));
        let mut knot = self.end(constant!(V, ZERO), 0);
        let mut bin = Bin {
            x0: zero,
            y0: zero,
            w: knot.widen(part),
            left: self.slope(part, scale, 0),
            right: self.slope(part, scale, 1),
        };
        let mut right = bin.right;
        let mut y = bin.left.add(right).mul(half).mul(bin.w);
        for k in 1..self.bins {
            let (next, left) = (self.end(knot, k), right);
            right = self.slope(part, scale, k + 1);
            let x = knot.widen(part);
            let w = next.widen(part).sub(x);
            let past = at.ge(if BY_Y { y } else { x });
            bin.x0 = <V::Wide as Lane>::select(past, x, bin.x0);
            bin.y0 = <V::Wide as Lane>::select(past, y, bin.y0);
            bin.w = <V::Wide as Lane>::select(past, w, bin.w);
            bin.left = <V::Wide as Lane>::select(past, left, bin.left);
            bin.right = <V::Wide as Lane>::select(past, right, bin.right);
            y = left.add(right).mul(half).fma(w, y);
            knot = next;
        }
        bin
    }

    /// `(index, start, width)` of the bin of x, in the precision of the knots.
    #[inline(always)]
    fn place(&self, x: V) -> (V, V, V) {
        let (mut index, mut start) = (constant!(V, ZERO), constant!(V, ZERO));
        let mut knot = self.end(start, 0);
        let mut w = knot;
        for k in 1..self.bins {
            let next = self.end(knot, k);
            let past = x.ge(knot);
            index = V::select(past, number(k), index);
            start = V::select(past, knot, start);
            w = V::select(past, next.sub(knot), w);
            knot = next;
        }
        (index, start, w)
    }
}

impl VectorKind for Quadratic {
    fn parameters(bins: usize) -> usize {
        2 * bins + 1
    }

    #[inline(always)]
    fn evaluate<V: Lane, const INVERSE: bool>(
        bins: usize,
        raw: &mut [V::Scalar],
        values: &mut [f64],
        slope: &mut [f64],
    ) {
        let widths = Sizes::new(bins, numerators::<V>(bins, raw));
        numerators::<V>(bins + 1, &mut raw[bins * TILE..]);
        let knots = Knots { bins, raw, widths };
        let (zero, one) = (constant!(V::Wide, ZERO), constant!(V::Wide, ONE));
        let half = <V::Wide as Lane>::splat(0.5);
        let at = load::<V>(values);
        for part in 0..V::PARTS {
            let at = at[part];
            let bin = knots.find::<INVERSE>(part, at);
            let rise = bin.right.sub(bin.left);
            let (value, derivative) = if INVERSE {
                let c = at.sub(bin.y0).div(bin.w);
                let two_c = c.add(c);
                // The root of rise/2 a^2 + left a - c = 0 in the form without cancellation.
                let root = two_c.fma(rise, bin.left.mul(bin.left)).max(zero).sqrt();
                let a = two_c.div(bin.left.add(root)).max(zero).min(one);
                (a.fma(bin.w, bin.x0), a.fma(rise, bin.left))
            } else {
                let a = at.sub(bin.x0).div(bin.w);
                let mean_slope = a.mul(half).fma(rise, bin.left);
                let value = a.mul(mean_slope).fma(bin.w, bin.y0);
                (value, a.fma(rise, bin.left))
            };
            let first = part * <V::Wide as Lane>::LANES;
            value.store(&mut values[first..]);
            multiply(&mut slope[first..], derivative);
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
        let (zero, one) = (constant!(V, ZERO), constant!(V, ONE));
        let half = V::splat(V::Scalar::from_f64(0.5));
        let min = V::splat(V::Scalar::from_f64(MIN));
        let sum = sum_of::<V>(bins, raw);
        let widths = Sizes::new(bins, sum);
        let knots = Knots { bins, raw, widths };
        let last = V::PARTS - 1;
        let scale = V::narrow([knots.scale(0), knots.scale(last)]);
        let x = load::<V>(x);
        let (index, start, w) = knots.place(V::narrow_down(x));
        let (mut e0, mut e1) = (knots.vertex(0), knots.vertex(1));
        for k in 1..bins {
            let here = index.ge(number(k));
            e0 = V::select(here, knots.vertex(k), e0);
            e1 = V::select(here, knots.vertex(k + 1), e1);
        }
        let (left, right) = (e0.fma(scale, min), e1.fma(scale, min));
        let rise = right.sub(left);
        let a = distance(x, start).div(w);
        let slope = a.fma(rise, left);
        let gl_over_slope = gl.div(slope);
        let ga = gy.mul(w).mul(slope).add(gl_over_slope.mul(rise));
        let gx = ga.div(w);
        let g_knot = zero.sub(gx);
        let half_a2 = a.mul(a).mul(half);
        let g_w = gy.mul(half_a2.fma(rise, a.mul(left))).sub(gx.mul(a));
        let gy_w = gy.mul(w);
        let g_left = gy_w.mul(a.sub(half_a2)).add(gl_over_slope.mul(one.sub(a)));
        let g_right = gy_w.mul(half_a2).add(gl_over_slope.mul(a));

        // d loss / d widths and vertices at fixed normalisation, and their sum over e
        let (mut knot, mut from_left, mut dot) = (zero, zero, zero);
        for k in 0..bins {
            let next = knots.end(knot, k);
            let size = next.sub(knot);
            let (e0, e1) = (knots.vertex(k), knots.vertex(k + 1));
            let mean = e0.fma(scale, min).add(e1.fma(scale, min)).mul(half);
            by_place(index, k, gy.fma(mean, g_knot), g_w).store(&mut raw_gradient[k * TILE..]);
            let area = gy.mul(size).mul(half);
            let to_left = from_left.add(by_place(index, k, area, g_left));
            to_left.store(&mut raw_gradient[(bins + k) * TILE..]);
            dot = to_left.fma(e0, dot);
            from_left = by_place(index, k, area, g_right);
            knot = next;
        }
        from_left.store(&mut raw_gradient[2 * bins * TILE..]);
        dot = from_left.fma(knots.vertex(bins), dot);

        // through v = MIN + scale e, scale = (1 - MIN)/Z(w, e)
        let g_z = zero.sub(
            dot.mul(scale)
                .mul(scale)
                .mul(V::splat(V::Scalar::from_f64(1.0 / (1.0 - MIN)))),
        );
        let half_g_z = g_z.mul(half);
        let (mut knot, mut before) = (zero, zero);
        for k in 0..=bins {
            let e = knots.vertex(k);
            let mut size = zero;
            if k < bins {
                let next = knots.end(knot, k);
                size = next.sub(knot);
                knot = next;
                let row = &mut raw_gradient[k * TILE..];
                let both = e.add(knots.vertex(k + 1));
                both.fma(half_g_z, V::load(row)).store(row);
            }
            let row = &mut raw_gradient[(bins + k) * TILE..];
            let ge = V::load(row).mul(scale).add(before.add(size).mul(half_g_z));
            ge.mul(e).store(row);
            before = size;
        }
        bins::backward(bins, raw, widths, sum, raw_gradient);
        gx
    }
}
