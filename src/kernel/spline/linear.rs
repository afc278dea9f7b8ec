//! Piecewise-linear spline: piecewise-constant slope on K equal bins.
//!
//! S(x) = sum_{j<k} `h_j` + (K x - k) `h_k` for x in bin k; S' = K `h_k`.
//! Raw: K heights. Müller, `McWilliams`, Rousselle, Gross, Novák, "Neural importance
//! sampling" (2019), arXiv:1808.03856, section 4.1. Known weakness: the slope jumps at the
//! knots, and its gradient does not see where the knots should be. Only exponentials are
//! made in the conditioner's precision, so that equal heights are the identity to f64 rounding.

use super::{
    super::lane::Lane,
    super::math::{constant, ln},
    Kind, MIN, TILE,
    bins::{self, Sizes, add_to, by_place, distance, load, number, numerators, sum_of},
};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Linear;

/// The bin that holds a point: its number, S at its start, and the height.
struct Bin<W> {
    index: W,
    y: W,
    h: W,
}

/// Finds the bin for the lanes of one part: by y where `BY_Y`, otherwise by K x.
#[inline(always)]
fn find<V: Lane, const BY_Y: bool>(
    bins: usize,
    numerators: &[V::Scalar],
    sum: V,
    part: usize,
    at: V::Wide,
) -> Bin<V::Wide> {
    let wide = <V::Wide as Lane>::splat;
    let scale = wide(1.0 - bins as f64 * MIN).div(sum.widen(part));
    let e = |k: usize| V::load(&numerators[k * TILE..]).widen(part);
    let mut y = wide(0.0);
    // The last bin ends at 1 whatever the rounding of the sum.
    let height = |k: usize, y: V::Wide| {
        if k + 1 == bins {
            wide(1.0).sub(y)
        } else {
            e(k).fma(scale, wide(MIN))
        }
    };
    let mut h = height(0, y);
    let mut bin = Bin { index: y, y, h };
    for k in 1..bins {
        y = y.add(h);
        h = height(k, y);
        let index = wide(k as f64);
        let past = at.ge(if BY_Y { y } else { index });
        bin.index = <V::Wide as Lane>::select(past, index, bin.index);
        bin.y = <V::Wide as Lane>::select(past, y, bin.y);
        bin.h = <V::Wide as Lane>::select(past, h, bin.h);
    }
    bin
}

/// K x in f64, for which the bin is found by its integer part.
#[inline(always)]
fn scaled<V: Lane>(bins: usize, x: &[f64]) -> [V::Wide; 2] {
    let count = <V::Wide as Lane>::splat(bins as f64);
    load::<V>(x).map(|x| x.mul(count))
}

impl Kind for Linear {
    fn parameters(bins: usize) -> usize {
        bins
    }

    #[inline(always)]
    fn evaluate<V: Lane, const INVERSE: bool>(
        bins: usize,
        raw: &mut [V::Scalar],
        values: &mut [f64],
        log_slope: &mut [f64],
    ) {
        let sum = numerators::<V>(bins, raw);
        let at = if INVERSE {
            load::<V>(values)
        } else {
            scaled::<V>(bins, values)
        };
        let count = <V::Wide as Lane>::splat(bins as f64);
        for (part, at) in at.into_iter().enumerate().take(V::PARTS) {
            let bin = find::<V, INVERSE>(bins, raw, sum, part, at);
            let value = if INVERSE {
                at.sub(bin.y).div(bin.h).add(bin.index).div(count)
            } else {
                at.sub(bin.index).fma(bin.h, bin.y)
            };
            let first = part * <V::Wide as Lane>::LANES;
            value.store(&mut values[first..]);
            add_to(&mut log_slope[first..], ln(bin.h.mul(count)));
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
        let sum = sum_of::<V>(bins, raw);
        let sizes = Sizes::new(bins, sum);
        let at = scaled::<V>(bins, x);
        let place = V::narrow_down(at);
        let (mut index, mut h) = (constant!(V, ZERO), sizes.size(raw, 0));
        for k in 1..bins {
            let past = place.ge(number(k));
            index = V::select(past, number(k), index);
            h = V::select(past, sizes.size(raw, k), h);
        }
        let inside = distance(at, index).fma(gy, gl.div(h));
        for k in 0..bins {
            by_place(index, k, gy, inside).store(&mut raw_gradient[k * TILE..]);
        }
        bins::backward(bins, raw, sizes, sum, raw_gradient);
        gy.mul(number(bins)).mul(h)
    }
}
