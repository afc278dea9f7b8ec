//! A result as JSON: the fields that scripts rely on, in their order.
//!
//! Numbers that are unknown or not finite are null.

use serde::Serialize;
use thalweg::Report;
use thalweg::integrate::{Output, PerPhase};

use crate::what::Subject;

/// The object that `--json` prints.
#[derive(Debug, Serialize)]
pub(crate) struct Record {
    integrand: String,
    dim: usize,
    method: &'static str,
    chosen: Option<Chosen>,
    value: Option<f64>,
    error: Option<f64>,
    error_dof: Option<f64>,
    rel_error: Option<f64>,
    exact: Option<f64>,
    pull: Option<f64>,
    status: &'static str,
    reasons: Vec<String>,
    stop: &'static str,
    placement: &'static str,
    calls: Phases<u64>,
    seconds: Phases<f64>,
    chi2: Option<f64>,
    dof: Option<u64>,
    p_value: Option<f64>,
    weights: Weights,
    blind_volume: Option<f64>,
    exploration: Option<Uniform>,
    outputs: Vec<OneOutput>,
    warnings: Vec<String>,
    seed: u64,
    threads: usize,
    cost_class: Option<&'static str>,
    level: String,
    version: String,
}

/// Uniform points beside the estimate.
#[derive(Debug, Serialize)]
struct Uniform {
    points: u64,
    value: Option<f64>,
    error: Option<f64>,
    unseen: Option<f64>,
    smallest_density: Option<f64>,
}

#[derive(Debug, Serialize)]
struct Chosen {
    method: &'static str,
    why: String,
}

#[derive(Debug, Serialize)]
struct Phases<T> {
    explore: T,
    adapt: T,
    train: T,
    estimate: T,
    total: T,
}

impl<T> Phases<T> {
    fn new(phases: PerPhase<T>, total: T) -> Self {
        let PerPhase {
            explore,
            adapt,
            train,
            estimate,
        } = phases;
        Self {
            explore,
            adapt,
            train,
            estimate,
            total,
        }
    }
}

#[derive(Debug, Serialize)]
struct Weights {
    rel_std: Option<f64>,
    ess_fraction: Option<f64>,
    max_share: Option<f64>,
    khat: Option<f64>,
    unweighting_efficiency: Option<f64>,
}

/// One of several outputs.
#[derive(Debug, Serialize)]
struct OneOutput {
    value: Option<f64>,
    error: Option<f64>,
    error_dof: Option<f64>,
    rel_error: Option<f64>,
    chi2: Option<f64>,
    dof: Option<u64>,
    p_value: Option<f64>,
    weights: Weights,
}

impl OneOutput {
    fn new(output: &Output) -> Self {
        // Without a single point of the estimate there is a mean of nothing.
        let estimate = Some(output.estimate).filter(|estimate| estimate.calls > 0);
        let weights = Some(output.weights).filter(|_| estimate.is_some());
        let consistency = output.consistency.as_ref();
        Self {
            value: estimate.map(|e| e.value).and_then(finite),
            error: estimate.map(|e| e.error).and_then(finite),
            error_dof: estimate.and_then(|e| e.dof).and_then(finite),
            rel_error: estimate.map(|e| e.rel_error()).and_then(finite),
            chi2: consistency.map(|c| c.chi2).and_then(finite),
            dof: consistency.map(|c| c.dof),
            p_value: consistency.map(|c| c.p_value).and_then(finite),
            weights: Weights {
                rel_std: weights.map(|w| w.rel_std).and_then(finite),
                ess_fraction: weights.map(|w| w.ess_fraction).and_then(finite),
                max_share: weights.map(|w| w.max_share).and_then(finite),
                khat: weights.and_then(|w| w.khat).and_then(finite),
                unweighting_efficiency: weights.map(|w| w.unweighting_efficiency).and_then(finite),
            },
        }
    }
}

impl Record {
    pub(crate) fn new(subject: &Subject, report: &Report) -> Self {
        let output = |o: &Output| OneOutput::new(o);
        let first = output(&Output {
            estimate: report.estimate,
            consistency: report.consistency,
            weights: report.weights,
        });
        let several = report.outputs.len() > 1;
        Self {
            integrand: subject.name(),
            dim: subject.dim(),
            method: report.method.name(),
            chosen: report.chosen.as_ref().map(|c| Chosen {
                method: c.method.name(),
                why: c.why.clone(),
            }),
            value: first.value,
            error: first.error,
            error_dof: first.error_dof,
            rel_error: first.rel_error,
            exact: subject.exact.and_then(finite),
            pull: pull(subject, report),
            status: report.status.name(),
            reasons: report.reasons.clone(),
            stop: report.stop.name(),
            placement: report.placement.name(),
            calls: Phases::new(report.calls, report.calls.total()),
            seconds: Phases::new(report.seconds, report.seconds.total()),
            chi2: first.chi2,
            dof: first.dof,
            p_value: first.p_value,
            weights: first.weights,
            blind_volume: finite(report.blind_volume),
            exploration: report.exploration.as_ref().map(|e| Uniform {
                points: e.points,
                value: finite(e.value),
                error: finite(e.error),
                unseen: finite(e.unseen),
                smallest_density: finite(e.smallest_density),
            }),
            outputs: report
                .outputs
                .iter()
                .filter(|_| several)
                .map(output)
                .collect(),
            warnings: report.warnings.clone(),
            seed: report.seed,
            threads: report.threads,
            cost_class: report.cost_class.map(thalweg::CostClass::name),
            level: report.level.clone(),
            version: report.version.clone(),
        }
    }
}

fn finite(value: f64) -> Option<f64> {
    Some(value).filter(|value| value.is_finite())
}

/// Distance from the exact value in errors, where both are known.
pub(crate) fn pull(subject: &Subject, report: &Report) -> Option<f64> {
    let exact = subject.exact.filter(|_| report.estimate.calls > 0)?;
    finite(report.estimate.pull(exact))
}
