//! The program as a user meets it: texts, numbers, files and exit codes.

mod checkpoints;
mod compare;
mod errors;
mod events;
mod golden;
mod gridpack;
mod integrate;
mod models;
mod page;
mod process;
mod shards;
#[cfg(unix)]
mod unkept;

use std::ffi::OsStr;
use std::io;
use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;

#[path = "../common/files.rs"]
mod files;
use files::{checkpoint, scratch, wait_for};

/// The program with `arguments`.
fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_thalweg"));
    command.args(arguments).env_remove("COLUMNS");
    command
}

/// What a run said and how it ended.
struct Run {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Run {
    fn new(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self {
            code: output.status.code(),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }

    fn json(&self) -> serde_json::Result<Value> {
        serde_json::from_str(&self.stdout)
    }
}

fn thalweg(arguments: &[&str]) -> io::Result<Run> {
    Ok(Run::new(&command(arguments).output()?))
}

fn path(name: impl AsRef<OsStr>) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name.as_ref())
}
