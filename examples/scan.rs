//! One conditional flow for a scan: trained once over a range of a parameter, then used at 20 values of it.
//!
//! The parameter is the last coordinate, which passes all layers unchanged while every conditioner sees it
//! (`FlowConfig::context`). Beside it, 20 runs that know nothing of each other, by a flow each and by the
//! method that `auto` chooses, with the same relative error to reach. Each value has a seed of its own.
//!
//!     cargo run --release --example scan          # or with the number of scans: -- 4
#![expect(clippy::print_stdout, reason = "an example shows its result")]

use std::any::Any;
use std::env::args;
use std::error::Error;
use std::f64::consts::PI;

use statrs::function::erf::erf;
use thalweg::{
    Domain, Flow, FlowConfig, Integrator, Map, Method, Settings, Stop, from_fn, integrate::Silent,
    train::TrainConfig,
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
    /// f(y; parameter) over f(this; parameter) is trained on, so that no part of the range outweighs another
    reference: Option<&'static [f64]>,
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
            reference: None,
            training: 50_000,
            target: 1e-3,
        },
        Scan {
            name: "e+ e- -> mu+ mu-, by the energy in GeV",
            range: (60.0, 200.0),
            domain: vec![(-1.0, 1.0), (0.0, 2.0 * PI)],
            f: |y, energy| ee_mumu(energy).eval(y),
            exact: |energy| ee_mumu(energy).exact.unwrap_or(f64::NAN),
            reference: Some(&[0.0, 0.0]),
            training: 20_000,
            target: 1e-3,
        },
    ]
}

fn settings(
    (method, seed): (Method, u64),
    stop: Stop,
    domain: &[(f64, f64)],
) -> thalweg::Result<Settings> {
    Ok(Settings {
        method,
        seed,
        stop,
        domain: Some(Domain::new(domain)?),
        ..Settings::default()
    })
}

/// Intervals of the table of scales.
const INTERVALS: usize = 256;

/// f at a point of reference over the range of the parameter, a line between each two of its calls. It need
/// not be exact: all that matters is that parts of the range get about the same weight.
struct Scale {
    /// values of the parameter, ascending, and f there; none for a scale of 1
    table: Vec<(f64, f64)>,
}

impl Scale {
    fn new(scan: &Scan) -> Self {
        let Some(reference) = scan.reference else {
            return Self { table: Vec::new() };
        };
        let width = (scan.range.1 - scan.range.0) / INTERVALS as f64;
        let ends = (0..=INTERVALS).map(|k| width.mul_add(k as f64, scan.range.0));
        Self {
            table: ends.map(|at| (at, (scan.f)(reference, at))).collect(),
        }
    }

    fn calls(&self) -> u64 {
        self.table.len() as u64
    }

    fn at(&self, parameter: f64) -> f64 {
        let right = self.table.partition_point(|(at, _)| *at <= parameter);
        let right = right.clamp(1, INTERVALS);
        match self.table.get(right - 1..=right) {
            Some([(a, low), (b, high)]) => (high - low).mul_add((parameter - a) / (b - a), *low),
            _ => 1.0,
        }
    }
}

/// The flow of all coordinates and the parameter, and the calls that it took.
fn train(scan: &Scan, seed: u64) -> Result<(Flow, u64), Box<dyn Error>> {
    let domain = [&scan.domain[..], &[scan.range]].concat();
    let scale = Scale::new(scan);
    let joint = from_fn(domain.len(), |y| {
        let (at, y) = y.split_last().expect("a parameter");
        (scan.f)(y, *at) / scale.at(*at)
    });
    let settings = Settings {
        flow: FlowConfig {
            context: 1,
            ..FlowConfig::default()
        },
        // A training that serves many estimates may take longer on each call.
        train: TrainConfig {
            reuse: 32.0,
            ..TrainConfig::default()
        },
        ..settings((Method::Flow, seed), Stop::calls(scan.training), &domain)?
    };
    let outcome = Integrator::new(settings)?.train(&joint, None, &mut Silent)?;
    let map: Box<dyn Any> = outcome.map;
    let flow = map
        .downcast::<Flow>()
        .map_err(|_| "the outcome is no flow")?;
    Ok((*flow, scale.calls() + outcome.report.calls.total()))
}

/// Calls of a scan by the conditional flow, a flow for each value, `auto` for each; and its largest pull.
fn one_scan(scan: &Scan, number: u64, shown: bool) -> Result<([u64; 3], f64), Box<dyn Error>> {
    let (flow, training) = train(scan, number)?;
    if shown {
        println!("  {training} calls for the training");
        println!(
            "  at      exact       conditional flow          pull    calls   flow alone     auto"
        );
    }
    let mut all = [training, 0, 0];
    let mut worst: f64 = 0.0;
    for k in 0..VALUES {
        let part = (k as f64 + 0.5) / VALUES as f64;
        let at = (scan.range.1 - scan.range.0).mul_add(part, scan.range.0);
        let f = from_fn(scan.domain.len(), |y| (scan.f)(y, at));
        let seed = VALUES as u64 * number + k as u64;
        let stop = Stop::rel_error(scan.target);
        let with = |method| Integrator::new(settings((method, seed), stop, &scan.domain)?);
        let map: Box<dyn Map> = Box::new(flow.given(&[part])?);
        let conditional = with(Method::Flow)?.estimate(&f, map, &mut Silent)?.report;
        let calls = [
            conditional.calls.total(),
            with(Method::Flow)?.integrate(&f)?.calls.total(),
            with(Method::Auto)?.integrate(&f)?.calls.total(),
        ];
        let exact = (scan.exact)(at);
        let pull = conditional.estimate.pull(exact);
        let value = conditional.estimate.to_string();
        if shown {
            println!(
                "  {at:6.2}  {exact:10.6}  {value:22}  {pull:+6.2} {:8} {:10} {:10}",
                calls[0], calls[1], calls[2]
            );
        }
        worst = worst.max(pull.abs());
        all.iter_mut()
            .zip(calls)
            .for_each(|(all, calls)| *all += calls);
    }
    Ok((all, worst))
}

fn main() -> Result<(), Box<dyn Error>> {
    let scans_of_each = args().nth(1).map_or(Ok(1), |count| count.parse())?;
    for scan in scans() {
        println!("{}", scan.name);
        for number in 1..=scans_of_each {
            let (calls, worst) = one_scan(&scan, number, number == 1)?;
            println!(
                "  in all: conditional {}, flows alone {}, auto {}; largest pull {worst:.2}",
                calls[0], calls[1], calls[2]
            );
            // Errors of 8 nets are Student's: a scan of 20 may go beyond by chance, no scan measured has.
            assert!(worst < 4.0, "an estimate is more than four errors off");
        }
    }
    Ok(())
}
