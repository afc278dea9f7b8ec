//! Texts that must not change unnoticed; `THALWEG_UPDATE_GOLDEN=1` stores them anew.

use std::path::Path;
use std::{env, fs, io};

use super::thalweg;

fn check(name: &str, arguments: &[&str]) -> io::Result<()> {
    let run = thalweg(arguments)?;
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{name}");
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name);
    if env::var_os("THALWEG_UPDATE_GOLDEN").is_some() {
        fs::write(&file, &run.stdout)?;
    }
    let golden = fs::read_to_string(&file)?;
    assert_eq!(
        run.stdout, golden,
        "{name}: THALWEG_UPDATE_GOLDEN=1 stores the new text"
    );
    Ok(())
}

#[test]
fn help() {
    check("help.txt", &["--help"]).unwrap();
    for subcommand in [
        "list",
        "integrate",
        "merge",
        "train",
        "compare",
        "sample",
        "gridpack",
        "inspect",
        "speed",
    ] {
        check(&format!("help-{subcommand}.txt"), &[subcommand, "--help"]).unwrap();
    }
}

#[test]
fn list() {
    check("list.txt", &["list"]).unwrap();
    check("list-camel.txt", &["list", "camel"]).unwrap();
}
