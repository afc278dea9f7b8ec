//! Dense layers on tiles: `[feature][TILE]` activations, row-major `[out][in]` weights.
//!
//! forward:   out[o][t] = act(b[o] + `sum_i` w[o][i] in[i][t])
//! backward:  d in = w^T d out,   d w[o][i] += `sum_t` d out[o][t] in[i][t],   d b[o] += `sum_t` d out[o][t]
//!
//! The first two are one kernel, [`Product`], with the strides of w exchanged. Each of its
//! outputs is one chain of multiply-adds in order, whatever the tile or the neighbours, so
//! that forward and inverse passes see bit-identical values. Blocks of up to 4 outputs by 4
//! (or 2) vectors of points stay in registers. The weights' gradient is a sum of outer
//! products: its lanes run along the inputs, which [`Transpose`] has laid side by side for
//! each point, so that no lanes need to be added up. Weakness: there the inputs are
//! padded to whole vectors, which a layer of few inputs pays for.

use std::array;

use super::{
    TILE,
    dispatch::Kernel,
    lane::{Lane, Real, Simd},
    math::constant,
};

/// Transposed inputs are padded to a multiple of this: the longest vector.
pub(crate) const PAD: usize = 16;

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
        let at = |r: usize, c: usize| (first + r) * TILE + t + c * V::LANES;
        let mut sums: [[V; COLUMNS]; N] = match self.start {
            Start::Zero => [[constant!(V, ZERO); COLUMNS]; N],
            Start::Bias(bias) => array::from_fn(|r| [V::splat(bias[first + r]); COLUMNS]),
            Start::Output => {
                array::from_fn(|r| array::from_fn(|c| V::load(&self.output[at(r, c)..])))
            }
        };
        let (row, step) = self.strides;
        let inputs = self.input.len() / TILE;
        let weights = &self.weights[first * row..];
        assert!(inputs == 0 || (N - 1) * row + (inputs - 1) * step < weights.len());
        for (k, points) in self.input.chunks_exact(TILE).enumerate() {
            let x: [V; COLUMNS] = array::from_fn(|c| V::load(&points[t + c * V::LANES..]));
            for (r, sums) in sums.iter_mut().enumerate() {
                // Checks here are branches that spoil the prediction of the loop's end.
                // SAFETY: r < N and k < inputs, for which the end was checked above.
                let w = V::splat(unsafe { *weights.get_unchecked(r * row + k * step) });
                for c in 0..COLUMNS {
                    sums[c] = w.fma(x[c], sums[c]);
                }
            }
        }
        for (r, sums) in sums.into_iter().enumerate() {
            for (c, sum) in sums.into_iter().enumerate() {
                let at = at(r, c);
                let value = match self.finish {
                    Finish::Nothing => sum,
                    // The slope is below 1.
                    Finish::Leaky(slope) => sum.max(sum.mul(V::splat(slope))),
                    Finish::LeakyDerivative(slope, values) => {
                        let positive = V::load(&values[at..]).positive();
                        V::select(positive, sum, sum.mul(V::splat(slope)))
                    }
                };
                value.store(&mut self.output[at..]);
            }
        }
    }
}

/// `[features * TILE]` to `[TILE * features]`, features padded to a multiple of `PAD` in both.
pub(crate) struct Transpose<'a, R> {
    pub(crate) from: &'a [R],
    pub(crate) to: &'a mut [R],
}

impl<R: Real> Kernel for Transpose<'_, R> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let lanes = <R::In<S>>::LANES;
        let features = self.from.len() / TILE;
        for i in (0..features).step_by(lanes) {
            for t in (0..TILE).step_by(lanes) {
                let from = &self.from[i * TILE + t..];
                let to = &mut self.to[t * features + i..];
                <R::In<S>>::transpose(from, TILE, to, features);
            }
        }
    }
}

/// Adds one tile's gradient of the weights and biases of a layer.
pub(crate) struct WeightGradient<'a, R> {
    /// `[TILE * padded inputs]`, from [`Transpose`]
    pub(crate) points: &'a [R],
    /// `[outputs * TILE]`: d loss / d preactivation
    pub(crate) gradient: &'a [R],
    /// `[outputs * inputs]`, added to
    pub(crate) weights: &'a mut [R],
    /// `[outputs]`, added to
    pub(crate) bias: &'a mut [R],
}

/// Most outputs of a block of the weights' gradient, by two vectors of inputs.
const OUTER_ROWS: usize = 8;

impl<R: Real> Kernel for WeightGradient<'_, R> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(mut self) {
        self.biases::<R::In<S>>();
        let most = if <R::In<S>>::MANY_REGISTERS {
            OUTER_ROWS
        } else {
            OUTER_ROWS / 2
        };
        let (mut first, outputs) = (0, self.bias.len());
        while first < outputs {
            let left = outputs - first;
            let rows = left.div_ceil(left.div_ceil(most));
            match rows {
                8 => self.rows::<R::In<S>, 8>(first),
                7 => self.rows::<R::In<S>, 7>(first),
                6 => self.rows::<R::In<S>, 6>(first),
                5 => self.rows::<R::In<S>, 5>(first),
                4 => self.rows::<R::In<S>, 4>(first),
                3 => self.rows::<R::In<S>, 3>(first),
                2 => self.rows::<R::In<S>, 2>(first),
                _ => self.rows::<R::In<S>, 1>(first),
            }
            first += rows;
        }
    }
}

impl<R: Real> WeightGradient<'_, R> {
    #[inline(always)]
    fn biases<V: Lane<Scalar = R>>(&mut self) {
        let total = |row: &[R]| {
            let vectors = row.chunks_exact(V::LANES).map(V::load);
            vectors.fold(constant!(V, ZERO), V::add)
        };
        let fours = self.gradient.chunks(4 * TILE);
        for (rows, bias) in fours.zip(self.bias.chunks_mut(4)) {
            if let [a, b, c, d] = bias {
                let sums = V::sums4(array::from_fn(|r| total(&rows[r * TILE..(r + 1) * TILE])));
                for (bias, sum) in [a, b, c, d].into_iter().zip(sums) {
                    *bias = bias.plus(sum);
                }
            } else {
                for (bias, row) in bias.iter_mut().zip(rows.chunks_exact(TILE)) {
                    *bias = bias.plus(total(row).sum());
                }
            }
        }
    }

    #[inline(always)]
    fn rows<V: Lane<Scalar = R>, const N: usize>(&mut self, first: usize) {
        let inputs = self.weights.len() / self.bias.len();
        let mut i = 0;
        while i < inputs {
            if i + V::LANES < inputs {
                self.outer::<V, N, 2>(first, i, inputs);
            } else {
                self.outer::<V, N, 1>(first, i, inputs);
            }
            i += 2 * V::LANES;
        }
    }

    /// `N` outputs by `COLUMNS` vectors of inputs, summed over the points of the tile.
    #[inline(always)]
    fn outer<V: Lane<Scalar = R>, const N: usize, const COLUMNS: usize>(
        &mut self,
        first: usize,
        i: usize,
        inputs: usize,
    ) {
        let mut sums = [[constant!(V, ZERO); COLUMNS]; N];
        let gradient = &self.gradient[first * TILE..(first + N) * TILE];
        let padded = self.points.len() / TILE;
        for t in 0..TILE {
            let point = &self.points[t * padded + i..][..COLUMNS * V::LANES];
            let x: [V; COLUMNS] = array::from_fn(|c| V::load(&point[c * V::LANES..]));
            for (r, sums) in sums.iter_mut().enumerate() {
                // SAFETY: r < N and t < TILE, and the slice has N times TILE elements.
                let g = V::splat(unsafe { *gradient.get_unchecked(r * TILE + t) });
                for c in 0..COLUMNS {
                    sums[c] = g.fma(x[c], sums[c]);
                }
            }
        }
        for (r, sums) in sums.into_iter().enumerate() {
            let row = &mut self.weights[(first + r) * inputs..(first + r + 1) * inputs];
            for (c, sum) in sums.into_iter().enumerate() {
                let row = &mut row[i + c * V::LANES..];
                if row.len() >= V::LANES {
                    V::load(row).add(sum).store(row);
                } else {
                    let mut lanes = [R::ZERO; PAD];
                    sum.store(&mut lanes);
                    for (w, sum) in row.iter_mut().zip(lanes) {
                        *w = w.plus(sum);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
