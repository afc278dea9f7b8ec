//! The programs of `examples/` and `tests/c/`, compiled with every warning and run: what they print is
//! kept in `tests/golden/`.
//!
//! `THALWEG_UPDATE_GOLDEN=1` writes the golden files. A tool that is missing is a failure where
//! `THALWEG_NEED_COMPILERS` is set, as it is by `.ci/run`, and elsewhere a line on stderr.
#![cfg(target_os = "linux")]

use std::env::{current_exe, var_os};
use std::fs::{self, create_dir_all, read_to_string};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const C: [&str; 6] = ["-std=c99", "-O1", "-g", "-Wall", "-Wextra", "-Werror"];
const CPP: [&str; 6] = ["-std=c++11", "-O1", "-g", "-Wall", "-Wextra", "-Werror"];
const FORTRAN: [&str; 5] = ["-std=f2018", "-O1", "-Wall", "-Wextra", "-Werror"];

fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Where cargo has put the libraries, beside the test.
fn libraries() -> PathBuf {
    let test = current_exe().expect("the test has a path");
    test.parent().expect("it is in a folder").to_owned()
}

/// A folder for what is made.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    create_dir_all(&folder).expect("a folder can be made");
    folder
}

/// Whether a tool is there.
#[expect(clippy::print_stderr, reason = "a test that does nothing shall say so")]
fn has(tool: &str) -> bool {
    let found = Command::new(tool).arg("--version").output().is_ok();
    assert!(
        found || var_os("THALWEG_NEED_COMPILERS").is_none(),
        "{tool} is missing"
    );
    if !found {
        eprintln!("skipped: there is no {tool}");
    }
    found
}

fn shown(output: &Output) -> String {
    let [out, err] = [&output.stdout, &output.stderr].map(|t| String::from_utf8_lossy(t));
    format!("{}\n{out}\n{err}", output.status)
}

/// A program to be built and run.
struct Program<'a> {
    compiler: &'a str,
    flags: Vec<&'a str>,
    source: &'a str,
    libraries: Vec<String>,
}

impl<'a> Program<'a> {
    fn new(compiler: &'a str, flags: &[&'a str], source: &'a str) -> Self {
        let place = libraries().display().to_string();
        let libraries = vec![
            format!("-L{place}"),
            format!("-Wl,-rpath,{place}"),
            "-lthalweg_c".to_owned(),
            "-lm".to_owned(),
            "-lpthread".to_owned(),
        ];
        Self {
            compiler,
            flags: flags.to_vec(),
            source,
            libraries,
        }
    }

    fn build(&self, name: &str) -> PathBuf {
        let folder = folder(name);
        let program = folder.join("program");
        let mut command = Command::new(self.compiler);
        command.current_dir(&folder).args(&self.flags);
        let include = here().join("include");
        if self.compiler == "gfortran" {
            command.arg(include.join("thalweg.f90"));
        } else {
            command.arg("-I").arg(include);
        }
        command.arg(here().join(self.source)).args(&self.libraries);
        let made = command
            .arg("-o")
            .arg(&program)
            .output()
            .expect("the compiler starts");
        assert!(made.status.success(), "{}: {}", self.source, shown(&made));
        program
    }
}

/// Runs a program with a folder for its files, and returns what it prints.
fn run(program: &Path, with: &[&str], argument: &Path) -> String {
    let mut command = match with {
        [] => Command::new(program),
        [tool, arguments @ ..] => {
            let mut command = Command::new(tool);
            command.args(arguments).arg(program);
            command
        }
    };
    let folder = program.parent().expect("it is in a folder");
    command.arg(argument).current_dir(folder);
    // Cargo's own list may lead to a library of an earlier build.
    command.env("LD_LIBRARY_PATH", libraries());
    let done = command.output().expect("the program starts");
    assert!(
        done.status.success(),
        "{}: {}",
        program.display(),
        shown(&done)
    );
    String::from_utf8(done.stdout).expect("it prints UTF-8")
}

fn compare(name: &str, found: &str) {
    let path = here().join("tests/golden").join(name);
    if var_os("THALWEG_UPDATE_GOLDEN").is_some() {
        fs::write(&path, found).expect("the golden file is written");
    }
    let kept = read_to_string(&path).expect("there is a golden file");
    assert_eq!(found, kept, "{}", path.display());
}

fn example(compiler: &str, flags: &[&str], name: &str) {
    if !has(compiler) {
        return;
    }
    let source = format!("examples/{name}");
    let built = Program::new(compiler, flags, &source).build(name);
    let model = built.with_file_name("example.model");
    compare(&format!("{name}.txt"), &run(&built, &[], &model));
    assert!(!model.exists(), "the example removes its model");
}

#[test]
fn examples_in_c() {
    for name in ["integrate.c", "ask_tell.c", "train.c", "cuba.c"] {
        example("cc", &C, name);
    }
}

#[test]
fn example_in_cpp() {
    example("c++", &CPP, "integrate.cpp");
}

#[test]
fn example_in_fortran() {
    example("gfortran", &FORTRAN, "integrate.f90");
}

#[test]
fn the_static_library_serves_as_well() {
    if !has("cc") {
        return;
    }
    let mut program = Program::new("cc", &C, "examples/integrate.c");
    let archive = libraries().join("libthalweg_c.a");
    program.libraries = [
        archive.to_str().unwrap(),
        "-lm",
        "-lpthread",
        "-ldl",
        "-lgcc_s",
    ]
    .map(str::to_owned)
    .to_vec();
    let built = program.build("static");
    compare("integrate.c.txt", &run(&built, &[], Path::new("")));
}

fn misuse(flags: &[&str], with: &[&str], name: &str) {
    if !has("cc") || with.first().is_some_and(|tool| !has(tool)) {
        return;
    }
    let flags: Vec<&str> = C.iter().chain(flags).copied().collect();
    let mut program = Program::new("cc", &flags, "tests/c/misuse.c");
    program.flags.push("-D_GNU_SOURCE");
    let built = program.build(name);
    let found = run(&built, with, built.parent().expect("it is in a folder"));
    compare("misuse.txt", &found);
}

#[test]
fn misuse_is_refused() {
    misuse(&[], &[], "misuse");
}

#[test]
fn misuse_does_no_harm_that_address_sanitizer_finds() {
    let flags = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
    misuse(&flags, &[], "misuse-asan");
}

#[test]
fn misuse_does_no_harm_that_valgrind_finds() {
    let with = [
        "valgrind",
        "--quiet",
        "--error-exitcode=9",
        "--leak-check=full",
        // Threads that end after the program has no memory to give back.
        "--show-leak-kinds=definite",
        "--errors-for-leak-kinds=definite",
    ];
    misuse(&[], &with, "misuse-valgrind");
}

#[test]
fn exceptions_of_cpp_come_through_the_wrapper() {
    if !has("c++") {
        return;
    }
    let built = Program::new("c++", &CPP, "tests/c/exceptions.cpp").build("exceptions");
    compare("exceptions.txt", &run(&built, &[], Path::new("")));
}

/// What stands in docs/c.md is what is compiled, and what is printed.
#[test]
fn the_documentation_shows_what_was_run() {
    let read = |folder: &str| {
        let files = fs::read_dir(here().join(folder)).unwrap();
        let texts = files.map(|f| read_to_string(f.unwrap().path()).unwrap());
        texts.collect::<Vec<_>>()
    };
    let (sources, outputs) = (read("examples"), read("tests/golden"));
    let text = read_to_string(here().join("../docs/c.md")).unwrap();
    let mut blocks = 0;
    for block in text.split("\n```").skip(1).step_by(2) {
        let (language, body) = block.split_once('\n').unwrap();
        let known = match language {
            "c" | "cpp" | "fortran" => &sources,
            "text" => &outputs,
            _ => continue,
        };
        blocks += 1;
        let body = body.trim_end();
        assert!(known.iter().any(|t| t.contains(body)), "{language}: {body}");
    }
    assert!(blocks >= 6, "{blocks}");
}
