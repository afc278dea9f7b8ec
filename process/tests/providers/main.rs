//! Libraries in C with the UMAMI interface: our own, and broken ones.

mod broken;
mod cross_sections;
mod limits;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, io};

/// The provider `name`, compiled. Without a C compiler the tests fail: they are of nothing then.
fn provider(name: &str) -> io::Result<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("providers");
    compiled(&folder.join(format!("{name}.c")))
}

/// A library of `source`.
fn written(name: &str, source: &str) -> io::Result<PathBuf> {
    let path = scratch(&format!("{name}.c"));
    fs::write(&path, source)?;
    compiled(&path)
}

fn compiled(source: &Path) -> io::Result<PathBuf> {
    let name = source.file_stem().unwrap_or_default().to_string_lossy();
    // Tests run at the same time: each compiles for itself.
    let library = scratch(&format!("{name}-{}.so", unique()));
    let output = Command::new("cc")
        .args([
            "-O2", "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", "-o",
        ])
        .arg(&library)
        .arg(source)
        .arg("-lm")
        .output()?;
    if output.status.success() {
        Ok(library)
    } else {
        Err(io::Error::other(String::from_utf8_lossy(&output.stderr)))
    }
}

/// A number that no other call in this process gets.
fn unique() -> usize {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

fn scratch(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name)
}
