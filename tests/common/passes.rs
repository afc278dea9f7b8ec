//! Flows taken far from the identity, but not hopelessly so, and points taken through maps.

use thalweg::{Flow, Map};

use super::numbers::{std_dev, uniform};

/// The spread of `log_jac` over uniform points that a random flow is given.
pub(crate) const TARGET: f64 = 1.7;

/// A flow whose `log_jac` has the standard deviation [`TARGET`], or as nearly as it can.
///
/// The spread of the last layers is bisected in its logarithm, up to `widest`; the result is the nearest seen.
pub(crate) fn far(mut flow: Flow, seed: u64, widest: f64) -> Flow {
    let z = uniform(512 * flow.dim(), seed);
    let (mut low, mut high) = (-4.0_f64, widest);
    let mut nearest = (f64::INFINITY, low);
    for _ in 0..10 {
        let middle = 0.5 * (low + high);
        flow.randomise(seed, middle.exp());
        let found = std_dev(&forward(&flow, &z).1);
        if (found - TARGET).abs() < nearest.0 {
            nearest = ((found - TARGET).abs(), middle);
        }
        if nearest.0 < 0.2 {
            break;
        }
        if found < TARGET {
            low = middle;
        } else {
            high = middle;
        }
    }
    flow.randomise(seed, nearest.1.exp());
    flow
}

/// `(x, log_jac)` at latent points `z` (`[n * dim]`).
pub(crate) fn forward(map: &dyn Map, z: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let (mut x, mut log_jac) = (vec![0.0; z.len()], vec![0.0; z.len() / map.dim()]);
    map.forward(z, &mut x, &mut log_jac);
    (x, log_jac)
}

/// `(z, log_jac)` at points `x` (`[n * dim]`).
pub(crate) fn inverse(map: &dyn Map, x: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let (mut z, mut log_jac) = (vec![0.0; x.len()], vec![0.0; x.len() / map.dim()]);
    map.inverse(x, &mut z, &mut log_jac);
    (z, log_jac)
}
