//! What a run found, as plain numbers and texts.

use std::ffi::{c_char, c_int};
use std::slice::from_raw_parts;

use thalweg::integrate::Output;
use thalweg::{Report, Status as Trust};

use crate::handles::ReportHandle;
use crate::memory::Room;
use crate::status::{Failure, Result, Status, guard};
use crate::table::Stored as _;
use crate::text;

/// How far a result may be trusted.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// the target was reached
    Converged = 0,
    /// the budget was spent
    Budget = 1,
    /// a diagnostic objects; the reasons say why
    Unreliable = 2,
    /// f was zero wherever it was looked at
    NoSignal = 3,
    /// stopped by the integrand, an observer, or `thalweg_run_stop`
    Interrupted = 4,
}

/// A run in numbers.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Summary {
    /// how far to trust it
    pub verdict: Verdict,
    /// the method that was used, a `thalweg_method`
    pub method: c_int,
    /// values of a point
    pub outputs: usize,
    /// reasons of an unreliable result
    pub reasons: usize,
    /// things worth knowing
    pub warnings: usize,
    /// calls of the integrand, all of them
    pub calls: u64,
    /// calls whose points the estimate is made of
    pub estimate_calls: u64,
    /// points where f was not finite and counted as zero
    pub non_finite: u64,
    /// seconds
    pub seconds: f64,
    /// a feature of smaller volume may have been missed by the uniform points (97 %)
    pub blind_volume: f64,
}

/// One output of the integrand. What is not known is NaN.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct OutputSummary {
    /// the integral
    pub value: f64,
    /// its one-sigma error
    pub error: f64,
    /// chi squared of equal batches of the estimate
    pub chi2: f64,
    /// its degrees of freedom
    pub dof: f64,
    /// probability of a larger chi squared, if all batches have the same mean
    pub p_value: f64,
    /// sigma/|mean| of the weights
    pub rel_std: f64,
    /// effective sample size divided by the number of points
    pub ess_fraction: f64,
    /// share of the largest weight in the sum of |w|
    pub max_share: f64,
    /// Pareto shape of the weights' tail: the error is unreliable above .5, the estimate above .7
    pub khat: f64,
    /// mean |w| / max |w|
    pub unweighting_efficiency: f64,
}

/// Texts of a report.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextKind {
    /// some lines for people
    Text = 0,
    /// everything, as JSON
    Json = 1,
    /// what was sampled, in one line
    Proposal = 2,
    /// what the method auto took and why, in one line; empty for other methods
    Choice = 3,
    /// a reason why the result is unreliable
    Reason = 4,
    /// a warning
    Warning = 5,
}

/// Writes `value` to the `size` bytes at `p`, a structure of another version of this library: one with
/// fewer fields at its end gets those that it has, and what it has more is 0.
///
/// # Safety
/// Unless `p` is null, the `size` bytes there may be written to.
unsafe fn give<T: Copy>(value: &T, p: *mut T, size: usize, least: usize) -> Result {
    if size < least || size > 4096 {
        let text = format!(
            "the size {size} is not that of the structure, {}",
            size_of::<T>()
        );
        return Err(Failure::argument(text));
    }
    // That it is aligned is looked at as well.
    Room::new(p, 1, "the structure")?;
    let room = Room::new(p.cast::<u8>(), size, "the structure")?;
    let known = size_of::<T>().min(size);
    // SAFETY: the structures have no padding: their fields have 8 bytes each, or 4 in pairs.
    let bytes = unsafe { from_raw_parts((&raw const *value).cast::<u8>(), known) };
    // SAFETY: as the caller vouches.
    unsafe {
        room.write(0, bytes);
        room.write(known, &vec![0; size - known]);
    }
    Ok(())
}

/// The run in numbers; `size` is `sizeof` of the structure.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn thalweg_report_summary(
    report: ReportHandle,
    summary: *mut Summary,
    size: usize,
) -> Status {
    guard(|| {
        let report = Report::get(report.id)?;
        let method = report.chosen.as_ref().map_or(report.method, |c| c.method);
        let made = Summary {
            verdict: match report.status {
                Trust::Converged => Verdict::Converged,
                Trust::Budget => Verdict::Budget,
                Trust::Unreliable => Verdict::Unreliable,
                Trust::NoSignal => Verdict::NoSignal,
                Trust::Interrupted => Verdict::Interrupted,
            },
            method: match method {
                thalweg::Method::Auto => 0,
                thalweg::Method::Plain => 1,
                thalweg::Method::Vegas => 2,
                thalweg::Method::Flow => 3,
            },
            outputs: report.outputs.len(),
            reasons: report.reasons.len(),
            warnings: report.warnings.len(),
            calls: report.calls.total(),
            estimate_calls: report.calls.estimate,
            non_finite: report.non_finite,
            seconds: report.seconds.total(),
            blind_volume: report.blind_volume,
        };
        // SAFETY: the caller vouches for it.
        unsafe { give(&made, summary, size, size_of::<Summary>()) }
    })
}

/// An output, counted from 0; `size` is `sizeof` of the structure.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn thalweg_report_output(
    report: ReportHandle,
    index: usize,
    output: *mut OutputSummary,
    size: usize,
) -> Status {
    guard(|| {
        let report = Report::get(report.id)?;
        let found = report.outputs.get(index).ok_or_else(|| {
            let n = report.outputs.len();
            Failure::argument(format!("there is no output {index}; there are {n}"))
        })?;
        // SAFETY: the caller vouches for it.
        unsafe { give(&summary_of(found), output, size, size_of::<OutputSummary>()) }
    })
}

fn summary_of(output: &Output) -> OutputSummary {
    let agreement = output.consistency.as_ref();
    OutputSummary {
        value: output.estimate.value,
        error: output.estimate.error,
        chi2: agreement.map_or(f64::NAN, |c| c.chi2),
        dof: agreement.map_or(f64::NAN, |c| c.dof as f64),
        p_value: agreement.map_or(f64::NAN, |c| c.p_value),
        rel_std: output.weights.rel_std,
        ess_fraction: output.weights.ess_fraction,
        max_share: output.weights.max_share,
        khat: output.weights.khat.unwrap_or(f64::NAN),
        unweighting_efficiency: output.weights.unweighting_efficiency,
    }
}

/// The covariance of the outputs' values, `covariance[outputs * outputs]`, where `outputs` is their
/// number; invalid argument if the settings did not ask for it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn thalweg_report_covariance(
    report: ReportHandle,
    outputs: usize,
    covariance: *mut f64,
) -> Status {
    guard(|| {
        let report = Report::get(report.id)?;
        let none = || Failure::argument("the settings did not ask for a covariance");
        let found = report.covariance.as_ref().ok_or_else(none)?;
        let n = report.outputs.len();
        if outputs != n {
            return Err(Failure::argument(format!(
                "outputs is {outputs}; there are {n}"
            )));
        }
        let room = Room::new(covariance, found.len(), "covariance")?;
        // SAFETY: the caller vouches for it.
        unsafe { room.write(0, found) };
        Ok(())
    })
}

/// Writes a text of the report; `kind` is a `thalweg_text_kind`, `index` that of the reason or warning and
/// else 0. `length`, which may be null, is that of the text. A null buffer of capacity 0 asks for it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn thalweg_report_text(
    report: ReportHandle,
    kind: c_int,
    index: usize,
    buffer: *mut c_char,
    capacity: usize,
    length: *mut usize,
) -> Status {
    guard(|| {
        let report = Report::get(report.id)?;
        let list = |list: &[String], what: &str| {
            let none = || Failure::argument(format!("there is no {what} {index}"));
            list.get(index).cloned().ok_or_else(none)
        };
        let made = match kind {
            0 => report.to_string(),
            1 => serde_json::to_string_pretty(&*report)
                .map_err(|e| Failure::new(Status::Panic, e.to_string()))?,
            2 => report.proposal.clone(),
            3 => report
                .chosen
                .as_ref()
                .map_or_else(String::new, |c| c.why.clone()),
            4 => list(&report.reasons, "reason")?,
            5 => list(&report.warnings, "warning")?,
            other => return Err(Failure::argument(format!("{other} is no kind of text"))),
        };
        // SAFETY: the caller vouches for them.
        unsafe { text::write(&made, (buffer, capacity), length) }
    })
}
