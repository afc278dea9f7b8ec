//! Runs whose checkpoints cannot be written.

use std::{fs, process::Command};

use serde_json::Value;

use super::{Run, checkpoints::RUN, scratch, thalweg};

/// How often a run has said that it is not kept.
fn told(run: &Run) -> usize {
    run.stderr.matches("the run cannot be kept").count()
}

/// The record without times and warnings, and whether the latter say that the run is not kept.
fn record(run: &Run) -> (Value, bool) {
    let mut record = run.json().expect("a record");
    record["seconds"].take();
    let warnings = record["warnings"].take();
    (record, warnings.to_string().contains("could not be kept"))
}

fn clear(file: &str) {
    for path in [file, &format!("{file}.1"), &format!("{file}.part")] {
        let _ = fs::remove_file(path);
    }
}

/// A run that asks for checkpoints all the time.
fn kept_run(file: &str) -> [&str; 15] {
    let mut run = ["--json"; 15];
    run[..10].copy_from_slice(&RUN);
    run[7] = "1e6";
    run[10..14].copy_from_slice(&["--checkpoint", file, "--checkpoint-every", "1e-4"]);
    run
}

/// The same where no file may be larger than `blocks` of 512 bytes.
fn limited(blocks: u64, arguments: &[&str]) -> Run {
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\"");
    let mut shell = Command::new("sh");
    shell.args(["-c", &script, "sh", env!("CARGO_BIN_EXE_thalweg")]);
    Run::new(&shell.args(arguments).output().expect("a shell"))
}

/// On a disk that is full after any number of blocks the run ends as without checkpoints, and what was
/// there before is still good.
#[test]
fn a_full_disk_costs_a_warning() {
    let file = scratch("full.checkpoint");
    clear(&file);
    let kept = kept_run(&file);
    let whole = thalweg(&[&kept[..10], &["--json"]].concat()).unwrap();
    assert_eq!(whole.code, Some(0), "{}", whole.stderr);
    let (whole, _) = record(&whole);

    // Nothing can be kept from the start, however often it is tried.
    let run = limited(0, &kept);
    assert_eq!((run.code, record(&run)), (Some(0), (whole.clone(), true)));
    assert_eq!(told(&run), 1, "{}", run.stderr);
    for path in [&file, &format!("{file}.1"), &format!("{file}.part")] {
        assert!(!fs::exists(path).unwrap(), "{path}");
    }

    // What a run without limits leaves, and how large it is.
    assert_eq!(told(&thalweg(&kept).unwrap()), 0);
    let good = fs::read(&file).unwrap();
    let size = good.len() as u64 / 512;
    let resume = [&kept[..], &["--resume"]].concat();
    let mut failed = 0;
    for blocks in [0, 1, 2, 3, size / 4, size / 2, size - 1, size + 2, 2 * size] {
        clear(&file);
        fs::write(&file, &good).unwrap();
        let run = limited(blocks, &resume);
        let (found, warned) = record(&run);
        assert_eq!((run.code, &found), (Some(0), &whole), "{blocks} blocks");
        let fails = blocks < size;
        assert_eq!(
            (told(&run), warned),
            (usize::from(fails), fails),
            "{blocks} blocks"
        );
        failed += usize::from(fails);
        let left = fs::read(&file).unwrap();
        assert!(!fails || left == good, "{blocks} blocks");
        let again = thalweg(&resume).unwrap();
        assert_eq!(
            (again.code, record(&again)),
            (Some(0), (whole.clone(), false))
        );
    }
    assert_eq!(failed, 7);
}

/// Places where even an administrator cannot write.
#[test]
fn a_place_that_cannot_be_written_costs_a_warning() {
    let file = scratch("place.checkpoint");
    let below = format!("{file}/file.checkpoint");
    clear(&file);
    let _ = fs::remove_dir(format!("{file}.part"));
    fs::write(&file, "no folder").unwrap();
    let whole = thalweg(&[&kept_run(&file)[..10], &["--json"]].concat()).unwrap();
    let (whole, _) = record(&whole);
    let run = thalweg(&kept_run(&below)).unwrap();
    assert_eq!((run.code, record(&run)), (Some(0), (whole.clone(), true)));
    assert_eq!(told(&run), 1, "{}", run.stderr);
    clear(&file);

    // The name for what is being written is taken, and what is there already stays.
    let kept = kept_run(&file);
    thalweg(&kept).unwrap();
    let good = fs::read(&file).unwrap();
    fs::create_dir(format!("{file}.part")).unwrap();
    let resume = [&kept[..], &["--resume"]].concat();
    let run = thalweg(&resume).unwrap();
    assert_eq!((run.code, record(&run)), (Some(0), (whole.clone(), true)));
    assert_eq!(told(&run), 1, "{}", run.stderr);
    assert_eq!(fs::read(&file).unwrap(), good);
    fs::remove_dir(format!("{file}.part")).unwrap();
    let again = thalweg(&resume).unwrap();
    assert_eq!((again.code, record(&again)), (Some(0), (whole, false)));
}
