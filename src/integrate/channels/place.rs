//! The way of a point through its channel, and its weight.

use std::result::Result as StdResult;

use super::{Kind, MultiChannel};
use crate::integrand::{IntegrandError, Points};
use crate::map::{Grid, Map};

/// A map with its grid and its share of the points.
#[derive(Debug)]
pub(super) struct Channel {
    pub(super) map: Box<dyn Map>,
    pub(super) grid: Grid,
    pub(super) share: f64,
}

impl Channel {
    /// Takes latent points `z` to `x` (both `[n * dim]`), and says log q of them (`[n]`).
    fn forward(&self, z: &[f64], x: &mut [f64]) -> Vec<f64> {
        let n = z.len() / self.grid.dim();
        let (mut between, mut first, mut second) = (x.to_vec(), vec![0.0; n], vec![0.0; n]);
        self.grid.forward(z, &mut between, &mut first);
        self.map.forward(&between, x, &mut second);
        first.iter().zip(&second).map(|(a, b)| -a - b).collect()
    }

    /// log q (`[n]`) at points `x` (`[n * dim]`).
    fn log_density(&self, x: &[f64]) -> Vec<f64> {
        let n = x.len() / self.grid.dim();
        let (mut between, mut z) = (x.to_vec(), x.to_vec());
        let (mut first, mut second) = (vec![0.0; n], vec![0.0; n]);
        self.map.inverse(x, &mut between, &mut second);
        self.grid.inverse(&between, &mut z, &mut first);
        let log = |(a, b): (&f64, &f64)| {
            let log = -a - b;
            // A density that is not a number counts as none.
            if log.is_nan() {
                f64::NEG_INFINITY
            } else {
                log.min(f64::MAX)
            }
        };
        first.iter().zip(&second).map(log).collect()
    }
}

/// Points on their way through the channels.
struct Placed {
    /// `[n * d]`: what the integrand gets
    y: Vec<f64>,
    /// `[n]`: |dy|/q
    factors: Vec<f64>,
}

impl MultiChannel<'_> {
    /// Where the point `u` (`[1 + dim]`) of the channels is for the integrand (`[d]`).
    pub fn place(&self, u: &[f64]) -> Vec<f64> {
        self.placed(&[self.channel(u[0])], &u[1..]).y
    }

    /// The channel that coordinate 0 falls on.
    pub(super) fn channel(&self, u: f64) -> usize {
        let last = self.channels.len() - 1;
        let mut below = 0.0;
        let found = self.channels[..last].iter().position(|channel| {
            below += channel.share;
            u < below
        });
        found.unwrap_or(last)
    }

    /// Takes latent points `z` (`[n * dim]`) through their channels (`[n]`) to the unit cube (`[n * dim]`), and
    /// says the log of the density there (`[n]`), shares included.
    pub(super) fn located(&self, which: &[usize], z: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let (n, dim) = (which.len(), self.domain.dim());
        let mut x = vec![0.0; z.len()];
        let mut log_q = vec![0.0; n];
        for (c, channel) in self.channels.iter().enumerate() {
            let own: Vec<usize> = (0..n).filter(|i| which[*i] == c).collect();
            if own.is_empty() {
                continue;
            }
            let part: Vec<f64> = own
                .iter()
                .flat_map(|i| &z[i * dim..(i + 1) * dim])
                .copied()
                .collect();
            let mut there = vec![0.0; part.len()];
            let logs = channel.forward(&part, &mut there);
            for ((i, there), log) in own.iter().zip(there.chunks_exact(dim)).zip(logs) {
                x[i * dim..(i + 1) * dim].copy_from_slice(there);
                log_q[*i] = log + channel.share.ln();
            }
        }
        if self.kind == Kind::Mixture {
            self.add_others(which, &x, &mut log_q);
        }
        (x, log_q)
    }

    /// Takes latent points `z` (`[n * dim]`) through their channels (`[n]`) to the integrand.
    fn placed(&self, which: &[usize], z: &[f64]) -> Placed {
        let dim = self.domain.dim();
        let (mut x, log_q) = self.located(which, z);
        let mut factors: Vec<f64> = log_q.iter().map(|l| (-l).exp()).collect();
        self.domain.map(&mut x, &mut factors);
        let y = match self.kind {
            Kind::Mixture => x,
            Kind::Sum => {
                let points = x.chunks_exact(dim).zip(which);
                points
                    .flat_map(|(x, c)| [*c as f64].into_iter().chain(x.iter().copied()))
                    .collect()
            }
        };
        Placed { y, factors }
    }

    /// Makes log alpha q of each point's own channel (`[n]`) that of all channels together, at `x`.
    fn add_others(&self, which: &[usize], x: &[f64], log_q: &mut [f64]) {
        let own = log_q.to_vec();
        let mut sums = vec![1.0; own.len()];
        for (c, channel) in self.channels.iter().enumerate() {
            let others = channel.log_density(x);
            for (i, log) in others.iter().enumerate() {
                if which[i] != c {
                    sums[i] += (log + channel.share.ln() - own[i]).exp();
                }
            }
        }
        for (log, sum) in log_q.iter_mut().zip(sums) {
            *log += sum.ln();
        }
    }

    /// Writes the weights (`[n * outputs]`) of latent points `z` (`[n * dim]`) of channels (`[n]`).
    pub(super) fn weigh(
        &self,
        which: &[usize],
        z: &[f64],
        values: &mut [f64],
    ) -> StdResult<(), IntegrandError> {
        let placed = self.placed(which, z);
        let points = Points::new(&placed.y, self.integrand.dim());
        self.integrand.eval(&points, values)?;
        let outputs = self.integrand.outputs();
        for (values, factor) in values.chunks_exact_mut(outputs).zip(&placed.factors) {
            for value in values {
                // What f leaves out may lie where no number says how dense the points are.
                if *value != 0.0 {
                    *value *= factor;
                }
            }
        }
        Ok(())
    }
}
