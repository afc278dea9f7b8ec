//! Climbing to a maximum of log|f| without derivatives.
//!
//! The simplex method: J. A. Nelder, R. Mead, Comput. J. 7 (1965) 308 (argmin). Points outside
//! the cube are folded back at its ends, so that log|f| stays continuous; f = 0 costs
//! [`NOTHING`]. Around the end point, the widths along the axes come from the fall of log|f| at
//! both sides, h/sqrt(2 fall), for a step h that makes it fall by about one half.
//!
//! Weaknesses: the method is slow in many dimensions, and ends where its calls do; widths along
//! the axes say little about a ridge along a diagonal.

use std::cell::{Cell, RefCell};

use argmin::{
    core::{CostFunction, Error as SolverError, Executor},
    solver::neldermead::NelderMead,
};

use super::peaks::Peak;
use crate::error::{Error, Result};
use crate::map::inside;
use crate::train::Vector;

/// Cost of a point where f = 0, or where no call is left.
const NOTHING: f64 = 1e6;
/// Calls of a climb, per vertex of the simplex, and of the widths, per axis.
pub(crate) const CALLS: u64 = 40;
pub(crate) const PROBES: u64 = 10;
/// Size of the first simplex.
const SIMPLEX: f64 = 0.1;
/// Spread of log|f| over the simplex at which a climb ends.
const FLAT: f64 = 0.03;
/// Narrowest and widest peak.
const WIDTHS: (f64, f64) = (1e-4, 1.0);

/// What is climbed.
#[derive(Clone, Copy)]
pub(crate) struct Function<'a> {
    /// log|f| at a point
    pub(crate) log_f: &'a (dyn Fn(&[f64]) -> Result<f64> + Sync),
    /// whether no call may be made any more
    pub(crate) stop: &'a (dyn Fn() -> bool + Sync),
}

/// One climb, which counts its calls.
pub(crate) struct Climb<'a> {
    function: Function<'a>,
    /// most calls
    calls: u64,
    /// size of the first simplex
    simplex: f64,
    /// calls left for now
    left: Cell<u64>,
    made: Cell<u64>,
    /// the highest point so far
    best: RefCell<(f64, Vec<f64>)>,
    error: RefCell<Option<Error>>,
}

impl<'a> Climb<'a> {
    pub(crate) fn new(function: Function<'a>, dim: usize, calls: u64) -> Self {
        let probes = PROBES * dim as u64;
        Self {
            function,
            calls,
            simplex: SIMPLEX,
            left: Cell::new(calls.saturating_sub(probes).max(calls / 2)),
            made: Cell::new(0),
            best: RefCell::new((f64::NEG_INFINITY, Vec::new())),
            error: RefCell::new(None),
        }
    }

    /// The same with a smaller first simplex.
    pub(crate) fn within(self, simplex: f64) -> Self {
        Self {
            simplex: self.simplex.min(simplex),
            ..self
        }
    }

    /// The peak found from `start`, and the calls that it took.
    pub(crate) fn from(self, start: &[f64]) -> (Result<Option<Peak>>, u64) {
        let peak = self.ascend(start).then(|| {
            self.left.set(self.calls - self.made.get());
            let (log_f, x) = self.best.borrow().clone();
            let widths = self.widths(log_f, &x);
            Peak {
                x,
                log_f,
                widths,
                curvature: None,
            }
        });
        let made = self.made.get();
        match self.error.into_inner() {
            Some(error) => (Err(error), made),
            None => (Ok(peak), made),
        }
    }

    /// Runs the simplex method; false if there was nothing to climb.
    fn ascend(&self, start: &[f64]) -> bool {
        let mut simplex = vec![Vector(start.to_vec())];
        for axis in 0..start.len() {
            let mut vertex = start.to_vec();
            let inwards = if vertex[axis] > 0.5 {
                -self.simplex
            } else {
                self.simplex
            };
            vertex[axis] += inwards;
            simplex.push(Vector(vertex));
        }
        let most = self.left.get();
        let solver = NelderMead::new(simplex).with_sd_tolerance(FLAT);
        // What cannot fail: costs are never an error, and the tolerance is positive.
        let ended = solver.and_then(|s| {
            Executor::new(self, s)
                .configure(|state| state.max_iters(most))
                .run()
        });
        ended.is_ok() && self.best.borrow().0 > f64::NEG_INFINITY
    }

    /// log|f| at `x`; `None` if no call may be made.
    fn log_f(&self, x: &[f64]) -> Option<f64> {
        let failed = self.error.borrow().is_some();
        if self.left.get() == 0 || failed || (self.function.stop)() {
            self.left.set(0);
            return None;
        }
        match (self.function.log_f)(x) {
            Ok(log_f) => {
                self.left.set(self.left.get() - 1);
                self.made.set(self.made.get() + 1);
                Some(log_f)
            }
            Err(error) => {
                *self.error.borrow_mut() = Some(error);
                None
            }
        }
    }

    /// Widths along the axes at the top `x` with log|f| = `top`.
    fn widths(&self, top: f64, x: &[f64]) -> Vec<f64> {
        let mut step = SIMPLEX;
        let mut widths = Vec::with_capacity(x.len());
        for axis in 0..x.len() {
            // The last axis tells about what this one will be like.
            let width = self.width(top, x, (axis, step));
            step = width.min(SIMPLEX);
            widths.push(width);
        }
        widths
    }

    /// Width along one axis, beginning with a step `h`.
    fn width(&self, top: f64, x: &[f64], (axis, mut h): (usize, f64)) -> f64 {
        let mut width = h;
        for _ in 0..PROBES / 2 {
            let fall = |at: f64| -> Option<f64> {
                let mut y = x.to_vec();
                y[axis] = at;
                let within = at > 0.0 && at < 1.0;
                within.then(|| self.log_f(&y)).flatten().map(|l| top - l)
            };
            let sides = [fall(x[axis] - h), fall(x[axis] + h)];
            // Where f = 0 the fall is infinite: an edge, which the other side may not have.
            let seen: Vec<f64> = sides.into_iter().flatten().collect();
            let finite: Vec<f64> = seen.iter().copied().filter(|f| f.is_finite()).collect();
            let fall = match (seen.is_empty(), finite.len()) {
                (true, _) => break,
                (false, 0) => NOTHING,
                (false, n) => finite.iter().sum::<f64>() / n as f64,
            };
            width = (h / (2.0 * fall.max(1e-6)).sqrt()).clamp(WIDTHS.0, WIDTHS.1);
            if (0.1..=2.0).contains(&fall) || (fall < 0.1 && h > 0.3) {
                break;
            }
            h = width.clamp(0.1 * h, 4.0 * h);
        }
        width
    }
}

impl CostFunction for &Climb<'_> {
    type Param = Vector;
    type Output = f64;
    fn cost(&self, param: &Vector) -> Result<f64, SolverError> {
        let x: Vec<f64> = param.0.iter().map(|x| fold(*x)).collect();
        let Some(log_f) = self.log_f(&x) else {
            return Ok(NOTHING);
        };
        let mut best = self.best.borrow_mut();
        if log_f > best.0 {
            *best = (log_f, x);
        }
        Ok((-log_f).min(NOTHING))
    }
}

/// Folds a coordinate back into (0, 1) at its ends.
fn fold(x: f64) -> f64 {
    let x = x.rem_euclid(2.0);
    inside(if x > 1.0 { 2.0 - x } else { x })
}
