//! ln Z of an f that is known by its logarithm, as a likelihood is, whatever the size of f.
//!
//! With a level L near the largest ln(f |dy/dx|), Z = e^L I where I = int exp(ln f - L) is an integral like any
//! other, so ln Z = L + ln I. The level is looked for before the run (`level`); the run sees exp(ln f - L), which
//! falls more slowly far below (`shift`). A point far above the level ends the run: climbs from there give
//! a new level, and the run begins anew, with the same random numbers as if that level had been known.
//!
//! Evidences are integrals of this kind: J. Skilling, Bayesian Anal. 1 (2006) 833; F. Feroz, M. P. Hobson,
//! MNRAS 384 (2008) 449 (arXiv:0704.3704).
//!
//! Weaknesses: the level is found as peaks are; ln f - L has the absolute rounding of ln f; a peak whose part of
//! the unit cube is not far above e^-200 is told to be unreliable.

mod level;
mod report;
mod shift;

use super::{
    Checkpoints, Goal, Idle, Integrator, Keeper, Observer, Outcome, Report, Run, Settings, Silent,
    Status, Stop, Watch, execute, pool, unkept,
};
use crate::error::{Error, Result, check};
use crate::integrand::{Domain, Integrand};
use crate::map::Map;
use crate::team::Crew;
use shift::FLOOR;

pub use report::LogReport;
pub(crate) use shift::Shift;

/// Runs that may be given up.
const RESTARTS: u32 = 3;
/// Largest relative error of an integral whose logarithm has an error that means something.
const LARGEST: f64 = 0.25;
/// Part of the error, and of the value, that slowly falling values may add to the integral.
const HARMLESS: f64 = 0.01;
const ROUNDING: f64 = 1e-13;

/// A finished run of ln f.
#[derive(Debug)]
pub struct LogOutcome {
    /// what was found
    pub report: LogReport,
    /// the frozen proposal on the unit cube
    pub map: Box<dyn Map>,
    /// the domain that the unit cube was mapped to, with what was learned of its discrete coordinates
    pub domain: Domain,
}

impl Integrator {
    /// ln of the integral of f, given ln f: the one output of `log_f`. Neither f nor its integral need be
    /// numbers that a double can hold.
    ///
    /// ln f is minus infinity where f is 0. NaN and plus infinity meet the run's policy
    /// ([`NonFinite`](super::NonFinite)), as those of any integrand. A relative error asked for is one of Z, and
    /// an absolute one is one of ln Z, which is the same; the larger of both counts. The level that is taken
    /// off ln f is looked for with at most an eighth of the calls.
    ///
    /// ```
    /// use thalweg::{Integrator, Settings, Stop, from_fn};
    ///
    /// // f = exp(-5000 - 50 (x - 1/2)^2 - 50 (y - 1/2)^2) is 0 as a double.
    /// let log_f = from_fn(2, |x| {
    ///     -5000.0 - 50.0 * x.iter().map(|x| (x - 0.5).powi(2)).sum::<f64>()
    /// });
    /// let settings = Settings { stop: Stop::rel_error(1e-2), ..Settings::default() };
    /// let found = Integrator::new(settings)?.integrate_log(&log_f)?;
    /// let exact = -5000.0 + (std::f64::consts::PI / 50.0).ln() - 1.1e-6;
    /// assert!((found.log_z - exact).abs() < 5.0 * found.error);
    /// # Ok::<(), thalweg::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Integrator::integrate`]; [`Error::NoLevel`] where ln f is minus infinity at all points that look for
    /// the level, [`Error::AboveLevel`] where ln f is far above it after three restarts or without calls for
    /// another one, [`Error::NoLogarithm`] where the estimate is not positive, as after an early interruption.
    pub fn integrate_log(&self, log_f: &dyn Integrand) -> Result<LogReport> {
        Ok(self.run_log(log_f, &mut Silent, None)?.report)
    }

    /// As [`Integrator::integrate_log`], keeping the frozen proposal; `observer` watches, and the run is kept
    /// as by [`Integrator::run_kept`] where there are `checkpoints`. A team does not share it: each process makes
    /// the whole run.
    ///
    /// # Errors
    /// As [`Integrator::integrate_log`] and [`Integrator::run_kept`].
    pub fn run_log(
        &self,
        log_f: &dyn Integrand,
        observer: &mut dyn Observer,
        checkpoints: Option<Checkpoints<'_>>,
    ) -> Result<LogOutcome> {
        let outputs = log_f.outputs();
        let name = "the number of outputs of ln f";
        check(outputs == 1, name, outputs as f64, "1")?;
        let this = Self {
            settings: of_log(&self.settings),
            observables: self.observables.clone(),
            team: None,
        };
        let settings = &this.settings;
        let evaluator = this.evaluator(log_f, settings.seed)?;
        let pool = pool(settings.threads)?;
        let (alone, mut idle) = (Crew::default(), Idle);
        let keeper = this.keeper(&evaluator, (None, true), checkpoints, (&alone, &mut idle))?;
        let keeper = keeper.as_ref();
        let replaying = keeper.is_some_and(Keeper::is_resumed);
        let watch = Watch::new(observer, settings.stop.max_seconds, replaying);
        let attempts = Attempts {
            integrator: &this,
            log_f,
            watch: &watch,
            keeper,
        };
        let outcome = pool.install(|| attempts.make());
        let warning = unkept(keeper);
        let (outcome, level, restarts) = outcome?;
        let Outcome {
            mut report,
            map,
            domain,
        } = outcome;
        report.warnings.extend(warning);
        Ok(LogOutcome {
            report: told(report, level, restarts)?,
            map,
            domain,
        })
    }
}

/// Runs that follow each other until one is not given up.
struct Attempts<'a> {
    integrator: &'a Integrator,
    log_f: &'a dyn Integrand,
    watch: &'a Watch<'a>,
    keeper: Option<&'a Keeper<'a>>,
}

impl<'a> Attempts<'a> {
    /// A run that makes this of ln f.
    fn run(&self, shift: Shift) -> Result<Run<'a>> {
        let settings = &self.integrator.settings;
        let evaluator = self.integrator.evaluator(self.log_f, settings.seed)?;
        let evaluator = evaluator.of_log(shift);
        let (watch, keeper) = (self.watch, self.keeper);
        Ok(Run::new(settings, evaluator, watch, keeper, settings.seed))
    }

    /// What the last run has found, its level, and how many were given up.
    fn make(&self) -> Result<(Outcome, f64, u32)> {
        let mut last = self.run(Shift::Raw)?;
        let mut found = level::find(&mut last)?;
        let mut restarts = 0;
        loop {
            let shift = Shift::to_level(found.level, found.lowest);
            let mut run = self.run(shift)?.after(&last);
            run.peaks.clone_from(&found.peaks);
            let (log_f, point) = match execute(&mut run, None, Goal::Integrate) {
                Err(Error::AboveLevel { log_f, point, .. }) if self.may_restart(&run, restarts) => {
                    (log_f, point)
                }
                outcome => return Ok((outcome?, found.level, restarts)),
            };
            restarts += 1;
            self.watch.thaw();
            if let Some(keeper) = self.keeper {
                keeper.thaw();
            }
            last = self.run(Shift::Raw)?.after(&run);
            let mut x = point;
            last.evaluator.domain().to_unit(&mut x);
            let most = last.calls.total() + level::most(&last);
            found.level = log_f;
            found.climb(&mut last, &[x], (1.0, most))?;
            found.climb_on(&mut last, most)?;
        }
    }

    /// Whether there may be another run, and calls for it.
    fn may_restart(&self, run: &Run<'_>, restarts: u32) -> bool {
        let settings = &self.integrator.settings;
        let left = settings
            .stop
            .max_calls
            .saturating_sub(run.evaluator.calls());
        restarts < RESTARTS && left / 2 >= settings.minimum_calls()
    }
}

/// Settings of a run whose value is e^level times smaller: an error of ln Z is a relative one of Z.
fn of_log(settings: &Settings) -> Settings {
    let Stop {
        rel_error,
        abs_error,
        max_calls,
        max_seconds,
    } = settings.stop;
    let target = match (rel_error, abs_error) {
        (Some(a), Some(b)) => Some(a.max(b)),
        (a, b) => a.or(b),
    };
    Settings {
        stop: Stop {
            rel_error: target,
            abs_error: None,
            max_calls,
            max_seconds,
        },
        ..settings.clone()
    }
}

/// ln Z of the integral that `report` tells of.
fn told(mut report: Report, level: f64, restarts: u32) -> Result<LogReport> {
    let (value, error) = (report.estimate.value, report.estimate.error);
    if !(value > 0.0 && value.is_finite() && error.is_finite()) {
        return Err(Error::NoLogarithm {
            value,
            error,
            level,
        });
    }
    let relative = error / value;
    let mut reasons = Vec::new();
    if relative > LARGEST {
        reasons.push(format!(
            "the relative error of Z is {relative:.2}: up to 1/4 it is the error of ln Z as well"
        ));
    }
    if FLOOR > (HARMLESS * error).max(ROUNDING * value).ln() {
        reasons.push(format!(
            "values of f below e^{FLOOR} of its largest one, which are not exact, may matter beside an \
             integral of e^{:.0} times the largest value; a smaller range would help",
            value.ln()
        ));
    }
    if !reasons.is_empty() && report.status != Status::Interrupted {
        report.status = Status::Unreliable;
    }
    report.reasons.extend(reasons);
    Ok(LogReport {
        log_z: level + value.ln(),
        error: relative,
        level,
        restarts,
        report,
    })
}
