//! Densities that can be sampled exactly: sums of normal densities, cut off at the faces of the cube.

use std::f64::consts::{PI, SQRT_2, TAU};

use thalweg_integrands::Problem;

use crate::families::exact::content;
use crate::numbers;

/// A normal density with its share of the sum, before the cut.
#[derive(Clone, Debug)]
struct Part {
    share: f64,
    centre: Vec<f64>,
    sigma: f64,
}

/// A density on the unit cube.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) name: &'static str,
    pub(crate) dim: usize,
    parts: Vec<Part>,
    /// log of what the parts have in the cube
    log_content: f64,
}

impl Target {
    /// Parts `(share, coordinates of the centre, repeated, and sigma)`, of sum 1.
    fn new(name: &'static str, dim: usize, parts: &[(f64, &[f64], f64)]) -> Self {
        let part = |&(share, centre, sigma): &(f64, &[f64], f64)| Part {
            share,
            centre: centre.iter().copied().cycle().take(dim).collect(),
            sigma,
        };
        let parts: Vec<Part> = parts.iter().map(part).collect();
        let inside = |part: &Part| {
            let axes = part.centre.iter().map(|c| content(*c, part.sigma));
            part.share * axes.product::<f64>()
        };
        let log_content = parts.iter().map(inside).sum::<f64>().ln();
        Self {
            name,
            dim,
            parts,
            log_content,
        }
    }

    /// The volume `1/int p_k^2` of the smallest part.
    pub(crate) fn smallest(&self) -> f64 {
        let sigmas = self.parts.iter().map(|part| part.sigma);
        let sigma = sigmas.fold(f64::INFINITY, f64::min);
        ((4.0 * PI).sqrt() * sigma).powf(self.dim as f64)
    }

    /// log p at a point of the cube.
    pub(crate) fn log_density(&self, x: &[f64]) -> f64 {
        let logs: Vec<f64> = self
            .parts
            .iter()
            .map(|part| {
                let square = x.iter().zip(&part.centre).map(|(x, c)| (x - c) * (x - c));
                let chi2 = square.sum::<f64>() / (part.sigma * part.sigma);
                part.share.ln() - 0.5 * chi2 - self.dim as f64 * (part.sigma * TAU.sqrt()).ln()
            })
            .collect();
        let peak = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = logs.iter().map(|log| (log - peak).exp()).sum();
        peak + sum.ln() - self.log_content
    }

    /// The integral of p, which is 1, as a problem.
    pub(crate) fn problem(&self) -> Problem {
        let target = self.clone();
        Problem::new(self.name, vec![(0.0, 1.0); self.dim], move |x| {
            target.log_density(x).exp()
        })
        .with_exact(1.0)
    }

    /// Appends a point of density p: one of the uncut sum, drawn anew while it lies outside.
    pub(crate) fn draw(&self, next: &mut impl FnMut() -> f64, points: &mut Vec<f64>) {
        let from = points.len();
        loop {
            let mut left = next();
            let mut parts = self.parts.iter();
            let chosen = parts.find(|part| {
                left -= part.share;
                left < 0.0
            });
            // Rounding of the shares may leave a rest.
            let part = chosen.unwrap_or(&self.parts[0]);
            for c in &part.centre {
                points.push(c + part.sigma * numbers::normal(next));
            }
            if points[from..].iter().all(|x| *x > 0.0 && *x < 1.0) {
                return;
            }
            points.truncate(from);
        }
    }
}

/// All of them.
pub(crate) fn targets() -> Vec<Target> {
    // exp(-(x - c)^2/a^2) with a = 1/5, as in the literature.
    let sigma = 0.2 / SQRT_2;
    let peak: &[(f64, &[f64], f64)] = &[(1.0, &[0.5], sigma)];
    let humps: &[(f64, &[f64], f64)] = &[(0.5, &[1.0 / 3.0], sigma), (0.5, &[2.0 / 3.0], sigma)];
    // Places off the diagonal and off the axes of each other.
    let places: [&[f64]; 3] = [&[0.3, 0.4], &[0.7, 0.55], &[0.8, 0.2]];
    let widths = |name, dim, sigmas: [f64; 3]| {
        let [a, b, c] = sigmas;
        let parts = [
            (0.5, places[0], a),
            (0.3, places[1], b),
            (0.2, places[2], c),
        ];
        Target::new(name, dim, &parts)
    };
    vec![
        Target::new("gaussian:4", 4, peak),
        Target::new("gaussian:8", 8, peak),
        Target::new("camel:4", 4, humps),
        Target::new("camel:8", 8, humps),
        Target::new("camel:16", 16, humps),
        widths("widths:2", 2, [0.15, 0.03, 0.005]),
        widths("widths:4", 4, [0.15, 0.06, 0.03]),
        widths("widths:8", 8, [0.15, 0.1, 0.06]),
    ]
}
