//! Conditioners of autoregressive flows for long inputs, on the option with 252 dates (`asian`).
//!
//! Each rival is trained with a given number of calls, and its frozen map estimates to a relative error. One
//! line per run, the rivals in turn for each seed: calls of the training and in all, seconds of the processor
//! (Linux; 0 elsewhere), the spread of the weights of fresh points, value, and pull.
//!
//!     cargo run --release --example conditioners -- recurrent_maf:16,maf:32x32,diagonal,auto,flow,plain,sobol
//!         [--calls 8192,..] [--rate 1e-2,..] [--reuse 4] [--seeds 1..4] [--dates 252] [--target 1e-3]
//!         [--most 4000000]
//!
//! `--calls` is the budget of the training beside the 8192 points that check it (9216 of 8192, as it takes half of a
//! small one). A rival is a family with its hidden layers, `diagonal` (a shift and a scale of each coordinate), or a method
//! without training. `--most 0` trains only.

#[path = "common/counted.rs"]
mod counted;

use std::env::args;
use std::fs;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};

use thalweg::flow::{Base, Family, LayerConfig, Stack};
use thalweg::integrate::Silent;
use thalweg::{
    Integrator, Method, Placement, Report, Settings, Stop,
    train::{AdamConfig, TrainConfig},
};
use thalweg_integrands::{Problem, problem};

use counted::Counted;

/// Seconds that this process has had a processor: user and system time, in hundredths.
fn used() -> f64 {
    let text = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = text.rsplit(')').next().unwrap_or_default();
    let fields = after_name.split_whitespace().skip(11).take(2);
    let hundredths: f64 = fields.filter_map(|n| n.parse::<f64>().ok()).sum();
    0.01 * hundredths
}

struct Options {
    rivals: Vec<String>,
    calls: Vec<u64>,
    rates: Vec<f64>,
    reuse: f64,
    seeds: RangeInclusive<u64>,
    dates: usize,
    target: f64,
    most: u64,
}

fn list<T: FromStr>(text: &str, between: char) -> Option<Vec<T>> {
    text.split(between).map(|n| n.parse().ok()).collect()
}

fn options() -> Option<Options> {
    let mut args = args().skip(1);
    let mut options = Options {
        rivals: list(&args.next()?, ',')?,
        calls: vec![8192],
        rates: vec![1e-2],
        reuse: 4.0,
        seeds: 1..=4,
        dates: 252,
        target: 1e-3,
        most: 4_000_000,
    };
    while let Some(arg) = args.next() {
        let value = args.next()?;
        match arg.as_str() {
            "--calls" => options.calls = list(&value, ',')?,
            "--rate" => options.rates = list(&value, ',')?,
            "--reuse" => options.reuse = value.parse().ok()?,
            "--seeds" => {
                let (first, last) = value.split_once("..")?;
                options.seeds = first.parse().ok()?..=last.parse().ok()?;
            }
            "--dates" => options.dates = value.parse().ok()?,
            "--target" => options.target = value.parse().ok()?,
            "--most" => options.most = value.parse().ok()?,
            _ => return None,
        }
    }
    Some(options)
}

/// What is to be trained, if it is a flow.
fn stack(rival: &str) -> Option<Stack> {
    let (name, hidden) = rival.split_once(':').unwrap_or((rival, ""));
    let mut stack = if name == "diagonal" {
        let (open, close) = (
            LayerConfig::Open(Base::Normal),
            LayerConfig::Close(Base::Normal),
        );
        Stack {
            layers: vec![open, LayerConfig::Diagonal, close],
            ..Stack::default()
        }
    } else {
        let family = Family::ALL.into_iter().find(|f| f.name() == name)?;
        family.stack(1)
    };
    if !hidden.is_empty() {
        stack.hidden = list(hidden, 'x')?;
    }
    Some(stack)
}

/// Seed, calls of the training and learning rate of a run.
type Numbers = (u64, u64, f64);

fn settings(options: &Options, (seed, _, rate): Numbers, stop: Stop) -> Settings {
    Settings {
        method: Method::Flow,
        stop,
        seed,
        threads: Some(1),
        train: TrainConfig {
            adam: AdamConfig {
                learning_rate: rate,
                ..AdamConfig::default()
            },
            reuse: options.reuse,
            ..TrainConfig::default()
        },
        ..Settings::default()
    }
}

/// Points that check a training, which no run needs.
const CHECK: u64 = 8192;

#[expect(clippy::print_stdout, reason = "an example shows its result")]
fn one(options: &Options, problem: &Problem, rival: &str, numbers: Numbers) -> thalweg::Result<()> {
    let counted = Counted {
        problem,
        calls: AtomicU64::new(0),
    };
    let start = used();
    let target = Stop {
        max_calls: options.most.max(1),
        ..Stop::rel_error(options.target)
    };
    let mut estimate = settings(options, numbers, target);
    let (mut training, mut spread) = (0, None);
    let report: Report = if let Some(stack) = stack(rival) {
        let mut train = settings(options, numbers, Stop::calls(numbers.1 + CHECK));
        train.stack = Some(stack.clone());
        let trained = Integrator::new(train)?.train(&counted, None, &mut Silent)?;
        let check = trained.report.calls.estimate;
        training = counted.calls.fetch_sub(check, Ordering::Relaxed) - check;
        spread = Some(trained.report.weights.rel_std);
        if options.most == 0 {
            trained.report
        } else {
            estimate.stack = Some(stack);
            let integrator = Integrator::new(estimate)?;
            integrator
                .estimate(&counted, trained.map, &mut Silent)?
                .report
        }
    } else {
        estimate.method = match rival {
            "flow" => Method::Flow,
            "vegas" => Method::Vegas,
            "plain" | "sobol" => Method::Plain,
            _ => Method::Auto,
        };
        if rival == "sobol" {
            estimate.placement = Placement::Sobol;
        }
        Integrator::new(estimate)?.integrate(&counted)?
    };
    let (seed, _, rate) = numbers;
    let (found, seconds) = (report.estimate, used() - start);
    let pull = found.pull(problem.exact.unwrap_or(f64::NAN));
    println!(
        "{rival:18} seed {seed} rate {rate:.0e} | training {training:6}, calls {:8}, {seconds:7.1} s | spread {:5.3} \
         | {:.4} +- {:.4}, pull {pull:+.2} {:?}",
        counted.calls.into_inner(),
        spread.unwrap_or(report.weights.rel_std),
        found.value,
        found.error,
        report.status,
    );
    for reason in &report.reasons {
        println!("    {reason}");
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "an example shows its result")]
fn main() -> thalweg::Result<()> {
    let Some(options) = options() else {
        println!("conditioners RIVAL,.. [--calls N,..] [--rate R,..] [--seeds A..B] ..");
        return Ok(());
    };
    let problem = problem("asian", Some(options.dates), &[]).expect("an integrand");
    for seed in options.seeds.clone() {
        for calls in &options.calls {
            for rate in &options.rates {
                for rival in &options.rivals {
                    one(&options, &problem, rival, (seed, *calls, *rate))?;
                }
            }
        }
    }
    Ok(())
}
