//! Softmax-normalised bins: what the three kinds of splines share.
//!
//! `w_k = MIN + (1 - K MIN) e_k / sum_j e_j` with `e_k = e^raw_k` up to a common power of two.

use super::{
    super::lane::{Lane, Real as _},
    super::math::{constant, exp_below, limited, power},
    MIN, TILE,
};

/// Replaces `rows` raw parameters by numerators of their softmax; returns their sum.
#[inline(always)]
pub(super) fn numerators<V: Lane>(rows: usize, raw: &mut [V::Scalar]) -> V {
    let mut max = V::load(raw);
    for k in 1..rows {
        max = max.max(V::load(&raw[k * TILE..]));
    }
    let top = power(limited(max));
    let mut sum = constant!(V, ZERO);
    for k in 0..rows {
        let row = &mut raw[k * TILE..];
        let e = exp_below(limited(V::load(row)), top);
        sum = sum.add(e);
        e.store(row);
    }
    sum
}

/// The sum that [`numerators`] returned, to the bit.
#[inline(always)]
pub(super) fn sum_of<V: Lane>(rows: usize, numerators: &[V::Scalar]) -> V {
    let mut sum = constant!(V, ZERO);
    for k in 0..rows {
        sum = sum.add(V::load(&numerators[k * TILE..]));
    }
    sum
}

/// Turns numerators into sizes of bins.
#[derive(Clone, Copy)]
pub(super) struct Sizes<V> {
    /// (1 - K MIN) / sum
    scale: V,
}

impl<V: Lane> Sizes<V> {
    #[inline(always)]
    pub(super) fn new(bins: usize, sum: V) -> Self {
        let spread = V::splat(V::Scalar::from_f64(1.0 - bins as f64 * MIN));
        Self {
            scale: spread.div(sum),
        }
    }

    pub(super) fn scale(self) -> V {
        self.scale
    }

    /// The end of bin `k` that starts at `from`: 1 for the last, whatever the rounding.
    #[inline(always)]
    pub(super) fn end(self, numerators: &[V::Scalar], k: usize, bins: usize, from: V) -> V {
        if k + 1 == bins {
            constant!(V, ONE)
        } else {
            from.add(self.size(numerators, k))
        }
    }

    /// The size of bin `k`, of which `numerators` starts with the first.
    #[inline(always)]
    pub(super) fn size(self, numerators: &[V::Scalar], k: usize) -> V {
        V::load(&numerators[k * TILE..]).fma(self.scale, V::splat(V::Scalar::from_f64(MIN)))
    }
}

/// Backward pass of the softmax: turns d loss / d `w_k` in the rows of `gradient` into
/// d loss / d raw.
#[inline(always)]
pub(super) fn backward<V: Lane>(
    bins: usize,
    numerators: &[V::Scalar],
    sizes: Sizes<V>,
    sum: V,
    gradient: &mut [V::Scalar],
) {
    let mut mean = constant!(V, ZERO);
    for k in 0..bins {
        let g = V::load(&gradient[k * TILE..]);
        mean = V::load(&numerators[k * TILE..]).fma(g, mean);
    }
    let mean = mean.div(sum);
    for k in 0..bins {
        let row = &mut gradient[k * TILE..];
        let p = V::load(&numerators[k * TILE..]).mul(sizes.scale);
        V::load(row).sub(mean).mul(p).store(row);
    }
}

/// Wide vectors of the `LANES` coordinates that `values` starts with.
#[inline(always)]
pub(super) fn load<V: Lane>(values: &[f64]) -> [V::Wide; 2] {
    let lanes = <V::Wide as Lane>::LANES;
    let first = <V::Wide as Lane>::load(values);
    let second = if V::PARTS == 2 {
        <V::Wide as Lane>::load(&values[lanes..])
    } else {
        first
    };
    [first, second]
}

/// Multiplies the part of a row by one wide vector.
#[inline(always)]
pub(super) fn multiply<W: Lane<Scalar = f64>>(row: &mut [f64], value: W) {
    W::load(row).mul(value).store(row);
}

/// The number of a bin as a lane.
#[inline(always)]
pub(super) fn number<V: Lane>(k: usize) -> V {
    V::splat(V::Scalar::from_f64(k as f64))
}

/// The distances of wide points `at` to lanes `from`, rounded only at the end.
#[inline(always)]
pub(super) fn distance<V: Lane>(at: [V::Wide; 2], from: V) -> V {
    let last = V::PARTS - 1;
    V::narrow([at[0].sub(from.widen(0)), at[last].sub(from.widen(last))])
}

/// What bin `k` gets of a gradient when the point lies in bin `index`: `before` if k is below
/// that, `here` if it is the one, nothing otherwise.
#[inline(always)]
pub(super) fn by_place<V: Lane>(index: V, k: usize, before: V, here: V) -> V {
    let rest = V::select(index.ge(number(k)), here, constant!(V, ZERO));
    V::select(index.ge(number(k + 1)), before, rest)
}
