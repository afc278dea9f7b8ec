//! Training a flow, stage by stage: for as long as it pays, or until a budget is spent.

use super::{
    auto,
    estimate::Layout,
    explore::Explored,
    forecast::Rates,
    layers::Layers,
    mixture::Defence,
    peaks::Peak,
    pilot::{ESTIMATE_NETS, Pass},
    product::Points,
    report::Phase,
    run::Run,
    stage::Stage,
};
use crate::error::Result;
use crate::flow::Flow;
use crate::map::Map;
use crate::train::Trainer;

/// A trained flow.
pub(crate) struct Trained {
    pub(crate) map: Box<dyn Map>,
    /// spread sigma/mean of independent points that would need about as many calls
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

/// When the training of a flow ends.
#[derive(Clone, Copy)]
pub(crate) enum Until {
    /// where another stage would cost more than it saves, of the estimate or beside a rival
    Pays(Rival),
    /// where the calls are spent: for draws after the run, which nobody has counted
    Spent,
}

/// Fewest points of a last stage, which has what the others have left over.
const LAST: u64 = 1024;

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

/// Trains a flow `until` then, or until `most` calls are spent.
pub(crate) fn train(
    run: &mut Run<'_>,
    explored: &Explored,
    begin: Begin<'_>,
    (start, most): (Start, u64),
    until: Until,
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
    let mut trainer = Trainer::new(flow, &config, run.seed)?.shared_by(run.watch.crew());
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
        let around =
            Stage::around_peaks(run, explored, known, trainer.next_stage_calls().min(most))?;
        if let Some(stage) = around {
            trainer.absorb(&stage.x, &stage.log_f, &stage.log_q);
            train_once(run, &mut trainer);
            spent += stage.moments.calls;
            run.step_with(Phase::Train, &stage.moments, Some(trainer.beta()));
        }
    }
    let begun = trainer.flow().clone();
    let (mut previous, mut spread) = (f64::INFINITY, f64::INFINITY);
    let even = matches!(auto::even(run), Layout::Nets);
    // A flow that began with something good must not get worse. Others may well seem to, as long as
    // they have yet to see all of f.
    let knows = start == Start::Warm || !base.is_empty();
    let mut first = f64::INFINITY;
    let mut gain = 1.0;
    let mut stages = 0;
    let mut level = 0.0;
    while run.stopped.is_none() {
        let Some(calls) = stage_calls(&trainer, most.saturating_sub(spent), until) else {
            break;
        };
        // Far from f weights may underflow, where log|f| does not.
        let nets = even && trainer.beta() >= 1.0;
        let numbers = (stages, calls);
        let stage = Stage::draw(run, trainer.flow(), (&base, under.as_ref()), numbers, nets)?;
        spent += stage.moments.calls;
        if stage.moments.mean != 0.0 {
            previous = spread;
            spread = stage.moments.rel_std();
            gain = stage.pass.map_or(1.0, |pass| by_nets(run, &pass));
            level = stage.moments.mean;
            if stages == 0 && knows {
                first = spread;
            }
        }
        if stage.moments.calls == 0 {
            break;
        }
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
        let next = trainer.next_stage_calls();
        let numbers = (next, trainer.stored().log_f.len() as u64 + next);
        let weights = (stage.moments.mean, gain);
        if let Until::Pays(rival) = until
            && !pays(run, rival, (now, now * fall), weights, numbers)
        {
            break;
        }
    }
    let all = trainer.stored();
    let points = Points::new(all.x, all.log_f, all.log_q, all.ends);
    let defence = defence(run, &trainer, (&base, wider), level)?;
    let trained = expected(spread, previous);
    let (flow, rel_std) = if trained > first {
        (begun, first * gain)
    } else {
        (trainer.into_flow(), trained * gain)
    };
    let map = base.under(Box::new(flow))?;
    Ok(Trained {
        map,
        rel_std,
        points,
        level,
        defence,
    })
}

/// Calls of the next stage, with `left` calls to spend; `None` for no stage.
fn stage_calls(trainer: &Trainer, left: u64, until: Until) -> Option<u64> {
    let next = trainer.next_stage_calls();
    match until {
        Until::Spent if trainer.beta() >= 1.0 && left >= LAST => Some(next.min(left)),
        Until::Spent | Until::Pays(_) => (next <= left).then_some(next),
    }
}

/// Whether another stage, of `next` points and with `stored` ones to train on, saves more than it
/// costs, where it lowers the spread from `now` to `then`: of weights with the mean `mean`, and `gain`
/// times as much where nets are drawn.
fn pays(
    run: &Run<'_>,
    rival: Rival,
    (now, then): (f64, f64),
    (mean, gain): (f64, f64),
    (next, stored): (u64, u64),
) -> bool {
    if let Some(e) = run.target(mean) {
        let to_go = |spread: f64| (spread * gain / e).powi(2);
        let (now, then) = (to_go(now), to_go(then));
        let Rates { call, replay } = rival.rates.unwrap_or(Rates::CALLS);
        let stage = call * next as f64 + replay * stored as f64;
        // Neither where it saves less than it costs, nor where the rival wins all the same.
        call * (now - then) > stage && stage + call * then * OPTIMISM < rival.seconds
    } else {
        let left = run.calls_left() as f64;
        then * then / (left - next as f64) < now * now / left
    }
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

/// The spread of independent points that would need as many calls as nets do, in units of the spread
/// of their weights.
fn by_nets(run: &Run<'_>, pass: &Pass) -> f64 {
    let aim = (run.target(pass.value), run.calls_left() as f64);
    let gain = pass.effective(aim, ESTIMATE_NETS, 2.0) / pass.spread();
    if gain.is_finite() { gain.min(1.0) } else { 1.0 }
}

/// The spread after training on the last stage, if the fall from the `previous` one goes on.
fn expected(spread: f64, previous: f64) -> f64 {
    if previous.is_finite() {
        spread * (spread / previous).clamp(0.4, 1.0)
    } else {
        spread
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
