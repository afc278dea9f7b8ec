//! Runs that are killed and go on.

use std::process::Stdio;

use super::{checkpoint, command, scratch, thalweg, wait_for};

/// A run of a second or so.
pub(super) const RUN: [&str; 10] = [
    "integrate",
    "camel",
    "--dim",
    "4",
    "--method",
    "vegas",
    "--max-calls",
    "2e7",
    "--threads",
    "1",
];

#[test]
fn a_killed_run_goes_on_to_the_same_result() {
    let [file, previous] = checkpoint("killed.checkpoint");
    let kept = [
        "--json",
        "--checkpoint",
        &file,
        "--checkpoint-every",
        "0.05",
    ];
    let mut child = command(&[&RUN[..], &kept].concat())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    // Until something is kept, and a while longer.
    wait_for(&previous);
    child.kill().unwrap();
    child.wait().unwrap();

    let refused = thalweg(&[&RUN[..], &kept].concat()).unwrap();
    assert_eq!(refused.code, Some(1));
    assert!(refused.stderr.contains("--resume"), "{}", refused.stderr);

    let whole = thalweg(&[&RUN[..], &["--json"]].concat()).unwrap();
    let resumed = thalweg(&[&RUN[..], &kept, &["--resume"]].concat()).unwrap();
    let [mut whole, mut resumed] = [whole, resumed].map(|run| run.json().unwrap());
    for record in [&mut whole, &mut resumed] {
        record["seconds"].take();
    }
    assert_eq!(whole, resumed);

    let other = thalweg(&[&RUN[..], &kept, &["--resume", "--seed", "2"]].concat()).unwrap();
    assert_eq!(other.code, Some(1));
    assert!(other.stderr.contains("other settings"), "{}", other.stderr);
}

#[test]
fn a_folder_that_is_not_there_costs_a_warning() {
    let file = scratch("nowhere/at/all.checkpoint");
    let arguments = ["integrate", "camel", "--max-calls", "20000", "--checkpoint"];
    let run = thalweg(&[&arguments[..], &[&file]].concat()).unwrap();
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(run.stdout.contains("could not be kept"), "{}", run.stdout);
    let told = run.stderr.matches("the run cannot be kept").count();
    assert_eq!(told, 1, "{}", run.stderr);
}
