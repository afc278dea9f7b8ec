//! Handles, each a structure of its own, so that a compiler tells them apart.

use std::sync::{Arc, Mutex};

use thalweg::{Report, Sampler, Settings};

use crate::run::Asking;
use crate::status::{Result, Status, guard};
use crate::table::Stored;
use crate::vegas_plus::ByHand;

/// What a run is asked to do.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SettingsHandle {
    /// 0 is none
    pub id: u64,
}

/// What a run found.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReportHandle {
    /// 0 is none
    pub id: u64,
}

/// A frozen proposal that points are drawn from.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SamplerHandle {
    /// 0 is none
    pub id: u64,
}

impl SamplerHandle {
    /// The sampler; none for no handle (0).
    pub(crate) fn wanted(self) -> Result<Option<Arc<Sampler>>> {
        match self.id {
            0 => Ok(None),
            id => Sampler::get(id).map(Some),
        }
    }
}

/// A run that is asked for points and told values.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RunHandle {
    /// 0 is none
    pub id: u64,
}

/// VEGAS+, iteration by iteration.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VegasHandle {
    /// 0 is none
    pub id: u64,
}

/// Takes an object out of the table; what still uses it keeps it until then.
fn free<T: Stored>(id: u64) -> Status {
    guard(|| T::remove(id).map(drop))
}

/// Frees settings; no handle (0) is no fault.
#[unsafe(no_mangle)]
pub extern "C" fn thalweg_settings_free(settings: SettingsHandle) -> Status {
    free::<Mutex<Settings>>(settings.id)
}

/// Frees a report; no handle (0) is no fault.
#[unsafe(no_mangle)]
pub extern "C" fn thalweg_report_free(report: ReportHandle) -> Status {
    free::<Report>(report.id)
}

/// Frees a sampler; no handle (0) is no fault.
#[unsafe(no_mangle)]
pub extern "C" fn thalweg_sampler_free(sampler: SamplerHandle) -> Status {
    free::<Sampler>(sampler.id)
}

/// Frees a run, and ends it where it goes on; no handle (0) is no fault.
#[unsafe(no_mangle)]
pub extern "C" fn thalweg_run_free(run: RunHandle) -> Status {
    free::<Mutex<Asking>>(run.id)
}

/// Frees what `thalweg_vegas_new` made; no handle (0) is no fault.
#[unsafe(no_mangle)]
pub extern "C" fn thalweg_vegas_free(vegas: VegasHandle) -> Status {
    free::<Mutex<ByHand>>(vegas.id)
}
