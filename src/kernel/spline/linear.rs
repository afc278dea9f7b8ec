//! Piecewise-linear spline: piecewise-constant slope on K equal bins.
//!
//! S(x) = sum_{j<k} `h_j` + (K x - k) `h_k` for x in bin k; S' = K `h_k`.
//! Raw: K heights. Müller, `McWilliams`, Rousselle, Gross, Novák, "Neural importance
//! sampling" (2019), arXiv:1808.03856, section 4.1. Known weakness: the slope jumps at the
//! knots, and its gradient does not see where the knots should be.

use super::{
    super::lane::LaneF64, super::math::ln, Kind, Real, TILE, bins_backward, bins_from_raw,
};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Linear;

/// The bin that holds a point.
struct Bin<V> {
    /// its index as a number
    index: V,
    /// S at its left knot
    start: V,
    height: V,
}

/// Finds the bin: by x where `by_x`, by S(x) otherwise.
#[inline(always)]
fn find<V: LaneF64, const CAP: usize>(bins: usize, h: &[V; CAP], at: V, by_x: bool) -> Bin<V> {
    let width = 1.0 / bins as f64;
    let mut bin = Bin {
        index: V::splat(0.0),
        start: V::splat(0.0),
        height: h[0],
    };
    let mut knot = V::splat(0.0);
    for k in 1..bins {
        knot = knot.add(h[k - 1]);
        let edge = if by_x {
            V::splat(k as f64 * width)
        } else {
            knot
        };
        let past = at.ge(edge);
        bin.index = V::select(past, V::splat(k as f64), bin.index);
        bin.start = V::select(past, knot, bin.start);
        bin.height = V::select(past, h[k], bin.height);
    }
    bin
}

impl Kind for Linear {
    fn parameters(bins: usize) -> usize {
        bins
    }

    #[inline(always)]
    fn forward<V: LaneF64, R: Real, const CAP: usize>(bins: usize, raw: &[R], x: V) -> (V, V) {
        let (_, h) = bins_from_raw::<V, R, CAP>(bins, raw);
        let count = V::splat(bins as f64);
        let bin = find(bins, &h, x, true);
        let y = x.mul(count).sub(bin.index).fma(bin.height, bin.start);
        (y, ln(bin.height.mul(count)))
    }

    #[inline(always)]
    fn inverse<V: LaneF64, R: Real, const CAP: usize>(bins: usize, raw: &[R], y: V) -> (V, V) {
        let (_, h) = bins_from_raw::<V, R, CAP>(bins, raw);
        let count = V::splat(bins as f64);
        let bin = find(bins, &h, y, false);
        let x = y.sub(bin.start).div(bin.height).add(bin.index).div(count);
        (x, ln(bin.height.mul(count)))
    }

    #[inline(always)]
    fn backward<V: LaneF64, R: Real, const CAP: usize>(
        bins: usize,
        raw: &[R],
        x: V,
        (gy, gl): (V, V),
        raw_gradient: &mut [R],
    ) -> V {
        let (p, h) = bins_from_raw::<V, R, CAP>(bins, raw);
        let count = V::splat(bins as f64);
        let zero = V::splat(0.0);
        let bin = find(bins, &h, x, true);
        let inside = x.mul(count).sub(bin.index).fma(gy, gl.div(bin.height));
        let mut gh = [zero; CAP];
        for (k, gh) in gh.iter_mut().enumerate().take(bins) {
            let k = V::splat(k as f64);
            let at_or_before = V::select(k.ge(bin.index), inside, gy);
            *gh = V::select(bin.index.ge(k), at_or_before, zero);
        }
        bins_backward(
            bins,
            &p,
            &gh,
            &mut raw_gradient[..(bins - 1) * TILE + V::LANES],
        );
        gy.mul(count).mul(bin.height)
    }
}
