//! Reads bytes as a model file, and draws from what was read.
//!
//! The fuzzer cannot guess checksums: each input is also tried with the right length and
//! checksum in its header.

#![no_main]

#[path = "../../tests/files/seal.rs"]
mod seal;

use libfuzzer_sys::fuzz_target;
use thalweg::Sampler;

fuzz_target!(|bytes: &[u8]| {
    read(bytes);
    let mut sealed = bytes.to_vec();
    if let Some(start) = sealed.get_mut(..12) {
        start.copy_from_slice(b"THALWEG\n\x01\0\0\0");
        seal::seal(&mut sealed);
        read(&sealed);
    }
});

/// Reads a model; points of one that can be read lie in its domain and have a density.
fn read(bytes: &[u8]) {
    let Ok(sampler) = Sampler::from_bytes(bytes) else {
        return;
    };
    let batch = sampler.draw(64, 1, 0);
    for (point, log) in batch.points.chunks_exact(batch.dim).zip(&batch.log_density) {
        assert!(point.iter().all(|y| y.is_finite()), "{point:?}");
        assert!(sampler.domain().contains(point), "{point:?}");
        assert!(log.is_finite(), "{log}");
    }
    let again = sampler.log_density(&batch.points);
    assert!(again.iter().all(|log| !log.is_nan()), "{again:?}");
    let written = sampler.to_bytes().expect("what was read can be written");
    Sampler::from_bytes(&written).expect("what was written can be read");
}
