//! `NumPy` files of events (format version 1.0): a structured array, one row an event.
//!
//! Fields: process, weight, scale, couplings (electromagnetic, strong); of P particles id, status,
//! mothers (P, 2), colors (P, 2), momentum (P, 4) as (E, px, py, pz), mass, lifetime, spin; the
//! weights of the variations, where there are any.

use std::io;
use std::path::Path;

use super::part::Body;
use super::{Fault, same_particles};
use crate::event::{Event, EventRun, Particle};

pub(super) struct Npy {
    body: Body,
    particles: Option<usize>,
}

impl Npy {
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        let (body, particles) = (Body::create(path)?, None);
        Ok(Self { body, particles })
    }

    pub(super) fn take(&mut self, events: &[Event]) -> Result<(), Fault> {
        same_particles(events, &mut self.particles)?;
        let mut row = Vec::new();
        for event in events {
            write_row(&mut row, event);
        }
        Ok(self.body.write(&row)?)
    }

    pub(super) fn finish(&mut self, path: &Path, run: &EventRun, events: u64) -> io::Result<()> {
        let particles = self.particles.unwrap_or(0);
        let head = head(particles, run.variations.len(), events);
        self.body.complete(path, &head)
    }
}

fn write_row(out: &mut Vec<u8>, event: &Event) {
    let particles = &event.particles;
    out.extend(event.process.to_le_bytes());
    let numbers = [
        event.weight,
        event.scale,
        event.couplings[0],
        event.couplings[1],
    ];
    out.extend(numbers.iter().flat_map(|x| x.to_le_bytes()));
    out.extend(particles.iter().flat_map(|p| p.id.to_le_bytes()));
    out.extend(particles.iter().flat_map(|p| p.status.to_le_bytes()));
    let pairs = particles.iter().flat_map(|p| p.mothers);
    out.extend(pairs.flat_map(u32::to_le_bytes));
    let pairs = particles.iter().flat_map(|p| p.colors);
    out.extend(pairs.flat_map(u32::to_le_bytes));
    out.extend(
        particles
            .iter()
            .flat_map(|p| p.momentum)
            .flat_map(f64::to_le_bytes),
    );
    let numbers: [fn(&Particle) -> f64; 3] = [|p| p.mass, |p| p.lifetime, |p| p.spin];
    for number in numbers {
        out.extend(particles.iter().flat_map(|p| number(p).to_le_bytes()));
    }
    out.extend(event.variations.iter().flat_map(|x| x.to_le_bytes()));
}

/// Magic, version, and what the rows are, padded to a multiple of 64 bytes.
fn head(particles: usize, variations: usize, events: u64) -> Vec<u8> {
    let p = particles;
    let fields = format!(
        "('process', '<i4'), ('weight', '<f8'), ('scale', '<f8'), ('couplings', '<f8', (2,)), \
         ('id', '<i4', ({p},)), ('status', '<i4', ({p},)), ('mothers', '<u4', ({p}, 2)), \
         ('colors', '<u4', ({p}, 2)), ('momentum', '<f8', ({p}, 4)), ('mass', '<f8', ({p},)), \
         ('lifetime', '<f8', ({p},)), ('spin', '<f8', ({p},))"
    );
    let more = match variations {
        0 => String::new(),
        n => format!(", ('variations', '<f8', ({n},))"),
    };
    let mut text =
        format!("{{'descr': [{fields}{more}], 'fortran_order': False, 'shape': ({events},), }}");
    // 10 bytes before the text, a line end behind it.
    let padding = (64 - (10 + text.len() + 1) % 64) % 64;
    text += &" ".repeat(padding);
    text.push('\n');
    let length =
        u16::try_from(text.len()).expect("the fields are few and the numbers have 20 digits");
    let mut head = b"\x93NUMPY\x01\x00".to_vec();
    head.extend(length.to_le_bytes());
    head.extend(text.into_bytes());
    head
}
