//! e^x of a slice.

#![expect(
    clippy::inline_always,
    reason = "kernels must take on the features of their shell"
)]

use super::{
    dispatch::{Kernel, run},
    lane::{Lane as _, Simd},
    math::exp,
};

/// Beyond it results come near the ends of the normal numbers.
const LIMIT: f64 = 700.0;

struct Exp<'a>(&'a mut [f64]);

impl Kernel for Exp<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Simd>(self) {
        let lanes = S::F64::LANES;
        let (whole, rest) = self.0.split_at_mut(self.0.len() / lanes * lanes);
        for values in whole.chunks_exact_mut(lanes) {
            exp(S::F64::load(values)).store(values);
        }
        // The last ones alike.
        let mut last = [0.0; 64];
        last[..rest.len()].copy_from_slice(rest);
        let last = &mut last[..lanes];
        exp(S::F64::load(last)).store(last);
        rest.copy_from_slice(&last[..rest.len()]);
    }
}

/// Replaces each x by e^x; large ones and NaN by the standard library, one by one.
pub(crate) fn exponentials(values: &mut [f64]) {
    if values.iter().all(|x| x.abs() <= LIMIT) {
        run(Exp(values));
    } else {
        for x in values {
            *x = x.exp();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::{Level, dispatch::run_at};

    #[test]
    fn agrees_with_the_standard_library_on_every_level() {
        let x: Vec<f64> = (0..20_011)
            .map(|k| (f64::from(k) / 10_005.5 - 1.0) * LIMIT)
            .collect();
        for level in Level::available() {
            let mut y = x.clone();
            run_at(level, Exp(&mut y));
            for (x, y) in x.iter().zip(&y) {
                let exact = x.exp();
                assert!((y / exact - 1.0).abs() < 5e-16, "{level} {x}: {y} {exact}");
            }
        }
    }

    #[test]
    fn extremes_are_those_of_the_standard_library() {
        let mut values = [
            0.0,
            -f64::INFINITY,
            f64::INFINITY,
            710.0,
            -745.0,
            f64::NAN,
            1.0,
        ];
        let exact = values.map(f64::exp);
        exponentials(&mut values);
        assert_eq!(values.map(f64::to_bits), exact.map(f64::to_bits));
        let mut one = [0.0];
        exponentials(&mut one);
        assert_eq!(one[0].to_bits(), 1.0_f64.to_bits());
    }
}
