//! `thalweg sample`: points or events from a saved sampler.

use std::path::PathBuf;

use clap::Args;
use rayon::ThreadPoolBuilder;
use thalweg::event::{Generation, Shard, events};
use thalweg::stats::parenthesis;
use thalweg::{EventFile, Level, Sampler, Unweighted, Unweighting};

use crate::error::Failure;
use crate::exit::Exit;
use crate::model;
use crate::number::{percent, significant};
use crate::options::{UnweightArgs, WhatArgs};
use crate::output::note;
use crate::parse;
use crate::sink::{self, Sink};
use crate::what::{Subject, resolve};

/// Points that are drawn at once.
const BLOCK: u64 = 1 << 16;

/// What `--help` ends with.
const ABOUT_WEIGHTS: &str = "\
Weights are f(x)/q(x) with the density q of the points; their mean is the integral. f is the
integrand stored in the model, unless WHAT or --expr names another. What is in a shared library
is not stored and has to be given again. Without an integrand the last column is log_density, the
logarithm of q(x). Rows go to stdout as CSV unless -o names a file.
Where f is the cross section of a process whose events are known, such as ee-mumu, -o writes them
with their momenta as a Les Houches event file (.lhe, .lhe.gz) or as a table (.parquet, if built in;
.npy with --records).";

/// Draw points with weights, or unweighted events, from a saved sampler.
#[derive(Debug, Args)]
#[command(after_help = ABOUT_WEIGHTS)]
pub(crate) struct SampleArgs {
    /// The sampler
    #[arg(value_name = "MODEL")]
    model: PathBuf,

    /// Number of points or events
    #[arg(short, value_name = "N", value_parser = parse::count, allow_hyphen_values = true)]
    n: u64,

    #[command(flatten)]
    unweight: UnweightArgs,

    /// Draw part I of K parts of the sample, each with draws of its own
    #[arg(long, value_name = "I/K", default_value = "1/1")]
    shard: Shard,

    /// File to write: .csv with a header, or .npy with an array of n rows; .lhe, .lhe.gz or .parquet
    /// with the events of a process
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Write the events of a process, not its points, to .npy too
    #[arg(long, requires = "output")]
    records: bool,

    /// Same seed, same points
    #[arg(long, value_name = "SEED", value_parser = parse::seed, default_value = "1",
        allow_hyphen_values = true)]
    seed: u64,

    /// Number of threads [default: one per core; 1 with --symbol]
    #[arg(long, value_name = "T", value_parser = parse::threads, allow_hyphen_values = true)]
    threads: Option<usize>,

    /// Vector instructions to use [default: the best of this machine]
    #[arg(long, value_name = "portable|avx2|avx512", value_parser = parse::level)]
    level: Option<Level>,

    #[command(flatten)]
    what: WhatArgs,
}

pub(crate) fn run(args: &SampleArgs) -> Result<Exit, Failure> {
    sink::check(args.output.as_deref())?;
    if let Some(level) = args.level {
        // The parser has refused levels that this machine lacks.
        let _ = level.force();
    }
    let sampler = Sampler::load(&args.model)?;
    let subject = subject(args, &sampler)?;
    let own = subject.as_ref().and_then(|subject| subject.threads);
    if let Some(threads) = args.threads.or(own) {
        limit_threads(threads)?;
    }
    let (_, n) = args.shard.range(args.n);
    if n == 0 {
        let shard = args.shard;
        return Err(Failure::usage(format!(
            "shard {shard} of {} events has none",
            args.n
        )));
    }
    match subject {
        subject if sink::is_records(args.output.as_deref(), args.records) => {
            records(args, &sampler, subject.as_ref())?;
        }
        Some(subject) if args.unweight.unweighted => unweighted(args, &sampler, &subject)?,
        Some(subject) => weighted(args, &sampler, &subject)?,
        None => points(args, &sampler)?,
    }
    Ok(Exit::Good)
}

/// What gives the weights: the integrand named, else the one stored, else nothing.
fn subject(args: &SampleArgs, sampler: &Sampler) -> Result<Option<Subject>, Failure> {
    let named = args.what.what.is_some() || args.what.expr.is_some();
    let stored = model::stored(sampler)?;
    let evaluable = stored.is_some_and(|stored| !stored.needs_code());
    if !named && !evaluable && !args.unweight.unweighted {
        return Ok(None);
    }
    let subject = resolve(&args.what, Some(sampler))?;
    model::check_domain(sampler, &subject)?;
    Ok(Some(subject))
}

fn limit_threads(threads: usize) -> Result<(), Failure> {
    let pool = ThreadPoolBuilder::new().num_threads(threads).build_global();
    pool.map_err(|e| Failure::usage(format!("cannot start {threads} threads: {e}")))
}

/// Blocks `(first, n)` of the draws `start..start + total`.
fn blocks((start, total): (u64, u64)) -> impl Iterator<Item = (u64, usize)> {
    (0..total.div_ceil(BLOCK)).map(move |block| {
        let first = block * BLOCK;
        (
            start + first,
            usize::try_from(BLOCK.min(total - first)).unwrap_or(usize::MAX),
        )
    })
}

/// Points with the density they were drawn from.
fn points(args: &SampleArgs, sampler: &Sampler) -> Result<(), Failure> {
    note(
        "no integrand is known, so there are no weights: the last column is log_density\n\
         (WHAT, --expr or a shared library after the model gives weights)",
    );
    let range = args.shard.range(args.n);
    let mut sink = Sink::open(
        args.output.as_deref(),
        range.1,
        sampler.dim(),
        "log_density",
    )?;
    for (first, n) in blocks(range) {
        let batch = sampler.draw(n, args.seed, first);
        sink.write(batch.dim, &batch.points, &batch.log_density)?;
    }
    sink.finish()
}

fn weighted(args: &SampleArgs, sampler: &Sampler, subject: &Subject) -> Result<(), Failure> {
    let integrand = subject.integrand.as_ref();
    let range = args.shard.range(args.n);
    let mut sink = None;
    for (first, n) in blocks(range) {
        let events = sampler.weighted(integrand, n, args.seed, first)?;
        // An integrand that fails at once leaves no half-written output.
        let sink = match &mut sink {
            Some(sink) => sink,
            None => sink.insert(Sink::open(
                args.output.as_deref(),
                range.1,
                sampler.dim(),
                "weight",
            )?),
        };
        sink.write(events.dim, &events.points, &events.weights)?;
    }
    sink.map_or(Ok(()), Sink::finish)
}

fn unweighting(args: &SampleArgs) -> Unweighting {
    Unweighting {
        max_weight: args.unweight.max_weight,
        partial: args.unweight.partial,
        ..Unweighting::default()
    }
}

fn unweighted(args: &SampleArgs, sampler: &Sampler, subject: &Subject) -> Result<(), Failure> {
    let how = Unweighting {
        first: args.shard.first_draw(),
        ..unweighting(args)
    };
    let (_, rows) = args.shard.range(args.n);
    let n = usize::try_from(rows).unwrap_or(usize::MAX);
    let drawn = sampler.unweighted(subject.integrand.as_ref(), n, args.seed, &how)?;
    let mut sink = Sink::open(args.output.as_deref(), rows, sampler.dim(), "weight")?;
    sink.write(
        drawn.events.dim,
        &drawn.events.points,
        &drawn.events.weights,
    )?;
    sink.finish()?;
    note(&told(&drawn, subject));
    Ok(())
}

/// How unweighted events came about.
fn told(drawn: &Unweighted, subject: &Subject) -> String {
    let unit = if subject.unit.is_empty() { "" } else { " " };
    let report = &drawn.report;
    let mut lines = vec![
        format!(
            "{} events of {} trials ({} calls in all): efficiency {}, overweight {} of the events",
            drawn.numbers.len(),
            drawn.trials,
            drawn.calls,
            percent(report.efficiency),
            percent(report.overweight_fraction),
        ),
        format!(
            "maximum weight {} (policy {}), integral {}{unit}{}",
            significant(report.max_weight, 6),
            report.policy,
            drawn.integral,
            subject.unit,
        ),
        format!(
            "mean over largest weight {}, over median of replicas' largest {}, over 99.9 % quantile {}",
            percent(report.efficiencies.by_max),
            percent(report.efficiencies.by_bootstrap_median),
            percent(report.efficiencies.by_quantile),
        ),
    ];
    if report.overweight_share > 0.0 {
        let (share, reach) = (percent(report.overweight_share), report.overweight_reach);
        let reach = significant(reach, 3);
        lines.push(format!(
            "overweights carry {share} of the weight, the largest is {reach} maxima"
        ));
    }
    if report.negative_fraction > 0.0 {
        let (negative, worth) = (report.negative_fraction, report.negative_efficiency);
        let (negative, worth) = (percent(negative), percent(worth));
        lines.push(format!(
            "{negative} of the events are negative: worth {worth} as many positive ones"
        ));
    }
    lines.join("\n")
}

/// That `name` is an integrand without events.
pub(crate) fn no_momenta(name: &str) -> Failure {
    Failure::usage(format!(
        "{name} has no events with momenta, as a process has; write its points to .csv or .npy"
    ))
}

/// Events of a process, with their momenta.
fn records(args: &SampleArgs, sampler: &Sampler, subject: Option<&Subject>) -> Result<(), Failure> {
    let name = subject.map_or_else(|| "the model".to_owned(), Subject::name);
    let process = subject.and_then(|subject| subject.process.as_ref());
    let (Some(process), Some(path)) = (process, &args.output) else {
        return Err(no_momenta(&name));
    };
    let what = Generation {
        n: args.n,
        seed: args.seed,
        shard: args.shard,
        unweighting: args.unweight.unweighted.then(|| unweighting(args)),
        notes: [("integrand".to_owned(), name)].into(),
    };
    let run = events(
        sampler,
        process.as_ref(),
        &what,
        &mut EventFile::create(path)?,
    )?;
    let told = &run.summary;
    let sigma = format!(
        "{} events of {} draws, cross section {} pb",
        told.events,
        told.draws,
        parenthesis(told.cross_section, told.error)
    );
    let unweighted = told.unweighting.as_ref().map(|report| {
        let (efficiency, over) = (report.efficiency, report.overweight_fraction);
        let (efficiency, over) = (percent(efficiency), percent(over));
        format!(", efficiency {efficiency}, overweight {over} of the events")
    });
    note(&(sigma + &unweighted.unwrap_or_default()));
    Ok(())
}
