//! Monotone splines S: [0,1] -> [0,1] with S(0) = 0 and S(1) = 1, on tiles.
//!
//! Raw parameters come as `[parameter][TILE]`, unconstrained, from a conditioner; all-zero
//! parameters give the identity. The three kinds share softmax-normalised bins:
//! `w_k = MIN + (1 - K MIN) softmax(raw)_k`.
//!
//! Every kind implements [`Kind`]; [`Evaluate`] and [`Backward`] run one row of a tile.
//! Spline arithmetic is f64 whatever the precision of the raw parameters, and forward and
//! inverse build the very same knots, so that the map is exactly invertible up to rounding.

mod linear;
mod quadratic;
mod rational;

use super::{
    TILE,
    dispatch::Kernel,
    lane::{Lane as _, LaneF64, Real, Simd},
    math::exp,
};
use crate::kernel::dispatch::run;

pub(crate) use linear::Linear;
pub(crate) use quadratic::Quadratic;
pub(crate) use rational::Rational;

/// Smallest width or height of a bin, and smallest slope or density.
pub(crate) const MIN: f64 = 1e-3;
/// Most bins that a spline may have.
pub(crate) const MAX_BINS: usize = 64;

/// One family of splines. `raw` starts at the first point of the vector: parameter `k` of
/// lane `l` is `raw[k * TILE + l]`.
pub(crate) trait Kind {
    /// Raw parameters for `bins` bins.
    fn parameters(bins: usize) -> usize;
    /// `(S(x), ln S'(x))`
    fn forward<V: LaneF64, R: Real, const CAP: usize>(bins: usize, raw: &[R], x: V) -> (V, V);
    /// `(x, ln S'(x))` with S(x) = y
    fn inverse<V: LaneF64, R: Real, const CAP: usize>(bins: usize, raw: &[R], y: V) -> (V, V);
    /// Given d loss / d S(x) and d loss / d ln S'(x), writes d loss / d raw into `raw_gradient`
    /// (laid out as `raw`) and returns d loss / d x.
    fn backward<V: LaneF64, R: Real, const CAP: usize>(
        bins: usize,
        raw: &[R],
        x: V,
        gradient: (V, V),
        raw_gradient: &mut [R],
    ) -> V;
}

/// Which way a spline is evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Forward,
    Inverse,
}

/// Evaluates one row of points in place and adds ln S' to `log_slope`.
pub(crate) struct Evaluate<'a, R, K> {
    #[expect(dead_code, reason = "names the type")]
    pub(crate) kind: K,
    pub(crate) bins: usize,
    pub(crate) direction: Direction,
    /// `[parameters * TILE]`
    pub(crate) raw: &'a [R],
    /// `[TILE]`
    pub(crate) values: &'a mut [f64],
    /// `[TILE]`, added to
    pub(crate) log_slope: &'a mut [f64],
}

/// Calls a method of [`Kind`] with the number of bins known at compile time where it is common.
macro_rules! with_capacity {
    ($bins:expr, $v:ty, $r:ty, $k:ty, $method:ident, $($argument:expr),*) => {
        match $bins {
            8 => <$k>::$method::<$v, $r, 8>(8, $($argument),*),
            10 => <$k>::$method::<$v, $r, 10>(10, $($argument),*),
            16 => <$k>::$method::<$v, $r, 16>(16, $($argument),*),
            bins => <$k>::$method::<$v, $r, MAX_BINS>(bins, $($argument),*),
        }
    };
}

impl<R: Real, K: Kind> Kernel for Evaluate<'_, R, K> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let lanes = S::F64::LANES;
        for t in (0..TILE).step_by(lanes) {
            let raw = &self.raw[t..];
            let v = S::F64::load(&self.values[t..]);
            let (value, log_slope) = match self.direction {
                Direction::Forward => with_capacity!(self.bins, S::F64, R, K, forward, raw, v),
                Direction::Inverse => with_capacity!(self.bins, S::F64, R, K, inverse, raw, v),
            };
            value.store(&mut self.values[t..]);
            S::F64::load(&self.log_slope[t..])
                .add(log_slope)
                .store(&mut self.log_slope[t..]);
        }
    }
}

/// Backward pass of the forward direction for one row of points.
pub(crate) struct Backward<'a, R, K> {
    pub(crate) kind: K,
    pub(crate) bins: usize,
    /// `[parameters * TILE]`
    pub(crate) raw: &'a [R],
    /// `[TILE]`: where the spline was evaluated
    pub(crate) x: &'a [f64],
    /// `[TILE]`: d loss / d S(x) in, d loss / d x out
    pub(crate) gradient: &'a mut [f64],
    /// `[TILE]`: d loss / d ln S'(x)
    pub(crate) log_slope_gradient: &'a [f64],
    /// `[parameters * TILE]`, overwritten
    pub(crate) raw_gradient: &'a mut [R],
}

impl<R: Real, K: Kind> Kernel for Backward<'_, R, K> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let lanes = S::F64::LANES;
        for t in (0..TILE).step_by(lanes) {
            let raw = &self.raw[t..];
            let x = S::F64::load(&self.x[t..]);
            let g = (
                S::F64::load(&self.gradient[t..]),
                S::F64::load(&self.log_slope_gradient[t..]),
            );
            let to = &mut self.raw_gradient[t..];
            with_capacity!(self.bins, S::F64, R, K, backward, raw, x, g, to)
                .store(&mut self.gradient[t..]);
        }
    }
}

/// The three kinds, for choosing at run time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AnyKind {
    Linear,
    Quadratic,
    Rational,
}

impl AnyKind {
    pub(crate) fn parameters(self, bins: usize) -> usize {
        match self {
            Self::Linear => Linear::parameters(bins),
            Self::Quadratic => Quadratic::parameters(bins),
            Self::Rational => Rational::parameters(bins),
        }
    }
}

/// Runs [`Evaluate`] for a kind chosen at run time.
pub(crate) fn evaluate<R: Real>(
    kind: AnyKind,
    bins: usize,
    direction: Direction,
    raw: &[R],
    values: &mut [f64],
    log_slope: &mut [f64],
) {
    match kind {
        AnyKind::Linear => {
            run(Evaluate {
                kind: Linear,
                bins,
                direction,
                raw,
                values,
                log_slope,
            });
        }
        AnyKind::Quadratic => {
            run(Evaluate {
                kind: Quadratic,
                bins,
                direction,
                raw,
                values,
                log_slope,
            });
        }
        AnyKind::Rational => {
            run(Evaluate {
                kind: Rational,
                bins,
                direction,
                raw,
                values,
                log_slope,
            });
        }
    }
}

/// Runs [`Backward`] for a kind chosen at run time.
pub(crate) fn backward<R: Real>(row: Backward<'_, R, AnyKind>) {
    let Backward {
        kind,
        bins,
        raw,
        x,
        gradient,
        log_slope_gradient,
        raw_gradient,
    } = row;
    macro_rules! go {
        ($kind:expr) => {
            run(Backward {
                kind: $kind,
                bins,
                raw,
                x,
                gradient,
                log_slope_gradient,
                raw_gradient,
            })
        };
    }
    match kind {
        AnyKind::Linear => go!(Linear),
        AnyKind::Quadratic => go!(Quadratic),
        AnyKind::Rational => go!(Rational),
    }
}

/// Softmax of `bins` raw rows, then `MIN + (1 - bins MIN) p`; the last bin closes the sum.
///
/// Returns `(p, w)`: probabilities and bin sizes.
#[inline(always)]
fn bins_from_raw<V: LaneF64, R: Real, const CAP: usize>(
    bins: usize,
    raw: &[R],
) -> ([V; CAP], [V; CAP]) {
    let zero = V::splat(0.0);
    let mut p = [zero; CAP];
    let mut max = V::splat(f64::MIN);
    for (k, p) in p.iter_mut().enumerate().take(bins) {
        *p = R::load::<V>(&raw[k * TILE..]);
        max = max.max(*p);
    }
    let mut sum = zero;
    for p in p.iter_mut().take(bins) {
        *p = exp(p.sub(max));
        sum = sum.add(*p);
    }
    let scale = V::splat(1.0).div(sum);
    let spread = V::splat(1.0 - bins as f64 * MIN);
    let mut w = [zero; CAP];
    let mut left = V::splat(1.0);
    for k in 0..bins {
        p[k] = p[k].mul(scale);
        w[k] = if k + 1 == bins {
            left
        } else {
            p[k].fma(spread, V::splat(MIN))
        };
        left = left.sub(w[k]);
    }
    (p, w)
}

/// Backward pass of [`bins_from_raw`]: d loss / d w -> d loss / d raw.
#[inline(always)]
fn bins_backward<V: LaneF64, R: Real, const CAP: usize>(
    bins: usize,
    p: &[V; CAP],
    w_gradient: &[V; CAP],
    raw_gradient: &mut [R],
) {
    let mut mean = V::splat(0.0);
    for k in 0..bins {
        mean = p[k].fma(w_gradient[k], mean);
    }
    let spread = V::splat(1.0 - bins as f64 * MIN);
    for k in 0..bins {
        let g = w_gradient[k].sub(mean).mul(p[k]).mul(spread);
        R::store(g, &mut raw_gradient[k * TILE..]);
    }
}

#[cfg(test)]
mod tests;
