//! Ranges that are huge, tiny, infinite, or none.

use std::f64::consts::PI;

use thalweg::{Domain, Error, IntegrandError, Method, Settings, from_fn};

use super::harness::{CALLS, Case, ensure, failure, good, near, over, report, small, wrong};

pub(crate) const CASES: [(&str, Case); 6] = [
    ("a huge range", huge),
    ("a tiny range", tiny),
    ("ranges that bound nothing", nothing),
    ("a volume that vanishes", no_volume),
    ("infinite ranges, light tails", light),
    ("infinite ranges, heavy tails", heavy),
];

/// Two axes fit, three do not.
fn huge(method: Method) -> Result<(), String> {
    let range = (-0.5e150, 0.5e150);
    let f = from_fn(2, |y| 1.0 + (y[0] / 1e150).powi(2));
    let report = report(over(method, range, 2), &f)?;
    good(&report)?;
    near(&report, 0, 1e300 * (1.0 + 1.0 / 12.0))?;
    let error = failure(over(method, range, 3), &from_fn(3, |_| 1.0))?;
    let right = matches!(error, Error::Integrand(IntegrandError::Overflow { .. }));
    if right { Ok(()) } else { wrong(&error) }
}

/// Far from 0 the numbers are too coarse for it, but that is the caller's.
fn tiny(method: Method) -> Result<(), String> {
    let f = from_fn(2, |y| 1.0 + y[0] / 1e-150);
    let report = report(over(method, (0.0, 1e-150), 2), &f)?;
    good(&report)?;
    near(&report, 0, 1.5e-300)
}

/// Nor do they where they were not made by [`Domain::new`], but read.
fn nothing(method: Method) -> Result<(), String> {
    let inf = f64::INFINITY;
    let bad = [
        (2.0, 2.0),
        (3.0, 2.0),
        (f64::NAN, 1.0),
        (0.0, f64::NAN),
        (inf, inf),
        (-inf, -inf),
        (-1.7e308, 1.7e308),
    ];
    for range in bad {
        match Domain::new(&[(0.0, 1.0), range]) {
            Err(error @ Error::EmptyRange { axis: 1, .. }) => {
                let text = error.to_string();
                ensure(text.contains("range 1"), || text.clone())?;
            }
            other => return Err(format!("{range:?}: {other:?}")),
        }
    }
    let read = r#"{"ranges":[[0.0,1.0],[3.0,2.0]]}"#;
    let domain = serde_json::from_str(read).map_err(|e| e.to_string())?;
    let settings = Settings {
        domain: Some(domain),
        ..small(method, CALLS)
    };
    let error = failure(settings, &from_fn(2, |_| 1.0))?;
    let right = matches!(error, Error::EmptyRange { axis: 1, .. });
    if right { Ok(()) } else { wrong(&error) }
}

/// 1e-450 is no number; f = 1 is not "zero wherever it was looked at" there.
fn no_volume(method: Method) -> Result<(), String> {
    let range = (0.0, 1e-150);
    ensure(
        matches!(Domain::new(&[range; 3]), Err(Error::NoVolume { axis: 2 })),
        || "no error".to_owned(),
    )?;
    let read = r#"{"ranges":[[0.0,1e-150],[0.0,1e-150],[0.0,1e-150]]}"#;
    let domain = serde_json::from_str(read).map_err(|e| e.to_string())?;
    let settings = Settings {
        domain: Some(domain),
        ..small(method, CALLS)
    };
    let error = failure(settings, &from_fn(3, |_| 1.0))?;
    let right = matches!(error, Error::NoVolume { axis: 2 });
    if right { Ok(()) } else { wrong(&error) }
}

fn light(method: Method) -> Result<(), String> {
    let line = (f64::NEG_INFINITY, f64::INFINITY);
    let f = from_fn(2, |y| (-y[0] * y[0] - y[1] * y[1]).exp());
    let whole = report(over(method, line, 2), &f)?;
    good(&whole)?;
    near(&whole, 0, PI)?;
    let half = report(
        over(method, (0.0, f64::INFINITY), 1),
        &from_fn(1, |y| (-y[0]).exp()),
    )?;
    good(&half)?;
    near(&half, 0, 1.0)
}

/// The first has a mean and no variance once it is mapped, the second no integral.
fn heavy(method: Method) -> Result<(), String> {
    let ray = (1.0, f64::INFINITY);
    report(over(method, ray, 1), &from_fn(1, |y| y[0].powf(-1.4)))?;
    let none = report(over(method, ray, 2), &from_fn(2, |y| 1.0 / (y[0] * y[1])))?;
    ensure(none.estimate.value > 0.0, || format!("{none}"))
}
