//! Les Houches event files, version 3.0 (J. Alwall et al., hep-ph/0609017; variations as in
//! J. Andersen et al., arXiv:1405.1067, Sect. "LHE version 3").
//!
//! Numbers have as many digits as it takes to read the same number back. What is told about the
//! sample stands in the header as JSON. A compressed file is a sequence of gzip members, which is
//! a gzip file again (RFC 1952).

use std::fmt::{self, Write as _};
use std::io::{self, Write as _};
use std::path::Path;

use flate2::{Compression, write::GzEncoder};
use rayon::iter::ParallelIterator as _;
use rayon::slice::ParallelSlice as _;

use super::part::Body;
use crate::event::{Event, EventRun, Particle, Variation};

/// Events that are turned into text, and compressed, by one thread.
const TOGETHER: usize = 1024;

pub(super) struct Lhe {
    body: Body,
    gzip: bool,
    /// `<wgt id="...">` of each variation
    tags: Vec<String>,
}

impl Lhe {
    pub(super) fn create(path: &Path, gzip: bool) -> io::Result<Self> {
        let body = Body::create(path)?;
        let tags = Vec::new();
        Ok(Self { body, gzip, tags })
    }

    pub(super) fn begin(&mut self, variations: &[Variation]) {
        let tag = |v: &Variation| format!("<wgt id=\"{}\">", escaped(&v.id));
        self.tags = variations.iter().map(tag).collect();
    }

    pub(super) fn take(&mut self, events: &[Event]) -> io::Result<()> {
        let packed: Vec<io::Result<Vec<u8>>> = events
            .par_chunks(TOGETHER)
            .map(|events| {
                let mut text = String::new();
                for event in events {
                    self.event(&mut text, event).map_err(io::Error::other)?;
                }
                pack(text, self.gzip)
            })
            .collect();
        packed
            .into_iter()
            .try_for_each(|bytes| self.body.write(&bytes?))
    }

    pub(super) fn finish(&mut self, path: &Path, run: &EventRun) -> io::Result<()> {
        let end = pack("</LesHouchesEvents>\n".to_owned(), self.gzip)?;
        self.body.write(&end)?;
        let head = head(run)?;
        self.body.complete(path, &pack(head, self.gzip)?)
    }

    fn event(&self, out: &mut String, event: &Event) -> fmt::Result {
        let (n, process, weight) = (event.particles.len(), event.process, event.weight);
        let (scale, [qed, qcd]) = (event.scale, event.couplings);
        writeln!(
            out,
            "<event>\n{n} {process} {weight:e} {scale:e} {qed:e} {qcd:e}"
        )?;
        for particle in &event.particles {
            particle_line(out, particle)?;
        }
        if !self.tags.is_empty() {
            out.push_str("<rwgt>\n");
            for (tag, weight) in self.tags.iter().zip(&event.variations) {
                writeln!(out, "{tag}{weight:e}</wgt>")?;
            }
            out.push_str("</rwgt>\n");
        }
        out.push_str("</event>\n");
        Ok(())
    }
}

fn particle_line(out: &mut String, particle: &Particle) -> fmt::Result {
    let Particle {
        id,
        status,
        mothers: [first, last],
        colors: [color, anticolor],
        momentum: [e, px, py, pz],
        mass,
        lifetime,
        spin,
    } = particle;
    writeln!(
        out,
        "{id} {status} {first} {last} {color} {anticolor} {px:e} {py:e} {pz:e} {e:e} {mass:e} \
         {lifetime:e} {spin:e}"
    )
}

/// All that stands before the events.
fn head(run: &EventRun) -> io::Result<String> {
    let text = serde_json::to_string_pretty(&run.summary)?;
    // What XML would read stands only within strings, where JSON has other names for it.
    let text = text
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026");
    let mut out =
        format!("<LesHouchesEvents version=\"3.0\">\n<header>\n<thalweg>\n{text}\n</thalweg>\n");
    init(&mut out, run).map_err(io::Error::other)?;
    Ok(out)
}

fn init(out: &mut String, run: &EventRun) -> fmt::Result {
    if !run.variations.is_empty() {
        out.push_str("<initrwgt>\n<weightgroup name=\"variations\">\n");
        for Variation { id, about } in &run.variations {
            let (id, about) = (escaped(id), escaped(about));
            writeln!(out, "<weight id=\"{id}\">{about}</weight>")?;
        }
        out.push_str("</weightgroup>\n</initrwgt>\n");
    }
    let [a, b] = run.beams;
    writeln!(
        out,
        "</header>\n<init>\n{} {} {:e} {:e} 0 0 {} {} {} {}",
        a.id,
        b.id,
        a.energy,
        b.energy,
        a.pdf,
        b.pdf,
        run.strategy,
        run.processes.len()
    )?;
    for process in &run.processes {
        writeln!(
            out,
            "{:e} {:e} {:e} {}",
            process.cross_section, process.error, process.max_weight, process.number
        )?;
    }
    let version = &run.summary.version;
    writeln!(
        out,
        "<generator name=\"thalweg\" version=\"{version}\"/>\n</init>"
    )
}

/// Text as it stands in XML, attributes included.
fn escaped(text: &str) -> String {
    let mut out = text.replace('&', "&amp;").replace('<', "&lt;");
    out = out.replace('>', "&gt;").replace('"', "&quot;");
    out
}

/// The bytes of a piece of text.
fn pack(text: String, gzip: bool) -> io::Result<Vec<u8>> {
    if !gzip {
        return Ok(text.into_bytes());
    }
    let mut packer = GzEncoder::new(Vec::new(), Compression::default());
    packer.write_all(text.as_bytes())?;
    packer.finish()
}
