//! `thalweg train`: adapt a sampler and save it.

use std::fs;
use std::path::PathBuf;

use clap::Args;
use thalweg::integrate::Phase;
use thalweg::stats::parenthesis;
use thalweg::{Method, Report, Sampler};

use crate::error::Failure;
use crate::exit::{EXIT_CODES, Exit};
use crate::number::{bytes, percent, seconds, significant};
use crate::options::{RunArgs, WhatArgs};
use crate::output::{entry, print, print_json};
use crate::progress::Watcher;
use crate::ranks::Ranks;
use crate::record::Record;
use crate::report::remarks;
use crate::table::{Align, Table};
use crate::what::{Subject, resolve};
use crate::{interrupt, model, parse};

/// Train a sampler and save it, for `integrate --model` and `sample`.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct TrainArgs {
    /// What to train
    #[arg(long, value_parser = parse::learning_method(), default_value = "flow")]
    method: Method,

    /// Where to save the sampler
    #[arg(long, value_name = "MODEL")]
    save: PathBuf,

    /// Go on from a saved sampler; WHAT is the integrand stored in it unless given
    #[arg(long, value_name = "START")]
    model: Option<PathBuf>,

    /// Print the report as one JSON object, as `integrate` does
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    what: WhatArgs,

    #[command(flatten)]
    run: RunArgs,
}

pub(crate) fn run(args: &TrainArgs) -> Result<Exit, Failure> {
    let ranks = Ranks::join()?;
    ranks.end(go(args, &ranks))
}

/// What a training begins with.
fn ready(args: &TrainArgs, ranks: &Ranks) -> Result<(Option<Sampler>, Subject), Failure> {
    if ranks.leads() {
        model::check_folder(&args.save)?;
    }
    let start = args.model.as_ref().map(Sampler::load).transpose()?;
    let subject = resolve(&args.what, start.as_ref())?;
    Ok((start, subject))
}

fn go(args: &TrainArgs, ranks: &Ranks) -> Result<Exit, Failure> {
    let (start, subject) = ranks.agree(ready(args, ranks))?;
    let settings = args.run.settings(args.method, &subject);
    interrupt::listen();
    let mut watcher = Watcher::new(&subject.name(), &settings.stop);
    let start = start.as_ref().map(Sampler::map);
    let integrand = subject.integrand.as_ref();
    let outcome = ranks
        .integrator(settings)?
        .train(integrand, start, &mut watcher)?;
    drop(watcher);
    if !ranks.leads() {
        return Ok(Exit::Good);
    }
    let report = outcome.report.clone();
    model::save(outcome, &subject, &args.save)?;
    if args.json {
        print_json(&Record::new(&subject, &report))?;
    } else {
        let size = fs::metadata(&args.save).map_or(0, |file| file.len());
        let saved = format!("saved to {} ({})", args.save.display(), bytes(size));
        print(&format!("{}\n{saved}", text(&subject, &report)))?;
    }
    // How good the small check is does not matter, as long as nothing speaks against it.
    let exit = Exit::of(&report, &args.run.stop());
    Ok(if exit == Exit::TargetMissed {
        Exit::Good
    } else {
        exit
    })
}

/// What was learnt.
fn text(subject: &Subject, report: &Report) -> String {
    let mut lines = vec![
        subject.label(),
        entry("", 2, &report.proposal),
        String::new(),
    ];
    lines.extend(stages(report).lines(2));
    lines.push(String::new());
    let mut add = |name: &str, value: String| lines.push(entry(name, 12, &value));
    if report.estimate.calls > 0 {
        let w = &report.weights;
        let unit = if subject.unit.is_empty() { "" } else { " " };
        add(
            "check",
            format!(
                "{}{unit}{} from {} fresh points",
                report.estimate, subject.unit, report.estimate.calls
            ),
        );
        add(
            "weights",
            format!(
                "spread {}, ESS {}, unweighting efficiency {}",
                significant(w.rel_std, 3),
                percent(w.ess_fraction),
                percent(w.unweighting_efficiency)
            ),
        );
    }
    add("calls", report.calls.total().to_string());
    add("time", seconds(report.seconds.total()));
    // That a target was missed is no news where none was pursued.
    lines.extend(remarks(report, |warning| {
        !warning.contains("target was not reached")
    }));
    lines.join("\n")
}

/// The steps before the check, one line each.
fn stages(report: &Report) -> Table {
    let mut table = Table::new(&[
        ("step", Align::Left),
        ("calls", Align::Right),
        ("spread", Align::Right),
        ("beta", Align::Right),
        ("preview", Align::Left),
    ]);
    let mut number = 0;
    for step in report
        .iterations
        .iter()
        .filter(|step| step.phase != Phase::Estimate)
    {
        let name = if step.phase == Phase::Explore {
            step.phase.name().to_owned()
        } else {
            number += 1;
            format!("{} {number}", step.phase.name())
        };
        table.row(vec![
            name,
            step.calls.to_string(),
            significant(step.rel_std, 3),
            step.beta
                .map(|beta| format!("{beta:.2}"))
                .unwrap_or_default(),
            parenthesis(step.value, step.error),
        ]);
    }
    table
}
