//! A map of one's own under a flow: it takes a resonance away that no axis follows, and the flow learns what
//! is left.
//!
//! Two partons with the shares x1 and x2 of the momenta of their hadrons meet in a narrow resonance, whose
//! products fly off under the cosine c = 2 x3 - 1:
//!
//!     f = g/((x1 x2 - m)^2 + g^2) 3/4 [1 + c^2 + 2 c (x1 - x2)/(x1 + x2)]  over the unit cube.
//!
//! The term odd in c integrates to zero and 3/4 (1 + c^2) to one, so that with m + i g = r e^(i p)
//!
//!     I = Im Li2(m + i g) - (pi - p) ln r.
//!
//! Prints the calls to a relative error, all of them counted, without the map and with it.
//!
//!     cargo run --release --example own_map
//!     cargo run --release --example own_map -- --seeds 10 --target 3e-4
#![expect(clippy::print_stdout, reason = "an example shows its result")]

#[path = "common/seeds.rs"]
mod seeds;

use std::env;
use std::error::Error;
use std::f64::consts::PI;
use std::sync::Arc;

use thalweg::integrate::Silent;
use thalweg::map::Chain;
use thalweg::{Flow, FlowConfig, Integrator, Map, Method, Report, Settings, Stop, from_fn};

/// Square of the mass over that of the hadrons' energy, and the width beside it.
const MASS: f64 = 0.05;
const WIDTH: f64 = 1e-3;

/// x1 x2 = t = m + g tan(angle), with angles evenly from t = 0 to t = 1; x1 = t^z2, x2 = t^(1 - z2); all other
/// coordinates as they are. dx1 dx2 = ln(1/t) dt dz2.
#[derive(Debug)]
struct Resonance {
    dim: usize,
    mass: f64,
    width: f64,
}

impl Resonance {
    /// The first angle, and how far it is to the last.
    fn angles(&self) -> (f64, f64) {
        let first = (-self.mass / self.width).atan();
        (first, ((1.0 - self.mass) / self.width).atan() - first)
    }

    /// ln |dx/dz| where x1 x2 = t.
    fn log_jac(&self, t: f64) -> f64 {
        let peak = ((t - self.mass).powi(2) + self.width.powi(2)) / self.width;
        (self.angles().1 * peak * -t.ln()).ln()
    }
}

/// Strictly between 0 and 1, as the points of a map must be.
fn inside(x: f64) -> f64 {
    x.clamp(f64::MIN_POSITIVE, 1.0 - 0.5 * f64::EPSILON)
}

impl Map for Resonance {
    fn dim(&self) -> usize {
        self.dim
    }

    fn forward(&self, z: &[f64], x: &mut [f64], log_jac: &mut [f64]) {
        x.copy_from_slice(z);
        let (first, all) = self.angles();
        for (x, log_jac) in x.chunks_exact_mut(self.dim).zip(log_jac) {
            let t = inside(self.mass + self.width * (first + all * x[0]).tan());
            (x[0], x[1]) = (inside(t.powf(x[1])), inside(t.powf(1.0 - x[1])));
            *log_jac = self.log_jac(t);
        }
    }

    fn inverse(&self, x: &[f64], z: &mut [f64], log_jac: &mut [f64]) {
        z.copy_from_slice(x);
        let (first, all) = self.angles();
        for (z, log_jac) in z.chunks_exact_mut(self.dim).zip(log_jac) {
            let t = inside(z[0] * z[1]);
            let angle = ((t - self.mass) / self.width).atan();
            (z[0], z[1]) = (inside((angle - first) / all), inside(z[0].ln() / t.ln()));
            *log_jac = self.log_jac(t);
        }
    }

    fn describe(&self) -> String {
        format!("resonance at {} of width {}", self.mass, self.width)
    }
}

fn f(x: &[f64]) -> f64 {
    let peak = WIDTH / ((x[0] * x[1] - MASS).powi(2) + WIDTH * WIDTH);
    let c = 2.0 * x[2] - 1.0;
    peak * 0.75 * (1.0 + c * c + 2.0 * c * (x[0] - x[1]) / (x[0] + x[1]))
}

/// I; the series of Li2 converges like m^k.
fn exact() -> f64 {
    let (r, p) = (MASS.hypot(WIDTH), WIDTH.atan2(MASS));
    let term = |k: i32| r.powi(k) * (f64::from(k) * p).sin() / f64::from(k * k);
    (1..40).map(term).sum::<f64>() - (PI - p) * r.ln()
}

/// What is asked for.
struct Options {
    seeds: u64,
    target: f64,
}

fn options() -> Result<Options, Box<dyn Error>> {
    let mut options = Options {
        seeds: 3,
        target: 1e-3,
    };
    let mut arguments = env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or("each option has a value")?;
        match name.as_str() {
            "--seeds" => options.seeds = value.parse()?,
            "--target" => options.target = value.parse()?,
            _ => return Err(format!("no option {name}: --seeds, --target").into()),
        }
    }
    Ok(options)
}

fn integrator(method: Method, target: f64, seed: u64) -> thalweg::Result<Integrator> {
    Integrator::new(Settings {
        method,
        stop: Stop {
            max_calls: 3_000_000,
            ..Stop::rel_error(target)
        },
        seed,
        threads: Some(1),
        ..Settings::default()
    })
}

/// A flow that is trained over the map, and an estimate with both; the calls of either count.
fn with_map(target: f64, seed: u64) -> thalweg::Result<(Report, u64)> {
    let own: Arc<dyn Map> = Arc::new(Resonance {
        dim: 3,
        mass: MASS,
        width: WIDTH,
    });
    // From the latent end to the data end: z -> flow -> resonance -> x.
    let flow = Flow::new(3, &FlowConfig::default(), seed)?;
    let start = Chain::new(vec![Box::new(flow), Box::new(own)])?;
    let integrator = integrator(Method::Flow, target, seed)?;
    let f = from_fn(3, f);
    let trained = integrator.train(&f, Some(&start), &mut Silent)?;
    let report = integrator.estimate(&f, trained.map, &mut Silent)?.report;
    let calls = trained.report.calls.total() + report.calls.total();
    Ok((report, calls))
}

fn without(method: Method, target: f64, seed: u64) -> thalweg::Result<(Report, u64)> {
    let report = integrator(method, target, seed)?.integrate(&from_fn(3, f))?;
    let calls = report.calls.total();
    Ok((report, calls))
}

fn main() -> Result<(), Box<dyn Error>> {
    let (options, exact) = (options()?, exact());
    println!("exact {exact:.8}, relative error {:e}", options.target);
    println!("                  seed     calls   value            pull  status");
    for (name, method) in [
        ("vegas", Some(Method::Vegas)),
        ("auto", Some(Method::Auto)),
        ("flow", Some(Method::Flow)),
        ("flow over the map", None),
    ] {
        let runs = seeds::each(options.seeds, |seed| match method {
            Some(method) => without(method, options.target, seed),
            None => with_map(options.target, seed),
        });
        let mut all = Vec::new();
        for (seed, run) in (1..).zip(runs) {
            let (report, calls) = run?;
            let pull = report.estimate.pull(exact);
            println!(
                "{name:18}{seed:4}{calls:10}   {:12}{pull:+9.2}  {}",
                report.estimate.to_string(),
                report.status.name(),
            );
            if method.is_none() {
                assert!(pull.abs() < 5.0, "{report}");
            }
            all.push(calls);
        }
        let mean = all.iter().sum::<u64>() / all.len() as u64;
        println!("{name:18}mean{mean:10}");
    }
    Ok(())
}
