//! Model files: saved, inspected, sampled, damaged.

use std::{fs, io};

use super::{scratch, thalweg};

/// A small flow of the camel, saved under `name`.
fn trained(name: &str) -> io::Result<String> {
    let model = scratch(name);
    let run = thalweg(&[
        "train",
        "camel",
        "--dim",
        "2",
        "--max-calls",
        "12000",
        "--save",
        &model,
        "--seed",
        "3",
    ])?;
    assert!(matches!(run.code, Some(0 | 3)), "{}", run.stderr);
    assert!(
        run.stdout.contains("train 1 ") && run.stdout.contains("saved to "),
        "{}",
        run.stdout
    );
    Ok(model)
}

#[test]
fn saved_inspected_and_sampled_twice() {
    let model = trained("sampled.tlw").unwrap();
    let inspected = thalweg(&["inspect", &model]).unwrap();
    for text in [
        "integrand   camel(d=2)",
        "domain      [0, 1]^2",
        "rational-quadratic flow",
        "seed 3",
    ] {
        assert!(
            inspected.stdout.contains(text),
            "{text}: {}",
            inspected.stdout
        );
    }
    let json = thalweg(&["inspect", &model, "--json"])
        .unwrap()
        .json()
        .unwrap();
    assert_eq!(json["integrand"]["name"], "camel");
    assert!(json["parameters"].as_u64() > Some(100) && json["value"].is_f64());

    let draw = |seed: &str| {
        thalweg(&["sample", &model, "-n", "1e3", "--seed", seed]).map(|run| run.stdout)
    };
    let first = draw("5").unwrap();
    assert!(first.starts_with("x0,x1,weight\n") && first.lines().count() == 1001);
    assert_eq!(first, draw("5").unwrap());
    assert_ne!(first, draw("6").unwrap());
    let weights: Vec<f64> = first
        .lines()
        .skip(1)
        .filter_map(|l| l.rsplit(',').next()?.parse().ok())
        .collect();
    let mean = weights.iter().sum::<f64>() / 1000.0;
    assert!(
        weights.len() == 1000 && (mean - 0.98).abs() < 0.05,
        "{mean}"
    );
}

#[test]
fn unweighted_events_and_their_policy() {
    let model = trained("unweighted.tlw").unwrap();
    let run = thalweg(&["sample", &model, "-n", "500", "--unweighted"]).unwrap();
    assert!(
        run.stderr.contains("policy quantile:0.999"),
        "{}",
        run.stderr
    );
    let ones = run
        .stdout
        .lines()
        .filter(|l| l.ends_with(",1.0000000000000000e0"))
        .count();
    assert!(run.stdout.lines().count() == 501 && ones > 450, "{ones}");
    let wrong = [
        "sample",
        &model,
        "-n",
        "5",
        "--unweighted",
        "--max-weight",
        "quantile:2",
    ];
    assert_eq!(thalweg(&wrong).unwrap().code, Some(1));
}

#[test]
fn a_numpy_file_has_a_row_per_point() {
    let model = trained("numpy.tlw").unwrap();
    let file = scratch("points.npy");
    let run = thalweg(&["sample", &model, "-n", "100", "-o", &file]).unwrap();
    assert_eq!((run.code, run.stdout.as_str()), (Some(0), ""));
    let bytes = fs::read(&file).unwrap();
    let array = npyz::NpyFile::new(&bytes[..]).unwrap();
    assert_eq!(array.shape(), [100, 3]);
    let values: Vec<f64> = array.into_vec().unwrap();
    let csv = thalweg(&["sample", &model, "-n", "100"]).unwrap().stdout;
    let same: Vec<f64> = csv
        .lines()
        .skip(1)
        .flat_map(|l| l.split(',').filter_map(|x| x.parse().ok()))
        .collect();
    assert_eq!(values, same);
    assert!(!fs::exists(scratch("points.npy.part")).unwrap());
}

#[test]
fn a_model_estimates_and_warms_up() {
    let model = trained("reused.tlw").unwrap();
    let arguments = [
        "integrate",
        "--model",
        &model,
        "--max-calls",
        "5000",
        "--json",
    ];
    let record = thalweg(&arguments).unwrap().json().unwrap();
    assert_eq!(
        (&record["method"], &record["integrand"]),
        (&"flow".into(), &"camel".into())
    );
    assert_eq!(record["calls"]["train"], 0);
    assert!(record["pull"].as_f64().is_some_and(|pull| pull.abs() < 5.0));
    let warmed = scratch("warmed.tlw");
    let run = thalweg(&[
        "train",
        "--model",
        &model,
        "--max-calls",
        "20000",
        "--save",
        &warmed,
    ]);
    assert!(matches!(run.unwrap().code, Some(0 | 3)));
    let other = ["integrate", "camel", "--dim", "3", "--model", &model];
    let run = thalweg(&other).unwrap();
    assert_eq!(run.code, Some(1));
    assert!(
        run.stderr.contains("has dimension 2, but 3 is needed"),
        "{}",
        run.stderr
    );
}

#[test]
fn an_expression_is_stored_with_its_range() {
    let model = scratch("expression.tlw");
    let run = thalweg(&[
        "integrate",
        "--expr",
        "exp(-x0)",
        "--range",
        "0,inf",
        "--method",
        "vegas",
        "--max-calls",
        "10000",
        "--save",
        &model,
    ])
    .unwrap();
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let again = thalweg(&[
        "integrate",
        "--model",
        &model,
        "--max-calls",
        "5000",
        "--json",
    ])
    .unwrap();
    let record = again.json().unwrap();
    assert_eq!(
        (&record["integrand"], &record["method"]),
        (&"exp(-x0)".into(), &"vegas".into())
    );
    assert!(
        record["value"]
            .as_f64()
            .is_some_and(|value| (value - 1.0).abs() < 0.05)
    );
    let elsewhere = [
        "sample", &model, "-n", "2", "--expr", "x0", "--range", "0,1",
    ];
    let run = thalweg(&elsewhere).unwrap();
    assert_eq!(run.code, Some(1));
    assert!(
        run.stderr.contains("but the model on [0, inf]"),
        "{}",
        run.stderr
    );
}

#[test]
fn damaged_models_are_refused() {
    let model = trained("damaged.tlw").unwrap();
    let good = fs::read(&model).unwrap();
    let mut flipped = good.clone();
    flipped[good.len() / 2] ^= 4;
    let cases: [(&[u8], &str); 4] = [
        (&good[..good.len() / 2], "it is cut off"),
        (&flipped, "the file is damaged"),
        (b"", "it is empty"),
        (b"what is this?", "does not begin as a thalweg model"),
    ];
    for (bytes, text) in cases {
        fs::write(&model, bytes).unwrap();
        for arguments in [
            &["inspect", model.as_str()][..],
            &["sample", &model, "-n", "1"],
            &["integrate", "--model", &model],
            &["train", "--model", &model, "--save", "unused.tlw"],
        ] {
            let run = thalweg(arguments).unwrap();
            assert_eq!(run.code, Some(1), "{arguments:?}");
            assert!(
                run.stderr.contains(text) && run.stdout.is_empty(),
                "{}",
                run.stderr
            );
        }
    }
}

#[test]
fn a_family_is_trained_and_saved() {
    let model = scratch("family.tlw");
    let mut train = vec!["train", "camel", "--dim", "2", "--max-calls", "12000"];
    train.extend(["--family", "real_nvp", "--depth", "2", "--save", &model]);
    let run = thalweg(&train).unwrap();
    assert!(matches!(run.code, Some(0 | 3)), "{}", run.stderr);
    let inspected = thalweg(&["inspect", &model]).unwrap();
    assert!(
        inspected
            .stdout
            .contains("2 couplings, 2 diagonal, 2 joins"),
        "{}",
        inspected.stdout
    );
}
