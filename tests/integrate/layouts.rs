//! Placements, histograms, turned axes, many outputs.

use thalweg::{
    Error, Integrator, Method, Observable, Placement, Settings, from_fn, from_vector_fn,
    integrate::Silent, stats::Moments,
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
        let joint = Observable::joint("both", first.clone(), sum.clone()).unwrap();
        let report = Integrator::new(settings)
            .unwrap()
            .observing(vec![sum.clone(), first.clone(), joint])
            .integrate(&f)
            .unwrap();
        assert_eq!(report.placement, placement);
        assert!(report.estimate.pull(1.0).abs() < 5.0, "{report}");
        for histogram in &report.histograms {
            let outside: f64 = histogram.outside.iter().map(|cell| cell.0).sum();
            let all = histogram.values.iter().sum::<f64>() + outside;
            assert!((all - report.estimate.value).abs() < 1e-12, "{histogram:?}");
        }
        // int of 2 x over the bins of x.
        let first = &report.histograms[1];
        for (k, edge) in first.edges(0).windows(2).enumerate() {
            let exact = edge[1].powi(2) - edge[0].powi(2);
            let pull = (first.values[k] - exact) / first.errors[k];
            assert!(pull.abs() < 6.0, "{placement:?} {k}: {pull}");
        }
        let (above, error) = first.outside[1];
        assert!((above - 0.75).abs() < 6.0 * error);
        // int of 4 x y over x of [0, 1/10], x + y of [1/2, 1]; and over x above 1/2, the sum below it.
        let joint = &report.histograms[2];
        assert_eq!((joint.values.len(), joint.outside.len()), (20, 7 * 6 - 20));
        let below = |t: f64| 4.0 * (t * t * 0.005 - t * 2e-3 / 3.0 + 2.5e-5) / 2.0;
        let (value, error) = joint.cell(&[1, 2]).unwrap();
        let pull = (value - below(1.0) + below(0.5)) / error;
        assert!(pull.abs() < 6.0, "{placement:?}: {pull}");
        assert_eq!(joint.cell(&[6, 1]), Some((0.0, 0.0)));
        assert_eq!(joint.cell(&[7, 1]), None);
    }
}

/// Errors of a histogram of two axes are those of its values, over seeds.
#[test]
fn joint_histograms_have_honest_errors() {
    const SEEDS: u64 = 100;
    let f = from_fn(2, |y| 4.0 * y[0] * y[1]);
    for placement in [Placement::Random, Placement::Strata] {
        let mut pulls = Moments::default();
        for seed in 1..=SEEDS {
            let settings = Settings {
                placement,
                seed,
                ..spend(Method::Vegas, 20_000)
            };
            let [x, y] =
                [0, 1].map(|i| Observable::new("x", 2, 0.25, 0.75, move |y| y[i]).unwrap());
            let both = Observable::joint("both", x, y).unwrap();
            let integrator = Integrator::new(settings).unwrap().observing(vec![both]);
            let report = integrator.integrate(&f).unwrap();
            let edges = [0.0, 0.25, 0.5, 0.75, 1.0_f64];
            let part = |slot: usize| edges[slot + 1].powi(2) - edges[slot].powi(2);
            for (i, j) in (0..4).flat_map(|i| (0..4).map(move |j| (i, j))) {
                let (value, error) = report.histograms[0].cell(&[i, j]).unwrap();
                pulls.push((value - part(i) * part(j)) / error);
            }
        }
        // 1600 pulls, those of one run somewhat correlated.
        assert!(pulls.mean.abs() < 0.15, "{placement:?} {pulls:?}");
        assert!(
            (pulls.std_dev() - 1.0).abs() < 0.12,
            "{placement:?} {pulls:?}"
        );
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
