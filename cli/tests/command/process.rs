//! Cross sections by libraries of matrix elements.

use std::path::Path;
use std::process::Command;
use std::{fs, io};

use super::{path, scratch, thalweg};

const PROVIDERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../process/providers");

/// A library of `source`, of which each test has its own.
fn compiled(source: &Path, name: &str) -> io::Result<String> {
    let library = scratch(name);
    let flags = [
        "-O2", "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", "-o",
    ];
    let mut cc = Command::new("cc");
    let output = cc
        .args(flags)
        .args([&library])
        .arg(source)
        .arg("-lm")
        .output()?;
    if output.status.success() {
        Ok(library)
    } else {
        Err(io::Error::other(String::from_utf8_lossy(&output.stderr)))
    }
}

pub(super) fn provider(name: &str, library: &str) -> io::Result<String> {
    compiled(&Path::new(PROVIDERS).join(name), library)
}

#[test]
fn a_cross_section_has_its_unit() {
    let library = provider("ee_mumu.c", "section.so").unwrap();
    let file = format!("{PROVIDERS}/ee_mumu.toml");
    let arguments = ["integrate", &library, "--process", &file, "--threads", "2"];
    let run = thalweg(&arguments).unwrap();
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let first = run.stdout.lines().next().unwrap();
    assert!(
        first.starts_with("cross section of e- e+ -> mu- mu+ = 201"),
        "{first}"
    );
    assert!(first.ends_with(" pb"), "{first}");
    let json = thalweg(&[&arguments[..], &["--json"]].concat())
        .unwrap()
        .json()
        .unwrap();
    let number = |key: &str| json[key].as_f64().unwrap();
    let pull = (number("value") - 2012.88390898) / number("error");
    assert!(pull.abs() < 5.0, "seed 1 only: {pull}");
    assert_eq!((&json["dim"], &json["threads"]), (&2.into(), &2.into()));
}

#[test]
fn a_model_keeps_the_name_of_the_process_only() {
    let library = provider("ee_mumu.c", "model.so").unwrap();
    let (file, model) = (format!("{PROVIDERS}/ee_mumu.toml"), scratch("process.tlw"));
    let train = [
        "train",
        &library,
        "--process",
        &file,
        "--method",
        "vegas",
        "--save",
        &model,
    ];
    let run = thalweg(&[&train[..], &["--max-calls", "20000"]].concat()).unwrap();
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let alone = thalweg(&["sample", &model, "-n", "2"]).unwrap();
    assert!(
        alone.stdout.starts_with("x0,x1,log_density\n"),
        "{}",
        alone.stderr
    );
    let given = thalweg(&["sample", &model, &library, "--process", &file, "-n", "2"]).unwrap();
    assert!(
        given.stdout.starts_with("x0,x1,weight\n"),
        "{}",
        given.stderr
    );
    let inspected = thalweg(&["inspect", &model]).unwrap();
    assert!(
        inspected
            .stdout
            .contains("cross section of e- e+ -> mu- mu+"),
        "{}",
        inspected.stdout
    );
    assert!(!inspected.stdout.contains(".so"), "{}", inspected.stdout);
    let again = thalweg(&["integrate", "--model", &model]).unwrap();
    assert_eq!(
        again.stderr,
        "error: the model was made for the process e- e+ -> mu- mu+; name it again: the path of the \
         shared library and --process FILE\n"
    );
    let compare = [
        "compare",
        &library,
        "--process",
        &file,
        "--methods",
        "plain,vegas",
    ];
    let run = thalweg(
        &[
            &compare[..],
            &["--max-calls", "20000", "--rel-error", "1e-2"],
        ]
        .concat(),
    );
    assert_eq!(run.unwrap().code, Some(0));
}

#[test]
fn faults_are_told_in_one_line() {
    let library = provider("ee_mumu.c", "faults.so").unwrap();
    let plain = path("plain_function.c");
    fs::write(
        &plain,
        "double f(const double *x, int n) { return x[n - 1]; }\n",
    )
    .unwrap();
    let plain = compiled(&plain, "plain_function.so").unwrap();
    let file = |name: &str, from: &str, to: &str| -> io::Result<String> {
        let text = fs::read_to_string(format!("{PROVIDERS}/ee_mumu.toml"))?;
        fs::write(path(name), text.replace(from, to))?;
        Ok(scratch(name))
    };
    let good = file("good.toml", "", "").unwrap();
    let typo = file("typo.toml", "energies", "energys").unwrap();
    let three = file("three.toml", "out = [13, -13]", "out = [13, -13, 22]").unwrap();
    for (library, file, code, said) in [
        (
            &library,
            &typo,
            1,
            format!(
                "in the process file `{typo}`, line 5: unknown field `energys`, expected one of `ids`, `energies`, `pdf`, `lhaid`; did you mean `energies`?"
            ),
        ),
        (
            &library,
            &three,
            1,
            "the library has 4 particles, but the process file 5".to_owned(),
        ),
        (
            &plain,
            &good,
            1,
            format!(
                "`{plain}` is no UMAMI library: it has no function umami_get_meta (an integrand of \
                 another kind goes with --symbol)"
            ),
        ),
        (
            &"./no.so".to_owned(),
            &good,
            1,
            "there is no file `./no.so`".to_owned(),
        ),
        (
            &"camel".to_owned(),
            &good,
            1,
            "camel is no path of a shared library, which --process FILE needs; write ./camel"
                .to_owned(),
        ),
        (
            &library,
            &"no.toml".to_owned(),
            1,
            "cannot read the process file `no.toml`: No such file or directory (os error 2)"
                .to_owned(),
        ),
    ] {
        let run = thalweg(&["integrate", library, "--process", file]).unwrap();
        assert_eq!(
            (run.code, run.stderr),
            (Some(code), format!("error: {said}\n"))
        );
    }
}

#[test]
fn a_failing_matrix_element_ends_the_run() {
    let source = fs::read_to_string(format!("{PROVIDERS}/ee_mumu.c")).unwrap();
    let source = source.replace("#include \"", &format!("#include \"{PROVIDERS}/"));
    let file = format!("{PROVIDERS}/ee_mumu.toml");
    for (name, from, to, said) in [
        (
            "status",
            "return STATUS_OK;",
            "return 7;",
            "error: the integrand failed: umami_matrix_element failed with status 7\n",
        ),
        (
            "nan",
            "annihilation(event, LEPTON) / 4.0",
            "event->index ? 1.0 : NAN",
            "error: the integrand returned NaN (output 0) at the point [",
        ),
    ] {
        let broken = path(format!("{name}_element.c"));
        fs::write(&broken, source.replace(from, to)).unwrap();
        let library = compiled(&broken, &format!("{name}_element.so")).unwrap();
        let run = thalweg(&["integrate", &library, "--process", &file]).unwrap();
        assert_eq!(run.code, Some(2), "{}", run.stderr);
        assert!(run.stderr.starts_with(said), "{}", run.stderr);
    }
}
