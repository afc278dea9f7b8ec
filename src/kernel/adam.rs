//! One step of Adam over all parameters.
//!
//! m += (1 - beta1)(g - m), v += (1 - beta2)(g^2 - v), p -= rate m / (sqrt(c v) + 1e-8).
//! D. P. Kingma, J. Ba, "Adam" (2014), arXiv:1412.6980, algorithm 1.

use super::{
    dispatch::Kernel,
    lane::{Lane, Simd},
};

/// Sum of squares.
pub(crate) struct SquaredNorm<'a>(pub(crate) &'a [f64]);

impl Kernel for SquaredNorm<'_> {
    type Output = f64;

    #[inline(always)]
    fn run<S: Simd>(self) -> f64 {
        let lanes = <S::F64 as Lane>::LANES;
        let mut sums = [<S::F64 as Lane>::splat(0.0); 4];
        let mut chunks = self.0.chunks_exact(4 * lanes);
        for chunk in chunks.by_ref() {
            for (sum, v) in sums.iter_mut().zip(chunk.chunks_exact(lanes)) {
                let v = <S::F64 as Lane>::load(v);
                *sum = v.fma(v, *sum);
            }
        }
        let rest: f64 = chunks.remainder().iter().map(|v| v * v).sum();
        <S::F64 as Lane>::sums4(sums).iter().sum::<f64>() + rest
    }
}

/// The numbers of one step that all parameters share.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StepFactors {
    /// factor of the gradient
    pub(crate) scale: f64,
    /// 1 - beta1 and 1 - beta2
    pub(crate) decay: (f64, f64),
    /// learning rate with the correction of the mean
    pub(crate) rate: f64,
    /// correction of the mean square
    pub(crate) square_correction: f64,
}

/// The step; all slices have one length.
pub(crate) struct AdamStep<'a> {
    pub(crate) factors: StepFactors,
    pub(crate) gradient: &'a [f64],
    pub(crate) mean: &'a mut [f64],
    pub(crate) square: &'a mut [f64],
    pub(crate) parameters: &'a mut [f64],
}

/// Keeps the quotient finite where a gradient has always been zero.
const EPSILON: f64 = 1e-8;

impl Kernel for AdamStep<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let lanes = <S::F64 as Lane>::LANES;
        let whole = self.parameters.len() / lanes * lanes;
        let chunks = self.gradient[..whole]
            .chunks_exact(lanes)
            .zip(self.mean.chunks_exact_mut(lanes))
            .zip(self.square.chunks_exact_mut(lanes))
            .zip(self.parameters.chunks_exact_mut(lanes));
        for (((g, m), v), p) in chunks {
            update::<S::F64>(self.factors, g, m, v, p);
        }
        let rest = self.parameters.len() - whole;
        if rest > 0 {
            let mut padded = [[0.0; 8]; 4];
            let slices = [
                &self.gradient[whole..],
                &self.mean[whole..],
                &self.square[whole..],
                &self.parameters[whole..],
            ];
            for (padded, slice) in padded.iter_mut().zip(slices) {
                padded[..rest].copy_from_slice(slice);
            }
            let [g, m, v, p] = &mut padded;
            update::<S::F64>(self.factors, g, m, v, p);
            self.mean[whole..].copy_from_slice(&m[..rest]);
            self.square[whole..].copy_from_slice(&v[..rest]);
            self.parameters[whole..].copy_from_slice(&p[..rest]);
        }
    }
}

/// One vector of the step.
#[inline(always)]
fn update<V: Lane<Scalar = f64>>(
    factors: StepFactors,
    gradient: &[f64],
    mean: &mut [f64],
    square: &mut [f64],
    parameters: &mut [f64],
) {
    let g = V::load(gradient).mul(V::splat(factors.scale));
    let (m, v) = (V::load(mean), V::load(square));
    let m = g.sub(m).fma(V::splat(factors.decay.0), m);
    let v = g.mul(g).sub(v).fma(V::splat(factors.decay.1), v);
    let root = v.mul(V::splat(factors.square_correction)).sqrt();
    let step = m.div(root.add(V::splat(EPSILON)));
    m.store(mean);
    v.store(square);
    step.fma(V::splat(-factors.rate), V::load(parameters))
        .store(parameters);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::{array::Scalar, dispatch::run_at, level::Level};

    fn numbers(n: usize, phase: f64) -> Vec<f64> {
        (0..n).map(|i| (i as f64 * 0.7 + phase).sin()).collect()
    }

    #[test]
    fn every_level_agrees_with_the_scalar_twin_for_every_tail() {
        let factors = StepFactors {
            scale: 0.7,
            decay: (0.1, 0.01),
            rate: 1e-2,
            square_correction: 3.0,
        };
        let step = |n: usize, level: Option<Level>| {
            let gradient = numbers(n, 0.1);
            let mut mean = numbers(n, 0.2);
            let mut square: Vec<f64> = numbers(n, 0.3).iter().map(|v| v * v).collect();
            let mut parameters = numbers(n, 0.4);
            let kernel = AdamStep {
                factors,
                gradient: &gradient,
                mean: &mut mean,
                square: &mut square,
                parameters: &mut parameters,
            };
            match level {
                Some(level) => run_at(level, kernel),
                None => kernel.run::<Scalar<true>>(),
            }
            let norm = match level {
                Some(level) => run_at(level, SquaredNorm(&gradient)),
                None => SquaredNorm(&gradient).run::<Scalar<true>>(),
            };
            [mean, square, parameters, vec![norm]].concat()
        };
        for n in [0, 1, 3, 4, 7, 8, 9, 16, 31, 33, 100] {
            let expected = step(n, None);
            for level in Level::available() {
                for (a, b) in step(n, Some(level)).iter().zip(&expected) {
                    assert!((a - b).abs() <= 1e-14 * (1.0 + b.abs()), "{level} {n}");
                }
            }
        }
    }
}
