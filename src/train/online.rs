//! Steps on points that the flow draws itself, each point used once.
//!
//! The usual training of MadNIS and i-flow: for integrands that cost next to nothing, where
//! storing and replaying points would cost more than new ones. A tile of points is drawn,
//! given to the integrand, and differentiated while all that the drawing computed is still in
//! the cache: the gradient at fixed x needs no second pass through the conditioners. The
//! integral that the loss compares with is a running mean over the last steps. Known
//! weakness: without tempering a flow can miss peaks that its first points do not hit.

use serde::{Deserialize, Serialize};

use super::trainer::{Pull, Trainer};
use crate::kernel::TILE;
use crate::map::Map as _;
use crate::rng::Purpose;

/// Steps over which the integral is averaged.
const MEMORY: u64 = 30;

/// What online steps remember.
#[derive(Clone, Copy, Debug)]
pub(super) struct OnlineState {
    steps: u64,
    /// log of the integral of |f|, as the last steps saw it
    log_integral: f64,
}

/// What one online step saw.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct OnlineReport {
    /// mean of |f|/q over the step's points, which is an estimate of the integral of |f|
    pub mean: f64,
    /// effective fraction of the weights |f|/q
    pub ess_fraction: f64,
    /// mean of the divergence
    pub loss: f64,
}

impl Trainer {
    /// One step on a minibatch of fresh points, without replay, tempering or averaging.
    ///
    /// `log_f` gets points (`[n * dim]`, n <= 64) and writes log|f| (`[n]`, minus infinity for
    /// f = 0); it is called from several threads at once. The first step draws an additional
    /// batch for the scale of f. `None` if f was zero everywhere.
    pub fn online_step(
        &mut self,
        log_f: &(dyn Fn(&[f64], &mut [f64]) + Sync),
    ) -> Option<OnlineReport> {
        let state = match self.online {
            Some(state) => state,
            None => OnlineState {
                steps: 0,
                log_integral: self.draw_step(0, 0.0, log_f)?.mean.ln(),
            },
        };
        let report = self.draw_step(state.steps + 1, state.log_integral, log_f)?;
        let share = 1.0 / (state.steps + 1).min(MEMORY) as f64;
        let ratio = report.mean / state.log_integral.exp();
        self.online = Some(OnlineState {
            steps: state.steps + 1,
            log_integral: state.log_integral + (share * (ratio - 1.0)).ln_1p(),
        });
        self.descend();
        Some(report)
    }

    /// Draws the points of step `step` and leaves the gradient in `parts`.
    fn draw_step(
        &mut self,
        step: u64,
        log_integral: f64,
        log_f: &(dyn Fn(&[f64], &mut [f64]) + Sync),
    ) -> Option<OnlineReport> {
        let (flow, streams) = (&self.flow, self.streams);
        let (dim, n) = (flow.dim(), self.config.minibatch as f64);
        let pull = Pull::new(&self.config);
        let sums = self
            .parts
            .run(flow, &self.parameters, |workspace, values, points| {
                let mut sums = [0.0; 3];
                for first in points.clone().step_by(TILE) {
                    let n = TILE.min(points.end - first);
                    let fill = |z: &mut [f64]| {
                        streams.fill_points(Purpose::Online, step, first as u64, dim, z);
                    };
                    workspace.draw_tile(flow, values, n, fill, |x, log_q, gradient| {
                        let mut log_ratio = [0.0; TILE];
                        log_f(x, &mut log_ratio[..log_q.len()]);
                        for (log_ratio, log_q) in log_ratio.iter_mut().zip(log_q) {
                            *log_ratio -= log_integral + log_q;
                        }
                        pull.tile(&log_ratio, |point, weight, (divergence, pull)| {
                            if let Some(g) = gradient.get_mut(point) {
                                // Exponentials do not reach zero.
                                if log_ratio[point] > f64::NEG_INFINITY {
                                    sums[0] += weight;
                                    sums[1] += weight * weight;
                                }
                                sums[2] += divergence;
                                *g = -pull;
                            }
                        });
                    });
                }
                sums
            });
        let [first, second, divergence] = sums;
        (second > 0.0).then(|| OnlineReport {
            mean: first / n * log_integral.exp(),
            ess_fraction: first * first / (n * second),
            loss: divergence / n,
        })
    }
}
