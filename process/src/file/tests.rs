//! Faults of process files.

use std::path::Path;

use super::ProcessFile;
use crate::cuts::{Cut, Cuts, Quantity};
use crate::phase_space::{Decay, Exchange, Invariant, Node};

const FILE: &str = "[beams]\nids = [2, -2]\nenergies = [50, 50]\n\
                    [particles]\nin = [2, -2]\nout = [13, -13, 21]\n";

fn parsed(text: &str) -> ProcessFile {
    ProcessFile::parse(text, Path::new("process.toml")).expect("the file is sound")
}

/// What is said of a file that cannot be read.
fn refused(text: &str) -> String {
    let error = ProcessFile::parse(text, Path::new("process.toml"));
    error.expect_err("the file is not sound").to_string()
}

#[test]
fn unknown_keys_are_refused_with_a_suggestion() {
    for (text, message) in [
        (
            FILE.replace("energies", "energy"),
            "line 3: unknown field `energy`, expected one of `ids`, `energies`, `pdf`, `lhaid`; did you mean `energies`?",
        ),
        (
            FILE.replace("[particles]", "[partcles]"),
            "did you mean `particles`?",
        ),
        (
            format!("{FILE}[[cuts]]\nquantity = \"p_t\"\nparticles = [3]\nmin = 1\n"),
            "did you mean `pt`?",
        ),
        (
            format!("{FILE}[mapping]\nchannel = {{ of = [3, {{ of = [4, 5], masss = 1 }}] }}\n"),
            "did you mean `mass`?",
        ),
        (
            FILE.replace("out = [13, -13, 21]", ""),
            "missing field `out`",
        ),
        (FILE.replace("[2, -2]", "[2]"), "invalid length 1"),
        (format!("scale = \"ht\"\n{FILE}"), "\"mass\" or \"ht/2\""),
        ("beams = ".to_owned(), "line 1"),
    ] {
        let said = refused(&text);
        assert!(
            said.starts_with("in the process file `process.toml`, line "),
            "{said}"
        );
        assert!(said.contains(message), "{said}");
    }
}

#[test]
fn values_that_make_no_sense_are_refused() {
    for (text, message) in [
        (
            FILE.replace("out = [13, -13, 21]", "out = [13]"),
            "`out`: has 1 particles",
        ),
        (FILE.replace("[50, 50]", "[50, 0]"), "`energies`: is 0"),
        (format!("alpha_s = -1\n{FILE}"), "`alpha_s`: is -1"),
        (format!("scale = 0\n{FILE}"), "`scale`: is 0"),
        (
            format!("{FILE}masses = [0, 0]\n"),
            "`masses`: has 2 values for 5 particles",
        ),
        (
            format!("{FILE}masses = [0, 0, 0, 0, -1]\n"),
            "`masses`: has -1",
        ),
        (
            format!("{FILE}[[subprocess]]\nin = [1, -1]\nout = [13, -13, 21]\n"),
            "[1, -1] come in, but the beams are [2, -2]",
        ),
        (
            format!("{FILE}[[subprocess]]\nin = [2, -2]\nout = [13, -13]\n"),
            "4 particles, but `particles` has 5",
        ),
    ] {
        let said = parsed(&text).check().unwrap_err().to_string();
        assert!(said.starts_with("in the process file, "), "{said}");
        assert!(said.contains(message), "{said}");
    }
    let heavy = parsed(FILE)
        .initial(&[0.0, 0.0, 60.0, 60.0, 0.0], &Cuts::default())
        .unwrap_err();
    assert!(
        heavy.to_string().contains("need more than 120 GeV"),
        "{heavy}"
    );
}

#[test]
fn cuts_name_particles_by_numbers_or_kinds() {
    let cut = |text: &str| parsed(&format!("{FILE}[[cuts]]\n{text}")).cuts();
    let expected = |quantity, particles: &[usize], from: &[usize]| Cut {
        quantity,
        particles: particles.to_vec(),
        from: from.to_vec(),
        min: 1.0,
        max: f64::INFINITY,
    };
    for (text, cuts) in [
        (
            "quantity = \"abs_eta\"\nids = [13, -13]\nmin = 1\n",
            expected(Quantity::AbsEta, &[0, 1], &[]),
        ),
        (
            "quantity = \"delta_r\"\nparticles = [4, 3]\nfrom_ids = [21]\nmin = 1\n",
            expected(Quantity::DeltaR, &[0, 1], &[2]),
        ),
    ] {
        assert_eq!(cut(text).unwrap(), Cuts(vec![cuts]));
    }
    for (text, message) in [
        (
            "quantity = \"pt\"\nparticles = [2]\nmin = 1\n",
            "numbers 3 to 5",
        ),
        (
            "quantity = \"pt\"\nids = [11]\nmin = 1\n",
            "no outgoing particle has the id 11",
        ),
        ("quantity = \"pt\"\nmin = 1\n", "names `particles`"),
        (
            "quantity = \"pt\"\nparticles = [3]\n",
            "has `min`, `max` or both",
        ),
        (
            "quantity = \"pt\"\nparticles = [3]\nmin = nan\n",
            "has to be below `max`",
        ),
        (
            "quantity = \"pt\"\nparticles = [3]\nfrom = [4]\nmin = 1\n",
            "for delta_r only",
        ),
        (
            "quantity = \"delta_r\"\nparticles = [3]\nmin = 1\n",
            "needs two particles",
        ),
    ] {
        let said = cut(text).unwrap_err().to_string();
        assert!(said.contains(message), "{said}");
    }
}

#[test]
fn channels_are_trees() {
    let decay = |channel: &str, masses: &[f64]| {
        let file = parsed(&format!("{FILE}[mapping]\nchannel = {channel}\n"));
        let system = file.mapping.channel.expect("there is a channel");
        system.decay(masses, &Cuts::default())
    };
    let tree = decay(
        "{ of = [5, { of = [4, 3], mass = 91, width = 2 }], exchange = {} }",
        &[1.0, 2.0, 0.0],
    );
    let pair = Decay {
        parts: vec![Node::Particle(1), Node::Particle(0)],
        invariant: Invariant::BreitWigner {
            mass: 91.0,
            width: 2.0,
        },
        least: 3.0,
        exchange: None,
    };
    let expected = Decay {
        parts: vec![Node::Particle(2), Node::Decay(pair)],
        invariant: Invariant::Flat,
        least: 3.0,
        exchange: Some(Exchange {
            mass: 0.0,
            power: 1.0,
        }),
    };
    assert_eq!(tree.unwrap(), expected);
    for (channel, message) in [
        (
            "{ of = [3, 4, 5], exchange = { mass = -1 } }",
            "has the mass -1",
        ),
        (
            "{ of = [3, 4, 5], exchange = { power = nan } }",
            "the power NaN",
        ),
        ("{ of = [3, 4] }", "has the particles [3, 4]"),
        ("{ of = [3, 4, 5, 5] }", "each of 3 to 5 once"),
        ("{ of = [3, { of = [4, 6] }] }", "no outgoing particle 6"),
        ("{ of = [3, { of = [4] }, 5] }", "at least two parts"),
        (
            "{ of = [3, { of = [4, 5], exchange = {} }] }",
            "only the whole",
        ),
        (
            "{ of = [3, { of = [4, 5], mass = 1 }] }",
            "either `mass` and `width`",
        ),
        ("{ of = [3, { of = [4, 5], power = -1 }] }", "from 0 to 10"),
    ] {
        let said = decay(channel, &[0.0; 3]).unwrap_err().to_string();
        assert!(said.contains(message), "{said}");
    }
}

#[test]
fn the_documentation_and_the_examples_are_sound() {
    let documentation = include_str!("../../../docs/process.md");
    let example = documentation
        .split("```")
        .nth(1)
        .and_then(|text| text.strip_prefix("toml"));
    for text in [
        example.unwrap(),
        include_str!("../../providers/ee_mumu.toml"),
        include_str!("../../providers/qq_mumug.toml"),
    ] {
        let file = parsed(text);
        file.check().unwrap();
        let cuts = file.cuts().unwrap();
        if let Some(channel) = &file.mapping.channel {
            channel.decay(&[0.0; 3], &cuts).unwrap();
        }
    }
}

#[test]
fn partons_need_hadrons_a_grid_and_a_least_mass() {
    let hadrons = FILE.replace("ids = [2, -2]", "ids = [2212, -2212]\npdf = \"none.dat\"");
    let file = parsed(&hadrons);
    assert!(file.check().is_ok());
    let masses = [0.0; 5];
    let said = |file: &ProcessFile, masses: &[f64]| {
        let cuts = file.cuts().unwrap();
        file.initial(masses, &cuts).unwrap_err().to_string()
    };
    assert!(said(&file, &masses).contains("by 0 GeV from below"));
    let bounded = |min: f64| {
        let cut = format!("[[cuts]]\nquantity = \"mass\"\nparticles = [3, 4]\nmin = {min}\n");
        parsed(&format!("{hadrons}{cut}"))
    };
    assert!(said(&bounded(200.0), &masses).contains("by 200 GeV from below"));
    assert!(said(&bounded(20.0), &[4.0, 0.0, 0.0, 0.0, 0.0]).contains("has 4 for a parton"));
    let initial = bounded(20.0).initial(&masses, &bounded(20.0).cuts().unwrap());
    assert_eq!(initial.unwrap().dim(), 2);
    let grid = |file: &ProcessFile| {
        let subprocesses = file.subprocesses();
        let luminosity = file.luminosity(Path::new("nowhere"), &subprocesses);
        luminosity.unwrap_err().to_string()
    };
    assert!(grid(&file).contains("`pdf`: "), "{}", grid(&file));
    let leptons = parsed(&hadrons.replace("-2212", "11"));
    assert!(grid(&leptons).contains("`ids`: has 11, beams with parton densities"));
}
