//! The conditioner: a multilayer perceptron from the untouched coordinates to the raw
//! parameters of the splines.
//!
//! `h_0` = 2x - 1, `h_l` = `act(W_l` h_{l-1} + `b_l`), last layer without activation. The last layer
//! starts at zero, so that a new flow is the identity. Parameters per layer: weights
//! `[out * in]` row-major, then biases `[out]`. Backward passes are derived by hand.

use std::ops::Range;

use rand::RngExt as _;
use rand_distr::{Distribution as _, StandardNormal};
use rand_pcg::Pcg64Dxsm;

use super::{
    aligned::Aligned,
    dense::{Dense, padded},
    layer::{Record, Work},
    made::Degrees,
};
use crate::kernel::{
    TILE,
    dense::{Finish, Product, Start, WeightGradient},
    dispatch::run,
    lane::Real,
};

/// The shape of a perceptron; its parameters live in the flow's flat vector.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Conditioner {
    /// from the inputs to the outputs
    layers: Vec<Dense>,
    /// slope of the activation below zero (0: `ReLU`)
    slope: f64,
    /// masks of the weights, if it is autoregressive
    degrees: Option<Degrees>,
}

impl Conditioner {
    /// `sizes` holds the features of every layer, inputs first, outputs last.
    pub(crate) fn new(sizes: &[usize], slope: f64) -> Self {
        let mut at = 0;
        let layers = sizes
            .windows(2)
            .map(|pair| {
                let layer = Dense {
                    inputs: pair[0],
                    outputs: pair[1],
                    at,
                };
                at += (pair[0] + 1) * pair[1];
                layer
            })
            .collect();
        Self {
            layers,
            slope,
            degrees: None,
        }
    }

    /// The same with weights that are zero wherever `degrees` says so.
    pub(crate) fn masked(self, degrees: Degrees) -> Self {
        Self {
            degrees: Some(degrees),
            ..self
        }
    }

    /// Where the weights that are zero by the masks stand among the parameters.
    pub(crate) fn fixed(&self) -> Vec<usize> {
        let Some(degrees) = &self.degrees else {
            return Vec::new();
        };
        let of_layer = |(l, layer): (usize, &Dense)| {
            let (at, inputs, outputs) = (layer.at, layer.inputs, layer.outputs);
            let weights = (0..outputs).flat_map(move |to| (0..inputs).map(move |from| (to, from)));
            weights
                .filter(move |(to, from)| !degrees.sees(l, *to, *from))
                .map(move |(to, from)| at + to * inputs + from)
        };
        self.layers.iter().enumerate().flat_map(of_layer).collect()
    }

    pub(crate) fn parameter_count(&self) -> usize {
        self.layers
            .iter()
            .map(|layer| (layer.inputs + 1) * layer.outputs)
            .sum()
    }

    /// Features of the inputs and of each hidden layer.
    fn features(&self) -> impl Iterator<Item = usize> {
        self.layers.iter().map(|layer| layer.inputs)
    }

    /// Room for the activations of one tile.
    pub(crate) fn activations<R: Real>(&self) -> Vec<Aligned<R>> {
        self.features()
            .map(|n| Aligned::new(padded(n) * TILE))
            .collect()
    }

    /// Room for [`Conditioner::outputs_backward`] and [`Conditioner::hidden_backward`].
    pub(crate) fn work<R: Real>(&self) -> Work<R> {
        let most = self.features().max().unwrap_or(0);
        Work {
            gradients: self.features().map(|n| Aligned::new(n * TILE)).collect(),
            points: Aligned::new(padded(most) * TILE),
            ..Work::default()
        }
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

    /// Runs the hidden layers on one tile of inputs in `activations[0]`.
    pub(crate) fn hidden<R: Real>(&self, values: &[R], activations: &mut [Aligned<R>]) {
        let (_, hidden) = self.layers.split_last().expect("an output layer");
        for (l, layer) in hidden.iter().enumerate() {
            let (weights, bias) = layer.split(values);
            let (before, after) = activations.split_at_mut(l + 1);
            run(Product {
                weights,
                strides: (layer.inputs, 1),
                start: Start::Bias(bias),
                input: &before[l][..layer.inputs * TILE],
                output: &mut after[0][..layer.outputs * TILE],
                finish: Finish::Leaky(R::from_f64(self.slope)),
            });
        }
    }

    /// Some of the outputs, after [`Conditioner::hidden`].
    pub(crate) fn outputs<R: Real>(
        &self,
        values: &[R],
        activations: &[Aligned<R>],
        which: Range<usize>,
        output: &mut [R],
    ) {
        let (layer, hidden) = self.layers.split_last().expect("an output layer");
        let (weights, bias) = layer.split(values);
        let inputs = layer.inputs;
        run(Product {
            weights: &weights[which.start * inputs..which.end * inputs],
            strides: (inputs, 1),
            start: Start::Bias(&bias[which]),
            input: &activations[hidden.len()][..inputs * TILE],
            output,
            finish: Finish::Nothing,
        });
    }

    /// Prepares [`Conditioner::outputs_backward`] for a tile.
    pub(crate) fn start_backward<R: Real>(&self, record: &Record<R>, work: &mut Work<R>) {
        let (layer, hidden) = self.layers.split_last().expect("an output layer");
        layer.transpose(&record.activations[hidden.len()], work);
    }

    /// Takes d loss / d some of the outputs in `work.raw_gradient` back to the last hidden
    /// layer and to the parameters; every output must be taken once, in rising order, between two
    /// calls of [`Conditioner::hidden_backward`].
    pub(crate) fn outputs_backward<R: Real>(
        &self,
        values: &[R],
        record: &Record<R>,
        which: Range<usize>,
        work: &mut Work<R>,
        parameters: &mut [R],
    ) {
        let (first, last) = (which.start == 0, which.end == self.outputs_count());
        self.some_outputs_backward(values, record, (which, first, last), work, parameters);
    }

    fn outputs_count(&self) -> usize {
        self.layers.last().map_or(0, |layer| layer.outputs)
    }

    /// As [`Conditioner::outputs_backward`] for `(which, whether they are the first, the last)` of those
    /// taken together.
    pub(crate) fn some_outputs_backward<R: Real>(
        &self,
        values: &[R],
        record: &Record<R>,
        (which, first, last): (Range<usize>, bool, bool),
        work: &mut Work<R>,
        parameters: &mut [R],
    ) {
        let (layer, hidden) = self.layers.split_last().expect("an output layer");
        let inputs = layer.inputs;
        let gradient = &work.raw_gradient[..which.len() * TILE];
        let (weights, bias) = layer.split_mut(parameters);
        run(WeightGradient {
            inputs: layer.inputs(&record.activations[hidden.len()], &work.points),
            gradient,
            weights: &mut weights[which.start * inputs..which.end * inputs],
            bias: &mut bias[which.clone()],
        });
        let finish = if last {
            self.finish(hidden.len(), record)
        } else {
            Finish::Nothing
        };
        run(Product {
            weights: &layer.split(values).0[which.start * inputs..which.end * inputs],
            strides: (1, inputs),
            start: if first { Start::Zero } else { Start::Output },
            input: gradient,
            output: &mut work.gradients[hidden.len()][..inputs * TILE],
            finish,
        });
    }

    /// Takes the gradient from the last hidden layer, where
    /// [`Conditioner::outputs_backward`] left it, to the parameters and to
    /// `work.gradients[0]`.
    pub(crate) fn hidden_backward<R: Real>(
        &self,
        values: &[R],
        record: &Record<R>,
        work: &mut Work<R>,
        parameters: &mut [R],
    ) {
        let (_, hidden) = self.layers.split_last().expect("an output layer");
        for (l, layer) in hidden.iter().enumerate().rev() {
            layer.transpose(&record.activations[l], work);
            let (before, after) = work.gradients.split_at_mut(l + 1);
            let gradient = &after[0][..layer.outputs * TILE];
            let (weights, bias) = layer.split_mut(parameters);
            run(WeightGradient {
                inputs: layer.inputs(&record.activations[l], &work.points),
                gradient,
                weights,
                bias,
            });
            run(Product {
                weights: layer.split(values).0,
                strides: (1, layer.inputs),
                start: Start::Zero,
                input: gradient,
                output: &mut before[l][..layer.inputs * TILE],
                finish: self.finish(l, record),
            });
        }
    }

    /// What a gradient with respect to the activations of layer `l` is multiplied by.
    fn finish<'a, R: Real>(&self, l: usize, record: &'a Record<R>) -> Finish<'a, R> {
        if l == 0 {
            Finish::Nothing
        } else {
            Finish::LeakyDerivative(R::from_f64(self.slope), &record.activations[l])
        }
    }
}
