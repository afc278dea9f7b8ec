//! A gated recurrent unit, on tiles: what a conditioner remembers of the coordinates so far.
//!
//! r, z = logistic(`W_g` (u, h') + `b_g`), n = tanh(`W_n` (u, r h') + `b_n`), h = z h' + (1 - z) n: the state h of a
//! step from that of the step before, h', and from what the step is given, u. K. Cho et al. (2014),
//! arXiv:1406.1078. Biases of z begin uniform in (0, ln d), so that states are kept for 1 to d steps:
//! C. Tallec, Y. Ollivier (2018), arXiv:1804.11188. Backward passes are derived by hand.

use rand::RngExt as _;
use rand_distr::{Distribution as _, StandardNormal};
use rand_pcg::Pcg64Dxsm;

use super::dense::{Dense, padded};
use crate::kernel::{
    TILE,
    dispatch::run,
    gates::{Logistic, Mix, MixBackward, ResetBackward, Tanh, Times},
    lane::Real,
};

/// The shape of a unit; its parameters come first in the layer's slice.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Gated {
    /// rows of u
    given: usize,
    /// rows of h
    features: usize,
    gates: Dense,
    candidate: Dense,
}

/// What a step works in, `[rows * TILE]` each.
pub(super) struct Step<'a, R> {
    /// (u, h'), then (u, r h'), each up to whole vectors of rows
    pub(super) inputs: &'a mut [R],
    /// h', r, z, n
    pub(super) kept: &'a mut [R],
}

/// Gradients of a step, `[rows * TILE]` each.
pub(super) struct Back<'a, R> {
    /// with respect to (u, h) before and to (u, h') after, where that of u is added to
    pub(super) state: &'a mut [R],
    /// of the arguments of r, z and tanh, then of (u, r h')
    pub(super) work: &'a mut [R],
}

impl Gated {
    pub(super) fn new(given: usize, features: usize) -> Self {
        let inputs = given + features;
        let gates = Dense {
            inputs,
            outputs: 2 * features,
            at: 0,
        };
        let candidate = Dense {
            inputs,
            outputs: features,
            at: gates.end(),
        };
        Self {
            given,
            features,
            gates,
            candidate,
        }
    }

    pub(super) fn parameter_count(&self) -> usize {
        self.candidate.end()
    }

    /// Rows of (u, h), up to whole vectors of them.
    pub(super) fn padded(&self) -> usize {
        padded(self.gates.inputs)
    }

    /// Rows of [`Step::kept`].
    pub(super) fn kept(&self) -> usize {
        4 * self.features
    }

    /// Rows of [`Back::work`].
    pub(super) fn work(&self) -> usize {
        3 * self.features + self.gates.inputs
    }

    /// Normal weights of variance 1/in.
    pub(super) fn initialise(&self, dim: usize, parameters: &mut [f64], rng: &mut Pcg64Dxsm) {
        let deviation = (self.gates.inputs as f64).sqrt().recip();
        for layer in [&self.gates, &self.candidate] {
            let (weights, biases) = layer.split_mut(parameters);
            for w in weights {
                let normal: f64 = StandardNormal.sample(rng);
                *w = deviation * normal;
            }
            biases.fill(0.0);
        }
        let (_, biases) = self.gates.split_mut(parameters);
        let longest = (dim.max(2) as f64).ln();
        for b in &mut biases[self.features..] {
            *b = rng.random_range(0.0..longest);
        }
    }

    /// From (u, h') at the front of `step.inputs` to (u, h) there.
    pub(super) fn forward<R: Real>(&self, values: &[R], step: &mut Step<'_, R>) {
        let (u, h) = (self.given * TILE, self.features * TILE);
        let (front, second) = step.inputs.split_at_mut(self.padded() * TILE);
        let (old, kept) = step.kept.split_at_mut(h);
        let (gates, candidate) = kept[..3 * h].split_at_mut(2 * h);
        old.copy_from_slice(&front[u..u + h]);
        self.gates.forward(values, front, gates);
        run(Logistic(&mut *gates));
        self.reset(front, (old, gates), second);
        self.candidate.forward(values, second, candidate);
        run(Tanh(&mut *candidate));
        run(Mix {
            z: &gates[h..],
            h: old,
            n: candidate,
            to: &mut front[u..u + h],
        });
    }

    /// (u, r h') into `second`.
    fn reset<R: Real>(&self, front: &[R], (old, gates): (&[R], &[R]), second: &mut [R]) {
        let (u, h) = (self.given * TILE, self.features * TILE);
        second[..u].copy_from_slice(&front[..u]);
        run(Times {
            a: &gates[..h],
            b: old,
            to: &mut second[u..u + h],
        });
    }

    /// Takes d loss / d h back, given u at the front of `inputs` and what [`Gated::forward`] kept; (u, h') is
    /// there afterwards. `points` is for the transposed inputs of a layer.
    pub(super) fn backward<R: Real>(
        &self,
        values: &[R],
        (inputs, kept): (&mut [R], &[R]),
        back: &mut Back<'_, R>,
        points: &mut [R],
        parameters: &mut [R],
    ) {
        let (u, h) = (self.given * TILE, self.features * TILE);
        let (front, second) = inputs.split_at_mut(self.padded() * TILE);
        let (old, gates, n) = (&kept[..h], &kept[h..3 * h], &kept[3 * h..4 * h]);
        let (r, z) = gates.split_at(h);
        front[u..u + h].copy_from_slice(old);
        self.reset(front, (old, gates), second);
        let (to_gates, rest) = back.work.split_at_mut(2 * h);
        let (to_n, rest) = rest.split_at_mut(h);
        let (to_r, to_z) = to_gates.split_at_mut(h);
        let to_second = &mut rest[..u + h];
        run(MixBackward {
            z,
            h: old,
            n,
            to_z,
            to_n: &mut *to_n,
            state: &mut back.state[u..u + h],
        });
        self.candidate.learn(second, to_n, points, parameters);
        to_second.fill(R::ZERO);
        self.candidate.backward(values, to_n, to_second);
        run(ResetBackward {
            gradient: &to_second[u..],
            r,
            h: old,
            to_r,
            to_h: &mut back.state[u..u + h],
        });
        self.gates.learn(front, to_gates, points, parameters);
        self.gates.backward(values, to_gates, back.state);
        let pairs = back.state[..u].iter_mut().zip(&to_second[..u]);
        pairs.for_each(|(to, from)| *to = to.plus(*from));
    }
}
