//! Piecewise-linear spline: piecewise-constant slope on K equal bins.
//!
//! S(x) = sum_{j<k} `h_j` + (K x - k) `h_k` for x in bin k; S' = K `h_k`.
//! Raw: K heights. Müller, `McWilliams`, Rousselle, Gross, Novák, "Neural importance
//! sampling" (2019), arXiv:1808.03856, section 4.1. Known weakness: the slope jumps at the
//! knots, and its gradient does not see where the knots should be. Only exponentials are
//! made in the conditioner's precision, so that equal heights are the identity to f64 rounding.

use super::{
    super::lane::Lane,
    super::math::constant,
    MIN, TILE, VectorKind,
    bins::{self, Sizes, by_place, distance, load, multiply, number, numerators, sum_of},
};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Linear;

/// The bin that holds a point: its number, S at its start, and the height.
struct Bin<W> {
    index: W,
    y: W,
    h: W,
}

/// Heights of the bins for the lanes of one part, in f64.
struct Heights<'a, V: Lane> {
    bins: usize,
    numerators: &'a [V::Scalar],
    part: usize,
    /// (1 - K MIN)/sum
    scale: V::Wide,
}

impl<V: Lane> Heights<'_, V> {
    /// The height of bin `k` that starts at `y`; the last one ends at 1 whatever the rounding.
    #[inline(always)]
    fn of(&self, k: usize, y: V::Wide) -> V::Wide {
        if k + 1 == self.bins {
            constant!(V::Wide, ONE).sub(y)
        } else {
            let e = V::load(&self.numerators[k * TILE..]).widen(self.part);
            e.fma(self.scale, <V::Wide as Lane>::splat(MIN))
        }
    }

    /// Finds a bin: by y where `BY_Y`, otherwise by K x.
    #[inline(always)]
    fn find<const BY_Y: bool>(&self, at: V::Wide) -> Bin<V::Wide> {
        let mut y = constant!(V::Wide, ZERO);
        let mut h = self.of(0, y);
        let mut bin = Bin { index: y, y, h };
        for k in 1..self.bins {
            y = y.add(h);
            h = self.of(k, y);
            let index = <V::Wide as Lane>::splat(k as f64);
            let past = at.ge(if BY_Y { y } else { index });
            bin.index = <V::Wide as Lane>::select(past, index, bin.index);
            bin.y = <V::Wide as Lane>::select(past, y, bin.y);
            bin.h = <V::Wide as Lane>::select(past, h, bin.h);
        }
        bin
    }
}

/// K x in f64, for which the bin is found by its integer part.
#[inline(always)]
fn scaled<V: Lane>(bins: usize, x: &[f64]) -> [V::Wide; 2] {
    let [a, b] = load::<V>(x);
    let count = <V::Wide as Lane>::splat(bins as f64);
    [a.mul(count), b.mul(count)]
}

impl VectorKind for Linear {
    fn parameters(bins: usize) -> usize {
        bins
    }

    #[inline(always)]
    fn evaluate<V: Lane, const INVERSE: bool>(
        bins: usize,
        raw: &mut [V::Scalar],
        values: &mut [f64],
        slope: &mut [f64],
    ) {
        let sum = numerators::<V>(bins, raw);
        let at = if INVERSE {
            load::<V>(values)
        } else {
            scaled::<V>(bins, values)
        };
        let count = <V::Wide as Lane>::splat(bins as f64);
        let spread = <V::Wide as Lane>::splat(1.0 - bins as f64 * MIN);
        for part in 0..V::PARTS {
            let (at, scale) = (at[part], spread.div(sum.widen(part)));
            let heights = Heights::<V> {
                bins,
                numerators: raw,
                part,
                scale,
            };
            let bin = heights.find::<INVERSE>(at);
            let value = if INVERSE {
                at.sub(bin.y).div(bin.h).add(bin.index).div(count)
            } else {
                at.sub(bin.index).fma(bin.h, bin.y)
            };
            let first = part * <V::Wide as Lane>::LANES;
            value.store(&mut values[first..]);
            multiply(&mut slope[first..], bin.h.mul(count));
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
