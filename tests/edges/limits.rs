//! Budgets, targets, time, seeds and threads.

use thalweg::{
    Control, Error, Integrator, Method, Observer, Progress, Report, Settings, Status, Stop,
    StopReason, from_fn,
};

use super::harness::{
    CALLS, Case, ensure, failure, holds_together, near, report, small, status, wrong,
};

pub(crate) const CASES: [(&str, Case); 7] = [
    ("the smallest budget", smallest),
    ("a call too few", too_few),
    ("an observer that stops at once", stopped),
    ("no time at all", no_time),
    ("a relative error out of reach", out_of_reach),
    ("an absolute error for an integral of zero", absolute),
    ("seeds at their ends, one thread and three", seeds),
];

fn smallest(method: Method) -> Result<(), String> {
    let calls = small(method, CALLS).minimum_calls();
    for dim in [1, 2, 20] {
        let report = report(small(method, calls), &from_fn(dim, |x| 1.0 + x[0]))?;
        near(&report, 0, 1.5)?;
    }
    Ok(())
}

fn too_few(method: Method) -> Result<(), String> {
    let least = small(method, CALLS).minimum_calls();
    for few in [0, least - 1] {
        let error = failure(small(method, few), &from_fn(2, |_| 1.0))?;
        let text = error.to_string();
        let Error::BudgetTooSmall { calls, minimum, .. } = error else {
            return wrong(&error);
        };
        ensure((calls, minimum) == (few, least), || text.clone())?;
        let told = text.contains(&least.to_string());
        ensure(told && text.contains(method.name()), || text.clone())?;
    }
    Ok(())
}

/// Stops after the first step.
struct Impatient;

impl Observer for Impatient {
    fn step(&mut self, _: &Progress<'_>) -> Control {
        Control::Stop
    }
}

/// Stops before the first call.
struct Never;

impl Observer for Never {
    fn step(&mut self, _: &Progress<'_>) -> Control {
        Control::Continue
    }
    fn interrupted(&self) -> bool {
        true
    }
}

fn stopped(method: Method) -> Result<(), String> {
    let observers: [&mut dyn Observer; 2] = [&mut Impatient, &mut Never];
    for observer in observers {
        let integrator = Integrator::new(small(method, CALLS)).map_err(|e| e.to_string())?;
        let outcome = integrator.run(&from_fn(2, |x| x[0]), observer);
        let report = outcome.map_err(|e| e.to_string())?.report;
        holds_together(&report, CALLS)?;
        status(&report, Status::Interrupted)?;
        ensure(report.calls.estimate == 0, || format!("{report}"))?;
    }
    Ok(())
}

fn no_time(method: Method) -> Result<(), String> {
    let stop = Stop {
        max_seconds: Some(1e-9),
        ..Stop::calls(CALLS)
    };
    let report = report(
        Settings {
            stop,
            ..small(method, CALLS)
        },
        &from_fn(2, |x| 1.0 + x[0]),
    )?;
    ensure(report.stop == StopReason::Seconds, || format!("{report}"))?;
    status(&report, Status::Unreliable)
}

fn out_of_reach(method: Method) -> Result<(), String> {
    for rel_error in [1e-300, f64::MIN_POSITIVE, f64::MAX] {
        let stop = Stop {
            rel_error: Some(rel_error),
            ..Stop::calls(CALLS)
        };
        let settings = Settings {
            stop,
            ..small(method, CALLS)
        };
        let report = report(settings, &from_fn(2, |x| 1.0 + x[0] * x[1]))?;
        near(&report, 0, 1.25)?;
        let end = if rel_error < 1.0 {
            StopReason::Calls
        } else {
            StopReason::RelError
        };
        ensure(report.stop == end, || format!("{report}"))?;
    }
    Ok(())
}

/// A relative error is never reached there; the absolute one alone decides.
fn absolute(method: Method) -> Result<(), String> {
    let f = from_fn(2, |x| (x[0] - 0.5) * x[1]);
    for (abs_error, end) in [
        (0.05, Some(StopReason::AbsError)),
        (1e-300, Some(StopReason::Calls)),
        (1e-3, None),
    ] {
        let stop = Stop {
            abs_error: Some(abs_error),
            ..Stop::calls(CALLS)
        };
        let report = report(
            Settings {
                stop,
                ..small(method, CALLS)
            },
            &f,
        )?;
        near(&report, 0, 0.0)?;
        let as_wanted = end.is_none_or(|end| report.stop == end);
        let reached = report.estimate.error <= abs_error;
        ensure(
            as_wanted && (reached || report.stop != StopReason::AbsError),
            || format!("{abs_error}: {report}"),
        )?;
    }
    Ok(())
}

/// Seeds at their ends work and differ; threads change nothing.
fn seeds(method: Method) -> Result<(), String> {
    let f = from_fn(3, |x| (-3.0 * x[0] * x[1]).exp() + x[2]);
    let run = |seed, threads| {
        let settings = Settings {
            seed,
            threads: Some(threads),
            ..small(method, CALLS)
        };
        report(settings, &f)
    };
    let same = |a: &Report, b: &Report| {
        let bits = |r: &Report| (r.estimate.value.to_bits(), r.estimate.error.to_bits());
        bits(a) == bits(b) && a.calls == b.calls && a.status == b.status
    };
    let ends = [0, u64::MAX].map(|seed| {
        let (one, three) = (run(seed, 1)?, run(seed, 3)?);
        ensure(same(&one, &three), || {
            format!("seed {seed}: {one} with one thread, {three} with three")
        })?;
        ensure(one.weights == three.weights, || format!("seed {seed}"))?;
        Ok::<_, String>(one)
    });
    let [low, high] = ends;
    let (low, high) = (low?, high?);
    ensure(!same(&low, &high), || format!("{low} for both seeds"))
}
