//! The choice among uniform points, a product density, VEGAS+ and the flow.
//!
//! Each candidate is looked at with pilot points, cheapest first, and only as far as it could
//! save more than the look costs. What is compared is seconds to the target: calls to go, as
//! the pilot predicts them, times the cost of a call by its coarse class, and of sampling and
//! training by fixed rates. The same seed and the same class give the same choice on any machine.
//! Pilot points choose; the answer comes from fresh ones.

use super::{
    estimate::Layout,
    explore::Explored,
    forecast::{self, Forecast, Training},
    hunt,
    layers::Layers,
    mixture::Defence,
    neural::{self, Begin, Rival, Start, Until},
    peaks::Peak,
    pilot::{self, PILOT_NETS, Pass},
    product::{self, Points, Shape},
    report::{Choice, Phase},
    run::Run,
    settings::{CostClass, Method, Placement},
    turned::Base,
    vegas,
};
use crate::error::Result;
use crate::flow::Flow;
use crate::map::{Identity, Map};
use crate::sobol::MAX_DIM;

/// A frozen proposal with the spread of its weights.
pub(crate) struct Frozen {
    pub(crate) map: Box<dyn Map>,
    pub(crate) rel_std: f64,
    pub(crate) layout: Layout,
    /// what the map is defended with in the estimate
    pub(crate) defence: Option<Defence>,
    pub(crate) choice: Option<Choice>,
    pub(crate) cost: Option<CostClass>,
}

/// A frozen proposal and what is expected of it.
struct Candidate {
    map: Box<dyn Map>,
    layout: Layout,
    method: Method,
    defence: Option<Defence>,
    forecast: Forecast,
    /// whether a peak that is known is out of its reach
    misses: bool,
}

/// Calls of the first look at a grid.
const GLANCE: u64 = 8192;
/// Calls of a second one.
const LONG_LOOK: u64 = 1 << 18;
/// Points of a uniform pilot net.
const UNIFORM_NET: u64 = 256;
/// Calls to go up to which uniform points are taken without another look, and of a first fit.
const SMALL: f64 = 8192.0;
const FIRST_ROUND: u64 = 4096;
/// Seconds that a fit may take in any case, and at most, times dim^3: in few dimensions a grid
/// with strata is fast as well.
const FIT_SECONDS: f64 = 0.02;
const MOST_SECONDS: f64 = 0.005;
/// Training seconds that a flow must be able to save: it may well not win.
const GAMBLE: f64 = 3.0;
/// Seconds of the whole budget, in those of training, and variance of a weight in units of the value
/// squared, from which on a flow is tried where there is no target.
const SPENT: f64 = 1.0;
const ROUGH: f64 = 0.02;
/// A look may cost this part of what is left to do by the best candidate so far.
const LOOK: f64 = 0.08;
/// Calls to go, in units of the budget, above which a first look at a grid may cost a part of the
/// budget instead: what is there so far will not do.
const SHORT: f64 = 100.0;
const GENEROUS: u64 = 5;

/// Seconds of a grid, in those of the leader, up to which it is looked at again: strata gain as
/// they grow.
const NEAR: f64 = 4.0;

/// All candidates so far, and the uniform points that the fits begin with.
struct Search {
    candidates: Vec<Candidate>,
    points: Points,
    /// a product for a flow to stand on, and what is wider
    base: Option<(Layers, Option<Layers>)>,
    /// peaks that were looked for, and found
    peaks: Vec<Peak>,
}

/// Chooses, adapts and freezes.
pub(crate) fn choose(run: &mut Run<'_>, explored: &Explored) -> Result<Frozen> {
    let mut search = Search {
        candidates: Vec::new(),
        points: product::uniform(explored),
        base: None,
        peaks: Vec::new(),
    };
    search.uniform(run, explored)?;
    if hunt::is_needed(&search.points) {
        search.peaks = hunt::hunt(run, &mut search.points)?;
        let value = hunt::mean(&search.points);
        for uniform in &mut search.candidates {
            uniform.misses = hunt::missed(&search.peaks, uniform.map.as_ref(), value).is_some();
        }
    }
    let peaks = search.peaks.clone();
    search.product(run, explored.cost, &peaks)?;
    search.vegas(run, explored, GLANCE)?;
    // A grid that leads, or might, is better known before a flow is trained against it.
    if search.grid_is_near() {
        search.vegas(run, explored, LONG_LOOK)?;
    }
    search.flow(run, explored)?;
    search.vegas(run, explored, u64::MAX)?;
    Ok(search.best(explored))
}

impl Search {
    /// The best candidate so far that misses nothing known.
    fn leader(&self) -> Option<&Forecast> {
        let good = self.candidates.iter().filter(|c| !c.misses);
        good.map(|c| &c.forecast).min_by(|a, b| a.order(b))
    }

    /// Whether the grid is the leader, or not far behind.
    fn grid_is_near(&self) -> bool {
        let grid = self.candidates.iter().find(|c| c.forecast.name == VEGAS);
        grid.is_some_and(|grid| grid.forecast.seconds < NEAR * self.to_go().0)
    }

    /// Seconds and calls to go by it.
    fn to_go(&self) -> (f64, f64) {
        self.leader()
            .map_or((f64::INFINITY, f64::INFINITY), |f| (f.seconds, f.calls))
    }

    /// Calls that a look may cost.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "capped by the budget, which is an u64"
    )]
    fn share(&self, run: &Run<'_>) -> u64 {
        let left = run.calls_left() as f64;
        (LOOK * self.to_go().1.min(left)) as u64
    }

    /// A flow before its training, what that would take, and whether the budget suffices for it.
    fn untrained(&self, run: &Run<'_>, cost: CostClass) -> Result<(Flow, Training, bool)> {
        let flow = run.settings.new_flow(run.evaluator.dim(), run.seed)?;
        let training = forecast::training(run, cost, &flow, self.base.is_some());
        let suffices = run.calls_left() >= 2 * training.calls;
        Ok((flow, training, suffices))
    }

    /// Whether the budget is far too short for what is there so far, and for a flow as well.
    fn is_short(&self, run: &Run<'_>, cost: CostClass) -> Result<bool> {
        let hopeless = self.to_go().1 > SHORT * run.calls_left() as f64;
        Ok(hopeless && !self.untrained(run, cost)?.2)
    }

    /// Uniform points, in nets.
    fn uniform(&mut self, run: &mut Run<'_>, explored: &Explored) -> Result<()> {
        let dim = run.evaluator.dim();
        let map: Box<dyn Map> = Box::new(Identity::new(dim));
        let mut forecast = Forecast::independent(run, explored.cost, &explored.moments);
        let mut layout = even(run);
        if explored.moments.mean != 0.0
            && let Some((pass, drawn)) = uniform_pilot(run, map.as_ref())?
        {
            self.points.add(map.as_ref(), &drawn);
            if pass.tailed {
                layout = Layout::ManyNets;
            }
            forecast = Forecast::of_nets(run, explored.cost, &pass, forecast::GRID);
        }
        self.candidates.push(Candidate {
            map,
            layout,
            method: Method::Plain,
            defence: None,
            forecast: forecast.named("uniform points"),
            misses: false,
        });
        Ok(())
    }

    /// A product by regression, from all points so far and new ones `around` peaks.
    fn product(&mut self, run: &mut Run<'_>, cost: CostClass, around: &[Peak]) -> Result<()> {
        if run.settings.placement == Placement::Random {
            return Ok(());
        }
        // A first round is so often worth it that a part of it is enough to save.
        let most = if self.to_go().1 > SMALL {
            self.share(run).max(FIRST_ROUND).min(run.calls_left() / 4)
        } else {
            0
        };
        let axes = run.evaluator.dim() as f64;
        let seconds = LOOK * self.to_go().0;
        let seconds = seconds.clamp(FIT_SECONDS, FIT_SECONDS.max(MOST_SECONDS * axes.powi(3)));
        if let Some(fit) = product::fit(run, &mut self.points, around, (most, seconds))? {
            let (name, rate) = match fit.shape {
                Shape::Product => ("product", 2.0 * forecast::GRID),
                Shape::Turned => ("product on turned axes", forecast::TURNED),
                Shape::Mixture => ("mixture of products", forecast::MIXTURE),
            };
            let forecast = Forecast::of_nets(run, cost, &fit.pass, rate);
            let defence = match &fit.tempered {
                Some(tempered) if run.settings.defence => Some(Defence {
                    tempered: Some(tempered.map(run.evaluator.dim())?),
                    level: fit.pass.value,
                }),
                _ => None,
            };
            let misses = hunt::missed(&self.peaks, fit.map.as_ref(), fit.pass.value).is_some();
            if fit.is_good() && !misses {
                self.base = Some((fit.layers, fit.tempered));
            }
            self.candidates.push(Candidate {
                misses,
                map: fit.map,
                layout: Layout::Nets,
                method: Method::Vegas,
                defence,
                forecast: forecast.named(name),
            });
        }
        Ok(())
    }

    /// A VEGAS grid with strata or nets, from what an earlier look at it left, with at most `most`
    /// calls.
    fn vegas(&mut self, run: &mut Run<'_>, explored: &Explored, most: u64) -> Result<()> {
        let earlier = self
            .candidates
            .iter()
            .position(|c| c.forecast.name == VEGAS);
        let mut share = self.share(run);
        if earlier.is_none() && self.is_short(run, explored.cost)? {
            share = share.max(run.calls_left() / GENEROUS);
        }
        let most = share.min(most);
        if most < GLANCE / 2 || run.stopped.is_some() {
            return Ok(());
        }
        let start = earlier.and_then(|i| vegas::grid(self.candidates[i].map.as_ref()));
        let adapted = vegas::adapt(run, explored, (start, &Base::default()), most)?;
        let forecast = Forecast::of_layout(run, explored.cost, &adapted);
        let misses = hunt::missed(&self.peaks, &adapted.grid, adapted.pass.value).is_some();
        let candidate = Candidate {
            misses,
            map: Box::new(adapted.grid),
            layout: adapted.layout,
            method: Method::Vegas,
            defence: None,
            forecast: forecast.named(VEGAS),
        };
        match earlier {
            Some(i) if self.candidates[i].forecast.seconds > candidate.forecast.seconds => {
                self.candidates[i] = candidate;
            }
            Some(_) => {}
            None => self.candidates.push(candidate),
        }
        Ok(())
    }

    /// A flow, where training it could pay; and a product fitted to what its stages have drawn.
    fn flow(&mut self, run: &mut Run<'_>, explored: &Explored) -> Result<()> {
        let (seconds, calls) = self.to_go();
        let (flow, training, suffices) = self.untrained(run, explored.cost)?;
        // Without a target the budget is spent in any case: what counts is what it buys.
        let left = run.calls_left() as f64;
        let spent = left * training.rates.call;
        let buys = run.target(explored.moments.mean).is_none()
            && spent > SPENT * training.seconds
            && calls > ROUGH * left;
        let pays = buys || seconds >= GAMBLE * training.seconds;
        if !pays || !suffices {
            return Ok(());
        }
        let rival = Rival {
            seconds,
            rates: Some(training.rates),
        };
        let cold = self.base.is_none();
        let (base, wider) = self.base.take().unzip();
        let wider = wider.flatten();
        let begin = Begin {
            flow,
            base: base.unwrap_or_default(),
            wider,
            points: &self.points,
            peaks: &self.peaks,
        };
        let most = (Start::Cold, run.calls_left() / 2);
        let trained = neural::train(run, explored, begin, most, Until::Pays(rival))?;
        self.points = trained.points;
        let forecast = Forecast::of_spread(run, explored.cost, trained.rel_std, forecast::FLOW);
        let misses = hunt::missed(&self.peaks, trained.map.as_ref(), trained.level).is_some();
        self.candidates.push(Candidate {
            map: trained.map,
            layout: even(run),
            method: Method::Flow,
            defence: trained.defence,
            misses,
            forecast: forecast.named("flow"),
        });
        if cold {
            // What lies around peaks has been drawn.
            self.product(run, explored.cost, &[])?;
        }
        Ok(())
    }

    /// The candidate that is predicted to be the fastest.
    fn best(mut self, explored: &Explored) -> Frozen {
        self.candidates.sort_by(|a, b| {
            let misses = a.misses.cmp(&b.misses);
            misses.then(a.forecast.order(&b.forecast))
        });
        let each = self.candidates.iter().map(|c| c.forecast.clone());
        let candidates: Vec<Forecast> = each.collect();
        let best = self.candidates.swap_remove(0);
        Frozen {
            map: best.map,
            rel_std: best.forecast.effective,
            layout: best.layout,
            defence: best.defence,
            choice: Some(Choice {
                method: best.method,
                why: forecast::compare(&candidates),
            }),
            cost: Some(explored.cost),
        }
    }
}

/// Latent points and weights, by chunks.
type Drawn = Vec<(Vec<f64>, Vec<f64>)>;

/// Pilot nets of uniform points through `map`, the identity, where nets are possible.
pub(crate) fn uniform_pilot(run: &mut Run<'_>, map: &dyn Map) -> Result<Option<(Pass, Drawn)>> {
    let net = UNIFORM_NET.min(run.calls_left() / (8 * PILOT_NETS));
    if !matches!(even(run), Layout::Nets) || net < 16 {
        return Ok(None);
    }
    let mut drawn = Drawn::new();
    let net = 1 << net.ilog2();
    let pass = pilot::nets(run, map, net, Phase::Explore, |z, w| drawn.push((z, w)))?;
    run.uniform_points = run.explored();
    Ok(pass.map(|pass| (pass, drawn)))
}

/// Name of the grid among the candidates.
const VEGAS: &str = "VEGAS+";

/// The layout for a map without strata, unless independent points are asked for: nets cost
/// nothing and gain much where f/q is smooth.
pub(crate) fn even(run: &Run<'_>) -> Layout {
    if run.settings.placement == Placement::Random || run.evaluator.dim() > MAX_DIM {
        Layout::Random
    } else {
        Layout::Nets
    }
}
