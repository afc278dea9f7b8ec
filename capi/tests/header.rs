//! The header is what cbindgen makes of the sources.
//! `THALWEG_UPDATE_GOLDEN=1 cargo test -p thalweg-capi --test header` writes it.

use std::env::var_os;
use std::fs;
use std::path::Path;

use cbindgen::{Builder, Config};

#[test]
fn the_header_is_that_of_the_sources() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = Config::from_file(here.join("cbindgen.toml")).unwrap();
    let mut made = Vec::new();
    Builder::new()
        .with_crate(here)
        .with_config(config)
        .generate()
        .unwrap()
        .write(&mut made);
    let made = String::from_utf8(made).unwrap();
    // The statuses have short names: every function returns one.
    let made = made.replace("THALWEG_STATUS_", "THALWEG_");
    let path = here.join("include/thalweg.h");
    if var_os("THALWEG_UPDATE_GOLDEN").is_some() {
        fs::write(&path, &made).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap();
    assert!(
        kept == made,
        "capi/include/thalweg.h is stale: THALWEG_UPDATE_GOLDEN=1 cargo test -p thalweg-capi --test header"
    );
}
