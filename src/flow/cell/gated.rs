//! A gated recurrent unit.
//!
//! r, z = logistic(`W_g` (u, h') + `b_g`), n = tanh(`W_n` (u, r h') + `b_n`), h = z h' + (1 - z) n, with h' the
//! state of the step before, 0 at first. K. Cho et al. (2014), arXiv:1406.1078. Biases of z begin at
//! ln T, T between 1 and d, so that states are kept for about T steps: C. Tallec, Y. Ollivier (2018),
//! arXiv:1804.11188.

use rand::RngExt as _;
use rand_pcg::Pcg64Dxsm;

use super::{Dense, INPUTS};
use crate::kernel::{
    TILE,
    dense::Finish,
    dispatch::run,
    gates::{Mix, MixBackward, ResetBackward, Sigmoid, Tanh, Times},
    lane::Real,
};

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Gated {
    hidden: usize,
    gates: Dense,
    candidate: Dense,
}

/// Where the rows of a step stand: (u, h'), (u, r h'), (r, z), n, (position, h).
struct Rows {
    second: usize,
    gates: usize,
    candidate: usize,
    features: usize,
    end: usize,
}

impl Gated {
    pub(crate) fn new(hidden: usize) -> Self {
        let inputs = INPUTS + hidden;
        let gates = Dense { inputs, outputs: 2 * hidden, at: 0 };
        let candidate = Dense { inputs, outputs: hidden, at: gates.end() };
        Self { hidden, gates, candidate }
    }

    fn at(&self) -> Rows {
        let h = self.hidden;
        let second = INPUTS + h;
        let gates = second + INPUTS + h;
        let candidate = gates + 2 * h;
        let features = candidate + h;
        Rows { second, gates, candidate, features, end: features + 1 + h }
    }

    pub(crate) fn parameter_count(&self) -> usize {
        self.candidate.end()
    }

    pub(crate) fn rows(&self) -> usize {
        self.at().end
    }

    pub(crate) fn features(&self) -> usize {
        1 + self.hidden
    }

    pub(crate) fn scratch(&self) -> (usize, usize) {
        (4 * self.hidden + INPUTS, INPUTS + self.hidden)
    }

    pub(crate) fn initialise(&self, dim: usize, parameters: &mut [f64], rng: &mut Pcg64Dxsm) {
        let deviation = (1.0 / self.gates.inputs as f64).sqrt();
        self.gates.draw(deviation, parameters, rng);
        self.candidate.draw(deviation, parameters, rng);
        let (_, bias) = self.gates.split_mut(parameters);
        let most = (dim.max(2) as f64).ln();
        for b in &mut bias[self.hidden..] {
            *b = rng.random_range(0.0..most);
        }
    }

    pub(crate) fn step<R: Real>(&self, values: &[R], k: usize, history: &mut [R]) {
        let (at, h, all) = (self.at(), self.hidden * TILE, self.rows() * TILE);
        let (before, block) = history.split_at_mut(k * all);
        let block = &mut block[..all];
        let u = INPUTS * TILE;
        if k == 0 {
            block[u..u + h].fill(R::ZERO);
        } else {
            block[u..u + h].copy_from_slice(&before[k * all - h..]);
        }
        block.copy_within(..u, at.second * TILE);
        block.copy_within(TILE..u, at.features * TILE);
        let (inputs, rest) = block.split_at_mut(at.second * TILE);
        let (second, rest) = rest.split_at_mut((at.gates - at.second) * TILE);
        let (gates, rest) = rest.split_at_mut(2 * h);
        let (candidate, features) = rest.split_at_mut(h);
        self.gates.forward(values, inputs, gates, Finish::Nothing);
        run(Sigmoid(&mut *gates));
        let (r, z) = gates.split_at(h);
        run(Times { a: r, b: &inputs[u..], to: &mut second[u..] });
        self.candidate.forward(values, second, candidate, Finish::Nothing);
        run(Tanh(&mut *candidate));
        run(Mix { z, h: &inputs[u..], n: candidate, to: &mut features[TILE..] });
    }

    pub(crate) fn step_backward<R: Real>(
        &self,
        values: &[R],
        k: usize,
        (history, gradients): (&[R], &mut [R]),
        (points, scratch): (&mut [R], &mut [R]),
        parameters: &mut [R],
    ) {
        let (at, h, all) = (self.at(), self.hidden * TILE, self.rows() * TILE);
        let u = INPUTS * TILE;
        let block = &history[k * all..];
        let (r, z) = block[at.gates * TILE..at.candidate * TILE].split_at(h);
        let n = &block[at.candidate * TILE..at.features * TILE];
        let old = &block[u..u + h];
        let (before, gradient) = gradients.split_at_mut(k * all);
        let (inputs, rest) = gradient[..all].split_at_mut(at.second * TILE);
        let features = &rest[(at.features + 1 - at.second) * TILE..];
        let (to_gates, rest) = scratch.split_at_mut(2 * h);
        let (to_n, second) = rest.split_at_mut(h);
        let (to_r, to_z) = to_gates.split_at_mut(h);
        inputs.fill(R::ZERO);
        run(MixBackward { gradient: features, z, h: old, n, to_z, to_n: &mut *to_n, to_h: &mut inputs[u..] });
        self.candidate.learn(&block[at.second * TILE..], to_n, points, parameters);
        self.candidate.backward(values, to_n, second, false);
        run(ResetBackward {
            gradient: &second[u..u + h],
            r,
            h: old,
            to_r,
            to_h: &mut inputs[u..],
        });
        self.gates.learn(block, to_gates, points, parameters);
        self.gates.backward(values, to_gates, inputs, true);
        add(&second[..u], &mut inputs[..u]);
        if k > 0 {
            add(&inputs[u..], &mut before[k * all - h..]);
        }
    }
}

fn add<R: Real>(from: &[R], to: &mut [R]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = to.plus(*from);
    }
}
