//! Model files of the command line: a sampler with a note of the integrand it was made for.
//!
//! The note is JSON under the key `integrand` of the sampler's metadata. Of a shared library it
//! holds the symbol only, of a process its name: a model file never makes the program load code.

use std::any::Any;
use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use thalweg::map::{Chain, Grid, Map};
use thalweg::{Domain, Outcome, Sampler};

use crate::error::Failure;
use crate::what::{Subject, describe};

const INTEGRAND: &str = "integrand";
const METHOD: &str = "method";
const SEED: &str = "seed";
const VERSION: &str = "version";
/// The keys that the command line itself writes.
pub(crate) const OWN_KEYS: [&str; 4] = [INTEGRAND, METHOD, SEED, VERSION];

/// What is stored of an integrand.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Stored {
    Builtin {
        name: String,
        dim: usize,
        /// the parameters that were set
        set: BTreeMap<String, f64>,
    },
    Expression {
        text: String,
        dim: usize,
        /// low and high per axis; null is an infinite end
        range: Vec<(Option<f64>, Option<f64>)>,
    },
    Library {
        symbol: String,
        dim: usize,
    },
    Process {
        name: String,
        dim: usize,
    },
}

impl Stored {
    /// Whether it is in a shared library, which has to be named again.
    pub(crate) fn needs_code(&self) -> bool {
        matches!(self, Self::Library { .. } | Self::Process { .. })
    }
}

/// The ranges of `domain` as they are stored.
pub(crate) fn stored_range(domain: &Domain) -> Vec<(Option<f64>, Option<f64>)> {
    let finite = |end: f64| Some(end).filter(|end| end.is_finite());
    domain
        .ranges()
        .iter()
        .map(|&(low, high)| (finite(low), finite(high)))
        .collect()
}

/// Ranges from their stored form.
pub(crate) fn ranges(stored: &[(Option<f64>, Option<f64>)]) -> Vec<(f64, f64)> {
    let ends = |&(low, high): &(Option<f64>, Option<f64>)| {
        (
            low.unwrap_or(f64::NEG_INFINITY),
            high.unwrap_or(f64::INFINITY),
        )
    };
    stored.iter().map(ends).collect()
}

/// The integrand that `model` was made for, if the file says so.
pub(crate) fn stored(model: &Sampler) -> Result<Option<Stored>, Failure> {
    let text = model.metadata().get(INTEGRAND);
    text.map(|text| serde_json::from_str(text))
        .transpose()
        .map_err(|e| {
            Failure::usage(format!(
                "the integrand stored in the model is unreadable: {e}"
            ))
        })
}

/// The note `key` of the run that made `model`.
pub(crate) fn made_with<'a>(model: &'a Sampler, key: &str) -> Option<&'a str> {
    model.metadata().get(key).map(String::as_str)
}

/// How the model came about, in one line.
pub(crate) fn origin(model: &Sampler) -> Option<String> {
    let (method, seed) = (made_with(model, METHOD)?, made_with(model, SEED)?);
    Some(format!("method {method}, seed {seed}"))
}

/// The version of the program that wrote the model.
pub(crate) fn version(model: &Sampler) -> Option<&str> {
    made_with(model, VERSION)
}

/// The VEGAS grid in a map, alone or at the data end of a chain.
pub(crate) fn grid_of(map: &dyn Map) -> Option<&Grid> {
    let any: &dyn Any = map;
    any.downcast_ref::<Grid>()
        .or_else(|| grid_of(any.downcast_ref::<Chain>()?.maps().last()?.as_ref()))
}

/// Refuses a file whose folder does not exist, and a folder in place of a file: better before a
/// long run than after it.
pub(crate) fn check_folder(path: &Path) -> Result<(), Failure> {
    if path.is_dir() {
        let path = path.display();
        return Err(Failure::usage(format!(
            "cannot write {path}: it is a folder"
        )));
    }
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    match folder {
        Some(folder) if !folder.is_dir() => Err(Failure::usage(format!(
            "cannot write {}: there is no folder {}",
            path.display(),
            folder.display()
        ))),
        _ => Ok(()),
    }
}

/// Refuses an integrand of another domain than the model's.
pub(crate) fn check_domain(model: &Sampler, subject: &Subject) -> Result<(), Failure> {
    if subject.domain == *model.domain() {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "{} lives on {}, but the model on {}",
        subject.name(),
        describe(&subject.domain),
        describe(model.domain())
    )))
}

/// Writes into `model` what integrand it is for.
pub(crate) fn note_integrand(model: &mut Sampler, subject: &Subject) -> Result<(), Failure> {
    let integrand = serde_json::to_string(&subject.stored)
        .map_err(|e| Failure::usage(format!("the integrand cannot be stored: {e}")))?;
    let notes = model.metadata_mut();
    notes.insert(INTEGRAND.to_owned(), integrand);
    Ok(())
}

/// Saves what a run ended with.
pub(crate) fn save(outcome: Outcome, subject: &Subject, path: &Path) -> Result<(), Failure> {
    let report = &outcome.report;
    let method = report
        .chosen
        .as_ref()
        .map_or(report.method, |choice| choice.method);
    let notes = [
        (METHOD, method.name().to_owned()),
        (SEED, report.seed.to_string()),
        (VERSION, report.version.clone()),
    ];
    let mut sampler = Sampler::from_outcome(outcome);
    for (key, note) in notes {
        sampler.metadata_mut().insert(key.to_owned(), note);
    }
    note_integrand(&mut sampler, subject)?;
    Ok(sampler.save(path)?)
}

#[cfg(test)]
mod tests {
    use thalweg::Domain;

    use super::{Stored, ranges, stored_range};

    #[test]
    fn infinite_ranges_survive_json() {
        let domain = Domain::new(&[(0.1, f64::INFINITY), (f64::NEG_INFINITY, 0.3)]).unwrap();
        let range = stored_range(&domain);
        let stored = Stored::Expression {
            text: "x0".to_owned(),
            dim: 2,
            range,
        };
        let text = serde_json::to_string(&stored).unwrap();
        assert_eq!(
            text,
            r#"{"kind":"expression","text":"x0","dim":2,"range":[[0.1,null],[null,0.3]]}"#
        );
        assert_eq!(serde_json::from_str::<Stored>(&text).unwrap(), stored);
        assert_eq!(ranges(&stored_range(&domain)), domain.ranges());
    }
}
