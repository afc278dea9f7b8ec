//! The conditioner: a multilayer perceptron from the untouched coordinates to the raw
//! parameters of the splines.
//!
//! `h_0` = 2x - 1, `h_l` = `act(W_l` h_{l-1} + `b_l`), last layer without activation. The last layer
//! starts at zero, so that a new flow is the identity. Parameters per layer: weights
//! `[out * in]` row-major, then biases `[out]`. Backward passes are derived by hand.

use rand::RngExt as _;
use rand_distr::{Distribution as _, StandardNormal};
use rand_pcg::Pcg64Dxsm;

use crate::kernel::{
    TILE,
    dense::{Activation, ActivationBackward, Forward, WeightGradient},
    dispatch::run,
    lane::Real,
};

/// The shape of a perceptron; its parameters live in the flow's flat vector.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Conditioner {
    /// from the inputs to the outputs
    layers: Vec<Layer>,
    /// slope of the activation below zero (0: `ReLU`)
    slope: f64,
}

/// The shape of one layer, and where its parameters lie.
#[derive(Clone, Debug, PartialEq)]
struct Layer {
    inputs: usize,
    outputs: usize,
    /// offset of the weights; the biases follow
    at: usize,
}

/// Parameters of a flow in the conditioner's precision, both ways round.
#[derive(Clone, Debug)]
pub(crate) struct Weights<R> {
    /// the flat parameter vector
    pub(crate) values: Vec<R>,
    /// the same with each weight matrix transposed, for the backward pass
    pub(crate) transposed: Vec<R>,
}

/// Activations (or their gradients) of one tile: per layer `[features * TILE]`.
pub(crate) type Activations<R> = Vec<Vec<R>>;

impl Conditioner {
    /// `sizes` holds the features of every layer, inputs first, outputs last.
    pub(crate) fn new(sizes: &[usize], slope: f64) -> Self {
        let mut at = 0;
        let layers = sizes
            .windows(2)
            .map(|pair| {
                let layer = Layer {
                    inputs: pair[0],
                    outputs: pair[1],
                    at,
                };
                at += (pair[0] + 1) * pair[1];
                layer
            })
            .collect();
        Self { layers, slope }
    }

    pub(crate) fn parameter_count(&self) -> usize {
        self.layers
            .iter()
            .map(|layer| (layer.inputs + 1) * layer.outputs)
            .sum()
    }

    pub(crate) fn activations<R: Real>(&self) -> Activations<R> {
        let features = |n: usize| vec![R::default(); n * TILE];
        let inputs = features(self.layers[0].inputs);
        [inputs]
            .into_iter()
            .chain(self.layers.iter().map(|l| features(l.outputs)))
            .collect()
    }

    /// Hidden layers: normal weights of variance 2/(in (1 + slope^2)) (He et al. 2015,
    /// arXiv:1502.01852) and uniform biases within 1/sqrt(in); last layer: normal of standard
    /// deviation `last` (0 for the identity).
    pub(crate) fn initialise(&self, last: f64, parameters: &mut [f64], rng: &mut Pcg64Dxsm) {
        let depth = self.layers.len() - 1;
        for (l, layer) in self.layers.iter().enumerate() {
            let (weights, biases) = layer.split_mut(parameters);
            let inputs = layer.inputs as f64;
            let deviation = (2.0 / (inputs * (1.0 + self.slope * self.slope))).sqrt();
            for w in weights {
                let normal: f64 = StandardNormal.sample(rng);
                *w = normal * if l == depth { last } else { deviation };
            }
            for b in biases {
                let normal: f64 = StandardNormal.sample(rng);
                let uniform = rng.random_range(-1.0..1.0) / inputs.sqrt();
                *b = if l == depth { last * normal } else { uniform };
            }
        }
    }

    /// Fills the transposed copy of this perceptron's weight matrices.
    pub(crate) fn transpose<R: Real>(&self, values: &[R], transposed: &mut [R]) {
        for layer in &self.layers {
            let (from, _) = layer.split(values);
            let (to, _) = layer.split_mut(transposed);
            for (o, row) in from.chunks_exact(layer.inputs).enumerate() {
                for (i, w) in row.iter().enumerate() {
                    to[i * layer.outputs + o] = *w;
                }
            }
        }
    }

    /// Runs one tile from `activations[0]` to the last of `activations`.
    pub(crate) fn forward<R: Real>(&self, values: &[R], activations: &mut Activations<R>) {
        let depth = self.layers.len() - 1;
        for (l, layer) in self.layers.iter().enumerate() {
            let (weights, bias) = layer.split(values);
            let (before, after) = activations.split_at_mut(l + 1);
            let activation = if l == depth {
                Activation::None
            } else {
                Activation::Leaky(R::from_f64(self.slope))
            };
            run(Forward {
                weights,
                bias,
                input: &before[l],
                output: &mut after[0],
                activation,
            });
        }
    }

    /// Given d loss / d outputs in the last of `gradients`, adds to the parameters' gradient
    /// and leaves d loss / d inputs in `gradients[0]`.
    pub(crate) fn backward<R: Real>(
        &self,
        transposed: &[R],
        activations: &Activations<R>,
        gradients: &mut Activations<R>,
        parameters: &mut [R],
    ) {
        let depth = self.layers.len() - 1;
        for (l, layer) in self.layers.iter().enumerate().rev() {
            let (before, after) = gradients.split_at_mut(l + 1);
            let gradient = &mut after[0];
            if l < depth {
                let slope = R::from_f64(self.slope);
                run(ActivationBackward {
                    output: &activations[l + 1],
                    gradient,
                    slope,
                });
            }
            let (weights, bias) = layer.split_mut(parameters);
            run(WeightGradient {
                input: &activations[l],
                gradient,
                weights,
                bias,
            });
            run(Forward {
                weights: layer.split(transposed).0,
                bias: &[],
                input: gradient,
                output: &mut before[l],
                activation: Activation::None,
            });
        }
    }
}

impl Layer {
    fn split<'a, R>(&self, parameters: &'a [R]) -> (&'a [R], &'a [R]) {
        let n = self.inputs * self.outputs;
        parameters[self.at..self.at + n + self.outputs].split_at(n)
    }

    fn split_mut<'a, R>(&self, parameters: &'a mut [R]) -> (&'a mut [R], &'a mut [R]) {
        let n = self.inputs * self.outputs;
        parameters[self.at..self.at + n + self.outputs].split_at_mut(n)
    }
}
