//! What a process file refers to: other files, by paths that start at its folder.
//!
//! A process file that moves takes these files along. Its text changes in the paths alone, so that comments
//! and the digits of numbers stay.

use std::ops::Range;
use std::path::Path;

use serde::Deserialize;
use toml::Spanned;
use toml::de::Error as TomlError;

use super::{ProcessError, text};

/// A file or folder that a process file names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// `param_card` or `pdf`
    pub key: &'static str,
    /// the path as it is written, which starts at the folder of the process file
    pub path: String,
    /// the bytes that it takes in the text, quotes included
    place: Range<usize>,
}

/// The keys that name files.
#[derive(Deserialize)]
struct Keys {
    param_card: Option<Spanned<String>>,
    beams: Option<Beams>,
}

#[derive(Deserialize)]
struct Beams {
    pdf: Option<Spanned<String>>,
}

impl Reference {
    /// The text of the process file at `path`, and what it refers to, in the order of the text.
    ///
    /// # Errors
    /// Where there is no such file, and where it is no TOML. Whether it is a process file is not looked at.
    pub fn read(path: &Path) -> Result<(String, Vec<Self>), ProcessError> {
        let text = text(path)?;
        let all =
            Self::all(&text).map_err(|error| ProcessError::syntax(path.into(), &text, &error))?;
        Ok((text, all))
    }

    fn all(text: &str) -> Result<Vec<Self>, TomlError> {
        let keys: Keys = toml::from_str(text)?;
        let found = [
            ("param_card", keys.param_card),
            ("pdf", keys.beams.and_then(|beams| beams.pdf)),
        ];
        let mut all: Vec<Self> = found
            .into_iter()
            .filter_map(|(key, path)| {
                let path = path?;
                Some(Self {
                    key,
                    place: path.span(),
                    path: path.into_inner(),
                })
            })
            .collect();
        all.sort_by_key(|reference| reference.place.start);
        Ok(all)
    }

    /// `text` with other paths: each of `all`, which [`Reference::read`] has found there, beside its new one.
    pub fn redirect(text: &str, all: &[(Self, String)]) -> String {
        let mut redirected = String::new();
        let mut done = 0;
        for (reference, path) in all {
            redirected += &text[done..reference.place.start];
            redirected += &quoted(path);
            done = reference.place.end;
        }
        redirected + &text[done..]
    }
}

/// `path` as a basic string of TOML.
fn quoted(path: &str) -> String {
    let mut text = String::from("\"");
    for c in path.chars() {
        match c {
            '"' | '\\' => text.extend(['\\', c]),
            c if c.is_control() => text += format!("\\u{:04X}", u32::from(c)).as_str(),
            c => text.push(c),
        }
    }
    text + "\""
}

#[cfg(test)]
mod tests {
    use super::Reference;

    /// Paths of `text`, and the text with each of them turned round.
    fn turned(text: &str) -> (Vec<String>, String) {
        let all = Reference::all(text).unwrap();
        let paths = all.iter().map(|reference| reference.path.clone()).collect();
        let turn = |reference: Reference| {
            let path = reference.path.chars().rev().collect();
            (reference, path)
        };
        let all: Vec<(Reference, String)> = all.into_iter().map(turn).collect();
        (paths, Reference::redirect(text, &all))
    }

    #[test]
    fn paths_alone_change() {
        let text = "# a \"pdf\"\nparam_card = 'card.dat' # here\n[beams]\npdf = \"a/b.dat\"\nids = [1,  2]\n";
        let (paths, other) = turned(text);
        assert_eq!(paths, ["card.dat", "a/b.dat"]);
        let expected = text.replace("'card.dat'", "\"tad.drac\"");
        assert_eq!(other, expected.replace("a/b.dat", "tad.b/a"));
    }

    #[test]
    fn every_way_to_write_them_is_read() {
        for (text, expected) in [
            ("beams.pdf = '''x'''\nparam_card = \"y\"", vec!["x", "y"]),
            ("beams = { pdf = \"\\u0041\\\"\", ids = 1 }", vec!["A\""]),
            ("[beams]\n\"pdf\" = 'é\\'", vec!["é\\"]),
            ("[other]\npdf = 'x'\nparam_card = 'y'", vec![]),
        ] {
            let (paths, once) = turned(text);
            assert_eq!(paths, expected, "{text}");
            let back = turned(&once).1;
            assert_eq!(turned(&back).0, expected, "{back}");
        }
    }
}
