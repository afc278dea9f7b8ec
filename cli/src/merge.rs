//! `thalweg merge`: parts of an estimate put together.

use std::path::PathBuf;

use clap::Args;
use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};
use thalweg::{Error, Partial};

use crate::error::Failure;
use crate::exit::{EXIT_CODES, Exit};
use crate::model::check_folder;
use crate::output::note;
use crate::part::{exit, subject_of, tell};

/// Files that are read at once.
const WAVE: usize = 32;
/// Complaints that are told one by one.
const TOLD: usize = 20;

/// Put parts of an estimate together, in any order, and report the result.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct MergeArgs {
    /// Parts written by `integrate --part`, or by `merge -o`
    #[arg(value_name = "PART", required = true)]
    parts: Vec<PathBuf>,

    /// Write all of them as one part, to be merged with others
    #[arg(short, long, value_name = "MERGED")]
    output: Option<PathBuf>,

    /// Print the result as one JSON object
    #[arg(long)]
    json: bool,
}

/// What was merged so far.
#[derive(Default)]
struct Merged {
    all: Option<Partial>,
    /// the file of the first part
    first: String,
    /// points and file of each part
    ranges: Vec<((u64, u64), usize)>,
    complaints: Vec<String>,
}

impl Merged {
    fn add(&mut self, part: Result<Partial, Error>, (files, at): (&[PathBuf], usize)) {
        let file = files[at].display();
        let part = match part {
            Ok(part) => part,
            Err(error) => {
                self.complaints.push(error.to_string());
                return;
            }
        };
        let fault = match &mut self.all {
            None => {
                self.first = file.to_string();
                self.all = Some(part.clone());
                None
            }
            Some(all) => all.merge_from(&part).err(),
        };
        match fault {
            None => {
                let ranges = part.ranges().into_iter();
                self.ranges.extend(ranges.map(|range| (range, at)));
            }
            Some(Error::OtherPart { what }) => {
                let first = &self.first;
                self.complaints
                    .push(format!("{file} does not belong to {first}: it {what}"));
            }
            Some(Error::SamePoints { first, last }) => {
                let holds = |(from, end): (u64, u64)| from <= first && first < end;
                let found = self.ranges.iter().find(|(range, _)| holds(*range));
                let other = found.map_or(at, |(_, other)| *other);
                let other = files[other].display();
                self.complaints.push(format!(
                    "{file} has points that {other} has, too: {first} to {last}"
                ));
            }
            Some(error) => self.complaints.push(format!("{file}: {error}")),
        }
    }

    /// All of it, unless something is wrong with any of the files.
    fn finish(mut self) -> Result<Partial, Failure> {
        let more = self.complaints.len().saturating_sub(TOLD);
        if more > 0 {
            self.complaints.truncate(TOLD);
            self.complaints.push(format!("and {more} more files"));
        }
        let complaints = self.complaints.join("\n       ");
        match self.all {
            Some(all) if complaints.is_empty() => Ok(all),
            _ => Err(Failure::usage(complaints)),
        }
    }
}

pub(crate) fn run(args: &MergeArgs) -> Result<Exit, Failure> {
    args.output.as_deref().map_or(Ok(()), check_folder)?;
    let mut merged = Merged::default();
    for (wave, files) in args.parts.chunks(WAVE).enumerate() {
        let parts: Vec<_> = files.par_iter().map(Partial::load).collect();
        for (i, part) in parts.into_iter().enumerate() {
            merged.add(part, (&args.parts, wave * WAVE + i));
        }
    }
    let all = merged.finish()?;
    let report = all.report();
    tell(&subject_of(&all)?, (&all, &report), args.json)?;
    let (files, there, points) = (args.parts.len(), all.points_there(), all.points());
    note(&format!(
        "{files} parts merged: {there} of {points} points are there"
    ));
    if let Some(path) = &args.output {
        all.save(path)?;
        note(&format!("saved to {}", path.display()));
    }
    let exit = exit(&report);
    Ok(if all.is_complete() {
        exit
    } else {
        exit.max(Exit::TargetMissed)
    })
}
