//! A product density from values of f: additive regression of log|f|, on axes turned where that
//! explains more.
//!
//! The uniform points are fitted first; each round then draws pilot nets through the fit, which
//! tell what the estimate would cost, and fits again with those points added. Rounds grow as
//! long as they can pay for themselves.

use super::{
    curvature,
    explore::Explored,
    layers::{Layer, Layers},
    peaks::Peak,
    pilot::{self, ESTIMATE_NETS, PILOT_NETS, Pass},
    report::Phase,
    run::Run,
    turned::Base,
    zoom::Zoom,
};
use crate::error::Result;
use crate::map::{Additive, Grid, Map, Normal, Patience, Peaked, Sample};
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
/// Standard deviations that a turned axis is seen at: half of it is left to the tails.
const WIDTH: f64 = 2.0;
/// Power of the density that defends the product.
const TEMPER: f64 = 0.5;
/// Widths of the first densities around peaks, in units of those of the peaks.
const NEAR: f64 = 1.3;
const FAR: f64 = 2.5;
/// What a product may leave of log|f| (mean square) without a mixture: at all, and before it has
/// been tried. f/q may be smooth, and nets gain much then.
const SMALL: f64 = 1e-2;
const UNTRIED: f64 = 0.25;
/// Smallest density from which on a product needs no defence: it has at least what the defence would
/// add anywhere, uniform points of about this share included.
const ALONE: f64 = 1.0 / 32.0;
/// A turn, or a mixture, must explain so much more of log|f|.
const TURN_GAIN: f64 = 0.7;
/// Share of points with f != 0 below which a fit of log|f| makes no sense.
const FEW_NONZERO: f64 = 0.5;

/// What a fit is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Product,
    Turned,
    Mixture,
}

/// A fitted product, with what its pilot nets said.
#[derive(Debug)]
pub(crate) struct Product {
    pub(crate) layers: Layers,
    pub(crate) map: Box<dyn Map>,
    /// the square root of the density, normalised: wider on every axis; `None` where the density is
    /// nowhere small
    pub(crate) tempered: Option<Layers>,
    pub(crate) pass: Pass,
    pub(crate) shape: Shape,
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

/// Fits in rounds, spending at most `most` calls and about as many `seconds` on mixtures, and
/// beginning around `peaks` where there are any. `None` where no fit is possible.
pub(crate) fn fit(
    run: &mut Run<'_>,
    points: &mut Points,
    peaks: &[Peak],
    (most, mut seconds): (u64, f64),
) -> Result<Option<Product>> {
    let dim = run.evaluator.dim();
    let nonzero = points.log_f.iter().filter(|f| f.is_finite()).count();
    let few = (nonzero as f64) < FEW_NONZERO * points.log_f.len() as f64;
    if dim > MAX_DIM || (few && peaks.is_empty()) {
        return Ok(None);
    }
    let mut best: Option<Product> = None;
    let (mut spent, mut stale) = (0, 0);
    // What a mixture begins with.
    let mut normals = Vec::new();
    let mut net: u64 = if dim > 10 { 512 } else { 256 };
    for round in 0..ROUNDS {
        if spent + PILOT_NETS * net > most || run.stopped.is_some() {
            break;
        }
        let Some(Proposal {
            layers,
            tempered,
            shape,
        }) = propose(
            dim,
            points,
            (peaks, &mut normals),
            (round, &mut seconds, &|| run.must_stop().is_some()),
        )?
        else {
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
                tempered,
                pass,
                shape,
            });
        }
        let next = if round == 0 { net } else { 2 * net };
        let to_go = run
            .target(pass.value)
            .map(|e| pass.calls_to(e, ESTIMATE_NETS, 2.0));
        let reached = to_go.is_some_and(|n| n < WORTH * (PILOT_NETS * next) as f64);
        // A mixture may yet find what it misses.
        let patience = i32::from(shape == Shape::Mixture);
        if (stale > patience && round >= PATIENCE) || reached || pass.variance == 0.0 {
            break;
        }
        net = next;
    }
    Ok(best)
}

/// A fit before any point was drawn from it.
struct Proposal {
    layers: Layers,
    tempered: Option<Layers>,
    shape: Shape,
}

impl Proposal {
    fn product(fit: &Additive) -> Result<Self> {
        let base = Base::default();
        let tempered = if fit.smallest_density()? < ALONE {
            Some(base.layers(fit.grids(TEMPER)?))
        } else {
            None
        };
        Ok(Self {
            layers: base.layers(fit.grids(1.0)?),
            tempered,
            shape: Shape::Product,
        })
    }

    fn turned(base: &Base, fit: &Turned) -> Result<Self> {
        Ok(Self {
            layers: base.layers(fit.grids(1.0)?),
            tempered: Some(base.layers(fit.grids(TEMPER)?)),
            shape: Shape::Turned,
        })
    }

    fn mixture(fit: &Peaked) -> Result<Self> {
        let layers =
            |power| -> Result<Layers> { Ok(Layers(vec![Layer::Mixture(fit.mixture(power)?)])) };
        Ok(Self {
            layers: layers(1.0)?,
            tempered: Some(layers(TEMPER)?),
            shape: Shape::Mixture,
        })
    }
}

/// The fit to all points, on turned axes or as a mixture if that explains clearly more; in the
/// first round, what lies around known peaks. `normals`: what a mixture begins with, kept.
fn propose(
    dim: usize,
    points: &Points,
    (peaks, normals): (&[Peak], &mut Vec<Normal>),
    (round, seconds, stop): (usize, &mut f64, &dyn Fn() -> bool),
) -> Result<Option<Proposal>> {
    if normals.is_empty() && !peaks.is_empty() {
        normals.extend(peaks.iter().map(|p| p.normal(1.0)));
        let around = |scale: f64| peaks.iter().map(move |p| p.normal(scale));
        let wide = |normals: Vec<Normal>| -> Result<Layers> {
            Ok(Layers(vec![Layer::Mixture(Peaked::around(&normals)?)]))
        };
        if let [peak] = peaks
            && let Some(layers) = curvature::laplace(peak)?
        {
            return Ok(Some(Proposal {
                layers,
                tempered: Some(wide(around(FAR).collect())?),
                shape: Shape::Turned,
            }));
        }
        let near = around(NEAR).chain(around(FAR));
        return Ok(Some(Proposal {
            layers: wide(near.collect())?,
            tempered: Some(wide(around(FAR).collect())?),
            shape: Shape::Mixture,
        }));
    }
    let Some(straight) = Additive::fit(points.sample(dim)) else {
        return Ok(None);
    };
    let omega = Additive::weights(points.sample(dim));
    let base = Base::of_points(dim, &points.x, &omega)?;
    let turned = Turned::fit(&base, points, dim, &omega);
    let small = if round == 0 { UNTRIED } else { SMALL };
    let several = straight.residual() > small || normals.len() > 1;
    let mixture = if several && *seconds > 0.0 {
        let mut patience = Patience {
            seconds: *seconds,
            stop,
        };
        let fit = Peaked::fit(points.sample(dim), normals, &mut patience);
        *seconds = patience.seconds;
        fit
    } else {
        None
    };
    // The mean square of f/q over points of f is the integral of the fit times what varies: a
    // product of bumps explains all points of two peaks, and wastes itself where none is.
    let masses = [
        Some(straight.log_mass()?),
        turned.as_ref().map(|t| t.fit.log_mass()).transpose()?,
        mixture.as_ref().map(Peaked::log_mass),
    ];
    let least = masses
        .iter()
        .flatten()
        .copied()
        .fold(f64::INFINITY, f64::min);
    let square = |log_mass: Option<f64>, residual: Option<f64>| match (log_mass, residual) {
        (Some(log_mass), Some(residual)) => {
            let mass = (log_mass - least).exp();
            mass * (1.0 + residual) - 1.0
        }
        _ => f64::INFINITY,
    };
    let mut best = square(masses[0], Some(straight.residual()));
    let mut proposal = Proposal::product(&straight)?;
    let square_turned = square(masses[1], turned.as_ref().map(|t| t.fit.residual()));
    if let Some(fit) = turned
        && square_turned < TURN_GAIN * best
    {
        best = square_turned;
        proposal = Proposal::turned(&base, &fit)?;
    }
    let square_mixture = square(masses[2], mixture.as_ref().map(Peaked::residual));
    if let Some(fit) = mixture
        && square_mixture < TURN_GAIN * best
    {
        *normals = fit.normals()?;
        proposal = Proposal::mixture(&fit)?;
    }
    Ok(Some(proposal))
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

/// An additive fit on turned axes, each at the scale of what lies along it.
struct Turned {
    fit: Additive,
    zoom: Zoom,
}

impl Turned {
    /// Of points with the weights `omega` (`[n]`) of a fit; `None` where `base` is not turned, or
    /// for too few points.
    fn fit(base: &Base, points: &Points, dim: usize, omega: &[f64]) -> Option<Self> {
        let (mut y, mut log_jac) = base.coordinates(&points.x, points.log_f.len())?;
        let zoom = Zoom::new(dim, &y, omega, WIDTH);
        zoom.apply(&mut y, &mut log_jac);
        let pairs = points.log_f.iter().zip(&log_jac);
        let log_f: Vec<f64> = pairs.map(|(f, l)| f + l).collect();
        let fit = Additive::fit(Sample {
            dim,
            x: &y,
            log_f: &log_f,
            log_w: &points.log_w,
        })?;
        Some(Self { fit, zoom })
    }

    /// The grids of the density to the `power`, over the axes of the base.
    fn grids(&self, power: f64) -> Result<[Grid; 2]> {
        let [law, grid] = self.fit.grids(power)?;
        Ok([law, self.zoom.back(&grid)])
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
