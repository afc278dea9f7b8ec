//! Gridpacks: folders that draw events by themselves.
#![cfg(unix)]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io};

use super::process::provider;
use super::{Run, path, scratch, thalweg};

const PROVIDERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../process/providers");

/// A folder of its own, whose read-only content is removed with it.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> io::Result<Self> {
        let place = Self(path(name));
        place.clear();
        fs::create_dir_all(place.0.join("out"))?;
        Ok(place)
    }

    fn clear(&self) {
        let _ = Command::new("chmod")
            .args(["-R", "u+w"])
            .arg(&self.0)
            .output();
        let _ = fs::remove_dir_all(&self.0);
    }

    fn at(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }

    /// `program` in the folder `within`, with nothing in the environment but `variables`.
    fn run(&self, within: &str, words: &[&str], variables: &[(&str, &str)]) -> io::Result<Run> {
        let mut command = Command::new("/bin/sh");
        command.args(words).current_dir(self.0.join(within));
        command.env_clear().envs(variables.iter().copied());
        Ok(Run::new(&command.output()?))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.clear();
    }
}

fn trained(what: &[&str], model: &str) -> io::Result<()> {
    let rest = ["--method", "vegas", "--max-calls", "20000", "--save", model];
    let run = thalweg(&[&["train"], what, &rest].concat())?;
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    Ok(())
}

fn is_read_only(path: &Path) -> io::Result<bool> {
    let mut all = fs::metadata(path)?.permissions().readonly();
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            all &= is_read_only(&entry?.path())?;
        }
    }
    Ok(all)
}

#[test]
fn a_built_in_integrand_draws_anywhere() {
    let place = Place::new("grid-camel").unwrap();
    let (model, pack) = (scratch("grid-camel.tlw"), place.at("pack"));
    trained(&["camel", "--dim", "3"], &model).unwrap();
    let make = thalweg(&["gridpack", &model, &pack]).unwrap();
    assert_eq!(make.code, Some(0), "{}", make.stderr);
    assert!(is_read_only(Path::new(&pack)).unwrap());
    let draw = |within: &str, words: &[&str], variables: &[(&str, &str)]| {
        place.run(within, words, variables).unwrap()
    };
    let first = draw("out", &["../pack/run.sh", "1000", "7"], &[]);
    assert_eq!(first.code, Some(0), "{}", first.stderr);
    let again = draw("out", &["../pack/run.sh", "1000", "7"], &[]);
    assert_eq!(again.code, Some(1));
    assert!(
        again.stderr.contains("events-7.csv is there already"),
        "{}",
        again.stderr
    );
    let variables = [
        ("THALWEG_LEVEL", "portable"),
        ("GLIBC_TUNABLES", "glibc.cpu.hwcaps=-FMA,-AVX2"),
    ];
    for (words, variables) in [
        (["pack/run.sh", "1000", "7"], &variables[..]),
        (["pack/run.sh", "1000", "8"], &[]),
    ] {
        let run = draw("", &words, variables);
        assert_eq!(run.code, Some(0), "{}", run.stderr);
    }
    let read = |name: &str| fs::read(place.at(name)).unwrap();
    assert_eq!(read("out/events-7.csv"), read("events-7.csv"));
    assert_ne!(read("events-8.csv"), read("events-7.csv"));
    for wrong in [
        &["0", "1"][..],
        &["1"],
        &["1", "01"],
        &["x", "1"],
        &["1", "2", "3"],
    ] {
        let run = draw("out", &[&["../pack/run.sh"], wrong].concat(), &[]);
        assert_eq!(run.code, Some(2), "{wrong:?}");
        assert!(run.stderr.starts_with("usage: "), "{}", run.stderr);
    }
    let inside = draw("pack", &["run.sh", "10", "1"], &[]);
    assert!(inside.stderr.contains("the current folder is the gridpack"));
    jobs(&place).unwrap();
    let exists = thalweg(&["gridpack", &model, &pack]).unwrap();
    assert_eq!(exists.code, Some(1));
    assert!(
        exists.stderr.contains("is there already"),
        "{}",
        exists.stderr
    );
}

/// The jobs of both systems, with what their files say.
fn jobs(place: &Place) -> io::Result<()> {
    let slurm = [("SLURM_ARRAY_TASK_ID", "3"), ("SLURM_SUBMIT_DIR", ".")];
    // Slurm runs a copy.
    fs::copy(place.at("pack/slurm.sh"), place.at("slurm_script"))?;
    let run = place.run("", &["slurm_script"], &slurm)?;
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let sub = fs::read_to_string(place.at("pack/condor.sub"))?;
    let value = |key: &str| {
        let mut lines = sub.lines().filter_map(|line| line.split_once('='));
        let (_, value) = lines.find(|(name, _)| name.trim() == key).expect("the key");
        value.trim().replace("$(Process)", "3")
    };
    // HTCondor runs a copy beside the files that it has transferred.
    let tar = value("transfer_input_files");
    let mut packed = Command::new("tar");
    packed.current_dir(&place.0);
    packed.args(["-c", "-f", &place.at(&format!("out/{tar}")), "pack"]);
    assert!(packed.status()?.success());
    fs::copy(place.at(&value("executable")), place.at("out/condor_exec"))?;
    let arguments = value("arguments");
    let words: Vec<&str> = ["condor_exec"]
        .into_iter()
        .chain(arguments.split(' '))
        .collect();
    let run = place.run("out", &words, &[])?;
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let read = |name: &str| fs::read(place.at(name));
    assert_eq!(read("out/events-3.csv")?, read("events-3.csv")?);
    Ok(())
}

#[test]
fn a_process_takes_its_library_along() {
    let place = Place::new("grid-process").unwrap();
    let library = provider("ee_mumu.c", "grid.so").unwrap();
    let file = place.at("own.toml");
    let text = fs::read_to_string(format!("{PROVIDERS}/ee_mumu.toml")).unwrap();
    fs::write(&file, format!("param_card = 'a card.dat'\n{text}")).unwrap();
    fs::write(place.at("a card.dat"), "").unwrap();
    let (model, pack) = (scratch("grid-process.tlw"), place.at("pack"));
    trained(&[&library, "--process", &file], &model).unwrap();
    let make = ["gridpack", &model, &pack, &library, "--process", &file];
    let alone = thalweg(&make[..3]).unwrap();
    assert!(alone.code == Some(1) && alone.stderr.contains("name it again"));
    let missing = thalweg(&["gridpack", &model, &pack, "./no.so", "--process", &file]).unwrap();
    assert_eq!(missing.stderr, "error: there is no file `./no.so`\n");
    fs::rename(place.at("a card.dat"), place.at("b")).unwrap();
    let missing = thalweg(&make).unwrap();
    assert_eq!(missing.code, Some(1), "{}", missing.stderr);
    fs::rename(place.at("b"), place.at("a card.dat")).unwrap();
    let left: Vec<_> = fs::read_dir(&place.0).unwrap().collect();
    assert_eq!(left.len(), 3, "{left:?}");
    let run = thalweg(&[&make[..], &["--unweighted"]].concat()).unwrap();
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    for gone in [&library, &file, &place.at("a card.dat"), &model] {
        fs::remove_file(gone).unwrap();
    }
    let run = place
        .run("out", &["../pack/run.sh", "1000", "7"], &[])
        .unwrap();
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let offline = [
        "-c",
        "unshare -n true 2>/dev/null || exit 0; exec unshare -n sh pack/run.sh 1000 7",
    ];
    let run = place.run("", &offline, &[]).unwrap();
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let events = fs::read_to_string(place.at("out/events-7.lhe")).unwrap();
    assert_eq!(events.matches("<event>").count(), 1000);
    if let Ok(offline) = fs::read_to_string(place.at("events-7.lhe")) {
        assert_eq!(events, offline);
    }
}
