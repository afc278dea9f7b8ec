//! Masks that make a perceptron autoregressive: outputs of coordinate k see coordinates before it alone.
//!
//! Each feature has a degree: an input its place in the order, from 1, or 0 for what all may see; a hidden
//! unit takes from features of its degree or less, an output from those of less than its own.
//! M. Germain, K. Gregor, I. Murray, H. Larochelle, "MADE" (2015), arXiv:1502.03509, section 4.

/// The degrees of a perceptron's features.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Degrees {
    /// per layer of features, inputs first, outputs last
    layers: Vec<Vec<usize>>,
}

impl Degrees {
    /// `inputs`: the degree of each input; `hidden`: units of each hidden layer; `outputs`: the degree of
    /// each output.
    pub(crate) fn new(inputs: Vec<usize>, hidden: &[usize], outputs: Vec<usize>) -> Self {
        let last = outputs.iter().max().map_or(0, |most| most - 1);
        // Where nothing is for all to see, units of degree 0 would see nothing.
        let first = usize::from(!inputs.contains(&0)).min(last);
        let span = last - first;
        let degrees = |units: &usize| {
            let degree = |k| {
                if *units > span {
                    k % (span + 1)
                } else {
                    // Too few for all: evenly, so that what comes last sees all before it.
                    (k + 1) * span / units
                }
            };
            (0..*units).map(|k| first + degree(k)).collect()
        };
        let mut layers = vec![inputs];
        layers.extend(hidden.iter().map(degrees));
        layers.push(outputs);
        Self { layers }
    }

    /// Whether feature `to` of layer `layer + 1` sees feature `from` of layer `layer`.
    pub(crate) fn sees(&self, layer: usize, to: usize, from: usize) -> bool {
        let (a, b) = (self.layers[layer][from], self.layers[layer + 1][to]);
        if layer + 2 == self.layers.len() {
            a < b
        } else {
            a <= b
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which inputs reach each output, by following all paths.
    fn reached(inputs: &[usize], hidden: &[usize], outputs: &[usize]) -> Vec<Vec<bool>> {
        let degrees = Degrees::new(inputs.to_vec(), hidden, outputs.to_vec());
        let mut reached: Vec<Vec<bool>> = (0..inputs.len())
            .map(|i| (0..inputs.len()).map(|j| i == j).collect())
            .collect();
        for layer in 0..=hidden.len() {
            let width = degrees.layers[layer + 1].len();
            let next = |to: usize| {
                (0..inputs.len())
                    .map(|i| {
                        let mut seen = 0..reached.len();
                        seen.any(|from| reached[from][i] && degrees.sees(layer, to, from))
                    })
                    .collect()
            };
            reached = (0..width).map(next).collect();
        }
        reached
    }

    #[test]
    fn outputs_see_what_comes_before_them_and_all_of_it() {
        for dim in [1, 2, 3, 8] {
            for context in [0, 2] {
                for hidden in [vec![], vec![32], vec![16, 24]] {
                    let mut inputs: Vec<usize> = (1..=dim).rev().collect();
                    inputs.extend(vec![0; context]);
                    let outputs: Vec<usize> = (1..=dim).rev().collect();
                    let reached = reached(&inputs, &hidden, &outputs);
                    for (reached, output) in reached.iter().zip(&outputs) {
                        for (reached, input) in reached.iter().zip(&inputs) {
                            assert_eq!(*reached, input < output, "{dim} {context} {hidden:?}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn few_units_are_spread_over_all_coordinates() {
        for (dim, hidden) in [(40, vec![32]), (40, vec![16, 8]), (100, vec![1])] {
            let order: Vec<usize> = (1..=dim).collect();
            let reached = reached(&order, &hidden, &order);
            let seen = |k: usize| reached[k].iter().filter(|r| **r).count();
            assert_eq!(seen(dim - 1), dim - 1, "{dim} {hidden:?}");
            // What is not seen comes right before, no more than one part of the coordinates.
            let part = dim.div_ceil(*hidden.iter().min().expect("a layer"));
            for (k, row) in reached.iter().enumerate() {
                assert!(row[k..].iter().all(|r| !r), "{dim} {hidden:?}: {k}");
                assert!(
                    seen(k) + part >= k,
                    "{dim} {hidden:?}: {k} sees {}",
                    seen(k)
                );
            }
        }
    }
}
