//! One conditional flow for a scan: trained once over a range of a parameter, then used at 20 values of it.
//!
//! The parameter is the last coordinate, which passes all layers unchanged while every conditioner sees it
//! (`FlowConfig::context`). Beside it, 20 runs that know nothing of each other, by a flow each and by the
//! method that `auto` chooses, with the same relative error to reach.
//!
//!     cargo run --release --example scan
#![expect(clippy::print_stdout, reason = "an example shows its result")]

use std::any::Any;
use std::error::Error;
use std::f64::consts::PI;

use statrs::function::erf::erf;
use thalweg::{
    Domain, Flow, FlowConfig, Integrator, Map, Method, Settings, Stop, from_fn, integrate::Silent,
};
use thalweg_integrands::problem;

/// Values of the parameter.
const VALUES: usize = 20;

/// An integrand with a parameter.
struct Scan {
    name: &'static str,
    range: (f64, f64),
    domain: Vec<(f64, f64)>,
    /// f(y; parameter)
    f: fn(&[f64], f64) -> f64,
    exact: fn(f64) -> f64,
    /// f(y; parameter) over this is trained on, so that no part of the range outweighs another; calls of f
    /// for a value of it count, too
    scale: Option<fn(f64) -> f64>,
    /// calls for the training
    training: u64,
    /// relative error of each estimate
    target: f64,
}

const WIDTH: f64 = 0.1;

/// Two humps in four dimensions, at 1/2 +- distance/2 on the diagonal.
fn camel(y: &[f64], distance: f64) -> f64 {
    let hump = |at: f64| {
        let square: f64 = y.iter().map(|y| (y - at).powi(2)).sum();
        0.5 * (-square / (WIDTH * WIDTH)).exp() / (WIDTH * PI.sqrt()).powi(4)
    };
    hump(0.5 - 0.5 * distance) + hump(0.5 + 0.5 * distance)
}

fn camel_exact(distance: f64) -> f64 {
    let at = 0.5 + 0.5 * distance;
    (0.5 * (erf(at / WIDTH) + erf((1.0 - at) / WIDTH))).powi(4)
}

/// The cross section of two muons; energies are in `GeV`.
fn ee_mumu(energy: f64) -> thalweg_integrands::Problem {
    problem("ee-mumu", None, &[("sqrt_s", energy)]).expect("a positive energy")
}

fn scans() -> [Scan; 2] {
    [
        Scan {
            name: "camel, d = 4, by the distance of its humps",
            range: (0.1, 0.6),
            domain: vec![(0.0, 1.0); 4],
            f: camel,
            exact: camel_exact,
            scale: None,
            training: 60_000,
            target: 1e-3,
        },
        Scan {
            name: "e+ e- -> mu+ mu-, by the energy in GeV",
            range: (60.0, 200.0),
            domain: vec![(-1.0, 1.0), (0.0, 2.0 * PI)],
            f: |y, energy| ee_mumu(energy).eval(y),
            exact: |energy| ee_mumu(energy).exact.unwrap_or(f64::NAN),
            scale: Some(|energy| ee_mumu(energy).eval(&[0.0, 0.0])),
            training: 60_000,
            target: 1e-3,
        },
    ]
}

fn settings(method: Method, stop: Stop, domain: &[(f64, f64)]) -> thalweg::Result<Settings> {
    Ok(Settings {
        method,
        stop,
        domain: Some(Domain::new(domain)?),
        ..Settings::default()
    })
}

/// The flow of all coordinates and the parameter, and the calls that it took.
fn train(scan: &Scan) -> Result<(Flow, u64), Box<dyn Error>> {
    let domain = [&scan.domain[..], &[scan.range]].concat();
    let joint = from_fn(domain.len(), |y| {
        let (at, y) = y.split_last().expect("a parameter");
        (scan.f)(y, *at) / scan.scale.map_or(1.0, |scale| scale(*at))
    });
    let settings = Settings {
        flow: FlowConfig {
            context: 1,
            ..FlowConfig::default()
        },
        ..settings(Method::Flow, Stop::calls(scan.training), &domain)?
    };
    let outcome = Integrator::new(settings)?.train(&joint, None, &mut Silent)?;
    let map: Box<dyn Any> = outcome.map;
    let flow = map
        .downcast::<Flow>()
        .map_err(|_| "the outcome is no flow")?;
    let factor = 1 + u64::from(scan.scale.is_some());
    Ok((*flow, factor * outcome.report.calls.total()))
}

fn main() -> Result<(), Box<dyn Error>> {
    for scan in scans() {
        let (flow, training) = train(&scan)?;
        println!("{}: {training} calls for the training", scan.name);
        println!(
            "  at      exact       conditional flow          pull    calls   flow alone     auto"
        );
        let mut all = [training, 0, 0];
        let mut pulls = Vec::new();
        for k in 0..VALUES {
            let part = (k as f64 + 0.5) / VALUES as f64;
            let at = (scan.range.1 - scan.range.0).mul_add(part, scan.range.0);
            let f = from_fn(scan.domain.len(), |y| (scan.f)(y, at));
            let with = |method| settings(method, Stop::rel_error(scan.target), &scan.domain);
            let map: Box<dyn Map> = Box::new(flow.given(&[part])?);
            let integrator = Integrator::new(with(Method::Flow)?)?;
            let conditional = integrator.estimate(&f, map, &mut Silent)?.report;
            let mut calls = [conditional.calls.total(), 0, 0];
            for (calls, method) in calls[1..].iter_mut().zip([Method::Flow, Method::Auto]) {
                *calls = Integrator::new(with(method)?)?.integrate(&f)?.calls.total();
            }
            let exact = (scan.exact)(at);
            let pull = conditional.estimate.pull(exact);
            println!(
                "  {at:6.2}  {exact:10.6}  {:22}  {pull:+6.2} {:8} {:10} {:10}",
                conditional.estimate.to_string(),
                calls[0],
                calls[1],
                calls[2]
            );
            pulls.push(pull);
            all.iter_mut()
                .zip(calls)
                .for_each(|(all, calls)| *all += calls);
        }
        let worst = pulls.iter().fold(0.0, |m: f64, p| m.max(p.abs()));
        println!(
            "  in all: conditional {}, flows alone {}, auto {}; largest pull {worst:.2}",
            all[0], all[1], all[2]
        );
        assert!(worst < 4.0);
    }
    Ok(())
}
