//! Files: whole or not there, and read back.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use thalweg::event::{Event, Particle, events};
use thalweg::{Error, EventFile, MaxWeight};

use crate::processes::{Changed, folder, muons, uniform, unweighted, weighted};

/// A folder that is removed with its owner.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> io::Result<Self> {
        let path = folder(name);
        fs::create_dir_all(&path)?;
        Ok(Self(path))
    }

    fn names(&self) -> io::Result<Vec<String>> {
        let names =
            fs::read_dir(&self.0)?.map(|e| Ok(e?.file_name().to_string_lossy().into_owned()));
        let mut names = names.collect::<io::Result<Vec<_>>>()?;
        names.sort_unstable();
        Ok(names)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Nothing can be done about a folder that cannot be removed.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn varied() -> Changed {
    Changed {
        signed: true,
        varied: true,
        ..Changed::spoilt(|_| ())
    }
}

#[test]
fn les_houches_files_say_what_was_made() {
    let folder = Folder::new("lhe").unwrap();
    let path = folder.0.join("muons.lhe");
    let what = unweighted(300, MaxWeight::Max);
    let mut list = Vec::new();
    let run = events(&uniform(), &varied(), &what, &mut list).unwrap();
    events(
        &uniform(),
        &varied(),
        &what,
        &mut EventFile::create(&path).unwrap(),
    )
    .unwrap();
    assert_eq!(folder.names().unwrap(), ["muons.lhe"]);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.starts_with("<LesHouchesEvents version=\"3.0\">\n"));
    assert!(text.ends_with("</event>\n</LesHouchesEvents>\n"));
    assert!(text.contains("<weight id=\"a&lt;b\">MUR=2.0 &amp; more</weight>"));
    let init: Vec<&str> = text
        .split("<init>\n")
        .nth(1)
        .unwrap()
        .lines()
        .take(3)
        .collect();
    assert_eq!(init[0], "11 -11 4.5594e1 4.5594e1 0 0 0 0 -3 2");
    let first: Vec<f64> = init[1].split(' ').map(|x| x.parse().unwrap()).collect();
    let told = run.processes[0];
    assert_eq!(first, [told.cross_section, told.error, 1.0, 7.0]);
    let read: Vec<&str> = text.split("<event>\n").skip(1).collect();
    assert_eq!(read.len(), 300);
    for (text, event) in read.iter().zip(&list) {
        compare(text, event);
    }
    let json = text
        .split("<thalweg>\n")
        .nth(1)
        .unwrap()
        .split("</thalweg>")
        .next()
        .unwrap();
    let json: serde_json::Value = serde_json::from_str(json).unwrap();
    assert_eq!(
        (json["seed"].as_u64(), json["events"].as_u64()),
        (Some(3), Some(300))
    );
    assert_eq!(
        json["cross_section"].as_f64(),
        Some(run.summary.cross_section)
    );
}

/// Every number of an event is read back as it was.
fn compare(text: &str, event: &Event) {
    let lines: Vec<Vec<f64>> = text
        .lines()
        .take(5)
        .map(|line| line.split(' ').filter_map(|x| x.parse().ok()).collect())
        .collect();
    assert_eq!(
        lines[0][..4],
        [4.0, f64::from(event.process), event.weight, event.scale]
    );
    for (line, p) in lines[1..].iter().zip(&event.particles) {
        let [e, px, py, pz] = p.momentum;
        assert_eq!(line[..2], [f64::from(p.id), f64::from(p.status)]);
        assert_eq!(line[6..], [px, py, pz, e, p.mass, p.lifetime, p.spin]);
    }
    let weight = format!("<wgt id=\"up\">{:e}</wgt>", event.variations[0]);
    assert!(text.contains(&weight), "{text}");
}

#[test]
fn compressed_files_hold_the_same() {
    let folder = Folder::new("gz").unwrap();
    let what = weighted(3000);
    let (plain, packed) = (folder.0.join("a.lhe"), folder.0.join("a.lhe.gz"));
    for path in [&plain, &packed] {
        events(
            &uniform(),
            &muons(),
            &what,
            &mut EventFile::create(path).unwrap(),
        )
        .unwrap();
    }
    let mut text = String::new();
    MultiGzDecoder::new(File::open(&packed).unwrap())
        .read_to_string(&mut text)
        .unwrap();
    assert_eq!(text, fs::read_to_string(&plain).unwrap());
    let size = |path: &Path| fs::metadata(path).map(|m| m.len());
    assert!(size(&packed).unwrap() < size(&plain).unwrap() / 2);
}

#[test]
fn arrays_have_their_fields() {
    let folder = Folder::new("npy").unwrap();
    let path = folder.0.join("a.npy");
    let what = unweighted(20, MaxWeight::Max);
    let run = events(
        &uniform(),
        &varied(),
        &what,
        &mut EventFile::create(&path).unwrap(),
    )
    .unwrap();
    assert_eq!(folder.names().unwrap(), ["a.npy", "a.npy.json"]);
    let bytes = fs::read(&path).unwrap();
    let head = usize::from(u16::from_le_bytes([bytes[8], bytes[9]])) + 10;
    assert!(head.is_multiple_of(64) && bytes.starts_with(b"\x93NUMPY\x01\x00"));
    let row = 4 + 8 * 4 + 4 * (4 + 4 + 8 + 8) + 8 * 4 * 4 + 3 * 8 * 4 + 2 * 8;
    assert_eq!(bytes.len() - head, 20 * row);
    let text = fs::read_to_string(folder.0.join("a.npy.json")).unwrap();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json["strategy"].as_i64(), Some(i64::from(run.strategy)));
    assert_eq!(
        json["summary"]["unweighting"]["policy"].as_str(),
        Some("max")
    );
}

#[test]
fn what_fails_leaves_nothing() {
    let folder = Folder::new("failing").unwrap();
    let rare = |event: &mut Event| {
        if event.particles[2].momentum[3] > 45.5 {
            event.particles[2].mass = f64::NAN;
        }
    };
    for name in ["a.lhe", "a.lhe.gz", "a.npy"] {
        let mut file = EventFile::create(folder.0.join(name)).unwrap();
        let error = events(
            &uniform(),
            &Changed::spoilt(rare),
            &weighted(20_000),
            &mut file,
        );
        assert!(matches!(error, Err(Error::InvalidEvent { .. })), "{name}");
        drop(file);
        assert_eq!(folder.names().unwrap(), [""; 0], "{name}");
    }
    let odd = |event: &mut Event| {
        if event.process == 7 {
            event.particles[3].status = 2;
            event.particles.push(Particle {
                status: 1,
                ..event.particles[3]
            });
        }
    };
    let mut file = EventFile::create(folder.0.join("odd.npy")).unwrap();
    let error = events(&uniform(), &Changed::spoilt(odd), &weighted(50), &mut file).unwrap_err();
    assert!(
        error.to_string().contains("particles, others have"),
        "{error}"
    );
    let mut file = EventFile::create(folder.0.join("odd.lhe")).unwrap();
    events(&uniform(), &Changed::spoilt(odd), &weighted(50), &mut file).unwrap();
}

#[test]
fn names_decide_and_folders_must_exist() {
    let error = EventFile::create("events.root").unwrap_err();
    assert!(matches!(error, Error::EventFormat { .. }), "{error}");
    let error = EventFile::create("no/such/folder/events.lhe").unwrap_err();
    assert!(
        error.to_string().contains("no/such/folder/events.lhe"),
        "{error}"
    );
}
