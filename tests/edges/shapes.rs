//! Functions that are hard to see, hard to adapt to, or hardly depend on anything.

use std::f64::consts::PI;

use thalweg::{Method, Settings, Status, from_fn, from_vector_fn};

use super::harness::{CALLS, Case, constant, ensure, good, near, report, small, status};

pub(crate) const CASES: [(&str, Case); 13] = [
    ("one tiny region", tiny_region),
    ("one corner", corner),
    ("negative everywhere", negative),
    ("changing signs that cancel", cancelling),
    ("an odd function", odd),
    ("a step at the middle", |m| {
        simple(m, 0.5, |x| f64::from(u8::from(x[0] >= 0.5)))
    }),
    ("a spike", spike),
    ("a plateau of two values", |m| {
        simple(m, 1.0 + 1e-6 * 0.3, |x| {
            if x[0] < 0.3 { 1.0 + 1e-6 } else { 1.0 }
        })
    }),
    ("whole numbers", |m| {
        simple(m, 1.5, |x| (4.0 * x[0]).floor() * (2.0 * x[1]).ceil() / 1.5)
    }),
    ("one coordinate of a hundred", one_of_many),
    ("a thousand dimensions", thousand),
    ("one dimension, one thread", one_dimension),
    ("an output that is zero", zero_output),
];

/// A function of two coordinates that all methods can do.
fn simple(method: Method, exact: f64, f: fn(&[f64]) -> f64) -> Result<(), String> {
    let report = report(small(method, CALLS), &from_fn(2, f))?;
    good(&report)?;
    near(&report, 0, exact)
}

/// Of volume 1e-12: found by luck only.
fn tiny_region(method: Method) -> Result<(), String> {
    let inside = |x: &f64| (x - 0.3).abs() < 5e-7;
    let f = from_fn(2, |x| f64::from(u8::from(x.iter().all(inside))));
    let report = report(small(method, CALLS), &f)?;
    status(&report, Status::NoSignal)?;
    ensure(!report.warnings.is_empty(), || format!("{report}"))
}

/// Of volume 1e-3.
fn corner(method: Method) -> Result<(), String> {
    let f = from_fn(3, |x| f64::from(u8::from(x.iter().all(|x| *x > 0.9))));
    near(&report(small(method, CALLS), &f)?, 0, 1e-3)
}

fn negative(method: Method) -> Result<(), String> {
    let f = from_fn(3, |x| -1.0 - x[0] * x[1] * x[2]);
    let report = report(small(method, CALLS), &f)?;
    good(&report)?;
    near(&report, 0, -1.125)
}

fn cancelling(method: Method) -> Result<(), String> {
    let f = from_fn(2, |x| (2.0 * PI * x[0]).sin() * (6.0 * PI * x[1]).cos());
    near(&report(small(method, CALLS), &f)?, 0, 0.0)
}

fn odd(method: Method) -> Result<(), String> {
    let f = from_fn(1, |x| (x[0] - 0.5).powi(3));
    near(&report(small(method, CALLS), &f)?, 0, 0.0)
}

/// What a spike is worth is only known if it is hit; then it says that it is no good.
fn spike(method: Method) -> Result<(), String> {
    let f = from_fn(2, |x| {
        let square: f64 = x.iter().map(|x| ((x - 0.4) / 1e-5).powi(2)).sum();
        (-square).exp()
    });
    report(small(method, CALLS), &f).map(|_| ())
}

fn one_of_many(method: Method) -> Result<(), String> {
    let f = from_fn(100, |x| 1.0 + x[73]);
    let report = report(small(method, CALLS), &f)?;
    good(&report)?;
    near(&report, 0, 1.5)
}

fn thousand(method: Method) -> Result<(), String> {
    let f = from_fn(1000, |x| x.iter().sum::<f64>() / 500.0);
    let report = report(small(method, CALLS), &f)?;
    near(&report, 0, 1.0)
}

fn one_dimension(method: Method) -> Result<(), String> {
    let settings = Settings {
        threads: Some(1),
        ..small(method, CALLS)
    };
    let report = report(settings, &from_fn(1, |x| x[0]))?;
    good(&report)?;
    near(&report, 0, 0.5)?;
    ensure(report.threads == 1, || format!("{}", report.threads))
}

/// Zero is known without an error only where f is seen, so only that output may have none.
fn zero_output(method: Method) -> Result<(), String> {
    for zero in 0..2 {
        let f = from_vector_fn(2, 2, move |x, f| {
            f[zero] = 0.0;
            f[1 - zero] = 1.0 + x[0];
        });
        let report = constant(small(method, CALLS), &f)?;
        near(&report, 1 - zero, 1.5)?;
        let [none, some] = [zero, 1 - zero].map(|o| report.outputs[o].estimate);
        let nothing = none.value == 0.0 && none.error == 0.0;
        ensure(nothing && some.error > 0.0, || {
            format!("zero is {zero}: {report}")
        })?;
        ensure(report.status != Status::NoSignal, || {
            format!("zero is {zero}: {report}")
        })?;
    }
    Ok(())
}
