//! `thalweg integrate`: the integral, with an error.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use thalweg::integrate::{Checkpoint, Checkpoints, Shard};
use thalweg::{CheckpointFile, Method, Outcome, Sampler, Settings, Status};

use crate::error::Failure;
use crate::exit::{EXIT_CODES, Exit};
use crate::kept::Kept;
use crate::options::{RunArgs, WhatArgs};
use crate::output::{note, print, print_json};
use crate::part::{self, Wanted};
use crate::progress::Watcher;
use crate::ranks::Ranks;
use crate::record::Record;
use crate::what::{Subject, resolve};
use crate::{interrupt, model, parse, report};

/// Integrate a function.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct IntegrateArgs {
    /// How to integrate [default: auto]
    #[arg(long, value_parser = parse::method(), conflicts_with = "model")]
    method: Option<Method>,

    /// Estimate with a saved sampler; WHAT is the integrand stored in it unless given
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,

    /// Estimate with N independent points of the saved sampler, of which parts can be evaluated on
    /// machines of their own
    #[arg(long, value_name = "N", value_parser = parse::count, requires = "model",
        conflicts_with_all = ["rel_error", "abs_error", "max_calls", "placement", "save", "checkpoint"],
        allow_hyphen_values = true)]
    points: Option<u64>,

    /// Evaluate part I of K parts of the points
    #[arg(long, value_name = "I/K", requires = "part", default_value = "1/1")]
    shard: Shard,

    /// Write the sums of the points to FILE, for `merge`
    #[arg(long, value_name = "FILE", requires = "points")]
    part: Option<PathBuf>,

    /// Save the sampler that the run ends with
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,

    /// Keep the state of the run in FILE, and the one before it in FILE.1, to go on from after a
    /// crash or Ctrl-C
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,

    /// Go on from the checkpoint, to the very result of a run without any interruption;
    /// --max-seconds counts anew
    #[arg(long, requires = "checkpoint")]
    resume: bool,

    /// Seconds between two checkpoints, about
    #[arg(long, value_name = "S", value_parser = parse::positive, default_value = "30",
        requires = "checkpoint", allow_hyphen_values = true)]
    checkpoint_every: f64,

    /// Print the result as one JSON object
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    what: WhatArgs,

    #[command(flatten)]
    run: RunArgs,
}

impl IntegrateArgs {
    /// Where the run is kept.
    fn checkpoint_file(&self) -> Option<CheckpointFile> {
        let every = Duration::try_from_secs_f64(self.checkpoint_every);
        let every = every.unwrap_or(Duration::MAX / 64);
        let path = self.checkpoint.as_ref();
        path.map(|path| CheckpointFile::new(path, every))
    }

    /// The file, unless another run has left something there.
    fn unless_taken(&self, file: CheckpointFile) -> Result<CheckpointFile, Failure> {
        if !self.resume && file.exists() {
            return Err(Failure::usage(format!(
                "there is a checkpoint in {}; --resume goes on from it, or remove the file",
                file.path().display()
            )));
        }
        Ok(file)
    }
}

pub(crate) fn run(args: &IntegrateArgs) -> Result<Exit, Failure> {
    // Shards are for processes that do not wait for each other.
    if args.points.is_some() {
        return go(args, &Ranks::alone());
    }
    let ranks = Ranks::join()?;
    ranks.end(go(args, &ranks))
}

/// What a run begins with.
struct Ready {
    sampler: Option<Sampler>,
    subject: Subject,
    file: Option<CheckpointFile>,
    from: Option<Checkpoint>,
}

fn ready(args: &IntegrateArgs, ranks: &Ranks) -> Result<Ready, Failure> {
    let sampler = args.model.as_ref().map(Sampler::load).transpose()?;
    let subject = resolve(&args.what, sampler.as_ref())?;
    let mut file = args.checkpoint_file();
    let mut from = None;
    if ranks.leads() {
        args.save.as_deref().map_or(Ok(()), model::check_folder)?;
        file = file.map(|file| args.unless_taken(file)).transpose()?;
        if let Some(file) = file.as_ref().filter(|_| args.resume) {
            from = file.load()?;
        }
    }
    Ok(Ready {
        sampler,
        subject,
        file,
        from,
    })
}

fn go(args: &IntegrateArgs, ranks: &Ranks) -> Result<Exit, Failure> {
    let Ready {
        sampler,
        subject,
        mut file,
        from,
    } = ranks.agree(ready(args, ranks))?;
    let method = args.method.unwrap_or_default();
    let settings = args.run.settings(method, &subject);
    let stop = settings.stop;
    interrupt::listen();
    if let (Some(points), Some(sampler)) = (args.points, &sampler) {
        let wanted = Wanted {
            points,
            shard: args.shard,
            file: args.part.as_deref(),
        };
        return part::run(sampler, settings, &subject, &wanted, args.json);
    }
    let mut watcher = Watcher::new(&subject.name(), &stop);
    let mut kept = file.as_mut().map(|file| Kept::new(file, watcher.teller()));
    let checkpoints = kept.as_mut().map(|store| Checkpoints { store, from });
    let outcome = if let Some(sampler) = sampler {
        estimate(
            sampler,
            (ranks, settings),
            &subject,
            (&mut watcher, checkpoints),
        )?
    } else {
        let integrator = ranks.integrator(settings)?;
        let integrand = subject.integrand.as_ref();
        match checkpoints {
            Some(checkpoints) => integrator.run_kept(integrand, None, &mut watcher, checkpoints)?,
            None => integrator.run(integrand, &mut watcher)?,
        }
    };
    drop(watcher);
    if !ranks.leads() {
        return Ok(Exit::Good);
    }
    let failed = kept.is_some_and(|kept| kept.has_failed());
    let report = outcome.report.clone();
    if args.json {
        print_json(&Record::new(&subject, &report))?;
    } else {
        print(&report::text(&subject, &report))?;
    }
    if let Some(file) = file.filter(|_| report.status == Status::Interrupted) {
        note_where(&file, failed);
    }
    if let Some(path) = &args.save {
        model::save(outcome, &subject, path)?;
        note(&format!("saved to {}", path.display()));
    }
    Ok(Exit::of(&report, &stop))
}

/// Says from where an interrupted run can go on.
fn note_where(file: &CheckpointFile, failed: bool) {
    let what = match (failed, file.exists()) {
        (false, _) => "kept",
        (true, true) => "an earlier state is kept",
        (true, false) => return,
    };
    let path = file.path().display();
    note(&format!("{what} in {path}; --resume goes on from it"));
}

/// Estimates with the frozen proposal of a model.
fn estimate(
    sampler: Sampler,
    (ranks, settings): (&Ranks, Settings),
    subject: &Subject,
    (watcher, checkpoints): (&mut Watcher, Option<Checkpoints<'_>>),
) -> Result<Outcome, Failure> {
    let map = sampler.into_map();
    let method = Method::of_map(map.as_ref());
    // Nothing is prepared, so the budget need not suffice for preparing.
    let integrator = ranks.integrator(Settings {
        method: Method::Plain,
        ..settings
    })?;
    let integrand = subject.integrand.as_ref();
    let mut outcome = match checkpoints {
        Some(checkpoints) => integrator.run_kept(integrand, Some(map), watcher, checkpoints)?,
        None => integrator.estimate(integrand, map, watcher)?,
    };
    outcome.report.method = method;
    Ok(outcome)
}
