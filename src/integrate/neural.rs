//! Training a flow, stage by stage, for as long as it pays.

use super::{
    around::Around,
    evaluator::{CHUNK, Evaluated, Evaluator},
    explore::Explored,
    forecast::Rates,
    layers::Layers,
    mixture::Defence,
    peaks::{self, Peak},
    product::Points,
    report::Phase,
    run::Run,
};
use crate::error::Result;
use crate::flow::Flow;
use crate::map::Map;
use crate::rng::Purpose;
use crate::stats::Moments;
use crate::train::Trainer;

/// A trained flow and the spread sigma/mean that its weights will about have.
pub(crate) struct Trained {
    pub(crate) map: Box<dyn Map>,
    pub(crate) rel_std: f64,
    /// everything that was drawn, as the flow sees it
    pub(crate) points: Points,
    /// preview of the integral, scaled
    pub(crate) level: f64,
    /// what the estimate defends it with
    pub(crate) defence: Option<Defence>,
}

/// A flow may yet become this much better than its last stage promises, in calls.
const OPTIMISM: f64 = 0.1;

/// What one stage drew.
#[derive(Default)]
struct Stage {
    x: Vec<f64>,
    log_f: Vec<f64>,
    log_q: Vec<f64>,
    moments: Moments,
}

/// Whether a flow is new.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    Cold,
    Warm,
}

/// What else could be done instead of training on.
#[derive(Clone, Copy)]
pub(crate) struct Rival {
    /// seconds that the best other proposal needs to the target, infinity for none
    pub(crate) seconds: f64,
    /// seconds of a call and of a stored point in training, where they count as well as calls
    pub(crate) rates: Option<Rates>,
}

impl Rival {
    pub(crate) const NONE: Self = Self {
        seconds: f64::INFINITY,
        rates: None,
    };
}

/// What a flow begins with.
pub(crate) struct Begin<'a> {
    pub(crate) flow: Flow,
    /// fixed maps that it stands on
    pub(crate) base: Layers,
    /// wider than these, if they are no identity
    pub(crate) wider: Option<Layers>,
    /// points to begin with, in stages
    pub(crate) points: &'a Points,
    /// peaks that are known
    pub(crate) peaks: &'a [Peak],
}

/// Trains a flow until another stage would cost more than it saves, or
/// `most` calls are spent.
pub(crate) fn train(
    run: &mut Run<'_>,
    explored: &Explored,
    begin: Begin<'_>,
    (start, most): (Start, u64),
    rival: Rival,
) -> Result<Trained> {
    let Begin {
        flow,
        base,
        wider,
        points,
        peaks: known,
    } = begin;
    let mut config = run.settings.train.clone();
    config.reuse = explored.cost.reuse(config.reuse);
    let begun = (start == Start::Warm).then(|| flow.clone());
    let mut trainer = Trainer::new(flow, &config, run.seed)?;
    let mut spent = 0;
    let under = base.map(run.evaluator.dim())?;
    if start == Start::Cold {
        // A flow that has learnt already would forget much of it on these.
        let stages = points.through(under.as_ref());
        first_stages(run, &mut trainer, &stages, base.is_empty());
    }
    if start == Start::Cold && base.is_empty() {
        // Not together: a first stage around peaks alone would end the tempering at once, and
        // what was missed would hardly be found.
        let around = around_peaks(run, explored, known, trainer.next_stage_calls().min(most))?;
        if let Some(stage) = around {
            trainer.absorb(&stage.x, &stage.log_f, &stage.log_q);
            train_once(run, &mut trainer);
            spent += stage.moments.calls;
            run.step_with(Phase::Train, &stage.moments, Some(trainer.beta()));
        }
    }
    let (mut previous, mut spread) = (f64::INFINITY, f64::INFINITY);
    let mut first = None;
    let mut stages = 0;
    let mut level = 0.0;
    while run.stopped.is_none() {
        let calls = trainer.next_stage_calls();
        if spent + calls > most {
            break;
        }
        let stage = draw(
            run,
            trainer.flow(),
            (&base, under.as_ref()),
            (stages, calls),
        )?;
        spent += stage.moments.calls;
        if stage.moments.mean != 0.0 {
            previous = spread;
            spread = stage.moments.rel_std();
            first = first.or(Some(spread));
        }
        level = stage.moments.mean;
        trainer.absorb(&stage.x, &stage.log_f, &stage.log_q);
        stages += 1;
        let tempering = trainer.beta() < 1.0;
        train_once(run, &mut trainer);
        run.step_with(Phase::Train, &stage.moments, Some(trainer.beta()));
        if tempering {
            continue;
        }
        // What the stage just trained on will bring, if the fall of the spread goes on.
        let fall = (spread / previous).clamp(0.4, 1.0);
        let now = spread * fall;
        let then = now * fall;
        let next = trainer.next_stage_calls();
        let stored = trainer.stored().log_f.len() as u64 + next;
        let pays = if let Some(e) = run.target(stage.moments.mean) {
            let (now, then) = ((now / e).powi(2), (then / e).powi(2));
            let Rates { call, replay } = rival.rates.unwrap_or(Rates::CALLS);
            let stage = call * next as f64 + replay * stored as f64;
            // Neither where it saves less than it costs, nor where the rival wins all the same.
            call * (now - then) > stage && stage + call * then * OPTIMISM < rival.seconds
        } else {
            let left = run.calls_left() as f64;
            then * then / (left - next as f64) < now * now / left
        };
        if !pays {
            break;
        }
    }
    let all = trainer.stored();
    let points = Points::new(all.x, all.log_f, all.log_q, all.ends);
    let defence = defence(run, &trainer, (&base, wider), level)?;
    let (flow, rel_std) = better(
        trainer.into_flow(),
        expected(spread, previous),
        begun,
        first,
    );
    let map = base.under(Box::new(flow))?;
    Ok(Trained {
        map,
        rel_std,
        points,
        level,
        defence,
    })
}

/// What a flow on fixed maps is defended with: itself as it was while tempered, or what is wider
/// than the maps.
fn defence(
    run: &Run<'_>,
    trainer: &Trainer,
    (base, wider): (&Layers, Option<Layers>),
    level: f64,
) -> Result<Option<Defence>> {
    if !run.settings.defence {
        return Ok(None);
    }
    // A flow that is still tempered is wide itself.
    let flow = trainer.tempered().filter(|_| trainer.beta() >= 1.0);
    let tempered = match (flow, wider) {
        (Some(flow), _) => Some(base.under(Box::new(flow.clone()))?),
        (None, Some(wider)) => Some(wider.map(run.evaluator.dim())?),
        (None, None) => None,
    };
    Ok(Some(Defence { tempered, level }))
}

/// The spread after training on the last stage, if the fall from the `previous` one goes on.
fn expected(spread: f64, previous: f64) -> f64 {
    if previous.is_finite() {
        spread * (spread / previous).clamp(0.4, 1.0)
    } else {
        spread
    }
}

/// The trained flow with its spread, or the one that was brought along where training it on has
/// made it worse than it was in the `first` stage.
fn better(trained: Flow, spread: f64, begun: Option<Flow>, first: Option<f64>) -> (Flow, f64) {
    match (begun, first) {
        (Some(begun), Some(first)) if spread > first => (begun, first),
        _ => (trained, spread),
    }
}

/// Trains on the `stages` (x, log|f|, log q) that are there. Those from uniform points come first and,
/// where `cold`, alone: they decide how much tempering it takes, and leave the wide flow that
/// defends the estimate.
fn first_stages(
    run: &mut Run<'_>,
    trainer: &mut Trainer,
    stages: &[(Vec<f64>, Vec<f64>, Vec<f64>)],
    cold: bool,
) {
    for (stage, (x, log_f, log_q)) in stages.iter().enumerate() {
        trainer.absorb(x, log_f, log_q);
        if (stage == 0 && cold) || stage + 1 == stages.len() {
            train_once(run, trainer);
        }
    }
}

fn train_once(run: &mut Run<'_>, trainer: &mut Trainer) {
    // A stage without any signal trains nothing: the flow stays what it was.
    let _ = trainer.train_while(|| run.must_stop().is_none());
    run.book(Phase::Train);
}

/// Evaluates `calls` points of a mixture around the `known` peaks, and others if they are to be
/// looked for.
fn around_peaks(
    run: &mut Run<'_>,
    explored: &Explored,
    known: &[Peak],
    calls: u64,
) -> Result<Option<Stage>> {
    let mut peaks = known.to_vec();
    if run.settings.find_peaks {
        peaks.extend(peaks::find(run, explored)?);
    }
    if peaks.is_empty() || run.stopped.is_some() {
        return Ok(None);
    }
    let dim = run.evaluator.dim();
    let mixture = Around::new(dim, &peaks);
    let chunks = (0..calls.div_ceil(CHUNK)).map(|c| (c * CHUNK, CHUNK.min(calls - c * CHUNK)));
    let mut all = Stage::default();
    run.jobs(
        Phase::Train,
        chunks,
        |(_, n)| *n,
        |evaluator, (first, n)| Stage::around(evaluator, &mixture, (*first, *n)),
        |_, s: Stage| all.append(&s),
    )?;
    Ok((all.moments.calls > 0).then_some(all))
}

/// Draws and evaluates one stage.
fn draw(
    run: &mut Run<'_>,
    flow: &Flow,
    (base, under): (&Layers, &dyn Map),
    (stage, calls): (u64, u64),
) -> Result<Stage> {
    let mut all = Stage::default();
    let map = base.under(Box::new(flow.clone()))?;
    run.points(
        Phase::Train,
        map.as_ref(),
        (Purpose::Train, stage),
        (0, calls, CHUNK),
        |e: Evaluated| Stage::new(&e, under),
        |s: Stage| all.append(&s),
    )?;
    Ok(all)
}

impl Stage {
    fn append(&mut self, other: &Self) {
        self.x.extend_from_slice(&other.x);
        self.log_f.extend_from_slice(&other.log_f);
        self.log_q.extend_from_slice(&other.log_q);
        self.moments.merge_from(&other.moments);
    }

    /// Points `first..first + n` of a mixture.
    fn around(evaluator: &Evaluator<'_>, mixture: &Around, (first, n): (u64, u64)) -> Result<Self> {
        let (dim, numbers) = (evaluator.dim(), mixture.numbers());
        let n = usize::try_from(n).unwrap_or(usize::MAX);
        let mut u = vec![0.0; n * numbers];
        let streams = evaluator.streams();
        streams.fill_points(Purpose::Peaks, 0, first, numbers, &mut u);
        let mut x = vec![0.0; n * dim];
        for (u, x) in u.chunks_exact(numbers).zip(x.chunks_exact_mut(dim)) {
            mixture.draw(u, x);
        }
        let log_q: Vec<f64> = x
            .chunks_exact(dim)
            .map(|x| mixture.log_density(x))
            .collect();
        let f = evaluator.call(&x)?;
        let f: Vec<f64> = f.into_iter().step_by(evaluator.outputs()).collect();
        let weights: Vec<f64> = f.iter().zip(&log_q).map(|(f, l)| f * (-l).exp()).collect();
        Ok(Self {
            x,
            log_f: f.iter().map(|f| f.abs().ln()).collect(),
            log_q,
            moments: Moments::from_slice(&weights),
        })
    }

    /// The points as the flow sees them: before the maps under it, whose Jacobian belongs to f.
    fn new(e: &Evaluated, under: &dyn Map) -> Self {
        let moments = Moments::from_slice(&e.weights(0));
        let log_f = e.log_abs_f();
        let mut x = vec![0.0; e.x.len()];
        let mut log_jac = vec![0.0; e.log_jac.len()];
        under.inverse(&e.x, &mut x, &mut log_jac);
        let log_f = log_f.iter().zip(&log_jac).map(|(f, l)| f + l).collect();
        let log_q = e
            .log_jac
            .iter()
            .zip(&log_jac)
            .map(|(all, l)| l - all)
            .collect();
        Self {
            x,
            log_f,
            log_q,
            moments,
        }
    }
}
