//! Calls of the integrand to a relative error, over many seeds: the published table of i-flow
//! (arXiv:2001.05486), the Genz families, and functions that are harder.
//!
//! Calls are counted inside the integrand, everything included. One line per row: calls (mean
//! and largest), root mean square of the true relative error in units of the target, mean and
//! standard deviation of the pulls (normal scores), runs whose status is not `converged`,
//! seconds, and how often `auto` chose what.
//!
//!     cargo run --release --example records -- [--set records|loose|genz|stress] [--method auto]
//!         [--seeds 32] [--target 1e-4] [--cost free|cheap|dear] [--no-defence] [--polish N] [--peaks]
//!         [--family real_nvp --depth 6] [--json]
//!         [NAME:DIM ..]

#[path = "../common/counted.rs"]
mod counted;
#[path = "../families/mod.rs"]
mod families;
#[path = "../common/seeds.rs"]
mod seeds;
mod table;

use std::env::args;
use std::sync::atomic::AtomicU64;
use std::time::Instant;

use thalweg::flow::Family;
use thalweg::{CostClass, Integrator, Method, Report, Settings, Stop, train::TrainConfig};
use thalweg_integrands::{Problem, problem};

use counted::Counted;
use table::{Published, RECORDS};

/// A row to be measured.
struct Row {
    name: String,
    target: f64,
    problem: Problem,
    published: Option<&'static Published>,
}

impl Row {
    fn new(name: &str, target: f64, published: Option<&'static Published>) -> Option<Self> {
        let (family, dim) = name.split_once(':')?;
        let dim = dim.parse().ok()?;
        let problem =
            families::stress(family, dim).or_else(|| problem(family, Some(dim), &[]).ok())?;
        Some(Self {
            name: name.to_owned(),
            target,
            problem,
            published,
        })
    }
}

/// One finished run.
struct Run {
    report: Report,
    calls: u64,
    seconds: f64,
}

struct Options {
    method: Method,
    seeds: u64,
    target: Option<f64>,
    cost: Option<CostClass>,
    json: bool,
    defence: bool,
    polish: usize,
    peaks: bool,
    family: Option<Family>,
    depth: usize,
    rows: Vec<Row>,
}

fn options() -> Option<Options> {
    let mut options = Options {
        method: Method::Auto,
        seeds: 32,
        target: None,
        cost: None,
        json: false,
        defence: true,
        polish: 0,
        peaks: false,
        family: None,
        depth: 6,
        rows: Vec::new(),
    };
    let mut names = Vec::new();
    let mut set = None;
    let mut args = args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--json" => options.json = true,
            "--no-defence" => options.defence = false,
            "--set" => set = Some(args.next()?),
            "--method" => {
                options.method = match args.next()?.as_str() {
                    "auto" => Method::Auto,
                    "flow" => Method::Flow,
                    "vegas" => Method::Vegas,
                    "plain" => Method::Plain,
                    _ => return None,
                }
            }
            "--cost" => {
                options.cost = Some(match args.next()?.as_str() {
                    "free" => CostClass::Free,
                    "cheap" => CostClass::Cheap,
                    "dear" => CostClass::Dear,
                    _ => return None,
                });
            }
            "--polish" => options.polish = args.next()?.parse().ok()?,
            "--peaks" => options.peaks = true,
            "--family" => {
                let name = args.next()?;
                let known = Family::ALL.into_iter().find(|f| f.name() == name);
                options.family = Some(known?);
            }
            "--depth" => options.depth = args.next()?.parse().ok()?,
            "--seeds" => options.seeds = args.next()?.parse().ok()?,
            "--target" => options.target = Some(args.next()?.parse().ok()?),
            name => names.push(name.to_owned()),
        }
    }
    let target = options.target;
    let of = |names: &[&str], default: f64| -> Option<Vec<Row>> {
        names
            .iter()
            .map(|n| Row::new(n, target.unwrap_or(default), None))
            .collect()
    };
    options.rows = match set.as_deref() {
        _ if !names.is_empty() => {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            of(&names, 1e-3)?
        }
        None | Some("records") => RECORDS
            .iter()
            .map(|p| Row::new(p.name, target.unwrap_or(p.target), Some(p)))
            .collect::<Option<_>>()?,
        Some("loose") => of(table::LOOSE, 1e-3)?,
        Some("genz") => of(table::GENZ, 1e-3)?,
        Some("stress") => of(table::STRESS, 1e-3)?,
        Some(_) => return None,
    };
    Some(options)
}

fn run(row: &Row, seed: u64, options: &Options) -> thalweg::Result<Run> {
    let settings = Settings {
        method: options.method,
        stop: Stop {
            max_calls: 100_000_000,
            ..Stop::rel_error(row.target)
        },
        seed,
        threads: Some(1),
        cost_class: options.cost,
        defence: options.defence,
        train: TrainConfig {
            polish: options.polish,
            ..TrainConfig::default()
        },
        find_peaks: options.peaks,
        stack: options.family.map(|family| family.stack(options.depth)),
        ..Settings::default()
    };
    let counted = Counted {
        problem: &row.problem,
        calls: AtomicU64::new(0),
    };
    let start = Instant::now();
    let report = Integrator::new(settings)?.integrate(&counted)?;
    Ok(Run {
        report,
        calls: counted.calls.into_inner(),
        seconds: start.elapsed().as_secs_f64(),
    })
}

#[expect(clippy::print_stdout, reason = "an example shows its result")]
fn main() {
    let Some(options) = options() else {
        println!(
            "records [--set NAME] [--method NAME] [--seeds K] [--target E] [--no-defence] [--json] \
             [NAME:DIM ..]"
        );
        return;
    };
    if !options.json {
        println!("{}", table::HEADER);
    }
    for row in &options.rows {
        let runs = seeds::each(options.seeds, |seed| {
            run(row, seed, &options).expect("a run")
        });
        println!("{}", table::line(row, &runs, options.json));
    }
}
