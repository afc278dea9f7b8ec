//! Chunks of a step: drawn, called, reduced and folded in order.
//!
//! Whether each chunk is called by itself, on any thread, or many of them together, one call at a time
//! ([`Integrand::batch`](crate::Integrand::batch)), changes no bit: what is folded and in which order
//! stays the same.

use rayon::iter::{
    IndexedParallelIterator as _, IntoParallelRefIterator as _, ParallelIterator as _,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{
    evaluator::{Evaluated, Evaluator},
    report::{Phase, StopReason},
    run::Run,
    watch::Stopping as _,
};
use crate::error::{Error, Result};
use crate::team::Fault;

/// Chunks that a process evaluates before their results are folded: so many that threads and processes, which
/// wait for the slowest of them at the end, do so seldom.
const WAVE: usize = 128;

/// What became of a job.
#[derive(Serialize, Deserialize)]
enum Given<T, E = Error> {
    Part(Result<T, E>),
    Up(StopReason),
}

impl<T, E> Given<T, E> {
    fn map_err<F: From<E>>(self) -> Given<T, F> {
        match self {
            Self::Part(part) => Given::Part(part.map_err(F::from)),
            Self::Up(reason) => Given::Up(reason),
        }
    }
}

impl Run<'_> {
    /// Does `jobs`, of `calls` calls each: draws points, calls the integrand there, reduces what came of
    /// it, in parallel and on all processes of the run, and hands the results to `fold` in order. An
    /// integrand that wants batches is called at the points of many jobs at once.
    /// Ends early, between two jobs, where the run has to stop; returns the number of calls of
    /// the jobs that were folded.
    pub(crate) fn jobs<J: Send + Sync, T: Send + Serialize + DeserializeOwned>(
        &mut self,
        phase: Phase,
        jobs: impl Iterator<Item = J>,
        calls: impl Fn(&J) -> u64 + Sync,
        draw: impl Fn(&Evaluator<'_>, &J) -> Evaluated + Sync,
        reduce: impl Fn(&Evaluator<'_>, &J, Evaluated) -> Result<T> + Sync,
        mut fold: impl FnMut(&J, T),
    ) -> Result<u64> {
        let mut jobs = jobs.fuse();
        let mut done = 0;
        while self.stopped.is_none() {
            let wave = self.wave(&mut jobs, &calls);
            if wave.is_empty() {
                break;
            }
            let mine = self.watch.crew().share_of(wave.len());
            let mine: Vec<&J> = mine.map(|i| &wave[i]).collect();
            let parts = if self.evaluator.batch().is_some() {
                self.together((phase, &mine), &draw, &reduce)
            } else {
                self.apart(&mine, &draw, &reduce)
            };
            for (job, part) in wave.iter().zip(self.of_all(parts)?) {
                let part = match part {
                    Given::Part(part) => part?,
                    // What lies behind a job that was given up does not count.
                    Given::Up(reason) => {
                        self.stopped = Some(reason);
                        break;
                    }
                };
                *self.calls.of(phase) += calls(job);
                done += calls(job);
                fold(job, part);
            }
            if self.stopped.is_none() {
                self.stopped = self.must_stop();
            }
        }
        self.book(phase);
        Ok(done)
    }

    /// The jobs that are done before their results are folded.
    fn wave<J>(&self, jobs: &mut impl Iterator<Item = J>, calls: impl Fn(&J) -> u64) -> Vec<J> {
        let size = self.watch.crew().size();
        let Some(wanted) = self.evaluator.batch() else {
            return jobs.take(WAVE * size).collect();
        };
        let wanted = wanted.max(1) * size as u64;
        let (mut wave, mut points) = (Vec::new(), 0);
        while points < wanted {
            let Some(job) = jobs.next() else {
                break;
            };
            points += calls(&job);
            wave.push(job);
        }
        wave
    }

    /// What became of the jobs of a wave, of those of this process.
    fn of_all<T: Serialize + DeserializeOwned>(
        &self,
        mine: Vec<Given<T>>,
    ) -> Result<Vec<Given<T>>> {
        if self.watch.crew().is_alone() {
            return Ok(mine);
        }
        let mine: Vec<Given<T, Fault>> = mine.into_iter().map(Given::map_err).collect();
        let all = self.exchange(mine)?.into_iter();
        Ok(all.map(Given::map_err).collect())
    }

    /// Each job with a call of its own, in parallel.
    fn apart<J: Sync, T: Send>(
        &self,
        wave: &[&J],
        draw: &(impl Fn(&Evaluator<'_>, &J) -> Evaluated + Sync),
        reduce: &(impl Fn(&Evaluator<'_>, &J, Evaluated) -> Result<T> + Sync),
    ) -> Vec<Given<T>> {
        let evaluator = &self.evaluator;
        let work = |job: &&J| {
            if let Some(reason) = self.watch.must_stop() {
                return Given::Up(reason);
            }
            let mut filled = evaluator.fill(vec![draw(evaluator, job)]);
            let e = filled.swap_remove(0);
            self.given(e.and_then(|e| reduce(evaluator, job, e)))
        };
        wave.par_iter().map(work).collect()
    }

    /// All jobs with one call, before and after which there is work in parallel; and one of each
    /// observable.
    fn together<J: Sync, T: Send>(
        &self,
        (phase, wave): (Phase, &[&J]),
        draw: &(impl Fn(&Evaluator<'_>, &J) -> Evaluated + Sync),
        reduce: &(impl Fn(&Evaluator<'_>, &J, Evaluated) -> Result<T> + Sync),
    ) -> Vec<Given<T>> {
        let evaluator = &self.evaluator;
        if wave.is_empty() {
            return Vec::new();
        }
        if let Some(reason) = self.watch.must_stop() {
            return vec![Given::Up(reason)];
        }
        let drawn = wave.par_iter().map(|job| draw(evaluator, job)).collect();
        let mut filled = evaluator.fill(drawn);
        if phase == Phase::Estimate {
            evaluator.place(&mut filled);
        }
        let pairs = wave.par_iter().zip(filled);
        let work = |(job, e): (&&J, Result<Evaluated>)| {
            self.given(e.and_then(|e| reduce(evaluator, job, e)))
        };
        pairs.map(work).collect()
    }

    /// What became of a job, unless it was not called.
    fn given<T>(&self, part: Result<T>) -> Given<T> {
        match part {
            Err(Error::Stopped) => {
                Given::Up(self.watch.must_stop().unwrap_or(StopReason::Interrupted))
            }
            part => Given::Part(part),
        }
    }
}
