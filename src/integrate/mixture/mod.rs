//! A mixture that draws the estimate: a trained flow, defended by two wider densities.
//!
//! A flow may be far too small where it was never trained, and no point drawn from it tells. Fixed
//! parts of the points come from the flow as it was before the tempering ended, and from the
//! uniform density. With `n_c` points from channel c, `alpha_c` = `n_c` / sum n, and `q_0`
//! the flow,
//!
//! ```text
//! q(x) = sum_c alpha_c q_c(x)        w(x) = f(x)/q(x)        w'(x) = w(x) + I0 (1 - q_0(x)/q(x))
//! ```
//!
//! the mean of w' over all points is unbiased (balance heuristic: E. Veach, L. J. Guibas,
//! SIGGRAPH 1995). The second term has the mean 0, because `q_0` has the integral 1: a control
//! variate, which makes w' the constant I where `q_0` = f/I and I0 = I, so that the other channels
//! cost nothing there (A. Owen, Y. Zhou, "Safe and effective importance sampling", JASA 95 (2000)
//! 135). I0 comes from earlier points than the estimate's.
//! Shapes: points are `[n * dim]`, densities on the unit cube `[n]`.
//! Known weaknesses: what the tempered flow has lost as well is left to the few uniform points,
//! whose weights grow with the inverse of the volume that f fills; and each density of a flow
//! costs about as much as a point of it.

#[cfg(test)]
mod tests;

use std::any::Any;

use super::evaluator::{Evaluated, Evaluator};
use crate::map::{Identity, Map};

/// Points of the flow, of the tempered flow and of the uniform density: powers of two, so that
/// each channel draws whole Sobol nets.
const MAIN: u64 = 32;
const TEMPERED: u64 = 2;
const UNIFORM: u64 = 1;

/// What defends a map: the channels beside it.
#[derive(Debug)]
pub(crate) struct Defence {
    /// a wider map; the uniform density is always there
    pub(crate) tempered: Option<Box<dyn Map>>,
    /// I0: about the integral of the first output, in scaled units
    pub(crate) level: f64,
}

impl Defence {
    /// Points per unit of each channel: the map defended, the tempered one if any, uniform.
    pub(crate) fn shares(&self) -> Vec<u64> {
        match self.tempered {
            Some(_) => vec![MAIN, TEMPERED, UNIFORM],
            None => vec![MAIN, UNIFORM],
        }
    }

    fn total(&self) -> u64 {
        self.shares().iter().sum()
    }

    /// What the weights f/q come to, in units of the integral, where the map defended is right.
    pub(crate) fn usual_weight(&self) -> f64 {
        self.total() as f64 / MAIN as f64
    }

    /// In a few words, to go after the description of the map.
    pub(crate) fn describe(&self) -> String {
        let total = self.total();
        match self.tempered {
            Some(_) => format!("with {TEMPERED}/{total} tempered and {UNIFORM}/{total} uniform"),
            None => format!("with {UNIFORM}/{total} uniform"),
        }
    }
}

/// What points are drawn from: a map, defended or not.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mixture<'a> {
    main: &'a dyn Map,
    defence: Option<&'a Defence>,
}

impl<'a> From<&'a dyn Map> for Mixture<'a> {
    fn from(main: &'a dyn Map) -> Self {
        Self {
            main,
            defence: None,
        }
    }
}

impl<'a> Mixture<'a> {
    pub(crate) fn new(main: &'a dyn Map, defence: Option<&'a Defence>) -> Self {
        Self { main, defence }
    }

    /// The map that is defended.
    pub(crate) fn main(self) -> &'a dyn Map {
        self.main
    }

    /// Points per unit of each channel, the main one first; `[1]` for a map by itself.
    pub(crate) fn shares(self) -> Vec<u64> {
        self.defence.map_or_else(|| vec![1], Defence::shares)
    }

    /// Whether some of its points are uniform.
    pub(crate) fn has_uniform(self) -> bool {
        let any: &dyn Any = self.main;
        self.defence.is_some() || any.is::<Identity>()
    }

    /// Whether the points of a channel are uniform.
    pub(crate) fn is_uniform(self, channel: usize) -> bool {
        self.has_uniform() && channel + 1 == self.shares().len()
    }

    /// Uniform points among `calls` of them.
    pub(crate) fn uniform_points(self, calls: u64) -> u64 {
        match self.defence {
            Some(defence) => calls * UNIFORM / defence.total(),
            None if self.has_uniform() => calls,
            None => 0,
        }
    }

    /// Densities (`[n]`, logarithms) at points `x` (`[n * dim]`) of the unit cube.
    pub(crate) fn log_density(self, x: &[f64]) -> Vec<f64> {
        let n = x.len() / self.main.dim();
        let maps = [self.main]
            .into_iter()
            .chain(self.defence.and_then(|d| d.tempered.as_deref()));
        let mut latent = vec![0.0; x.len()];
        let mut log_q: Vec<Vec<f64>> = maps
            .map(|map| {
                let mut log_jac = vec![0.0; n];
                map.inverse(x, &mut latent, &mut log_jac);
                log_jac.iter().map(|l| -l).collect()
            })
            .collect();
        match self.defence {
            Some(defence) => {
                log_q.push(vec![0.0; n]);
                Mixed::new(&log_q, &defence.shares()).log_q
            }
            None => log_q.swap_remove(0),
        }
    }

    /// Takes latent points `z` (`[n * dim]`) through a channel.
    pub(crate) fn draw(self, evaluator: &Evaluator<'_>, channel: usize, z: Vec<f64>) -> Evaluated {
        let Some(defence) = self.defence else {
            return evaluator.draw(self.main, z);
        };
        // The uniform channel comes last and needs no map.
        let maps: Vec<&dyn Map> = [self.main]
            .into_iter()
            .chain(defence.tempered.as_deref())
            .collect();
        let n = z.len() / self.main.dim();
        let mut log_q = vec![vec![0.0; n]; maps.len() + 1];
        let x = if let Some(map) = maps.get(channel) {
            let mut x = vec![0.0; z.len()];
            map.forward(&z, &mut x, &mut log_q[channel]);
            x
        } else {
            z.clone()
        };
        let mut latent = vec![0.0; z.len()];
        for (c, map) in maps.iter().enumerate() {
            if c != channel {
                map.inverse(&x, &mut latent, &mut log_q[c]);
            }
            log_q[c].iter_mut().for_each(|l| *l = -*l);
        }
        let mixed = Mixed::new(&log_q, &defence.shares());
        let control = mixed.main.iter().map(|r| defence.level * (1.0 - r));
        Evaluated {
            z,
            x,
            log_jac: mixed.log_q.iter().map(|l| -l).collect(),
            f: Vec::new(),
            control: control.collect(),
            places: Vec::new(),
            not_finite: [0; 2],
        }
    }
}

/// Densities of a mixture at points.
struct Mixed {
    /// `[n]`: log q
    log_q: Vec<f64>,
    /// `[n]`: `q_0`/q, at most sum n / `n_0`
    main: Vec<f64>,
}

impl Mixed {
    /// Of the channels' log densities (`[n]` each, the uniform one among them) and `shares`.
    fn new(log_q: &[Vec<f64>], shares: &[u64]) -> Self {
        let total = shares.iter().sum::<u64>() as f64;
        let n = log_q[0].len();
        let (mut all, mut main) = (Vec::with_capacity(n), Vec::with_capacity(n));
        let mut parts = vec![0.0; shares.len()];
        for i in 0..n {
            for (part, log_q) in parts.iter_mut().zip(log_q) {
                // A density that is not a number counts as none.
                *part = if log_q[i].is_nan() {
                    f64::NEG_INFINITY
                } else {
                    log_q[i].min(f64::MAX)
                };
            }
            let largest = parts.iter().copied().fold(0.0, f64::max);
            for part in &mut parts {
                *part = (*part - largest).exp();
            }
            let pairs = shares.iter().zip(&parts);
            let sum: f64 = pairs.map(|(share, part)| *share as f64 * part).sum();
            all.push(largest + (sum / total).ln());
            main.push(total * parts[0] / sum);
        }
        Self { log_q: all, main }
    }
}
