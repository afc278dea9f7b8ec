//! Samplers: files, densities, weighted and unweighted events, maps of the user's own.

#[path = "common/problems.rs"]
mod problems;

use std::{env, fs, io, path::PathBuf, process};

use problems::{problem, settings};
use thalweg::{
    Domain, Error, Flow, FlowConfig, Integrator, Map, MaxWeight, Method, Outcome, Sampler,
    Unweighting, from_fn,
    integrate::Silent,
    map::{Chain, Grid, Identity, Permutation, Rotation},
};
use thalweg_integrands::Problem;

/// A file that is removed with its owner.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        Self(env::temp_dir().join(format!("thalweg-{}-{name}", process::id())))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Nothing can be done about a file that cannot be removed.
        let _ = fs::remove_file(&self.0);
    }
}

fn random_flow(dim: usize) -> Flow {
    let config = FlowConfig {
        hidden: vec![8],
        elementwise_bins: 4,
        ..FlowConfig::default()
    };
    let mut flow = Flow::new(dim, &config, 3).expect("a valid configuration");
    flow.randomise(3, 1.0);
    flow
}

fn grid() -> Grid {
    let axis = [0.0, 0.1, 0.15, 0.7, 1.0];
    Grid::from_edges(2, axis.repeat(2)).expect("rising edges")
}

/// A sampler of each kind of map, on a domain with an infinite side.
fn samplers() -> Vec<Sampler> {
    let chain: Vec<Box<dyn Map>> = vec![
        Box::new(random_flow(2)),
        Box::new(Permutation::new(vec![1, 0]).expect("a permutation")),
        Box::new(grid()),
    ];
    let rotation = Rotation::new(2, vec![0.6, 0.8, -0.8, 0.6]).expect("a rotation");
    let diagonal: Vec<Box<dyn Map>> = vec![Box::new(grid()), Box::new(rotation.clone())];
    let maps: Vec<Box<dyn Map>> = vec![
        Box::new(Identity::new(2)),
        Box::new(grid()),
        Box::new(rotation),
        Box::new(Chain::new(diagonal).expect("one dimension")),
        Box::new(random_flow(2)),
        Box::new(Chain::new(chain).expect("one dimension")),
    ];
    let domain = Domain::new(&[(-1.0, 3.0), (0.5, f64::INFINITY)]).expect("a domain");
    maps.into_iter()
        .map(|m| Sampler::new(m, domain.clone()).expect("one dimension"))
        .collect()
}

/// The outcome of a run at 20 000 calls.
fn run(problem: &Problem, method: Method) -> Outcome {
    let integrator = Integrator::new(settings(problem, method, 20_000)).expect("good settings");
    integrator
        .run(&from_fn(problem.dim, |y| problem.eval(y)), &mut Silent)
        .expect("a good run")
}

#[test]
fn files_give_the_same_sampler_back() {
    let camel = problem("camel", 2, &[]);
    let estimate = run(&camel, Method::Plain).report.estimate;
    for (i, mut sampler) in samplers().into_iter().enumerate() {
        let file = Scratch::new(&format!("round-trip-{i}"));
        sampler = sampler.with_estimate((i % 2 == 0).then_some(estimate));
        sampler
            .metadata_mut()
            .insert("note".to_owned(), "äöü".to_owned());
        sampler.save(&file.0).unwrap();
        let again = Sampler::load(&file.0).unwrap();
        assert_eq!(again.map().describe(), sampler.map().describe());
        assert_eq!(again.domain(), sampler.domain());
        assert_eq!(again.estimate(), sampler.estimate());
        assert_eq!(again.metadata(), sampler.metadata());
        let draws = sampler.draw(500, 3, 0);
        assert_eq!(again.draw(500, 3, 0), draws);
        assert_eq!(
            again.log_density(&draws.points),
            sampler.log_density(&draws.points)
        );
        // Saving again over the old file gives the same bytes.
        let bytes = fs::read(&file.0).unwrap();
        again.save(&file.0).unwrap();
        assert_eq!(fs::read(&file.0).unwrap(), bytes);
    }
}

#[test]
fn trained_samplers_survive_files() {
    let camel = problem("camel", 2, &[("width", 0.1)]);
    for method in [Method::Vegas, Method::Flow] {
        let file = Scratch::new(&format!("trained-{method:?}"));
        let sampler = Sampler::from_outcome(run(&camel, method));
        sampler.save(&file.0).unwrap();
        let again = Sampler::load(&file.0).unwrap();
        assert_eq!(again.draw(300, 1, 5), sampler.draw(300, 1, 5));
        assert_eq!(again.estimate(), sampler.estimate());
    }
}

/// A small good file, and a place for bad ones.
fn good_file(name: &str) -> io::Result<(Scratch, Vec<u8>)> {
    let file = Scratch::new(name);
    let sampler =
        Sampler::new(Box::new(random_flow(2)), Domain::unit(2)).map_err(io::Error::other)?;
    sampler.save(&file.0).map_err(io::Error::other)?;
    let bytes = fs::read(&file.0)?;
    Ok((file, bytes))
}

fn load(file: &Scratch, bytes: &[u8]) -> io::Result<Result<Sampler, Error>> {
    fs::write(&file.0, bytes)?;
    Ok(Sampler::load(&file.0))
}

#[test]
fn cut_files_are_refused() {
    let (file, good) = good_file("cut").unwrap();
    for at in (0..64)
        .chain((64..good.len()).step_by(61))
        .chain([good.len() - 1])
    {
        let error = load(&file, &good[..at]).unwrap().unwrap_err();
        assert!(
            matches!(error, Error::InvalidModel { .. }),
            "cut at {at}: {error}"
        );
        assert!(
            error.to_string().contains(&*file.0.to_string_lossy()),
            "{error}"
        );
    }
    let long = [&good[..], &[0]].concat();
    assert!(matches!(
        load(&file, &long).unwrap(),
        Err(Error::InvalidModel { .. })
    ));
}

#[test]
fn flipped_bits_are_noticed() {
    let (file, good) = good_file("flipped").unwrap();
    for bit in (0..8 * good.len()).step_by(97).chain(0..200) {
        let mut bad = good.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        let error = load(&file, &bad).unwrap().unwrap_err();
        let typed = matches!(error, Error::InvalidModel { .. } | Error::NewerModel { .. });
        assert!(typed, "bit {bit}: {error}");
    }
    assert!(load(&file, &good).unwrap().is_ok());
}

#[test]
fn other_files_are_refused() {
    let (file, good) = good_file("other").unwrap();
    for bytes in [&b""[..], b"value,error\n1,2\n", &[0; 4096], &good[8..]] {
        let error = load(&file, bytes).unwrap().unwrap_err();
        assert!(matches!(error, Error::InvalidModel { .. }), "{error}");
    }
    let mut newer = good.clone();
    newer[8] += 1;
    let error = load(&file, &newer).unwrap().unwrap_err();
    assert!(
        matches!(
            error,
            Error::NewerModel {
                found: 2,
                known: 1,
                ..
            }
        ),
        "{error}"
    );
    // A length far beyond the file must not be believed.
    let mut huge = good;
    huge[16..24].fill(0xff);
    let error = load(&file, &huge).unwrap().unwrap_err();
    assert!(matches!(error, Error::InvalidModel { .. }), "{error}");
    drop(file);
    let error = Sampler::load("no/such/file.thalweg").unwrap_err();
    assert!(
        matches!(error, Error::File { action: "read", .. }),
        "{error}"
    );
    let sampler = Sampler::new(Box::new(grid()), Domain::unit(2)).unwrap();
    let error = sampler.save("no/such/folder/file.thalweg").unwrap_err();
    assert!(
        matches!(
            error,
            Error::File {
                action: "write",
                ..
            }
        ),
        "{error}"
    );
}

/// CRC-32 (polynomial edb88320) of the format version and the payload, as files hold it.
fn checksum(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in 1_u32.to_le_bytes().iter().chain(bytes) {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 {
                crc >> 1 ^ 0xedb8_8320
            } else {
                crc >> 1
            };
        }
    }
    !crc
}

/// Whatever the payload claims, with a right checksum: an error or a sampler, never a panic.
#[test]
fn hostile_payloads_are_refused() {
    let (file, good) = good_file("hostile").unwrap();
    assert_eq!(
        good[12..16],
        checksum(&good[24..]).to_le_bytes(),
        "the format has changed"
    );
    let (mut refused, mut read) = (0, 0);
    for at in (24..good.len()).filter(|at| *at < 700 || at % 101 == 0) {
        // MessagePack: array32 of 2^32 - 1, map32, nil, NaN-like float, negative integer
        for value in [0xdd, 0xdf, 0xc0, 0xcb, 0xff, 0x00, 0xc6] {
            let mut bad = good.clone();
            bad[at] = value;
            if value == 0xdd || value == 0xdf || value == 0xc6 {
                let end = (at + 5).min(bad.len());
                bad[at + 1..end].fill(0xff);
            }
            let crc = checksum(&bad[24..]);
            bad[12..16].copy_from_slice(&crc.to_le_bytes());
            match load(&file, &bad).unwrap() {
                Ok(sampler) => {
                    read += 1;
                    assert_eq!(sampler.draw(3, 1, 0).points.len(), 3 * sampler.dim());
                }
                Err(error) => {
                    refused += 1;
                    assert!(matches!(error, Error::InvalidModel { .. }), "{error}");
                }
            }
        }
    }
    assert!(
        refused > 1000 && read > 10,
        "{refused} refused, {read} read"
    );
}

#[test]
fn densities_of_draws_are_found_again() {
    for sampler in samplers() {
        let batch = sampler.draw(2000, 11, 0);
        let again = sampler.log_density(&batch.points);
        for (a, b) in batch.log_density.iter().zip(again) {
            assert!(
                (a - b).abs() < 1e-9,
                "{}: {a} and {b}",
                sampler.map().describe()
            );
        }
    }
}

#[test]
fn samplers_and_domains_must_agree() {
    let error = Sampler::new(Box::new(grid()), Domain::unit(3)).unwrap_err();
    assert!(
        matches!(
            error,
            Error::DimensionMismatch {
                found: 3,
                expected: 2,
                ..
            }
        ),
        "{error}"
    );
}

/// Mean and its error.
fn mean(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let values: Vec<f64> = values.collect();
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / (n - 1.0);
    (mean, (variance / n).sqrt())
}

#[test]
fn weighted_events_have_the_integral_as_mean() {
    let camel = problem("camel", 3, &[("width", 0.2)]);
    let f = from_fn(3, |y| camel.eval(y));
    for method in [Method::Plain, Method::Vegas, Method::Flow] {
        let sampler = Sampler::from_outcome(run(&camel, method));
        let events = sampler.weighted(&f, 20_000, 5, 0).unwrap();
        let (value, error) = mean(events.weights.iter().copied());
        let pull = (value - camel.exact.unwrap()) / error;
        assert!(pull.abs() < 5.0, "{method:?}: {value} +- {error}");
        for (y, w) in events.points.chunks_exact(3).zip(&events.weights).take(100) {
            let q = sampler.log_density(y)[0].exp();
            assert!((camel.eval(y) / q / w - 1.0).abs() < 1e-9, "{method:?}");
        }
    }
}

/// A density on [0, 2]^2 with known moments: f = x y^2, integral 16/3, <x> = 4/3, <y> = 3/2.
fn known() -> Problem {
    Problem::new("known", vec![(0.0, 2.0); 2], |y| y[0] * y[1] * y[1]).with_exact(16.0 / 3.0)
}

#[test]
fn unweighted_events_follow_the_integrand() {
    let known = known();
    let f = from_fn(2, |y| known.eval(y));
    for method in [Method::Plain, Method::Vegas, Method::Flow] {
        let sampler = Sampler::from_outcome(run(&known, method));
        for max_weight in [
            MaxWeight::Max,
            MaxWeight::Quantile(0.999),
            MaxWeight::Quantile(0.9),
            MaxWeight::BootstrapMedian(500),
            MaxWeight::Overweight(0.05),
        ] {
            let how = Unweighting {
                max_weight,
                ..Unweighting::default()
            };
            let n = 10_000;
            let u = sampler.unweighted(&f, n, 7, &how).unwrap();
            let what = format!("{method:?} {max_weight:?}");
            let w = &u.events.weights;
            assert_eq!((w.len(), u.events.points.len()), (n, 2 * n), "{what}");
            assert!(w.iter().all(|w| *w >= 1.0), "{what}");
            let over = w.iter().filter(|w| **w > 1.0).count() as f64 / n as f64;
            assert!(
                (over - u.report.overweight_fraction).abs() < 1e-12,
                "{what}"
            );
            match max_weight {
                MaxWeight::Max => {
                    assert!(u.report.overweight_reach <= 1.0 && over == 0.0, "{what}");
                }
                MaxWeight::Quantile(p) => assert!(over > 0.0 && over < 1.0 || p > 0.99, "{what}"),
                MaxWeight::BootstrapMedian(_) => assert!(over < 0.05, "{what}: {over}"),
                MaxWeight::Overweight(share) => {
                    assert!(
                        u.report.overweight_share < 2.0 * share,
                        "{what}: {}",
                        u.report.overweight_share
                    );
                }
            }
            // Observables, with the events' weights.
            for (axis, exact) in [(0, 4.0 / 3.0), (1, 1.5)] {
                let points = u.events.points.chunks_exact(2).zip(w);
                let total: f64 = w.iter().sum();
                let pulls = points.map(|(y, w)| w * (y[axis] - exact) * n as f64 / total);
                let (value, error) = mean(pulls);
                assert!(
                    value.abs() < 5.0 * error,
                    "{what}: <y{axis}> off by {value} +- {error}"
                );
            }
            // integral = max_weight * sum of the events' weights / trials
            let integral = u.report.max_weight * w.iter().sum::<f64>() / u.trials as f64;
            assert!(
                (integral / (16.0 / 3.0) - 1.0).abs() < 0.05,
                "{what}: {integral}"
            );
            assert!(
                u.integral.pull(16.0 / 3.0).abs() < 5.0,
                "{what}: {:?}",
                u.integral
            );
            let maximum = Unweighting::default().trials;
            assert_eq!(u.integral.calls, maximum, "{what}");
            assert!(u.calls >= u.trials + maximum, "{what}: {} calls", u.calls);
            let efficiency = n as f64 / u.trials as f64;
            assert!(
                (u.report.efficiency / efficiency - 1.0).abs() < 1e-12,
                "{what}"
            );
        }
    }
}

#[test]
fn negative_events_keep_their_sign() {
    let f = from_fn(1, |y| y[0] - 0.25);
    let sampler = Sampler::new(Box::new(Identity::new(1)), Domain::unit(1)).unwrap();
    let u = sampler
        .unweighted(&f, 20_000, 3, &Unweighting::default())
        .unwrap();
    for (y, w) in u.events.points.iter().zip(&u.events.weights) {
        assert!(*w * (y - 0.25) > 0.0 && w.abs() >= 1.0, "{w} at {y}");
    }
    // int |f| = 1/32 + 9/32, int f = 8/32
    let (value, error) = mean(u.events.weights.iter().copied());
    assert!(
        (value - 0.8).abs() < 5.0 * error + 1e-3,
        "{value} +- {error}"
    );
}

#[test]
fn nothing_to_unweight_is_an_error() {
    let sampler = Sampler::new(Box::new(Identity::new(2)), Domain::unit(2)).unwrap();
    let zero = from_fn(2, |_| 0.0);
    let error = sampler
        .unweighted(&zero, 10, 1, &Unweighting::default())
        .unwrap_err();
    assert!(
        matches!(error, Error::NoSignal { draws: 20_000 }),
        "{error}"
    );
    let nan = from_fn(2, |_| f64::NAN);
    assert!(matches!(
        sampler.weighted(&nan, 10, 1, 0),
        Err(Error::Integrand(_))
    ));
    assert!(matches!(
        sampler.weighted(&from_fn(3, |_| 1.0), 10, 1, 0),
        Err(Error::DimensionMismatch { .. })
    ));
}

/// x = z^2 on one axis: a map of the user's own.
#[derive(Debug)]
struct Square;

impl Map for Square {
    fn dim(&self) -> usize {
        1
    }
    fn forward(&self, z: &[f64], x: &mut [f64], log_jac: &mut [f64]) {
        for ((z, x), l) in z.iter().zip(x).zip(log_jac) {
            (*x, *l) = (z * z, (2.0 * z).ln());
        }
    }
    fn inverse(&self, x: &[f64], z: &mut [f64], log_jac: &mut [f64]) {
        for ((x, z), l) in x.iter().zip(z).zip(log_jac) {
            (*z, *l) = (x.sqrt(), (2.0 * x.sqrt()).ln());
        }
    }
    fn describe(&self) -> String {
        "x = z^2".to_owned()
    }
}

#[test]
fn a_map_of_ones_own() {
    let grid = Grid::from_edges(1, vec![0.0, 0.2, 0.6, 1.0]).unwrap();
    let chain = || Chain::new(vec![Box::new(grid.clone()), Box::new(Square)]).unwrap();
    // int 1/(2 sqrt(x)) = 1, which Square alone makes flat
    let f = from_fn(1, |x| 0.5 / x[0].sqrt());
    let known = Problem::new("own", vec![(0.0, 1.0)], |_| 0.0);
    let integrator = Integrator::new(settings(&known, Method::Plain, 5000)).unwrap();
    let flat = integrator
        .estimate(&f, Box::new(Square), &mut Silent)
        .unwrap()
        .report;
    assert!(
        (flat.estimate.value - 1.0).abs() < 1e-14 && flat.estimate.error < 1e-14,
        "{flat}"
    );
    let outcome = integrator
        .estimate(&f, Box::new(chain()), &mut Silent)
        .unwrap();
    assert!(
        outcome.report.estimate.pull(1.0).abs() < 5.0,
        "{}",
        outcome.report
    );
    let sampler = Sampler::from_outcome(outcome);
    let batch = sampler.draw(1000, 1, 0);
    for (a, b) in batch
        .log_density
        .iter()
        .zip(sampler.log_density(&batch.points))
    {
        assert!((a - b).abs() < 1e-9);
    }
    let file = Scratch::new("own");
    let error = sampler.save(&file.0).unwrap_err();
    assert!(
        matches!(&error, Error::NotSavable { kind } if kind == "x = z^2"),
        "{error}"
    );
    assert!(!file.0.exists());
}
