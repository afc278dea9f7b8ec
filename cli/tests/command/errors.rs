//! Wrong use: each message names the fault and what would be right.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Stdio;

use super::{command, thalweg};

/// Arguments, exit code, and what stderr has to contain.
type Case<'a> = (&'a [&'a str], i32, &'a str);

const CASES: &[Case<'_>] = &[
    (&["integrate"], 1, "what shall be integrated?"),
    (
        &["integrate", "camle"],
        1,
        "unknown integrand `camle`; did you mean camel?",
    ),
    (&["integrate", "zzz"], 1, "`thalweg list` shows all"),
    (&["integrate", "x0^2"], 1, "an expression goes with --expr"),
    (&["list", "camle"], 1, "did you mean camel?"),
    (
        &["integrate", "camel", "--dim", "0"],
        1,
        "an integral needs at least 1 dimension",
    ),
    (
        &["integrate", "camel", "--dim", "1e3"],
        1,
        "a whole number from 1 to 4096",
    ),
    (
        &["integrate", "ee-mumu", "--dim", "3"],
        1,
        "has dimension 2, not 3",
    ),
    (
        &["integrate", "camel", "--rel-error", "-1e-3"],
        1,
        "expected a finite number above 0",
    ),
    (
        &["integrate", "camel", "--rel-error", "0"],
        1,
        "expected a finite number above 0",
    ),
    (
        &["integrate", "camel", "--abs-error", "nan"],
        1,
        "expected a finite number above 0",
    ),
    (
        &["integrate", "camel", "--max-calls", "10"],
        1,
        "a budget of 10 calls is too small",
    ),
    (
        &["integrate", "camel", "--max-calls", "1.5"],
        1,
        "expected a whole number above 0",
    ),
    (
        &["integrate", "camel", "--threads", "0"],
        1,
        "a whole number from 1",
    ),
    (
        &["integrate", "camel", "--seed", "-1"],
        1,
        "a whole number from 0",
    ),
    (
        &["integrate", "camel", "--method", "fow"],
        1,
        "a similar value exists: 'flow'",
    ),
    (
        &["integrate", "camel", "--family", "mfa"],
        1,
        "[possible values: triangular, affine,",
    ),
    (
        &["integrate", "camel", "--family", "maf", "--depth", "33"],
        1,
        "a whole number from 1 to 32",
    ),
    (
        &["integrate", "camel", "--set", "widht=1"],
        1,
        "no parameter `widht`; there are: width",
    ),
    (
        &["integrate", "camel", "--set", "width"],
        1,
        "expected NAME=VALUE",
    ),
    (
        &["integrate", "camel", "--set", "width=-1"],
        1,
        "has to be a finite number above 0",
    ),
    (
        &["integrate", "camel", "--range", "0,2"],
        1,
        "camel has its own domain [0, 1]^4",
    ),
    (
        &["integrate", "camel", "--non-finite", "zero:2"],
        1,
        "a share from 0 to 1",
    ),
    (
        &["integrate", "camel", "--expr", "x0"],
        1,
        "cannot be used with",
    ),
    (&["integrate", "--expr", "x0 +* 2"], 1, "column 5"),
    (&["integrate", "--expr", "sinn(x0)"], 1, "did you mean sin"),
    (
        &["integrate", "--expr", "x3", "--dim", "2"],
        1,
        "--dim is 2: variables are x0 to x1",
    ),
    (
        &["integrate", "--expr", "x0", "--range", "1,0"],
        1,
        "must be below the upper end",
    ),
    (
        &["integrate", "--expr", "x0", "--set", "a=1"],
        1,
        "built-in integrands",
    ),
    (
        &[
            "integrate",
            "--expr",
            "x2",
            "--range",
            "0,1",
            "--range",
            "0,2",
        ],
        1,
        "--range is given 2 times for 3 dimensions",
    ),
    (&["integrate", "./no.so"], 1, "needs --symbol NAME"),
    (
        &["integrate", "no.so", "--symbol", "f", "--dim", "2"],
        1,
        "there is no file `no.so`",
    ),
    (&["integrate", "--model", "no.tlw"], 1, "cannot read no.tlw"),
    (
        &["integrate", "--expr", "sqrt(x0-2)"],
        2,
        "the integrand returned NaN",
    ),
    (
        &["compare", "--expr", "1/0", "--dim", "1"],
        2,
        "the integrand returned inf",
    ),
    (
        &["compare", "camel", "--methods", "plain,magic"],
        1,
        "possible values: auto, plain",
    ),
    (
        &["compare", "camel", "--max-calls", "1000"],
        1,
        "at least 8192",
    ),
    (&["train", "camel"], 1, "--save <MODEL>"),
    (
        &["train", "camel", "--save", "no/m.tlw"],
        1,
        "there is no folder no",
    ),
    (
        &["train", "camel", "--method", "plain", "--save", "m"],
        1,
        "possible values: vegas, flow",
    ),
    (&["sample", "m.tlw"], 1, "-n <N>"),
    (
        &["sample", "m.tlw", "-n", "0"],
        1,
        "expected a whole number above 0",
    ),
    (
        &["sample", "m.tlw", "-n", "1", "-o", "m.root"],
        1,
        "must end in .csv or .npy, or for events of a process in .lhe",
    ),
    (&["frobnicate"], 1, "unrecognized subcommand"),
];

#[test]
fn every_fault_is_named() {
    for (arguments, code, text) in CASES {
        let run = thalweg(arguments).unwrap();
        assert_eq!(run.code, Some(*code), "{arguments:?}: {}", run.stderr);
        assert!(
            run.stderr.starts_with("error: "),
            "{arguments:?}: {}",
            run.stderr
        );
        assert!(run.stderr.contains(text), "{arguments:?}: {}", run.stderr);
        assert_eq!(run.stdout, "", "{arguments:?}");
    }
}

#[test]
fn help_and_version_are_no_faults() {
    for arguments in [["--help"], ["--version"], ["help"]] {
        assert_eq!(thalweg(&arguments).unwrap().code, Some(0));
    }
    assert_eq!(thalweg(&[]).unwrap().code, Some(1));
}

#[test]
fn a_reader_that_leaves_is_no_fault() {
    let model = super::scratch("pipe.tlw");
    let made = thalweg(&[
        "train", "camel", "--dim", "1", "--method", "vegas", "--save", &model,
    ]);
    assert_eq!(made.unwrap().code, Some(0));
    for arguments in [
        &["sample", model.as_str(), "-n", "1e5"][..],
        &["list"],
        &["--help"],
    ] {
        let mut child = command(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let stdout = child.stdout.take().expect("it is piped");
        BufReader::with_capacity(64, stdout)
            .read_line(&mut line)
            .unwrap();
        let mut errors = String::new();
        child
            .stderr
            .take()
            .expect("it is piped")
            .read_to_string(&mut errors)
            .unwrap();
        let status = child.wait().unwrap();
        assert_eq!(
            (status.code(), errors.as_str()),
            (Some(0), ""),
            "{arguments:?}"
        );
        assert!(!line.is_empty());
    }
}

#[test]
fn an_unknown_level_of_the_environment_is_refused() {
    for (level, code, text) in [
        (
            "sse2",
            1,
            "THALWEG_LEVEL is \"sse2\"; it must be portable, avx2",
        ),
        ("portable", 0, ", portable, thalweg"),
    ] {
        let mut run = command(&["integrate", "camel", "--method", "vegas"]);
        let output = run.env("THALWEG_LEVEL", level).output().unwrap();
        let all = [output.stdout, output.stderr].concat();
        let all = String::from_utf8_lossy(&all);
        assert_eq!(output.status.code(), Some(code), "{all}");
        assert!(all.contains(text), "{all}");
    }
}
