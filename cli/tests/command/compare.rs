//! The table of several methods.

use super::thalweg;

#[test]
fn one_line_per_method() {
    let run = thalweg(&["compare", "camel", "--dim", "2", "--max-calls", "20000"]).unwrap();
    assert!(matches!(run.code, Some(0 | 3)), "{}", run.stderr);
    let line = |name: &str| run.stdout.lines().find(|line| line.starts_with(name));
    for name in [
        "camel(d=2), exact 0.98166",
        "method  value",
        "plain  ",
        "vegas  ",
        "flow  ",
        "gain: ",
    ] {
        assert!(line(name).is_some(), "{name}: {}", run.stdout);
    }
    assert!(line("plain  ").is_some_and(|line| line.contains("  1.00  ")));
}

#[test]
fn seeds_are_summarised_in_text_and_listed_in_json() {
    let options = [
        "compare",
        "gaussian",
        "--methods",
        "vegas,auto",
        "--seeds",
        "3",
        "--max-calls",
        "5000",
    ];
    let text = thalweg(&options).unwrap().stdout;
    assert!(
        text.contains("seeds 1 to 3, means") && text.contains(" rms "),
        "{text}"
    );
    let run = thalweg(&[&options[..], &["--json"]].concat()).unwrap();
    let json = run.json().unwrap();
    let methods = json["methods"].as_array().cloned().unwrap_or_default();
    let key = |m: &serde_json::Value| (m["method"].clone(), m["seed"].clone());
    let keys: Vec<_> = methods.iter().map(key).collect();
    let expected = ["vegas", "auto"]
        .map(|m| [1, 2, 3].map(|seed| (m.into(), seed.into())))
        .concat();
    assert_eq!(keys, expected);
}

#[test]
fn the_worst_result_is_the_exit_code() {
    let missed = [
        "compare",
        "camel",
        "--rel-error",
        "1e-9",
        "--max-calls",
        "6000",
    ];
    let run = thalweg(&[&missed[..], &["--methods", "plain,vegas"]].concat()).unwrap();
    assert!(matches!(run.code, Some(3 | 4)), "{:?}", run.code);
}
