//! Runs that are killed and go on: the same bits as without.

use thalweg::{
    CostClass, Domain, Error, FlowConfig, Integrand, Integrator, Method, Outcome, Result, Sampler,
    Settings, Stop, from_fn,
    integrate::{Checkpoint, Checkpoints, PerPhase, Placement, Report, Silent},
};

#[path = "common/kept.rs"]
mod kept;
use kept::{Store, state};
#[path = "common/mortal.rs"]
mod mortal;
use mortal::Mortal;

fn settings(method: Method, calls: u64, seed: u64, threads: usize) -> Settings {
    Settings {
        method,
        stop: Stop::calls(calls),
        seed,
        threads: Some(threads),
        cost_class: Some(CostClass::Cheap),
        flow: FlowConfig {
            hidden: vec![8],
            ..FlowConfig::default()
        },
        ..Settings::default()
    }
}

/// Everything but times and the number of threads, and draws from the map.
fn bits(outcome: Outcome) -> (Vec<u8>, Vec<u64>) {
    let report = Report {
        seconds: PerPhase::default(),
        threads: 0,
        ..outcome.report
    };
    let dim = outcome.map.dim();
    let sampler = Sampler::new(outcome.map, Domain::unit(dim)).expect("a sampler");
    let draws = sampler.draw(5, 0, 100);
    let bits = draws.points.iter().map(|x| x.to_bits()).collect();
    (serde_json::to_vec(&report).expect("plain data"), bits)
}

fn run(
    settings: &Settings,
    f: &Mortal,
    store: &mut Store,
    from: Option<Checkpoint>,
) -> Result<Outcome> {
    let checkpoints = Checkpoints { store, from };
    Integrator::new(settings.clone())?.run_kept(f, None, &mut Silent, checkpoints)
}

/// A peak off the middle.
fn peak(dim: usize, end: u64) -> Mortal {
    let f = |square: f64, first: f64| (-20.0 * square).exp() * (1.0 + first);
    Mortal::new(dim, f, end)
}

/// Kills a run at the `ends`, in calls of each process, with `threads` in turn, as often as it takes, and
/// compares its end with that of a run that nothing has disturbed.
fn kill_and_resume(
    settings: &Settings,
    dim: usize,
    every: u64,
    (ends, threads): (impl Fn(u64, u64) -> u64, impl Fn(u64) -> usize),
) -> Result<()> {
    let whole = Integrator::new(settings.clone())?;
    let whole = whole.run(&peak(dim, u64::MAX), &mut Silent)?;
    let all = whole.report.calls.total();
    let whole = bits(whole);
    let mut store = Store::new(every);
    let mut killed = 0;
    let outcome = loop {
        let f = peak(dim, ends(killed, all));
        let settings = Settings {
            threads: Some(threads(killed)),
            ..settings.clone()
        };
        let from = state(&store.bytes);
        match run(&settings, &f, &mut store, from) {
            Ok(outcome) => break outcome,
            Err(error) => assert!(error.to_string().contains("killed"), "{error}"),
        }
        killed += 1;
        assert!(killed < 60, "no progress");
    };
    assert!(killed > 0);
    assert!(bits(outcome) == whole, "{settings:?} differs");
    Ok(())
}

/// Method, placement, dimension and calls of some runs.
const RUNS: [(Method, Placement, usize, u64); 7] = [
    (Method::Plain, Placement::Auto, 2, 30_000),
    (Method::Plain, Placement::Sobol, 3, 30_000),
    (Method::Vegas, Placement::Auto, 3, 40_000),
    (Method::Vegas, Placement::Strata, 2, 40_000),
    (Method::Vegas, Placement::Random, 2, 40_000),
    (Method::Auto, Placement::Auto, 4, 40_000),
    (Method::Flow, Placement::Auto, 2, 30_000),
];

#[test]
fn killed_and_resumed_runs_have_the_same_bits() {
    for (i, (method, placement, dim, calls)) in (1..).zip(RUNS) {
        for late in [3, 7] {
            let settings = Settings {
                placement,
                ..settings(method, calls, i, 2)
            };
            let ends = |killed, all| all * late / 10 + 1000 * killed;
            let threads = |killed| if killed % 2 == 0 { 1 } else { 3 };
            kill_and_resume(&settings, dim, 3, (ends, threads)).unwrap();
        }
    }
}

/// `cargo test --release --test checkpoint -- --ignored`
#[test]
#[ignore = "forty runs, each killed several times"]
fn forty_random_configurations_have_the_same_bits() {
    // A splitmix step: numbers that only have to differ.
    let number = |i: u64| {
        let z = (i + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (z ^ (z >> 27)) >> 20
    };
    for (i, (method, placement, dim, calls)) in (0..40).zip(RUNS.into_iter().cycle()) {
        let settings = Settings {
            placement,
            ..settings(method, calls, 100 + i, 1)
        };
        let ends = |killed, all| number(1000 * i + killed) % all + 500 * killed;
        let threads = |killed| 1 + usize::try_from(number(77 * i + killed) % 8).unwrap_or(0);
        kill_and_resume(&settings, dim, 1 + number(i) % 9, (ends, threads)).unwrap();
    }
}

#[test]
fn a_finished_run_ends_at_once_again() {
    let settings = settings(Method::Vegas, 20_000, 1, 1);
    let mut store = Store::new(u64::MAX);
    let first = run(&settings, &peak(2, u64::MAX), &mut store, None).unwrap();
    let from = state(&store.bytes);
    // The probe of four points is all that is called.
    let again = run(&settings, &peak(2, 4), &mut store, from).unwrap();
    assert!(bits(first) == bits(again));
}

#[test]
fn a_checkpoint_of_another_run_is_refused() {
    let base = settings(Method::Plain, 20_000, 1, 1);
    let mut store = Store::new(1);
    run(&base, &peak(2, u64::MAX), &mut store, None).unwrap();
    let bytes = store.bytes.clone();
    let from = || rmp_serde::from_slice(&bytes).ok();
    let other = settings(Method::Plain, 20_000, 2, 1);
    let error = run(&other, &peak(2, u64::MAX), &mut store, from()).unwrap_err();
    assert!(matches!(error, Error::OtherRun { .. }), "{error}");
    let error = run(&base, &peak(3, u64::MAX), &mut store, from()).unwrap_err();
    assert!(matches!(error, Error::OtherRun { .. }), "{error}");

    let g = from_fn(2, |x| x[0]);
    let checkpoints = Checkpoints {
        store: &mut store,
        from: from(),
    };
    let integrator = Integrator::new(base).unwrap();
    let error = integrator.run_kept(&g, None, &mut Silent, checkpoints);
    let error = error.unwrap_err().to_string();
    assert!(error.contains("integrand"), "{error}");
}

#[test]
fn time_that_is_up_leaves_the_result_as_it_was() {
    let f = |scale: f64| from_fn(2, move |x| scale * (x[0] + x[1]));
    for (method, placement) in [
        (Method::Plain, Placement::Auto),
        (Method::Vegas, Placement::Strata),
        (Method::Plain, Placement::Sobol),
    ] {
        let mut settings = Settings {
            placement,
            ..settings(method, 1_000_000_000, 1, 2)
        };
        settings.stop.max_seconds = Some(0.2);
        let integrator = Integrator::new(settings).unwrap();
        let mut store = Store::new(1);
        for _ in 0..2 {
            let from = state(&store.bytes);
            let checkpoints = Checkpoints {
                store: &mut store,
                from,
            };
            let outcome = integrator.run_kept(&f(1e-3), None, &mut Silent, checkpoints);
            let report = outcome.unwrap().report;
            // Another scale or proposal under the old sums would be far off.
            assert!(
                report.estimate.pull(1e-3).abs() < 6.0,
                "{method:?}: {report}"
            );
            assert!((report.estimate.value / 1e-3 - 1.0).abs() < 0.1, "{report}");
        }
    }
}

#[test]
fn a_value_that_was_not_finite_is_asked_for_again() {
    let settings = settings(Method::Plain, 20_000, 1, 1);
    let mut store = Store::new(1);
    let broken = from_fn(2, |x| if x[0] > 0.999 { f64::NAN } else { x[1] });
    let mended = from_fn(2, |x| if x[0] > 0.999 { 2.0 } else { x[1] });
    let integrator = Integrator::new(settings).unwrap();
    let mut go = |f: &dyn Integrand| {
        let from = state(&store.bytes);
        let checkpoints = Checkpoints {
            store: &mut store,
            from,
        };
        integrator.run_kept(f, None, &mut Silent, checkpoints)
    };
    assert!(go(&broken).is_err());
    let resumed = bits(go(&mended).unwrap());
    assert!(resumed == bits(integrator.run(&mended, &mut Silent).unwrap()));
}
