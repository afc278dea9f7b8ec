//! Runs that several processes share, here threads: the bits of one process, and one end for all.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier, Mutex, PoisonError};
use std::thread;

use thalweg::{
    Control, CostClass, Error, FlowConfig, Integrand, IntegrandError, Integrator, Method, Observer,
    Outcome, Placement, Points, Progress, Result, Settings, Status, Stop, StopReason, Team,
    from_batch_fn, from_fn,
    integrate::{Checkpoint, CheckpointStore, Checkpoints, PerPhase, Silent},
    train::TrainConfig,
};

/// One of several threads that act as processes.
#[derive(Debug)]
struct Thread {
    rank: usize,
    size: usize,
    barrier: Arc<Barrier>,
    given: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Team for Thread {
    fn rank(&self) -> usize {
        self.rank
    }

    fn size(&self) -> usize {
        self.size
    }

    fn all_gather(&self, mine: Vec<u8>) -> io::Result<Vec<Vec<u8>>> {
        let given = || self.given.lock().unwrap_or_else(PoisonError::into_inner);
        given()[self.rank] = mine;
        self.barrier.wait();
        let all = given().clone();
        self.barrier.wait();
        Ok(all)
    }
}

/// What `go` comes to on each of `size` ranks.
fn on<T: Send>(size: usize, go: impl Fn(Arc<dyn Team>) -> T + Sync) -> Vec<T> {
    let barrier = Arc::new(Barrier::new(size));
    let given = Arc::new(Mutex::new(vec![Vec::new(); size]));
    let team = |rank| Thread {
        rank,
        size,
        barrier: Arc::clone(&barrier),
        given: Arc::clone(&given),
    };
    thread::scope(|scope| {
        let go = &go;
        let start = |rank| {
            let team = team(rank);
            scope.spawn(move || go(Arc::new(team)))
        };
        let threads: Vec<_> = (0..size).map(start).collect();
        let join = |thread: thread::ScopedJoinHandle<'_, T>| thread.join();
        threads.into_iter().map(|t| join(t).unwrap()).collect()
    })
}

/// All bits of an outcome but its times: the report, and the numbers of the map.
fn bits(outcome: &Outcome) -> (Vec<u8>, String) {
    let mut report = outcome.report.clone();
    report.seconds = PerPhase::default();
    let bytes = rmp_serde::to_vec(&report).expect("plain data");
    (bytes, format!("{:?}", outcome.map))
}

fn settings(method: Method, calls: u64) -> Settings {
    Settings {
        method,
        stop: Stop::calls(calls),
        threads: Some(1),
        cost_class: Some(CostClass::Cheap),
        flow: FlowConfig {
            hidden: vec![8],
            ..FlowConfig::default()
        },
        ..Settings::default()
    }
}

/// Two humps on the diagonal, and the first coordinate weighted with them.
#[derive(Debug)]
struct Humps {
    batch: Option<usize>,
}

impl Integrand for Humps {
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
        for (x, values) in points.iter().zip(values.chunks_exact_mut(2)) {
            let hump = |centre: f64| -> f64 {
                let squares = x.iter().map(|x| ((x - centre) / 0.1).powi(2));
                (-squares.sum::<f64>()).exp()
            };
            values[0] = hump(0.3) + hump(0.7);
            values[1] = x[0] * values[0];
        }
        Ok(())
    }
}

/// Runs of all kinds, by name.
fn cases() -> Vec<(&'static str, Settings, Humps)> {
    let one_by_one = || Humps { batch: None };
    let flow = Settings {
        find_peaks: true,
        covariance: true,
        train: TrainConfig {
            polish: 2,
            ..TrainConfig::default()
        },
        ..settings(Method::Flow, 12_000)
    };
    let random = Settings {
        placement: Placement::Random,
        ..settings(Method::Vegas, 60_000)
    };
    let target = Settings {
        stop: Stop {
            max_calls: 200_000,
            ..Stop::rel_error(2e-3)
        },
        ..settings(Method::Auto, 0)
    };
    let batches = Humps { batch: Some(3000) };
    vec![
        ("plain", settings(Method::Plain, 40_000), one_by_one()),
        ("vegas", settings(Method::Vegas, 60_000), one_by_one()),
        ("random", random, one_by_one()),
        ("flow", flow.clone(), one_by_one()),
        ("flow in batches", flow, batches),
        ("auto", target, one_by_one()),
    ]
}

#[test]
fn any_number_of_ranks_has_the_bits_of_one_process() {
    for (name, settings, humps) in cases() {
        let integrator = Integrator::new(settings).unwrap();
        let alone = integrator.run(&humps, &mut Silent).unwrap();
        let alone = bits(&alone);
        for size in [1, 2, 3, 5, 8] {
            let all = on(size, |team| {
                let integrator = integrator.clone().with_team(team);
                bits(&integrator.run(&humps, &mut Silent).unwrap())
            });
            for (rank, shared) in all.iter().enumerate() {
                assert!(*shared == alone, "{name}: rank {rank} of {size} differs");
            }
        }
    }
}
