//! `thalweg compare`: several methods on one integrand.

use std::env::args_os;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use thalweg::{Integrator, Method};

use crate::comparison::{Comparison, Runs};
use crate::error::Failure;
use crate::exit::{EXIT_CODES, Exit};
use crate::options::{RunArgs, WhatArgs};
use crate::output::{note, print, print_json};
use crate::page::{Page, Specimen};
use crate::progress::Watcher;
use crate::record::Record;
use crate::target::TextFile;
use crate::what::resolve;
use crate::{interrupt, parse};

/// Compare methods on one integrand.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct CompareArgs {
    /// Which methods, in the order of the table
    #[arg(long, value_parser = parse::method(), value_delimiter = ',',
        default_value = "plain,vegas,flow")]
    methods: Vec<Method>,

    /// Run each method with so many seeds, from --seed on
    #[arg(long, value_name = "K", value_parser = parse::count, default_value = "1",
        allow_hyphen_values = true)]
    seeds: u64,

    /// Print {"methods": [..]}, one object as of `integrate` for each method and seed
    #[arg(long)]
    json: bool,

    /// Write an HTML page with the table, pictures and all settings besides
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,

    #[command(flatten)]
    what: WhatArgs,

    #[command(flatten)]
    run: RunArgs,
}

#[derive(Serialize)]
struct Records {
    methods: Vec<Record>,
}

pub(crate) fn run(args: &CompareArgs) -> Result<Exit, Failure> {
    let subject = resolve(&args.what, None)?;
    let integrators = args
        .methods
        .iter()
        .map(|method| Integrator::new(args.run.settings_of_several(*method, &subject)))
        .collect::<Result<Vec<_>, _>>()?;
    let page = args.report.as_deref().map(TextFile::create).transpose()?;
    interrupt::listen();
    let stop = args.run.stop();
    let mut all = Vec::new();
    let mut specimens = Vec::new();
    let mut worst = Exit::Good;
    'methods: for integrator in &integrators {
        let mut runs = Runs::new(integrator.settings().method);
        for offset in 0..args.seeds {
            let mut settings = integrator.settings().clone();
            settings.seed = settings.seed.wrapping_add(offset);
            let label = format!("{} by {}", subject.name(), settings.method.name());
            let mut watcher = Watcher::new(&label, &stop);
            let outcome =
                Integrator::new(settings)?.run(subject.integrand.as_ref(), &mut watcher)?;
            worst = worst.max(Exit::of(&outcome.report, &stop));
            runs.reports.push(outcome.report.clone());
            if page.is_some() && offset == 0 {
                let integrand = subject.integrand.as_ref();
                specimens.push(Specimen::draw(outcome, integrand, integrator.settings()));
            }
            if interrupt::seen() {
                all.push(runs);
                worst = Exit::Interrupted;
                break 'methods;
            }
        }
        all.push(runs);
    }
    let comparison = Comparison {
        subject: &subject,
        stop,
        all,
    };
    if args.json {
        let reports = comparison.all.iter().flat_map(|runs| &runs.reports);
        let methods = reports
            .map(|report| Record::new(&subject, report))
            .collect();
        print_json(&Records { methods })?;
    } else {
        print(&comparison.text())?;
    }
    if let (Some(page), Some(path)) = (page, &args.report) {
        let html = Page {
            comparison: &comparison,
            settings: integrators.iter().map(Integrator::settings).collect(),
            specimens: &specimens,
            command: command_line(),
        }
        .html();
        page.write(&html)?;
        note(&format!("report written to {}", path.display()));
    }
    Ok(worst)
}

/// The command as it can be given to a shell again.
fn command_line() -> String {
    let quoted = |word: String| {
        let plain = |c: char| c.is_alphanumeric() || "-_=.,/:+@%".contains(c);
        if !word.is_empty() && word.chars().all(plain) {
            word
        } else {
            format!("'{}'", word.replace('\'', r"'\''"))
        }
    };
    let given = args_os().skip(1);
    let mut words = vec!["thalweg".to_owned()];
    words.extend(given.map(|word| quoted(word.to_string_lossy().into_owned())));
    words.join(" ")
}
