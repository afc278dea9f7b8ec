//! Cross sections against exact values.

use std::path::Path;

use thalweg::{Integrator, Method, Settings, Stop};
use thalweg_process::{ProcessFile, Scattering};

use super::provider;

/// A run's value and error.
struct Measured {
    sigma: f64,
    error: f64,
}

fn electrons(energy: f64, rest: &str) -> String {
    format!(
        "[beams]\nids = [11, -11]\nenergies = [{energy}, {energy}]\n\
         [particles]\nin = [11, -11]\nout = [13, -13]\n{rest}"
    )
}

fn scattering(library: &Path, text: &str) -> Scattering {
    let file = ProcessFile::parse(text, Path::new("process.toml")).expect("the file is sound");
    let made = file.scattering(library, Path::new(""));
    made.expect("the library fits the file")
}

fn measure(scattering: &Scattering, method: Method, calls: u64, seed: u64) -> Measured {
    let settings = Settings {
        method,
        seed,
        stop: Stop {
            rel_error: None,
            abs_error: None,
            max_calls: calls,
            max_seconds: None,
        },
        ..Settings::default()
    };
    let integrator = Integrator::new(settings).expect("the settings are sound");
    let report = integrator.integrate(scattering).expect("the run ends");
    Measured {
        sigma: report.estimate.value,
        error: report.estimate.error,
    }
}

/// Mean and spread of pulls over seeds: 24 independent ones lie within 0.8 and below 1.6.
fn assert_pulls(exact: f64, runs: impl Fn(u64) -> Measured) {
    let pulls: Vec<f64> = (1..=24)
        .map(|seed| {
            let run = runs(seed);
            assert!(run.error > 0.0 && run.error < 0.05 * exact, "{}", run.error);
            (run.sigma - exact) / run.error
        })
        .collect();
    let n = pulls.len() as f64;
    let mean = pulls.iter().sum::<f64>() / n;
    let square = pulls.iter().map(|pull| pull * pull).sum::<f64>() / n;
    assert!(
        mean.abs() < 0.8 && square.sqrt() < 1.6,
        "{mean} {square} {pulls:?}"
    );
}

#[test]
fn muon_pairs_have_the_exact_cross_section() {
    let library = provider("ee_mumu").unwrap();
    for (energy, exact) in [(45.594, 2012.88390898), (100.0, 2.9995352293)] {
        let process = scattering(&library, &electrons(energy, ""));
        assert_pulls(exact, |seed| measure(&process, Method::Plain, 4000, seed));
    }
}

#[test]
fn muon_pairs_have_the_exact_asymmetry() {
    let library = provider("ee_mumu").unwrap();
    for (energy, sigma, asymmetry) in [
        (45.594, 2012.88390898, 0.0166750),
        (100.0, 2.9995352293, 0.5556475),
    ] {
        // Halves of the solid angle as two cuts: (1 +- A) sigma/2 each.
        for (bound, sign) in [("min", 1.0), ("max", -1.0)] {
            let cut = format!("[[cuts]]\nquantity = \"eta\"\nparticles = [3]\n{bound} = 0\n");
            let process = scattering(&library, &electrons(energy, &cut));
            let exact = 0.5 * sigma * (1.0 + sign * asymmetry);
            assert_pulls(exact, |seed| measure(&process, Method::Plain, 8000, seed));
        }
    }
}

#[test]
fn unequal_beams_and_exchanges_change_nothing() {
    let library = provider("ee_mumu").unwrap();
    let text = "[beams]\nids = [11, -11]\nenergies = [50, 200]\n\
                [particles]\nin = [11, -11]\nout = [13, -13]\n\
                [mapping]\nchannel = { of = [3, 4], exchange = { power = 0.5 } }\n";
    let process = scattering(&library, text);
    assert_pulls(2.9995352293, |seed| {
        measure(&process, Method::Vegas, 20_000, seed)
    });
}
