//! The page of `compare --report` and the picture of `inspect --svg`: written whole, well-formed,
//! from nothing outside.

use std::{fs, io};

use super::{path, scratch, thalweg};

/// Runs a comparison that writes the page `name`, and reads it.
fn page(name: &str, arguments: &[&str]) -> io::Result<String> {
    let file = scratch(name);
    let run = thalweg(&[&["compare", "--report", &file], arguments].concat())?;
    assert!(matches!(run.code, Some(0 | 3 | 4)), "{}", run.stderr);
    assert!(run.stderr.contains("report written to "), "{}", run.stderr);
    assert!(!fs::exists(scratch(&format!("{name}.part")))?);
    fs::read_to_string(file)
}

/// Whether every element of `text` is closed where it has to be, and no stray bracket is left.
fn well_formed(text: &str) -> Result<(), String> {
    let mut open: Vec<&str> = Vec::new();
    let text = text.strip_prefix("<!DOCTYPE html>").unwrap_or(text);
    let mut parts = text.split('<');
    parts.next();
    for part in parts {
        let (tag, rest) = part.split_once('>').ok_or_else(|| part.to_owned())?;
        // A style may hold the child combinator.
        if rest.contains('>') && open.last() != Some(&"style") && !tag.starts_with("style") {
            return Err(format!("stray > after <{tag}>"));
        }
        if tag.matches('"').count() % 2 != 0 {
            return Err(format!("open quote in <{tag}>"));
        }
        let name = tag.trim_start_matches('/').split([' ', '/']).next();
        let name = name.unwrap_or_default();
        if tag.starts_with('/') {
            let last = open.pop();
            if last != Some(name) {
                return Err(format!("</{name}> closes {last:?}"));
            }
        } else if !tag.ends_with('/') {
            open.push(name);
        }
    }
    if open.is_empty() {
        Ok(())
    } else {
        Err(format!("{open:?} left open"))
    }
}

/// Every ampersand begins an entity.
fn escaped(text: &str) -> bool {
    let known = ["amp;", "lt;", "gt;", "quot;", "#39;"];
    text.split('&')
        .skip(1)
        .all(|rest| known.iter().any(|entity| rest.starts_with(entity)))
}

#[test]
fn a_page_has_all_sections_and_pictures() {
    let html = page("camel.html", &["camel", "--dim", "2", "--max-calls", "2e4"]).unwrap();
    well_formed(&html).unwrap();
    for section in [
        "<h1>camel(d=2)</h1>",
        "exact 0.98166",
        "id=\"results\"",
        "id=\"convergence\"",
        "id=\"weights\"",
        "id=\"grids\"",
        "id=\"runs\"",
        "id=\"remarks\"",
        "id=\"settings\"",
        "aria-label=\"Value by calls: plain ends at ",
        "aria-label=\"Relative error by calls",
        "aria-label=\"Distribution of the weights of flow",
        "aria-label=\"Bins of the grid",
        "aria-label=\"Density of the grid along axis 1",
        "<th scope=\"row\">stop.max_calls</th><td>20000</td>",
        "vector instructions",
    ] {
        assert!(html.contains(section), "{section} is missing");
    }
    let pictures = html.matches("role=\"img\"").count();
    assert_eq!(pictures, 2 + 3 + 1 + 2);
    assert_eq!(html.matches("aria-label").count(), pictures);
    for foreign in ["http", "<script", "url(", "@import", "NaN"] {
        assert!(!html.contains(foreign), "{foreign}");
    }
}

#[test]
fn texts_of_the_user_are_escaped() {
    let text = "x0 < 0.5 && x1 > 0.25";
    let arguments = ["--expr", text, "--dim", "2", "--max-calls", "2e4"];
    let html = page("less.html", &arguments).unwrap();
    well_formed(&html).unwrap();
    assert!(escaped(&html));
    assert!(html.contains("integral of x0 &lt; 0.5 &amp;&amp; x1 &gt; 0.25 over [0, 1]^2"));
}

#[test]
fn seeds_signs_zeros_and_infinite_ranges_are_drawn() {
    let cases: [(&str, &[&str]); 4] = [
        (
            "seeds.html",
            &["gaussian", "--methods", "vegas", "--seeds", "3"],
        ),
        ("zero.html", &["--expr", "0*x0", "--methods", "plain,vegas"]),
        (
            "signs.html",
            &["--expr", "x0 - 0.3", "--methods", "plain,auto"],
        ),
        (
            "infinite.html",
            &[
                "--expr",
                "1e-200*exp(-x0^2)",
                "--range",
                "-inf,inf",
                "--methods",
                "vegas",
            ],
        ),
    ];
    for (name, arguments) in cases {
        let html = page(name, &[arguments, &["--max-calls", "5000"]].concat()).unwrap();
        well_formed(&html).unwrap_or_else(|fault| panic!("{name}: {fault}"));
        assert!(!html.contains("NaN"), "{name}");
        let expected = match name {
            "seeds.html" => "Lines of further seeds are thin.",
            "zero.html" => "All weights are zero.",
            "signs.html" => "negative (dashed)",
            _ => "x0, mapped to [0, 1]",
        };
        assert!(html.contains(expected), "{name}: {expected}");
    }
}

#[test]
fn what_cannot_be_written_is_refused_before_the_run() {
    let folder = path("");
    let folder = folder.display().to_string();
    let bad = [
        (scratch("no/page.html"), "there is no folder"),
        (folder, "it is a folder"),
        ("/proc/page.html".to_owned(), "cannot write /proc/page.html"),
    ];
    for (file, message) in bad {
        // The integrand fails at the first call, with another exit code.
        let run = thalweg(&["compare", "--expr", "1/0", "--report", &file]).unwrap();
        assert_eq!(run.code, Some(1), "{file}");
        assert!(run.stderr.contains(message), "{file}: {}", run.stderr);
    }
}

#[test]
fn a_failing_run_leaves_nothing_behind() {
    let file = scratch("failed.html");
    let run = thalweg(&["compare", "--expr", "1/0", "--report", &file]).unwrap();
    assert_eq!(run.code, Some(2));
    assert!(!fs::exists(&file).unwrap() && !fs::exists(format!("{file}.part")).unwrap());
}

#[test]
fn a_grid_is_drawn_to_a_file_of_its_own() {
    let (model, picture) = (scratch("grid.tlw"), scratch("grid.svg"));
    let text = "exp(-9*x0^2) * (x1 < 0.5)";
    let train = [
        "train",
        "--expr",
        text,
        "--dim",
        "6",
        "--method",
        "vegas",
        "--max-calls",
        "2e4",
        "--save",
        &model,
    ];
    assert!(matches!(thalweg(&train).unwrap().code, Some(0 | 3)));
    let run = thalweg(&["inspect", &model, "--svg", &picture]).unwrap();
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(run.stdout.contains("VEGAS grid") && run.stderr.contains("drawn to "));
    let svg = fs::read_to_string(&picture).unwrap();
    well_formed(&svg).unwrap();
    assert!(escaped(&svg) && svg.contains("(x1 &lt; 0.5)"));
    assert_eq!(svg.matches("<g transform=").count(), 1 + 6);
    let outside = svg.replacen("xmlns=\"http://www.w3.org/2000/svg\"", "", 1);
    assert!(!outside.contains("http") && !outside.contains("NaN"));

    let bad = scratch("no/grid.svg");
    let run = thalweg(&["inspect", &model, "--svg", &bad]).unwrap();
    assert_eq!(run.code, Some(1));
    assert!(run.stderr.contains("there is no folder"), "{}", run.stderr);
}

#[test]
fn a_model_without_a_grid_cannot_be_drawn() {
    let (model, picture) = (scratch("gridless.tlw"), scratch("gridless.svg"));
    let train = [
        "train",
        "camel",
        "--dim",
        "2",
        "--max-calls",
        "9000",
        "--save",
        &model,
    ];
    assert!(matches!(thalweg(&train).unwrap().code, Some(0 | 3)));
    let run = thalweg(&["inspect", &model, "--svg", &picture]).unwrap();
    assert_eq!(run.code, Some(1));
    assert!(
        run.stderr.contains("there is no VEGAS grid to draw"),
        "{}",
        run.stderr
    );
    assert!(!fs::exists(&picture).unwrap());
}
