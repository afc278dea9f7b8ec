//! Runs that end before their calls are spent: what their uniform points tell.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::sleep;
use std::time::Duration;

use thalweg::{
    Control, Integrator, Method, Observer, Placement, Progress, Report, Settings, Status, Stop,
    StopReason, from_fn, integrate::Silent,
};

/// Says stop once the integrand has been called so often.
struct Until<'c> {
    calls: &'c AtomicU64,
    most: u64,
}

impl Observer for Until<'_> {
    fn step(&mut self, _: &Progress<'_>) -> Control {
        Control::Continue
    }

    fn interrupted(&self) -> bool {
        self.calls.load(Ordering::Relaxed) >= self.most
    }
}

fn settings(method: Method, placement: Placement, calls: u64) -> Settings {
    Settings {
        method,
        placement,
        stop: Stop::calls(calls),
        threads: Some(1),
        ..Settings::default()
    }
}

fn interrupted(settings: Settings, most: u64) -> Report {
    let calls = AtomicU64::new(0);
    let f = from_fn(2, |x| {
        calls.fetch_add(1, Ordering::Relaxed);
        (-20.0 * x[0]).exp() * (1.0 + x[1])
    });
    let mut until = Until {
        calls: &calls,
        most,
    };
    let integrator = Integrator::new(settings).expect("good settings");
    integrator.run(&f, &mut until).expect("a run").report
}

/// The blind volume is that of the uniform points there were.
fn agree(report: &Report, points: u64) {
    let volume = 3.5 / points as f64;
    assert!(
        (report.blind_volume / volume - 1.0).abs() < 1e-12,
        "{report}"
    );
    if let Some(exploration) = report.exploration {
        assert_eq!(exploration.points, points, "{report}");
    }
}

fn tells(report: &Report) -> bool {
    report.warnings.iter().any(|w| w.contains("looked on"))
}

#[test]
fn an_interrupted_run_tells_that_nothing_has_looked_on() {
    let all = settings(Method::Vegas, Placement::Random, 400_000);
    let report = interrupted(all.clone(), 300_000);
    assert_eq!(report.status, Status::Interrupted);
    assert!(
        report.exploration.is_some() && report.estimate.calls > 0,
        "{report}"
    );
    agree(&report, report.calls.explore);
    assert!(tells(&report), "{report}");
    let explored = report.calls.explore;
    let report = interrupted(all, u64::MAX);
    agree(&report, report.calls.explore);
    assert!(
        report.calls.explore > 2 * explored && !tells(&report),
        "{report}"
    );
}

#[test]
fn points_that_were_dropped_have_explored_nothing() {
    let nets = settings(Method::Plain, Placement::Sobol, 1_000_000);
    let report = interrupted(nets, 700_000);
    assert_eq!(report.status, Status::Interrupted);
    assert!(report.estimate.calls < report.calls.estimate, "{report}");
    agree(&report, report.calls.explore + report.estimate.calls);
}

#[test]
fn time_that_is_up_leaves_some_for_looking_on() {
    // A machine with other work may sleep through the last thirtieth of the time.
    let looked_on = (0..8).any(|seed| {
        let mut settings = settings(Method::Vegas, Placement::Auto, 1_000_000_000_000);
        settings.stop.max_seconds = Some(0.5);
        settings.seed = seed;
        let f = from_fn(2, |x| (-20.0 * x[0]).exp() * (1.0 + x[1]));
        let report = Integrator::new(settings).unwrap().integrate(&f).unwrap();
        assert_eq!(report.stop, StopReason::Seconds);
        agree(&report, report.calls.explore);
        let few = report.calls.explore < report.calls.estimate / 64;
        assert!(!few || tells(&report), "{report}");
        !few
    });
    assert!(looked_on);
}

/// No net is complete: the value is that of an earlier step, and not to be trusted.
#[test]
fn calls_without_a_result_are_no_estimate() {
    let calls = AtomicU64::new(0);
    let f = from_fn(2, |x| {
        if calls.fetch_add(1, Ordering::Relaxed) > 3_100 {
            sleep(Duration::from_millis(2));
        }
        1.0 + x[0]
    });
    let mut settings = settings(Method::Plain, Placement::Sobol, 2_000_000);
    settings.stop.max_seconds = Some(0.4);
    let integrator = Integrator::new(settings).unwrap();
    let report = integrator.run(&f, &mut Silent).unwrap().report;
    assert_eq!(
        (report.stop, report.estimate.calls),
        (StopReason::Seconds, 0),
        "{report}"
    );
    assert!(report.calls.estimate > 0, "{report}");
    assert_eq!(report.status, Status::Unreliable, "{report}");
    assert!(report.exploration.is_none());
    agree(&report, report.calls.explore);
}
