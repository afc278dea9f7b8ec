//! `thalweg sample`: points or events from a saved sampler.

use std::path::PathBuf;

use clap::Args;
use rayon::ThreadPoolBuilder;
use thalweg::stats::MaxWeight;
use thalweg::{Sampler, Unweighting};

use crate::error::Failure;
use crate::exit::Exit;
use crate::model;
use crate::number::{percent, significant};
use crate::options::WhatArgs;
use crate::output::note;
use crate::parse;
use crate::sink::{self, Sink};
use crate::what::{Subject, describe, resolve};

/// Points that are drawn at once.
const BLOCK: u64 = 1 << 16;

/// What `--help` ends with.
const ABOUT_WEIGHTS: &str = "\
Weights are f(x)/q(x) with the density q of the points; their mean is the integral. f is the
integrand stored in the model, unless WHAT or --expr names another. What is in a shared library
is not stored and has to be given again. Without an integrand the last column is log_density, the
logarithm of q(x). Rows go to stdout as CSV unless -o names a file.";

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

    /// Keep each point with a probability that follows its weight, so that most weights are 1
    #[arg(long)]
    unweighted: bool,

    /// Weight that is kept always: the largest one, or such that the share 1-P lies above it
    #[arg(
        long,
        value_name = "max|quantile:P",
        default_value = "quantile:0.999",
        requires = "unweighted"
    )]
    max_weight: MaxWeight,

    /// File to write: .csv with a header, or .npy with an array of n rows
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Same seed, same points
    #[arg(long, value_name = "SEED", value_parser = parse::seed, default_value = "1",
        allow_hyphen_values = true)]
    seed: u64,

    /// Number of threads [default: one per core; 1 with --symbol]
    #[arg(long, value_name = "T", value_parser = parse::threads, allow_hyphen_values = true)]
    threads: Option<usize>,

    #[command(flatten)]
    what: WhatArgs,
}

pub(crate) fn run(args: &SampleArgs) -> Result<Exit, Failure> {
    sink::check(args.output.as_deref())?;
    let sampler = Sampler::load(&args.model)?;
    let subject = subject(args, &sampler)?;
    let own = subject.as_ref().and_then(|subject| subject.threads);
    if let Some(threads) = args.threads.or(own) {
        limit_threads(threads)?;
    }
    match subject {
        Some(subject) if args.unweighted => unweighted(args, &sampler, &subject)?,
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
    if !named && !evaluable && !args.unweighted {
        return Ok(None);
    }
    let subject = resolve(&args.what, Some(sampler))?;
    if subject.domain != *sampler.domain() {
        return Err(Failure::usage(format!(
            "{} lives on {}, but the model on {}",
            subject.name(),
            describe(&subject.domain),
            describe(sampler.domain())
        )));
    }
    Ok(Some(subject))
}

fn limit_threads(threads: usize) -> Result<(), Failure> {
    let pool = ThreadPoolBuilder::new().num_threads(threads).build_global();
    pool.map_err(|e| Failure::usage(format!("cannot start {threads} threads: {e}")))
}

/// Blocks `(first, n)` of `0..total`.
fn blocks(total: u64) -> impl Iterator<Item = (u64, usize)> {
    (0..total.div_ceil(BLOCK)).map(move |block| {
        let first = block * BLOCK;
        (
            first,
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
    let mut sink = Sink::open(args.output.as_deref(), args.n, sampler.dim(), "log_density")?;
    for (first, n) in blocks(args.n) {
        let batch = sampler.draw(n, args.seed, first);
        sink.write(batch.dim, &batch.points, &batch.log_density)?;
    }
    sink.finish()
}

fn weighted(args: &SampleArgs, sampler: &Sampler, subject: &Subject) -> Result<(), Failure> {
    let integrand = subject.integrand.as_ref();
    let mut sink = None;
    for (first, n) in blocks(args.n) {
        let events = sampler.weighted(integrand, n, args.seed, first)?;
        // An integrand that fails at once leaves no half-written output.
        let sink = match &mut sink {
            Some(sink) => sink,
            None => sink.insert(Sink::open(
                args.output.as_deref(),
                args.n,
                sampler.dim(),
                "weight",
            )?),
        };
        sink.write(events.dim, &events.points, &events.weights)?;
    }
    sink.map_or(Ok(()), Sink::finish)
}

fn unweighted(args: &SampleArgs, sampler: &Sampler, subject: &Subject) -> Result<(), Failure> {
    let how = Unweighting {
        max_weight: args.max_weight,
        ..Unweighting::default()
    };
    let n = usize::try_from(args.n).unwrap_or(usize::MAX);
    let drawn = sampler.unweighted(subject.integrand.as_ref(), n, args.seed, &how)?;
    let mut sink = Sink::open(args.output.as_deref(), args.n, sampler.dim(), "weight")?;
    sink.write(
        drawn.events.dim,
        &drawn.events.points,
        &drawn.events.weights,
    )?;
    sink.finish()?;
    let unit = if subject.unit.is_empty() { "" } else { " " };
    note(&format!(
        "{} events of {} trials ({} calls in all): efficiency {}, overweight {} of the events\n\
         maximum weight {} (policy {}), integral {}{unit}{}",
        args.n,
        drawn.trials,
        drawn.calls,
        percent(drawn.efficiency),
        percent(drawn.overweight_fraction),
        significant(drawn.max_weight, 6),
        how.max_weight,
        drawn.integral,
        subject.unit,
    ));
    Ok(())
}
