//! The payload of a model file.

use std::collections::BTreeMap;
use std::io;

use rmp_serde::encode::write_named;
use serde::{Deserialize, Serialize};

use super::{NOWHERE, build, list, skim, state::MapState};
use crate::error::{Error, Result, check};
use crate::event::Sampler;
use crate::integrand::{Discrete, Domain, Normal};
use crate::list::few;
use crate::map::Map;
use crate::stats::Estimate;

/// Letters of a message about a payload; it may quote a text of the file.
const MESSAGE: usize = 300;

/// What a model file holds.
#[derive(Debug, Serialize)]
struct Written<'a> {
    /// version of the library that wrote it
    library: &'a str,
    domain: &'a Domain,
    map: MapState<'a>,
    estimate: Option<Estimate>,
    metadata: &'a BTreeMap<String, String>,
}

/// The same on its way in.
#[derive(Debug, Deserialize)]
struct Model {
    domain: Region,
    #[serde(deserialize_with = "build::map")]
    map: Box<dyn Map>,
    estimate: Option<Estimate>,
    #[serde(deserialize_with = "list::notes")]
    metadata: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
struct Region {
    #[serde(deserialize_with = "list::ranges")]
    ranges: Vec<(f64, f64)>,
    #[serde(default, deserialize_with = "few")]
    discrete: Vec<Numbers>,
    #[serde(default, deserialize_with = "few")]
    normal: Vec<Normal>,
}

/// A discrete axis.
#[derive(Debug, Deserialize)]
struct Numbers {
    axis: usize,
    count: usize,
    #[serde(default, deserialize_with = "list::numbers")]
    edges: Vec<f64>,
}

/// Appends the payload of a sampler to `bytes`.
pub(super) fn write(sampler: &Sampler, bytes: &mut Vec<u8>) -> Result<()> {
    let notes = sampler.metadata();
    let allowed = "at most 16384";
    let count = notes.len();
    check(
        count <= list::MAX_NOTES,
        "number of notes",
        count as f64,
        allowed,
    )?;
    for text in notes.iter().flat_map(|(name, note)| [name, note]) {
        let (length, allowed) = (text.len(), "at most 262144");
        check(
            length <= skim::MAX_TEXT,
            "bytes of a note",
            length as f64,
            allowed,
        )?;
    }
    let model = Written {
        library: env!("CARGO_PKG_VERSION"),
        domain: sampler.domain(),
        map: MapState::of(sampler.map())?,
        estimate: sampler.estimate(),
        metadata: notes,
    };
    write_named(bytes, &model).map_err(|e| Error::File {
        action: "write",
        path: NOWHERE.to_owned(),
        source: io::Error::other(e),
    })
}

/// The sampler of a payload, or what is wrong with it.
pub(super) fn read(payload: &[u8]) -> Result<Sampler, String> {
    skim::skim(payload).map_err(|fault| fault.to_string())?;
    let model: Model = rmp_serde::from_slice(payload).map_err(|e| brief(&e.to_string()))?;
    let sampler = sampler(model).map_err(|e| e.to_string())?;
    Ok(sampler)
}

fn sampler(model: Model) -> Result<Sampler> {
    let Region {
        ranges,
        discrete,
        normal,
    } = model.domain;
    let discrete = discrete.into_iter().map(|n| Discrete {
        axis: n.axis,
        count: n.count,
        edges: n.edges,
    });
    let domain = Domain::from_parts(&ranges, discrete.collect(), normal)?;
    if let Some(estimate) = &model.estimate {
        check_estimate(estimate)?;
    }
    let sampler = Sampler::new(model.map, domain)?;
    let mut sampler = sampler.with_estimate(model.estimate);
    *sampler.metadata_mut() = model.metadata;
    Ok(sampler)
}

/// Refuses what no run ends with; one that saw infinite values may have no finite error.
fn check_estimate(estimate: &Estimate) -> Result<()> {
    let Estimate {
        value,
        error,
        calls: _,
        dof,
    } = *estimate;
    check(!value.is_nan(), "value of the estimate", value, "a number")?;
    let allowed = "a number that is not negative";
    check(error >= 0.0, "error of the estimate", error, allowed)?;
    if let Some(dof) = dof {
        let name = "degrees of freedom of the estimate";
        check(dof > 0.0 && dof.is_finite(), name, dof, "positive")?;
    }
    Ok(())
}

/// A message cut to what can be shown.
fn brief(message: &str) -> String {
    match message.char_indices().nth(MESSAGE) {
        Some((end, _)) => format!("{}...", &message[..end]),
        None => message.to_owned(),
    }
}
