//! Monotone splines S: [0,1] -> [0,1] with S(0) = 0 and S(1) = 1, on tiles.
//!
//! Raw parameters come as `[parameter][TILE]`, unconstrained, from a conditioner; all-zero
//! parameters give the identity. The three kinds of splines share softmax-normalised bins:
//! `w_k = MIN + (1 - K MIN) softmax(raw)_k`. Two more kinds act on all reals (`affine`).
//!
//! Two precisions meet here. The knots are made in that of the conditioner (f32 as a rule):
//! they depend only on what forward and inverse both see, so both find the very same knots.
//! Between them the spline and its derivative are evaluated in f64, so that the map is
//! inverted and its density known to f64 rounding. Whether a point lies beyond a knot is
//! decided on the point rounded down to the knots' precision, which is exact.
//! Gradients are computed in the conditioner's precision throughout.
//!
//! Every kind implements [`Kind`]; [`Evaluate`] and [`Backward`] run one row of a tile. An
//! evaluation leaves the numerators of its softmaxes in place of the raw parameters, where
//! the backward pass takes them up.

mod affine;
mod bins;
mod linear;
mod quadratic;
mod rational;
mod rational_backward;

use super::{
    TILE,
    dispatch::{Kernel, run},
    lane::{Lane, Real, Simd},
};

pub(crate) use affine::{Additive, Affine, LARGEST};
pub(crate) use linear::Linear;
pub(crate) use quadratic::Quadratic;
pub(crate) use rational::Rational;

/// Smallest width or height of a bin, and smallest slope or density.
pub(crate) const MIN: f64 = 1e-3;
/// Most bins that a spline may have.
pub(crate) const MAX_BINS: usize = 64;

/// One family of splines, on rows of `TILE` points; see [`Evaluate`] and [`Backward`].
pub(crate) trait Kind {
    /// Raw parameters for `bins` bins.
    fn parameters(bins: usize) -> usize;
    /// Replaces x by S(x), or S(x) by x where `INVERSE`, and multiplies `slope` by S'(x);
    /// turns `raw` into what [`Kind::backward`] takes.
    fn evaluate<S: Simd, R: Real, const INVERSE: bool>(
        bins: usize,
        raw: &mut [R],
        values: &mut [f64],
        slope: &mut [f64],
    );
    /// Given d loss / d S(x) in `gradient` and d loss / d ln S'(x), writes d loss / d raw into
    /// `raw_gradient` and d loss / d x into `gradient`.
    fn backward<S: Simd, R: Real>(
        bins: usize,
        raw: &[R],
        x: &[f64],
        gradient: &mut [R],
        log_slope_gradient: &[R],
        raw_gradient: &mut [R],
    );
}

/// A [`Kind`] that takes one vector of points at a time. Slices start at its first point:
/// parameter `k` of lane `l` is `raw[k * TILE + l]`, coordinate l is `values[l]`.
pub(crate) trait VectorKind {
    /// As [`Kind::parameters`].
    fn parameters(bins: usize) -> usize;
    /// As [`Kind::evaluate`].
    fn evaluate<V: Lane, const INVERSE: bool>(
        bins: usize,
        raw: &mut [V::Scalar],
        values: &mut [f64],
        slope: &mut [f64],
    );
    /// As [`Kind::backward`], given d loss / d S(x) and d loss / d ln S'(x); returns d loss / d x.
    fn backward<V: Lane>(
        bins: usize,
        raw: &[V::Scalar],
        x: &[f64],
        gradient: (V, V),
        raw_gradient: &mut [V::Scalar],
    ) -> V;
}

impl<K: VectorKind> Kind for K {
    fn parameters(bins: usize) -> usize {
        <K as VectorKind>::parameters(bins)
    }

    #[inline(always)]
    fn evaluate<S: Simd, R: Real, const INVERSE: bool>(
        bins: usize,
        raw: &mut [R],
        values: &mut [f64],
        slope: &mut [f64],
    ) {
        for t in (0..TILE).step_by(<R::In<S>>::LANES) {
            let (values, slope) = (&mut values[t..], &mut slope[t..]);
            <K as VectorKind>::evaluate::<R::In<S>, INVERSE>(bins, &mut raw[t..], values, slope);
        }
    }

    #[inline(always)]
    fn backward<S: Simd, R: Real>(
        bins: usize,
        raw: &[R],
        x: &[f64],
        gradient: &mut [R],
        log_slope_gradient: &[R],
        raw_gradient: &mut [R],
    ) {
        for t in (0..TILE).step_by(<R::In<S>>::LANES) {
            let g = (
                <R::In<S>>::load(&gradient[t..]),
                <R::In<S>>::load(&log_slope_gradient[t..]),
            );
            let (raw, x) = (&raw[t..], &x[t..]);
            <K as VectorKind>::backward(bins, raw, x, g, &mut raw_gradient[t..])
                .store(&mut gradient[t..]);
        }
    }
}

/// Which way a spline is evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Forward,
    Inverse,
}

/// Evaluates one row of points in place and multiplies `slope` by S'.
///
/// S' is a product of at most three factors of 1/MIN and a few of the end slopes, so that eight
/// of them neither overflow nor vanish: one logarithm then does for all.
pub(crate) struct Evaluate<'a, R, K> {
    pub(crate) kind: K,
    pub(crate) bins: usize,
    pub(crate) direction: Direction,
    /// `[parameters * TILE]`: raw parameters in, what [`Backward`] takes out
    pub(crate) raw: &'a mut [R],
    /// `[TILE]`
    pub(crate) values: &'a mut [f64],
    /// `[TILE]`, multiplied
    pub(crate) slope: &'a mut [f64],
}

impl<R: Real, K: Kind> Kernel for Evaluate<'_, R, K> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let (raw, values) = (&mut self.raw[..], &mut self.values[..TILE]);
        let slope = &mut self.slope[..TILE];
        match self.direction {
            Direction::Forward => K::evaluate::<S, R, false>(self.bins, raw, values, slope),
            Direction::Inverse => K::evaluate::<S, R, true>(self.bins, raw, values, slope),
        }
    }
}

/// Backward pass of the forward direction for one row of points.
pub(crate) struct Backward<'a, R, K> {
    pub(crate) kind: K,
    pub(crate) bins: usize,
    /// `[parameters * TILE]`, as [`Evaluate`] left them
    pub(crate) raw: &'a [R],
    /// `[TILE]`: where the spline was evaluated
    pub(crate) x: &'a [f64],
    /// `[TILE]`: d loss / d S(x) in, d loss / d x out
    pub(crate) gradient: &'a mut [R],
    /// `[TILE]`: d loss / d ln S'(x)
    pub(crate) log_slope_gradient: &'a [R],
    /// `[parameters * TILE]`, overwritten
    pub(crate) raw_gradient: &'a mut [R],
}

impl<R: Real, K: Kind> Kernel for Backward<'_, R, K> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        K::backward::<S, R>(
            self.bins,
            self.raw,
            &self.x[..TILE],
            &mut self.gradient[..TILE],
            &self.log_slope_gradient[..TILE],
            self.raw_gradient,
        );
    }
}

/// All kinds, for choosing at run time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AnyKind {
    Linear,
    Quadratic,
    Rational,
    Additive,
    Affine,
}

/// Runs `$kernel` with the kind that `$any` names in place of its own.
macro_rules! with_kind {
    ($any:expr, $kernel:ident { $($field:ident),* }) => {
        match $any {
            AnyKind::Linear => run($kernel { kind: Linear, $($field),* }),
            AnyKind::Quadratic => run($kernel { kind: Quadratic, $($field),* }),
            AnyKind::Rational => run($kernel { kind: Rational, $($field),* }),
            AnyKind::Additive => run($kernel { kind: Additive, $($field),* }),
            AnyKind::Affine => run($kernel { kind: Affine, $($field),* }),
        }
    };
}

impl AnyKind {
    pub(crate) fn parameters(self, bins: usize) -> usize {
        match self {
            Self::Linear => <Linear as Kind>::parameters(bins),
            Self::Quadratic => <Quadratic as Kind>::parameters(bins),
            Self::Rational => <Rational as Kind>::parameters(bins),
            Self::Additive => <Additive as Kind>::parameters(bins),
            Self::Affine => <Affine as Kind>::parameters(bins),
        }
    }
}

/// Runs [`Evaluate`] for a kind chosen at run time.
pub(crate) fn evaluate<R: Real>(row: Evaluate<'_, R, AnyKind>) {
    let Evaluate {
        kind,
        bins,
        direction,
        raw,
        values,
        slope,
    } = row;
    with_kind!(
        kind,
        Evaluate {
            bins,
            direction,
            raw,
            values,
            slope
        }
    );
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
    with_kind!(
        kind,
        Backward {
            bins,
            raw,
            x,
            gradient,
            log_slope_gradient,
            raw_gradient
        }
    );
}

#[cfg(test)]
mod tests;
