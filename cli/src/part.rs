//! Parts of an estimate: one shard evaluated, and what is printed of parts.

use std::path::Path;

use serde::Serialize;
use thalweg::integrate::Shard;
use thalweg::{Domain, Integrator, Partial, Report, Sampler, Settings, Stop};

use crate::error::Failure;
use crate::exit::Exit;
use crate::model::{self, Stored};
use crate::output::{note, print, print_json};
use crate::progress::Watcher;
use crate::record::Record;
use crate::what::{Subject, absent};
use crate::{interrupt, report};

/// Notes in a part: what it is called.
const INTEGRAND: &str = "integrand";
const RANGE: &str = "range";
const UNIT: &str = "unit";

/// The object that `--json` prints.
#[derive(Serialize)]
struct PartRecord {
    #[serde(flatten)]
    record: Record,
    points: Points,
}

/// Points of the estimate.
#[derive(Serialize)]
struct Points {
    all: u64,
    there: u64,
    missing: Vec<String>,
}

/// Which part is wanted, and where it goes.
pub(crate) struct Wanted<'a> {
    pub(crate) points: u64,
    pub(crate) shard: Shard,
    pub(crate) file: Option<&'a Path>,
}

/// Evaluates a shard of an estimate with a saved sampler.
pub(crate) fn run(
    sampler: &Sampler,
    settings: Settings,
    subject: &Subject,
    wanted: &Wanted<'_>,
    json: bool,
) -> Result<Exit, Failure> {
    wanted.file.map_or(Ok(()), model::check_folder)?;
    let (_, share) = wanted.shard.range(wanted.points);
    let name = subject.name();
    let mut watcher = Watcher::new(&name, &Stop::calls(share));
    let mut part = Integrator::new(settings)?.estimate_shard(
        subject.integrand.as_ref(),
        sampler.map(),
        (wanted.points, wanted.shard),
        &mut watcher,
    )?;
    drop(watcher);
    name_part(&mut part, subject)?;
    let report = part.report();
    tell(subject, (&part, &report), json)?;
    if let Some(path) = wanted.file {
        part.save(path)?;
        let (there, path) = (part.points_there(), path.display());
        note(&format!("{there} points saved to {path}"));
    }
    Ok(if part.is_complete() {
        exit(&report)
    } else if part.has(wanted.shard) {
        // Whoever merges it with the others judges the result.
        Exit::Good
    } else if interrupt::seen() {
        Exit::Interrupted
    } else {
        Exit::TargetMissed
    })
}

/// How a command ends that reports a part.
pub(crate) fn exit(report: &Report) -> Exit {
    Exit::of(report, &Stop::calls(report.calls.total()))
}

/// Prints the result of what is there.
pub(crate) fn tell(
    subject: &Subject,
    (part, report): (&Partial, &Report),
    json: bool,
) -> Result<(), Failure> {
    if !json {
        return print(&report::text(subject, report));
    }
    print_json(&PartRecord {
        record: Record::new(subject, report),
        points: Points {
            all: part.points(),
            there: part.points_there(),
            missing: part.missing(),
        },
    })
}

/// Notes in the part what it is the integral of.
fn name_part(part: &mut Partial, subject: &Subject) -> Result<(), Failure> {
    let range = model::stored_range(&subject.domain);
    let unwritable =
        |e: serde_json::Error| Failure::usage(format!("the integrand cannot be stored: {e}"));
    let stored = serde_json::to_string(&subject.stored).map_err(unwritable)?;
    part.set_note(INTEGRAND, stored);
    part.set_note(RANGE, serde_json::to_string(&range).map_err(unwritable)?);
    part.set_note(UNIT, &subject.unit);
    Ok(())
}

/// What a part says that it is the integral of.
pub(crate) fn subject_of(part: &Partial) -> Result<Subject, Failure> {
    let unreadable = |e: String| Failure::usage(format!("the integrand named is unreadable: {e}"));
    let stored = match part.note(INTEGRAND) {
        Some(text) => serde_json::from_str(text).map_err(|e| unreadable(e.to_string()))?,
        // From a program that is not this one.
        None => Stored::Library {
            symbol: "f".to_owned(),
            dim: part.dim(),
        },
    };
    let domain = match part.note(RANGE) {
        Some(text) => {
            let range: Vec<(Option<f64>, Option<f64>)> =
                serde_json::from_str(text).map_err(|e| unreadable(e.to_string()))?;
            Domain::new(&model::ranges(&range))?
        }
        None => Domain::unit(part.dim()),
    };
    absent(stored, domain, part.note(UNIT).unwrap_or_default())
}
