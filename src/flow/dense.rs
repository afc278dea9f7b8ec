//! One layer of a conditioner: y = W x + b, on tiles.

use super::layer::Work;
use crate::kernel::{
    TILE,
    dense::{FEW, Finish, Inputs, PAD, Product, Start, Transpose, WeightGradient},
    dispatch::run,
    lane::Real,
};

/// The shape of one layer, and where its parameters lie: weights `[outputs * inputs]`, then biases.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Dense {
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    /// offset of the weights; the biases follow
    pub(super) at: usize,
}

/// Rows of features up to whole vectors of them.
pub(super) fn padded(features: usize) -> usize {
    features.next_multiple_of(PAD)
}

impl Dense {
    /// The first parameter that is no longer the layer's.
    pub(super) fn end(&self) -> usize {
        self.at + (self.inputs + 1) * self.outputs
    }

    /// Lays the layer's inputs side by side for each point, where that pays.
    pub(super) fn transpose<R: Real>(&self, activations: &[R], work: &mut Work<R>) {
        self.transpose_to(activations, &mut work.points);
    }

    fn transpose_to<R: Real>(&self, activations: &[R], points: &mut [R]) {
        let n = padded(self.inputs) * TILE;
        if self.inputs > FEW {
            run(Transpose {
                from: &activations[..n],
                to: &mut points[..n],
            });
        }
    }

    /// The layer's inputs after [`Dense::transpose`].
    pub(super) fn inputs<'a, R>(&self, activations: &'a [R], points: &'a [R]) -> Inputs<'a, R> {
        if self.inputs > FEW {
            Inputs::ByPoint(&points[..padded(self.inputs) * TILE])
        } else {
            Inputs::ByFeature(&activations[..self.inputs * TILE])
        }
    }

    pub(super) fn split<'a, R>(&self, parameters: &'a [R]) -> (&'a [R], &'a [R]) {
        parameters[self.at..self.end()].split_at(self.inputs * self.outputs)
    }

    pub(super) fn split_mut<'a, R>(&self, parameters: &'a mut [R]) -> (&'a mut [R], &'a mut [R]) {
        parameters[self.at..self.end()].split_at_mut(self.inputs * self.outputs)
    }

    /// `output` (`[outputs * TILE]`) = W `input` + b.
    pub(super) fn forward<R: Real>(&self, values: &[R], input: &[R], output: &mut [R]) {
        let (weights, bias) = self.split(values);
        run(Product {
            weights,
            strides: (self.inputs, 1),
            start: Start::Bias(bias),
            input: &input[..self.inputs * TILE],
            output,
            finish: Finish::Nothing,
        });
    }

    /// `to` (`[inputs * TILE]`) += W^T `gradient` (`[outputs * TILE]`).
    pub(super) fn backward<R: Real>(&self, values: &[R], gradient: &[R], to: &mut [R]) {
        run(Product {
            weights: self.split(values).0,
            strides: (1, self.inputs),
            start: Start::Output,
            input: gradient,
            output: &mut to[..self.inputs * TILE],
            finish: Finish::Nothing,
        });
    }

    /// Adds the gradient of the parameters; `input` goes on beyond its rows up to whole vectors of them,
    /// with any numbers.
    pub(super) fn learn<R: Real>(
        &self,
        input: &[R],
        gradient: &[R],
        points: &mut [R],
        parameters: &mut [R],
    ) {
        self.transpose_to(input, points);
        let (weights, bias) = self.split_mut(parameters);
        run(WeightGradient {
            inputs: self.inputs(input, points),
            gradient,
            weights,
            bias,
        });
    }
}
