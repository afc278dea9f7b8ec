//! Runs that the processes of `mpirun` share: the result of one process, whatever their number.

use std::fs;
use std::io;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

#[path = "common/files.rs"]
mod files;
use files::{checkpoint, scratch, wait_for};

const PROGRAM: &str = env!("CARGO_BIN_EXE_thalweg");

/// The program on so many ranks; on none of `mpirun` for 0.
fn command(ranks: usize, arguments: &[&str]) -> Command {
    if ranks == 0 {
        let mut command = Command::new(PROGRAM);
        command.args(arguments);
        return command;
    }
    let mut command = Command::new("mpirun");
    let number = ranks.to_string();
    command.args(["--oversubscribe", "--allow-run-as-root", "-n", &number]);
    command.arg(PROGRAM).args(arguments);
    // Plain pipes and shared memory, also where there is no network.
    command.env("OMPI_MCA_btl", "self,vader");
    command
}

fn run(ranks: usize, arguments: &[&str]) -> Output {
    command(ranks, arguments).output().expect("mpirun")
}

/// What a run says, without its times.
fn timeless(output: &Output) -> Value {
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    let json: serde_json::Result<Value> = serde_json::from_str(&text);
    let mut json = json.unwrap_or_else(|e| unreachable!("{e}: {text}{errors}"));
    json["seconds"].take();
    json
}

const METHODS: [&[&str]; 3] = [
    &["vegas", "--max-calls", "1e5"],
    &["flow", "--max-calls", "1.2e4", "--hidden", "16"],
    &["auto", "--rel-error", "1e-3", "--cost-class", "cheap"],
];

#[test]
fn any_number_of_ranks_has_the_result_of_one_process() {
    for method in METHODS {
        let start = ["integrate", "camel", "--dim", "3", "--threads", "1"];
        let arguments = [&start[..], &["--json", "--method"], method].concat();
        let alone = run(0, &arguments);
        for ranks in [1, 2, 3, 5, 8] {
            let shared = run(ranks, &arguments);
            assert_eq!(timeless(&shared), timeless(&alone), "{method:?} on {ranks}");
            assert_eq!(shared.status.code(), alone.status.code());
        }
    }
}

#[test]
fn a_model_trained_by_several_ranks_has_the_same_bytes() {
    let train = |ranks: usize| {
        let file = scratch(&format!("ranks-{ranks}.tlw"));
        let start = ["train", "camel", "--dim", "3", "--threads", "1"];
        let rest = ["--max-calls", "1e4", "--hidden", "16", "--save", &file];
        let output = run(ranks, &[&start[..], &rest].concat());
        let told = String::from_utf8_lossy(&output.stdout);
        assert_eq!(told.matches("saved to").count(), 1, "{told}");
        fs::read(file).expect("the model")
    };
    assert!(train(0) == train(3));
}

#[test]
fn what_goes_wrong_is_said_once() {
    let expression = ["integrate", "--expr", "ln(x0 - 0.9)", "--dim", "2"];
    let output = run(3, &[&expression[..], &["--max-calls", "1e4"]].concat());
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        errors.matches("error: the integrand").count(),
        1,
        "{errors}"
    );
    assert_eq!(output.status.code(), Some(2));
    let output = run(2, &["integrate", "--model", "no such file"]);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(errors.matches("no such file").count(), 1, "{errors}");
    assert_eq!(output.status.code(), Some(1));
}

/// Processes that a process has started.
fn children(of: u32) -> io::Result<Vec<String>> {
    let list = fs::read_to_string(format!("/proc/{of}/task/{of}/children"))?;
    Ok(list.split_whitespace().map(str::to_owned).collect())
}

#[test]
fn a_killed_rank_leaves_a_checkpoint_to_go_on_from() {
    let [file, previous] = checkpoint("ranks.checkpoint");
    let start = ["integrate", "camel", "--dim", "4", "--method", "vegas"];
    let whole = [
        &start[..],
        &["--max-calls", "2e7", "--threads", "1", "--json"],
    ]
    .concat();
    let kept = ["--checkpoint", &file, "--checkpoint-every", "0.05"];
    let kept = [&whole[..], &kept].concat();
    let mut killed = command(3, &kept);
    let killed = killed.stdout(Stdio::piped()).stderr(Stdio::piped());
    let job = killed.spawn().expect("mpirun");
    wait_for(&previous);
    let ranks = children(job.id()).expect("Linux");
    let last = ranks.last().expect("a rank");
    let status = Command::new("kill").args(["-KILL", last]).status();
    assert!(status.expect("kill").success());
    let output = job.wait_with_output().expect("mpirun");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(errors.contains("signal 9"), "{errors}");

    let resumed = run(2, &[&kept[..], &["--resume"]].concat());
    assert_eq!(timeless(&resumed), timeless(&run(0, &whole)));
}
