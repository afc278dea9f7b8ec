//! `thalweg inspect`: what is in a model file.

use std::any::Any;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use thalweg::map::{Chain, Map};
use thalweg::{Flow, Sampler};

use crate::error::Failure;
use crate::exit::Exit;
use crate::model::{self, OWN_KEYS, Stored};
use crate::number::bytes;
use crate::output::{entry, note, print, print_json};
use crate::plot::grid_sheet;
use crate::target::TextFile;
use crate::what::{describe, label};

/// Show what is in a model file.
#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    /// The model
    #[arg(value_name = "MODEL")]
    model: PathBuf,

    /// Print one JSON object
    #[arg(long)]
    json: bool,

    /// Draw the VEGAS grid of the model: its bins, and its density along each axis
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Contents {
    file: String,
    bytes: u64,
    version: Option<String>,
    dim: usize,
    /// low and high per axis; null is an infinite end
    domain: Vec<(Option<f64>, Option<f64>)>,
    integrand: Option<Stored>,
    map: String,
    parameters: Option<usize>,
    value: Option<f64>,
    error: Option<f64>,
    calls: Option<u64>,
    origin: Option<String>,
    metadata: BTreeMap<String, String>,
}

pub(crate) fn run(args: &InspectArgs) -> Result<Exit, Failure> {
    let sampler = Sampler::load(&args.model)?;
    let estimate = sampler.estimate().filter(|estimate| estimate.calls > 0);
    let finite = |value: f64| Some(value).filter(|value| value.is_finite());
    let others = sampler
        .metadata()
        .iter()
        .filter(|(key, _)| !OWN_KEYS.contains(&key.as_str()));
    let contents = Contents {
        file: args.model.display().to_string(),
        bytes: fs::metadata(&args.model).map_or(0, |file| file.len()),
        version: model::version(&sampler).map(str::to_owned),
        dim: sampler.dim(),
        domain: model::stored_range(sampler.domain()),
        integrand: model::stored(&sampler)?,
        map: sampler.map().describe(),
        parameters: parameters(sampler.map()),
        value: estimate.and_then(|e| finite(e.value)),
        error: estimate.and_then(|e| finite(e.error)),
        calls: estimate.map(|e| e.calls),
        origin: model::origin(&sampler),
        metadata: others
            .map(|(key, note)| (key.clone(), note.clone()))
            .collect(),
    };
    if args.json {
        print_json(&contents)?;
    } else {
        print(&text(&contents, &sampler))?;
    }
    if let Some(path) = &args.svg {
        draw(path, &contents, &sampler)?;
    }
    Ok(Exit::Good)
}

/// Draws the grid of a model.
fn draw(path: &Path, contents: &Contents, sampler: &Sampler) -> Result<(), Failure> {
    let Some(grid) = model::grid_of(sampler.map()) else {
        return Err(Failure::usage(format!(
            "there is no VEGAS grid to draw in {}: its map is {}",
            contents.file, contents.map
        )));
    };
    let integrand = contents.integrand.as_ref();
    let name = integrand.map_or_else(
        || contents.file.clone(),
        |stored| label(stored, sampler.domain()),
    );
    let title = format!("VEGAS grid of {name}");
    TextFile::create(path)?.write(&grid_sheet(&title, grid, sampler.domain()))?;
    note(&format!("drawn to {}", path.display()));
    Ok(())
}

/// Trainable parameters of the flows in a map, if there is any flow.
fn parameters(map: &dyn Map) -> Option<usize> {
    let any: &dyn Any = map;
    if let Some(flow) = any.downcast_ref::<Flow>() {
        return Some(flow.parameters().len());
    }
    let parts = any.downcast_ref::<Chain>()?.maps().iter();
    parts
        .filter_map(|map| parameters(map.as_ref()))
        .reduce(|a, b| a + b)
}

fn text(contents: &Contents, sampler: &Sampler) -> String {
    let mut lines = vec![format!("{}, {}", contents.file, bytes(contents.bytes))];
    let mut add = |name: &str, value: &str| lines.push(entry(name, 14, value));
    let integrand = contents
        .integrand
        .as_ref()
        .map(|stored| label(stored, sampler.domain()));
    add("integrand", integrand.as_deref().unwrap_or("not stored"));
    add("domain", &describe(sampler.domain()));
    add("map", &contents.map);
    if let Some(parameters) = contents.parameters {
        add("parameters", &parameters.to_string());
    }
    match sampler.estimate().filter(|estimate| estimate.calls > 0) {
        Some(estimate) => add(
            "estimate",
            &format!("{estimate} from {} points", estimate.calls),
        ),
        None => add("estimate", "none"),
    }
    if let Some(origin) = &contents.origin {
        add("made by", origin);
    }
    add(
        "version",
        contents.version.as_deref().unwrap_or("not stored"),
    );
    for (key, note) in &contents.metadata {
        add(key, note);
    }
    lines.join("\n")
}
