//! Runs that several processes share, here threads: the bits of one process, and one end for all.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier, Mutex, PoisonError};
use std::thread;

use thalweg::{
    Control, CostClass, Error, FlowConfig, Integrand, IntegrandError, Integrator, Method, Observer,
    Outcome, Placement, Points, Progress, Result, Settings, Status, Stop, StopReason, Team,
    integrate::{Checkpoints, PerPhase, Silent},
    train::TrainConfig,
};

#[path = "common/kept.rs"]
mod kept;
use kept::{Store, state};

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

    fn all_gather(&self, mine: &[u8], all: &mut Vec<u8>) -> io::Result<Vec<usize>> {
        let given = || self.given.lock().unwrap_or_else(PoisonError::into_inner);
        given()[self.rank] = mine.to_vec();
        self.barrier.wait();
        *all = given().concat();
        let lengths = given().iter().map(Vec::len).collect();
        self.barrier.wait();
        Ok(lengths)
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
        let ends = threads.into_iter().map(thread::ScopedJoinHandle::join);
        ends.map(|end| end.expect("no rank panics")).collect()
    })
}

/// The report without its times, and the numbers of the map.
type Bits = (Vec<u8>, String);

/// All bits of an outcome but its times.
fn bits(outcome: &Outcome) -> Bits {
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

#[test]
fn a_training_has_the_bits_of_one_process() {
    let humps = Humps { batch: None };
    let integrator = Integrator::new(settings(Method::Flow, 12_000)).unwrap();
    let alone = bits(&integrator.train(&humps, None, &mut Silent).unwrap());
    for size in [2, 3] {
        let all = on(size, |team| {
            let integrator = integrator.clone().with_team(team);
            bits(&integrator.train(&humps, None, &mut Silent).unwrap())
        });
        assert!(all.iter().all(|shared| *shared == alone), "{size} ranks");
    }
}

/// Humps that fail, or panic, once one process has called them so often.
#[derive(Debug)]
struct Failing {
    humps: Humps,
    calls: AtomicU64,
    end: u64,
    panics: bool,
}

impl Failing {
    fn new(end: u64, panics: bool) -> Self {
        Self {
            humps: Humps { batch: None },
            calls: AtomicU64::new(0),
            end,
            panics,
        }
    }
}

impl Integrand for Failing {
    fn dim(&self) -> usize {
        3
    }

    fn outputs(&self) -> usize {
        2
    }

    fn eval(&self, points: &Points<'_>, values: &mut [f64]) -> Result<(), IntegrandError> {
        let n = points.len() as u64;
        if self.calls.fetch_add(n, Ordering::Relaxed) + n > self.end {
            assert!(!self.panics, "as it must");
            return Err(IntegrandError::Failed {
                message: "as it must".to_owned(),
            });
        }
        self.humps.eval(points, values)
    }
}

#[test]
fn what_fails_on_one_rank_ends_all_with_the_same_error() {
    for method in [Method::Vegas, Method::Flow] {
        for (panics, end) in [(false, 0), (false, 3_000), (true, 3_000)] {
            let errors = on(3, |team| {
                let end = if team.rank() == 1 { end } else { u64::MAX };
                let humps = Failing::new(end, panics);
                let integrator = Integrator::new(settings(method, 20_000)).unwrap();
                let run = integrator.with_team(team).run(&humps, &mut Silent);
                run.map(|outcome| outcome.report.status).unwrap_err()
            });
            for error in errors {
                let Error::Integrand(error) = error else {
                    unreachable!("{error}");
                };
                let panicked = matches!(error, IntegrandError::Panicked { .. });
                assert_eq!(panicked, panics, "{error}");
                assert!(error.to_string().contains("as it must"), "{error}");
            }
        }
    }
}

/// Asks to stop after so many steps, or between them.
struct Asking {
    steps: u64,
    between: bool,
}

impl Observer for Asking {
    fn step(&mut self, _: &Progress<'_>) -> Control {
        self.steps = self.steps.saturating_sub(1);
        if self.steps == 0 && !self.between {
            Control::Stop
        } else {
            Control::Continue
        }
    }

    fn interrupted(&self) -> bool {
        self.between && self.steps == 0
    }
}

#[test]
fn rank_0_is_asked_whether_to_go_on() {
    for between in [false, true] {
        for steps in [1, 3, 6] {
            let reports = on(3, |team| {
                let steps = if team.rank() == 0 { steps } else { u64::MAX };
                let integrator = Integrator::new(settings(Method::Flow, 50_000)).unwrap();
                let humps = Humps { batch: None };
                let mut asking = Asking { steps, between };
                let run = integrator.with_team(team).run(&humps, &mut asking);
                bits(&run.unwrap())
            });
            let interrupted = rmp_serde::to_vec(&Status::Interrupted).unwrap();
            assert!(reports.iter().all(|r| *r == reports[0]), "{steps} steps");
            let report = &reports[0].0;
            let said = report.windows(interrupted.len()).any(|w| w == interrupted);
            assert!(said, "{steps} steps");
        }
    }
}

#[test]
fn the_time_of_rank_0_counts() {
    let mut settings = settings(Method::Flow, 1 << 40);
    settings.stop.max_seconds = Some(0.7);
    let integrator = Integrator::new(settings).unwrap();
    let reports = on(3, |team| {
        let humps = Humps { batch: None };
        let integrator = integrator.clone().with_team(team);
        let outcome = integrator.run(&humps, &mut Silent).unwrap();
        assert_eq!(outcome.report.stop, StopReason::Seconds);
        bits(&outcome)
    });
    assert!(reports.iter().all(|report| *report == reports[0]));
}

/// A run that is kept by `size` ranks of which the last fails after `end` calls, from where another
/// one has left it: what is kept, and how it ended.
fn kept(
    size: usize,
    (settings, from): (&Settings, &[u8]),
    end: u64,
) -> (Vec<u8>, Result<Bits>, u64) {
    let mut ends = on(size, |team| {
        let last = team.rank() + 1 == size;
        let humps = Failing::new(if last { end } else { u64::MAX }, false);
        let mut store = Store::new(1);
        let checkpoints = Checkpoints {
            // Rank 0 knows.
            from: (team.rank() == 0).then(|| state(from)).flatten(),
            store: &mut store,
        };
        let integrator = Integrator::new(settings.clone()).expect("good settings");
        let integrator = integrator.with_team(team);
        let run = integrator.run_kept(&humps, None, &mut Silent, checkpoints);
        let calls = humps.calls.load(Ordering::Relaxed);
        (store.bytes, run.map(|outcome| bits(&outcome)), calls)
    });
    let calls = ends.iter().map(|end| end.2).sum();
    let (bytes, end, _) = ends.swap_remove(0);
    for (bytes, ..) in ends {
        assert!(bytes.is_empty(), "rank 0 alone keeps the run");
    }
    (bytes, end, calls)
}

#[test]
fn a_run_goes_on_with_another_number_of_ranks() {
    for (settings, end) in [
        (settings(Method::Vegas, 60_000), 6_000),
        (settings(Method::Vegas, 60_000), 15_000),
        (settings(Method::Flow, 30_000), 3_000),
    ] {
        let humps = Humps { batch: None };
        let integrator = Integrator::new(settings.clone()).unwrap();
        let whole = integrator.run(&humps, &mut Silent).unwrap();
        let all_calls = whole.report.calls.total();
        let whole = bits(&whole);
        for (before, after) in [(3, 1), (1, 2), (2, 3)] {
            let (state, ended, _) = kept(before, (&settings, &[]), end);
            assert!(matches!(ended, Err(Error::Integrand(_))), "{end} calls");
            let (_, went_on, calls) = kept(after, (&settings, &state), u64::MAX);
            assert_eq!(went_on.unwrap(), whole, "{before}, then {after} ranks");
            // All that the others have found is known, but for a wave.
            let most = all_calls - end * before as u64 / 2;
            assert!(calls < most, "{calls} of {all_calls} calls again");
        }
    }
}

/// A team that asks for lengths tells where they are not those that all expect.
#[test]
fn lengths_that_are_known_are_those_that_come() {
    let told = on(2, |team| {
        let mine = vec![7; 1 + team.rank()];
        let mut all = Vec::new();
        let right = team.all_gather_known(&mine, &[1, 2], &mut all);
        assert!(right.is_ok());
        assert_eq!(all, [7; 3]);
        team.all_gather_known(&mine, &[2, 2], &mut all)
    });
    for told in told {
        let error = told.unwrap_err().to_string();
        assert!(error.contains("another length"), "{error}");
    }
}
