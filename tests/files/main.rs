//! Model files from strangers: whatever their bytes, reading them gives an error or a sampler that
//! draws, within bounded memory.
//!
//! `cargo test --release --test files -- --ignored` makes ten times as many mutations. Bytes that
//! were read wrongly once, or nearly, are kept in `tests/corpus/model/`.

mod checkpoints;
mod crafted;
mod large;
mod memory;
mod models;
mod mutate;
mod partials;
mod payload;
mod seal;

use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use memory::{Counting, peak_of};
use mutate::{Model, mutation};
use thalweg::{Error, Sampler};

#[global_allocator]
static MEMORY: Counting = Counting;

/// Reading may take `FACTOR` times the size of a file and `MORE` bytes.
const FACTOR: usize = 4;
const MORE: usize = 16 << 20;

/// What reading some bytes came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Read {
    Refused,
    Drawn,
}

/// Reads, and draws from what was read; `Err` says what is wrong with that.
fn check(bytes: &[u8]) -> Result<Read, String> {
    let caught = catch_unwind(AssertUnwindSafe(|| {
        let (read, peak) = peak_of(|| Sampler::from_bytes(bytes));
        let limit = FACTOR * bytes.len() + MORE;
        if peak > limit {
            return Err(format!("{peak} bytes taken; at most {limit} are allowed"));
        }
        match read {
            Ok(sampler) => check_draws(&sampler).map(|()| Read::Drawn),
            Err(Error::InvalidModel { .. } | Error::NewerModel { .. }) => Ok(Read::Refused),
            Err(error) => Err(format!("an error of the wrong sort: {error}")),
        }
    }));
    caught.unwrap_or_else(|_| Err("a panic".to_owned()))
}

/// Points lie in the domain and have a density, and what was read can be written.
fn check_draws(sampler: &Sampler) -> Result<(), String> {
    let what = sampler.map().describe();
    let batch = sampler.draw(64, 1, 0);
    for (point, log) in batch.points.chunks_exact(batch.dim).zip(&batch.log_density) {
        let finite = point.iter().all(|y| y.is_finite());
        if !finite || !sampler.domain().contains(point) || !log.is_finite() {
            return Err(format!("{what}: log density {log} at {point:?}"));
        }
    }
    let again = sampler.log_density(&batch.points);
    if let Some(log) = again.iter().find(|log| log.is_nan()) {
        return Err(format!("{what}: log density {log} of a point drawn"));
    }
    let written = sampler.to_bytes().map_err(|e| format!("{what}: {e}"))?;
    Sampler::from_bytes(&written).map_err(|e| format!("{what}, read again: {e}"))?;
    Ok(())
}

fn good_models() -> Vec<Model> {
    let samplers = models::samplers().expect("good models");
    let bytes = samplers.iter().map(|s| s.to_bytes().expect("savable maps"));
    bytes.map(Model::new).collect()
}

#[test]
fn good_files_are_read() {
    for model in good_models() {
        assert_eq!(check(&model.bytes), Ok(Read::Drawn));
    }
}

#[test]
fn kept_files_are_read_rightly() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/model");
    let mut good = 0;
    for entry in fs::read_dir(corpus).unwrap() {
        let path = entry.unwrap().path();
        let result = check(&fs::read(&path).unwrap());
        assert!(result.is_ok(), "{}: {result:?}", path.display());
        // A few good ones are there for the fuzzer to begin with, and to remain readable.
        if path
            .file_name()
            .unwrap()
            .to_string_lossy()
            .starts_with("good-")
        {
            assert_eq!(result, Ok(Read::Drawn), "{}", path.display());
            good += 1;
        }
    }
    assert!(good > 0, "the corpus is gone");
}

/// Checks some mutations; the bytes of one that is read wrongly are left in a file.
fn check_mutations(count: u64) {
    let models = good_models();
    let mut drawn = 0_u64;
    for number in 0..count {
        let bytes = mutation(&models, number);
        match check(&bytes) {
            Ok(Read::Drawn) => drawn += 1,
            Ok(Read::Refused) => {}
            Err(fault) => {
                let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("model-{number}"));
                fs::write(&path, bytes).expect("a place for the bytes");
                panic!("mutation {number}, kept as {}: {fault}", path.display());
            }
        }
    }
    // Mutations that never get past the first checks would show nothing.
    let share = drawn as f64 / count as f64;
    assert!(
        (0.02..0.6).contains(&share),
        "{share} of all can be drawn from"
    );
}

#[test]
fn mutations_are_refused_or_draw() {
    check_mutations(if cfg!(debug_assertions) {
        5_000
    } else {
        20_000
    });
}

#[test]
#[ignore = "for changes to files or maps"]
fn many_mutations_are_refused_or_draw() {
    check_mutations(200_000);
}
