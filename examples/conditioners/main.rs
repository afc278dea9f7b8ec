//! Conditioners for long inputs: calls and seconds to a relative error on the option with 252 dates.
//!
//! Each rival is trained with a fixed number of calls and then estimates with the frozen map. One line
//! per run, the rivals in turn for each seed.
//!
//!     cargo run --release --example conditioners -- RIVAL,.. [--calls N,..] [--rate R,..] [--seeds A..B]
//!         [--dim 252] [--seconds S] [--most CALLS] [--reuse N] [--precision f64]

use std::env::args;
use std::fs;
use std::io::{Write as _, stdout};
use std::sync::atomic::{AtomicU64, Ordering};

use thalweg::flow::{Base, Family, LayerConfig, Spline, SplineKind, Stack, Transform};
use thalweg::integrate::Silent;
use thalweg::{
    Integrand, IntegrandError, Integrator, Method, Placement, Points, Report, Result, Settings,
    Stop,
    train::{AdamConfig, TrainConfig},
};
use thalweg_integrands::{Problem, problem};

/// Seconds of the processor that this process has used: the machine is shared.
fn used() -> f64 {
    let text = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = text
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace();
    0.01 * fields
        .skip(11)
        .take(2)
        .filter_map(|n| n.parse::<f64>().ok())
        .sum::<f64>()
}

struct Counted<'a> {
    problem: &'a Problem,
    calls: AtomicU64,
}

impl Integrand for Counted<'_> {
    fn dim(&self) -> usize {
        self.problem.dim
    }

    fn eval(
        &self,
        points: &Points<'_>,
        values: &mut [f64],
    ) -> std::result::Result<(), IntegrandError> {
        self.calls.fetch_add(points.len() as u64, Ordering::Relaxed);
        for (x, value) in points.iter().zip(values) {
            *value = self.problem.eval(x);
        }
        Ok(())
    }
}

/// `maf-1-256,64` and the like: family, depth, hidden layers joined by `x`.
fn stack(rival: &str) -> Option<Stack> {
    let mut parts = rival.split('-');
    let (kind, depth) = (parts.next()?, parts.next().unwrap_or("1").parse().ok()?);
    let hidden: Vec<usize> = match parts.next() {
        None => vec![32, 32],
        Some("0") => vec![],
        Some(list) => list
            .split('x')
            .map(|n| n.parse().ok())
            .collect::<Option<_>>()?,
    };
    let stack = if let Some(family) = Family::ALL.into_iter().find(|f| f.name() == kind) {
        family.stack(depth)
    } else {
        let spline = Spline {
            kind: SplineKind::RationalQuadratic,
            bins: 8,
        };
        let size = *hidden.first()?;
        let (real, layers): (bool, Vec<LayerConfig>) = match kind {
            "diagonal" => (true, vec![LayerConfig::Diagonal]),
            "elementwise" => (false, vec![LayerConfig::Elementwise(spline)]),
            _ => return rival_of_cells(kind, depth, size, spline),
        };
        stand(real, &layers, depth)
    };
    Some(Stack { hidden, ..stack })
}

fn stand(real: bool, step: &[LayerConfig], depth: usize) -> Stack {
    let mut layers = step.repeat(depth);
    if real {
        layers.insert(0, LayerConfig::Open(Base::Normal));
        layers.push(LayerConfig::Close(Base::Normal));
    }
    Stack {
        layers,
        ..Stack::default()
    }
}

/// `recurrent` and `recurrent_spline`.
fn rival_of_cells(kind: &str, depth: usize, features: usize, spline: Spline) -> Option<Stack> {
    let real = kind == "recurrent";
    let transform = if real {
        Transform::Affine
    } else {
        Transform::Spline(spline)
    };
    let mut step = vec![LayerConfig::Recurrent { transform }, LayerConfig::Reverse];
    if real {
        step.insert(0, LayerConfig::Diagonal);
    }
    Some(Stack {
        hidden: vec![features],
        ..stand(real, &step, depth)
    })
}

struct Options {
    rivals: Vec<String>,
    calls: Vec<u64>,
    rates: Vec<f64>,
    seeds: std::ops::RangeInclusive<u64>,
    dim: usize,
    seconds: Option<f64>,
    most: u64,
    reuse: f64,
    target: f64,
}

fn list<T: std::str::FromStr>(text: &str) -> Option<Vec<T>> {
    text.split(',').map(|n| n.parse().ok()).collect()
}

fn options() -> Option<Options> {
    let mut args = args().skip(1);
    let mut o = Options {
        rivals: list(&args.next()?)?,
        calls: vec![10_000],
        rates: vec![1e-2],
        seeds: 1..=1,
        dim: 252,
        seconds: None,
        most: 4_000_000,
        reuse: 16.0,
        target: 1e-3,
    };
    while let Some(arg) = args.next() {
        let value = args.next()?;
        match arg.as_str() {
            "--calls" => o.calls = list(&value)?,
            "--rate" => o.rates = list(&value)?,
            "--seeds" => {
                let (a, b) = value.split_once("..")?;
                o.seeds = a.parse().ok()?..=b.parse().ok()?;
            }
            "--dim" => o.dim = value.parse().ok()?,
            "--seconds" => o.seconds = Some(value.parse().ok()?),
            "--most" => o.most = value.parse().ok()?,
            "--reuse" => o.reuse = value.parse().ok()?,
            "--target" => o.target = value.parse().ok()?,
            _ => return None,
        }
    }
    Some(o)
}

fn show(head: &str, report: &Report, problem: &Problem, calls: u64, seconds: f64) {
    let exact = problem.exact.unwrap_or(f64::NAN);
    let e = &report.estimate;
    println!(
        "{head} | {calls} calls ({:?}) {seconds:.1} s ({:?}) | {:.6} +- {:.6} pull {:+.2} rel {:.2e} | {:?} rel_std {:.3} ess {:.3} | {:?} | {}",
        report.calls,
        report.seconds,
        e.value,
        e.error,
        e.pull(exact),
        e.rel_error(),
        report.stop,
        report.weights.rel_std,
        report.weights.ess_fraction,
        report.status,
        report.proposal
    );
    let _ = stdout().flush();
}

fn one(
    o: &Options,
    problem: &Problem,
    rival: &str,
    (seed, calls, rate): (u64, u64, f64),
) -> Result<()> {
    let counted = Counted {
        problem,
        calls: AtomicU64::new(0),
    };
    let settings = |stop: Stop| Settings {
        stop,
        seed,
        threads: Some(1),
        train: TrainConfig {
            adam: AdamConfig {
                learning_rate: rate,
                ..AdamConfig::default()
            },
            reuse: o.reuse,
            ..TrainConfig::default()
        },
        ..Settings::default()
    };
    let target = Stop {
        max_calls: o.most,
        max_seconds: o.seconds,
        ..Stop::rel_error(o.target)
    };
    let head = format!("{rival:<22} seed {seed} train {calls:>6} rate {rate:e}");
    let base = match rival {
        "auto" => Some(Settings {
            method: Method::Auto,
            ..settings(target)
        }),
        "untrained" => Some(Settings {
            method: Method::Flow,
            ..settings(target)
        }),
        "plain" => Some(Settings {
            method: Method::Plain,
            placement: Placement::Random,
            ..settings(target)
        }),
        "sobol" => Some(Settings {
            method: Method::Plain,
            placement: Placement::Sobol,
            ..settings(target)
        }),
        "vegas" => Some(Settings {
            method: Method::Vegas,
            ..settings(target)
        }),
        _ => None,
    };
    let start = used();
    if let Some(settings) = base {
        let report = Integrator::new(settings)?.integrate(&counted)?;
        show(
            &head,
            &report,
            problem,
            counted.calls.into_inner(),
            used() - start,
        );
        return Ok(());
    }
    let stack = stack(rival).expect("a known rival");
    let train = Settings {
        method: Method::Flow,
        stack: Some(stack.clone()),
        ..settings(Stop::calls(calls + 8192))
    };
    let trained = Integrator::new(train)?.train(&counted, None, &mut Silent)?;
    // The check of the training is no part of what a run would spend.
    let check = trained.report.calls.estimate;
    let training = counted.calls.load(Ordering::Relaxed) - check;
    let trained_in = used() - start;
    show(
        &format!("{head} T"),
        &trained.report,
        problem,
        training,
        trained_in,
    );
    if o.most > 0 {
        let start = used();
        let estimate = Settings {
            method: Method::Flow,
            stack: Some(stack),
            ..settings(target)
        };
        let out = Integrator::new(estimate)?.estimate(&counted, trained.map, &mut Silent)?;
        let all = counted.calls.load(Ordering::Relaxed) - check;
        let seconds = trained_in + used() - start;
        show(&format!("{head} E"), &out.report, problem, all, seconds);
    }
    Ok(())
}

fn main() {
    let Some(o) = options() else {
        println!("conditioners RIVAL,.. [--calls N,..] [--rate R,..] [--seeds A..B]");
        return;
    };
    let problem = problem("asian", Some(o.dim), &[]).expect("an integrand");
    for seed in o.seeds.clone() {
        for calls in &o.calls {
            for rate in &o.rates {
                for rival in &o.rivals {
                    if let Err(error) = one(&o, &problem, rival, (seed, *calls, *rate)) {
                        println!("{rival} seed {seed}: {error}");
                    }
                }
            }
        }
    }
}
