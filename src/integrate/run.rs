//! The state of a run that all methods share: evaluator, clock, counters, observer.

use std::time::Instant;

use serde::{Serialize, de::DeserializeOwned};

use super::{
    checkpoint::{Keeper, Saved, proposal_key},
    estimate,
    evaluator::{Block, Evaluated, Evaluator},
    observer::{Control, Progress},
    peaks::Peak,
    report::{Iteration, PerPhase, Phase, StopReason},
    settings::Settings,
    watch::Watch,
};
use crate::error::{Error, Result};
use crate::map::Map;
use crate::rng::Purpose;
use crate::stats::Moments;

pub(crate) struct Run<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) evaluator: Evaluator<'a>,
    pub(crate) watch: &'a Watch<'a>,
    pub(crate) keeper: Option<&'a Keeper<'a>>,
    pub(crate) iterations: Vec<Iteration>,
    pub(crate) calls: PerPhase<u64>,
    pub(crate) seconds: PerPhase<f64>,
    pub(crate) warnings: Vec<String>,
    /// why the run has to end, once it has to
    pub(crate) stopped: Option<StopReason>,
    /// the seed of this run's numbers
    pub(crate) seed: u64,
    /// calls before this run: of a search for the level of ln f, and of runs that were given up
    pub(crate) earlier: u64,
    /// peaks that the search for the level has found, with ln(f |dy/dx|) as their height
    pub(crate) peaks: Vec<Peak>,
    /// distinct uniform points that were looked at
    pub(crate) uniform_points: u64,
    /// calls that are kept for uniform points after the estimate
    pub(crate) reserved: u64,
    /// iterations of adapting so far: each draws numbers of its own
    pub(crate) adaptations: u64,
    phase_start: Instant,
}

impl<'a> Run<'a> {
    pub(crate) fn new(
        settings: &'a Settings,
        evaluator: Evaluator<'a>,
        watch: &'a Watch<'a>,
        keeper: Option<&'a Keeper<'a>>,
        seed: u64,
    ) -> Self {
        Self {
            settings,
            evaluator: evaluator.watched(watch, keeper),
            watch,
            keeper,
            iterations: Vec::new(),
            calls: PerPhase::default(),
            seconds: PerPhase::default(),
            warnings: Vec::new(),
            stopped: None,
            seed,
            earlier: 0,
            peaks: Vec::new(),
            uniform_points: 0,
            reserved: 0,
            adaptations: 0,
            phase_start: Instant::now(),
        }
    }

    /// The same after another run of the same integrand, which counts as exploring. What that has called and
    /// not booked because it was given up is booked here.
    pub(crate) fn after(self, other: &Run<'_>) -> Self {
        let (earlier, seconds) = (other.evaluator.calls(), other.seconds.total());
        self.evaluator
            .set_counts(earlier, other.evaluator.non_finite());
        Self {
            earlier,
            calls: PerPhase {
                explore: earlier,
                ..PerPhase::default()
            },
            seconds: PerPhase {
                explore: seconds,
                ..PerPhase::default()
            },
            ..self
        }
    }

    /// The peaks known from before the run, in its scale.
    pub(crate) fn peaks_in_scale(&self) -> Vec<Peak> {
        let in_scale = |peak: &Peak| Peak {
            log_f: self.evaluator.in_scale(peak.log_f),
            ..peak.clone()
        };
        self.peaks.iter().map(in_scale).collect()
    }

    /// Uniform points of the run itself, while there was nothing else.
    pub(crate) fn explored(&self) -> u64 {
        self.calls.explore - self.earlier
    }

    /// Calls that the budget still allows.
    pub(crate) fn calls_left(&self) -> u64 {
        self.settings
            .stop
            .max_calls
            .saturating_sub(self.calls.total() + self.reserved)
    }

    /// Books the time since the last booking on `phase`.
    pub(crate) fn book(&mut self, phase: Phase) {
        let now = Instant::now();
        *self.seconds.of(phase) += (now - self.phase_start).as_secs_f64();
        self.phase_start = now;
    }

    /// Why the run must stop now, if it must.
    pub(crate) fn must_stop(&self) -> Option<StopReason> {
        self.watch.agreed()
    }

    /// Ends the run where a call of the integrand was not made.
    pub(crate) fn give_up(&mut self) {
        self.stopped = self.must_stop().or(Some(StopReason::Interrupted));
    }

    /// Calls that the time left allows at the rate so far; `None` without a limit.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a number of calls, positive"
    )]
    pub(crate) fn calls_in_time(&self) -> Option<u64> {
        let rate = self.calls.total() as f64 / self.watch.elapsed();
        let calls = (rate * self.watch.seconds_left()?) as u64;
        // What cannot be told is told at the next exchange.
        Some(self.watch.crew().of_first(|| Ok(calls)).unwrap_or(calls))
    }

    /// Divides the first output by 2^`steps` from now on.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "an exponent of a finite number"
    )]
    pub(crate) fn rescale(&mut self, steps: f64) {
        let exponent = self.evaluator.exponents[0];
        self.evaluator.set_exponent(0, exponent - steps as i32);
    }

    /// Ends the making of the proposal: the rest of the time is the estimate's.
    pub(crate) fn freeze(&mut self, map: &dyn Map) {
        self.watch.freeze();
        if let Some(keeper) = self.keeper {
            let numbers = (&self.evaluator.exponents[..], self.calls.training());
            keeper.freeze(proposal_key(map, numbers));
        }
        self.look_again();
    }

    /// Keeps a `share` of the calls and of the time left for what comes after the estimate.
    pub(crate) fn reserve(&mut self, (calls, share): (u64, f64)) {
        self.reserved = calls;
        self.watch.reserve(share);
    }

    /// Hands out what was kept for after the estimate.
    pub(crate) fn release(&mut self) {
        self.reserved = 0;
        self.watch.release();
        self.look_again();
    }

    /// There is more time than before.
    fn look_again(&mut self) {
        if self.stopped == Some(StopReason::Seconds) {
            self.ask_all();
            self.stopped = self.must_stop();
        }
    }

    /// Evaluates `n` points of a sequence from `first` on, in chunks of `chunk` points in
    /// parallel, and hands the reduced chunks to `fold` in order. Ends early, at a chunk's border, where the
    /// run has to stop; returns the number of points folded.
    pub(crate) fn points<T: Send + Serialize + DeserializeOwned>(
        &mut self,
        phase: Phase,
        map: &dyn Map,
        (purpose, iteration): (Purpose, u64),
        (first, n, chunk): (u64, u64, u64),
        reduce: impl Fn(Evaluated) -> T + Sync,
        mut fold: impl FnMut(T),
    ) -> Result<u64> {
        let blocks = (0..n.div_ceil(chunk)).map(|c| {
            let size = chunk.min(n - c * chunk);
            Block {
                purpose,
                iteration,
                first: first + c * chunk,
                n: usize::try_from(size).unwrap_or(usize::MAX),
            }
        });
        self.jobs(
            phase,
            blocks,
            |block| block.n as u64,
            |evaluator, block| evaluator.draw(map, evaluator.latent(*block)),
            |_, _, e| Ok(reduce(e)),
            |_, part| fold(part),
        )
    }

    /// Keeps the sums of the estimate after a finished step, where anything is kept.
    pub(crate) fn keep(&self, progress: impl FnOnce() -> estimate::Progress) {
        let Some(keeper) = self.keeper.filter(|_| self.stopped.is_none()) else {
            return;
        };
        let steps = self.iterations.iter();
        let steps = steps.filter(|i| i.phase == Phase::Estimate);
        keeper.keep(Saved {
            progress: progress(),
            proposal: keeper.proposal(),
            calls: self.calls.estimate,
            iterations: steps.copied().collect(),
            all_calls: self.evaluator.calls(),
            non_finite: self.evaluator.non_finite(),
        });
    }

    /// The sums of the estimate as an earlier process left them, if the proposal has become the same
    /// again; its calls count.
    ///
    /// # Errors
    /// [`Error::OtherRun`] for numbers that no such run can have.
    pub(crate) fn resume(&mut self) -> Result<Option<estimate::Progress>> {
        let saved = self.keeper.and_then(Keeper::resumed);
        let Some(saved) = saved.filter(|_| self.stopped.is_none()) else {
            return Ok(None);
        };
        let most = self.settings.stop.max_calls;
        // A file may hold anything.
        let all = saved.all_calls.max(saved.non_finite);
        if saved.calls > most || all > most.saturating_mul(2) {
            return Err(Error::damaged());
        }
        self.calls.estimate = saved.calls;
        self.iterations.extend(saved.iterations);
        let counts = [saved.all_calls, saved.non_finite];
        // Each process counts its own ones.
        let (mine, others) = if self.watch.crew().rank() == 0 {
            (counts, [0; 2])
        } else {
            ([0; 2], counts)
        };
        self.evaluator.set_counts(mine[0], mine[1]);
        self.evaluator.set_elsewhere(others);
        Ok(Some(saved.progress))
    }

    /// Records a step and asks the observer.
    pub(crate) fn step(&mut self, iteration: Iteration) {
        self.iterations.push(iteration);
        let progress = Progress {
            iteration: &iteration,
            calls: self.calls,
            max_calls: self.settings.stop.max_calls,
        };
        if self.watch.step(&progress) == Control::Stop && self.stopped.is_none() {
            self.stopped = self.watch.insist();
        }
    }

    /// Records a step that is described by the moments of its weights.
    pub(crate) fn step_with(&mut self, phase: Phase, moments: &Moments, beta: Option<f64>) {
        let unscale = |v| self.evaluator.unscale(v);
        self.step(Iteration {
            phase,
            calls: moments.calls,
            value: unscale(moments.mean),
            error: unscale(moments.error()),
            rel_std: moments.rel_std(),
            beta,
        });
    }

    /// Records a step by its scaled value with its error, and the spread of its weights.
    pub(crate) fn step_scaled(
        &mut self,
        phase: Phase,
        calls: u64,
        (value, error): (f64, f64),
        rel_std: f64,
    ) {
        let unscale = |v| self.evaluator.unscale(v);
        self.step(Iteration {
            phase,
            calls,
            value: unscale(value),
            error: unscale(error),
            rel_std,
            beta: None,
        });
    }

    /// Relative error to reach for a value of `mean` (scaled); `None` without a target.
    pub(crate) fn target(&self, mean: f64) -> Option<f64> {
        let value = self.evaluator.unscale(mean);
        self.settings.stop.relative_target(value)
    }
}
