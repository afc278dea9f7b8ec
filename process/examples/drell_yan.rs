//! `p p -> Z/gamma* -> mu- mu+` at 13 `TeV` for masses from 60 to 120 `GeV` at lowest order.
//!
//! `cargo run --release -p thalweg-process --example drell_yan -- NNPDF31_lo_as_0118_0000.dat`; the file comes
//! with LHAPDF's set of that name, or with the Python package pythia8mc (share/Pythia8/pdfdata). It gives
//! 1528.6 pb; with Pythia's own rule between the knots it would be 1531.2 pb, and Pythia 8 finds 1530.1(2.3) pb.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::{env, process::ExitCode};

use thalweg::{Integrator, Settings, Stop};
use thalweg_process::drell_yan::{DrellYan, Electroweak};
use thalweg_process::pdf::Grid;

fn run(path: &Path) -> Result<String, Box<dyn Error>> {
    let constants = Electroweak {
        alpha: 1.0 / 127.95,
        sin2: 0.2312,
        mass: 91.188,
        width: 2.50437168,
        running: true,
    };
    let grid = Arc::new(Grid::load(path)?);
    let process = DrellYan::new(grid, 13_000.0, (60.0, 120.0), constants)?;
    let settings = Settings {
        stop: Stop::rel_error(2e-4),
        ..Settings::default()
    };
    let report = Integrator::new(settings)?.integrate(&process)?;
    let (method, calls) = (&report.method, report.calls.total());
    Ok(format!(
        "sigma = {} pb ({method:?}, {calls} calls)",
        report.estimate
    ))
}

#[expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "an example shows its result"
)]
fn main() -> ExitCode {
    let Some(path) = env::args_os().nth(1) else {
        eprintln!("usage: drell_yan FILE.dat");
        return ExitCode::from(2);
    };
    match run(path.as_ref()) {
        Ok(text) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
