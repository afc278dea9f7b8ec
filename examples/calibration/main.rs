//! Are the errors right? Pulls of many seeds on integrands with exact values.
//!
//!     cargo run --release --example calibration -- named [OPTIONS] [NAME ..]
//!     cargo run --release --example calibration -- zoo [OPTIONS] [NAME ..]
//!     cargo run --release --example calibration -- check [NAME ..]
//!
//! `named`: 36 integrands, each with the methods that can do it. `zoo`: 60 that break integrators.
//! `check`: the exact values, found anew in another way. Options: `--seeds K`, `--methods M,..`,
//! `--calls N` (budget), `--target E` (relative error to reach), `--iterations I` (of VEGAS),
//! `--no-defence`, `--svg FILE` (histogram of the pulls).

mod check;
#[path = "../families/mod.rs"]
mod families;
mod histogram;
mod named;
mod recipes;
mod run;
#[path = "../common/seeds.rs"]
mod seeds;
mod summary;
mod verify;
mod zoo;

use std::env::args;
use std::fs;

use thalweg::Method;

use run::Options;
use summary::Summary;

/// Budget in the zoo.
const ZOO_CALLS: u64 = 50_000;
/// Uniform points in a feature below which it may be missed.
const SEEN: f64 = 10.0;

struct Arguments {
    what: String,
    names: Vec<String>,
    methods: Vec<Method>,
    calls: Option<u64>,
    svg: Option<String>,
    options: Options,
}

const METHODS: [Method; 4] = [Method::Auto, Method::Plain, Method::Vegas, Method::Flow];

fn arguments() -> Option<Arguments> {
    let mut args = args().skip(1);
    let mut all = Arguments {
        what: args.next()?,
        names: Vec::new(),
        methods: vec![Method::Auto, Method::Plain, Method::Vegas],
        calls: None,
        svg: None,
        options: Options {
            seeds: 200,
            target: None,
            iterations: None,
            defence: true,
        },
    };
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--seeds" => all.options.seeds = args.next()?.parse().ok()?,
            "--target" => all.options.target = Some(args.next()?.parse().ok()?),
            "--iterations" => all.options.iterations = Some(args.next()?.parse().ok()?),
            "--no-defence" => all.options.defence = false,
            "--calls" => all.calls = Some(args.next()?.parse().ok()?),
            "--svg" => all.svg = Some(args.next()?),
            "--methods" => {
                let names = args.next()?;
                let method = |name: &str| METHODS.into_iter().find(|m| m.name() == name);
                all.methods = names.split(',').map(method).collect::<Option<_>>()?;
            }
            name if name.starts_with('-') => return None,
            name => all.names.push(name.to_owned()),
        }
    }
    Some(all)
}

#[expect(clippy::print_stdout, reason = "an example shows its result")]
fn main() {
    let usage = "calibration named|zoo|check [OPTIONS] [NAME ..]";
    match arguments() {
        Some(all) if all.what == "check" => verify::list(&all.names),
        Some(all) if all.what == "named" => named_table(&all),
        Some(all) if all.what == "zoo" => zoo_table(&all),
        _ => println!("{usage}"),
    }
}

/// Whether a name is asked for.
fn is_wanted(all: &Arguments, name: &str) -> bool {
    all.names.is_empty() || all.names.iter().any(|n| n == name)
}

#[expect(clippy::print_stdout, reason = "an example shows its result")]
fn named_table(all: &Arguments) {
    println!("{}", Summary::HEADER);
    let mut pooled = Vec::new();
    for entry in named::named().iter().filter(|e| is_wanted(all, &e.name)) {
        let methods = entry.methods.iter().filter(|m| all.methods.contains(m));
        for method in methods {
            let budget = all.calls.unwrap_or(entry.budget);
            let results = run::run(&entry.problem, *method, budget, &all.options);
            println!("{}", Summary::of(&results).line(&entry.name, method.name()));
            pooled.extend(results.into_iter().map(|r| (*method, r)));
        }
    }
    for method in &all.methods {
        let of: Vec<_> = pooled
            .iter()
            .filter(|(m, _)| m == method)
            .map(|(_, r)| *r)
            .collect();
        if of.len() > 1 {
            println!("{}", Summary::of(&of).line("pooled", method.name()));
        }
    }
    let results: Vec<_> = pooled.iter().map(|(_, r)| *r).collect();
    println!("{}", Summary::of(&results).line("pooled", "all"));
    if let Some(path) = &all.svg {
        let groups: Vec<(&str, Vec<f64>)> = all
            .methods
            .iter()
            .map(|method| {
                let of = pooled.iter().filter(|(m, _)| m == method);
                (
                    method.name(),
                    of.map(|(_, r)| summary::bounded(r.pull)).collect(),
                )
            })
            .collect();
        fs::write(path, histogram::svg(&groups)).expect("a picture that can be written");
    }
}

#[expect(clippy::print_stdout, reason = "an example shows its result")]
fn zoo_table(all: &Arguments) {
    println!(
        "{}",
        Summary::HEADER
            .replace("| silent |", "| silent | blind |")
            .replacen("|---", "|---|---", 1)
    );
    let (mut runs, mut silent, mut blind, mut near, mut near_good) = (0, 0, 0, 0, 0);
    for entry in zoo::zoo().iter().filter(|e| is_wanted(all, e.name)) {
        for method in &all.methods {
            let budget = all.calls.unwrap_or(ZOO_CALLS);
            let results = run::run(&entry.problem, *method, budget, &all.options);
            // What uniform points cannot see is counted apart.
            let unseen = |r: &&run::Result| {
                entry
                    .feature
                    .is_some_and(|v| v * (r.explored as f64) < SEEN)
            };
            let apart = results
                .iter()
                .filter(unseen)
                .filter(|r| r.is_silent())
                .count();
            let summary = Summary::of(&results);
            println!("{} {apart} |", summary.line(entry.name, method.name()));
            runs += results.len();
            silent += summary.silent - apart;
            blind += apart;
            near += results.iter().filter(|r| r.pull.abs() <= 3.0).count();
            near_good += results
                .iter()
                .filter(|r| r.pull.abs() <= 3.0 && r.good)
                .count();
        }
    }
    let part = |a: usize, b: usize| 100.0 * a as f64 / b.max(1) as f64;
    println!(
        "\n{runs} runs: {silent} silent failures ({:.2} %), and {blind} ({:.2} %) below the blind volume; of \
         the runs within 3 sigma {:.1} % are good",
        part(silent, runs),
        part(blind, runs),
        part(near_good, near)
    );
}
