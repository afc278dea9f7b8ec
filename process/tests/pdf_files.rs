//! Files of densities from strangers: whatever their bytes, reading them gives an error or densities that
//! are finite, within bounded memory.
//!
//! `cargo test --release -p thalweg-process --test pdf_files -- --ignored` makes ten times as many.

#[path = "../../tests/files/memory.rs"]
mod memory;

use std::panic::{AssertUnwindSafe, catch_unwind};

use memory::{Counting, peak_of};
use thalweg_process::pdf::{Grid, Info};

#[global_allocator]
static MEMORY: Counting = Counting;

/// Reading may take `FACTOR` times the size of a file and `MORE` bytes.
const FACTOR: usize = 80;
const MORE: usize = 1 << 16;

const GRID: &str = "PdfType: central
Format: lhagrid1
---
1e-5 1e-3 0.1 1
1.3 2 4.5
-1 21 1
1e-3 2.5 1
0.5 3 1
0.6 3.5 -1
1 1 1
2 1 0
3 1 0
2 2 2
2 3 2
2 2 4
0 0 0
0 0 0
0 0 0
---
1e-5 1e-2 1
4.5 100
-1 21 1
1 2 3
4 5 6
7 8 9
1.5 2.5 3.5
0 0 0
0 0 0
---
";
const INFO: &str = "SetIndex: 4711
Particle: 2212
AlphaS_Qs: [1.0, 2.0, 4.0, 4.0, 10.0, 100.0]
AlphaS_Vals: [0.5, 0.4, 0.3, 0.31, 0.2, 0.1]
";
/// What stands in files, and what should not.
const WORDS: [&str; 36] = [
    "0",
    "-0",
    "1",
    "-1",
    "2",
    "21",
    "22",
    "5",
    "-6",
    "7",
    "0.5",
    "1e-5",
    "1.3",
    "4.5",
    "4.500001",
    "100",
    "1e100",
    "1e101",
    "1e308",
    "-1e308",
    "5e-324",
    "1e-310",
    "NaN",
    "inf",
    "-inf",
    "1e999",
    "2147483648",
    "99999999999999999999",
    "---",
    "\n",
    "\n---\n",
    "Format: lhagrid1",
    "[",
    "]",
    ",",
    "0x1p3",
];

/// Numbers after `SplitMix64`.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % end as u64).expect("less than a usize")
    }
}

/// Where words begin and end.
fn words(text: &[u8]) -> Vec<(usize, usize)> {
    let part = |b: u8| b.is_ascii_whitespace() || b == b',';
    let mut words = Vec::new();
    let mut first = None;
    for (i, b) in text.iter().chain(b" ").enumerate() {
        match (first, part(*b)) {
            (None, false) => first = Some(i),
            (Some(start), true) => {
                words.push((start, i));
                first = None;
            }
            _ => {}
        }
    }
    words
}

/// Mutation `number` of a file.
fn mutation(good: &str, number: u64) -> Vec<u8> {
    let mut numbers = Numbers(number.wrapping_mul(0xa076_1d64_78bd_642f));
    let mut bytes = good.as_bytes().to_vec();
    for _ in 0..=numbers.below(3) {
        let words = words(&bytes);
        if words.is_empty() {
            return bytes;
        }
        let (first, end) = words[numbers.below(words.len())];
        let word = WORDS[numbers.below(WORDS.len())].as_bytes();
        match numbers.below(8) {
            0..=2 => drop(bytes.splice(first..end, word.iter().copied())),
            3 => drop(bytes.drain(first..end)),
            4 => {
                let (_, last) = words[numbers.below(words.len())];
                drop(bytes.drain(first..last.max(first)));
            }
            5 => {
                let copy = bytes[first..].to_vec();
                bytes.splice(end..end, copy);
            }
            6 => bytes.truncate(first),
            _ => {
                let at = numbers.below(bytes.len());
                bytes[at] ^= 1 << numbers.below(8);
            }
        }
    }
    bytes
}

/// Whether the file was read; `Err` says what is wrong with that.
fn check_grid(bytes: &[u8]) -> Result<bool, String> {
    let grid = match Grid::from_bytes(bytes) {
        Ok(grid) => grid,
        // A message, whatever it holds, stays short.
        Err(error) if error.to_string().len() < 400 => return Ok(false),
        Err(error) => return Err(format!("a long message: {error}")),
    };
    let mut xf = vec![0.0; grid.ids().len()];
    for x in [1e-300, 1e-5, 3e-4, 0.1, 0.7, 1.0] {
        for q2 in [1e-300, 1.7, 4.0, 20.25, 900.0, 1e300] {
            grid.eval(x, q2, &mut xf).map_err(|e| e.to_string())?;
            if let Some(v) = xf.iter().find(|v| v.is_nan()) {
                return Err(format!("{v} at x = {x}, Q^2 = {q2}"));
            }
        }
    }
    Ok(true)
}

fn check_info(bytes: &[u8]) -> Result<bool, String> {
    let Ok(info) = Info::from_bytes(bytes) else {
        return Ok(false);
    };
    let values = info
        .alpha_s
        .iter()
        .flat_map(|alpha_s| [1e-300, 1.0, 2.0, 16.0, 50.0, 1e300].map(|q2| alpha_s.at(q2)));
    match values.into_iter().find(|v| !v.is_finite()) {
        Some(v) => Err(format!("alpha_s = {v}")),
        None => Ok(true),
    }
}

/// Checks `count` mutations of a good file, of which some must still be read.
fn check_mutations(good: &str, count: u64, check: fn(&[u8]) -> Result<bool, String>) {
    assert_eq!(check(good.as_bytes()), Ok(true));
    let mut read = 0_u64;
    for number in 0..count {
        let bytes = mutation(good, number);
        let caught = catch_unwind(AssertUnwindSafe(|| peak_of(|| check(&bytes))));
        let text = String::from_utf8_lossy(&bytes);
        let (result, peak) =
            caught.unwrap_or_else(|_| panic!("mutation {number}: a panic\n{text}"));
        assert!(
            peak <= FACTOR * bytes.len() + MORE,
            "mutation {number}: {peak} bytes taken for {}",
            bytes.len()
        );
        match result {
            Ok(was_read) => read += u64::from(was_read),
            Err(fault) => panic!("mutation {number}: {fault}\n{text}"),
        }
    }
    // Mutations that never get past the first checks would show nothing.
    let share = read as f64 / count as f64;
    assert!((0.02..0.8).contains(&share), "{share} of all are read");
}

#[test]
fn mutated_grids_are_refused_or_finite() {
    check_mutations(GRID, 20_000, check_grid);
}

#[test]
fn mutated_tables_of_the_coupling_are_refused_or_finite() {
    check_mutations(INFO, 20_000, check_info);
}

#[test]
#[ignore = "long"]
fn many_mutations() {
    check_mutations(GRID, 200_000, check_grid);
    check_mutations(INFO, 200_000, check_info);
}

#[test]
fn crafted_files_take_memory_in_proportion() {
    let one = "1 ".repeat(1 << 20);
    let list = |end: usize, unit: &str| -> String {
        let words: Vec<String> = (1..=end).map(|i| format!("{i}{unit}")).collect();
        words.join(" ")
    };
    let rising = list(1 << 16, "");
    let x = list(1000, "e-3");
    let header = "Format: lhagrid1\n---\n";
    let blocks = ".1 1\n1 2\n1\n1\n1\n1\n1\n---\n.1 1\n2 1e3\n1\n1\n1\n1\n1\n---\n";
    let most = format!("{header}{x}\n1 2 3 4\n1\n{}", "1\n".repeat(4000));
    let files = [
        format!("{header}{one}"),
        format!("{header}{x}\n{rising}\n1 2"),
        format!("{header}{x}\n{rising}\n{one}\n"),
        format!("{header}{blocks}"),
        most.clone(),
    ];
    for file in files {
        let (result, peak) = peak_of(|| check_grid(file.as_bytes()));
        assert!(result.is_ok(), "{result:?}");
        let limit = FACTOR * file.len() + MORE;
        assert!(peak <= limit, "{peak} bytes taken for {}", file.len());
    }
    assert_eq!(check_grid(most.as_bytes()), Ok(true));
}
