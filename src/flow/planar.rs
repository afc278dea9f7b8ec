//! A planar layer: z = x + u' tanh(w x + b).
//!
//! log|dz/dx| = ln(1 + c (1 - tanh^2(w x + b))), c = w u'. With u' = u + (m(w u) - w u) w/|w|^2 and
//! m(a) = ln(1 + (e - 1) e^a) - 1 > -1 the map is invertible for any parameters, and the identity for
//! u = 0. D. J. Rezende, S. Mohamed, "Variational inference with normalizing flows" (2015),
//! arXiv:1505.05770, section 4.1 and appendix A.1.
//!
//! Known weakness: the inverse has no closed form. a = w x + b solves a + c tanh a = w z + b, which rises
//! with a; Newton's method, kept within a bracket that is halved where it leaves it, finds a to rounding.
//! Raw parameters: b, w (`[d]`), u (`[d]`).

use std::f64::consts::E;

use rand_distr::{Distribution as _, StandardNormal};
use rand_pcg::Pcg64Dxsm;

use super::{
    layer::{Layer, Record, TileGradient, Work, add_sum},
    tile::Tile,
};
use crate::kernel::{TILE, lane::Real};

/// A planar layer of the first `dim` coordinates.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Planar {
    dim: usize,
}

/// The parameters of a tile, and what is made of them.
struct Plane {
    b: f64,
    w: Vec<f64>,
    u: Vec<f64>,
    /// w u
    product: f64,
    /// |w|^2
    norm: f64,
    /// c = m(w u)
    c: f64,
    /// u'
    bent: Vec<f64>,
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

impl Plane {
    fn new<R: Real>(values: &[R], dim: usize) -> Self {
        let numbers: Vec<f64> = values.iter().map(|v| v.to_f64()).collect();
        let (w, u) = (numbers[1..=dim].to_vec(), numbers[1 + dim..].to_vec());
        let (product, norm) = (dot(&w, &u), dot(&w, &w).max(f64::MIN_POSITIVE));
        // ln(1 + (e - 1) e^a), from the side on which the exponential is small
        let a = product + (E - 1.0).ln();
        let c = a.max(0.0) + (-a.abs()).exp().ln_1p() - 1.0;
        let step = (c - product) / norm;
        let bent = u
            .iter()
            .zip(&w)
            .map(|(u, w)| step.mul_add(*w, *u))
            .collect();
        Self {
            b: numbers[0],
            w,
            u,
            product,
            norm,
            c,
            bent,
        }
    }

    /// w x + b of point t.
    fn height(&self, x: &[f64], t: usize) -> f64 {
        let along = self.w.iter().enumerate().map(|(i, w)| w * x[i * TILE + t]);
        self.b + along.sum::<f64>()
    }

    /// The root a of a + c tanh a = `target`.
    fn root(&self, target: f64) -> f64 {
        let reach = self.c.abs() + f64::EPSILON * target.abs();
        let (mut low, mut high) = (target - reach, target + reach);
        let mut a = target;
        for _ in 0..200 {
            let tanh = a.tanh();
            let excess = self.c.mul_add(tanh, a - target);
            if excess > 0.0 {
                high = a;
            } else {
                low = a;
            }
            let slope = self.c.mul_add(1.0 - tanh * tanh, 1.0);
            let newton = a - excess / slope;
            let next = if newton > low && newton < high {
                newton
            } else {
                0.5 * (low + high)
            };
            if (next - a).abs() <= f64::EPSILON * a.abs() {
                return next;
            }
            a = next;
        }
        a
    }

    /// Moves point t along u' and counts the slope.
    fn step(&self, tile: &mut Tile, t: usize, tanh: f64, sign: f64) {
        for (i, u) in self.bent.iter().enumerate() {
            tile.x[i * TILE + t] += sign * u * tanh;
        }
        tile.log_q[t] += (self.c * (1.0 - tanh * tanh)).ln_1p();
    }
}

impl Planar {
    pub(crate) fn new(dim: usize) -> Self {
        Self { dim }
    }
}

impl Layer for Planar {
    fn parameter_count(&self) -> usize {
        1 + 2 * self.dim
    }

    fn initialise(&self, spread: f64, parameters: &mut [f64], rng: &mut Pcg64Dxsm) {
        let unit = 1.0 / (self.dim as f64).sqrt();
        for (k, p) in parameters.iter_mut().enumerate() {
            let normal: f64 = StandardNormal.sample(rng);
            *p = normal * if k > self.dim { spread } else { unit };
        }
    }

    fn record<R: Real>(&self, keep: bool) -> Record<R> {
        Record::of_rows(keep, self.dim)
    }

    fn to_latent<R: Real>(&self, values: &[R], tile: &mut Tile, record: &mut Record<R>) {
        record.keep_rows(tile);
        let plane = Plane::new(values, self.dim);
        for t in 0..TILE {
            let tanh = plane.height(&tile.x, t).tanh();
            plane.step(tile, t, tanh, 1.0);
        }
    }

    fn to_data<R: Real>(&self, values: &[R], tile: &mut Tile, record: &mut Record<R>) {
        let plane = Plane::new(values, self.dim);
        for t in 0..TILE {
            let tanh = plane.root(plane.height(&tile.x, t)).tanh();
            plane.step(tile, t, tanh, -1.0);
        }
        record.keep_rows(tile);
    }

    fn backward<R: Real>(
        &self,
        values: &[R],
        record: &Record<R>,
        _: &mut Work<R>,
        gradient: &mut TileGradient<R>,
        parameters: &mut [R],
    ) {
        let (d, x) = (self.dim, &record.x[..]);
        let p = Plane::new(values, d);
        let (mut by_b, mut by_c) = (0.0, 0.0);
        let (mut by_w, mut by_bent) = (vec![0.0; d], vec![0.0; d]);
        for t in 0..TILE {
            let tanh = p.height(x, t).tanh();
            let slope = 1.0 - tanh * tanh;
            let by_det = gradient.log_q[t].to_f64() / p.c.mul_add(slope, 1.0);
            let along = |(i, u): (usize, &f64)| u * gradient.x[i * TILE + t].to_f64();
            let by_tanh: f64 = p.bent.iter().enumerate().map(along).sum();
            let by_height = slope * (by_tanh - 2.0 * by_det * p.c * tanh);
            by_b += by_height;
            by_c += by_det * slope;
            for i in 0..d {
                let total = &mut gradient.x[i * TILE + t];
                by_bent[i] += total.to_f64() * tanh;
                by_w[i] += by_height * x[i * TILE + t];
                *total = R::from_f64(by_height.mul_add(p.w[i], total.to_f64()));
            }
        }
        // u' = u + k w with k = (c - w u)/|w|^2, and c = m(w u)
        let k = (p.c - p.product) / p.norm;
        let by_k = dot(&by_bent, &p.w);
        let by_c = by_c + by_k / p.norm;
        let m_slope = 1.0 - (-p.c - 1.0).exp();
        let by_product = by_c * m_slope - by_k / p.norm;
        let by_norm = -by_k * k / p.norm;
        add_sum(&mut parameters[0], by_b);
        for i in 0..d {
            let w = by_w[i] + k * by_bent[i] + 2.0 * by_norm * p.w[i] + by_product * p.u[i];
            add_sum(&mut parameters[1 + i], w);
            add_sum(&mut parameters[1 + d + i], by_bent[i] + by_product * p.w[i]);
        }
    }
}
