//! Parton densities beside another reader, on published grids.
//!
//! `cargo test --release -p thalweg-process --test pdf_reader -- --ignored` with a Python that has the packages
//! named in `pdf_reader.py`: `THALWEG_PYTHON`, or `python3`.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use thalweg_process::pdf::{Grid, Info};

/// Relative, of values of 1e-6 or more; of smaller ones, of 1e-6.
const TOLERANCE: f64 = 1e-9;

/// Checks the points of one set, and says how many there were and how far off the worst is.
fn check(folder: &Path) -> (usize, f64) {
    let name = folder.file_name().expect("a name").to_string_lossy();
    let grid = Grid::load(&folder.join(format!("{name}_0000.dat"))).expect("a good grid");
    let info = Info::load(&folder.join(format!("{name}.info"))).expect("a good file");
    let alpha_s = info.alpha_s.expect("a table");
    let text = fs::read_to_string(folder.join("points.txt")).expect("points");
    let mut worst = 0.0_f64;
    for line in text.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let [x, q2, value] = [1, 2, 3].map(|i: usize| words[i].parse::<f64>().expect("a number"));
        let ours = match words[0] {
            "alpha_s" => alpha_s.at(q2),
            parton => {
                let id = parton.parse().expect("a number");
                grid.xf(id, x, q2).expect("within the grid")
            }
        };
        let off = (ours - value).abs() / value.abs().max(1e-6);
        assert!(off < TOLERANCE, "{name}: {line}, here {ours}");
        worst = worst.max(off);
    }
    (text.lines().count(), worst)
}

#[test]
#[ignore = "needs Python packages"]
#[expect(clippy::print_stdout, reason = "says how good the agreement is")]
fn densities_are_those_of_another_reader() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("pdf_reader");
    fs::create_dir_all(&folder).unwrap();
    let python = env::var("THALWEG_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pdf_reader.py");
    let status = Command::new(&python).arg(script).arg(&folder).status();
    assert!(status.unwrap().success(), "{python} has not done it");
    let mut all = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let (points, worst) = check(&path);
        println!("{}: {points} values, {worst:.1e} at most", path.display());
        all += points;
    }
    assert!(all > 10_000, "only {all} values");
}
