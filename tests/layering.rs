//! The layers of the library: no module mentions one that comes after it.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// From the bottom to the top; `error`, `rng`, `sobol`, `integrand` and `team` are free for all.
const LAYERS: [&str; 8] = [
    "kernel",
    "stats",
    "map",
    "flow",
    "train",
    "integrate",
    "event",
    "persist",
];

fn sources(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(sources(&path)?);
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
    Ok(files)
}

/// The modules that a source names as `crate::module`, on its own or in a list of braces.
fn mentioned(text: &str) -> Vec<&str> {
    text.split("crate::")
        .skip(1)
        .flat_map(|after| match after.strip_prefix('{') {
            Some(list) => list
                .split('}')
                .next()
                .unwrap_or_default()
                .split(',')
                .collect(),
            None => vec![after],
        })
        .map(|name| {
            name.trim()
                .split(|c: char| !c.is_alphanumeric() && c != '_')
                .next()
        })
        .map(Option::unwrap_or_default)
        .collect()
}

#[test]
fn no_module_mentions_a_later_one() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for (i, layer) in LAYERS.iter().enumerate() {
        let files = sources(&src.join(layer)).unwrap();
        assert!(!files.is_empty(), "{layer} is gone");
        for file in files {
            let text = fs::read_to_string(&file).unwrap();
            for module in mentioned(&text) {
                let later = LAYERS[i + 1..].contains(&module);
                assert!(!later, "{} mentions {module}", file.display());
            }
        }
    }
}
