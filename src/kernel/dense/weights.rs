//! The gradient of a layer's weights: a sum of outer products over the points of a tile.
//!
//! d w[o][i] += `sum_t` d out[o][t] in[i][t]. The lanes run along the inputs, which [`Transpose`]
//! has laid side by side for each point, so that no lanes need to be added up. Blocks of up to
//! 8 outputs by 2 vectors of inputs stay in registers. Few inputs are better served by dot
//! products along the points. Weakness: inputs are padded to whole vectors.

use std::array;

use super::super::{
    TILE,
    dispatch::Kernel,
    lane::{Lane, Real, Simd},
    math::constant,
};

/// Transposed inputs are padded to a multiple of this: the longest vector.
pub(crate) const PAD: usize = 16;

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

/// The inputs of a layer, as the gradient of its weights takes them.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Inputs<'a, R> {
    /// `[TILE * padded inputs]`, from [`Transpose`]
    ByPoint(&'a [R]),
    /// `[inputs * TILE]`: better for up to [`FEW`] of them
    ByFeature(&'a [R]),
}

/// Inputs for which lanes along the points cost less than lanes that are mostly padding.
pub(crate) const FEW: usize = 6;

/// Adds one tile's gradient of the weights and biases of a layer.
pub(crate) struct WeightGradient<'a, R> {
    pub(crate) inputs: Inputs<'a, R>,
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
        let points = match self.inputs {
            Inputs::ByPoint(points) => points,
            Inputs::ByFeature(input) => return self.dots::<R::In<S>>(input),
        };
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
                8 => self.rows::<R::In<S>, 8>(points, first),
                7 => self.rows::<R::In<S>, 7>(points, first),
                6 => self.rows::<R::In<S>, 6>(points, first),
                5 => self.rows::<R::In<S>, 5>(points, first),
                4 => self.rows::<R::In<S>, 4>(points, first),
                3 => self.rows::<R::In<S>, 3>(points, first),
                2 => self.rows::<R::In<S>, 2>(points, first),
                _ => self.rows::<R::In<S>, 1>(points, first),
            }
            first += rows;
        }
    }
}

impl<R: Real> WeightGradient<'_, R> {
    #[inline(always)]
    fn biases<V: Lane<Scalar = R>>(&mut self) {
        let fours = self.gradient.chunks(4 * TILE);
        for (rows, bias) in fours.zip(self.bias.chunks_mut(4)) {
            if let [a, b, c, d] = bias {
                let sums = V::sums4(array::from_fn(|r| {
                    total::<V>(&rows[r * TILE..(r + 1) * TILE])
                }));
                for (bias, sum) in [a, b, c, d].into_iter().zip(sums) {
                    *bias = bias.plus(sum);
                }
            } else {
                for (bias, row) in bias.iter_mut().zip(rows.chunks_exact(TILE)) {
                    *bias = bias.plus(total::<V>(row).sum());
                }
            }
        }
    }

    #[inline(always)]
    fn rows<V: Lane<Scalar = R>, const N: usize>(&mut self, points: &[R], first: usize) {
        let inputs = self.weights.len() / self.bias.len();
        let mut i = 0;
        while i < inputs {
            if i + V::LANES < inputs {
                self.outer::<V, N, 2>(points, first, i);
            } else {
                self.outer::<V, N, 1>(points, first, i);
            }
            i += 2 * V::LANES;
        }
    }

    /// All outputs and few inputs, as dot products over the points.
    #[inline(always)]
    fn dots<V: Lane<Scalar = R>>(&mut self, input: &[R]) {
        let inputs = self.weights.len() / self.bias.len();
        let (gradient, _) = self.gradient.as_chunks::<TILE>();
        let (input, _) = input.as_chunks::<TILE>();
        // Pairs of input and output in fours, whose sums are taken together.
        for (fours, weights) in gradient.chunks(4).zip(self.weights.chunks_mut(4 * inputs)) {
            for (i, x) in input.iter().enumerate().take(inputs) {
                if let [a, b, c, d] = fours {
                    let sums = V::sums4([dot(a, x), dot(b, x), dot(c, x), dot(d, x)]);
                    for (r, sum) in sums.into_iter().enumerate() {
                        weights[r * inputs + i] = weights[r * inputs + i].plus(sum);
                    }
                } else {
                    for (r, g) in fours.iter().enumerate() {
                        let sum = dot::<V>(g, x).sum();
                        weights[r * inputs + i] = weights[r * inputs + i].plus(sum);
                    }
                }
            }
        }
    }

    /// `N` outputs by `COLUMNS` vectors of inputs, summed over the points of the tile.
    #[inline(always)]
    fn outer<V: Lane<Scalar = R>, const N: usize, const COLUMNS: usize>(
        &mut self,
        points: &[R],
        first: usize,
        i: usize,
    ) {
        let inputs = self.weights.len() / self.bias.len();
        let mut sums = [[constant!(V, ZERO); COLUMNS]; N];
        let (gradient, _) = self.gradient[first * TILE..(first + N) * TILE].as_chunks::<TILE>();
        let gradient: &[[R; TILE]; N] = gradient.try_into().expect("as many rows as were cut out");
        let padded = points.len() / TILE;
        let points = points[i..].chunks(padded);
        for (t, point) in points.take(TILE).enumerate() {
            let point = &point[..COLUMNS * V::LANES];
            let x: [V; COLUMNS] = array::from_fn(|c| V::load(&point[c * V::LANES..]));
            for (gradient, sums) in gradient.iter().zip(&mut sums) {
                let g = V::splat(gradient[t]);
                for c in 0..COLUMNS {
                    sums[c] = g.fma(x[c], sums[c]);
                }
            }
        }
        let rows = self.weights[first * inputs..].chunks_exact_mut(inputs);
        let whole = i + COLUMNS * V::LANES <= inputs;
        for (row, sums) in rows.zip(sums) {
            if whole {
                let row = &mut row[i..i + COLUMNS * V::LANES];
                for (c, sum) in sums.into_iter().enumerate() {
                    let row = &mut row[c * V::LANES..(c + 1) * V::LANES];
                    V::load(row).add(sum).store(row);
                }
            } else {
                for (c, sum) in sums.into_iter().enumerate() {
                    let mut lanes = [R::ZERO; PAD];
                    sum.store(&mut lanes);
                    let row = &mut row[i + c * V::LANES..];
                    for (w, sum) in row.iter_mut().zip(&lanes[..V::LANES]) {
                        *w = w.plus(*sum);
                    }
                }
            }
        }
    }
}

/// Lanewise sum over the points of a row.
#[inline(always)]
fn total<V: Lane>(row: &[V::Scalar]) -> V {
    let mut sum = constant!(V, ZERO);
    for values in row.chunks_exact(V::LANES) {
        sum = sum.add(V::load(values));
    }
    sum
}

/// Lanewise dot product over the points of two rows.
#[inline(always)]
fn dot<V: Lane>(a: &[V::Scalar; TILE], b: &[V::Scalar; TILE]) -> V {
    let mut sum = constant!(V, ZERO);
    for t in (0..TILE).step_by(V::LANES) {
        sum = V::load(&a[t..]).fma(V::load(&b[t..]), sum);
    }
    sum
}
