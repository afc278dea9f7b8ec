//! Integrands that fail.

use std::sync::atomic::{AtomicBool, Ordering};

use thalweg::{
    Error, Integrand, IntegrandError, Integrator, Method, NonFinite, Points, Settings, Status,
    from_batch_fn, from_fn, from_vector_fn,
};

use super::harness::{
    CALLS, Case, ensure, failure, good, holds_together, near, report, small, status, wrong,
};

pub(crate) const CASES: [(&str, Case); 9] = [
    ("NaN in a region", |m| not_finite(m, f64::NAN, 0.95)),
    ("NaN everywhere", |m| not_finite(m, f64::NAN, 0.0)),
    ("infinity in a region", |m| {
        not_finite(m, f64::NEG_INFINITY, 0.95)
    }),
    ("few NaN count as zero", few_count_as_zero),
    ("too many NaN count as zero", many_count_as_zero),
    ("an output that is NaN", nan_output),
    ("no outputs, no dimensions", nothing),
    ("a panic", panics),
    ("an integrand that reports a failure", reports),
];

/// The error names the point, in the region.
fn not_finite(method: Method, bad: f64, from: f64) -> Result<(), String> {
    let f = from_fn(2, |x| if x[1] > from { bad } else { x[0] });
    let error = failure(small(method, CALLS), &f)?;
    let Error::Integrand(IntegrandError::NonFinite {
        value,
        output: 0,
        point,
    }) = &error
    else {
        return wrong(&error);
    };
    let there = point.len() == 2 && point[1] > from;
    ensure(value.to_bits() == bad.to_bits() && there, || {
        format!("{value} at {point:?}")
    })
}

fn counting(method: Method, max_share: f64) -> Settings {
    Settings {
        non_finite: NonFinite::CountAsZero { max_share },
        ..small(method, CALLS)
    }
}

fn few_count_as_zero(method: Method) -> Result<(), String> {
    let f = from_fn(2, |x| if x[0] < 0.01 { f64::NAN } else { 1.0 });
    let report = report(counting(method, 0.05), &f)?;
    good(&report)?;
    ensure(report.non_finite > 0, || format!("{report}"))?;
    near(&report, 0, 0.99)
}

fn many_count_as_zero(method: Method) -> Result<(), String> {
    for from in [0.5, 0.0] {
        let f = from_fn(2, |x| if x[0] >= from { f64::NAN } else { 1.0 });
        let report = report(counting(method, 1e-3), &f)?;
        status(&report, Status::Unreliable)?;
    }
    Ok(())
}

fn nan_output(method: Method) -> Result<(), String> {
    let f = from_vector_fn(2, 3, |x, f| f.copy_from_slice(&[x[0], f64::NAN, 1.0]));
    let error = failure(small(method, CALLS), &f)?;
    let named = matches!(
        error,
        Error::Integrand(IntegrandError::NonFinite { output: 1, .. })
    );
    if named { Ok(()) } else { wrong(&error) }
}

fn nothing(method: Method) -> Result<(), String> {
    let outputs = failure(small(method, CALLS), &from_batch_fn(2, 0, |_, _| ()))?;
    ensure(matches!(outputs, Error::ZeroOutputs), || {
        outputs.to_string()
    })?;
    let dimensions = failure(small(method, CALLS), &from_fn(0, |_| 1.0))?;
    ensure(matches!(dimensions, Error::ZeroDimension), || {
        dimensions.to_string()
    })
}

/// The first panic is reported, and the integrator is none the worse for it.
fn panics(method: Method) -> Result<(), String> {
    let integrator = Integrator::new(small(method, CALLS)).map_err(|e| e.to_string())?;
    let broken = AtomicBool::new(true);
    let f = from_fn(2, |x| {
        assert!(
            x[0] < 0.9 || !broken.load(Ordering::Relaxed),
            "no table beyond 0.9"
        );
        1.0 + x[0]
    });
    match integrator.integrate(&f) {
        Err(Error::Integrand(IntegrandError::Panicked { message })) => {
            ensure(message == "no table beyond 0.9", || message.clone())?;
        }
        other => return Err(format!("{other:?}")),
    }
    broken.store(false, Ordering::Relaxed);
    let later = integrator.integrate(&f).map_err(|e| e.to_string())?;
    holds_together(&later, CALLS)?;
    near(&later, 0, 1.5)?;
    let fresh = report(small(method, CALLS), &f)?;
    ensure(fresh.estimate == later.estimate, || {
        format!("{later} after a panic, {fresh} without")
    })
}

/// Fails where the first coordinate of a batch is above a limit.
struct Broken(f64);

impl Integrand for Broken {
    fn dim(&self) -> usize {
        2
    }
    fn eval(&self, points: &Points<'_>, values: &mut [f64]) -> Result<(), IntegrandError> {
        if points.iter().any(|x| x[0] > self.0) {
            let message = "no beam".to_owned();
            return Err(IntegrandError::Failed { message });
        }
        values.fill(1.0);
        Ok(())
    }
}

fn reports(method: Method) -> Result<(), String> {
    for from in [0.0, 0.99] {
        let error = failure(small(method, CALLS), &Broken(from))?.to_string();
        ensure(error == "the integrand failed: no beam", || error.clone())?;
    }
    Ok(())
}
