//! Placements, histograms, turned axes, many outputs.

use thalweg::{
    Error, Integrator, Method, Observable, Placement, Settings, from_fn, from_vector_fn,
    integrate::Silent,
};

use super::{integrate, spend};

/// Later outputs count: their scale is their own, and so are objections to them.
#[test]
fn outputs_of_very_different_scale() {
    let f = from_vector_fn(2, 2, |x, out| {
        out[0] = 1e-250 * x[0];
        out[1] = 1e250 * x[1];
    });
    let report = integrate(spend(Method::Plain, 20_000), &f).unwrap();
    for (output, exact) in report.outputs.iter().zip([0.5e-250, 0.5e250]) {
        assert!(output.estimate.error > 0.0, "{report}");
        assert!(output.estimate.pull(exact).abs() < 5.0, "{report}");
    }
}

/// On turned axes a grid resolves two humps on the diagonal; it can be saved and gone on with.
#[test]
fn turned_axes_follow_the_diagonal() {
    let f = from_fn(4, |y| {
        let hump = |c: f64| {
            let squares: f64 = y.iter().map(|y| (y - c).powi(2)).sum();
            (-squares / 0.02).exp()
        };
        hump(0.35) + hump(0.65)
    });
    let mut spreads = Vec::new();
    for precondition in [false, true] {
        let mut settings = spend(Method::Vegas, 100_000);
        settings.vegas.precondition = precondition;
        let integrator = Integrator::new(settings).unwrap();
        let outcome = integrator.run(&f, &mut Silent).unwrap();
        spreads.push(outcome.report.weights.rel_std);
        if precondition {
            let again = integrator
                .train(&f, Some(outcome.map.as_ref()), &mut Silent)
                .unwrap();
            assert!(again.map.describe().contains("rotation"));
            assert!(again.report.weights.rel_std < 1.2 * spreads[1] + 0.05);
        }
    }
    assert!(spreads[1] < 0.5 * spreads[0], "{spreads:?}");
}

/// The same integral, whatever the placement; histograms add up to it, bin by bin.
#[test]
fn placements_and_histograms_agree() {
    let f = from_fn(2, |y| 4.0 * y[0] * y[1]);
    for placement in [Placement::Random, Placement::Sobol, Placement::Strata] {
        let settings = Settings {
            placement,
            ..spend(Method::Vegas, 40_000)
        };
        let sum = Observable::new("sum", 4, 0.0, 2.0, |y| y[0] + y[1]).unwrap();
        let first = Observable::new("first", 5, 0.0, 0.5, |y| y[0]).unwrap();
        let report = Integrator::new(settings)
            .unwrap()
            .observing(vec![sum, first])
            .integrate(&f)
            .unwrap();
        assert_eq!(report.placement, placement);
        assert!(report.estimate.pull(1.0).abs() < 5.0, "{report}");
        for histogram in &report.histograms {
            let all: f64 = histogram.values.iter().sum();
            let all = all + histogram.underflow.0 + histogram.overflow.0;
            assert!((all - report.estimate.value).abs() < 1e-12, "{histogram:?}");
        }
        // int of 2 x over the bins of x.
        let first = &report.histograms[1];
        for (k, edge) in first.edges().windows(2).enumerate() {
            let exact = edge[1].powi(2) - edge[0].powi(2);
            let pull = (first.values[k] - exact) / first.errors[k];
            assert!(pull.abs() < 6.0, "{placement:?} {k}: {pull}");
        }
        assert!((first.overflow.0 - 0.75).abs() < 6.0 * first.overflow.1);
    }
}

/// Strata are for grids.
#[test]
fn strata_need_a_grid() {
    let settings = Settings {
        placement: Placement::Strata,
        ..spend(Method::Plain, 10_000)
    };
    assert!(matches!(
        Integrator::new(settings),
        Err(Error::NoStrata { method: "plain" })
    ));
}

/// Many components share their points; pooled over them the pulls are standard normal.
#[test]
fn many_components() {
    const COMPONENTS: usize = 300;
    let power = |k: usize| 1.0 + k as f64 / 50.0;
    let f = from_vector_fn(3, COMPONENTS, move |x, f| {
        for (k, f) in f.iter_mut().enumerate() {
            *f = x[k % 3].powf(power(k));
        }
    });
    let mut pulls = Vec::new();
    for seed in 1..=4 {
        for placement in [Placement::Random, Placement::Sobol, Placement::Strata] {
            let settings = Settings {
                placement,
                seed,
                ..spend(Method::Vegas, 20_000)
            };
            let report = integrate(settings, &f).unwrap();
            assert_eq!(report.outputs.len(), COMPONENTS);
            for (k, output) in report.outputs.iter().enumerate() {
                pulls.push(output.estimate.pull(1.0 / (power(k) + 1.0)));
            }
        }
    }
    let n = pulls.len() as f64;
    let rms = (pulls.iter().map(|p| p * p).sum::<f64>() / n).sqrt();
    assert!(pulls.iter().all(|p| p.abs() < 6.0));
    // Components of one run are correlated: about 3 independent ones in each of 12 runs.
    assert!((0.4..1.8).contains(&rms), "{rms}");
}
