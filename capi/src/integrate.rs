//! Runs with callbacks.

use std::ptr::null_mut;

use thalweg::{Outcome, Report, Sampler, Settings};

use crate::callback::{Callback, IntegrandDescription, Observer, Tools, serve};
use crate::handles::{ReportHandle, SamplerHandle, SettingsHandle};
use crate::memory::{Out, value};
use crate::settings::settings;
use crate::status::{Result, Status, guard};
use crate::table::Stored as _;

/// Where report and sampler of a run go.
pub(crate) struct Places {
    report: Out<ReportHandle>,
    sampler: Out<SamplerHandle>,
}

impl Places {
    /// Places, either of which may be null.
    ///
    /// # Safety
    /// What is not null may be written to.
    pub(crate) unsafe fn new(
        report: *mut ReportHandle,
        sampler: *mut SamplerHandle,
    ) -> Result<Self> {
        // SAFETY: as the caller vouches.
        unsafe {
            Ok(Self {
                report: Out::optional(report, ReportHandle::default(), "report")?,
                sampler: Out::optional(sampler, SamplerHandle::default(), "sampler")?,
            })
        }
    }

    /// Puts into the table what is wanted of an outcome.
    ///
    /// # Safety
    /// As of [`Self::new`].
    pub(crate) unsafe fn fill(&self, outcome: Outcome) -> Result {
        let mut report = ReportHandle::default();
        if self.report.is_wanted() {
            report.id = outcome.report.clone().insert()?;
        }
        if self.sampler.is_wanted() {
            let sampler = Sampler::from_outcome(outcome).insert();
            let id = sampler.inspect_err(|_| drop(Report::remove(report.id)))?;
            // SAFETY: as the caller vouches.
            unsafe { self.sampler.set(SamplerHandle { id }) };
        }
        // SAFETY: as the caller vouches.
        unsafe { self.report.set(report) };
        Ok(())
    }
}

/// What is at `observer`, which may be null.
unsafe fn watching<'a>(observer: *const Observer) -> Result<Option<&'a Observer>> {
    if observer.is_null() {
        return Ok(None);
    }
    // SAFETY: as the caller vouches.
    unsafe { value(observer, "observer") }.map(Some)
}

/// The same sampler once more: a run takes its map along.
pub(crate) fn copy(sampler: &Sampler) -> Result<Sampler> {
    Ok(Sampler::from_bytes(&sampler.to_bytes()?)?)
}

/// Integrates. `observer` may be null, as may `report` and `sampler`, the frozen proposal; where they
/// are not, they are 0 unless the status is ok. Observers that end a run and integrands that return
/// `THALWEG_END_RUN` leave a report whose verdict is interrupted.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn thalweg_integrate(
    settings: SettingsHandle,
    integrand: *const IntegrandDescription,
    observer: *const Observer,
    report: *mut ReportHandle,
    sampler: *mut SamplerHandle,
) -> Status {
    guard(|| {
        // SAFETY: the caller vouches for all of them.
        let (places, callback, observer) = unsafe {
            let places = Places::new(report, sampler)?;
            (places, Callback::read(integrand)?, watching(observer)?)
        };
        let integrator = callback.integrator(self::settings(settings)?)?;
        let run = move |mut tools: Tools| integrator.run(&*tools.integrand, &mut tools.watcher);
        let outcome = serve(&callback, observer, run)?;
        // SAFETY: as above.
        unsafe { places.fill(outcome) }
    })
}

/// Explores, adapts and trains, and spends nothing on an estimate but a small check of the sampler.
/// `start` (0 for none) is the sampler whose proposal is trained on. The rest is as in
/// `thalweg_integrate`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn thalweg_train(
    settings: SettingsHandle,
    integrand: *const IntegrandDescription,
    start: SamplerHandle,
    observer: *const Observer,
    report: *mut ReportHandle,
    sampler: *mut SamplerHandle,
) -> Status {
    guard(|| {
        // SAFETY: the caller vouches for all of them.
        let (places, callback, observer) = unsafe {
            let places = Places::new(report, sampler)?;
            (places, Callback::read(integrand)?, watching(observer)?)
        };
        let integrator = callback.integrator(self::settings(settings)?)?;
        let start = start.wanted()?;
        let outcome = serve(&callback, observer, move |mut tools| {
            let start = start.as_ref().map(|s| s.map());
            integrator.train(&*tools.integrand, start, &mut tools.watcher)
        })?;
        // SAFETY: as above.
        unsafe { places.fill(outcome) }
    })
}

/// Estimates with the proposal of `start` as it is: nothing is trained. `report` and `observer` may be
/// null. The ranges are those of the settings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn thalweg_estimate(
    settings: SettingsHandle,
    integrand: *const IntegrandDescription,
    start: SamplerHandle,
    observer: *const Observer,
    report: *mut ReportHandle,
) -> Status {
    guard(|| {
        // SAFETY: the caller vouches for all of them.
        let (places, callback, observer) = unsafe {
            let places = Places::new(report, null_mut())?;
            (places, Callback::read(integrand)?, watching(observer)?)
        };
        // Nothing is prepared, so the budget need not suffice for preparing.
        let settings = Settings {
            method: thalweg::Method::Plain,
            ..self::settings(settings)?
        };
        let integrator = callback.integrator(settings)?;
        let map = copy(&*Sampler::get(start.id)?)?.into_map();
        let outcome = serve(&callback, observer, move |mut tools| {
            let method = thalweg::Method::of_map(&*map);
            let outcome = integrator.estimate(&*tools.integrand, map, &mut tools.watcher);
            outcome.map(|mut outcome| {
                outcome.report.method = method;
                outcome
            })
        })?;
        // SAFETY: as above.
        unsafe { places.fill(outcome) }
    })
}
