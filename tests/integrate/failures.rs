//! Functions that fail, and settings that are refused.

use thalweg::{
    Domain, Error, Integrand, IntegrandError, Integrator, Method, NonFinite, Points, Settings,
    Status, from_batch_fn, from_fn, integrate::Silent, map::Identity,
};

use super::{METHODS, integrate, spend};

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
fn too_many_polishing_iterations_are_refused() {
    let mut settings = spend(Method::Flow, 10_000);
    settings.train.polish = 10_001;
    assert!(matches!(
        Integrator::new(settings),
        Err(Error::InvalidSetting { name: "polish", .. })
    ));
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
