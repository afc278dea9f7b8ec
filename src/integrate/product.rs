//! A product density from values of f: additive regression of log|f|, on axes turned where that
//! explains more.
//!
//! The uniform points are fitted first; each round then draws pilot nets through the fit, which
//! tell what the estimate would cost, and fits again with those points added. Rounds grow as
//! long as they can pay for themselves.

use super::{
    explore::Explored,
    pilot::{self, ESTIMATE_NETS, PILOT_NETS, Pass},
    report::Phase,
    run::Run,
    turned::Base,
};
use crate::error::Result;
use crate::map::{Additive, Map, Sample};
use crate::sobol::MAX_DIM;

/// Most rounds.
const ROUNDS: usize = 6;
/// Rounds without progress that end the search.
const PATIENCE: usize = 2;
/// A turn must explain so much more of log|f|.
const TURN_GAIN: f64 = 0.7;
/// Share of points with f != 0 below which a fit of log|f| makes no sense.
const FEW_NONZERO: f64 = 0.5;

/// A fitted product, with what its pilot nets said.
#[derive(Debug)]
pub(crate) struct Product {
    pub(crate) map: Box<dyn Map>,
    pub(crate) pass: Pass,
    pub(crate) turned: bool,
}

/// All points so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Points {
    /// `[n * dim]`
    pub(crate) x: Vec<f64>,
    /// `[n]`: log|f|
    pub(crate) log_f: Vec<f64>,
    /// `[n]`: log(|f|/q)
    pub(crate) log_w: Vec<f64>,
}

impl Points {
    /// Points `x` with log|f|, drawn from the density q: `log_q`.
    pub(crate) fn new(x: &[f64], log_f: &[f64], log_q: impl Iterator<Item = f64>) -> Self {
        Self {
            x: x.to_vec(),
            log_f: log_f.to_vec(),
            log_w: log_f.iter().zip(log_q).map(|(f, q)| f - q).collect(),
        }
    }
}

/// Fits in rounds, spending at most `most` calls. `None` where no fit is possible.
pub(crate) fn fit(run: &mut Run<'_>, points: &mut Points, most: u64) -> Result<Option<Product>> {
    let dim = run.evaluator.dim();
    let nonzero = points.log_f.iter().filter(|f| f.is_finite()).count();
    if dim > MAX_DIM || (nonzero as f64) < FEW_NONZERO * points.log_f.len() as f64 {
        return Ok(None);
    }
    let mut best: Option<(f64, Product)> = None;
    let (mut spent, mut stale) = (0, 0);
    let mut net: u64 = if dim > 10 { 512 } else { 256 };
    for round in 0..ROUNDS {
        if spent + PILOT_NETS * net > most || run.stopped.is_some() {
            break;
        }
        let Some((map, turned)) = propose(dim, points)? else {
            break;
        };
        let mut drawn: Vec<(Vec<f64>, Vec<f64>)> = Vec::new();
        let pass = pilot::nets(run, map.as_ref(), net, Phase::Adapt, |z, w| {
            drawn.push((z, w));
        })?;
        let Some(pass) = pass else { break };
        spent += pass.calls;
        points.add(map.as_ref(), &drawn);
        let cost = cost(run, &pass);
        let progress = best.as_ref().is_none_or(|(c, _)| cost < 0.8 * c);
        stale = if progress { 0 } else { stale + 1 };
        if best.as_ref().is_none_or(|(c, _)| cost < *c) {
            best = Some((cost, Product { map, pass, turned }));
        }
        let next = if round == 0 { net } else { 2 * net };
        let target = run.target(pass.value).is_some();
        let to_go = best.as_ref().map_or(f64::INFINITY, |(c, _)| *c);
        let reached = target && to_go < 1.5 * (PILOT_NETS * next) as f64;
        if stale >= PATIENCE || reached || pass.variance == 0.0 {
            break;
        }
        net = next;
    }
    Ok(best.map(|(_, product)| product))
}

/// Calls to the target; without one the variance that the rest of the budget would bring, in some
/// unit.
pub(crate) fn cost(run: &Run<'_>, pass: &Pass) -> f64 {
    let left = run.calls_left() as f64;
    match run.target(pass.value) {
        Some(e) => pass.calls_to(e, ESTIMATE_NETS, 2.0),
        None => pass.error_at(left, ESTIMATE_NETS, 2.0).powi(2),
    }
}

/// The fit to all points, on turned axes if that explains clearly more; and whether it is turned.
fn propose(dim: usize, points: &Points) -> Result<Option<(Box<dyn Map>, bool)>> {
    let plain = Base::default();
    let Some(straight) = plain.fit(dim, points) else {
        return Ok(None);
    };
    let base = Base::of_points(dim, &points.x, &Additive::weights(points.sample(dim)))?;
    if !base.is_plain()
        && let Some(turned) = base.fit(dim, points)
        && turned.residual() < TURN_GAIN * straight.residual()
    {
        return Ok(Some((base.under_all(vec![Box::new(turned.map()?)])?, true)));
    }
    Ok(Some((Box::new(straight.map()?), false)))
}

impl Points {
    fn sample(&self, dim: usize) -> Sample<'_> {
        Sample {
            dim,
            x: &self.x,
            log_f: &self.log_f,
            log_w: &self.log_w,
        }
    }

    /// Adds latent points and weights drawn through `map`.
    pub(crate) fn add(&mut self, map: &dyn Map, drawn: &[(Vec<f64>, Vec<f64>)]) {
        for (z, w) in drawn {
            let mut x = vec![0.0; z.len()];
            let mut log_jac = vec![0.0; w.len()];
            map.forward(z, &mut x, &mut log_jac);
            self.x.extend(x);
            for (w, l) in w.iter().zip(&log_jac) {
                let log_w = w.abs().ln();
                self.log_w.push(log_w);
                self.log_f.push(log_w - l);
            }
        }
    }
}

impl Base {
    /// The additive fit in the coordinates of this base.
    fn fit(&self, dim: usize, points: &Points) -> Option<Additive> {
        let Some((y, log_jac)) = self.coordinates(&points.x, points.log_f.len()) else {
            return Additive::fit(points.sample(dim));
        };
        let log_f: Vec<f64> = points
            .log_f
            .iter()
            .zip(&log_jac)
            .map(|(f, l)| f + l)
            .collect();
        Additive::fit(Sample {
            dim,
            x: &y,
            log_f: &log_f,
            log_w: &points.log_w,
        })
    }
}

/// What an additive fit leaves of log|f| at each point, `[n]`; minus infinity where f = 0.
pub(crate) fn residuals(dim: usize, points: &Points) -> Option<Vec<f64>> {
    Additive::fit(points.sample(dim)).map(|fit| fit.residuals(points.sample(dim)))
}

/// The uniform points of the exploration.
pub(crate) fn uniform(explored: &Explored) -> Points {
    Points::new(
        &explored.x,
        &explored.log_f,
        explored.log_f.iter().map(|_| 0.0),
    )
}
