//! Events of e+e- -> mu+mu- in a file that a generator reads.
//!
//! `cargo run --release --example events -- [FILE [N [SQRT_S [POLICY]]]]`: 10,000 unweighted events
//! at 91.188 `GeV` in `events.lhe` of the folder for temporary files, unless told otherwise; the policy
//! for the maximum weight is `max` if not `weighted`, `quantile:0.9` and so on.

#[path = "../cli/src/ee_mumu.rs"]
mod ee_mumu;

use std::env;
use std::error::Error;
use std::path::PathBuf;

use ee_mumu::EeMuMu;
use thalweg::event::{Generation, events};
use thalweg::integrate::Silent;
use thalweg::{Domain, EventFile, Integrator, Method, Sampler, Settings, Stop, Unweighting};
use thalweg_integrands::problem;

#[expect(clippy::print_stdout, reason = "an example shows its result")]
fn main() -> Result<(), Box<dyn Error>> {
    let mut args = env::args().skip(1);
    let path = args
        .next()
        .map_or_else(|| env::temp_dir().join("events.lhe"), PathBuf::from);
    let n = args.next().map_or(Ok(10_000), |n| n.parse())?;
    let sqrt_s: f64 = args.next().map_or(Ok(91.188), |e| e.parse())?;
    let policy = args.next().unwrap_or_else(|| "max".to_owned());

    let problem = problem("ee-mumu", None, &[("sqrt_s", sqrt_s)])?;
    let exact = problem.exact.ok_or("the cross section is known")?;
    let settings = Settings {
        domain: Some(Domain::new(&problem.domain)?),
        method: Method::Vegas,
        stop: Stop::calls(50_000),
        ..Settings::default()
    };
    let process = EeMuMu::new(&problem).ok_or("its events are known")?;
    let sampler = Sampler::from_outcome(Integrator::new(settings)?.run(&process, &mut Silent)?);

    let unweighting = match &*policy {
        "weighted" => None,
        policy => Some(Unweighting {
            max_weight: policy.parse()?,
            ..Unweighting::default()
        }),
    };
    let what = Generation {
        n,
        seed: 1,
        unweighting,
        ..Generation::default()
    };
    let run = events(&sampler, &process, &what, &mut EventFile::create(&path)?)?;
    let told = &run.summary;
    println!("{} events in {}", told.events, path.display());
    println!("sigma = {:.6} +- {:.6} pb", told.cross_section, told.error);
    if let Some(report) = &told.unweighting {
        println!(
            "efficiency {:.4}, strategy {}",
            report.efficiency, run.strategy
        );
    }
    assert!((told.cross_section - exact).abs() <= 5.0 * told.error);
    Ok(())
}
