//! Constants, and functions whose values lie at the ends of the floating-point numbers.

use thalweg::{Error, IntegrandError, Method, Status, from_fn, from_vector_fn};

use super::harness::{
    CALLS, Case, constant, ensure, failure, good, near, over, report, small, status, wrong,
};

pub(crate) const CASES: [(&str, Case); 13] = [
    ("zero", |m| nothing(m, 0.0)),
    ("minus zero", |m| nothing(m, -0.0)),
    ("one", |m| same(m, 1.0)),
    ("minus one", |m| same(m, -1.0)),
    ("1e300 everywhere", |m| same(m, 1e300)),
    ("1e-300 everywhere", |m| same(m, 1e-300)),
    ("the smallest number everywhere", |m| same(m, 5e-324)),
    ("the largest number everywhere", largest),
    ("values near overflow", near_overflow),
    ("values that overflow in the volume", overflow),
    ("values near underflow", near_underflow),
    ("the smallest number or nothing", last_digit),
    ("outputs of very different scales", scales),
];

fn nothing(method: Method, zero: f64) -> Result<(), String> {
    let report = constant(small(method, CALLS), &from_fn(2, |_| zero))?;
    status(&report, Status::NoSignal)
}

/// Methods that adapt round: refining equal bins does, and training moves by roundings.
fn same(method: Method, value: f64) -> Result<(), String> {
    let report = constant(small(method, CALLS), &from_fn(3, |_| value))?;
    good(&report)?;
    let e = report.estimate;
    let off = (e.value - value).abs();
    let exact = matches!(method, Method::Plain | Method::Auto);
    let most = if exact {
        0.0
    } else {
        (1e-3 * value.abs()).max(5e-324)
    };
    ensure(off <= most && e.error <= most, || format!("{report}"))
}

/// Roundings may exceed what a number can be: then the report says so.
fn largest(method: Method) -> Result<(), String> {
    let report = constant(small(method, CALLS), &from_fn(2, |_| f64::MAX))?;
    let value = report.estimate.value;
    ensure(value > 0.99 * f64::MAX, || format!("{report}"))?;
    ensure(value.is_finite() || !report.status.is_good(), || {
        format!("{report}")
    })
}

fn near_overflow(method: Method) -> Result<(), String> {
    let report = report(small(method, CALLS), &from_fn(2, |x| 1.7e308 * x[0]))?;
    good(&report)?;
    near(&report, 0, 0.85e308)
}

fn overflow(method: Method) -> Result<(), String> {
    let error = failure(over(method, (0.0, 1e3), 2), &from_fn(2, |_| 1e308))?;
    let Error::Integrand(IntegrandError::Overflow { jacobian, .. }) = error else {
        return wrong(&error);
    };
    ensure((jacobian - 1e6).abs() < 1.0, || format!("{jacobian}"))
}

fn near_underflow(method: Method) -> Result<(), String> {
    let report = report(small(method, CALLS), &from_fn(2, |x| 1e-318 * x[0]))?;
    good(&report)?;
    // Values of f are multiples of 5e-324.
    let off = (report.estimate.value - 0.5e-318).abs();
    ensure(off <= 6.0 * report.estimate.error + 1e-323, || {
        format!("{report}")
    })
}

fn last_digit(method: Method) -> Result<(), String> {
    let f = from_fn(2, |x| if x[0] < 0.7 { 1e-323 } else { 0.0 });
    let report = report(small(method, CALLS), &f)?;
    ensure(report.estimate.value > 0.0, || format!("{report}"))
}

fn scales(method: Method) -> Result<(), String> {
    let f = from_vector_fn(2, 3, |x, f| {
        f.copy_from_slice(&[1e-300 * x[0], 1e300 * x[1], x[0] * x[1]]);
    });
    let report = report(small(method, CALLS), &f)?;
    near(&report, 0, 0.5e-300)?;
    near(&report, 1, 0.5e300)?;
    near(&report, 2, 0.25)
}
