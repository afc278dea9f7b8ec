//! The command line as a whole: subcommands, help, and from a result to an exit code.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use thalweg::Level;

use crate::error::Failure;
use crate::exit::{EXIT_CODES, Exit};
use crate::output::complain;
use crate::{compare, gridpack, inspect, integrate, list, merge, sample, speed, train};

/// Monte Carlo integration and sampling with normalizing flows and VEGAS.
#[derive(Debug, Parser)]
#[command(name = "thalweg", version, max_term_width = 100, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    List(list::ListArgs),
    Integrate(integrate::IntegrateArgs),
    Merge(merge::MergeArgs),
    Train(train::TrainArgs),
    Compare(compare::CompareArgs),
    Sample(sample::SampleArgs),
    Gridpack(gridpack::GridpackArgs),
    Inspect(inspect::InspectArgs),
    Speed(speed::SpeedArgs),
}

/// Reads the arguments, does what they say, and reports failures.
pub(crate) fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Nothing is left to be done for a closed stdout or stderr.
            let _ = error.print();
            let code = if error.use_stderr() {
                Exit::WrongUse
            } else {
                Exit::Good
            };
            return code.into();
        }
    };
    let exit = dispatch(&cli.command).unwrap_or_else(|failure| {
        if let Some(message) = failure.message() {
            complain(&message);
        }
        failure.exit()
    });
    exit.into()
}

fn dispatch(command: &Command) -> Result<Exit, Failure> {
    Level::check()?;
    match command {
        Command::List(args) => list::run(args),
        Command::Integrate(args) => integrate::run(args),
        Command::Merge(args) => merge::run(args),
        Command::Train(args) => train::run(args),
        Command::Compare(args) => compare::run(args),
        Command::Sample(args) => sample::run(args),
        Command::Gridpack(args) => gridpack::run(args),
        Command::Inspect(args) => inspect::run(args),
        Command::Speed(args) => speed::run(args),
    }
}
