//! Writes of checkpoints that fail, or are cut short by the end of the process, at every call to the
//! system and in the middle of the bytes.

use std::cell::Cell;
use std::env::temp_dir;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process;
use std::time::Duration;

use super::CheckpointFile;
use super::disk::{self, System};
use crate::error::{Error, Result};
use crate::integrand::{Integrand, from_fn};
use crate::integrate::{
    Checkpoint, CheckpointStore, Checkpoints, CostClass, Integrator, Method, Report, Settings,
    Silent, Stop,
};

/// Calls of one write: create, write, flush, rename, rename, flush the folder.
const CALLS: u64 = 6;

/// What happens at a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// it fails, and those after it do not
    Fails,
    /// so do all those after it
    Stays,
    /// the process is gone before it
    Gone,
}

/// A system in which something happens at one of its calls, counted from 0.
#[derive(Debug)]
struct Faulty {
    at: u64,
    fault: Fault,
    /// bytes that are still written where that call is a write
    bytes: usize,
    calls: Cell<u64>,
}

impl Faulty {
    fn new(at: u64, fault: Fault, bytes: usize) -> Self {
        let calls = Cell::new(0);
        Self {
            at,
            fault,
            bytes,
            calls,
        }
    }

    /// Whether the process is still there.
    fn is_alive(&self) -> bool {
        self.fault != Fault::Gone || self.calls.get() <= self.at
    }

    /// Counts a call.
    fn call(&self) -> io::Result<()> {
        let call = self.calls.get();
        self.calls.set(call + 1);
        let fails = match self.fault {
            Fault::Fails => call == self.at,
            Fault::Stays | Fault::Gone => call >= self.at,
        };
        if fails {
            Err(ErrorKind::StorageFull.into())
        } else {
            Ok(())
        }
    }
}

impl System for Faulty {
    fn create(&self, path: &Path) -> io::Result<File> {
        self.call()?;
        File::create(path)
    }

    fn write(&self, file: &mut File, bytes: &[u8]) -> io::Result<()> {
        match self.call() {
            Err(e) if self.calls.get() == self.at + 1 => {
                file.write_all(&bytes[..self.bytes.min(bytes.len())])?;
                Err(e)
            }
            Err(e) => Err(e),
            Ok(()) => file.write_all(bytes),
        }
    }

    fn flush(&self, file: &File) -> io::Result<()> {
        self.call()?;
        file.sync_all()
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.call()?;
        fs::rename(from, to)
    }

    /// Not counted: it follows on something that has failed.
    fn remove(&self, path: &Path) -> io::Result<()> {
        if self.is_alive() {
            fs::remove_file(path)
        } else {
            Err(ErrorKind::Interrupted.into())
        }
    }

    fn flush_folder(&self, _: &Path) -> io::Result<()> {
        self.call()
    }
}

/// Keeps states at each `every`th question in the file of such a system, and remembers their bytes.
struct Store<'s> {
    system: Faulty,
    path: &'s Path,
    every: u64,
    asked: u64,
    /// all states that were to be kept, and whether they were
    states: Vec<(Vec<u8>, bool)>,
}

impl CheckpointStore for Store<'_> {
    fn due(&mut self) -> bool {
        self.asked += 1;
        self.asked.is_multiple_of(self.every)
    }

    fn save(&mut self, checkpoint: &Checkpoint) -> Result<()> {
        let bytes = checkpoint.to_bytes()?;
        let to = (self.path, Some(&*previous(self.path)));
        let written = disk::replace(&self.system, to, &bytes);
        self.states.push((bytes, written.is_ok()));
        written.map_err(|e| super::file_error("write", self.path, e))
    }
}

fn previous(path: &Path) -> PathBuf {
    path.with_extension("ck.1")
}

/// A place of its own for a test's files.
fn place(name: &str) -> PathBuf {
    temp_dir().join(format!("thalweg-{}-{name}.ck", process::id()))
}

fn integrator() -> Integrator {
    let settings = Settings {
        method: Method::Vegas,
        stop: Stop::calls(20_000),
        threads: Some(1),
        cost_class: Some(CostClass::Free),
        ..Settings::default()
    };
    Integrator::new(settings).expect("good settings")
}

fn integrand() -> impl Integrand {
    from_fn(2, |x| (-8.0 * x[0]).exp() + x[1])
}

fn kept(store: &mut dyn CheckpointStore, from: Option<Checkpoint>) -> Report {
    let checkpoints = Checkpoints { store, from };
    let run = integrator().run_kept(&integrand(), None, &mut Silent, checkpoints);
    run.expect("a run").report
}

fn bits(report: &Report) -> [u64; 2] {
    [report.estimate.value, report.estimate.error].map(f64::to_bits)
}

/// A run whose `at`th call to the system has a fault; what is on the disk then must be the newest
/// state that was kept or a later one, if any was, and go on to the same bits.
fn check(path: &Path, (at, fault, bytes): (u64, Fault, usize), whole: [u64; 2]) {
    let what = format!("{fault:?} at call {at}, byte {bytes}");
    let system = Faulty::new(at, fault, bytes);
    let file = CheckpointFile::new(path, Duration::MAX);
    file.remove().expect("a clean place");
    let mut store = Store {
        system,
        path,
        every: 6,
        asked: 0,
        states: Vec::new(),
    };
    let report = kept(&mut store, None);
    assert_eq!(bits(&report), whole, "{what}");
    let states = store.states;
    assert!(states.len() > 3, "{} states", states.len());
    let (_, last_kept) = states.last().expect("some");
    let warned = report
        .warnings
        .iter()
        .filter(|w| w.contains("could not be kept"));
    assert_eq!(warned.count(), usize::from(!last_kept), "{what}");

    let loaded = file.load().expect("a whole state or none");
    let loaded = loaded.map(|state| state.to_bytes().expect("plain data"));
    let newest = states.iter().rposition(|(_, kept)| *kept);
    match (&loaded, newest) {
        (Some(bytes), newest) => {
            let found = states.iter().rposition(|(state, _)| state == bytes);
            assert!(
                found.is_some_and(|at| newest.is_none_or(|n| at >= n)),
                "{what}"
            );
        }
        (None, newest) => assert_eq!(newest, None, "{what}"),
    }
    if let Some(bytes) = loaded {
        let from = Checkpoint::from_bytes(&bytes).expect("a good state");
        let mut again = CheckpointFile::new(path, Duration::MAX);
        assert_eq!(bits(&kept(&mut again, Some(from))), whole, "{what}");
        assert!(again.load().expect("a good state").is_some());
    }
    file.remove().expect("removed");
    let _ = fs::remove_file(path.with_extension("ck.part"));
}

fn whole() -> [u64; 2] {
    let report = integrator().integrate(&integrand());
    bits(&report.expect("a run"))
}

#[test]
fn each_call_may_fail_and_the_process_may_end_before_it() {
    let (path, whole) = (place("calls"), whole());
    for fault in [Fault::Fails, Fault::Stays, Fault::Gone] {
        for at in 0..4 * CALLS {
            check(&path, (at, fault, 0), whole);
        }
    }
}

#[test]
fn a_write_may_end_after_any_byte() {
    let (path, whole) = (place("bytes"), whole());
    // Those of the first, second and third state; their sizes are some ten thousand bytes.
    for state in 0..3 {
        for bytes in [1, 7, 8, 23, 24, 25, 1000, 8191, 8192, usize::MAX] {
            for fault in [Fault::Fails, Fault::Gone] {
                check(&path, (state * CALLS + 1, fault, bytes), whole);
            }
        }
    }
}

#[test]
fn a_damaged_last_file_does_not_take_the_place_of_the_one_before() {
    let path = place("damaged");
    let mut file = CheckpointFile::new(&path, Duration::ZERO);
    file.remove().unwrap();
    kept(&mut file, None);
    let good = fs::read(&path).unwrap();
    fs::write(previous(&path), &good).unwrap();
    fs::write(&path, &good[..good.len() / 2]).unwrap();
    let from = file.load().unwrap().unwrap();
    file.save(&from).unwrap();
    file.finish().unwrap();
    assert_eq!(fs::read(previous(&path)).unwrap(), good);
    // From then on it is kept again.
    let second = fs::read(&path).unwrap();
    file.save(&from).unwrap();
    file.finish().unwrap();
    assert_eq!(fs::read(previous(&path)).unwrap(), second);
    file.remove().unwrap();
}

#[test]
fn an_error_is_told_once() {
    let path = temp_dir().join("thalweg-no-such-folder").join("a.ck");
    let mut file = CheckpointFile::new(&path, Duration::ZERO);
    let system = Faulty::new(u64::MAX, Fault::Fails, 0);
    let mut store = Store {
        system,
        path: &place("told"),
        every: 5,
        asked: 0,
        states: Vec::new(),
    };
    kept(&mut store, None);
    let state = Checkpoint::from_bytes(&store.states[0].0).unwrap();
    // The bytes are written later: what went wrong is told by whoever asks next.
    file.save(&state).unwrap();
    let told = file.finish().unwrap_err();
    assert!(
        matches!(
            told,
            Error::File {
                action: "write",
                ..
            }
        ),
        "{told}"
    );
    file.finish().unwrap();
    CheckpointFile::new(store.path, Duration::ZERO)
        .remove()
        .unwrap();
}
