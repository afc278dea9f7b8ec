//! ln Z of integrands given by their logarithm: known values, levels, restarts, faults, kept runs.
#![expect(clippy::print_stdout, reason = "pulls are shown on demand")]
#![expect(clippy::float_cmp, reason = "exact results are compared")]

use std::sync::atomic::Ordering;

use thalweg::integrate::{Checkpoints, Control, Observer, PerPhase, Progress, Silent};
use thalweg::{
    CostClass, Domain, Error, Integrand, IntegrandError, Integrator, LogReport, Method, NonFinite,
    Result, Settings, Status, Stop, from_fn, from_vector_fn,
};

#[path = "../examples/common/likelihoods.rs"]
mod likelihoods;
use likelihoods::{Likelihood, correlated, egg_box, narrow, shells};
#[path = "common/kept.rs"]
mod kept;
use kept::{Store, state};
#[path = "common/mortal.rs"]
mod mortal;
use mortal::Mortal;

fn integrator(settings: &Settings) -> Integrator {
    Integrator::new(settings.clone()).expect("valid settings")
}

/// A run of a likelihood.
fn found(likelihood: &Likelihood, settings: Settings) -> LogReport {
    let settings = Settings {
        domain: Some(likelihood.domain.clone()),
        cost_class: Some(CostClass::Free),
        ..settings
    };
    let log_f = from_fn(likelihood.domain.dim(), &likelihood.log_f);
    integrator(&settings)
        .integrate_log(&log_f)
        .expect("a result")
}

/// Pulls over seeds: each run within four errors, and their mean and mean square as those of nets, which
/// agree better than chance and never worse.
fn check(likelihood: &Likelihood, seeds: u64, stop: Stop) {
    let (mut sum, mut squares) = (0.0, 0.0);
    for seed in 1..=seeds {
        let settings = Settings {
            seed,
            stop,
            ..Settings::default()
        };
        let found = found(likelihood, settings);
        let pull = found.pull(likelihood.log_z);
        let what = format!("{}, seed {seed}: {found:?}", likelihood.name);
        assert!(pull.abs() < 4.0, "{pull}: {what}");
        let distance = found.log_z - likelihood.log_z;
        assert!(distance.abs() < 4.0 * found.error, "{what}");
        assert!(found.error < 0.2, "{what}");
        sum += pull;
        squares += pull * pull;
    }
    let n = seeds as f64;
    let (mean, square) = (sum / n, squares / n);
    println!(
        "{}: mean {mean:+.2}, mean square {square:.2}",
        likelihood.name
    );
    // Five standard deviations of the mean, and of chi2.
    assert!(mean.abs() < 5.0 / n.sqrt(), "{mean}: {}", likelihood.name);
    let most = 1.0 + 5.0 * (2.0 / n).sqrt();
    assert!(square < most, "{square}: {}", likelihood.name);
}

#[test]
fn evidences_of_shells_and_egg_box_are_right() -> Result<()> {
    check(&shells(2)?, 16, Stop::rel_error(2e-2));
    check(&shells(2)?.offset(-5000.0), 8, Stop::rel_error(2e-2));
    check(&shells(5)?.offset(3000.0), 1, Stop::rel_error(5e-2));
    check(&egg_box()?, 6, Stop::rel_error(2e-2));
    Ok(())
}

#[test]
fn evidences_on_the_reals_are_right() -> Result<()> {
    for normal in [false, true] {
        check(
            &correlated(2, normal)?.offset(-5000.0),
            16,
            Stop::rel_error(2e-2),
        );
        check(
            &correlated(3, normal)?.offset(3000.0),
            8,
            Stop::rel_error(2e-2),
        );
    }
    Ok(())
}

#[test]
fn a_peak_far_below_which_all_uniform_points_lie_is_found() -> Result<()> {
    check(&narrow(4, 1e-4)?.offset(-1e5), 8, Stop::rel_error(2e-2));
    Ok(())
}

/// `cargo test --release --test evidence -- --ignored --nocapture`
#[test]
#[ignore = "a hundred seeds of each likelihood"]
fn pulls_of_a_hundred_seeds_are_normal() -> Result<()> {
    for likelihood in [
        shells(2)?,
        shells(5)?,
        egg_box()?,
        correlated(2, false)?.offset(3000.0),
        correlated(5, true)?.offset(-5000.0),
        narrow(4, 1e-4)?.offset(-1e5),
    ] {
        check(&likelihood, 100, Stop::rel_error(1e-2));
    }
    check(&shells(10)?, 16, Stop::rel_error(2e-2));
    Ok(())
}

#[test]
fn an_offset_changes_nothing_but_the_level() -> Result<()> {
    let settings = Settings {
        stop: Stop::rel_error(2e-2),
        ..Settings::default()
    };
    let plain = found(&shells(2)?, settings.clone());
    let settings = Settings {
        threads: Some(3),
        ..settings
    };
    // A power of two, so that ln f - level is rounded as little as ln f.
    let shifted = found(&shells(2)?.offset(-1024.0), settings);
    assert!((shifted.level - plain.level + 1024.0).abs() < 1e-9);
    assert!((shifted.log_z - plain.log_z + 1024.0).abs() < 1e-9);
    assert!((shifted.error / plain.error - 1.0).abs() < 1e-9);
    assert_eq!(shifted.report.calls, plain.report.calls);
    Ok(())
}

#[test]
fn errors_of_the_logarithm_are_as_stated() {
    let f = from_fn(1, |y| y[0].ln());
    let settings = Settings {
        stop: Stop {
            abs_error: Some(1e-2),
            ..Stop::calls(100_000)
        },
        ..Settings::default()
    };
    let found = integrator(&settings).integrate_log(&f).unwrap();
    assert!(found.pull(0.5_f64.ln()).abs() < 4.0, "{found:?}");
    let report = &found.report;
    assert!((found.error - report.estimate.rel_error()).abs() < 1e-15);
    // The absolute error of ln Z has been reached, by far fewer calls than there are.
    assert!(report.status == Status::Converged && found.error <= 1e-2);
    assert!(report.calls.total() < 50_000);
    assert!((found.bias() + 0.5 * found.error.powi(2)).abs() < 1e-15);
    let (low, high) = found.interval(2.0);
    let z = found.log_z.exp();
    assert!((high.exp() / z - 1.0 - 2.0 * found.error).abs() < 1e-12);
    assert!((low.exp() / z - 1.0 + 2.0 * found.error).abs() < 1e-12);
    assert_eq!(found.interval(1e9).0, f64::NEG_INFINITY);
}

/// A plateau and, in a thousandth of the range, one that is 700 higher and has no slope.
fn spiked() -> impl Integrand {
    from_fn(1, |y| {
        if (0.7..0.701).contains(&y[0]) {
            700.0
        } else {
            0.0
        }
    })
}

#[test]
fn a_spike_above_the_level_begins_anew_with_a_higher_one() {
    let exact = 700.0 + 1e-3_f64.ln();
    let (mut restarts, mut sum, mut most) = (0, 0.0, 0);
    for seed in 1..=40 {
        // 256 points that look for the level miss it most of the time, 30,000 of the run do not.
        let settings = Settings {
            seed,
            method: Method::Plain,
            stop: Stop::calls(40_000),
            ..Settings::default()
        };
        let found = integrator(&settings).integrate_log(&spiked()).unwrap();
        assert!(found.pull(exact).abs() < 4.0, "{found:?}");
        assert!((found.level - 700.0).abs() < 1e-9, "{found:?}");
        sum += found.pull(exact);
        restarts += found.restarts;
        most = most.max(found.report.calls.total());
    }
    assert!(restarts > 0);
    // Runs that begin anew have no bias: 40 pulls have the mean 0 +- 0.16.
    assert!(sum.abs() / 40.0 < 0.8, "{sum}");
    assert!(most <= 40_000);
}

#[test]
fn without_calls_for_a_restart_there_is_an_error() {
    // The 300 points of the estimate hit the spike in one run of four, and nothing is left then.
    let mut ends = 0;
    for seed in 1..=40 {
        let settings = Settings {
            seed,
            method: Method::Plain,
            stop: Stop::calls(400),
            ..Settings::default()
        };
        match integrator(&settings).integrate_log(&spiked()) {
            Err(Error::AboveLevel {
                log_f,
                level,
                point,
            }) => {
                assert_eq!((log_f, level), (700.0, 0.0));
                assert!((0.7..0.701).contains(&point[0]));
                ends += 1;
            }
            other => {
                let found = other.unwrap();
                // What explores hits it early enough for another run.
                let restarts = u32::from(found.level > 0.0);
                assert!(found.restarts <= restarts, "{found:?}");
                assert!(found.report.calls.total() <= 400, "{found:?}");
            }
        }
    }
    assert!((2..30).contains(&ends), "{ends}");
}

#[test]
fn what_has_no_logarithm_is_an_error() {
    let run = integrator(&Settings {
        stop: Stop::calls(20_000),
        ..Settings::default()
    });
    let nothing = run.integrate_log(&from_fn(2, |_| f64::NEG_INFINITY));
    let Err(Error::NoLevel { calls }) = nothing else {
        panic!("{nothing:?}");
    };
    assert!((1000..=20_000 / 8).contains(&calls), "{calls}");
    let two = run.integrate_log(&from_vector_fn(1, 2, |_, f| f.fill(0.0)));
    assert!(matches!(two, Err(Error::InvalidSetting { .. })), "{two:?}");
    let panics = run.integrate_log(&from_fn(1, |_| panic!("not today")));
    assert!(matches!(
        panics,
        Err(Error::Integrand(IntegrandError::Panicked { .. }))
    ));
}

#[test]
fn nan_and_infinity_follow_the_policy_and_minus_infinity_is_zero() {
    let exact = -1e4 + 0.75_f64.ln();
    for bad in [f64::NAN, f64::INFINITY] {
        let f = from_fn(1, move |y| if y[0] < 0.25 { bad } else { -1e4 });
        let mut settings = Settings {
            stop: Stop::calls(20_000),
            ..Settings::default()
        };
        let failed = integrator(&settings).integrate_log(&f);
        let Err(Error::Integrand(IntegrandError::NonFinite { value, point, .. })) = failed else {
            panic!("{failed:?}");
        };
        assert!(value.to_bits() == bad.to_bits() && point[0] < 0.25);
        settings.non_finite = NonFinite::CountAsZero { max_share: 0.5 };
        let found = integrator(&settings).integrate_log(&f).unwrap();
        assert!(found.pull(exact).abs() < 4.0, "{found:?}");
        let share = found.report.non_finite as f64 / found.report.calls.total() as f64;
        assert!(
            found.report.status.is_good() && (0.05..0.3).contains(&share),
            "{found:?}"
        );
        settings.non_finite = NonFinite::CountAsZero { max_share: 0.01 };
        let found = integrator(&settings).integrate_log(&f).unwrap();
        assert_eq!(found.report.status, Status::Unreliable);
    }
    let f = from_fn(1, |y| if y[0] < 0.25 { f64::NEG_INFINITY } else { -1e4 });
    let found = integrator(&Settings::default()).integrate_log(&f).unwrap();
    assert!(found.pull(exact).abs() < 4.0, "{found:?}");
}

#[test]
fn constants_are_exact_and_what_is_too_narrow_is_told() -> Result<()> {
    let found = integrator(&Settings::default()).integrate_log(&from_fn(2, |_| -1e5))?;
    assert!(
        (found.log_z + 1e5).abs() < 1e-9 && found.report.status.is_good(),
        "{found:?}"
    );
    // A part e^-250 of the cube: far points may matter.
    let dim = 32;
    let width = (-250.0 / dim as f64).exp() / 2.5;
    let settings = Settings {
        stop: Stop::calls(30_000),
        ..Settings::default()
    };
    let log_f = &narrow(dim, width)?.log_f;
    match integrator(&settings).integrate_log(&from_fn(dim, log_f)) {
        Ok(found) => assert_eq!(found.report.status, Status::Unreliable, "{found:?}"),
        Err(error) => assert!(matches!(error, Error::AboveLevel { .. }), "{error}"),
    }
    Ok(())
}

/// A narrow peak whose integral underflows.
fn peak(end: u64) -> Mortal {
    Mortal::new(3, |square, first| -3000.0 - 5000.0 * square + first, end)
}

/// Everything but times and the number of threads.
fn bits(found: &LogReport) -> Vec<u8> {
    let mut found = found.clone();
    found.report.seconds = PerPhase::default();
    found.report.threads = 0;
    serde_json::to_vec(&found).expect("plain data")
}

/// A run of [`peak`].
fn counted(method: Method, calls: u64, threads: usize) -> Settings {
    Settings {
        method,
        stop: Stop::calls(calls),
        cost_class: Some(CostClass::Cheap),
        threads: Some(threads),
        ..Settings::default()
    }
}

#[test]
fn all_calls_count_and_threads_change_no_bit() {
    for method in [Method::Plain, Method::Vegas, Method::Auto] {
        for calls in [512, 1000, 5000, 30_000] {
            let f = peak(u64::MAX);
            let found = integrator(&counted(method, calls, 1)).integrate_log(&f);
            let found = found.unwrap_or_else(|error| panic!("{method:?}, {calls}: {error}"));
            let total = found.report.calls.total();
            assert_eq!(total, f.calls.load(Ordering::Relaxed), "{found:?}");
            assert!(total <= calls, "{total} of {calls}");
            let f = peak(u64::MAX);
            let again = integrator(&counted(method, calls, 3))
                .integrate_log(&f)
                .unwrap();
            assert_eq!(bits(&again), bits(&found));
        }
    }
}

#[test]
fn killed_and_resumed_runs_have_the_same_bits() -> Result<()> {
    for method in [Method::Vegas, Method::Auto] {
        let settings = counted(method, 30_000, 2);
        let whole = integrator(&settings).integrate_log(&peak(u64::MAX))?;
        let all = whole.report.calls.total();
        let (mut store, mut killed) = (Store::new(1), 0);
        let resumed = loop {
            let f = peak(500 + all * killed / 10);
            let from = state(&store.bytes);
            let store = &mut store;
            let checkpoints = Some(Checkpoints { store, from });
            match integrator(&settings).run_log(&f, &mut Silent, checkpoints) {
                Ok(outcome) => break outcome.report,
                Err(error) => assert!(error.to_string().contains("killed"), "{error}"),
            }
            killed += 1;
            assert!(killed < 20, "no progress");
        };
        assert!(killed > 1);
        assert_eq!(bits(&resumed), bits(&whole));
        // The same state is none of a run of f itself.
        let from = state(&store.bytes);
        let store = &mut store;
        let checkpoints = Checkpoints { store, from };
        let other = integrator(&settings).run_kept(&peak(u64::MAX), None, &mut Silent, checkpoints);
        assert!(matches!(other, Err(Error::OtherRun { .. })));
    }
    Ok(())
}

/// Stops a run after some steps.
struct Few(u32);

impl Observer for Few {
    fn step(&mut self, _progress: &Progress<'_>) -> Control {
        self.0 -= 1;
        if self.0 == 0 {
            Control::Stop
        } else {
            Control::Continue
        }
    }
}

/// Interrupted at once.
struct Never;

impl Observer for Never {
    fn step(&mut self, _progress: &Progress<'_>) -> Control {
        Control::Stop
    }

    fn interrupted(&self) -> bool {
        true
    }
}

#[test]
fn interrupted_runs_have_what_there_is() {
    let run = integrator(&counted(Method::Vegas, 100_000, 2));
    let f = peak(u64::MAX);
    let found = run.run_log(&f, &mut Few(4), None).unwrap().report;
    assert_eq!(found.report.status, Status::Interrupted);
    assert!((found.log_z + 3000.0).abs() < 20.0, "{found:?}");
    let nothing = run.run_log(&f, &mut Never, None);
    let Err(error) = nothing else {
        panic!("{nothing:?}");
    };
    let none = matches!(error, Error::NoLogarithm { .. } | Error::NoLevel { .. });
    assert!(none, "{error}");
}

#[test]
fn the_domain_of_an_outcome_is_that_of_the_run() -> Result<()> {
    // sum_k int x^k dx = 1 + 1/2 + 1/3 + 1/4
    let domain = Domain::unit(2).with_discrete(1, 4)?;
    let f = from_fn(2, |y| y[1] * y[0].ln() - 2000.0);
    let settings = Settings {
        domain: Some(domain.clone()),
        ..Settings::default()
    };
    let outcome = integrator(&settings).run_log(&f, &mut Silent, None)?;
    let exact = (25.0_f64 / 12.0).ln() - 2000.0;
    assert!(outcome.report.pull(exact).abs() < 4.0);
    assert!(outcome.domain.is_same_box(&domain) && outcome.map.dim() == 2);
    Ok(())
}
