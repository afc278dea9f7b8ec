//! Where events are written: CSV, or a `NumPy` array.
//!
//! A file is written beside its name and renamed when it is complete.

use std::fs::File;
use std::io::{self, BufWriter, Stdout, Write};
use std::path::Path;

use npyz::{NpyWriter, WriteOptions, WriterBuilder as _};
use thalweg::EventFile;

use crate::error::Failure;
use crate::output::stdout_failed;
use crate::target::Target;

/// An open output.
pub(crate) enum Sink {
    Screen(BufWriter<Stdout>),
    Csv(BufWriter<File>, Target),
    Npy(NpyWriter<f64, BufWriter<File>>, Target),
}

/// Refuses a file whose format is not known by its name.
pub(crate) fn check(path: Option<&Path>) -> Result<(), Failure> {
    let Some(path) = path else { return Ok(()) };
    let known = path.extension().is_some_and(|e| e == "csv" || e == "npy");
    if known || EventFile::knows(path) {
        Ok(())
    } else {
        let path = path.display();
        Err(Failure::usage(format!(
            "the format of {path} is not known: it must end in .csv or .npy, or for events of a process in \
             .lhe, .lhe.gz or .parquet"
        )))
    }
}

/// Whether events are written there, not points; arrays of points and of events have the same ending.
pub(crate) fn is_records(path: Option<&Path>, wanted: bool) -> bool {
    let is_array = |path: &Path| path.extension().is_some_and(|e| e == "npy");
    path.is_some_and(|path| wanted || EventFile::knows(path) && !is_array(path))
}

impl Sink {
    /// An output for `n` rows of `dim` coordinates and one column called `last`.
    pub(crate) fn open(
        path: Option<&Path>,
        n: u64,
        dim: usize,
        last: &str,
    ) -> Result<Self, Failure> {
        let header = || {
            let mut names: Vec<String> = (0..dim).map(|i| format!("x{i}")).collect();
            names.push(last.to_owned());
            names.join(",") + "\n"
        };
        let Some(path) = path else {
            let mut out = BufWriter::new(io::stdout());
            out.write_all(header().as_bytes()).map_err(stdout_failed)?;
            return Ok(Self::Screen(out));
        };
        let (file, target) = Target::create(path)?;
        let mut file = BufWriter::new(file);
        if path.extension().is_some_and(|e| e == "npy") {
            let options = WriteOptions::new()
                .default_dtype()
                .shape(&[n, dim as u64 + 1]);
            let writer = options
                .writer(file)
                .begin_nd()
                .map_err(|e| target.failed(e))?;
            Ok(Self::Npy(writer, target))
        } else {
            file.write_all(header().as_bytes())
                .map_err(|e| target.failed(e))?;
            Ok(Self::Csv(file, target))
        }
    }

    /// Writes `points` (`[n * dim]`), each with its entry of `last` (`[n]`).
    pub(crate) fn write(
        &mut self,
        dim: usize,
        points: &[f64],
        last: &[f64],
    ) -> Result<(), Failure> {
        let rows = points.chunks_exact(dim).zip(last);
        match self {
            Self::Screen(out) => csv(out, rows).map_err(stdout_failed),
            Self::Csv(file, target) => csv(file, rows).map_err(|e| target.failed(e)),
            Self::Npy(writer, target) => {
                for (point, last) in rows {
                    writer
                        .extend(point.iter().chain([last]).copied())
                        .map_err(|e| target.failed(e))?;
                }
                Ok(())
            }
        }
    }

    /// Completes the output.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        match self {
            Self::Screen(mut out) => out.flush().map_err(stdout_failed),
            Self::Csv(mut file, target) => file
                .flush()
                .and_then(|()| target.complete())
                .map_err(|e| target.failed(e)),
            Self::Npy(writer, target) => writer
                .finish()
                .and_then(|()| target.complete())
                .map_err(|e| target.failed(e)),
        }
    }
}

/// Rows with 17 significant digits, which every double survives.
fn csv<'a>(
    out: &mut impl Write,
    rows: impl Iterator<Item = (&'a [f64], &'a f64)>,
) -> io::Result<()> {
    for (point, last) in rows {
        for x in point {
            write!(out, "{x:.16e},")?;
        }
        writeln!(out, "{last:.16e}")?;
    }
    Ok(())
}
