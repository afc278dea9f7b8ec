//! Integrals: values, fields, reproducibility, interruption.

use std::f64::consts::PI;
use std::fs;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::{Run, checkpoint, command, path, scratch, thalweg, wait_for};

/// The fields of the JSON object, in their order.
const FIELDS: [&str; 29] = [
    "integrand",
    "dim",
    "method",
    "chosen",
    "value",
    "error",
    "error_dof",
    "rel_error",
    "exact",
    "pull",
    "status",
    "reasons",
    "stop",
    "placement",
    "calls",
    "seconds",
    "chi2",
    "dof",
    "p_value",
    "weights",
    "blind_volume",
    "exploration",
    "outputs",
    "warnings",
    "seed",
    "threads",
    "cost_class",
    "level",
    "version",
];

fn number(record: &Value, field: &str) -> f64 {
    record[field].as_f64().unwrap_or(f64::NAN)
}

#[test]
fn a_result_for_people_begins_with_value_and_error() {
    let run = thalweg(&["integrate", "ee-mumu", "--max-calls", "20000"]).unwrap();
    let first = run.stdout.lines().next().unwrap_or_default();
    assert!(
        first.starts_with("ee-mumu(d=2) = 20") && first.ends_with(") pb"),
        "{first}"
    );
    assert!(
        run.stdout.contains("  exact           2012.883909   pull "),
        "{}",
        run.stdout
    );
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
}

#[test]
fn json_has_every_field_in_order() {
    let run = thalweg(&["integrate", "camel", "--max-calls", "20000", "--json"]).unwrap();
    let record = run.json().unwrap();
    let mut rest = run.stdout.as_str();
    for field in FIELDS {
        let key = format!("\"{field}\":");
        let at = rest
            .find(&key)
            .unwrap_or_else(|| panic!("{field} is missing or misplaced"));
        rest = &rest[at + key.len()..];
    }
    assert_eq!(
        record.as_object().map(serde_json::Map::len),
        Some(FIELDS.len())
    );
    for phase in ["explore", "adapt", "train", "estimate", "total"] {
        assert!(
            record["calls"][phase].is_u64() && record["seconds"][phase].is_f64(),
            "{phase}"
        );
    }
    for weight in [
        "rel_std",
        "ess_fraction",
        "max_share",
        "khat",
        "unweighting_efficiency",
    ] {
        assert!(record["weights"].get(weight).is_some(), "{weight}");
    }
    assert_eq!(
        (&record["status"], &record["stop"]),
        (&"budget".into(), &"calls".into())
    );
    assert!(record["chosen"]["why"].is_string() && record["cost_class"].is_string());
    assert_eq!(
        (number(&record, "dim"), number(&record, "seed")),
        (4.0, 1.0)
    );
    assert!(number(&record, "pull").abs() < 5.0);
}

#[test]
fn threads_do_not_change_bits() {
    for method in ["plain", "vegas", "flow", "auto"] {
        let record = |threads: &str| {
            let run = thalweg(&[
                "integrate",
                "camel",
                "--dim",
                "2",
                "--method",
                method,
                "--cost-class",
                "cheap",
                "--max-calls",
                "20000",
                "--seed",
                "7",
                "--threads",
                threads,
                "--json",
            ]);
            let mut record = run.unwrap().json().unwrap();
            for field in ["seconds", "threads"] {
                record[field] = Value::Null;
            }
            record
        };
        assert_eq!(record("1"), record("2"), "{method}");
    }
}

#[test]
fn an_infinite_range() {
    let run = thalweg(&[
        "integrate",
        "--expr",
        "exp(-x0^2-x1^2)",
        "--range",
        "-inf,inf",
        "--dim",
        "2",
        "--max-calls",
        "50000",
        "--json",
    ])
    .unwrap();
    let record = run.json().unwrap();
    let pull = (number(&record, "value") - PI) / number(&record, "error");
    assert!(
        matches!(run.code, Some(0 | 3)) && pull.abs() < 5.0,
        "{}",
        run.stdout
    );
}

#[test]
fn dimensions_and_ranges_of_expressions() {
    let run = thalweg(&[
        "integrate",
        "--expr",
        "x0*x2",
        "--range",
        "0,1",
        "--range",
        "0,2*pi",
        "--range",
        "0,2",
        "--max-calls",
        "20000",
        "--json",
    ])
    .unwrap();
    let record = run.json().unwrap();
    assert_eq!(record["dim"], 3);
    let pull = (number(&record, "value") - 2.0 * PI) / number(&record, "error");
    assert!(pull.abs() < 5.0, "{}", run.stdout);
}

#[test]
fn how_a_run_ends_is_its_exit_code() {
    let code = |arguments: &[&str]| thalweg(arguments).unwrap().code;
    let few = ["--rel-error", "1e-9", "--max-calls", "5000"];
    assert_eq!(code(&[&["integrate", "camel"], &few[..]].concat()), Some(4));
    let nothing = [
        "integrate",
        "--expr",
        "if(x0 < -1, 1, 0)",
        "--max-calls",
        "5000",
        "--json",
    ];
    let run = thalweg(&nothing).unwrap();
    assert_eq!(run.code, Some(3));
    let record = run.json().unwrap();
    assert_eq!(
        (&record["status"], &record["rel_error"]),
        (&"no_signal".into(), &0.0.into())
    );
    assert_eq!(
        code(&["integrate", "gaussian", "--rel-error", "1e-2"]),
        Some(0)
    );
}

#[test]
fn non_finite_values_may_count_as_zero() {
    let arguments = [
        "integrate",
        "--expr",
        "sqrt(x0-0.001)",
        "--max-calls",
        "5000",
    ];
    assert_eq!(thalweg(&arguments).unwrap().code, Some(2));
    let allowed = thalweg(&[&arguments[..], &["--non-finite", "zero:0.01"]].concat()).unwrap();
    assert_eq!(allowed.code, Some(0), "{}", allowed.stderr);
    assert!(
        allowed.stdout.contains("counted as zero"),
        "{}",
        allowed.stdout
    );
}

/// What C compilers make of a function, or `None` where there is none.
fn compiled() -> Option<String> {
    let (source, library) = (path("product.c"), scratch("libproduct.so"));
    fs::write(
        &source,
        "double product(const double *x, int dim)\n{ return x[0] * x[dim - 1]; }\n",
    )
    .ok()?;
    let mut cc = Command::new("cc");
    let status = cc
        .args(["-shared", "-fPIC", "-o", &library])
        .arg(&source)
        .status()
        .ok()?;
    status.success().then_some(library)
}

#[test]
fn a_shared_library_runs_on_one_thread() {
    let Some(library) = compiled() else { return };
    let model = scratch("library.tlw");
    let options = [
        "--symbol",
        "product",
        "--dim",
        "2",
        "--max-calls",
        "5000",
        "--json",
    ];
    let arguments = [&["integrate", &library, "--save", &model], &options[..]].concat();
    let record = thalweg(&arguments).unwrap().json().unwrap();
    assert_eq!(
        (&record["threads"], &record["integrand"]),
        (&1.into(), &"product".into())
    );
    assert!((number(&record, "value") - 0.25).abs() < 5.0 * number(&record, "error"));
    // The model remembers symbol and dimension, but never loads the library by itself.
    let alone = thalweg(&["sample", &model, "-n", "2"]).unwrap();
    assert!(alone.stdout.starts_with("x0,x1,log_density\n") && alone.stderr.contains("no weights"));
    let given = thalweg(&["sample", &model, &library, "-n", "2"]).unwrap();
    assert!(
        given.stdout.starts_with("x0,x1,weight\n"),
        "{}",
        given.stderr
    );
}

#[cfg(unix)]
#[test]
fn an_interrupt_gives_what_there_is() {
    let [file, _] = checkpoint("interrupted.checkpoint");
    let arguments = [
        "integrate",
        "camel",
        "--method",
        "plain",
        "--max-calls",
        "1e12",
        "--json",
        "--checkpoint",
        &file,
        "--checkpoint-every",
        "0.05",
    ];
    let child = command(&arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // What has kept something listens.
    wait_for(&file);
    Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    let run = Run::new(&child.wait_with_output().unwrap());
    assert_eq!(run.code, Some(130), "{}", run.stderr);
    let record = run.json().unwrap();
    assert_eq!(
        (&record["status"], &record["stop"]),
        (&"interrupted".into(), &"interrupted".into())
    );
}
