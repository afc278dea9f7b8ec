//! Steps on points that the flow draws itself, each point used once.
//!
//! The usual training of MadNIS and i-flow: for integrands that cost next to nothing, where
//! storing and replaying points would cost more than new ones. A tile of points is drawn,
//! given to the integrand, and differentiated while all that the drawing computed is still in
//! the cache: the gradient at fixed x needs no second pass through the conditioners. The
//! integral that the loss compares with is a running mean over the last steps. Known
//! weakness: without tempering a flow can miss peaks that its first points do not hit.

use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::trainer::{Pull, Trainer};
use crate::error::{Error, Result};
use crate::integrand::IntegrandError;
use crate::kernel::TILE;
use crate::map::Map as _;
use crate::rng::Purpose;

/// Steps over which the integral is averaged.
const MEMORY: u64 = 30;

/// What online steps remember.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct OnlineState {
    /// batches drawn, those that taught nothing included
    draws: u64,
    /// steps taken
    steps: u64,
    /// log of the integral of |f|, as the last steps saw it; known after the first draw
    log_integral: Option<f64>,
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

/// What the points of a step gave.
struct Drawn {
    report: OnlineReport,
    /// mean of |f|/q over the integral that the step was given
    ratio: f64,
}

impl Trainer {
    /// One step on a minibatch of fresh points, without replay, tempering or averaging.
    ///
    /// `log_f` gets points (`[n * dim]`, n <= 64) and writes log|f| (`[n]`, minus infinity for
    /// f = 0); it is called from several threads at once. The first step draws an additional
    /// batch for the scale of f. `None` if f was zero at all points drawn: nothing is learned,
    /// and the next step draws others.
    ///
    /// # Errors
    /// [`IntegrandError::NonFinite`] with a point (of the unit cube) where log|f| is NaN or plus
    /// infinity; the flow is left as it was.
    pub fn online_step(
        &mut self,
        log_f: &(dyn Fn(&[f64], &mut [f64]) + Sync),
    ) -> Result<Option<OnlineReport>> {
        let log_integral = match self.online.log_integral {
            Some(known) => known,
            None => match self.log_integral(log_f)? {
                Some(found) => found,
                None => return Ok(None),
            },
        };
        self.online.log_integral = Some(log_integral);
        let Some(drawn) = self.draw_step(log_integral, log_f)? else {
            return Ok(None);
        };
        self.online.steps += 1;
        let share = 1.0 / self.online.steps.min(MEMORY) as f64;
        let change = (share * (drawn.ratio - 1.0)).ln_1p();
        self.online.log_integral = Some(log_integral + change);
        self.descend();
        Ok(Some(drawn.report))
    }

    /// log of the mean of |f|/q over a batch of points; `None` if f is zero at all of them.
    fn log_integral(&mut self, log_f: &(dyn Fn(&[f64], &mut [f64]) + Sync)) -> Result<Option<f64>> {
        let (dim, n) = (self.flow.dim(), self.config.minibatch);
        let (x, log_q) = self.draw();
        let mut log_weight = vec![0.0; n];
        for (x, values) in x.chunks(TILE * dim).zip(log_weight.chunks_mut(TILE)) {
            log_f(x, values);
            if let Some(i) = values.iter().position(|v| not_allowed(*v)) {
                return Err(refusal(&x[i * dim..(i + 1) * dim], values[i]));
            }
        }
        for (w, l) in log_weight.iter_mut().zip(&log_q) {
            *w -= l;
        }
        let max = log_weight.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = log_weight.iter().map(|w| (w - max).exp()).sum();
        Ok((max > f64::NEG_INFINITY).then(|| max + (sum / n as f64).ln()))
    }

    /// The number of a batch that has not been drawn yet.
    pub(super) fn next_draw(&mut self) -> u64 {
        self.online.draws += 1;
        self.online.draws
    }

    /// Draws the points of a step and leaves the gradient in `parts`.
    fn draw_step(
        &mut self,
        log_integral: f64,
        log_f: &(dyn Fn(&[f64], &mut [f64]) + Sync),
    ) -> Result<Option<Drawn>> {
        let draw = self.next_draw();
        let (flow, streams) = (&self.flow, self.streams);
        let (dim, n) = (flow.dim(), self.config.minibatch as f64);
        let pull = Pull::new(&self.config);
        let refused = Mutex::new(None);
        let [first, second, divergence] =
            self.parts
                .run(flow, &self.parameters, |workspace, values, points| {
                    let mut sums = [0.0; 3];
                    for first in points.clone().step_by(TILE) {
                        let n = TILE.min(points.end - first);
                        let fill = |z: &mut [f64]| {
                            streams.fill_points(Purpose::Online, draw, first as u64, dim, z);
                        };
                        workspace.draw_tile(flow, values, n, fill, |x, log_q, gradient| {
                            let mut log_ratio = [0.0; TILE];
                            log_f(x, &mut log_ratio[..n]);
                            if let Some(i) = log_ratio.iter().position(|v| not_allowed(*v)) {
                                let point = &x[i * dim..(i + 1) * dim];
                                keep_first(&refused, first + i, point, log_ratio[i]);
                            }
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
        if let Some((_, error)) = refused.into_inner().unwrap_or_else(PoisonError::into_inner) {
            return Err(error);
        }
        let ratio = first / n;
        Ok((second > 0.0).then(|| Drawn {
            report: OnlineReport {
                mean: ratio * log_integral.exp(),
                ess_fraction: first * first / (n * second),
                loss: divergence / n,
            },
            ratio,
        }))
    }
}

/// Whether a value cannot be log|f|.
fn not_allowed(log_f: f64) -> bool {
    log_f.is_nan() || log_f == f64::INFINITY
}

/// The error for a value that is not allowed at a point of the unit cube.
fn refusal(point: &[f64], value: f64) -> Error {
    Error::Integrand(IntegrandError::NonFinite {
        value,
        output: 0,
        point: point.to_vec(),
    })
}

/// Keeps the refusal with the smallest number, whichever thread met it.
fn keep_first(kept: &Mutex<Option<(usize, Error)>>, number: usize, point: &[f64], value: f64) {
    let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
    if kept.as_ref().is_none_or(|(first, _)| number < *first) {
        *kept = Some((number, refusal(point, value)));
    }
}
