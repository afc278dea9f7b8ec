//! Polishing: L-BFGS on a fixed set of stored points, after the steps of Adam.
//!
//! It minimises the divergence J of `objective` at stored points.
//!
//! The points are all that are stored, or the first ones of each stage; stage k has the share
//! `ESS_k` of the weights, as in the minibatches.
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

use super::{objective::Objective, trainer::Trainer, vector::Vector};

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
        if sample.len() < HELD_BACK {
            return None;
        }
        let part = |held_back: bool| {
            let all = sample.iter().enumerate();
            let part = all.filter(|(i, _)| (i % HELD_BACK == HELD_BACK - 1) == held_back);
            part.map(|(_, point)| *point).collect::<Vec<_>>()
        };
        let (flow, replay, loss) = (&self.flow, &self.replay, self.config.loss);
        let crew = self.parts.crew();
        let objective = Objective::new(flow, replay, loss, part(false), crew);
        let judge = Objective::new(flow, replay, loss, part(true), crew);
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
    use crate::flow::Precision;
    use crate::team::Crew;
    use crate::train::objective::tests::{flow, stored};
    use crate::train::{LossKind, TrainConfig};

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
        let broken = Objective::new(
            &flow,
            &replay,
            LossKind::Kl,
            vec![(100, 1.0)],
            &Crew::default(),
        );
        let good = Objective::new(&flow, &replay, LossKind::Kl, sample, &Crew::default());
        assert!(minimise(&broken, &good, 5, &|| true).is_none());
        assert!(minimise(&good, &broken, 5, &|| true).is_none());
        assert!(minimise(&good, &good, 5, &|| false).is_none());
    }
}
