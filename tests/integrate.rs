//! Runs end to end at small budgets: known values, special functions, budgets, failures.

#[path = "common/problems.rs"]
mod problems;

use std::{
    f64::consts::PI,
    sync::atomic::{AtomicU64, Ordering},
    thread::sleep,
    time::Duration,
};

use problems::{problem, settings};
use thalweg::{
    Control, CostClass, Domain, Error, Integrand, IntegrandError, Integrator, Method, NonFinite,
    Observable, Observer, Placement, Points, Progress, Report, Settings, Status, Stop, StopReason,
    from_batch_fn, from_fn, from_vector_fn,
    integrate::{Phase, Silent},
    map::Identity,
};

const METHODS: [Method; 4] = [Method::Plain, Method::Vegas, Method::Flow, Method::Auto];

/// Settings that spend `calls` on the unit cube.
fn spend(method: Method, calls: u64) -> Settings {
    Settings {
        method,
        stop: Stop::calls(calls),
        ..Settings::default()
    }
}

fn integrate(settings: Settings, integrand: &dyn Integrand) -> Result<Report, Error> {
    Integrator::new(settings)?.integrate(integrand)
}

/// Asserts that a result is within five errors of the truth, and that the error is known to
/// better than `rel_error`.
fn assert_near(report: &Report, exact: f64, rel_error: f64, what: &str) {
    let e = report.estimate;
    assert!(
        e.pull(exact).abs() < 5.0,
        "{what}: {e} instead of {exact}\n{report}"
    );
    assert!(e.rel_error() < rel_error, "{what}: {e}\n{report}");
    assert!(e.error > 0.0, "{what}");
}

#[test]
fn every_method_finds_known_values() {
    for (name, parameters) in [("gaussian", [("width", 0.2)]), ("camel", [("width", 0.1)])] {
        let problem = problem(name, 2, &parameters);
        let integrand = from_fn(2, |y| problem.eval(y));
        for method in METHODS {
            let report = integrate(settings(&problem, method, 20_000), &integrand).unwrap();
            let what = format!("{name} {method:?}");
            assert_near(&report, problem.exact.unwrap(), 0.03, &what);
            assert!(report.status.is_good(), "{what}: {report}");
        }
    }
    let ring = problem("annulus", 2, &[]);
    let integrand = from_fn(2, |y| ring.eval(y));
    for method in METHODS {
        let report = integrate(settings(&ring, method, 20_000), &integrand).unwrap();
        assert_near(
            &report,
            ring.exact.unwrap(),
            0.03,
            &format!("annulus {method:?}"),
        );
    }
}

#[test]
fn flows_and_grids_beat_plain_points() {
    let problem = problem("gaussian", 2, &[("width", 0.05)]);
    let integrand = from_fn(2, |y| problem.eval(y));
    let [plain, vegas, flow] = [Method::Plain, Method::Vegas, Method::Flow].map(|m| {
        integrate(settings(&problem, m, 20_000), &integrand)
            .unwrap()
            .weights
            .rel_std
    });
    assert!(
        vegas < 0.3 * plain && flow < 0.3 * plain,
        "{plain} {vegas} {flow}"
    );
}

#[test]
fn constants_are_exact() {
    for value in [1.0, 0.1, -3.7e-200] {
        for method in METHODS {
            let estimate = integrate(spend(method, 10_000), &from_fn(3, |_| value))
                .unwrap()
                .estimate;
            if matches!(method, Method::Plain | Method::Auto) {
                assert_eq!(
                    estimate.value.to_bits(),
                    value.to_bits(),
                    "{method:?}: {estimate:?}"
                );
                assert_eq!(estimate.error.to_bits(), 0, "{method:?}: {estimate:?}");
            } else {
                // Refining equal bins rounds; Adam makes steps of full length of roundings.
                let most = if method == Method::Vegas { 1e-14 } else { 1e-3 };
                assert!(
                    (estimate.value / value - 1.0).abs() < most,
                    "{method:?}: {estimate:?}"
                );
                assert!(
                    estimate.error < most * value.abs(),
                    "{method:?}: {estimate:?}"
                );
            }
        }
    }
}

#[test]
fn one_dimension() {
    for method in METHODS {
        let f = from_fn(1, |x| (-((x[0] - 0.3) / 0.02).powi(2)).exp());
        let report = integrate(spend(method, 20_000), &f).unwrap();
        assert_near(&report, 0.02 * PI.sqrt(), 0.1, &format!("{method:?}"));
    }
}

#[test]
fn thirty_dimensions() {
    let problem = problem("poly", 30, &[]);
    let integrand = from_fn(30, |y| problem.eval(y));
    for method in METHODS {
        let report = integrate(settings(&problem, method, 12_000), &integrand).unwrap();
        assert_near(&report, 5.0, 3e-3, &format!("{method:?}"));
    }
}

#[test]
fn infinite_ranges() {
    let inf = f64::INFINITY;
    let over = |ranges: &[(f64, f64)], f: &dyn Integrand, exact: f64| {
        for method in METHODS {
            let domain = Some(Domain::new(ranges).unwrap());
            let settings = Settings {
                domain,
                ..spend(method, 20_000)
            };
            let report = integrate(settings, f).unwrap();
            assert_near(&report, exact, 0.05, &format!("{ranges:?} {method:?}"));
        }
    };
    over(
        &[(-inf, inf); 2],
        &from_fn(2, |y| (-y[0] * y[0] - y[1] * y[1]).exp()),
        PI,
    );
    over(
        &[(-inf, inf)],
        &from_fn(1, |y| 1.0 / (1.0 + y[0] * y[0])),
        PI,
    );
    over(&[(0.0, inf)], &from_fn(1, |y| (-y[0]).exp()), 1.0);
    over(&[(-inf, -1.0)], &from_fn(1, |y| y[0].powi(-2)), 1.0);
    over(
        &[(-2.0, 4.0), (0.0, inf)],
        &from_fn(2, |y| y[0] * y[0] * (-y[1]).exp()),
        24.0,
    );
}

/// x, x^2 and x y share their points; covariance of the means is known.
#[test]
fn several_outputs() {
    let f = from_vector_fn(2, 3, |x, f| {
        f.copy_from_slice(&[x[0], x[0] * x[0], x[0] * x[1]]);
    });
    for method in METHODS {
        let settings = Settings {
            covariance: true,
            ..spend(method, 20_000)
        };
        let report = integrate(settings, &f).unwrap();
        let calls = report.calls.estimate as f64;
        assert_eq!(report.outputs.len(), 3);
        for (output, exact) in report.outputs.iter().zip([1.0 / 2.0, 1.0 / 3.0, 1.0 / 4.0]) {
            assert!(
                output.estimate.pull(exact).abs() < 5.0,
                "{method:?}: {report}"
            );
        }
        let covariance = report.covariance.unwrap();
        for i in 0..3 {
            let error = report.outputs[i].estimate.error;
            assert!(
                (covariance[4 * i] / (error * error) - 1.0).abs() < 1e-9,
                "{method:?}"
            );
            for j in 0..3 {
                let (a, b) = (covariance[3 * i + j], covariance[3 * j + i]);
                assert!((a - b).abs() <= 1e-12 * a.abs(), "{method:?}: {a} {b}");
            }
        }
        if method == Method::Plain {
            // cov(x, x^2) = 1/4 - 1/6, per call
            assert!(
                (covariance[1] * calls * 12.0 - 1.0).abs() < 0.1,
                "{covariance:?}"
            );
        }
        // <x^2>/<x> with the covariance, which is far more precise than without.
        let (a, b) = (
            report.outputs[1].estimate.value,
            report.outputs[0].estimate.value,
        );
        let relative = |i: usize, j: usize, p: f64, q: f64| covariance[3 * i + j] / (p * q);
        let variance = relative(1, 1, a, a) + relative(0, 0, b, b) - 2.0 * relative(0, 1, a, b);
        let error = a / b * variance.sqrt();
        assert!(
            (a / b - 2.0 / 3.0).abs() < 5.0 * error,
            "{method:?}: {} +- {error}",
            a / b
        );
    }
    let report = integrate(spend(Method::Plain, 1000), &f).unwrap();
    assert_eq!(report.covariance, None);
}

#[test]
fn changing_signs() {
    let f = from_fn(2, |x| (2.0 * PI * x[0]).sin() * x[1] + 0.1);
    for method in METHODS {
        let report = integrate(spend(method, 40_000), &f).unwrap();
        assert_near(&report, 0.1, 0.2, &format!("{method:?}"));
        assert!(report.weights.cancellation < 0.9, "{method:?}: {report}");
    }
}

/// Powers of two change exponents and nothing else.
#[test]
fn scales_do_not_matter() {
    let shape = |x: &[f64]| (-((x[0] - 0.3).powi(2) + (x[1] - 0.6).powi(2)) / 0.02).exp();
    for method in METHODS {
        let [small, one, large] = [-300, 0, 300].map(|k| {
            let scale = 2.0_f64.powi(k);
            let settings = Settings {
                cost_class: Some(CostClass::Cheap),
                ..spend(method, 12_000)
            };
            integrate(settings, &from_fn(2, |x| scale * shape(x))).unwrap()
        });
        for (other, k) in [(&small, -300), (&large, 300)] {
            let scale = 2.0_f64.powi(k);
            let [a, b] = [one.estimate, other.estimate];
            assert_eq!(
                (a.value * scale).to_bits(),
                b.value.to_bits(),
                "{method:?} {k}"
            );
            assert_eq!(
                (a.error * scale).to_bits(),
                b.error.to_bits(),
                "{method:?} {k}"
            );
            assert_eq!(one.weights, other.weights, "{method:?} {k}");
        }
    }
}

#[test]
fn zero_is_no_signal() {
    for method in METHODS {
        let report = integrate(spend(method, 10_000), &from_fn(2, |_| 0.0)).unwrap();
        assert_eq!(report.status, Status::NoSignal, "{method:?}");
        assert_eq!(report.estimate.value.to_bits(), 0, "{method:?}");
        assert_eq!(report.estimate.error.to_bits(), 0, "{method:?}");
        assert!(!report.warnings.is_empty(), "{method:?}");
        assert!(!report.to_string().contains("NaN"), "{report}");
    }
}

#[test]
fn a_panic_is_an_error() {
    for method in METHODS {
        let f = from_fn(2, |x| {
            if x[0] > 0.999 {
                panic!("beyond {}", 0.999)
            } else {
                x[0]
            }
        });
        match integrate(spend(method, 20_000), &f) {
            Err(Error::Integrand(IntegrandError::Panicked { message })) => {
                assert_eq!(message, "beyond 0.999");
            }
            other => panic!("{method:?}: {other:?}"),
        }
    }
}

#[test]
fn nan_is_an_error_that_names_the_point() {
    let domain = Some(Domain::new(&[(0.0, 1.0), (5.0, 7.0)]).unwrap());
    let f = from_fn(2, |y| if y[1] > 6.99 { f64::NAN } else { y[0] });
    for method in METHODS {
        let settings = Settings {
            domain: domain.clone(),
            ..spend(method, 20_000)
        };
        match integrate(settings, &f) {
            Err(Error::Integrand(IntegrandError::NonFinite {
                value,
                output: 0,
                point,
            })) => {
                assert!(value.is_nan() && point.len() == 2, "{method:?}");
                assert!((6.99..7.0).contains(&point[1]), "{method:?}: {point:?}");
            }
            other => panic!("{method:?}: {other:?}"),
        }
    }
}

#[test]
fn an_integrand_may_fail_in_its_own_words() {
    struct Broken;
    impl Integrand for Broken {
        fn dim(&self) -> usize {
            2
        }
        fn eval(&self, _: &Points<'_>, _: &mut [f64]) -> Result<(), IntegrandError> {
            Err(IntegrandError::Failed {
                message: "no beam".to_owned(),
            })
        }
    }
    let error = integrate(spend(Method::Plain, 1000), &Broken).unwrap_err();
    assert_eq!(error.to_string(), "the integrand failed: no beam");
}

#[test]
fn non_finite_values_may_count_as_zero() {
    let f = from_fn(1, |x| if x[0] < 0.01 { f64::INFINITY } else { 1.0 });
    for method in METHODS {
        let run = |max_share| {
            let non_finite = NonFinite::CountAsZero { max_share };
            integrate(
                Settings {
                    non_finite,
                    ..spend(method, 20_000)
                },
                &f,
            )
            .unwrap()
        };
        let report = run(0.05);
        assert!(
            report.estimate.pull(0.99).abs() < 5.0,
            "{method:?}: {report}"
        );
        assert!(
            report.non_finite > 0 && report.status.is_good(),
            "{method:?}: {report}"
        );
        let report = run(1e-4);
        assert_eq!(report.status, Status::Unreliable, "{method:?}: {report}");
        assert!(!report.reasons.is_empty(), "{method:?}");
    }
}

#[test]
fn a_budget_that_is_too_small_is_refused() {
    for method in METHODS {
        let minimum = spend(method, 0).minimum_calls();
        let error = Integrator::new(spend(method, minimum - 1)).unwrap_err();
        assert!(
            matches!(error, Error::BudgetTooSmall { calls, minimum: m, .. } if calls + 1 == m && m == minimum),
            "{error}"
        );
        let report = integrate(spend(method, minimum), &from_fn(2, |x| 1.0 + x[0])).unwrap();
        assert!(
            report.estimate.pull(1.5).abs() < 5.0,
            "{method:?}: {report}"
        );
        assert!(report.calls.total() <= minimum, "{method:?}: {report}");
    }
}

#[test]
fn dimensions_must_agree() {
    let f = from_fn(2, |x| x[0]);
    let settings = Settings {
        domain: Some(Domain::unit(3)),
        ..spend(Method::Plain, 1000)
    };
    let error = integrate(settings, &f).unwrap_err();
    assert!(
        matches!(
            error,
            Error::DimensionMismatch {
                found: 3,
                expected: 2,
                ..
            }
        ),
        "{error}"
    );
    let integrator = Integrator::new(spend(Method::Plain, 1000)).unwrap();
    let map = Box::new(Identity::new(4));
    let error = integrator.estimate(&f, map, &mut Silent).unwrap_err();
    assert!(
        matches!(
            error,
            Error::DimensionMismatch {
                found: 4,
                expected: 2,
                ..
            }
        ),
        "{error}"
    );
    let nothing = integrate(spend(Method::Plain, 1000), &from_fn(0, |_| 1.0)).unwrap_err();
    assert!(matches!(nothing, Error::ZeroDimension), "{nothing}");
    let nothing = integrate(spend(Method::Plain, 1000), &from_batch_fn(2, 0, |_, _| ()));
    assert!(matches!(nothing, Err(Error::ZeroOutputs)));
}

#[test]
fn targets_are_reached_and_not_overdone() {
    let f = from_fn(2, |x| 100.0 * x[0] * x[1]);
    for method in METHODS {
        let absolute = Stop {
            abs_error: Some(0.05),
            ..Stop::calls(5_000_000)
        };
        let report = integrate(
            Settings {
                stop: absolute,
                ..spend(method, 0)
            },
            &f,
        )
        .unwrap();
        assert_eq!(
            (report.status, report.stop),
            (Status::Converged, StopReason::AbsError)
        );
        assert!(report.estimate.error <= 0.05, "{method:?}: {report}");
        assert!(report.calls.total() < 1_000_000, "{method:?}: {report}");
        assert_near(&report, 25.0, 1.0, &format!("{method:?}"));
        let stop = Stop {
            max_calls: 5_000_000,
            ..Stop::rel_error(2e-3)
        };
        let report = integrate(
            Settings {
                stop,
                ..spend(method, 0)
            },
            &f,
        )
        .unwrap();
        assert_eq!(
            (report.status, report.stop),
            (Status::Converged, StopReason::RelError)
        );
        assert_near(&report, 25.0, 2.001e-3, &format!("{method:?}"));
    }
    let stop = Stop {
        max_calls: 3000,
        ..Stop::rel_error(1e-6)
    };
    let report = integrate(
        Settings {
            stop,
            ..spend(Method::Plain, 0)
        },
        &f,
    )
    .unwrap();
    assert_eq!(
        (report.status, report.stop),
        (Status::Budget, StopReason::Calls)
    );
    assert!(!report.warnings.is_empty());
}

#[test]
fn time_ends_a_run() {
    let f = from_fn(2, |x| {
        sleep(Duration::from_millis(1));
        1.0 + x[0]
    });
    let stop = Stop {
        max_seconds: Some(1.0),
        ..Stop::calls(4000)
    };
    let report = integrate(
        Settings {
            stop,
            ..spend(Method::Plain, 0)
        },
        &f,
    )
    .unwrap();
    assert_eq!(
        (report.status, report.stop),
        (Status::Budget, StopReason::Seconds),
        "{report}"
    );
    assert!((1.0..2.5).contains(&report.seconds.total()), "{report}");
    assert!(
        report.calls.estimate > 0 && report.calls.total() < 3000,
        "{report}"
    );
    assert!(report.estimate.pull(1.5).abs() < 5.0, "{report}");
}

/// Points were seen, and f was not zero there; but none belongs to the estimate.
#[test]
fn time_may_end_a_run_before_the_estimate() {
    let f = from_fn(2, |x| {
        sleep(Duration::from_millis(1));
        1.0 + x[0]
    });
    let stop = Stop {
        max_seconds: Some(0.05),
        ..Stop::calls(20_000)
    };
    let report = integrate(
        Settings {
            stop,
            ..spend(Method::Plain, 0)
        },
        &f,
    )
    .unwrap();
    assert_eq!(
        (report.stop, report.calls.estimate),
        (StopReason::Seconds, 0),
        "{report}"
    );
    assert_ne!(report.status, Status::NoSignal, "{report}");
    assert!(!report.status.is_good(), "{report}");
}

/// Counts steps and stops after some of them.
struct Counter {
    steps: usize,
    most: usize,
    calls: u64,
}

impl Observer for Counter {
    fn step(&mut self, progress: &Progress<'_>) -> Control {
        self.steps += 1;
        self.calls = progress.calls.total();
        assert!(progress.calls.total() <= progress.max_calls);
        if self.steps < self.most {
            Control::Continue
        } else {
            Control::Stop
        }
    }
}

#[test]
fn observers_see_all_and_change_nothing() {
    let f = from_fn(2, |x| (-20.0 * x[0] * x[1]).exp());
    for method in METHODS {
        let settings = Settings {
            cost_class: Some(CostClass::Free),
            ..spend(method, 40_000)
        };
        let integrator = Integrator::new(settings).unwrap();
        let silent = integrator.integrate(&f).unwrap();
        let mut counter = Counter {
            steps: 0,
            most: usize::MAX,
            calls: 0,
        };
        let watched = integrator.run(&f, &mut counter).unwrap().report;
        assert_eq!(watched.iterations.len(), counter.steps, "{method:?}");
        assert_eq!(watched.calls.total(), counter.calls, "{method:?}");
        let seconds = silent.seconds;
        let prepared = watched
            .iterations
            .iter()
            .filter(|i| i.phase != Phase::Estimate)
            .count();
        assert_eq!(
            Report {
                seconds,
                ..watched.clone()
            },
            silent,
            "{method:?}"
        );

        let mut counter = Counter {
            steps: 0,
            most: prepared + 1,
            calls: 0,
        };
        let stopped = integrator.run(&f, &mut counter).unwrap().report;
        assert_eq!(
            (stopped.status, stopped.stop),
            (Status::Interrupted, StopReason::Interrupted)
        );
        // Batches that were under way together are still reported; strata are one batch.
        let seen = stopped.iterations.len();
        let one = watched.placement == Placement::Strata;
        assert!(
            seen >= 2 && (one || seen < watched.iterations.len()),
            "{method:?}: {seen}"
        );
        assert_eq!(
            stopped.iterations[..],
            watched.iterations[..seen],
            "{method:?}"
        );
        assert!(
            one || stopped.calls.total() < watched.calls.total(),
            "{method:?}"
        );
        assert!(
            stopped.estimate.pull(watched.estimate.value).abs() < 6.0,
            "{method:?}"
        );
    }
}

/// An observer that stops at once leaves nothing to estimate from.
#[test]
fn stopped_before_the_estimate() {
    for method in METHODS {
        let integrator = Integrator::new(spend(method, 12_000)).unwrap();
        let mut counter = Counter {
            steps: 0,
            most: 1,
            calls: 0,
        };
        let report = integrator
            .run(&from_fn(2, |x| x[0]), &mut counter)
            .unwrap()
            .report;
        assert_eq!(report.status, Status::Interrupted, "{method:?}");
        assert_eq!(report.iterations.len(), 1, "{method:?}");
        assert_eq!(report.calls.estimate, 0, "{method:?}");
        assert!(
            report.warnings.iter().all(|w| !w.contains("f was zero")),
            "{method:?}: {report}"
        );
    }
}

/// Says stop between chunks.
struct Impatient(AtomicU64);

impl Observer for Impatient {
    fn step(&mut self, _: &Progress<'_>) -> Control {
        Control::Continue
    }
    fn interrupted(&self) -> bool {
        self.0.fetch_add(1, Ordering::Relaxed) > 20
    }
}

#[test]
fn an_observer_may_interrupt_between_chunks() {
    let integrator = Integrator::new(spend(Method::Plain, 10_000_000)).unwrap();
    let mut observer = Impatient(AtomicU64::new(0));
    let report = integrator
        .run(&from_fn(2, |x| x[0]), &mut observer)
        .unwrap()
        .report;
    assert_eq!(
        (report.status, report.stop),
        (Status::Interrupted, StopReason::Interrupted)
    );
    assert!(report.calls.total() < 100_000, "{report}");
    assert!(report.estimate.pull(0.5).abs() < 5.0, "{report}");
}

#[test]
fn all_calls_are_counted_and_none_is_made_beyond_the_budget() {
    for (method, budget) in METHODS
        .into_iter()
        .flat_map(|m| [(m, 8192), (m, 12_345), (m, 20_001)])
    {
        let calls = AtomicU64::new(0);
        let f = from_fn(3, |x| {
            calls.fetch_add(1, Ordering::Relaxed);
            (-10.0 * x.iter().map(|x| x * x).sum::<f64>()).exp()
        });
        let report = integrate(spend(method, budget), &f).unwrap();
        let calls = calls.load(Ordering::Relaxed);
        assert_eq!(calls, report.calls.total(), "{method:?} {budget}");
        assert!(calls <= budget, "{method:?} {budget}: {calls}");
        assert!(
            calls + budget / 10 > budget,
            "{method:?} {budget}: only {calls}"
        );
        let steps: u64 = report.iterations.iter().map(|i| i.calls).sum();
        assert!(steps <= calls, "{method:?} {budget}: {steps}");
        assert_eq!(
            report.estimate.calls, report.calls.estimate,
            "{method:?} {budget}"
        );
    }
}

/// Looking for peaks and polishing: every call counted, the budget kept, and the same bits with
/// two threads.
#[test]
fn searches_and_polishing_count_their_calls() {
    let run = |threads, budget| {
        let calls = AtomicU64::new(0);
        let f = from_fn(3, |x| {
            calls.fetch_add(1, Ordering::Relaxed);
            (-x.iter().map(|x| (x - 0.3) * (x - 0.3)).sum::<f64>() / 0.002).exp()
        });
        let mut settings = Settings {
            threads: Some(threads),
            find_peaks: true,
            ..spend(Method::Flow, budget)
        };
        settings.train.polish = 5;
        let report = integrate(settings, &f).unwrap();
        let calls = calls.into_inner();
        assert_eq!(calls, report.calls.total(), "{budget}: {report}");
        assert!(calls <= budget, "{budget}: {calls}");
        // More than the uniform points alone: those are an eighth at most.
        assert!(report.calls.explore > (budget / 8).min(2048), "{report}");
        report
    };
    for budget in [8192, 20_001] {
        let (one, two) = (run(1, budget).estimate, run(2, budget).estimate);
        assert!(
            one.pull((0.002 * PI).powf(1.5)).abs() < 5.0,
            "{budget}: {one}"
        );
        assert_eq!(one, two, "{budget}");
    }
}

#[test]
fn too_many_polishing_iterations_are_refused() {
    let mut settings = spend(Method::Flow, 10_000);
    settings.train.polish = 10_001;
    assert!(matches!(
        Integrator::new(settings),
        Err(Error::InvalidSetting { name: "polish", .. })
    ));
}

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
/// How good a short training ends is chance, so the outcome is judged by the median of eleven.
#[test]
fn a_warm_start_begins_where_the_model_ended() {
    let camel = problem("camel", 3, &[]);
    let f = from_fn(3, |x| camel.eval(x));
    let mut ratios = Vec::new();
    for seed in 1..=11 {
        let settings = Settings {
            seed,
            ..spend(Method::Flow, 40_000)
        };
        let integrator = Integrator::new(settings).unwrap();
        let first = integrator.train(&f, None, &mut Silent).unwrap();
        let next = integrator
            .train(&f, Some(first.map.as_ref()), &mut Silent)
            .unwrap();
        let stage = next
            .report
            .iterations
            .iter()
            .find(|i| i.phase == Phase::Train)
            .unwrap();
        assert!(
            stage.rel_std < 2.0 * first.report.weights.rel_std && stage.beta == Some(1.0),
            "{stage:?} after {}",
            first.report
        );
        ratios.push(next.report.weights.rel_std / first.report.weights.rel_std);
    }
    ratios.sort_by(f64::total_cmp);
    assert!(ratios[5] < 1.5, "{ratios:?}");
}

/// A Jacobian that overflows is an error, never a NaN with a good status.
#[test]
fn overflowing_ranges_are_errors() {
    let line = (f64::NEG_INFINITY, f64::INFINITY);
    let settings = Settings {
        domain: Some(Domain::new(&vec![line; 400]).unwrap()),
        ..spend(Method::Plain, 4000)
    };
    let error = integrate(settings, &from_fn(400, |y| (-y[0] * y[0]).exp())).unwrap_err();
    assert!(
        matches!(error, Error::Integrand(IntegrandError::Overflow { .. })),
        "{error}"
    );
}

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
