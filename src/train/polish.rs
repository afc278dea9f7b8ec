//! Polishing: L-BFGS on a fixed set of stored points, after the steps of Adam.
//!
//! At stored points `x_i` with weights `v_i`, drawn from densities `s_i`, it minimises
//!
//! ```text
//! J(theta) = sum_i v_i (q_i/s_i) [phi(r_i) - phi'(1) (r_i - 1)],   r_i = t_i/q_i,
//! ```
//!
//! where (q/s) r = t/s does not depend on theta. It estimates the f-divergence of phi, and its
//! gradient is the one with the control variate, exactly. For the forward KL divergence it is
//! the generalised one, sum (v/s) [t ln(t/q) - t + q]. Where phi is convex no term is negative,
//! and J = 0 for q = t, so that J is bounded below however few the points are.
//!
//! The points are all that are stored, or the first ones of each stage; stage k has the share
//! `ESS_k` of the weights, as in the minibatches. I, in t = |f|/I, is the estimate from the
//! stored points, and stays fixed.
//!
//! Method: J. Nocedal, Math. Comput. 35 (1980) 773; D. C. Liu, J. Nocedal, "On the limited
//! memory BFGS method for large scale optimization", Math. Program. 45 (1989) 503; line search
//! of J. J. Moré, D. J. Thuente, ACM Trans. Math. Softw. 20 (1994) 286 (argmin). Gradients are
//! rounded to the precision of the conditioner: the search gives up on an interval that has
//! shrunk to a tenth, and the lowest point seen is kept, whatever the method ends with.
//!
//! Weaknesses: the points are few and fixed, so J falls faster than the divergence that it
//! stands for, and the flow can learn the points by heart. A part of the points is therefore
//! held back, and the parameters kept are those with the lowest J there. Splines have kinks in
//! their second derivatives, which the quadratic model does not know.

use std::cell::RefCell;

use argmin::{
    core::{CostFunction, Error, Gradient, IterState, Problem, Solver as _, State as _},
    solver::{linesearch::MoreThuenteLineSearch, quasinewton::LBFGS},
};

use super::{
    loss::{Loss, LossKind},
    parts::Parts,
    replay::Replay,
    trainer::Trainer,
    vector::Vector,
};
use crate::flow::Flow;
use crate::kernel::{TILE, dispatch::run, rows::Exponentials};

/// Most points that J has.
const MOST_POINTS: usize = 1 << 16;
/// One point of so many is held back.
const HELD_BACK: usize = 5;
/// Pairs of steps and gradients that the method remembers.
const MEMORY: usize = 10;
/// Step lengths of the line search, in units of the method's own step.
const STEPS: (f64, f64) = (1e-6, 1e2);
/// Width of an interval of step lengths, relative to its end, at which the search gives up.
const WIDTH: f64 = 0.1;
/// Change of J below which the method ends.
const TOLERANCE: f64 = 1e-9;
/// Most evaluations of J, per iteration.
const EVALUATIONS: usize = 10;

/// What polishing did to J at the points held back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Polished {
    pub(crate) before: f64,
    pub(crate) after: f64,
}

impl Trainer {
    /// Up to `config.polish` iterations from the flow's parameters, for as long as `keep_going`
    /// says yes. The flow and the parameters being stepped become the best found. `None` if
    /// J could not be evaluated, and nothing was done.
    pub(super) fn polish(&mut self, keep_going: &dyn Fn() -> bool) -> Option<Polished> {
        let sample = self.replay.sample(MOST_POINTS);
        let part = |held_back: bool| {
            let all = sample.iter().enumerate();
            let part = all.filter(|(i, _)| (i % HELD_BACK == HELD_BACK - 1) == held_back);
            part.map(|(_, point)| *point).collect::<Vec<_>>()
        };
        let (flow, replay, loss) = (&self.flow, &self.replay, self.config.loss);
        let objective = Objective::new(flow, replay, loss, part(false));
        let judge = Objective::new(flow, replay, loss, part(true));
        let iterations = self.config.polish;
        let (best, polished) = minimise(&objective, &judge, iterations, keep_going)?;
        if self.flow.set_parameters(&best).is_ok() {
            self.parameters.copy_from_slice(&best);
        }
        Some(polished)
    }
}

/// Minimises `objective` from its flow's parameters; gives the iterate where `judge` is lowest.
fn minimise(
    objective: &Objective<'_>,
    judge: &Objective<'_>,
    iterations: usize,
    keep_going: &dyn Fn() -> bool,
) -> Option<(Vec<f64>, Polished)> {
    let start = objective.flow.parameters().to_vec();
    let before = judge.evaluate(&start).ok()?.0;
    let mut best = (start.clone(), before);
    let search = MoreThuenteLineSearch::new()
        .with_width_tolerance(WIDTH)
        .and_then(|s| s.with_bounds(STEPS.0, STEPS.1))
        .ok()?;
    let mut solver = LBFGS::new(search, MEMORY);
    let limited = Limited {
        objective,
        keep_going,
        left: RefCell::new(EVALUATIONS * iterations),
        last: RefCell::default(),
    };
    let mut problem = Problem::new(&limited);
    let state = IterState::new().param(Vector(start));
    let (mut state, _) = solver.init(&mut problem, state).ok()?;
    for _ in 0..iterations {
        let Ok((next, _)) = solver.next_iter(&mut problem, state) else {
            break;
        };
        state = next;
        // What a failed line search leaves behind has no parameters.
        let Some(parameters) = state.get_param().filter(|_| !state.terminated()) else {
            break;
        };
        let Ok((value, _)) = judge.evaluate(&parameters.0) else {
            break;
        };
        if value < best.1 {
            best = (parameters.0.clone(), value);
        }
        if (state.get_prev_cost() - state.get_cost()).abs() < TOLERANCE {
            break;
        }
        state.increment_iter();
    }
    let after = best.1;
    Some((best.0, Polished { before, after }))
}

/// J at some stored points.
struct Objective<'a> {
    flow: &'a Flow,
    replay: &'a Replay,
    loss: &'static dyn Loss,
    /// index and weight of each point; the weights sum to 1
    points: Vec<(usize, f64)>,
    parts: RefCell<Parts>,
}

impl<'a> Objective<'a> {
    fn new(
        flow: &'a Flow,
        replay: &'a Replay,
        loss: LossKind,
        mut points: Vec<(usize, f64)>,
    ) -> Self {
        let sum: f64 = points.iter().map(|p| p.1).sum();
        points.iter_mut().for_each(|p| p.1 /= sum);
        Self {
            flow,
            replay,
            loss: loss.loss(),
            parts: RefCell::new(Parts::new(flow, points.len())),
            points,
        }
    }

    /// J and its gradient (`[parameters]`) at `parameters`; an error if one is not finite.
    fn evaluate(&self, parameters: &[f64]) -> Result<(f64, Vec<f64>), Error> {
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

/// An objective that may be evaluated only so often, and remembers where it was last.
struct Limited<'a> {
    objective: &'a Objective<'a>,
    keep_going: &'a dyn Fn() -> bool,
    left: RefCell<usize>,
    /// parameters, J and its gradient
    last: RefCell<Option<(Vector, f64, Vector)>>,
}

impl Limited<'_> {
    /// What `of` makes of J and its gradient: the solver asks for them one after the other.
    fn with<T>(&self, at: &Vector, of: impl Fn(f64, &Vector) -> T) -> Result<T, Error> {
        let mut last = self.last.borrow_mut();
        if let Some((parameters, value, gradient)) = last.as_ref()
            && parameters == at
        {
            return Ok(of(*value, gradient));
        }
        let mut left = self.left.borrow_mut();
        if *left == 0 || !(self.keep_going)() {
            return Err(Error::msg("no more evaluations"));
        }
        *left -= 1;
        let (value, gradient) = self.objective.evaluate(&at.0)?;
        let gradient = Vector(gradient);
        let result = of(value, &gradient);
        *last = Some((at.clone(), value, gradient));
        Ok(result)
    }
}

impl CostFunction for &Limited<'_> {
    type Param = Vector;
    type Output = f64;
    fn cost(&self, param: &Vector) -> Result<f64, Error> {
        self.with(param, |value, _| value)
    }
}

impl Gradient for &Limited<'_> {
    type Param = Vector;
    type Gradient = Vector;
    fn gradient(&self, param: &Vector) -> Result<Vector, Error> {
        self.with(param, |_, gradient| gradient.clone())
    }
}

#[cfg(test)]
mod tests {
    use rayon::ThreadPoolBuilder;

    use super::*;
    use crate::flow::{FlowConfig, Precision};
    use crate::rng::{Purpose, Streams};
    use crate::train::TrainConfig;

    /// Stored uniform points with log f of a Gaussian on the diagonal.
    fn stored(dim: usize, n: usize) -> Replay {
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

    fn flow(dim: usize, precision: Precision) -> Flow {
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
            let objective = Objective::new(&flow, &replay, loss, replay.sample(1000));
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

    /// A trainer after one stage of a few steps, then polished.
    fn polished(threads: usize) -> (Polished, Vec<f64>) {
        let pool = ThreadPoolBuilder::new().num_threads(threads).build();
        pool.unwrap().install(|| {
            let config = TrainConfig {
                reuse: 1.0,
                polish: 15,
                temper_ess: 0.0,
                ..TrainConfig::default()
            };
            let mut trainer = Trainer::new(flow(2, Precision::F32), &config, 1).unwrap();
            trainer.replay = stored(2, 3000);
            let polished = trainer.polish(&|| true).unwrap();
            assert_eq!(trainer.parameters, trainer.flow.parameters());
            (polished, trainer.parameters.clone())
        })
    }

    #[test]
    fn polishing_lowers_the_objective_with_any_number_of_threads() {
        let (polished_by_one, parameters) = polished(1);
        let Polished { before, after } = polished_by_one;
        assert!(after < 0.2 * before, "{before} {after}");
        assert_eq!(polished(2), (polished_by_one, parameters));
    }

    #[test]
    fn what_cannot_be_evaluated_changes_nothing() {
        let mut replay = stored(2, 100);
        let flow = flow(2, Precision::F32);
        let sample = replay.sample(100);
        replay.push(&[0.5, 0.5], &[0.0], &[f64::NAN]);
        let broken = Objective::new(&flow, &replay, LossKind::Kl, vec![(100, 1.0)]);
        let good = Objective::new(&flow, &replay, LossKind::Kl, sample);
        assert!(minimise(&broken, &good, 5, &|| true).is_none());
        assert!(minimise(&good, &broken, 5, &|| true).is_none());
        assert!(minimise(&good, &good, 5, &|| false).is_none());
    }
}
