//! Integrands that want many points a call: the same bits as with few, one call at a time.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use thalweg::integrate::{Checkpoint, CheckpointStore, Checkpoints, PerPhase, Silent};
use thalweg::{
    CostClass, Integrand, IntegrandError, Integrator, Map, Method, Outcome, Placement, Points,
    Report, Result, Sampler, Settings, Status, Stop, StopReason, Unweighting,
};

/// A peak off the middle with two outputs.
#[derive(Default)]
struct Peak {
    batch: Option<usize>,
    /// whether a call is going on
    busy: AtomicBool,
    overlapped: AtomicBool,
    sizes: Mutex<Vec<usize>>,
    calls: AtomicU64,
    /// interrupted from this call on, if not 0
    end: u64,
}

impl Peak {
    fn new(batch: Option<usize>) -> Self {
        Self {
            batch,
            ..Self::default()
        }
    }

    fn sizes(&self) -> Vec<usize> {
        self.sizes.lock().expect("no panic").clone()
    }
}

impl Integrand for Peak {
    fn dim(&self) -> usize {
        3
    }

    fn outputs(&self) -> usize {
        2
    }

    fn batch(&self) -> Option<usize> {
        self.batch
    }

    fn eval(&self, points: &Points<'_>, values: &mut [f64]) -> Result<(), IntegrandError> {
        if self.busy.swap(true, Ordering::SeqCst) {
            self.overlapped.store(true, Ordering::SeqCst);
        }
        self.sizes.lock().expect("no panic").push(points.len());
        let calls = self.calls.fetch_add(points.len() as u64, Ordering::SeqCst);
        for (x, values) in points.iter().zip(values.chunks_exact_mut(2)) {
            let square: f64 = x.iter().map(|x| (x - 0.4) * (x - 0.4)).sum();
            values[0] = (-30.0 * square).exp();
            values[1] = values[0] * x[0];
        }
        self.busy.store(false, Ordering::SeqCst);
        if self.end > 0 && calls >= self.end {
            return Err(IntegrandError::Interrupted);
        }
        Ok(())
    }
}

fn settings(method: Method, placement: Placement) -> Settings {
    Settings {
        method,
        placement,
        stop: Stop::calls(24_000),
        covariance: true,
        threads: Some(2),
        cost_class: Some(CostClass::Cheap),
        ..Settings::default()
    }
}

fn run(f: &Peak, settings: Settings) -> Outcome {
    Integrator::new(settings)
        .and_then(|i| i.run(f, &mut Silent))
        .expect("a good run")
}

/// The report without what may differ: times.
fn numbers(report: &Report) -> Report {
    Report {
        seconds: PerPhase::default(),
        ..report.clone()
    }
}

#[test]
fn batches_do_not_change_a_bit() {
    for (method, placement) in [
        (Method::Plain, Placement::Random),
        (Method::Plain, Placement::Sobol),
        (Method::Vegas, Placement::Strata),
        (Method::Vegas, Placement::Auto),
        (Method::Flow, Placement::Auto),
        (Method::Auto, Placement::Auto),
    ] {
        let few = run(&Peak::new(None), settings(method, placement));
        for batch in [1, 10_000, usize::MAX] {
            let f = Peak::new(Some(batch));
            let many = run(&f, settings(method, placement));
            let what = format!("{method:?} {placement:?} {batch}");
            assert_eq!(numbers(&few.report), numbers(&many.report), "{what}");
            let z = [0.3, 0.6, 0.9];
            let at = |map: &dyn Map| {
                let (mut x, mut log_jac) = ([0.0; 3], [0.0]);
                map.forward(&z, &mut x, &mut log_jac);
                (x.map(f64::to_bits), log_jac[0].to_bits())
            };
            assert_eq!(at(few.map.as_ref()), at(many.map.as_ref()), "{what}");
            assert!(!f.overlapped.load(Ordering::SeqCst), "{what}");
        }
    }
}

#[test]
fn calls_have_the_points_asked_for() {
    let f = Peak::new(Some(10_000));
    let calls = Stop::calls(400_000);
    let settings = Settings {
        stop: calls,
        ..settings(Method::Vegas, Placement::Strata)
    };
    let calls = run(&f, settings).report.calls.total();
    let sizes = f.sizes();
    assert_eq!(sizes.iter().sum::<usize>() as u64, calls);
    // Most points come in whole batches; looks and the ends of iterations have fewer.
    let large: usize = sizes.iter().filter(|n| **n >= 8000).sum();
    assert!(large as u64 > calls / 10 * 8, "{sizes:?}");
}

#[test]
fn events_do_not_change_a_bit() {
    let sampler = || {
        let f = Peak::new(None);
        Sampler::from_outcome(run(&f, settings(Method::Vegas, Placement::Auto)))
    };
    let how = Unweighting::default();
    let (few, many) = (Peak::new(None), Peak::new(Some(10_000)));
    let sampler = sampler();
    let weighted = |f| sampler.weighted(f, 3001, 5, 17).expect("events");
    assert_eq!(weighted(&few), weighted(&many));
    let unweighted = |f| sampler.unweighted(f, 1001, 5, &how).expect("events");
    assert_eq!(unweighted(&few), unweighted(&many));
    assert!(!many.overlapped.load(Ordering::SeqCst));
}

/// Keeps every state.
#[derive(Default)]
struct Store(Option<Checkpoint>, AtomicUsize);

impl CheckpointStore for Store {
    fn due(&mut self) -> bool {
        self.1.fetch_add(1, Ordering::Relaxed) % 3 == 2
    }

    fn save(&mut self, checkpoint: &Checkpoint) -> Result<()> {
        self.0 = Some(checkpoint.clone());
        Ok(())
    }
}

#[test]
fn interrupted_runs_have_a_result_and_go_on_to_the_same_bits() {
    for method in [Method::Plain, Method::Vegas, Method::Flow] {
        let whole = run(&Peak::new(Some(3000)), settings(method, Placement::Auto));
        for end in [1, 9000, 17_000] {
            let f = Peak {
                end,
                ..Peak::new(Some(3000))
            };
            let integrator = Integrator::new(settings(method, Placement::Auto)).expect("good");
            let mut store = Store::default();
            let checkpoints = Checkpoints {
                store: &mut store,
                from: None,
            };
            let cut = integrator.run_kept(&f, None, &mut Silent, checkpoints);
            let cut = cut.expect("a result of what there was").report;
            assert_eq!(cut.status, Status::Interrupted, "{method:?} {end}");
            assert_eq!(cut.stop, StopReason::Interrupted, "{method:?} {end}");
            let from = store.0.clone();
            let f = Peak::new(Some(5000));
            let checkpoints = Checkpoints {
                store: &mut store,
                from,
            };
            let all = integrator.run_kept(&f, None, &mut Silent, checkpoints);
            let all = all.expect("a good run").report;
            assert_eq!(numbers(&all), numbers(&whole.report), "{method:?} {end}");
            let before = f.calls.load(Ordering::SeqCst);
            assert!(end < 9000 || before < all.calls.total(), "{method:?} {end}");
        }
    }
}

#[test]
fn points_of_a_run_are_shared_and_others_copied() {
    let data = Arc::new(vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
    let points = Points::of_shared(&data, 1..3, 2);
    assert_eq!(points.data(), [2.0, 3.0, 4.0, 5.0]);
    let (shared, range) = points.share();
    assert!(Arc::ptr_eq(&shared, &data));
    assert_eq!(range, 2..6);
    let (copied, range) = Points::new(&data, 2).share();
    assert!(!Arc::ptr_eq(&copied, &data));
    assert_eq!((copied.len(), range), (6, 0..6));
}
