//! Known values: constants, dimensions, ranges, several outputs, signs, scales.

use std::f64::consts::PI;

use thalweg::{CostClass, Domain, Integrand, Method, Settings, Status, from_fn, from_vector_fn};

use super::problems::{problem, settings};
use super::{METHODS, assert_near, integrate, spend};

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
