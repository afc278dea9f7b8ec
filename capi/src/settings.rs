//! Settings: typed setters for what is set often, JSON for everything.

use std::ffi::{c_char, c_int};
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, from_str, from_value, to_string_pretty, to_value};
use thalweg::{CostClass, Domain, NonFinite, Settings};

use crate::handles::SettingsHandle;
use crate::memory::{self, MOST_AXES, Out};
use crate::status::{Failure, Result, Status, guard};
use crate::table::Stored as _;
use crate::text;

/// How to integrate.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// chosen among the others by pilot points
    Auto = 0,
    /// uniform points
    Plain = 1,
    /// points from an adapted VEGAS grid
    Vegas = 2,
    /// points from a trained flow
    Flow = 3,
}

/// How the points of the estimate are placed.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement {
    /// by the method
    Auto = 0,
    /// independent points
    Random = 1,
    /// randomised Sobol points
    Sobol = 2,
    /// strata with more points where the weights vary more; VEGAS only
    Strata = 3,
}

/// How dear a call of the integrand is.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cost {
    /// as measured, which the method auto depends on
    Measured = 0,
    /// below 2 microseconds
    Free = 1,
    /// up to 200 microseconds
    Cheap = 2,
    /// more
    Dear = 3,
}

/// Changes settings, and takes the change back where they were not valid with it.
fn change(settings: SettingsHandle, change: impl FnOnce(&mut Settings) -> Result) -> Status {
    guard(|| {
        let settings = <Mutex<Settings>>::get(settings.id)?;
        let mut settings = settings.lock().unwrap_or_else(PoisonError::into_inner);
        let mut changed = settings.clone();
        change(&mut changed)?;
        *settings = changed;
        Ok(())
    })
}

/// The settings of a run.
pub(crate) fn settings(settings: SettingsHandle) -> Result<Settings> {
    let settings = <Mutex<Settings>>::get(settings.id)?;
    Ok(settings
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone())
}

/// A positive number, or none where it is 0.
fn target(value: f64, name: &str) -> Result<Option<f64>> {
    if value == 0.0 {
        return Ok(None);
    }
    if value > 0.0 && value.is_finite() {
        return Ok(Some(value));
    }
    let text = format!("{name} is {value}; it must be positive and finite, or 0 for none");
    Err(Failure::argument(text))
}

fn unknown(name: &str, value: c_int) -> Failure {
    Failure::argument(format!("{value} is no {name}"))
}

/// Makes settings: the unit cube, method auto, relative error 1e-3, at most 10 million calls, seed 1,
/// one thread per core.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn thalweg_settings_new(settings: *mut SettingsHandle) -> Status {
    guard(|| {
        // SAFETY: the caller vouches for it.
        let out = unsafe { Out::new(settings, SettingsHandle::default(), "settings") }?;
        let id = Mutex::new(Settings::default()).insert()?;
        // SAFETY: the caller vouches for it.
        unsafe { out.set(SettingsHandle { id }) };
        Ok(())
    })
}

/// Sets the box to integrate over, `low[dim]` and `high[dim]`; either end may be infinite.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn thalweg_settings_set_ranges(
    settings: SettingsHandle,
    dim: usize,
    low: *const f64,
    high: *const f64,
) -> Status {
    change(settings, |settings| {
        if dim > MOST_AXES {
            let text = format!("{dim} axes are more than 65536");
            return Err(Failure::new(Status::TooLarge, text));
        }
        // SAFETY: the caller vouches for both.
        let (low, high) = unsafe {
            (
                memory::read(low, dim, "low")?,
                memory::read(high, dim, "high")?,
            )
        };
        let ranges: Vec<(f64, f64)> = low.iter().copied().zip(high.iter().copied()).collect();
        settings.domain = Some(Domain::new(&ranges)?);
        Ok(())
    })
}

/// Sets the method, a `thalweg_method`.
#[unsafe(no_mangle)]
pub extern "C" fn thalweg_settings_set_method(settings: SettingsHandle, method: c_int) -> Status {
    change(settings, |settings| {
        settings.method = match method {
            0 => thalweg::Method::Auto,
            1 => thalweg::Method::Plain,
            2 => thalweg::Method::Vegas,
            3 => thalweg::Method::Flow,
            other => return Err(unknown("method", other)),
        };
        Ok(())
    })
}

/// Sets how the points of the estimate are placed, a `thalweg_placement`.
#[unsafe(no_mangle)]
pub extern "C" fn thalweg_settings_set_placement(
    settings: SettingsHandle,
    placement: c_int,
) -> Status {
    change(settings, |settings| {
        settings.placement = match placement {
            0 => thalweg::Placement::Auto,
            1 => thalweg::Placement::Random,
            2 => thalweg::Placement::Sobol,
            3 => thalweg::Placement::Strata,
            other => return Err(unknown("placement", other)),
        };
        Ok(())
    })
}

/// Sets how dear a call of the integrand is, a `thalweg_cost`. With method auto the same seed gives the
/// same bits only if this is set.
#[unsafe(no_mangle)]
pub extern "C" fn thalweg_settings_set_cost(settings: SettingsHandle, cost: c_int) -> Status {
    change(settings, |settings| {
        settings.cost_class = match cost {
            0 => None,
            1 => Some(CostClass::Free),
            2 => Some(CostClass::Cheap),
            3 => Some(CostClass::Dear),
            other => return Err(unknown("cost", other)),
        };
        Ok(())
    })
}

/// Sets the seed: the same seed gives the same bits.
#[unsafe(no_mangle)]
pub extern "C" fn thalweg_settings_set_seed(settings: SettingsHandle, seed: u64) -> Status {
    change(settings, |settings| {
        settings.seed = seed;
        Ok(())
    })
}

/// Sets the one-sigma error divided by |value| to reach (first output); 0 for none.
#[unsafe(no_mangle)]
pub extern "C" fn thalweg_settings_set_rel_error(
    settings: SettingsHandle,
    rel_error: f64,
) -> Status {
    change(settings, |settings| {
        settings.stop.rel_error = target(rel_error, "rel_error")?;
        Ok(())
    })
}

/// Sets the one-sigma error to reach (first output); 0 for none. Without any error the calls are spent.
#[unsafe(no_mangle)]
pub extern "C" fn thalweg_settings_set_abs_error(
    settings: SettingsHandle,
    abs_error: f64,
) -> Status {
    change(settings, |settings| {
        settings.stop.abs_error = target(abs_error, "abs_error")?;
        Ok(())
    })
}

/// Sets the most points at which the integrand is called. Plain needs 128, vegas and auto 512, flow 8192.
#[unsafe(no_mangle)]
pub extern "C" fn thalweg_settings_set_max_calls(
    settings: SettingsHandle,
    max_calls: u64,
) -> Status {
    change(settings, |settings| {
        settings.stop.max_calls = max_calls;
        Ok(())
    })
}

/// Sets the time after which a run ends with what there is; 0 for none.
#[unsafe(no_mangle)]
pub extern "C" fn thalweg_settings_set_max_seconds(
    settings: SettingsHandle,
    max_seconds: f64,
) -> Status {
    change(settings, |settings| {
        settings.stop.max_seconds = target(max_seconds, "max_seconds")?;
        Ok(())
    })
}

/// Sets the number of threads of thalweg, 0 for one per core. No bit depends on it.
#[unsafe(no_mangle)]
pub extern "C" fn thalweg_settings_set_threads(settings: SettingsHandle, threads: usize) -> Status {
    change(settings, |settings| {
        if threads > 4096 {
            let text = format!("threads is {threads}; it must be 0 to 4096");
            return Err(Failure::argument(text));
        }
        settings.threads = Some(threads).filter(|n| *n > 0);
        Ok(())
    })
}

/// Sets whether (not 0) the covariance of several outputs is computed.
#[unsafe(no_mangle)]
pub extern "C" fn thalweg_settings_set_covariance(
    settings: SettingsHandle,
    covariance: c_int,
) -> Status {
    change(settings, |settings| {
        settings.covariance = covariance != 0;
        Ok(())
    })
}

/// Lets NaN and infinities count as zero, for at most that share of all calls (0 to 1); 0, as it is
/// from the beginning, ends the run at the first.
#[unsafe(no_mangle)]
pub extern "C" fn thalweg_settings_set_non_finite_share(
    settings: SettingsHandle,
    max_share: f64,
) -> Status {
    change(settings, |settings| {
        if !(0.0..=1.0).contains(&max_share) {
            let text = format!("max_share is {max_share}; it must be 0 to 1");
            return Err(Failure::argument(text));
        }
        settings.non_finite = if max_share == 0.0 {
            NonFinite::Fail
        } else {
            NonFinite::CountAsZero { max_share }
        };
        Ok(())
    })
}

/// Sets whatever a JSON object names, such as `{"flow": {"bins": 16}, "stop": {"max_calls": 1000000}}`;
/// all names and values are those that `thalweg_settings_json` writes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn thalweg_settings_merge_json(
    settings: SettingsHandle,
    json: *const c_char,
) -> Status {
    change(settings, |settings| {
        // SAFETY: the caller vouches for it.
        let text = unsafe { text::read(json, "json") }?;
        let form = |e: serde_json::Error| Failure::new(Status::InvalidText, e.to_string());
        let wanted: Value = from_str(text).map_err(form)?;
        if !wanted.is_object() {
            return Err(Failure::new(Status::InvalidText, "json is not an object"));
        }
        let mut all = to_value(&*settings).map_err(form)?;
        merge(&mut all, wanted, "")?;
        let changed: Settings = from_value(all).map_err(form)?;
        if let Some(domain) = &changed.domain {
            // What was read is not yet checked.
            Domain::new(domain.ranges())?;
        }
        *settings = changed;
        Ok(())
    })
}

/// Puts what `wanted` names into `all`; names that are not there are refused.
fn merge(all: &mut Value, wanted: Value, path: &str) -> Result {
    match (all, wanted) {
        (Value::Object(all), Value::Object(wanted)) => {
            for (name, value) in wanted {
                let path = format!("{path}/{name}");
                let unknown = || Failure::argument(format!("there is no setting {path}"));
                merge(all.get_mut(&name).ok_or_else(unknown)?, value, &path)?;
            }
        }
        (place, value) => *place = value,
    }
    Ok(())
}

/// Writes all settings as JSON; `length`, which may be null, is that of the text. A null buffer of
/// capacity 0 asks for the length.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn thalweg_settings_json(
    settings: SettingsHandle,
    buffer: *mut c_char,
    capacity: usize,
    length: *mut usize,
) -> Status {
    guard(|| {
        let settings = self::settings(settings)?;
        let form = |e: serde_json::Error| Failure::new(Status::Panic, e.to_string());
        let json = to_string_pretty(&settings).map_err(form)?;
        // SAFETY: the caller vouches for them.
        unsafe { text::write(&json, (buffer, capacity), length) }
    })
}
