//! Weighted and unweighted events.

use std::sync::Arc;

use thalweg::{Events, MaxWeight, Sampler, Unweighted, Unweighting as How};

use crate::callback::{Callback, IntegrandDescription, Tools, serve};
use crate::handles::SamplerHandle;
use crate::memory::{Out, Room, numbers, value};
use crate::pool::fresh;
use crate::sampler::{check_dim, check_range, parts};
use crate::status::{Failure, Result, Status, guard};
use crate::table::Stored as _;

/// Events that are weighed in one go.
const TOGETHER: usize = 1 << 20;
/// Most trial draws that fix the maximum.
const MOST_TRIALS: u64 = 1 << 26;

/// How to unweight; 0 stands for the default.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Unweighting {
    /// weights above the maximum carry at most the share 1 - quantile of all: .999 by default; 1 takes
    /// the largest weight of all draws, those of the events included, so that no event's is above 1
    pub quantile: f64,
    /// trial draws that fix the maximum, 20000 by default
    pub trials: u64,
    /// most trial draws per event before giving up, 100000 by default
    pub max_trials_per_event: u64,
    /// r in (0, 1], 1 by default: with less, events of a weight above r times the maximum are all kept,
    /// with weights from 1 to 1/r
    pub partial: f64,
}

/// How unweighted events came about.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct UnweightingResult {
    /// what weights were compared with: the maximum times `partial`
    pub max_weight: f64,
    /// events divided by trials
    pub efficiency: f64,
    /// share of the events with a weight above 1
    pub overweight_fraction: f64,
    /// the integral, from the draws that fixed the maximum
    pub value: f64,
    /// its one-sigma error
    pub error: f64,
    /// trial draws up to the last event
    pub trials: u64,
    /// calls of the integrand, all of them
    pub calls: u64,
    /// the integral, from all draws
    pub pooled_value: f64,
    /// its one-sigma error
    pub pooled_error: f64,
    /// the integral of |f|, from all draws: times weight/mean |weight| it makes weights whose mean is
    /// the integral
    pub absolute_value: f64,
    /// its one-sigma error
    pub absolute_error: f64,
    /// mean weight over the largest weight of the draws that fixed the maximum
    pub efficiency_by_max: f64,
    /// the same over the median of the largest weights of replicas, each a tenth of these draws
    pub efficiency_by_bootstrap_median: f64,
    /// the same over the weight above which 0.1 % of the total lies
    pub efficiency_by_quantile: f64,
    /// share of the weight of all trials above `max_weight`: as much as the overweights carry
    pub overweight_share: f64,
    /// the largest weight of the trials over `max_weight`
    pub overweight_reach: f64,
    /// share f of negative weights in the sum of |weight| over the trials
    pub negative_fraction: f64,
    /// (1 - 2f)^2: as many positive events would tell as much
    pub negative_efficiency: f64,
}

impl From<&Unweighted> for UnweightingResult {
    fn from(made: &Unweighted) -> Self {
        let report = &made.report;
        Self {
            max_weight: report.max_weight,
            efficiency: report.efficiency,
            overweight_fraction: report.overweight_fraction,
            value: made.integral.value,
            error: made.integral.error,
            trials: made.trials,
            calls: made.calls,
            pooled_value: made.pooled.value,
            pooled_error: made.pooled.error,
            absolute_value: made.absolute.value,
            absolute_error: made.absolute.error,
            efficiency_by_max: report.efficiencies.by_max,
            efficiency_by_bootstrap_median: report.efficiencies.by_bootstrap_median,
            efficiency_by_quantile: report.efficiencies.by_quantile,
            overweight_share: report.overweight_share,
            overweight_reach: report.overweight_reach,
            negative_fraction: report.negative_fraction,
            negative_efficiency: report.negative_efficiency,
        }
    }
}

/// Where events go.
struct Places {
    points: Room<f64>,
    weights: Room<f64>,
}

impl Places {
    fn new(points: *mut f64, weights: *mut f64, n: usize, dim: usize) -> Result<Self> {
        Ok(Self {
            points: Room::new(points, numbers(n, dim)?, "points")?,
            weights: Room::new(weights, n, "weights")?,
        })
    }

    /// # Safety
    /// Both may be written to.
    unsafe fn write(&self, at: usize, events: &Events) {
        // SAFETY: as the caller vouches.
        unsafe {
            self.points.write(at * events.dim, &events.points);
            self.weights.write(at, &events.weights);
        }
    }
}

/// Draws the points `first` to `first + n - 1` of a seed, `points[n * dim]`, the same as
/// `thalweg_sampler_draw`, and weighs them with the first output of `integrand`: `weights[n]`, f divided by
/// the density, whose mean is the integral.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn thalweg_sampler_weighted(
    sampler: SamplerHandle,
    integrand: *const IntegrandDescription,
    n: usize,
    seed: u64,
    first: u64,
    points: *mut f64,
    weights: *mut f64,
) -> Status {
    guard(|| {
        let sampler = Sampler::get(sampler.id)?;
        // SAFETY: the caller vouches for it.
        let callback = unsafe { Callback::read(integrand) }?;
        check_dim(&sampler, callback.dim())?;
        check_range(n, first)?;
        let places = Places::new(points, weights, n, sampler.dim())?;
        for (at, n) in parts(n, TOGETHER) {
            let (sampler, pool) = (Arc::clone(&sampler), fresh()?);
            let events = serve(&callback, None, move |Tools { integrand, .. }| {
                pool.install(|| sampler.weighted(&*integrand, n, seed, first + at as u64))
            })?;
            // SAFETY: as above.
            unsafe { places.write(at, &events) };
        }
        Ok(())
    })
}

/// Draws `n` unweighted events of a seed, `points[n * dim]`, with the first output of `integrand`.
/// Their `weights[n]` are 1, or more where a weight was above the maximum, and negative where f is. `how`
/// and `result` may be null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn thalweg_sampler_unweighted(
    sampler: SamplerHandle,
    integrand: *const IntegrandDescription,
    n: usize,
    seed: u64,
    how: *const Unweighting,
    points: *mut f64,
    weights: *mut f64,
    result: *mut UnweightingResult,
) -> Status {
    guard(|| {
        // SAFETY: the caller vouches for it.
        let result = unsafe { Out::optional(result, UnweightingResult::default(), "result") }?;
        let sampler = Sampler::get(sampler.id)?;
        // SAFETY: as above.
        let callback = unsafe { Callback::read(integrand) }?;
        check_dim(&sampler, callback.dim())?;
        let how = if how.is_null() {
            How::default()
        } else {
            // SAFETY: as above.
            checked(unsafe { value(how, "how") }?)?
        };
        let places = Places::new(points, weights, n, sampler.dim())?;
        possible(numbers(n, sampler.dim() + 1)?)?;
        let pool = fresh()?;
        let made = serve(&callback, None, move |Tools { integrand, .. }| {
            pool.install(|| sampler.unweighted(&*integrand, n, seed, &how))
        })?;
        // SAFETY: as above.
        unsafe {
            places.write(0, &made.events);
            result.set(UnweightingResult::from(&made));
        }
        Ok(())
    })
}

/// Refuses so many numbers where there is no memory for them.
fn possible(numbers: usize) -> Result {
    let refused = |_| {
        let text = format!("there is no memory for {numbers} numbers");
        Failure::new(Status::TooLarge, text)
    };
    Vec::<f64>::new()
        .try_reserve_exact(numbers)
        .map_err(refused)
}

fn checked(how: &Unweighting) -> Result<How> {
    let default = How::default();
    let quantile = how.quantile;
    if !(0.0..=1.0).contains(&quantile) {
        let text = format!("how.quantile is {quantile}; it must be above 0 and at most 1, or 0");
        return Err(Failure::argument(text));
    }
    let partial = how.partial;
    if !(0.0..=1.0).contains(&partial) {
        let text = format!("how.partial is {partial}; it must be above 0 and at most 1, or 0");
        return Err(Failure::argument(text));
    }
    if how.trials > MOST_TRIALS {
        let text = format!("how.trials is {}; it must be at most 2^26", how.trials);
        return Err(Failure::new(Status::TooLarge, text));
    }
    let or = |value: u64, default| if value == 0 { default } else { value };
    Ok(How {
        max_weight: if quantile >= 1.0 {
            MaxWeight::Max
        } else if quantile > 0.0 {
            MaxWeight::Quantile(quantile)
        } else {
            default.max_weight
        },
        trials: or(how.trials, default.trials),
        max_trials_per_event: or(how.max_trials_per_event, default.max_trials_per_event),
        partial: if partial > 0.0 {
            partial
        } else {
            default.partial
        },
        ..default
    })
}
