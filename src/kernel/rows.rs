//! Elementwise passes over rows: between f64 coordinates and the conditioner's precision, and
//! between parameters and their gradients.

use super::{
    dispatch::Kernel,
    lane::{Lane, Real, Simd},
    math::{exp_below, ln, power},
};

/// to = 2 from - 1, in the conditioner's precision: a coordinate as the conditioner sees it.
pub(crate) struct Center<'a, R> {
    /// whole tiles
    pub(crate) from: &'a [f64],
    /// as many
    pub(crate) to: &'a mut [R],
}

impl<R: Real> Kernel for Center<'_, R> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let two = <S::F64 as Lane>::splat(2.0);
        let minus_one = <S::F64 as Lane>::splat(-1.0);
        let lanes = <R::In<S>>::LANES;
        let wide = <S::F64 as Lane>::LANES;
        let last = (<R::In<S>>::PARTS - 1) * wide;
        for (from, to) in self
            .from
            .chunks_exact(lanes)
            .zip(self.to.chunks_exact_mut(lanes))
        {
            let center = |at: usize| <S::F64 as Lane>::load(&from[at..]).fma(two, minus_one);
            <R::In<S>>::narrow([center(0), center(last)]).store(to);
        }
    }
}

/// total += factor from
pub(crate) struct AddScaled<'a, R> {
    pub(crate) factor: R,
    pub(crate) from: &'a [R],
    /// as many
    pub(crate) total: &'a mut [R],
}

impl<R: Real> Kernel for AddScaled<'_, R> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let lanes = <R::In<S>>::LANES;
        let factor = <R::In<S>>::splat(self.factor);
        let mut from = self.from.chunks_exact(lanes);
        let mut total = self.total.chunks_exact_mut(lanes);
        for (from, total) in from.by_ref().zip(total.by_ref()) {
            factor
                .fma(<R::In<S>>::load(from), <R::In<S>>::load(total))
                .store(total);
        }
        for (from, total) in from.remainder().iter().zip(total.into_remainder()) {
            *total = total.plus(R::from_f64(self.factor.to_f64() * from.to_f64()));
        }
    }
}

/// to = from, rounded to the conditioner's precision.
pub(crate) struct Round<'a, R> {
    pub(crate) from: &'a [f64],
    /// as many
    pub(crate) to: &'a mut [R],
}

impl<R: Real> Kernel for Round<'_, R> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let lanes = <R::In<S>>::LANES;
        let last = (<R::In<S>>::PARTS - 1) * <S::F64 as Lane>::LANES;
        let mut to = self.to.chunks_exact_mut(lanes);
        let mut from = self.from.chunks_exact(lanes);
        for (from, to) in from.by_ref().zip(to.by_ref()) {
            let part = |at: usize| <S::F64 as Lane>::load(&from[at..]);
            <R::In<S>>::narrow([part(0), part(last)]).store(to);
        }
        for (from, to) in from.remainder().iter().zip(to.into_remainder()) {
            *to = R::from_f64(*from);
        }
    }
}

/// sum += ln product, and product = 1; NaN where a product is not a positive number.
pub(crate) struct TakeLogs<'a> {
    /// whole vectors, positive
    pub(crate) product: &'a mut [f64],
    /// as many
    pub(crate) sum: &'a mut [f64],
}

impl Kernel for TakeLogs<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let lanes = <S::F64 as Lane>::LANES;
        let nan = <S::F64 as Lane>::splat(f64::NAN);
        let largest = <S::F64 as Lane>::splat(f64::MAX);
        let products = self.product.chunks_exact_mut(lanes);
        for (product, sum) in products.zip(self.sum.chunks_exact_mut(lanes)) {
            let p = <S::F64 as Lane>::load(product);
            // ln goes by bit patterns, and would take any for a number.
            let log = <S::F64 as Lane>::select(p.positive(), ln(p), nan);
            let log = <S::F64 as Lane>::select(largest.ge(p), log, nan);
            log.add(<S::F64 as Lane>::load(sum)).store(sum);
            product.fill(1.0);
        }
    }
}

/// values = e^values, of arguments limited to +-708; NaN stays NaN.
pub(crate) struct Exponentials<'a>(
    /// whole vectors
    pub(crate) &'a mut [f64],
);

impl Kernel for Exponentials<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let (low, high) = (
            <S::F64 as Lane>::splat(-708.0),
            <S::F64 as Lane>::splat(708.0),
        );
        let unit = power(<S::F64 as Lane>::splat(0.0));
        for values in self.0.chunks_exact_mut(<S::F64 as Lane>::LANES) {
            let x = <S::F64 as Lane>::load(values);
            let power = exp_below(x.max(low).min(high), unit);
            <S::F64 as Lane>::select(x.ge(x), power, x).store(values);
        }
    }
}

/// to = from, in f64.
pub(crate) struct Widen<'a, R> {
    pub(crate) from: &'a [R],
    /// as many
    pub(crate) to: &'a mut [f64],
}

impl<R: Real> Kernel for Widen<'_, R> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let lanes = <R::In<S>>::LANES;
        let wide = <S::F64 as Lane>::LANES;
        let mut from = self.from.chunks_exact(lanes);
        let mut to = self.to.chunks_exact_mut(lanes);
        for (from, to) in from.by_ref().zip(to.by_ref()) {
            let values = <R::In<S>>::load(from);
            for (part, to) in to.chunks_exact_mut(wide).enumerate() {
                values.widen(part).store(to);
            }
        }
        for (from, to) in from.remainder().iter().zip(to.into_remainder()) {
            *to = from.to_f64();
        }
    }
}

/// to += share (from - to)
pub(crate) struct Blend<'a> {
    pub(crate) share: f64,
    pub(crate) from: &'a [f64],
    /// as many
    pub(crate) to: &'a mut [f64],
}

impl Kernel for Blend<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let lanes = <S::F64 as Lane>::LANES;
        let share = <S::F64 as Lane>::splat(self.share);
        let mut from = self.from.chunks_exact(lanes);
        let mut to = self.to.chunks_exact_mut(lanes);
        for (from, to) in from.by_ref().zip(to.by_ref()) {
            let old = <S::F64 as Lane>::load(to);
            let step = <S::F64 as Lane>::load(from).sub(old);
            share.fma(step, old).store(to);
        }
        for (from, to) in from.remainder().iter().zip(to.into_remainder()) {
            *to += self.share * (from - *to);
        }
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "exact results are compared")]
mod tests {
    use super::*;
    use crate::kernel::{TILE, dispatch::run_at, level::Level};

    /// Numbers that f32 cannot hold.
    fn numbers(n: usize) -> Vec<f64> {
        (0..n).map(|i| (i as f64 * 0.37).sin() / 3.0).collect()
    }

    fn check<R: Real>() {
        for level in Level::available() {
            for n in [0, 1, 7, 8, 15, 16, 17, 100] {
                let from = numbers(n);
                let mut rounded = vec![R::ZERO; n];
                let to = &mut rounded;
                run_at(level, Round { from: &from, to });
                let expected: Vec<R> = from.iter().map(|v| R::from_f64(*v)).collect();
                assert_eq!(rounded, expected, "{level} {n}");
                let mut total = numbers(n);
                let widen = Widen {
                    from: &rounded,
                    to: &mut total,
                };
                run_at(level, widen);
                for (total, rounded) in total.iter().zip(&rounded) {
                    assert_eq!(*total, rounded.to_f64(), "{level} {n}");
                }
                let added = AddScaled {
                    factor: R::TWO,
                    from: &expected,
                    total: &mut rounded,
                };
                run_at(level, added);
                for (thrice, once) in rounded.iter().zip(&expected) {
                    let expected = 3.0 * once.to_f64();
                    assert!((thrice.to_f64() - expected).abs() <= 1e-6 * expected.abs());
                }
                let begin: Vec<f64> = total.iter().map(|total| 1.0 - total).collect();
                let mut to = begin.clone();
                let blend = Blend {
                    share: 0.25,
                    from: &from,
                    to: &mut to,
                };
                run_at(level, blend);
                for ((to, begin), from) in to.iter().zip(&begin).zip(&from) {
                    assert!((to - (0.75 * begin + 0.25 * from)).abs() < 1e-15);
                }
            }
            let from = numbers(TILE);
            let mut centred = vec![R::ZERO; TILE];
            let to = &mut centred;
            run_at(level, Center { from: &from, to });
            for (from, centred) in from.iter().zip(&centred) {
                assert_eq!(*centred, R::from_f64(2.0 * from - 1.0), "{level}");
            }
        }
    }

    #[test]
    fn logs_of_products_are_added() {
        for level in Level::available() {
            let mut product: Vec<f64> = (0..64).map(|i| 1.5_f64.powi(i - 30)).collect();
            let expected: Vec<f64> = product.iter().map(|p| 2.0 + p.ln()).collect();
            let mut sum = vec![2.0; TILE];
            let logs = TakeLogs {
                product: &mut product,
                sum: &mut sum,
            };
            run_at(level, logs);
            for (sum, expected) in sum.iter().zip(&expected) {
                assert!((sum - expected).abs() < 1e-14, "{level}");
            }
            assert_eq!(product, vec![1.0; TILE]);
            let mut broken = [f64::NAN, 0.0, -1.0, f64::INFINITY].repeat(2);
            let mut sum = [0.0; 8];
            let logs = TakeLogs {
                product: &mut broken,
                sum: &mut sum,
            };
            run_at(level, logs);
            assert!(sum.iter().all(|s| s.is_nan()), "{level}: {sum:?}");
        }
    }

    #[test]
    fn exponentials_are_exact_to_a_few_roundings_and_limited() {
        for level in Level::available() {
            let mut values: Vec<f64> = (0..TILE).map(|i| 0.7 * i as f64 - 20.0).collect();
            let expected: Vec<f64> = values.iter().map(|v| v.exp()).collect();
            run_at(level, Exponentials(&mut values));
            for (value, expected) in values.iter().zip(&expected) {
                assert!((value / expected - 1.0).abs() < 1e-14, "{level}");
            }
            let mut ends = [f64::NEG_INFINITY, -1e4, 0.0, f64::INFINITY].repeat(2);
            run_at(level, Exponentials(&mut ends));
            assert!(ends[0] < 1e-300 && ends[1] < 1e-300 && ends[3].is_finite());
            assert_eq!(ends[2], 1.0, "{level}");
            let mut nan = [f64::NAN; 8];
            run_at(level, Exponentials(&mut nan));
            assert!(nan.iter().all(|v| v.is_nan()), "{level}");
        }
    }

    #[test]
    fn single_precision_is_rounded_once() {
        check::<f32>();
    }

    #[test]
    fn double_precision_is_kept() {
        check::<f64>();
    }
}
