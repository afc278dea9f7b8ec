//! What survives being written down, and models to go on from.

use thalweg::{
    Domain, Integrator, Method, Report, Settings, Stop, from_fn, from_vector_fn,
    integrate::{Phase, Silent},
};

use super::problems::problem;
use super::{METHODS, integrate, spend};

#[test]
fn reports_and_settings_survive_json() {
    let f = from_vector_fn(2, 2, |x, f| f.copy_from_slice(&[x[0], x[1] - 0.5]));
    for method in METHODS {
        let domain = Some(Domain::new(&[(0.0, 1.0), (0.0, 2.0)]).unwrap());
        let settings = Settings {
            covariance: true,
            domain,
            ..spend(method, 12_000)
        };
        let text = serde_json::to_string(&settings).unwrap();
        assert_eq!(serde_json::from_str::<Settings>(&text).unwrap(), settings);
        let report = integrate(settings, &f).unwrap();
        let text = serde_json::to_string(&report).unwrap();
        let again: Report = serde_json::from_str(&text).unwrap();
        // The parser of serde_json may miss the last bit of a number.
        let (a, b) = (report.estimate, again.estimate);
        assert!(
            (a.value / b.value - 1.0).abs() < 1e-15,
            "{method:?}: {a:?} {b:?}"
        );
        assert_eq!(report.to_string(), again.to_string(), "{method:?}");
        assert_eq!(
            report.iterations.len(),
            again.iterations.len(),
            "{method:?}"
        );
    }
}

#[test]
fn infinite_domains_survive_json() {
    let inf = f64::INFINITY;
    let domain = Some(Domain::new(&[(0.0, inf), (-inf, inf)]).unwrap());
    let settings = Settings {
        domain,
        ..Settings::default()
    };
    let text = serde_json::to_string(&settings).unwrap();
    assert_eq!(
        serde_json::from_str::<Settings>(&text).ok(),
        Some(settings),
        "{text}"
    );
}

/// Going on from a model must not unlearn it: the first stage is drawn from what was saved.
///
/// How good a short training ends is chance, so the outcome is judged by the median of `seeds`.
fn warm_starts(seeds: u64, calls: u64) {
    let camel = problem("camel", 3, &[]);
    let f = from_fn(3, |x| camel.eval(x));
    let mut ratios = Vec::new();
    for seed in 1..=seeds {
        let settings = Settings {
            seed,
            ..spend(Method::Flow, calls)
        };
        let integrator = Integrator::new(settings).expect("settings");
        let first = integrator
            .train(&f, None, &mut Silent)
            .expect("a first training");
        let next = integrator
            .train(&f, Some(first.map.as_ref()), &mut Silent)
            .expect("a second training");
        let stage = next
            .report
            .iterations
            .iter()
            .find(|i| i.phase == Phase::Train)
            .expect("a stage of training");
        assert!(
            stage.rel_std < 2.0 * first.report.weights.rel_std && stage.beta == Some(1.0),
            "{stage:?} after {}",
            first.report
        );
        ratios.push(next.report.weights.rel_std / first.report.weights.rel_std);
    }
    ratios.sort_by(f64::total_cmp);
    assert!(ratios[ratios.len() / 2] < 1.5, "{ratios:?}");
}

/// Nothing that is brought along is dropped without a word.
#[test]
fn a_start_that_cannot_be_gone_on_with_is_told() {
    let f = from_fn(2, |y| y[0] + y[1]);
    let start = |method| {
        let integrator = Integrator::new(spend(method, 20_000)).expect("settings");
        let outcome = integrator.train(&f, None, &mut Silent);
        outcome.expect("a training").map
    };
    let (grid, flow) = (start(Method::Vegas), start(Method::Flow));
    for (method, start, used) in [
        (Method::Vegas, &grid, true),
        (Method::Vegas, &flow, false),
        (Method::Plain, &grid, false),
        (Method::Flow, &grid, true),
        (Method::Flow, &flow, true),
    ] {
        let integrator = Integrator::new(spend(method, 20_000)).expect("settings");
        let outcome = integrator.train(&f, Some(start.as_ref()), &mut Silent);
        let warnings = outcome.expect("a training").report.warnings;
        let told = warnings
            .iter()
            .any(|w| w.contains("the start was not used"));
        assert_eq!(told, !used, "{method:?} {} {warnings:?}", start.describe());
    }
}

#[test]
fn a_warm_start_begins_where_the_model_ended() {
    warm_starts(3, 24_000);
}

#[test]
#[ignore = "minutes"]
fn warm_starts_of_many_seeds() {
    warm_starts(11, 40_000);
}

/// A budget is what the training may cost, unless an error says when it has done enough.
#[test]
fn a_flow_is_trained_for_the_whole_budget_where_no_error_is_named() {
    let camel = problem("camel", 3, &[]);
    let f = from_fn(3, |x| camel.eval(x));
    let most = 30_000;
    let all = |stop| {
        let settings = Settings {
            stop,
            ..spend(Method::Flow, most)
        };
        let outcome = Integrator::new(settings)
            .unwrap()
            .train(&f, None, &mut Silent);
        outcome.unwrap().report.calls
    };
    let spent = all(Stop::calls(most));
    assert!(
        (most - 1024..=most).contains(&spent.total()) && spent.estimate == 8192,
        "{spent:?}"
    );
    let target = Stop {
        rel_error: Some(0.1),
        ..Stop::calls(most)
    };
    let enough = all(target);
    assert!(
        enough.training() < spent.training(),
        "{enough:?} of {spent:?}"
    );
}
