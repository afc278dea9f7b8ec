//! The points of one part, drawn and summed.

use std::iter::from_fn;

use rayon::current_num_threads;

use super::super::{
    Integrator,
    evaluator::{CHUNK, Evaluated, Evaluator, scale},
    explore::rescale,
    mixture::{Defence, Mixture},
    observable::Observable,
    pool,
    prepare::flow_of,
    report::Phase,
    run::Run,
    settings::{Method, Settings, Stop},
    verdict::{is_adapted, proposal},
    watch::Watch,
};
use super::{
    FEWEST, MOST, MOST_CELLS, MOST_OUTPUTS, PROBE, Partial, Shard,
    plan::{Plan, Source},
    sums::{Piece, Sums},
    whole::Whole,
};
use crate::error::{Error, Result, check};
use crate::integrand::Integrand;
use crate::integrate::Observer;
use crate::kernel::Level;
use crate::map::{Identity, Map};
use crate::rng::{Purpose, continued, mix};
use crate::stats::Moments;

/// Chunks between two steps that an observer sees.
const STEP: u64 = 512;

impl Integrator {
    /// Estimates with the frozen proposal `map` from one shard of `points` independent points:
    /// see [`Partial`]. Of the settings' stops only `max_seconds` counts, and an observer may stop, too; the
    /// part then has fewer points than its shard. With a flow that is defended, points come 33 at a time,
    /// and what is left over of `points` is not drawn.
    ///
    /// # Errors
    /// As [`Integrator::estimate`]; [`Error::InvalidSetting`] for fewer than 128 points or more than 2^50,
    /// a shard that has none of them, more than 256 outputs or 65536 bins of histograms;
    /// [`Error::Stopped`] where the run had to stop before its first point.
    pub fn estimate_shard(
        &self,
        integrand: &dyn Integrand,
        map: &dyn Map,
        (points, shard): (u64, Shard),
        observer: &mut dyn Observer,
    ) -> Result<Partial> {
        check(
            (FEWEST..=MOST).contains(&points),
            "points",
            points as f64,
            "128 to 2^50",
        )?;
        let settings = Settings {
            stop: Stop {
                max_seconds: self.settings.stop.max_seconds,
                ..Stop::calls(points)
            },
            ..self.settings.clone()
        };
        // As in an estimate without shards: not the numbers that have made the model.
        let seed = continued(settings.seed);
        let evaluator = Evaluator::new(
            integrand,
            settings.domain.as_ref(),
            settings.non_finite,
            &self.observables,
            seed,
        )?;
        if map.dim() != integrand.dim() {
            return Err(Error::DimensionMismatch {
                what: "the model",
                found: map.dim(),
                expected: integrand.dim(),
            });
        }
        let outputs = evaluator.outputs();
        let allowed = "at most 256";
        check(outputs <= MOST_OUTPUTS, "outputs", outputs as f64, allowed)?;
        let cells: usize = self.observables.iter().map(Observable::cells).sum();
        let allowed = "at most 65536";
        check(
            cells <= MOST_CELLS,
            "bins of histograms",
            cells as f64,
            allowed,
        )?;
        let watch = Watch::new(observer, settings.stop.max_seconds, false);
        let mut run = Run::new(&settings, evaluator, &watch, None, seed);
        pool(settings.threads)?.install(|| part(&mut run, map, (points, shard)))
    }
}

fn part(run: &mut Run<'_>, map: &dyn Map, (points, shard): (u64, Shard)) -> Result<Partial> {
    let whole = probe(run, map, points)?;
    let plan = whole.plan();
    let (first, length) = shard.range(plan.chunks());
    check(
        length > 0,
        "number of shards",
        shard.of() as f64,
        "at most the number of chunks, which have 32 to 1024 points",
    )?;
    run.freeze(map);
    let defence = whole.defended.then_some(Defence {
        tempered: None,
        level: whole.pilot.mean,
    });
    let mixture = Mixture::new(map, defence.as_ref());
    let mut sums = Sums::new(whole.outputs, whole.cells());
    let done = evaluate(run, mixture, (&plan, first, length), &mut sums)?;
    sums.finish();
    let ranges = if done > 0 {
        vec![(first, first + done)]
    } else {
        Vec::new()
    };
    Ok(Partial {
        whole,
        notes: Vec::new(),
        shards: shard.of(),
        ranges,
        sums,
        threads: current_num_threads() as u64,
        microseconds: microseconds(run.watch.elapsed()),
        levels: vec![Level::active().name().to_owned()],
    })
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a time, positive and finite"
)]
fn microseconds(seconds: f64) -> u64 {
    (seconds * 1e6) as u64
}

/// The chunks `first..first + length`, until the run has to stop; returns how many were summed.
fn evaluate(
    run: &mut Run<'_>,
    mixture: Mixture<'_>,
    (plan, first, length): (&Plan, u64, u64),
    sums: &mut Sums,
) -> Result<u64> {
    let uniform = Identity::new(run.evaluator.dim());
    let observables = run.evaluator.observables();
    let (mut done, mut pieces) = (0, Vec::new());
    while done < length && run.stopped.is_none() {
        let chunks = first + done..first + length.min(done + STEP);
        let floors = sums.floors();
        let mut moments = Moments::default();
        let jobs = chunks.flat_map(|chunk| {
            let mut jobs = plan.jobs(chunk).peekable();
            from_fn(move || {
                let job = jobs.next()?;
                Some((job, jobs.peek().is_none()))
            })
        });
        run.jobs(
            Phase::Estimate,
            jobs,
            |(job, _)| job.block.n as u64,
            |evaluator, (job, _)| {
                let z = evaluator.latent(job.block);
                match job.from {
                    Source::Channel(channel) => mixture.draw(evaluator, channel, z),
                    Source::Uniform => evaluator.draw(&uniform, z),
                }
            },
            |evaluator, (job, _), e: Evaluated| Piece::new(evaluator, mixture, (job, &e), &floors),
            |(job, last), piece| {
                pieces.push(piece);
                // What is left of a chunk that was not completed does not count.
                if *last {
                    moments.merge_from(&sums.add(plan.batch(job.chunk), &pieces, observables));
                    pieces.clear();
                    done += 1;
                }
            },
        )?;
        run.step_with(Phase::Estimate, &moments, None);
    }
    Ok(done)
}

/// Looks at a chunk of points of the proposal: scales, a first mean, and what the estimate is known by.
fn probe(run: &mut Run<'_>, map: &dyn Map, points: u64) -> Result<Whole> {
    let mut seen = None;
    let at = (Purpose::Adapt, 0);
    run.points(
        Phase::Adapt,
        map,
        at,
        (0, CHUNK, CHUNK),
        |e| e,
        |e| seen = Some(e),
    )?;
    let e = seen.ok_or(Error::Stopped)?;
    let outputs = run.evaluator.outputs();
    let columns = e.columns();
    rescale(run, |o| columns[o].iter());
    let exponents = run.evaluator.exponents.clone();
    let finite = columns[0].iter().filter(|w| w.is_finite());
    let scaled: Vec<f64> = finite.map(|w| scale(*w, exponents[0])).collect();
    let pilot = Moments::from_slice(&scaled);
    run.step_with(Phase::Adapt, &pilot, None);
    let few = e.log_jac.iter().take(PROBE);
    let values = e.f.iter().take(PROBE * outputs);
    let settings = run.settings;
    let defended = settings.defence && flow_of(map).is_some();
    let defence = defended.then_some(Defence {
        tempered: None,
        level: pilot.mean,
    });
    // A debug print of plain data names every field.
    let text = format!("{:?} {:?}", run.evaluator.domain(), settings.non_finite);
    let key = text.bytes().fold(0, |all, byte| mix(all ^ u64::from(byte)));
    Ok(Whole {
        points,
        seed: settings.seed,
        dim: run.evaluator.dim(),
        outputs,
        key,
        method: Method::of_map(map),
        proposal: proposal(map, defence.as_ref()),
        adapted: is_adapted(map),
        defended,
        policy: settings.non_finite,
        exponents,
        probe: few.chain(values).copied().collect(),
        pilot,
        histograms: run
            .evaluator
            .observables()
            .iter()
            .map(Observable::binning)
            .collect(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    })
}
