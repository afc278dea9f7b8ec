//! exp, ln, softplus and the logistic function on vectors of f32 and f64.
//!
//! exp: x = n ln 2 + r with |r| <= ln(2)/2, a polynomial in r (f64: Taylor to degree 13; f32:
//! minimax to degree 5). ln: x = 2^e m with m in [sqrt(1/2), sqrt(2)),
//! ln m = 2 artanh((m-1)/(m+1)). Largest errors over the tests' grids, at any level: exp 2.3 ulp
//! in f32 and 1.6 in f64 on [-1/2, 0], growing with |x| to 2.5 and 6 at -8; ln 2 ulp; softplus
//! 2.4 ulp for x >= 0, below that 2 epsilon in all. Weakness: exp takes arguments up to
//! `LIMIT`, is scaled by a known power of two and stops short of subnormal results; ln expects
//! a positive normal number.

use std::{f32, f64};

use super::lane::Lane;

/// What the functions need to know of a precision.
pub(crate) trait Constants: Copy + 'static {
    /// 1.5 * 2^(mantissa): adding it rounds to the nearest integer and leaves that in the low bits
    const ROUND: Self;
    const LOG2_E: Self;
    const LN_2: Self;
    /// ln 2 in two parts, the first with trailing zeros so that n times it is exact
    const LN_2_HIGH: Self;
    const LN_2_LOW: Self;
    /// largest |x|, so that [`power`] counts integers and slopes can be inverted
    const LIMIT: Self;
    const ZERO: Self;
    const ONE: Self;
    const TWO: Self;
    /// smallest exponent that [`scale`] is given, so that no result is subnormal
    const MIN_SCALE: Self;
    /// coefficients of e^r, highest power first
    const EXP: &'static [Self];
    /// coefficients of ln(1 + t)/t on [0, 1], highest power first; empty: by [`ln`]
    const LN_1P: &'static [Self];
    /// 2/(2k+1) for k = 1.., highest first
    const ATANH: &'static [Self];
    /// 2^(mantissa) plus the bias of the exponent
    const BIAS: Self;
    const BITS_OF_ONE: u64;
    const BITS_OF_SQRT_HALF: u64;
    /// of 2^(mantissa)
    const BITS_OF_INTEGERS: u64;
    const BITS_OF_EXPONENT: u64;
}

impl Constants for f64 {
    const ROUND: Self = 6755399441055744.0;
    const LOG2_E: Self = f64::consts::LOG2_E;
    const LN_2: Self = f64::consts::LN_2;
    const LN_2_HIGH: Self = 6.931_471_803_691_238e-1;
    const LN_2_LOW: Self = 1.908_214_929_270_587_7e-10;
    // As in f32, though integers are counted to 1e15: a spline of which a slope is 1e12 times its
    // smallest height is inverted to nothing but rounding, and may even leave the unit interval.
    const LIMIT: Self = 2e6;
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;
    const TWO: Self = 2.0;
    const MIN_SCALE: Self = -1021.0;
    const EXP: &'static [Self] = &[
        1.0 / 6227020800.0,
        1.0 / 479001600.0,
        1.0 / 39916800.0,
        1.0 / 3628800.0,
        1.0 / 362880.0,
        1.0 / 40320.0,
        1.0 / 5040.0,
        1.0 / 720.0,
        1.0 / 120.0,
        1.0 / 24.0,
        1.0 / 6.0,
        1.0 / 2.0,
        1.0,
        1.0,
    ];
    const LN_1P: &'static [Self] = &[];
    const ATANH: &'static [Self] = &[
        2.0 / 19.0,
        2.0 / 17.0,
        2.0 / 15.0,
        2.0 / 13.0,
        2.0 / 11.0,
        2.0 / 9.0,
        2.0 / 7.0,
        2.0 / 5.0,
        2.0 / 3.0,
    ];
    const BIAS: Self = 4503599627370496.0 + 1023.0;
    const BITS_OF_ONE: u64 = 0x3ff0_0000_0000_0000;
    const BITS_OF_SQRT_HALF: u64 = 0x3fe6_a09e_667f_3bcd;
    const BITS_OF_INTEGERS: u64 = 0x4330_0000_0000_0000;
    const BITS_OF_EXPONENT: u64 = 0xfff0_0000_0000_0000;
}

impl Constants for f32 {
    const ROUND: Self = 12582912.0;
    const LOG2_E: Self = f32::consts::LOG2_E;
    const LN_2: Self = f32::consts::LN_2;
    const LN_2_HIGH: Self = 0.693_359_4;
    const LN_2_LOW: Self = -2.121_944_4e-4;
    const LIMIT: Self = 2e6;
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;
    const TWO: Self = 2.0;
    const MIN_SCALE: Self = -125.0;
    /// smallest largest relative error on |r| <= ln(2)/2 (9.2e-8), constant term 1
    const EXP: &'static [Self] = &[
        0.008_290_272,
        0.041_898_16,
        0.166_676_39,
        0.499_991_48,
        0.999_999_7,
        1.0,
    ];
    /// smallest largest relative error (3.0e-8)
    const LN_1P: &'static [Self] = &[
        0.005_232_692_7,
        -0.029_505_232,
        0.078_225_94,
        -0.136_632_44,
        0.191_060_07,
        -0.248_429_82,
        0.333_190_98,
        -0.499_994_93,
        0.999_999_94,
    ];
    const ATANH: &'static [Self] = &[2.0 / 9.0, 2.0 / 7.0, 2.0 / 5.0, 2.0 / 3.0];
    const BIAS: Self = 8388608.0 + 127.0;
    const BITS_OF_ONE: u64 = 0x3f80_0000;
    const BITS_OF_SQRT_HALF: u64 = 0x3f35_04f3;
    const BITS_OF_INTEGERS: u64 = 0x4b00_0000;
    const BITS_OF_EXPONENT: u64 = 0xff80_0000;
}

/// A constant of a lane's precision in every lane.
macro_rules! constant {
    ($v:ty, $name:ident) => {
        <$v as Lane>::splat(<<$v as Lane>::Scalar as $crate::kernel::math::Constants>::$name)
    };
}
pub(super) use constant;

/// A polynomial in x by Horner's rule, coefficients from the highest power down.
#[inline(always)]
pub(crate) fn polynomial<V: Lane>(x: V, coefficients: &[V::Scalar]) -> V {
    let mut sum = V::splat(coefficients[0]);
    for c in &coefficients[1..] {
        sum = sum.fma(x, V::splat(*c));
    }
    sum
}

/// x within +-`LIMIT`; NaN becomes the lower end, so that a spline is one whatever it is given.
#[inline(always)]
pub(crate) fn limited<V: Lane>(x: V) -> V {
    let high = constant!(V, LIMIT);
    // Of two operands the second is taken where one is NaN.
    x.max(constant!(V, ZERO).sub(high)).min(high)
}

/// The power of two nearest to e^x, as an integer in the low bits of `ROUND` + that integer.
#[inline(always)]
pub(crate) fn power<V: Lane>(x: V) -> V {
    x.fma(constant!(V, LOG2_E), constant!(V, ROUND))
}

/// e^x 2^-top for each lane, `top` one of the results of [`power`] and not below that of x.
///
/// ln 2 is rounded once here: e^x is as exact as x times one rounding (5 ulp in f64, 2.5 in f32
/// over [-8, 0]), which is all that a softmax needs. Results below 2^-125 (f32) or 2^-1021 are kept there.
#[inline(always)]
pub(crate) fn exp_below<V: Lane>(x: V, top: V) -> V {
    let shifted = power(x);
    let n = constant!(V, ROUND).sub(shifted);
    let r = n.fma(constant!(V, LN_2), x);
    let shifted = shifted.max(top.add(constant!(V, MIN_SCALE)));
    polynomial(r, V::Scalar::EXP).bits_add(shifted.bits_sub(top).shift_up())
}

/// e^x for each lane, |x| <= 700 (f64) or 80 (f32): ln 2 in two parts, so 2 ulp everywhere.
#[inline(always)]
pub(crate) fn exp<V: Lane>(x: V) -> V {
    let shifted = power(x);
    let n = constant!(V, ROUND).sub(shifted);
    let r = n.fma(constant!(V, LN_2_LOW), n.fma(constant!(V, LN_2_HIGH), x));
    let exponent = shifted.bits_sub(constant!(V, ROUND));
    polynomial(r, V::Scalar::EXP).bits_add(exponent.shift_up())
}

/// ln x for each lane, x positive and normal.
#[inline(always)]
pub(crate) fn ln<V: Lane>(x: V) -> V {
    let bits = |bits| V::splat_bits(bits);
    let one = bits(V::Scalar::BITS_OF_ONE);
    let shifted = x.bits_add(one.bits_sub(bits(V::Scalar::BITS_OF_SQRT_HALF)));
    let biased = shifted
        .shift_down()
        .bits_or(bits(V::Scalar::BITS_OF_INTEGERS));
    let e = biased.sub(constant!(V, BIAS));
    let m = x
        .bits_sub(shifted.bits_and(bits(V::Scalar::BITS_OF_EXPONENT)))
        .bits_add(one);
    let s = m.sub(one).div(m.add(one));
    let s2 = s.mul(s);
    let tail = polynomial(s2, V::Scalar::ATANH).mul(s2);
    let low = tail.fma(s, e.mul(constant!(V, LN_2_LOW)));
    let high = s.add(s).add(low);
    e.fma(constant!(V, LN_2_HIGH), high)
}

/// `(ln(1 + e^x), e^-|x|)` for each lane.
#[inline(always)]
pub(crate) fn softplus<V: Lane>(x: V) -> (V, V) {
    let zero = constant!(V, ZERO);
    let x = limited(x);
    let t = exp_below(x.min(zero.sub(x)), constant!(V, ROUND));
    let positive = x.max(zero);
    let softplus = if V::Scalar::LN_1P.is_empty() {
        positive.add(ln(t.add(constant!(V, ONE))))
    } else {
        polynomial(t, V::Scalar::LN_1P).fma(t, positive)
    };
    (softplus, t)
}

/// `1 / (1 + e^-x)`, the derivative of the softplus, given x and the second result of
/// [`softplus`].
#[inline(always)]
pub(crate) fn logistic<V: Lane>(x: V, t: V) -> V {
    let inverse = constant!(V, ONE).div(t.add(constant!(V, ONE)));
    V::select(x.positive(), inverse, t.mul(inverse))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::{
        dispatch::{Kernel, run_at},
        lane::{Real, Simd},
        level::Level,
    };

    #[derive(Clone, Copy)]
    enum Function {
        ExpBelow,
        Ln,
        Softplus,
    }

    struct Apply<'a, R>(&'a [R], &'a mut [R], Function);
    impl<R: Real> Kernel for Apply<'_, R> {
        type Output = ();
        #[inline(always)]
        fn run<S: Simd>(self) {
            let n = <R::In<S>>::LANES;
            for (x, y) in self.0.chunks_exact(n).zip(self.1.chunks_exact_mut(n)) {
                let v = <R::In<S>>::load(x);
                match self.2 {
                    Function::ExpBelow => exp_below(v, power(<R::In<S>>::splat(R::ZERO))),
                    Function::Ln => ln(v),
                    Function::Softplus => softplus(v).0,
                }
                .store(y);
            }
        }
    }

    /// Largest error in units of the last place of the exact result.
    fn worst_ulp<R: Real>(level: Level, x: &[f64], which: Function, epsilon: f64) -> f64 {
        let x: Vec<R> = x.iter().map(|x| R::from_f64(*x)).collect();
        let mut y = vec![R::default(); x.len()];
        run_at(level, Apply(&x, &mut y, which));
        x.iter().zip(&y).fold(0.0, |worst: f64, (x, y)| {
            let x = x.to_f64();
            let e = match which {
                Function::ExpBelow => x.exp(),
                Function::Ln => x.ln(),
                Function::Softplus => x.exp().ln_1p(),
            };
            let ulp = if e == 0.0 {
                epsilon
            } else {
                epsilon * e.abs().log2().floor().exp2()
            };
            worst.max((y.to_f64() - e).abs() / ulp)
        })
    }

    fn grid(n: u32, from: f64, to: f64) -> Vec<f64> {
        (0..n)
            .map(|i| from + (to - from) * (f64::from(i) + 0.123) / f64::from(n))
            .collect()
    }

    /// `most`: the stated errors of exp near 0, ln, softplus, and exp down to -8.
    fn check<R: Real>(name: &str, epsilon: f64, exponents: f64, most: [f64; 4]) {
        let powers: Vec<f64> = grid(80_000, -exponents, exponents)
            .iter()
            .map(|e| e.exp2())
            .collect();
        let cases = [
            (Function::ExpBelow, grid(80_000, -0.5, 0.0), most[0]),
            (Function::Ln, powers, most[1]),
            (Function::Ln, grid(80_000, 0.5, 2.0), most[1]),
            (Function::Softplus, grid(80_000, 0.0, 20.0), most[2]),
            (Function::ExpBelow, grid(80_000, -8.0, 0.0), most[3]),
        ];
        for level in Level::available() {
            for (i, (which, x, most)) in cases.iter().enumerate() {
                let worst = worst_ulp::<R>(level, x, *which, epsilon);
                assert!(worst <= *most, "{name}, {level}, case {i}: {worst} ulp");
            }
        }
    }

    #[test]
    fn double_functions_are_within_the_stated_ulps_at_every_level() {
        check::<f64>("f64", f64::EPSILON, 600.0, [1.6, 2.01, 2.4, 6.0]);
    }

    #[test]
    fn single_functions_are_within_the_stated_ulps_at_every_level() {
        check::<f32>("f32", f64::from(f32::EPSILON), 100.0, [2.3, 2.0, 2.4, 2.5]);
    }
}
