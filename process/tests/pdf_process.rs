//! `p p -> Z/gamma* -> mu- mu+` on a published grid, as a formula and by a library.
//!
//! `cargo test --release -p thalweg-process --test pdf_process -- --ignored` with `THALWEG_PDFDATA`, the folder of
//! `NNPDF31_lo_as_0118_0000.dat` (share/Pythia8/pdfdata of the Python package pythia8mc), and a C compiler.
//!
//! Gauss-Legendre quadrature of the formula on the values of `NeoPDF` gives 1528.57 pb for the running width and
//! 1533.79 pb for the fixed one. On Pythia's own interpolation of the same file it gives 1531.17 pb, beside
//! Pythia's 1530.1(2.3) pb; the rules between knots differ by 0.17 % here.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use thalweg::{Integrand, Integrator, Settings, Stop};
use thalweg_process::drell_yan::{DrellYan, Electroweak};
use thalweg_process::{open, pdf::Grid};

const FILE: &str = "NNPDF31_lo_as_0118_0000.dat";

fn grid() -> PathBuf {
    let folder = env::var_os("THALWEG_PDFDATA").expect("THALWEG_PDFDATA is the folder of the grid");
    Path::new(&folder).join(FILE)
}

fn constants(width: f64, running: bool) -> Electroweak {
    Electroweak {
        alpha: 1.0 / 127.95,
        sin2: 0.2312,
        mass: 91.188,
        width,
        running,
    }
}

/// Integrates to 0.02 % and compares.
fn check(f: &dyn Integrand, expected: f64) {
    let settings = Settings {
        stop: Stop::rel_error(2e-4),
        ..Settings::default()
    };
    let integrator = Integrator::new(settings).expect("good settings");
    let report = integrator.integrate(f).expect("finite values");
    let pull = report.estimate.pull(expected);
    assert!(
        pull.abs() < 5.0,
        "{} pb, {expected} expected",
        report.estimate
    );
}

#[test]
#[ignore = "needs a published grid"]
fn the_formula_gives_the_known_cross_section() {
    let grid = Arc::new(Grid::load(&grid()).unwrap());
    for (width, running, expected) in [(2.50437168, true, 1528.57), (2.4952, false, 1533.79)] {
        let constants = constants(width, running);
        let f = DrellYan::new(Arc::clone(&grid), 13_000.0, (60.0, 120.0), constants).unwrap();
        check(&f, expected);
    }
}

#[test]
#[ignore = "needs a published grid"]
fn so_does_a_library_with_a_process_file() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("pdf_process");
    fs::create_dir_all(&folder).unwrap();
    let providers = Path::new(env!("CARGO_MANIFEST_DIR")).join("providers");
    fs::copy(grid(), folder.join(FILE)).unwrap();
    fs::copy(providers.join("dy.toml"), folder.join("dy.toml")).unwrap();
    let library = folder.join("qq_mumu.so");
    let mut compiler = Command::new("cc");
    compiler
        .args(["-O2", "-shared", "-fPIC", "-o"])
        .arg(&library);
    let status = compiler
        .arg(providers.join("qq_mumu.c"))
        .arg("-lm")
        .status();
    assert!(status.unwrap().success(), "cc");
    check(&open(&library, &folder.join("dy.toml")).unwrap(), 1533.79);
}

#[test]
#[ignore = "needs a published grid"]
fn the_momenta_of_all_partons_make_up_the_proton() {
    let grid = Grid::load(&grid()).unwrap();
    let mut xf = vec![0.0; grid.ids().len()];
    // In t with x = t^4, where x f dx is smooth.
    let steps = 20_000;
    let mut sum = 0.0;
    for i in 0..steps {
        let t = (f64::from(i) + 0.5) / f64::from(steps);
        grid.eval(t.powi(4), 1e4, &mut xf).unwrap();
        sum += xf.iter().sum::<f64>() * 4.0 * t.powi(3) / f64::from(steps);
    }
    assert!((sum - 1.0).abs() < 2e-3, "{sum}");
}
