//! Causal dilated convolutions with residuals.
//!
//! `h_0[k]` = E `u_k` + e, `h_{l+1}[k]` = `h_l[k]` + act(`A_l h_l[k]` + `B_l h_l[k - 2^l]` + `b_l`), nothing before
//! the first step; as many levels as it takes to see all coordinates. A. van den Oord et al., "WaveNet" (2016),
//! arXiv:1609.03499, with the activation of a perceptron in place of gates (S. Bai et al. (2018),
//! arXiv:1803.01271). Earlier columns are kept, so that draws take one run (T. Le Paine et al. (2016),
//! arXiv:1611.09482).

use rand_pcg::Pcg64Dxsm;

use super::{Dense, INPUTS};
use crate::kernel::{
    TILE,
    dense::{Finish, Product, Start},
    dispatch::run,
    gates::LeakyBackward,
    lane::Real,
    rows::AddScaled,
};

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Convolution {
    channels: usize,
    slope: f64,
    embedding: Dense,
    /// of this step and of the one a dilation before, whose bias is not used
    levels: Vec<(Dense, Dense)>,
}

impl Convolution {
    pub(crate) fn new(channels: usize, dim: usize, slope: f64) -> Self {
        let embedding = Dense { inputs: INPUTS, outputs: channels, at: 0 };
        let mut at = embedding.end();
        let mut levels = Vec::new();
        while 1 << levels.len() < dim {
            let here = Dense { inputs: channels, outputs: channels, at };
            let before = Dense { at: here.end(), ..here };
            at = before.end();
            levels.push((here, before));
        }
        Self { channels, slope, embedding, levels }
    }

    pub(crate) fn parameter_count(&self) -> usize {
        self.levels.last().map_or(self.embedding.end(), |l| l.1.end())
    }

    /// u, then (h, act) of each level, then (position, h).
    pub(crate) fn rows(&self) -> usize {
        INPUTS + 2 * self.levels.len() * self.channels + 1 + self.channels
    }

    pub(crate) fn features(&self) -> usize {
        1 + self.channels
    }

    pub(crate) fn scratch(&self) -> (usize, usize) {
        (self.channels, self.channels.max(INPUTS))
    }

    /// The rows of h at a level.
    fn at(&self, level: usize) -> usize {
        INPUTS + 2 * level * self.channels + usize::from(level == self.levels.len())
    }

    pub(crate) fn initialise(&self, _: usize, parameters: &mut [f64], rng: &mut Pcg64Dxsm) {
        self.embedding.draw((1.0 / INPUTS as f64).sqrt(), parameters, rng);
        let deviation = (0.5 / self.channels as f64).sqrt();
        for (here, before) in &self.levels {
            here.draw(deviation, parameters, rng);
            before.draw(deviation, parameters, rng);
        }
    }

    pub(crate) fn step<R: Real>(&self, values: &[R], k: usize, history: &mut [R]) {
        let (c, all) = (self.channels * TILE, self.rows() * TILE);
        let (past, block) = history.split_at_mut(k * all);
        let block = &mut block[..all];
        let position = (self.at(self.levels.len()) - 1) * TILE;
        block.copy_within(TILE..INPUTS * TILE, position);
        let (inputs, rest) = block.split_at_mut(INPUTS * TILE);
        let first = self.at(0) * TILE - INPUTS * TILE;
        self.embedding.forward(values, inputs, &mut rest[first..], Finish::Nothing);
        for (l, (here, before)) in self.levels.iter().enumerate() {
            let dilation = 1 << l;
            let at = self.at(l) * TILE;
            let (h, rest) = block[at..].split_at_mut(c);
            let (act, rest) = rest.split_at_mut(c);
            let leaky = Finish::Leaky(R::from_f64(self.slope));
            let earlier = k.checked_sub(dilation).map(|j| &past[j * all + at..][..c]);
            here.forward(values, h, act, if earlier.is_some() { Finish::Nothing } else { leaky });
            if let Some(earlier) = earlier {
                run(Product {
                    weights: before.split(values).0,
                    strides: (before.inputs, 1),
                    start: Start::Output,
                    input: earlier,
                    output: &mut *act,
                    finish: leaky,
                });
            }
            let skip = self.at(l + 1) * TILE - at - 2 * c;
            let next = &mut rest[skip..skip + c];
            next.copy_from_slice(h);
            run(AddScaled { factor: R::ONE, from: act, total: next });
        }
    }

    pub(crate) fn step_backward<R: Real>(
        &self,
        values: &[R],
        k: usize,
        (history, gradients): (&[R], &mut [R]),
        (points, scratch): (&mut [R], &mut [R]),
        parameters: &mut [R],
    ) {
        let (c, all) = (self.channels * TILE, self.rows() * TILE);
        let (past, gradient) = gradients.split_at_mut(k * all);
        let block = &history[k * all..];
        for (l, (here, before)) in self.levels.iter().enumerate().rev() {
            let at = self.at(l) * TILE;
            let next = self.at(l + 1) * TILE - at;
            let (low, high) = gradient[at..].split_at_mut(next);
            let (low, high) = (&mut low[..c], &high[..c]);
            run(LeakyBackward {
                slope: R::from_f64(self.slope),
                gradient: high,
                values: &block[at + c..at + 2 * c],
                to: &mut scratch[..c],
            });
            here.learn(&block[at..], scratch, points, parameters);
            run(AddScaled { factor: R::ONE, from: high, total: low });
            here.backward(values, scratch, low, true);
            if let Some(j) = k.checked_sub(1 << l) {
                before.learn(&history[j * all + at..], scratch, points, parameters);
                before.backward(values, scratch, &mut past[j * all + at..], true);
            }
        }
        let at = self.at(0) * TILE;
        self.embedding.learn(block, &gradient[at..], points, parameters);
        let (inputs, rest) = gradient.split_at_mut(INPUTS * TILE);
        self.embedding.backward(values, &rest[at - INPUTS * TILE..], inputs, false);
        // The second bias of a level has no effect, so it has no gradient either.
        for (_, before) in &self.levels {
            before.split_mut(parameters).1.fill(R::ZERO);
        }
    }
}
