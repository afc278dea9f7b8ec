//! Reads bytes as a checkpoint, and goes on from what was read.
//!
//! The fuzzer cannot guess checksums: each input is also tried with the right length and
//! checksum in its header.

#![no_main]

#[path = "../../tests/files/seal.rs"]
mod seal;

use libfuzzer_sys::fuzz_target;
use thalweg::{
    CostClass, Integrator, Method, Result, Settings, Stop, from_fn,
    integrate::{Checkpoint, CheckpointStore, Checkpoints, Silent},
};

fuzz_target!(|bytes: &[u8]| {
    go_on(bytes);
    let mut sealed = bytes.to_vec();
    if let Some(start) = sealed.get_mut(..12) {
        start.copy_from_slice(b"THALWGC\n\x01\0\0\0");
        seal::seal(&mut sealed);
        go_on(&sealed);
    }
});

/// Keeps nothing.
struct Nowhere;

impl CheckpointStore for Nowhere {
    fn due(&mut self) -> bool {
        false
    }

    fn save(&mut self, _: &Checkpoint) -> Result<()> {
        Ok(())
    }
}

fn go_on(bytes: &[u8]) {
    let Ok(from) = Checkpoint::from_bytes(bytes) else {
        return;
    };
    let settings = Settings {
        method: Method::Plain,
        stop: Stop::calls(1000),
        threads: Some(1),
        cost_class: Some(CostClass::Free),
        ..Settings::default()
    };
    let checkpoints = Checkpoints {
        store: &mut Nowhere,
        from: Some(from),
    };
    let integrator = Integrator::new(settings).expect("good settings");
    let f = from_fn(2, |x| x[0] + x[1]);
    if let Ok(outcome) = integrator.run_kept(&f, None, &mut Silent, checkpoints) {
        let e = outcome.report.estimate;
        assert!(!(outcome.report.status.is_good() && e.value.is_nan()), "{e}");
    }
}
