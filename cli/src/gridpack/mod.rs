//! `thalweg gridpack`: a folder that draws events wherever it is copied to.

mod error;
mod folder;
mod scripts;

use std::env::current_exe;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::Args;
use thalweg::{Error, Level, Sampler};
use thalweg_process::Reference;

pub(crate) use error::GridpackError;

use crate::error::Failure;
use crate::exit::Exit;
use crate::number::bytes;
use crate::options::{UnweightArgs, WhatArgs};
use crate::output::print;
use crate::sample::no_momenta;
use crate::what::{Subject, resolve};
use crate::{interrupt, model, parse, sink};
use folder::Folder;
use scripts::{Kind, Scripts};

/// What `--help` ends with.
const ABOUT_GRIDPACKS: &str = "\
DIR holds this program, the sampler, and the shared library and process file with the files that it
names. `sh DIR/run.sh NEVENTS SEED` draws as `thalweg sample MODEL` does, on one core, without network
or environment, and writes events-SEED.FORMAT into the current folder. slurm.sh and condor.sub are
jobs for Slurm and HTCondor, README says how to use all of them. Nobody may write to DIR; to remove it
say chmod -R u+w DIR first. A model made for a shared library needs WHAT again, as in `sample`.";

/// Make a folder that draws events by itself, for nodes of clusters and grids.
#[derive(Debug, Args)]
#[command(after_help = ABOUT_GRIDPACKS)]
pub(crate) struct GridpackArgs {
    /// The sampler
    #[arg(value_name = "MODEL")]
    model: PathBuf,

    /// The folder to make
    #[arg(value_name = "DIR")]
    dir: PathBuf,

    #[command(flatten)]
    unweight: UnweightArgs,

    /// What a run writes: csv or npy; lhe, lhe.gz or parquet with the events of a process [default:
    /// lhe for a process, csv otherwise]
    #[arg(long, value_name = "FORMAT")]
    format: Option<String>,

    /// Write the events of a process, not its points, to npy too
    #[arg(long, requires = "format")]
    records: bool,

    /// Vector instructions that nodes have and use, so that all give the same bytes [default: avx2,
    /// or portable where this machine lacks it]
    #[arg(long, value_name = "portable|avx2|avx512", value_parser = parse::level)]
    level: Option<Level>,

    /// Events of each job of slurm.sh and condor.sub
    #[arg(long, value_name = "N", value_parser = parse::count, default_value = "10000",
        allow_hyphen_values = true)]
    events: u64,

    /// Number of these jobs
    #[arg(long, value_name = "K", value_parser = parse::count, default_value = "64",
        allow_hyphen_values = true)]
    jobs: u64,

    #[command(flatten)]
    what: WhatArgs,
}

pub(crate) fn run(args: &GridpackArgs) -> Result<Exit, Failure> {
    let name = name(&args.dir)?;
    let mut sampler = Sampler::load(&args.model)?;
    let subject = resolve(&args.what, Some(&sampler))?;
    model::check_domain(&sampler, &subject)?;
    model::note_integrand(&mut sampler, &subject)?;
    let (format, kind) = format(args, &subject)?;
    interrupt::listen();
    let level = args.level.unwrap_or_else(common_level);
    let mut folder = Folder::create(&args.dir)?;
    let program = current_exe().map_err(|source| GridpackError::Copy {
        path: "the program".into(),
        source,
    })?;
    folder.copy(&program, "bin/thalweg")?;
    folder.write("sampler.tlw", &sampler.to_bytes()?)?;
    let code = code(&args.what, &subject, &mut folder)?;
    let mut integrand = code.join(" ");
    if !code.is_empty() {
        integrand.push(' ');
    }
    let scripts = Scripts {
        name,
        label: &subject.label(),
        format: &format,
        arguments: &(integrand.clone() + &draws(args)),
        integrand: &integrand,
        level,
        events: args.events,
        jobs: args.jobs,
        kind,
    };
    scripts.write(&mut folder)?;
    try_out(&folder, &code, level)?;
    if interrupt::seen() {
        return Err(Error::Stopped.into());
    }
    let size = bytes(folder.bytes());
    folder.complete()?;
    let (label, dir) = (subject.label(), args.dir.display());
    print(&format!(
        "{dir}, {size}: {label}\n  sh {dir}/run.sh {} 1  writes events-1.{format} into the current folder",
        args.events
    ))?;
    Ok(Exit::Good)
}

/// The last part of `dir`, which has to be fit for scripts.
fn name(dir: &Path) -> Result<&str, GridpackError> {
    let name = dir.file_name().unwrap_or(dir.as_os_str());
    let wrong = || GridpackError::Name {
        name: name.display().to_string(),
    };
    let text = name.to_str().ok_or_else(wrong)?;
    let plain = plain(text) == text && text.starts_with(|c: char| c.is_ascii_alphanumeric());
    if plain { Ok(text) } else { Err(wrong()) }
}

/// `name` with `_` for all that scripts might take for something else.
fn plain(name: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let keep = |c| if is_plain(c) { c } else { '_' };
    name.chars().map(keep).collect()
}

/// The level of vector instructions that most machines have.
fn common_level() -> Level {
    let available = Level::available().into_iter();
    let common = available.filter(|level| *level <= Level::Avx2).max();
    common.unwrap_or(Level::Portable)
}

/// The ending of what a run writes, and what is in there.
fn format(args: &GridpackArgs, subject: &Subject) -> Result<(String, Kind), Failure> {
    let has_events = subject.process.is_some();
    let default = if has_events { "lhe" } else { "csv" };
    let format = args.format.as_deref().unwrap_or(default);
    let file = PathBuf::from(format!("events.{format}"));
    // An ending with a slash would be another file's.
    if file.parent() != Some(Path::new("")) || plain(format) != format {
        return Err(Failure::usage(format!("`{format}` is no format")));
    }
    sink::check(Some(&file))?;
    let is_records = sink::is_records(Some(&file), args.records);
    if is_records && !has_events {
        return Err(no_momenta(&subject.name()));
    }
    let kind = match (is_records, args.unweight.unweighted) {
        (true, _) => Kind::Events,
        (false, true) => Kind::Unweighted,
        (false, false) => Kind::Points,
    };
    Ok((format.to_owned(), kind))
}

/// Copies the shared library and the process file, and says where they are, for the shell: the
/// arguments that name the integrand; none where the sampler itself tells it.
fn code(
    what: &WhatArgs,
    subject: &Subject,
    folder: &mut Folder,
) -> Result<Vec<String>, GridpackError> {
    let Some(library) = what.what.as_ref().filter(|_| subject.stored.needs_code()) else {
        return Ok(Vec::new());
    };
    let library = Path::new(library);
    let inside = format!("lib/{}", plain_name(library));
    folder.copy(library, &inside)?;
    let mut arguments = vec![format!("\"$here/{inside}\"")];
    if let Some(file) = &what.process {
        process_file(file, folder)?;
        arguments.extend(["--process", "\"$here/process.toml\""].map(str::to_owned));
    }
    Ok(arguments)
}

/// Copies a process file with all that it names, each file or folder into a folder called as its key.
fn process_file(file: &Path, folder: &mut Folder) -> Result<(), GridpackError> {
    let failed = |error: &dyn ToString| GridpackError::Broken {
        said: error.to_string(),
    };
    let (text, references) = Reference::read(file).map_err(|error| failed(&error))?;
    let mut moved = Vec::new();
    for reference in references {
        let from = file.parent().unwrap_or(Path::new("")).join(&reference.path);
        if !from.exists() {
            return Err(GridpackError::Missing {
                path: from,
                key: reference.key,
            });
        }
        let to = format!("{}/{}", reference.key, plain_name(&from));
        folder.copy(&from, &to)?;
        moved.push((reference, to));
    }
    folder.write(
        "process.toml",
        Reference::redirect(&text, &moved).as_bytes(),
    )
}

/// The last part of `path`, fit for scripts.
fn plain_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or(OsStr::new("files"));
    plain(&name.to_string_lossy())
}

/// Options of `sample` that say how points are drawn, for the shell.
fn draws(args: &GridpackArgs) -> String {
    let mut options = Vec::new();
    let how = &args.unweight;
    if how.unweighted {
        options.push(format!(
            "--unweighted --max-weight {} --partial {}",
            how.max_weight, how.partial
        ));
    }
    if args.records {
        options.push("--records".to_owned());
    }
    options.join(" ")
}

/// Draws one point by what is in `folder` alone.
fn try_out(folder: &Folder, code: &[String], level: Level) -> Result<(), GridpackError> {
    let broken = |said: String| GridpackError::Broken { said };
    let here = folder.part().canonicalize();
    let here = here.map_err(|error| broken(error.to_string()))?;
    let place = here.display().to_string();
    // What is quoted for the shell is taken as it is here.
    let code = code
        .iter()
        .map(|part| part.replace('"', "").replace("$here", &place));
    let mut command = Command::new(here.join("bin/thalweg"));
    command
        .env_clear()
        .current_dir("/")
        .arg("sample")
        .arg(here.join("sampler.tlw"))
        .args(code)
        .args(["-n", "1", "--threads", "1", "--level", level.name()])
        .stdin(Stdio::null());
    let output = command.output().map_err(|e| broken(e.to_string()))?;
    if output.status.success() {
        return Ok(());
    }
    Err(broken(
        String::from_utf8_lossy(&output.stderr).trim().to_owned(),
    ))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{name, plain};

    #[test]
    fn names_are_fit_for_scripts() {
        assert_eq!(name(Path::new("a/pack-1.0/")).unwrap(), "pack-1.0");
        for wrong in ["..", "/", "a b", "-x", ".x", "a$(b)", "ä"] {
            assert!(name(Path::new(wrong)).is_err(), "{wrong}");
        }
        assert_eq!(plain("lib a'\n.so"), "lib_a__.so");
    }
}
