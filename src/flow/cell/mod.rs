//! Conditioners that run along the coordinates with the same parameters at each of them.
//!
//! Step k gets the inputs `u_k` = (`x_{k-1}`, 2 (k + 1/2)/d - 1) and what it needs of earlier steps, and
//! gives the features from which the parameters of coordinate k are made. All numbers of a step stand in
//! one block of `[rows * TILE]`, inputs first, features last, and so do their gradients in another.

mod convolution;
mod gated;

pub(crate) use convolution::Convolution;
pub(crate) use gated::Gated;

use rand_distr::{Distribution as _, StandardNormal};
use rand_pcg::Pcg64Dxsm;

use crate::kernel::{
    TILE,
    dense::{FEW, Finish, Inputs, PAD, Product, Start, Transpose, WeightGradient},
    dispatch::run,
    lane::Real,
};

/// Rows of the inputs of a step.
pub(crate) const INPUTS: usize = 2;

/// One layer whose weights (`[outputs * inputs]`) and biases stand at `at`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Dense {
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    pub(crate) at: usize,
}

impl Dense {
    pub(crate) fn end(&self) -> usize {
        self.at + (self.inputs + 1) * self.outputs
    }

    pub(crate) fn split<'a, R>(&self, values: &'a [R]) -> (&'a [R], &'a [R]) {
        values[self.at..self.end()].split_at(self.inputs * self.outputs)
    }

    pub(crate) fn split_mut<'a, R>(&self, values: &'a mut [R]) -> (&'a mut [R], &'a mut [R]) {
        values[self.at..self.end()].split_at_mut(self.inputs * self.outputs)
    }

    /// output = finish(W input + b)
    pub(crate) fn forward<R: Real>(&self, values: &[R], input: &[R], output: &mut [R], finish: Finish<'_, R>) {
        let (weights, bias) = self.split(values);
        run(Product {
            weights,
            strides: (self.inputs, 1),
            start: Start::Bias(bias),
            input: &input[..self.inputs * TILE],
            output: &mut output[..self.outputs * TILE],
            finish,
        });
    }

    /// to = W^T gradient, added to what is there where `add`
    pub(crate) fn backward<R: Real>(&self, values: &[R], gradient: &[R], to: &mut [R], add: bool) {
        let (weights, _) = self.split(values);
        run(Product {
            weights,
            strides: (1, self.inputs),
            start: if add { Start::Output } else { Start::Zero },
            input: &gradient[..self.outputs * TILE],
            output: &mut to[..self.inputs * TILE],
            finish: Finish::Nothing,
        });
    }

    /// Adds the gradient of the parameters; `input` goes on after its rows up to whole vectors of them.
    pub(crate) fn learn<R: Real>(&self, input: &[R], gradient: &[R], points: &mut [R], parameters: &mut [R]) {
        let n = self.inputs.next_multiple_of(PAD) * TILE;
        let inputs = if self.inputs > FEW {
            run(Transpose { from: &input[..n], to: &mut points[..n] });
            Inputs::ByPoint(&points[..n])
        } else {
            Inputs::ByFeature(&input[..self.inputs * TILE])
        };
        let (weights, bias) = self.split_mut(parameters);
        run(WeightGradient {
            inputs,
            gradient: &gradient[..self.outputs * TILE],
            weights,
            bias,
        });
    }

    /// Normal weights of this standard deviation.
    pub(crate) fn draw(&self, deviation: f64, parameters: &mut [f64], rng: &mut Pcg64Dxsm) {
        let (weights, bias) = self.split_mut(parameters);
        for w in weights {
            let normal: f64 = StandardNormal.sample(rng);
            *w = deviation * normal;
        }
        bias.fill(0.0);
    }
}

/// Which conditioner.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cell {
    Convolution(Convolution),
    Gated(Gated),
}

macro_rules! each {
    ($self:ident, $cell:ident => $call:expr) => {
        match $self {
            Cell::Convolution($cell) => $call,
            Cell::Gated($cell) => $call,
        }
    };
}

impl Cell {
    pub(crate) fn parameter_count(&self) -> usize {
        each!(self, c => c.parameter_count())
    }

    /// Rows of one step.
    pub(crate) fn rows(&self) -> usize {
        each!(self, c => c.rows())
    }

    /// Features at the end of them.
    pub(crate) fn features(&self) -> usize {
        each!(self, c => c.features())
    }

    pub(crate) fn initialise(&self, dim: usize, parameters: &mut [f64], rng: &mut Pcg64Dxsm) {
        each!(self, c => c.initialise(dim, parameters, rng));
    }

    /// Step `k`; `history` holds the blocks of all steps up to it, its own with the inputs.
    pub(crate) fn step<R: Real>(&self, values: &[R], k: usize, history: &mut [R]) {
        each!(self, c => c.step(values, k, history));
    }

    /// Takes d loss / d features of step `k` back to its inputs, to earlier steps and to the parameters.
    pub(crate) fn step_backward<R: Real>(
        &self,
        values: &[R],
        k: usize,
        (history, gradients): (&[R], &mut [R]),
        (points, scratch): (&mut [R], &mut [R]),
        parameters: &mut [R],
    ) {
        each!(self, c => c.step_backward(values, k, (history, gradients), (points, scratch), parameters));
    }

    /// Rows that [`Cell::step_backward`] works in, and the most inputs of a layer of it.
    pub(crate) fn scratch(&self) -> (usize, usize) {
        each!(self, c => c.scratch())
    }
}
