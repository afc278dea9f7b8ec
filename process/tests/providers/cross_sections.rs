//! Cross sections against exact values.

use std::path::Path;

use thalweg::event::{Particle, Process as _};
use thalweg::{Integrand as _, Integrator, Method, Points, Settings, Stop};
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
    assert_pulls_of((exact, exact), runs);
}

/// As [`assert_pulls`], where the values tell of something of another size.
fn assert_pulls_of((exact, size): (f64, f64), runs: impl Fn(u64) -> Measured) {
    let pulls: Vec<f64> = (1..=24)
        .map(|seed| {
            let run = runs(seed);
            assert!(run.error > 0.0 && run.error < 0.05 * size, "{}", run.error);
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

#[test]
fn channels_agree() {
    let library = provider("qq_mumug").unwrap();
    let made = |channel: &str| {
        let text = format!(
            "alpha_s = 0.118\n[beams]\nids = [1, -1]\nenergies = [100, 100]\n\
             [particles]\nin = [1, -1]\nout = [13, -13, 21]\n{channel}\
             [[cuts]]\nquantity = \"pt\"\nparticles = [5]\nmin = 15\n\
             [[cuts]]\nquantity = \"mass\"\nids = [13, -13]\nmin = 60\n"
        );
        scattering(&library, &text)
    };
    let resonance = "{ of = [3, 4], mass = 91.188, width = 2.4952 }";
    let first = made(&format!(
        "[mapping]\nchannel = {{ of = [5, {resonance}] }}\n"
    ));
    for (channel, calls) in [
        (
            format!("[mapping]\nchannel = {{ of = [5, {resonance}], exchange = {{}} }}\n"),
            20_000,
        ),
        (
            "[mapping]\nchannel = { of = [{ of = [4, 3], power = 0.5 }, 5], exchange = {} }\n"
                .to_owned(),
            40_000,
        ),
        (String::new(), 20_000),
        (
            "[mapping]\nchannel = { of = [3, 4, 5] }\n".to_owned(),
            80_000,
        ),
    ] {
        let second = made(&channel);
        let size = measure(&first, Method::Vegas, 20_000, 1).sigma;
        assert_pulls_of((0.0, size), |seed| {
            let a = measure(&first, Method::Vegas, 20_000, seed);
            let b = measure(&second, Method::Vegas, calls, seed + 100);
            Measured {
                sigma: a.sigma - b.sigma,
                error: a.error.hypot(b.error),
            }
        });
    }
}

fn quarks(ids: [i32; 2], rest: &str) -> String {
    let [a, b] = ids;
    format!(
        "alpha_s = 0.118\nscale = \"ht/2\"\n[beams]\nids = [{a}, {b}]\nenergies = [50, 200]\n\
         [particles]\nin = [{a}, {b}]\n{rest}"
    )
}

#[test]
fn a_mirrored_subprocess_is_seen_from_the_other_side() {
    let library = provider("qq_mumu").unwrap();
    let made = |ids: [i32; 2], mirror: bool| {
        let [a, b] = ids;
        let subprocess = format!(
            "[[subprocess]]\nin = [{a}, {b}]\nout = [13, -13]\nflavor = 1\nmirror = {mirror}\n"
        );
        let text = quarks(ids, &format!("out = [13, -13]\n{subprocess}"));
        // It takes no coupling, and is given none.
        scattering(&library, &text)
    };
    let value = |process: &Scattering, y: [f64; 2]| {
        let mut value = [0.0];
        let done = process.eval(&Points::new(&y, 2), &mut value);
        done.expect("it is evaluated");
        value[0]
    };
    let (plain, mirrored) = (made([2, -2], false), made([-2, 2], true));
    for r in [0.1, 0.3, 0.8] {
        let (a, b) = (value(&plain, [r, 0.2]), value(&mirrored, [1.0 - r, 0.2]));
        assert!((a / b - 1.0).abs() < 1e-12, "{r}: {a} {b}");
        assert!((a / value(&mirrored, [r, 0.2]) - 1.0).abs() > 0.01);
    }
}

#[test]
fn sampled_subprocesses_have_the_cross_section_of_their_sum() {
    let library = provider("qq_mumu").unwrap();
    let made = |how: &str| {
        let one = |flavor: i32| {
            format!("[[subprocess]]\nin = [1, -1]\nout = [13, -13]\nflavor = {flavor}\n")
        };
        let rest = format!("out = [13, -13]\n{}{}{}", one(0), one(1), one(2));
        scattering(&library, &format!("{how}{}", quarks([1, -1], &rest)))
    };
    let (sum, sampled) = (made(""), made("subprocesses = \"sample\"\n"));
    assert_eq!((sum.dim(), sampled.dim()), (2, 3));
    assert_eq!(sampled.discrete(), [(2, 3)]);
    let exact = measure(&sum, Method::Vegas, 200_000, 1);
    assert!(exact.error < 1e-3 * exact.sigma);
    for method in [Method::Plain, Method::Vegas] {
        assert_pulls(exact.sigma, |seed| measure(&sampled, method, 10_000, seed));
    }
}

#[test]
fn events_have_momenta_in_the_laboratory_and_colour_lines() {
    let library = provider("qq_mumug").unwrap();
    let process = scattering(&library, &quarks([1, -1], "out = [13, -13, 21]\n"));
    let event = process.event(&[0.3, 0.6, 0.2, 0.9, 0.5], 0.5).unwrap();
    let particles = &event.particles;
    let of = |i: usize| (particles[i].id, particles[i].status, particles[i].colors);
    assert_eq!(of(0), (1, -1, [502, 0]));
    assert_eq!(of(1), (-1, -1, [0, 501]));
    assert_eq!(of(3), (-13, 1, [0, 0]));
    assert_eq!(of(4), (21, 1, [502, 501]));
    assert_eq!(
        (particles[0].mothers, particles[4].mothers),
        ([0, 0], [1, 2])
    );
    for component in 0..4 {
        let part = |range: &[Particle]| range.iter().map(|p| p.momentum[component]).sum::<f64>();
        let (before, after) = (part(&particles[..2]), part(&particles[2..]));
        assert!(
            (before - after).abs() < 1e-10,
            "{component}: {before} {after}"
        );
    }
    assert!((particles[0].momentum[0] - 50.0).abs() < 1e-10);
    assert!((event.couplings[1] - 0.118).abs() < 1e-15 && event.scale > 0.0);
    let beams = process.beams();
    assert_eq!((beams[1].id, beams[1].pdf), (-1, 0));
}
