//! Events with momenta, and parts of a sample.

use std::process::Command;
use std::{fs, io};

use super::{Run, path, scratch, thalweg};

/// A grid for muon pairs, saved under `name`.
fn muons(name: &str) -> io::Result<String> {
    let model = scratch(name);
    let train = [
        "train",
        "ee-mumu",
        "--method",
        "vegas",
        "--max-calls",
        "20000",
        "--save",
        &model,
    ];
    let run = thalweg(&train)?;
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    Ok(model)
}

#[test]
fn les_houches_files_of_a_process() {
    let model = muons("muons.tlw").unwrap();
    let file = scratch("muons.lhe");
    let sample = ["sample", &model, "-n", "500", "--unweighted", "-o", &file];
    let run = thalweg(&sample).unwrap();
    assert_eq!(
        (run.code, run.stdout.as_str()),
        (Some(0), ""),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("500 events of ") && run.stderr.contains(" pb, efficiency"));
    let text = fs::read_to_string(&file).unwrap();
    assert_eq!(text.matches("<event>").count(), 500);
    assert!(
        text.contains("\"integrand\": \"ee-mumu\"")
            && text.contains("\"policy\": \"quantile:0.999\"")
    );
    let array = scratch("muons.npy");
    let run = thalweg(&["sample", &model, "-n", "9", "-o", &array, "--records"]).unwrap();
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let told = fs::read_to_string(array + ".json").unwrap();
    assert!(told.contains("\"strategy\": 4"), "{told}");
}

#[test]
fn points_without_momenta_are_refused() {
    let file = scratch("none.lhe");
    let model = muons("named.tlw").unwrap();
    let other = [
        "sample", &model, "--expr", "2", "--range", "-1,1", "--range", "0,2*pi", "-n", "5", "-o",
        &file,
    ];
    let run = thalweg(&other).unwrap();
    assert_eq!(run.code, Some(1));
    assert!(
        run.stderr.contains("has no events with momenta"),
        "{}",
        run.stderr
    );
    let none = thalweg(&["sample", &model, "-n", "5", "--shard", "1/9", "-o", &file]).unwrap();
    assert!(none.code == Some(1) && none.stderr.contains("shard 1/9 of 5 events has none"));
    let wrong = thalweg(&["sample", &model, "-n", "5", "--shard", "3/2"]).unwrap();
    assert!(
        wrong.code == Some(1) && wrong.stderr.contains("such as 2/4"),
        "{}",
        wrong.stderr
    );
    assert!(!path("none.lhe").exists());
}

#[test]
fn shards_one_after_the_other_are_the_sample() {
    let model = muons("parts.tlw").unwrap();
    let rows = |more: &[&str]| -> io::Result<Vec<String>> {
        let run = thalweg(&[&["sample", &model, "-n", "1000"], more].concat())?;
        Ok(run.stdout.lines().skip(1).map(str::to_owned).collect())
    };
    let whole = rows(&[]).unwrap();
    let parts = ["1/3", "2/3", "3/3"];
    let weighted = parts.map(|part| rows(&["--shard", part]).unwrap()).concat();
    assert_eq!(weighted, whole);
    let unweighted = parts.map(|part| rows(&["--shard", part, "--unweighted"]).unwrap());
    let mut unweighted = unweighted.concat();
    assert_eq!(unweighted.len(), 1000);
    unweighted.sort_unstable();
    unweighted.dedup();
    assert_eq!(unweighted.len(), 1000);
}

/// A disk with room for nothing more, as far as a limit on the size of files is one.
#[cfg(unix)]
#[test]
fn a_full_disk_leaves_no_file() {
    let model = muons("full.tlw").unwrap();
    for name in ["full.lhe", "full.lhe.gz", "full.npy"] {
        let file = scratch(name);
        let script = "trap '' XFSZ; ulimit -f 64; exec \"$@\"";
        let program = env!("CARGO_BIN_EXE_thalweg");
        let output = Command::new("sh")
            .args([
                "-c",
                script,
                "sh",
                program,
                "sample",
                &model,
                "-n",
                "20000",
                "--records",
                "-o",
                &file,
            ])
            .output()
            .unwrap();
        let run = Run::new(&output);
        assert_eq!(run.code, Some(1), "{name}: {}", run.stderr);
        assert!(
            run.stderr.contains(&format!("cannot write {file}")),
            "{}",
            run.stderr
        );
        for end in ["", ".part", ".events.part", ".json"] {
            assert!(!path(format!("{name}{end}")).exists(), "{name}{end}");
        }
    }
}
