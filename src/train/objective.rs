//! The objective of polishing: a divergence at fixed stored points.
//!
//! At stored points `x_i` with weights `v_i`, drawn from densities `s_i`,
//!
//! ```text
//! J(theta) = sum_i v_i (q_i/s_i) [phi(r_i) - phi'(1) (r_i - 1)],   r_i = t_i/q_i,
//! ```
//!
//! where (q/s) r = t/s does not depend on theta. It estimates the f-divergence of phi, and its
//! gradient is the one with the control variate, exactly. For the forward KL divergence it is
//! the generalised one, sum (v/s) [t ln(t/q) - t + q]. Where phi is convex no term is negative,
//! and J = 0 for q = t, so that J is bounded below however few the points are. The integral I
//! in t = |f|/I is the estimate from all stored points, and stays fixed.
//!
//! Weakness: q is seen at the points alone. It can fall short of t at none of them and still be
//! anything in between.

use std::cell::RefCell;

use argmin::core::Error;

use super::{
    loss::{Loss, LossKind},
    parts::Parts,
    replay::Replay,
};
use crate::flow::Flow;
use crate::kernel::{TILE, dispatch::run, rows::Exponentials};
use crate::team::Crew;

/// J at some stored points.
pub(super) struct Objective<'a> {
    pub(super) flow: &'a Flow,
    replay: &'a Replay,
    loss: &'static dyn Loss,
    /// index and weight of each point; the weights sum to 1
    points: Vec<(usize, f64)>,
    parts: RefCell<Parts>,
}

impl<'a> Objective<'a> {
    pub(super) fn new(
        flow: &'a Flow,
        replay: &'a Replay,
        loss: LossKind,
        mut points: Vec<(usize, f64)>,
        crew: &Crew,
    ) -> Self {
        let sum: f64 = points.iter().map(|p| p.1).sum();
        for point in &mut points {
            point.1 /= sum;
        }
        Self {
            flow,
            replay,
            loss: loss.loss(),
            parts: RefCell::new(Parts::new(flow, points.len()).shared_by(crew.clone())),
            points,
        }
    }

    /// J and its gradient (`[parameters]`) at `parameters`; an error if one is not finite.
    pub(super) fn evaluate(&self, parameters: &[f64]) -> Result<(f64, Vec<f64>), Error> {
        let Self {
            flow,
            replay,
            loss,
            points,
            ..
        } = self;
        let log_integral = replay.log_integral();
        let mut parts = self.parts.borrow_mut();
        let [value] = parts.run(flow, parameters, |workspace, values, range| {
            let mut sum = 0.0;
            for tile in points[range].chunks(TILE) {
                let x = tile.iter().map(|(i, _)| replay.get(*i).0);
                workspace.add_tile(flow, values, x, |log_q, gradient| {
                    let mut log_ratio = [0.0; TILE];
                    let mut importance = [0.0; TILE];
                    for (k, ((i, _), log_q)) in tile.iter().zip(log_q).enumerate() {
                        let (_, log_f, log_s) = replay.get(*i);
                        log_ratio[k] = log_f - log_integral - log_q;
                        importance[k] = log_q - log_s;
                    }
                    let mut ratio = log_ratio;
                    run(Exponentials(&mut ratio));
                    run(Exponentials(&mut importance));
                    for (k, ((_, v), gradient)) in tile.iter().zip(gradient).enumerate() {
                        let (divergence, pull) = loss.terms(ratio[k], log_ratio[k]);
                        let excess = divergence - loss.slope_at_one() * (ratio[k] - 1.0);
                        sum += v * importance[k] * excess;
                        *gradient = -v * importance[k] * pull;
                    }
                });
            }
            [sum]
        });
        let gradient = parts.gradient().0;
        if value.is_finite() && gradient.iter().all(|g| g.is_finite()) {
            Ok((value, gradient.to_vec()))
        } else {
            Err(Error::msg("the objective is not finite"))
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::flow::{FlowConfig, Precision};
    use crate::rng::{Purpose, Streams};

    /// Stored uniform points with log f of a Gaussian on the diagonal.
    pub(in crate::train) fn stored(dim: usize, n: usize) -> Replay {
        let mut x = vec![0.0; n * dim];
        Streams::new(1).fill_points(Purpose::Explore, 0, 0, dim, &mut x);
        let log_f: Vec<f64> = x.chunks_exact(dim).map(log_gaussian).collect();
        let mut replay = Replay::new(dim);
        replay.push(&x, &log_f, &vec![0.0; n]);
        assert!(replay.prepare(1.0));
        replay
    }

    fn log_gaussian(x: &[f64]) -> f64 {
        x.iter().map(|x| -((x - 0.6) / 0.2).powi(2)).sum()
    }

    pub(in crate::train) fn flow(dim: usize, precision: Precision) -> Flow {
        let config = FlowConfig {
            precision,
            ..FlowConfig::default()
        };
        Flow::new(dim, &config, 1).unwrap()
    }

    #[test]
    fn the_gradient_is_the_one_of_the_objective() {
        let replay = stored(2, 150);
        let mut flow = flow(2, Precision::F64);
        flow.randomise(2, 0.3);
        for loss in LossKind::ALL {
            let objective =
                Objective::new(&flow, &replay, loss, replay.sample(1000), &Crew::default());
            let at = flow.parameters().to_vec();
            let (value, gradient) = objective.evaluate(&at).unwrap();
            assert!(value > 0.0, "{loss:?}: {value}");
            let largest = gradient.iter().fold(0.0, |m: f64, g| m.max(g.abs()));
            // Along a few directions that have all parameters in them.
            for direction in 0..5 {
                let along: Vec<f64> = (0..at.len())
                    .map(|i| f64::from(u8::from(i % 5 == direction)) * gradient[i] / largest)
                    .collect();
                let h = 1e-5;
                let moved = |h: f64| -> f64 {
                    let at: Vec<f64> = at.iter().zip(&along).map(|(p, d)| p + h * d).collect();
                    objective.evaluate(&at).unwrap().0
                };
                let slope: f64 = gradient.iter().zip(&along).map(|(g, d)| g * d).sum();
                let found = (moved(h) - moved(-h)) / (2.0 * h);
                assert!(
                    (found / slope - 1.0).abs() < 1e-4,
                    "{loss:?} {direction}: {found} {slope}"
                );
            }
        }
    }
}
