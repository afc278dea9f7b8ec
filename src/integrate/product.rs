//! A product density from values of f: additive regression of log|f|, on axes turned where that
//! explains more.
//!
//! The uniform points are fitted first; each round then draws pilot nets through the fit, which
//! tell what the estimate would cost, and fits again with those points added. Rounds grow as
//! long as they can pay for themselves.

use super::{
    explore::Explored,
    layers::Layers,
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
/// Rounds from which on one without progress is the last.
const PATIENCE: usize = 2;
/// Fall of the spread that is progress.
const PROGRESS: f64 = 0.85;
/// Calls to go, in units of the next round, above which it is worth its calls.
const WORTH: f64 = 4.0;
/// Spread of the weights of a product that a flow can stand on: what is left of a worse one is
/// harder to learn than f itself.
const GOOD: f64 = 0.05;
/// A turn must explain so much more of log|f|.
const TURN_GAIN: f64 = 0.7;
/// Share of points with f != 0 below which a fit of log|f| makes no sense.
const FEW_NONZERO: f64 = 0.5;

/// A fitted product, with what its pilot nets said.
#[derive(Debug)]
pub(crate) struct Product {
    pub(crate) layers: Layers,
    pub(crate) map: Box<dyn Map>,
    pub(crate) pass: Pass,
    pub(crate) turned: bool,
}

impl Product {
    /// Whether a flow should stand on it: what is left to be learnt is small beside f itself.
    pub(crate) fn is_good(&self) -> bool {
        self.pass.spread() < GOOD
    }
}

/// All points so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Points {
    /// `[n * dim]`
    pub(crate) x: Vec<f64>,
    /// `[n]`: log|f|
    pub(crate) log_f: Vec<f64>,
    /// `[n]`: log(|f|/q), lowered by what the effective fraction of its stage is: the weights of a
    /// stage from a bad density must not outweigh those of a good one
    pub(crate) log_w: Vec<f64>,
    /// `[n]`: log q
    pub(crate) log_q: Vec<f64>,
    /// where each stage ends, rising to n
    pub(crate) ends: Vec<usize>,
}

impl Points {
    /// Points `x` (`[n * dim]`) with log|f|, drawn from the density q (`[n]` both), in stages that end
    /// at `ends`.
    pub(crate) fn new(x: &[f64], log_f: &[f64], log_q: &[f64], ends: &[usize]) -> Self {
        let mut points = Self {
            x: x.to_vec(),
            log_f: log_f.to_vec(),
            log_q: log_q.to_vec(),
            ..Self::default()
        };
        let mut start = 0;
        for &end in ends {
            let stage = log_f[start..end].iter().zip(&log_q[start..end]);
            points.weigh(stage.map(|(f, q)| f - q).collect());
            start = end;
        }
        points
    }

    /// Takes over another scale of f: log|f| is lower by `shift`.
    pub(crate) fn lower(&mut self, shift: f64) {
        for l in self.log_f.iter_mut().chain(&mut self.log_w) {
            *l -= shift;
        }
    }

    /// Takes in the weights log(|f|/q) of a stage.
    fn weigh(&mut self, mut log_w: Vec<f64>) {
        let (square, squares) = effective_points(&log_w);
        if squares > 0.0 {
            let effective: f64 = square / squares / log_w.len() as f64;
            for l in &mut log_w {
                *l += effective.ln();
            }
        }
        self.log_w.extend(log_w);
        self.ends.push(self.log_w.len());
    }

    /// The stages in the latent coordinates of `map`: x, log|f| and log q there.
    pub(crate) fn through(&self, map: &dyn Map) -> Vec<(Vec<f64>, Vec<f64>, Vec<f64>)> {
        let dim = map.dim();
        let mut start = 0;
        let stages = self.ends.iter().map(|&end| {
            let x = &self.x[start * dim..end * dim];
            let (mut z, mut log_jac) = (vec![0.0; x.len()], vec![0.0; end - start]);
            map.inverse(x, &mut z, &mut log_jac);
            let shifted = |values: &[f64]| -> Vec<f64> {
                let pairs = values[start..end].iter().zip(&log_jac);
                pairs.map(|(v, l)| v + l).collect()
            };
            let stage = (z, shifted(&self.log_f), shifted(&self.log_q));
            start = end;
            stage
        });
        stages.collect()
    }
}

/// Fits in rounds, spending at most `most` calls. `None` where no fit is possible.
pub(crate) fn fit(run: &mut Run<'_>, points: &mut Points, most: u64) -> Result<Option<Product>> {
    let dim = run.evaluator.dim();
    let nonzero = points.log_f.iter().filter(|f| f.is_finite()).count();
    if dim > MAX_DIM || (nonzero as f64) < FEW_NONZERO * points.log_f.len() as f64 {
        return Ok(None);
    }
    let mut best: Option<Product> = None;
    let (mut spent, mut stale) = (0, 0);
    let mut net: u64 = if dim > 10 { 512 } else { 256 };
    for round in 0..ROUNDS {
        if spent + PILOT_NETS * net > most || run.stopped.is_some() {
            break;
        }
        let Some((layers, turned)) = propose(dim, points)? else {
            break;
        };
        let map = layers.map(dim)?;
        let mut drawn: Vec<(Vec<f64>, Vec<f64>)> = Vec::new();
        let pass = pilot::nets(run, map.as_ref(), net, Phase::Adapt, |z, w| {
            drawn.push((z, w));
        })?;
        let Some(pass) = pass else { break };
        spent += pass.calls;
        points.add(map.as_ref(), &drawn);
        // Spreads are known better than forecasts, which are what pilot nets scatter by.
        let spread = pass.spread();
        let progress = best
            .as_ref()
            .is_none_or(|b| spread < PROGRESS * b.pass.spread());
        stale = if progress { 0 } else { stale + 1 };
        // Of two alike the later one is better known.
        if best
            .as_ref()
            .is_none_or(|b| PROGRESS * spread < b.pass.spread())
        {
            best = Some(Product {
                layers,
                map,
                pass,
                turned,
            });
        }
        let next = if round == 0 { net } else { 2 * net };
        let to_go = run
            .target(pass.value)
            .map(|e| pass.calls_to(e, ESTIMATE_NETS, 2.0));
        let reached = to_go.is_some_and(|n| n < WORTH * (PILOT_NETS * next) as f64);
        if (stale > 0 && round >= PATIENCE) || reached || pass.variance == 0.0 {
            break;
        }
        net = next;
    }
    Ok(best)
}

/// The fit to all points, on turned axes if that explains clearly more; and whether it is turned.
fn propose(dim: usize, points: &Points) -> Result<Option<(Layers, bool)>> {
    let plain = Base::default();
    let Some(straight) = plain.fit(dim, points) else {
        return Ok(None);
    };
    let base = Base::of_points(dim, &points.x, &Additive::weights(points.sample(dim)))?;
    if !base.is_plain()
        && let Some(turned) = base.fit(dim, points)
        && turned.residual() < TURN_GAIN * straight.residual()
    {
        return Ok(Some((base.layers(turned.grids()?), true)));
    }
    Ok(Some((plain.layers(straight.grids()?), false)))
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
        let mut stage = Vec::new();
        for (z, w) in drawn {
            let mut x = vec![0.0; z.len()];
            let mut log_jac = vec![0.0; w.len()];
            map.forward(z, &mut x, &mut log_jac);
            self.x.extend(x);
            for (w, l) in w.iter().zip(&log_jac) {
                let log_w = w.abs().ln();
                stage.push(log_w);
                self.log_f.push(log_w - l);
                self.log_q.push(-l);
            }
        }
        self.weigh(stage);
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

/// (sum w)^2 and sum w^2 for weights with the logarithms `log_w`, in units of the largest: their ratio
/// is the effective number. Not numbers where all are 0.
pub(crate) fn effective_points(log_w: &[f64]) -> (f64, f64) {
    let max = log_w.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let (mut sum, mut squares) = (0.0, 0.0);
    for l in log_w {
        let w = (l - max).exp();
        sum += w;
        squares += w * w;
    }
    (sum * sum, squares)
}

/// What an additive fit leaves of log|f| at each point, `[n]`; minus infinity where f = 0.
pub(crate) fn residuals(dim: usize, points: &Points) -> Option<Vec<f64>> {
    Additive::fit(points.sample(dim)).map(|fit| fit.residuals(points.sample(dim)))
}

/// The uniform points of the exploration.
pub(crate) fn uniform(explored: &Explored) -> Points {
    let n = explored.log_f.len();
    Points::new(&explored.x, &explored.log_f, &vec![0.0; n], &[n])
}
