//! Dense layers on tiles: `[feature][TILE]` activations, row-major `[out][in]` weights.
//!
//! forward:   out[o][t] = act(b[o] + `sum_i` w[o][i] in[i][t])
//! backward:  d in = w^T d out,   d w[o][i] += `sum_t` d out[o][t] in[i][t],   d b[o] += `sum_t` d out[o][t]
//!
//! The first two are one kernel, [`Product`], with the strides of w exchanged. Each of its
//! outputs is one chain of multiply-adds in order, whatever the tile or the neighbours, so
//! that forward and inverse passes see bit-identical values. Blocks of up to 4 outputs by 4
//! (or 2) vectors of points stay in registers. The weights' gradient is a sum of outer
//! products: see `weights`. Weakness: a layer with few inputs spends its time on biases and
//! activations.

mod weights;

use std::array;

use super::{
    TILE,
    dispatch::Kernel,
    lane::{Lane, Real, Simd},
    math::constant,
};

pub(crate) use weights::{FEW, Inputs, PAD, Transpose, WeightGradient};

/// Where an output starts from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Start<'a, R> {
    Zero,
    /// `[outputs]`: the same for all points
    Bias(&'a [R]),
    /// what the output holds already
    Output,
}

/// What happens to an output at the end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Finish<'a, R> {
    Nothing,
    /// x for x > 0, slope * x elsewhere (0: `ReLU`)
    Leaky(R),
    /// the derivative of that as a factor, read off its values (`[outputs * TILE]`)
    LeakyDerivative(R, &'a [R]),
}

/// output[o][t] = finish(start + `sum_k` weights[o * strides.0 + k * strides.1] input[k][t])
pub(crate) struct Product<'a, R> {
    pub(crate) weights: &'a [R],
    /// from output to output, and from input to input
    pub(crate) strides: (usize, usize),
    pub(crate) start: Start<'a, R>,
    /// `[inputs * TILE]`
    pub(crate) input: &'a [R],
    /// `[outputs * TILE]`
    pub(crate) output: &'a mut [R],
    pub(crate) finish: Finish<'a, R>,
}

/// Most outputs of a block.
const ROWS: usize = 4;

impl<R: Real> Kernel for Product<'_, R> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(mut self) {
        let (mut first, outputs) = (0, self.output.len() / TILE);
        while first < outputs {
            // Blocks of nearly equal size, so that none is left with a single row.
            let left = outputs - first;
            let rows = left.div_ceil(left.div_ceil(ROWS));
            match rows {
                4 => self.rows::<S, 4>(first),
                3 => self.rows::<S, 3>(first),
                2 => self.rows::<S, 2>(first),
                _ => self.rows::<S, 1>(first),
            }
            first += rows;
        }
    }
}

impl<R: Real> Product<'_, R> {
    #[inline(always)]
    fn rows<S: Simd, const N: usize>(&mut self, first: usize) {
        if <R::In<S>>::MANY_REGISTERS {
            for t in (0..TILE).step_by(4 * <R::In<S>>::LANES) {
                self.block::<R::In<S>, N, 4>(first, t);
            }
        } else {
            for t in (0..TILE).step_by(2 * <R::In<S>>::LANES) {
                self.block::<R::In<S>, N, 2>(first, t);
            }
        }
    }

    /// `N` outputs from `first` on by `COLUMNS` vectors of points from `t` on.
    #[inline(always)]
    fn block<V: Lane<Scalar = R>, const N: usize, const COLUMNS: usize>(
        &mut self,
        first: usize,
        t: usize,
    ) {
        // Rows of fixed length need no checks of bounds; branches around the inner loop cost
        // as much as a sixth of it.
        let output = tiles_mut::<R, N>(&mut self.output[first * TILE..(first + N) * TILE]);
        let at = |c: usize| t + c * V::LANES;
        let mut sums = [[constant!(V, ZERO); COLUMNS]; N];
        match self.start {
            Start::Zero => {}
            Start::Bias(bias) => {
                for (sums, bias) in sums.iter_mut().zip(&bias[first..first + N]) {
                    *sums = [V::splat(*bias); COLUMNS];
                }
            }
            Start::Output => {
                for (sums, row) in sums.iter_mut().zip(output.iter()) {
                    for (c, sum) in sums.iter_mut().enumerate() {
                        *sum = V::load(&row[at(c)..]);
                    }
                }
            }
        }
        let (row, step) = self.strides;
        let (input, _) = self.input.as_chunks::<TILE>();
        let weights = &self.weights[first * row..];
        assert!(input.is_empty() || (N - 1) * row + (input.len() - 1) * step < weights.len());
        for (k, points) in input.iter().enumerate() {
            let x: [V; COLUMNS] = array::from_fn(|c| V::load(&points[t + c * V::LANES..]));
            for (r, sums) in sums.iter_mut().enumerate() {
                // SAFETY: r < N and k < input.len(), for which the end was checked above.
                let w = V::splat(unsafe { *weights.get_unchecked(r * row + k * step) });
                for c in 0..COLUMNS {
                    sums[c] = w.fma(x[c], sums[c]);
                }
            }
        }
        match self.finish {
            Finish::Nothing => {}
            Finish::Leaky(slope) => {
                // The slope is below 1.
                let slope = V::splat(slope);
                for sum in sums.as_flattened_mut() {
                    *sum = sum.max(sum.mul(slope));
                }
            }
            Finish::LeakyDerivative(slope, values) => {
                let slope = V::splat(slope);
                let values = &values[first * TILE..(first + N) * TILE];
                let (values, _) = values.as_chunks::<TILE>();
                for (sums, values) in sums.iter_mut().zip(values) {
                    for (c, sum) in sums.iter_mut().enumerate() {
                        let positive = V::load(&values[at(c)..]).positive();
                        *sum = V::select(positive, *sum, sum.mul(slope));
                    }
                }
            }
        }
        for (sums, row) in sums.into_iter().zip(output) {
            for (c, sum) in sums.into_iter().enumerate() {
                sum.store(&mut row[at(c)..]);
            }
        }
    }
}

/// `N` rows of a slice that has just them.
#[inline(always)]
fn tiles_mut<R, const N: usize>(rows: &mut [R]) -> &mut [[R; TILE]; N] {
    let (tiles, _) = rows.as_chunks_mut::<TILE>();
    tiles.try_into().expect("as many rows as were cut out")
}

#[cfg(test)]
mod tests;
