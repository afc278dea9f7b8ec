//! Dense layers on tiles: `[feature][TILE]` activations, row-major `[out][in]` weights.
//!
//! forward:   out[o][t] = act(b[o] + `sum_i` w[o][i] in[i][t])
//! backward:  d in = w^T d out,   d w[o][i] += `sum_t` d out[o][t] in[i][t],   d b[o] += `sum_t` d out[o][t]
//!
//! Each output is one chain of multiply-adds over i in order, whatever the tile or the
//! neighbours, so that forward and inverse passes see bit-identical values.
//! Blocks of 4 outputs by 4 (or 2) vectors of points stay in registers.

use std::array;

use super::{
    TILE,
    dispatch::Kernel,
    lane::{Lane as _, Real, Simd},
};

/// What follows the affine map.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Activation<R> {
    None,
    /// x for x > 0, slope * x elsewhere (0: `ReLU`).
    Leaky(R),
}

/// One layer forward over one tile.
pub(crate) struct Forward<'a, R> {
    /// `[outputs * inputs]`
    pub(crate) weights: &'a [R],
    /// `[outputs]`, or empty for none
    pub(crate) bias: &'a [R],
    /// `[inputs * TILE]`
    pub(crate) input: &'a [R],
    /// `[outputs * TILE]`
    pub(crate) output: &'a mut [R],
    pub(crate) activation: Activation<R>,
}

impl<R: Real> Kernel for Forward<'_, R> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let inputs = self.input.len() / TILE;
        let lanes = <R::In<S>>::LANES;
        let columns = if <R::In<S>>::MANY_REGISTERS { 4 } else { 2 };
        let mut o = 0;
        for rows in self.output.chunks_mut(4 * TILE) {
            let n = rows.len() / TILE;
            let weights = &self.weights[o * inputs..(o + n) * inputs];
            let bias: [R; 4] =
                array::from_fn(|r| self.bias.get(o + r).copied().unwrap_or_default());
            for t in (0..TILE).step_by(columns * lanes) {
                match (n, columns) {
                    (4, 4) => {
                        block::<S, R, 4, 4>(weights, bias, self.input, rows, t, self.activation);
                    }
                    (4, _) => {
                        block::<S, R, 4, 2>(weights, bias, self.input, rows, t, self.activation);
                    }
                    _ => {
                        for r in 0..n {
                            let w = &weights[r * inputs..(r + 1) * inputs];
                            let row = &mut rows[r * TILE..(r + 1) * TILE];
                            let b = [bias[r]; 1];
                            if columns == 4 {
                                block::<S, R, 1, 4>(w, b, self.input, row, t, self.activation);
                            } else {
                                block::<S, R, 1, 2>(w, b, self.input, row, t, self.activation);
                            }
                        }
                    }
                }
            }
            o += n;
        }
    }
}

/// `ROWS` outputs by `COLUMNS` vectors of points, starting at point `t`.
#[inline(always)]
fn block<S: Simd, R: Real, const ROWS: usize, const COLUMNS: usize>(
    weights: &[R],
    bias: [R; ROWS],
    input: &[R],
    output: &mut [R],
    t: usize,
    activation: Activation<R>,
) {
    let lanes = <R::In<S>>::LANES;
    let inputs = input.len() / TILE;
    let mut sums: [[R::In<S>; COLUMNS]; ROWS] = bias.map(|b| [<R::In<S>>::splat(b); COLUMNS]);
    // Fixed-length views let the compiler drop the bounds checks of the inner loop.
    let rows: [&[R]; ROWS] = array::from_fn(|r| &weights[r * inputs..(r + 1) * inputs]);
    for (i, points) in input.chunks_exact(TILE).enumerate() {
        let x: [R::In<S>; COLUMNS] =
            array::from_fn(|c| <R::In<S>>::load(&points[t + c * lanes..t + (c + 1) * lanes]));
        for r in 0..ROWS {
            let w = <R::In<S>>::splat(rows[r][i]);
            for c in 0..COLUMNS {
                sums[r][c] = w.fma(x[c], sums[r][c]);
            }
        }
    }
    for (r, sums) in sums.iter().enumerate() {
        for (c, sum) in sums.iter().enumerate() {
            let at = r * TILE + t + c * lanes;
            let value = match activation {
                Activation::None => *sum,
                Activation::Leaky(slope) => {
                    sum.select_positive(*sum, sum.mul(<R::In<S>>::splat(slope)))
                }
            };
            value.store(&mut output[at..at + lanes]);
        }
    }
}

/// Multiplies `gradient` by the derivative of the activation, read off its output.
pub(crate) struct ActivationBackward<'a, R> {
    /// `[n * TILE]`: outputs of the layer
    pub(crate) output: &'a [R],
    /// `[n * TILE]`: d loss / d output in, d loss / d preactivation out
    pub(crate) gradient: &'a mut [R],
    pub(crate) slope: R,
}

impl<R: Real> Kernel for ActivationBackward<'_, R> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let lanes = <R::In<S>>::LANES;
        let slope = <R::In<S>>::splat(self.slope);
        for (g, y) in self
            .gradient
            .chunks_exact_mut(lanes)
            .zip(self.output.chunks_exact(lanes))
        {
            let v = <R::In<S>>::load(g);
            <R::In<S>>::load(y)
                .select_positive(v, v.mul(slope))
                .store(g);
        }
    }
}

/// Adds one tile's gradient of the weights and biases of a layer.
pub(crate) struct WeightGradient<'a, R> {
    /// `[inputs * TILE]`
    pub(crate) input: &'a [R],
    /// `[outputs * TILE]`: d loss / d preactivation
    pub(crate) gradient: &'a [R],
    /// `[outputs * inputs]`, added to
    pub(crate) weights: &'a mut [R],
    /// `[outputs]`, added to
    pub(crate) bias: &'a mut [R],
}

impl<R: Real> Kernel for WeightGradient<'_, R> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let lanes = <R::In<S>>::LANES;
        let inputs = self.input.len() / TILE;
        for (g, b) in self.gradient.chunks_exact(TILE).zip(self.bias.iter_mut()) {
            let mut sum = <R::In<S>>::splat(R::default());
            for v in g.chunks_exact(lanes) {
                sum = sum.add(<R::In<S>>::load(v));
            }
            *b = b.plus(sum.sum());
        }
        let rows = self
            .gradient
            .chunks(4 * TILE)
            .zip(self.weights.chunks_mut(4 * inputs));
        for (g, w) in rows {
            let full_rows = g.len() == 4 * TILE;
            let mut i = 0;
            for x in self.input.chunks(4 * TILE) {
                let full = full_rows && x.len() == 4 * TILE;
                if full && <R::In<S>>::MANY_REGISTERS {
                    outer::<S, R, 4, 4>(g, x, w, inputs, i);
                } else if full {
                    outer::<S, R, 4, 2>(g, x, w, inputs, i);
                    outer::<S, R, 4, 2>(g, &x[2 * TILE..], w, inputs, i + 2);
                } else {
                    for r in 0..g.len() / TILE {
                        let row = &mut w[r * inputs..(r + 1) * inputs];
                        for c in 0..x.len() / TILE {
                            outer::<S, R, 1, 1>(&g[r * TILE..], &x[c * TILE..], row, inputs, i + c);
                        }
                    }
                }
                i += x.len() / TILE;
            }
        }
    }
}

/// `ROWS` x `COLUMNS` dot products over the points of the tile, added to `weights[r][i + c]`.
#[inline(always)]
fn outer<S: Simd, R: Real, const ROWS: usize, const COLUMNS: usize>(
    gradient: &[R],
    input: &[R],
    weights: &mut [R],
    inputs: usize,
    i: usize,
) {
    let lanes = <R::In<S>>::LANES;
    let mut sums = [[<R::In<S>>::splat(R::default()); COLUMNS]; ROWS];
    for t in (0..TILE).step_by(lanes) {
        let x: [R::In<S>; COLUMNS] =
            array::from_fn(|c| <R::In<S>>::load(&input[c * TILE + t..c * TILE + t + lanes]));
        for (r, sums) in sums.iter_mut().enumerate() {
            let g = <R::In<S>>::load(&gradient[r * TILE + t..r * TILE + t + lanes]);
            for c in 0..COLUMNS {
                sums[c] = g.fma(x[c], sums[c]);
            }
        }
    }
    for (r, sums) in sums.iter().enumerate() {
        let row = &mut weights[r * inputs + i..r * inputs + i + COLUMNS];
        if let [a, b, c, d] = sums[..] {
            for (w, sum) in row.iter_mut().zip(<R::In<S>>::sums4([a, b, c, d])) {
                *w = w.plus(sum);
            }
        } else {
            for (w, sum) in row.iter_mut().zip(sums) {
                *w = w.plus(sum.sum());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::{dispatch::run_at, lane::Scalar, level::Level};

    /// Reproducible numbers in [-1, 1).
    fn numbers(n: usize, seed: u64) -> Vec<f32> {
        let mut state = seed;
        (0..n)
            .map(|_| {
                state = state
                    .wrapping_mul(6364136223846793005)
                    .wrapping_add(1442695040888963407);
                f32::from_f64((state >> 33) as f64 / f64::from(1_u32 << 30) - 1.0)
            })
            .collect()
    }

    fn close(a: &[f32], b: &[f32], what: &str) {
        for (i, (a, b)) in a.iter().zip(b).enumerate() {
            assert!(
                (a - b).abs() <= 2e-5 * (1.0 + b.abs()),
                "{what}[{i}]: {a} and {b}"
            );
        }
    }

    #[test]
    fn every_level_agrees_with_the_scalar_twin() {
        for (inputs, outputs) in [(1, 1), (3, 5), (4, 32), (32, 32), (33, 124), (64, 7)] {
            let weights = numbers(inputs * outputs, 1);
            let bias = numbers(outputs, 2);
            let input = numbers(inputs * TILE, 3);
            let gradient = numbers(outputs * TILE, 4);
            let forward = |output: &mut [f32], level: Option<Level>| {
                let activation = Activation::Leaky(0.01);
                let kernel = Forward {
                    weights: &weights,
                    bias: &bias,
                    input: &input,
                    output,
                    activation,
                };
                match level {
                    Some(level) => run_at(level, kernel),
                    None => kernel.run::<Scalar>(),
                }
            };
            let backward = |w: &mut [f32], b: &mut [f32], level: Option<Level>| {
                let kernel = WeightGradient {
                    input: &input,
                    gradient: &gradient,
                    weights: w,
                    bias: b,
                };
                match level {
                    Some(level) => run_at(level, kernel),
                    None => kernel.run::<Scalar>(),
                }
            };
            let mut expected = vec![0.0; outputs * TILE];
            forward(&mut expected, None);
            let (mut dw, mut db) = (vec![0.5; inputs * outputs], vec![0.5; outputs]);
            backward(&mut dw, &mut db, None);
            for level in Level::available() {
                let mut output = vec![0.0; outputs * TILE];
                forward(&mut output, Some(level));
                close(&output, &expected, "forward");
                let (mut w, mut b) = (vec![0.5; inputs * outputs], vec![0.5; outputs]);
                backward(&mut w, &mut b, Some(level));
                close(&w, &dw, "weights");
                close(&b, &db, "bias");
            }
        }
    }
}
