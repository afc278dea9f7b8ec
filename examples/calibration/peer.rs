//! Another integrator as a child process, asked over pipes.
//!
//! All numbers have eight bytes, little-endian. A run starts with dimension, seed and budget
//! (integers) and the box (pairs of floats). The child writes a count and so many points
//! (`[count * dim]`) and gets as many values, again and again; the count 0 ends the run with five
//! floats: value, error, Q (the p-value of chi2 between its iterations), calls, and calls before
//! anything was adapted. The largest count stands for a refusal: a length and as many bytes of text.

use std::io::{self, BufReader, BufWriter, ErrorKind, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use thalweg_integrands::Problem;

use crate::run::Result;

/// Q below which iterations disagree.
const SMALL_Q: f64 = 0.05;
/// The count that stands for a refusal.
const REFUSAL: u64 = u64::MAX;
/// Most points, coordinates or letters that are taken at once.
const MOST: u64 = 1 << 27;

/// What became of a run.
#[derive(Debug)]
pub(crate) enum Answer {
    Result(Result),
    /// why it cannot be done
    Refusal(String),
}

/// The child, which waits for runs.
#[derive(Debug)]
pub(crate) struct Peer {
    /// The last word of the command without folders and ending.
    pub(crate) name: String,
    child: Child,
    to: BufWriter<ChildStdin>,
    from: BufReader<ChildStdout>,
}

impl Peer {
    /// Starts a command: words between blanks.
    pub(crate) fn start(command: &str) -> io::Result<Self> {
        let words: Vec<&str> = command.split_whitespace().collect();
        let (program, rest) = words.split_first().ok_or(ErrorKind::InvalidInput)?;
        let mut child = Command::new(program)
            .args(rest)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let to = child.stdin.take().ok_or(ErrorKind::BrokenPipe)?;
        let from = child.stdout.take().ok_or(ErrorKind::BrokenPipe)?;
        let stem = words.last().and_then(|word| Path::new(word).file_stem());
        Ok(Self {
            name: stem.unwrap_or_default().to_string_lossy().into_owned(),
            child,
            to: BufWriter::new(to),
            from: BufReader::new(from),
        })
    }

    /// One run of about `budget` calls.
    pub(crate) fn run(&mut self, problem: &Problem, budget: u64, seed: u64) -> io::Result<Answer> {
        for number in [problem.dim as u64, seed, budget] {
            self.to.write_all(&number.to_le_bytes())?;
        }
        self.write(problem.domain.iter().flat_map(|(a, b)| [*a, *b]))?;
        loop {
            match self.count()? {
                0 => break,
                REFUSAL => {
                    let length = self.count()?;
                    let text = self.bytes(length)?;
                    let text = String::from_utf8_lossy(&text).into_owned();
                    return Ok(Answer::Refusal(text));
                }
                count => {
                    let points = self.read(count.saturating_mul(problem.dim as u64))?;
                    self.write(points.chunks_exact(problem.dim).map(|y| problem.eval(y)))?;
                }
            }
        }
        let numbers = self.read(5)?;
        let [value, error, q, calls, uniform] = numbers[..] else {
            return Err(ErrorKind::InvalidData.into());
        };
        let exact = problem.exact.expect("an exact value");
        let pull = if value.total_cmp(&exact).is_eq() {
            0.0
        } else {
            (value - exact) / error
        };
        let whole = |number: f64| format!("{number}").parse().unwrap_or(0);
        Ok(Answer::Result(Result {
            good: value.is_finite() && error.is_finite() && q >= SMALL_Q,
            explored: whole(uniform),
            calls: whole(calls),
            ..Result::from_pull((value, error), pull, exact)
        }))
    }

    fn bytes(&mut self, length: u64) -> io::Result<Vec<u8>> {
        if length > MOST {
            return Err(ErrorKind::InvalidData.into());
        }
        let mut bytes = vec![0; usize::try_from(length).map_err(|_| ErrorKind::InvalidData)?];
        self.from.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    fn count(&mut self) -> io::Result<u64> {
        let mut bytes = [0; 8];
        self.from.read_exact(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn read(&mut self, count: u64) -> io::Result<Vec<f64>> {
        let bytes = self.bytes(count.saturating_mul(8))?;
        let numbers = bytes.as_chunks().0.iter();
        Ok(numbers.map(|number| f64::from_le_bytes(*number)).collect())
    }

    fn write(&mut self, numbers: impl Iterator<Item = f64>) -> io::Result<()> {
        for number in numbers {
            self.to.write_all(&number.to_le_bytes())?;
        }
        self.to.flush()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // Nothing is left to be told, whether or not it was there to be ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
