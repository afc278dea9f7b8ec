//! What is printed of the named integrands and of the zoo.

use std::fs;

use thalweg_integrands::Problem;

use crate::peer::{Answer, Peer};
use crate::run::{self, Result};
use crate::summary::{Summary, bounded};
use crate::tally::Tally;
use crate::{Arguments, histogram, named, zoo};

/// Budget in the zoo.
const ZOO_CALLS: u64 = 50_000;

#[expect(clippy::print_stdout, reason = "an example shows its result")]
pub(crate) fn of_named(all: &Arguments) {
    println!("{}", Summary::HEADER);
    let mut pooled = Vec::new();
    for entry in named::named().iter().filter(|e| all.wants(&e.name)) {
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
                (method.name(), of.map(|(_, r)| bounded(r.pull)).collect())
            })
            .collect();
        fs::write(path, histogram::svg(&groups)).expect("a picture that can be written");
    }
}

#[expect(clippy::print_stdout, reason = "an example shows its result")]
pub(crate) fn of_zoo(all: &Arguments) {
    println!(
        "{}",
        Summary::HEADER
            .replace("| silent |", "| silent | blind |")
            .replacen("|---", "|---|---", 1)
    );
    let start = |command: &String| Peer::start(command).expect("a command that can be started");
    let mut peer = all.peer.as_ref().map(start);
    let peer_name = peer.as_ref().map(|peer| peer.name.clone());
    let names = all.methods.iter().map(|m| m.name().to_owned());
    let names = names.chain(peer_name);
    let mut tallies: Vec<Tally> = names.map(|name| Tally::new(&name)).collect();
    let mut refusals = Vec::new();
    let budget = all.calls.unwrap_or(ZOO_CALLS);
    for entry in zoo::zoo().iter().filter(|e| all.wants(e.name)) {
        for (i, tally) in tallies.iter_mut().enumerate() {
            let results = match (all.methods.get(i), &mut peer) {
                (Some(method), _) => run::run(&entry.problem, *method, budget, &all.options),
                (None, Some(peer)) => {
                    let (results, refused) = ask(peer, &entry.problem, budget, all.options.seeds);
                    refusals.extend(refused.map(|line| format!("{}: {line}", entry.name)));
                    results
                }
                (None, None) => Vec::new(),
            };
            if results.is_empty() {
                println!("| {} | {} | 0 | | | | | | | | |", entry.name, tally.method);
                continue;
            }
            let blind = tally.add(&results, entry.feature);
            let line = Summary::of(&results).line(entry.name, &tally.method);
            println!("{line} {blind} |");
        }
    }
    println!("\n{}", Tally::HEADER);
    let mut own = Tally::new("all methods");
    for (i, tally) in tallies.iter().enumerate() {
        println!("{}", tally.line());
        if i < all.methods.len() {
            own.merge_from(tally);
        }
    }
    if all.methods.len() > 1 {
        println!("{}", own.line());
    }
    for refusal in refusals {
        println!("\nrefused: {refusal}");
    }
}

/// The runs of a peer, and in how many it refused and why.
fn ask(
    peer: &mut Peer,
    problem: &Problem,
    budget: u64,
    seeds: u64,
) -> (Vec<Result>, Option<String>) {
    let (mut results, mut why) = (Vec::new(), Vec::new());
    for seed in 1..=seeds {
        match peer.run(problem, budget, seed) {
            Ok(Answer::Result(result)) => results.push(result),
            Ok(Answer::Refusal(text)) => why.push(text),
            Err(error) => panic!("{} is gone: {error}", peer.name),
        }
    }
    let refused = why.len();
    let line = why.first().map(|text| format!("{refused} runs, {text}"));
    (results, line)
}
