//! Edges that hardly any point tells of: their error must not be forgotten.
//!
//! Where all points near the edge of a box lie on the same side by chance, strata and nets agree
//! far better than they are right.

use thalweg::{Integrator, Method, Placement, Report, Settings, from_fn};

use super::harness::small;

/// Of a product of steps: 1 above `cut` on each of `dim` axes, and what `below` is elsewhere.
fn step(settings: Settings, dim: usize, cut: f64, below: f64) -> Report {
    let f = from_fn(dim, |x| {
        if x.iter().all(|x| *x > cut) {
            1.0
        } else {
            below
        }
    });
    Integrator::new(settings)
        .and_then(|integrator| integrator.integrate(&f))
        .expect("a report")
}

/// Pulls of the good ones among forty seeds.
fn pulls(settings: &Settings, (dim, cut, below): (i32, f64, f64)) -> Vec<f64> {
    let part = (1.0 - cut).powi(dim);
    let exact = part + (1.0 - part) * below;
    let dim = usize::try_from(dim).expect("positive");
    (1..=40)
        .map(|seed| {
            let settings = Settings {
                seed,
                ..settings.clone()
            };
            step(settings, dim, cut, below)
        })
        .filter(|report| report.status.is_good())
        .map(|report| report.estimate.pull(exact))
        .collect()
}

/// Of 480 pulls without the edges' own error, some are above 100; now normal ones would be below
/// 3.5.
#[test]
fn edges_of_the_support_have_an_error() {
    let mut all = Vec::new();
    for placement in [Placement::Random, Placement::Sobol, Placement::Strata] {
        for calls in [5000, 10_000] {
            for shape in [(3, 0.9, 0.0), (2, 0.93, 0.0)] {
                let settings = Settings {
                    placement,
                    ..small(Method::Vegas, calls)
                };
                let pulls = pulls(&settings, shape);
                let worst = pulls.iter().fold(0.0, |a: f64, p| a.max(p.abs()));
                assert!(worst < 6.0, "{placement:?} {calls} {shape:?}: {pulls:.1?}");
                all.extend(pulls);
            }
        }
    }
    let squares = all.iter().map(|p| p * p).sum::<f64>() / all.len() as f64;
    assert!(all.len() > 300 && squares < 1.7, "{} {squares}", all.len());
}

/// Nets that all have the same number of points on either side of a step.
#[test]
fn nets_that_agree_exactly_have_an_error() {
    for (cut, below) in [
        (0.01, 0.0),
        (0.99, 0.0),
        (0.01, 0.5),
        (0.502, 3.0),
        (0.7, -1.0),
    ] {
        for calls in [2000, 10_000] {
            let settings = Settings {
                placement: Placement::Sobol,
                ..small(Method::Plain, calls)
            };
            let pulls = pulls(&settings, (1, cut, below));
            let worst = pulls.iter().fold(0.0, |a: f64, p| a.max(p.abs()));
            assert!(worst < 6.0, "{cut} {below} {calls}: {pulls:.1?}");
        }
    }
}
