//! Densities from samples: families of flows trained by maximum likelihood on two moons, on rings and on a
//! mixture of normal distributions in eight dimensions, and an inverse autoregressive flow distilled from a
//! masked one.
//!
//! Prints the mean log-likelihood of fresh test samples beside that of the true density, in nats, and draws
//! `docs/density.svg`. Takes five minutes on one core.
//!
//!     cargo run --release --example density
//!     cargo run --release --example density -- --samples 5000 --epochs 10      # a quick look
#![expect(clippy::print_stdout, reason = "an example shows its result")]

mod data;
mod picture;

use std::env;
use std::error::Error;
use std::time::Instant;

use data::Target;
use thalweg::flow::{Family, Stack};
use thalweg::train::{AdamConfig, FitConfig, distill};
use thalweg::{Domain, Flow, Sampler};

/// Samples that the likelihood is measured on.
const TEST: usize = 10_000;

struct Options {
    samples: usize,
    epochs: f64,
    hidden: Vec<usize>,
    rate: f64,
    decay: f64,
    /// the target, family and depth to look at alone
    only: Option<(String, String, usize)>,
}

fn options() -> Result<Options, Box<dyn Error>> {
    let mut options = Options {
        samples: 50_000,
        epochs: 60.0,
        hidden: vec![48, 48],
        rate: FitConfig::default().adam.learning_rate,
        decay: FitConfig::default().decay,
        only: None,
    };
    let mut arguments = env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or("each option has a value")?;
        match name.as_str() {
            "--samples" => options.samples = value.parse()?,
            "--epochs" => options.epochs = value.parse()?,
            "--decay" => options.decay = value.parse()?,
            "--rate" => options.rate = value.parse()?,
            "--hidden" => {
                options.hidden = value.split(',').map(str::parse).collect::<Result<_, _>>()?;
            }
            "--only" => {
                let parts: Vec<&str> = value.split(',').collect();
                let [target, family, depth] = parts[..] else {
                    return Err("--only TARGET,FAMILY,DEPTH".into());
                };
                options.only = Some((target.to_owned(), family.to_owned(), depth.parse()?));
            }
            _ => {
                let known = "--samples, --epochs, --rate, --decay, --hidden, --only";
                return Err(format!("no option {name}: {known}").into());
            }
        }
    }
    Ok(options)
}

fn stack(family: Family, depth: usize, hidden: &[usize]) -> Stack {
    Stack {
        hidden: hidden.to_vec(),
        ..family.stack(depth)
    }
}

/// Families by likelihood, with the steps of each.
const FAMILIES: [(Family, usize); 5] = [
    (Family::Glow, 8),
    (Family::RealNvp, 10),
    (Family::Maf, 6),
    (Family::SplineCoupling, 6),
    (Family::SplineMaf, 3),
];

/// The reals, by normal quantiles of about the samples' extent.
fn reals(dim: usize) -> thalweg::Result<Domain> {
    let infinite = vec![(f64::NEG_INFINITY, f64::INFINITY); dim];
    let domain = Domain::new(&infinite)?;
    (0..dim).try_fold(domain, |domain, axis| domain.with_normal(axis, 0.0, 2.0))
}

/// Prints a row: mean of ln q over the test samples, and its difference from the truth with an error.
fn row(name: &str, target: &Target, test: &[f64], sampler: &Sampler, seconds: f64) {
    let n = TEST as f64;
    let log_q = sampler.log_density(test);
    let rows = test.chunks_exact(target.dim).zip(&log_q);
    let lost: Vec<f64> = rows.map(|(y, q)| (target.log_density)(y) - q).collect();
    let mean = lost.iter().sum::<f64>() / n;
    let square = lost.iter().map(|l| (l - mean).powi(2)).sum::<f64>() / n;
    let likelihood = log_q.iter().sum::<f64>() / n;
    let error = (square / n).sqrt();
    println!("  {name:24} {likelihood:9.4}   {mean:7.4} +- {error:.4}   {seconds:6.1} s");
}

/// One family on one target, with what the training says.
fn look(options: &Options, config: &FitConfig) -> Result<bool, Box<dyn Error>> {
    let Some((target, family, depth)) = &options.only else {
        return Ok(false);
    };
    let mut targets = Target::all().into_iter();
    let target = targets.find(|t| t.name == target).ok_or("no such target")?;
    let mut families = Family::ALL.into_iter();
    let family = families
        .find(|f| format!("{f:?}") == *family)
        .ok_or("no such family")?;
    let (train, test) = (target.samples(options.samples, 1), target.samples(TEST, 5));
    let start = Instant::now();
    let architecture = stack(family, *depth, &options.hidden).into();
    let domain = reals(target.dim)?;
    let (sampler, report) = Sampler::of_samples(&train, domain, architecture, config, 1)?;
    let seconds = start.elapsed().as_secs_f64();
    row(&format!("{family:?}"), &target, &test, &sampler, seconds);
    println!("  {report:?}");
    Ok(true)
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = options()?;
    let config = FitConfig {
        epochs: options.epochs,
        decay: options.decay,
        adam: AdamConfig {
            learning_rate: options.rate,
            ..FitConfig::default().adam
        },
        ..FitConfig::default()
    };
    if look(&options, &config)? {
        return Ok(());
    }
    let mut panels = Vec::new();
    for target in Target::all() {
        let dim = target.dim;
        let (train, test) = (target.samples(options.samples, 1), target.samples(TEST, 5));
        let rows = test.chunks_exact(dim);
        let truth = rows.map(target.log_density).sum::<f64>() / TEST as f64;
        println!(
            "{}, d = {dim}: {} samples, ln p = {truth:.4}",
            target.name, options.samples
        );
        println!(
            "  {:24} {:>9}   {:>18}",
            "family", "mean ln q", "below the truth"
        );
        panels.push((format!("{}: samples", target.name), test.clone(), dim));
        let mut teacher = None;
        for (family, depth) in FAMILIES {
            let start = Instant::now();
            let architecture = stack(family, depth, &options.hidden).into();
            let (sampler, _) = Sampler::of_samples(&train, reals(dim)?, architecture, &config, 1)?;
            let seconds = start.elapsed().as_secs_f64();
            row(&format!("{family:?}"), &target, &test, &sampler, seconds);
            let drawn = sampler.draw(TEST, 3, 0).points;
            panels.push((format!("{}: {family:?}", target.name), drawn, dim));
            if family == Family::SplineMaf {
                teacher = Some(sampler);
            }
        }
        let teacher = teacher.ok_or("no teacher among the families")?;
        let start = Instant::now();
        let mut student = Flow::of(dim, stack(Family::SplineIaf, 4, &options.hidden).into(), 1)?;
        let config = FitConfig {
            epochs: options.epochs / 2.0,
            ..config.clone()
        };
        let report = distill(teacher.map(), &mut student, options.samples, &config, 4)?;
        let seconds = start.elapsed().as_secs_f64();
        let student = Sampler::new(Box::new(student), reals(dim)?)?;
        row("SplineIaf, distilled", &target, &test, &student, seconds);
        println!(
            "  KL(teacher || student) = {:.4} nats on draws held out",
            -report.holdout
        );
        let drawn = student.draw(TEST, 3, 0).points;
        panels.push((format!("{}: IAF distilled", target.name), drawn, dim));
    }
    picture::draw(&panels)?;
    println!("docs/density.svg written");
    Ok(())
}
