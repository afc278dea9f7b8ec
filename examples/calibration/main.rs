//! Are the errors right? Runs of many seeds on integrands with exact values.
//!
//!     cargo run --release --example calibration -- MODE [OPTIONS] [NAME ..]
//!
//! `named`: 36 integrands, each with the methods that can do it. `zoo`: 60 that break integrators.
//! `seen`: features of which uniform points see one to a hundred points' worth. `samplers`: trained
//! proposals on exact samples of their targets. `check`: the exact values, found anew in another way.
//!
//! Options: `--seeds K`, `--methods M,..` (or `none`), `--calls N` (budget), `--target E` (relative
//! error to reach), `--iterations I` (of VEGAS), `--no-defence`, `--svg FILE` (histogram of the pulls
//! of `named`), `--peer COMMAND` (another integrator in the zoo; `peer_vegas.py` is one).

mod check;
#[path = "../families/mod.rs"]
mod families;
mod histogram;
mod named;
mod numbers;
mod peer;
mod recipes;
mod run;
mod samplers;
#[path = "../common/seeds.rs"]
mod seeds;
mod seen;
mod summary;
mod tables;
mod tally;
mod targets;
mod verify;
mod zoo;

use std::env::args;

use thalweg::Method;

use run::Options;

struct Arguments {
    what: String,
    names: Vec<String>,
    methods: Vec<Method>,
    calls: Option<u64>,
    svg: Option<String>,
    peer: Option<String>,
    options: Options,
}

const METHODS: [Method; 4] = [Method::Auto, Method::Plain, Method::Vegas, Method::Flow];

impl Arguments {
    fn read() -> Option<Self> {
        let mut args = args().skip(1);
        let mut all = Self {
            what: args.next()?,
            names: Vec::new(),
            methods: vec![Method::Auto, Method::Plain, Method::Vegas],
            calls: None,
            svg: None,
            peer: None,
            options: Options::new(200),
        };
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "--seeds" => all.options.seeds = args.next()?.parse().ok()?,
                "--target" => all.options.target = Some(args.next()?.parse().ok()?),
                "--iterations" => all.options.iterations = Some(args.next()?.parse().ok()?),
                "--no-defence" => all.options.defence = false,
                "--calls" => all.calls = Some(args.next()?.parse().ok()?),
                "--svg" => all.svg = Some(args.next()?),
                "--peer" => all.peer = Some(args.next()?),
                "--methods" => {
                    let names = args.next()?;
                    let method = |name: &str| METHODS.into_iter().find(|m| m.name() == name);
                    let names = names.split(',').filter(|name| *name != "none");
                    all.methods = names.map(method).collect::<Option<_>>()?;
                }
                name if name.starts_with('-') => return None,
                name => all.names.push(name.to_owned()),
            }
        }
        Some(all)
    }

    /// Whether a name is asked for.
    fn wants(&self, name: &str) -> bool {
        self.names.is_empty() || self.names.iter().any(|n| n == name)
    }
}

#[expect(clippy::print_stdout, reason = "an example shows its result")]
fn main() {
    let usage = "calibration named|zoo|seen|samplers|check [OPTIONS] [NAME ..]";
    let Some(all) = Arguments::read() else {
        println!("{usage}");
        return;
    };
    match all.what.as_str() {
        "check" => verify::list(&all.names),
        "named" => tables::of_named(&all),
        "zoo" => tables::of_zoo(&all),
        "seen" => seen::table(&all),
        "samplers" => samplers::table(&all),
        _ => println!("{usage}"),
    }
}
