//! What ends a run: targets, time, observers, the budget.

use std::{
    f64::consts::PI,
    sync::atomic::{AtomicU64, Ordering},
    thread::sleep,
    time::Duration,
};

use thalweg::{
    Control, CostClass, Integrator, Method, Observer, Placement, Progress, Report, Settings,
    Status, Stop, StopReason, from_fn, integrate::Phase,
};

use super::{METHODS, assert_near, integrate, spend};

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

/// Plain points on 1 + x, where a call takes `call`, ended after `seconds` or `calls`.
fn slow(call: Duration, seconds: f64, calls: u64) -> Report {
    let f = from_fn(2, move |x| {
        sleep(call);
        1.0 + x[0]
    });
    let mut settings = spend(Method::Plain, calls);
    settings.stop.max_seconds = Some(seconds);
    integrate(settings, &f).expect("a report")
}

#[test]
fn time_ends_a_run() {
    let report = slow(Duration::from_micros(100), 1.0, 1_000_000);
    assert_eq!(
        (report.status, report.stop),
        (Status::Budget, StopReason::Seconds),
        "{report}"
    );
    // However slow the machine is, each call sleeps.
    assert!(
        report.calls.estimate > 0 && report.calls.total() < 1_000_000,
        "{report}"
    );
    assert!(report.seconds.total() >= 1.0, "{report}");
    assert!(report.estimate.pull(1.5).abs() < 5.0, "{report}");
}

/// Points were seen, and f was not zero there; but none belongs to the estimate.
#[test]
fn time_may_end_a_run_before_the_estimate() {
    let report = slow(Duration::from_millis(1), 0.05, 20_000);
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
