//! Checkpoints from strangers: reading and going on from them gives an error or a report.

use std::{
    env::temp_dir,
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    process,
    time::Duration,
};

use thalweg::{
    CheckpointFile, CostClass, Error, Integrator, Method, Placement, Settings, Stop, from_fn,
    integrate::{Checkpoint, CheckpointStore, Checkpoints, Silent},
};

use super::{
    FACTOR, MORE, Read,
    memory::peak_of,
    mutate::{Model, mutation},
};

/// Keeps the `after`th state alone.
struct Once {
    after: u64,
    bytes: Vec<u8>,
}

impl CheckpointStore for Once {
    fn due(&mut self) -> bool {
        self.after = self.after.saturating_sub(1);
        self.after == 0 && self.bytes.is_empty()
    }

    fn save(&mut self, checkpoint: &Checkpoint) -> thalweg::Result<()> {
        if self.bytes.is_empty() {
            self.bytes = checkpoint.to_bytes()?;
        }
        Ok(())
    }
}

/// Runs of one thread: which state is kept does not depend on chance.
fn integrator(method: Method, placement: Placement) -> Integrator {
    let settings = Settings {
        method,
        placement,
        stop: Stop::calls(6000),
        threads: Some(1),
        cost_class: Some(CostClass::Free),
        ..Settings::default()
    };
    Integrator::new(settings).expect("good settings")
}

/// States of several kinds of runs, early and late.
fn states() -> Vec<(Integrator, Vec<u8>)> {
    let kinds = [
        (Method::Plain, Placement::Auto),
        (Method::Plain, Placement::Sobol),
        (Method::Vegas, Placement::Strata),
        (Method::Auto, Placement::Auto),
    ];
    let mut states = Vec::new();
    for (method, placement) in kinds {
        for after in [3, 15] {
            let integrator = integrator(method, placement);
            let mut store = Once {
                after,
                bytes: Vec::new(),
            };
            let checkpoints = Checkpoints {
                store: &mut store,
                from: None,
            };
            let run = integrator.run_kept(&from_fn(2, f), None, &mut Silent, checkpoints);
            assert!(run.is_ok());
            states.push((integrator, store.bytes));
        }
    }
    states
}

fn f(x: &[f64]) -> f64 {
    (-8.0 * x[0]).exp() + x[1]
}

/// Reads, and goes on from what was read.
pub(super) fn check(bytes: &[u8], integrators: &[Integrator]) -> Result<Read, String> {
    let caught = catch_unwind(AssertUnwindSafe(|| {
        let (read, peak) = peak_of(|| Checkpoint::from_bytes(bytes));
        let limit = FACTOR * bytes.len() + MORE;
        if peak > limit {
            return Err(format!("{peak} bytes taken; at most {limit} are allowed"));
        }
        let checkpoint = match read {
            Ok(checkpoint) => checkpoint,
            Err(Error::InvalidCheckpoint { .. }) => return Ok(Read::Refused),
            Err(error) => return Err(format!("an error of the wrong sort: {error}")),
        };
        let mut ended = Read::Refused;
        for integrator in integrators {
            let mut store = Once {
                after: u64::MAX,
                bytes: vec![0],
            };
            let checkpoints = Checkpoints {
                store: &mut store,
                from: Some(checkpoint.clone()),
            };
            match integrator.run_kept(&from_fn(2, f), None, &mut Silent, checkpoints) {
                Ok(outcome) => {
                    let e = outcome.report.estimate;
                    if e.value.is_nan() && outcome.report.status.is_good() {
                        return Err(format!("a good status: {}", outcome.report));
                    }
                    ended = Read::Drawn;
                }
                Err(Error::OtherRun { .. } | Error::Integrand(_)) => {}
                Err(error) => return Err(format!("an error of the wrong sort: {error}")),
            }
        }
        Ok(ended)
    }));
    caught.unwrap_or_else(|_| Err("a panic".to_owned()))
}

fn check_mutations(count: u64) {
    let (integrators, bytes): (Vec<_>, Vec<_>) = states().into_iter().unzip();
    let models: Vec<Model> = bytes.into_iter().map(Model::new).collect();
    // One of each kind: the fingerprint tells whose state it is.
    let integrators: Vec<Integrator> = integrators.into_iter().step_by(2).collect();
    let mut ended = 0_u64;
    for number in 0..count {
        match check(&mutation(&models, number), &integrators) {
            Ok(Read::Drawn) => ended += 1,
            Ok(Read::Refused) => {}
            Err(fault) => panic!("mutation {number}: {fault}"),
        }
    }
    let share = ended as f64 / count as f64;
    assert!(
        (0.01..0.9).contains(&share),
        "{share} of all can be gone on from"
    );
}

#[test]
fn good_states_are_gone_on_from() {
    for (integrator, bytes) in states() {
        assert_eq!(check(&bytes, &[integrator]), Ok(Read::Drawn));
    }
}

#[test]
fn mutated_states_are_refused_or_gone_on_from() {
    check_mutations(if cfg!(debug_assertions) { 300 } else { 2000 });
}

#[test]
#[ignore = "for changes to checkpoints"]
fn many_mutated_states_are_refused_or_gone_on_from() {
    check_mutations(200_000);
}

#[test]
fn a_damaged_file_leaves_the_one_before() {
    let path = temp_dir().join(format!("thalweg-{}.checkpoint", process::id()));
    let mut file = CheckpointFile::new(&path, Duration::ZERO);
    file.remove().unwrap();
    assert!(!file.exists() && file.load().unwrap().is_none());
    let states = states();
    let state = |i: usize| Checkpoint::from_bytes(&states[i].1).unwrap();
    file.save(&state(0)).unwrap();
    file.save(&state(1)).unwrap();
    let bytes = |c: &Option<Checkpoint>| c.as_ref().unwrap().to_bytes().unwrap();
    assert_eq!(bytes(&file.load().unwrap()), states[1].1);
    fs::write(&path, &states[1].1[..100]).unwrap();
    assert_eq!(bytes(&file.load().unwrap()), states[0].1);
    fs::remove_file(&path).unwrap();
    assert_eq!(bytes(&file.load().unwrap()), states[0].1);
    fs::write(&path, b"something else").unwrap();
    fs::write(path.with_extension("checkpoint.1"), b"too").unwrap();
    assert!(matches!(file.load(), Err(Error::InvalidCheckpoint { .. })));
    file.remove().unwrap();
}
