//! A mixture of the uniform density and of local ones around known peaks.
//!
//! ```text
//! q(x) = c_0 + sum_k c_k prod_i n((x_i - m_ki)/s_ki) / (s_ki M_ki),
//! M_ki = Phi((1 - m_ki)/s_ki) - Phi(-m_ki/s_ki),
//! ```
//!
//! with respect to dx on the unit cube: products of normal densities, each cut off at the
//! cube's ends. Every peak has three, of [`SCALES`] times its widths, because the widths are
//! those of cuts along the axes and the tails may be longer. A peak's share is half an equal one
//! and half by its volume in Laplace's approximation, f prod s. Mixtures for importance
//! sampling: A. Owen, Y. Zhou, J. Am. Stat. Assoc. 95 (2000) 135; the uniform part keeps f/q
//! below f/`c_0`.
//!
//! Weakness: the axes are independent, so a thin ridge along a diagonal is covered near its top
//! alone.

use std::f64::consts::PI;

use super::peaks::Peak;
use crate::map::inside;
use crate::stats::{normal_cdf, normal_quantile};

/// The share of the uniform part.
const UNIFORM: f64 = 0.25;
/// Standard deviations of a peak's densities, in units of its widths.
pub(crate) const SCALES: [f64; 3] = [1.2, 2.5, 6.0];

/// A normal density on (0, 1).
struct Axis {
    centre: f64,
    width: f64,
    /// probability below 0 without the cut
    below: f64,
    /// probability inside
    mass: f64,
}

impl Axis {
    fn new(centre: f64, width: f64) -> Self {
        let below = normal_cdf(-centre / width);
        let mass = normal_cdf((1.0 - centre) / width) - below;
        Self {
            centre,
            width,
            below,
            mass,
        }
    }

    fn draw(&self, u: f64) -> f64 {
        let score = normal_quantile(self.below + u * self.mass);
        inside(self.centre + self.width * score)
    }
}

/// One part of the mixture.
struct Component {
    share: f64,
    /// log of the share and of everything constant in the density
    log_factor: f64,
    axes: Vec<Axis>,
}

impl Component {
    fn log_density(&self, x: &[f64]) -> f64 {
        let squares = self.axes.iter().zip(x);
        let squares = squares.map(|(a, x)| ((x - a.centre) / a.width).powi(2));
        self.log_factor - 0.5 * squares.sum::<f64>()
    }
}

/// The mixture; see the module.
pub(crate) struct Around {
    dim: usize,
    components: Vec<Component>,
}

impl Around {
    /// Around `peaks`, at least one.
    pub(crate) fn new(dim: usize, peaks: &[Peak]) -> Self {
        let largest = peaks
            .iter()
            .map(Peak::log_volume)
            .fold(f64::NEG_INFINITY, f64::max);
        let volume = |p: &Peak| (p.log_volume() - largest).exp();
        let all: f64 = peaks.iter().map(volume).sum();
        let component = |peak: &Peak, scale: f64| {
            let equal = 1.0 / peaks.len() as f64;
            let share = (1.0 - UNIFORM) * 0.5 * (equal + volume(peak) / all) / SCALES.len() as f64;
            let axes: Vec<Axis> = (peak.x.iter().zip(&peak.widths))
                .map(|(m, s)| Axis::new(*m, (scale * s).min(1.0)))
                .collect();
            let constants = axes.iter().map(|a| (a.width * a.mass).ln());
            Component {
                share,
                log_factor: share.ln()
                    - constants.sum::<f64>()
                    - 0.5 * (2.0 * PI).ln() * dim as f64,
                axes,
            }
        };
        let components = peaks
            .iter()
            .flat_map(|p| SCALES.map(|scale| component(p, scale)))
            .collect();
        Self { dim, components }
    }

    /// Uniform numbers that a point is made of.
    pub(crate) fn numbers(&self) -> usize {
        self.dim + 1
    }

    /// The point made of uniform numbers `u` (`[numbers]`), into `x` (`[dim]`).
    pub(crate) fn draw(&self, u: &[f64], x: &mut [f64]) {
        let (which, u) = (u[0], &u[1..]);
        let mut at = which - UNIFORM;
        x.copy_from_slice(u);
        if at < 0.0 {
            return;
        }
        for (k, component) in self.components.iter().enumerate() {
            // What rounding leaves over goes to the last.
            if at < component.share || k + 1 == self.components.len() {
                for ((x, u), axis) in x.iter_mut().zip(u).zip(&component.axes) {
                    *x = axis.draw(*u);
                }
                return;
            }
            at -= component.share;
        }
    }

    /// log q at `x` (`[dim]`).
    pub(crate) fn log_density(&self, x: &[f64]) -> f64 {
        let logs = || self.components.iter().map(|c| c.log_density(x));
        let largest = logs().fold(UNIFORM.ln(), f64::max);
        let sum: f64 = logs().map(|l| (l - largest).exp()).sum();
        largest + (sum + (UNIFORM.ln() - largest).exp()).ln()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Purpose, Streams};
    use crate::stats::Moments;

    fn peak(x: &[f64], log_f: f64, widths: &[f64]) -> Peak {
        Peak {
            x: x.to_vec(),
            log_f,
            widths: widths.to_vec(),
            curvature: None,
        }
    }

    fn mixture() -> Around {
        let peaks = [
            peak(&[0.3, 0.02, 0.5], 3.0, &[0.1, 0.2, 0.5]),
            peak(&[0.8, 0.9, 0.999], 1.0, &[0.05, 0.3, 0.1]),
        ];
        Around::new(3, &peaks)
    }

    /// Points of the uniform density, or of the mixture.
    fn points(n: usize, numbers: usize) -> Vec<f64> {
        let mut u = vec![0.0; n * numbers];
        Streams::new(5).fill_points(Purpose::Peaks, 0, 0, numbers, &mut u);
        u
    }

    #[test]
    fn the_density_integrates_to_one() {
        let mixture = mixture();
        let q: Vec<f64> = points(200_000, 3)
            .chunks_exact(3)
            .map(|x| mixture.log_density(x).exp())
            .collect();
        let found = Moments::from_slice(&q);
        assert!(found.error() < 0.02, "{found:?}");
        assert!((found.mean - 1.0).abs() < 4.0 * found.error(), "{found:?}");
    }

    /// E[g/q] over points of the mixture is the integral of g, here over parts of the cube.
    #[test]
    fn points_have_the_density() {
        let mixture = mixture();
        let draws: Vec<(Vec<f64>, f64)> = points(100_000, mixture.numbers())
            .chunks_exact(mixture.numbers())
            .map(|u| {
                let mut x = vec![0.0; 3];
                mixture.draw(u, &mut x);
                let q = mixture.log_density(&x).exp();
                (x, q)
            })
            .collect();
        // Corners of boxes, which reach up to 1.
        let corners = [
            [0.0, 0.0, 0.0],
            [0.35, 0.0, 0.0],
            [0.0, 0.9, 0.0],
            [0.7, 0.0, 0.95],
        ];
        for corner in corners {
            let volume: f64 = corner.iter().map(|c| 1.0 - c).product();
            let within = |x: &[f64]| x.iter().zip(&corner).all(|(x, c)| x > c);
            let weights: Vec<f64> = draws
                .iter()
                .map(|(x, q)| if within(x) { 1.0 / q } else { 0.0 })
                .collect();
            let found = Moments::from_slice(&weights);
            assert!(
                (found.mean - volume).abs() < 4.0 * found.error(),
                "{volume}: {found:?}"
            );
            assert!(found.error() < 0.05 * found.mean, "{volume}: {found:?}");
        }
    }
}
