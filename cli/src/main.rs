//! The command `thalweg`: integrate, train, compare and sample from the shell.

mod cli;
mod compare;
mod comparison;
mod ee_mumu;
mod error;
mod exit;
mod expression;
mod gridpack;
mod inspect;
mod integrate;
mod interrupt;
mod kept;
mod library;
mod list;
mod merge;
mod model;
#[cfg(feature = "mpi")]
mod mpi;
mod number;
mod options;
mod output;
mod page;
mod parse;
mod part;
mod plot;
mod progress;
mod ranks;
mod record;
mod report;
mod sample;
mod sink;
mod speed;
mod suggest;
mod table;
mod target;
mod train;
mod what;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
