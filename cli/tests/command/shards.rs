//! An estimate in parts, by the command lines of a cluster's jobs.

#[cfg(unix)]
use std::{os::unix::fs::symlink, path::Path, process::Command};

use std::fs;

use serde_json::Value;

use super::{path, scratch, thalweg};

/// A sampler of the camel, saved under `name`.
fn model(name: &str) -> String {
    let model = scratch(name);
    let arguments = [
        "train", "camel", "--dim", "2", "--method", "vegas", "--save",
    ];
    let run = thalweg(&[&arguments[..], &[&model, "--max-calls", "2e4"]].concat());
    let run = run.expect("the program");
    assert!(matches!(run.code, Some(0 | 3)), "{}", run.stderr);
    model
}

/// Evaluates a shard into a file; returns its name.
fn part(model: &str, points: &str, shard: &str, more: &[&str]) -> String {
    let name = format!("{}-{points}-{}.part", model, shard.replace('/', "-of-"));
    let file = name + &more.join("");
    let arguments = ["integrate", "--model", model, "--points", points];
    let own = ["--shard", shard, "--part", &file];
    let run = thalweg(&[&arguments[..], &own, more].concat());
    let run = run.expect("the program");
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(run.stderr.contains("saved to"), "{}", run.stderr);
    file
}

/// Without what is a time, and what the machine was.
fn timeless(json: &Value) -> Value {
    let mut json = json.clone();
    json["seconds"].take();
    json
}

#[test]
fn shards_merged_in_any_order_are_the_whole() {
    let model = model("sharded.tlw");
    let points = "30000";
    let whole = ["integrate", "--model", &model, "--points", points, "--json"];
    let whole = thalweg(&whole).unwrap();
    assert_eq!(whole.code, Some(0), "{}", whole.stderr);
    let whole = timeless(&whole.json().unwrap());
    assert_eq!(whole["calls"]["estimate"], 30_000);
    assert_eq!(whole["points"]["missing"], Value::Array(Vec::new()));
    let parts: Vec<String> = (1..=5)
        .map(|i| part(&model, points, &format!("{i}/5"), &[]))
        .collect();
    let [one, two, three, four, five] = [0, 1, 2, 3, 4].map(|i| parts[i].as_str());
    let half = scratch("sharded-half.part");
    let merged = thalweg(&["merge", four, two, "-o", &half]).unwrap();
    assert_eq!(merged.code, Some(4), "{}", merged.stderr);
    assert!(
        merged.stdout.contains("(1/5, 3/5, 5/5)"),
        "{}",
        merged.stdout
    );
    assert!(merged.stdout.contains("camel(d=2) = "), "{}", merged.stdout);
    let all = thalweg(&["merge", five, &half, one, three, "--json"]).unwrap();
    assert_eq!(all.code, Some(0), "{}", all.stderr);
    assert_eq!(timeless(&all.json().unwrap()), whole);
}

#[test]
fn what_does_not_belong_together_is_named() {
    let model = model("foreign.tlw");
    let good = part(&model, "5000", "1/2", &[]);
    let second = part(&model, "5000", "2/2", &[]);
    let seed = part(&model, "5000", "2/2", &["--seed=7"]);
    let other = part(&model, "5000", "2/2", &["--expr=x0*x1"]);
    let broken = scratch("foreign-broken.part");
    fs::write(&broken, &fs::read(&second).unwrap()[..100]).unwrap();
    let output = path("foreign-merged.part");
    let _ = fs::remove_file(&output);
    let files = [&good, &second, &good, &seed, &other, &broken].map(String::as_str);
    let to = output.display().to_string();
    let run = thalweg(&[&["merge", "-o", &to][..], &files].concat()).unwrap();
    assert_eq!(run.code, Some(1));
    for text in [
        format!("{good} has points that {good} has, too: 0 to"),
        format!("{seed} does not belong to {good}: it is of seed 7, not 1"),
        format!(
            "{other} does not belong to {good}: it is of another sampler or of another integrand"
        ),
        format!("{broken} is not a valid partial result: it is cut off"),
    ] {
        assert!(run.stderr.contains(&text), "{text}: {}", run.stderr);
    }
    assert!(!output.exists() && run.stdout.is_empty());
}

#[test]
fn options_that_say_otherwise_are_refused() {
    let model = model("options.tlw");
    for (more, why) in [
        (&["--shard", "1/2"][..], "--part"),
        (&["--part", "x.part"], "--points"),
        (&["--points", "1000", "--rel-error", "1e-3"], "--rel-error"),
        (
            &["--points", "1000", "--shard", "3/2", "--part", "x"],
            "3/2",
        ),
        (&["--points", "10"], "128"),
    ] {
        let run = thalweg(&[&["integrate", "--model", &model][..], more].concat()).unwrap();
        assert_eq!(run.code, Some(1), "{more:?}: {}", run.stderr);
        assert!(run.stderr.contains(why), "{more:?}: {}", run.stderr);
    }
    let run = thalweg(&["integrate", "camel", "--points", "1000"]).unwrap();
    assert_eq!(run.code, Some(1));
    assert!(run.stderr.contains("--model"), "{}", run.stderr);
}

#[test]
fn a_part_ends_with_the_time() {
    let model = model("short.tlw");
    let file = scratch("short.part");
    let arguments = [
        "integrate",
        "--model",
        &model,
        "--points",
        "1e12",
        "--shard",
    ];
    let more = ["2/3", "--part", &file, "--max-seconds", "0.2"];
    let run = thalweg(&[&arguments[..], &more].concat()).unwrap();
    assert_eq!(run.code, Some(4), "{}", run.stderr);
    let merged = thalweg(&["merge", &file]).unwrap();
    assert_eq!(merged.code, Some(4), "{}", merged.stderr);
    assert!(
        merged.stdout.contains("1/3, a part of 2/3, 3/3"),
        "{}",
        merged.stdout
    );
}

/// Of a page: the shell's lines in it, one text for each place.
#[cfg(unix)]
fn scripts(page: &str) -> Vec<String> {
    let after = page.split("```sh\n").skip(1);
    after
        .filter_map(|text| text.split("```").next())
        .map(|text| text.replace("1e9", "2e4"))
        .collect()
}

#[cfg(unix)]
#[test]
fn the_jobs_of_the_page_on_clusters_run() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/cluster.md");
    let scripts = scripts(&fs::read_to_string(page).unwrap());
    let [slurm, merge, condor] = [0, 1, 2].map(|i| scripts[i].as_str());
    let folder = path("cluster");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_thalweg"));
    symlink(program, folder.join("thalweg")).unwrap();
    fs::copy(model("cluster.tlw"), folder.join("camel.tlw")).unwrap();
    let shell = |script: &str, argument: usize| {
        let run = Command::new("sh")
            .args(["-c", script, "sh", &argument.to_string()])
            .current_dir(&folder)
            .env("PATH", format!("{}:/usr/bin:/bin", folder.display()))
            .env("SLURM_ARRAY_TASK_ID", argument.to_string())
            .output();
        let run = run.unwrap();
        let errors = String::from_utf8_lossy(&run.stderr).into_owned();
        assert!(run.status.success(), "{script}: {errors}");
        String::from_utf8_lossy(&run.stdout).into_owned()
    };
    for i in 1..=64 {
        shell(slurm, i);
    }
    let merged = shell(merge, 0);
    assert!(
        merged.contains("= 20000 estimate") || merged.contains("+ 20000 estimate"),
        "{merged}"
    );
    // Shard by shard, both have written the same points.
    for i in [0, 63] {
        shell(condor, i);
        let [one, other] = [format!("parts/{}.part", i + 1), format!("{}.part", i + 1)]
            .map(|name| folder.join(name).display().to_string());
        let run = thalweg(&["merge", &one, &other]).unwrap();
        assert!(run.stderr.contains("has points that"), "{}", run.stderr);
    }
    let whole = folder.join("camel.part").display().to_string();
    let again = thalweg(&["merge", &whole]).unwrap();
    assert_eq!(again.code, Some(0), "{}", again.stderr);
}
