//! Samples whose density is known.

use std::f64::consts::{PI, TAU};

use rand::{RngExt as _, SeedableRng as _};
use rand_distr::{Distribution as _, StandardNormal};
use rand_pcg::Pcg64;

/// A distribution to learn.
pub(crate) struct Target {
    pub(crate) name: &'static str,
    pub(crate) dim: usize,
    /// one sample
    draw: fn(&mut Pcg64) -> Vec<f64>,
    /// ln of the density
    pub(crate) log_density: fn(&[f64]) -> f64,
}

impl Target {
    pub(crate) fn all() -> [Self; 3] {
        [
            Self {
                name: "two moons",
                dim: 2,
                draw: draw_moons,
                log_density: log_moons,
            },
            Self {
                name: "rings",
                dim: 2,
                draw: draw_rings,
                log_density: log_rings,
            },
            Self {
                name: "mixture",
                dim: 8,
                draw: draw_mixture,
                log_density: log_mixture,
            },
        ]
    }

    /// `[n * dim]`
    pub(crate) fn samples(&self, n: usize, seed: u64) -> Vec<f64> {
        let mut rng = Pcg64::seed_from_u64(seed);
        (0..n).flat_map(|_| (self.draw)(&mut rng)).collect()
    }
}

fn normal(rng: &mut Pcg64) -> f64 {
    StandardNormal.sample(rng)
}

/// Width of the noise around the moons.
const NOISE: f64 = 0.05;

/// A point of the upper moon, a half circle, or of the lower one.
fn moon(upper: bool, angle: f64) -> [f64; 2] {
    let (sin, cos) = angle.sin_cos();
    if upper {
        [cos, sin]
    } else {
        [1.0 - cos, 0.5 - sin]
    }
}

fn draw_moons(rng: &mut Pcg64) -> Vec<f64> {
    let at = moon(rng.random(), PI * rng.random::<f64>());
    at.iter().map(|x| x + NOISE * normal(rng)).collect()
}

/// The mean over both half circles of normal densities around their points, by 1000 midpoints each: they
/// are a fifteenth of the noise apart, so that the rule is exact to rounding but at the ends.
fn log_moons(y: &[f64]) -> f64 {
    let points = 1000;
    let mut sum = 0.0;
    for k in 0..points {
        let angle = PI * (f64::from(k) + 0.5) / f64::from(points);
        for upper in [true, false] {
            let [a, b] = moon(upper, angle);
            let square = (y[0] - a).powi(2) + (y[1] - b).powi(2);
            sum += (-0.5 * square / (NOISE * NOISE)).exp();
        }
    }
    (sum / (2.0 * f64::from(points) * TAU * NOISE * NOISE)).ln()
}

/// Radii of the rings, equally likely, and the width of each.
const RADII: [f64; 3] = [1.0, 2.0, 3.0];
const WIDTH: f64 = 0.1;

fn draw_rings(rng: &mut Pcg64) -> Vec<f64> {
    let radius = RADII[rng.random_range(0..RADII.len())] + WIDTH * normal(rng);
    let (sin, cos) = (TAU * rng.random::<f64>()).sin_cos();
    vec![radius * cos, radius * sin]
}

/// Radii are normal; ones below 0, ten widths off, do not count.
fn log_rings(y: &[f64]) -> f64 {
    let r = y[0].hypot(y[1]);
    let part = |radius: &f64| (-0.5 * ((r - radius) / WIDTH).powi(2)).exp();
    let sum: f64 = RADII.iter().map(part).sum();
    let norm = RADII.len() as f64 * WIDTH * TAU.sqrt() * TAU * r;
    (sum / norm).ln()
}

/// Five normal distributions in eight dimensions: means on a curve, widths from .3 to .7.
const PARTS: usize = 5;
const DIM: usize = 8;

fn mean(part: usize, axis: usize) -> f64 {
    2.0 * (1.7 * part as f64 + 0.9 * (part * axis) as f64 + axis as f64).sin()
}

fn width(part: usize) -> f64 {
    0.1f64.mul_add(part as f64, 0.3)
}

fn draw_mixture(rng: &mut Pcg64) -> Vec<f64> {
    let part = rng.random_range(0..PARTS);
    let one = |axis| mean(part, axis) + width(part) * normal(rng);
    (0..DIM).map(one).collect()
}

fn log_mixture(y: &[f64]) -> f64 {
    let logs: Vec<f64> = (0..PARTS)
        .map(|part| {
            let square: f64 = (0..DIM).map(|i| (y[i] - mean(part, i)).powi(2)).sum();
            let norm = DIM as f64 * (0.5 * TAU.ln() + width(part).ln());
            -0.5 * square / width(part).powi(2) - norm
        })
        .collect();
    let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = logs.iter().map(|l| (l - most).exp()).sum();
    most + (sum / PARTS as f64).ln()
}
