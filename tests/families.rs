//! One table of all families of flows: round trips, Jacobians, gradients, files, normalisation.
#![expect(clippy::print_stdout, reason = "what was achieved is shown on demand")]

#[path = "common/numbers.rs"]
mod numbers;
#[path = "common/passes.rs"]
mod passes;

use std::sync::LazyLock;

use nalgebra::DMatrix;
use numbers::{std_dev, uniform};
use passes::{far, forward, inverse};
use statrs::distribution::{Continuous as _, ContinuousCDF as _, Normal};
use thalweg::{
    Domain, Flow, FlowConfig, Map as _, Sampler,
    flow::{Architecture, Family, LayerConfig, Precision, Spline, SplineKind, Stack, Transform},
};

/// A row of the table.
struct Row {
    name: String,
    flow: Flow,
    /// whether draws are made by root finding
    roots: bool,
    /// parameters without effect on the density: a turn of an angle that nothing sees afterwards, or a unit
    /// that sees nothing
    idle: usize,
}

/// Every family in every dimension that it has, with conditioners in double precision.
static TABLE: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let mut rows = Vec::new();
    for family in Family::ALL {
        for dim in [1, 2, 3, 8] {
            if dim >= family.least_dim() {
                let stack = Stack {
                    hidden: vec![10, 8],
                    precision: Precision::F64,
                    ..family.stack(2)
                };
                rows.push(row(format!("{family:?} d{dim}"), dim, stack.into()));
                let row = rows.last_mut().expect("a row");
                row.roots = family == Family::Planar;
                if (family, dim) == (Family::RecurrentMaf, 1) {
                    row.idle = 2 * unseen(8, 2);
                }
            }
        }
    }
    for (dim, context, periodic) in [
        (1, 0, vec![0]),
        (2, 0, vec![1]),
        (3, 1, vec![0]),
        (2, 1, vec![]),
    ] {
        let name = format!("couplings d{dim}, context {context}, periodic {periodic:?}");
        let config = FlowConfig {
            hidden: vec![10, 8],
            precision: Precision::F64,
            context,
            periodic,
            ..FlowConfig::default()
        };
        rows.push(row(name, dim, config.into()));
        // The shift of the last function of an angle: alone, or made by a bias and 8 hidden units.
        rows.last_mut().expect("a row").idle = match (dim, context) {
            (1, 0) => 1,
            (3, 1) => 9,
            _ => 0,
        };
    }
    for family in [
        Family::RealNvp,
        Family::Maf,
        Family::SplineIaf,
        Family::RecurrentMaf,
    ] {
        let stack = Stack {
            hidden: vec![10, 8],
            precision: Precision::F64,
            context: 1,
            ..family.stack(2)
        };
        rows.push(row(format!("{family:?} d3, context 1"), 3, stack.into()));
    }
    for dim in [1, 2, 3, 8] {
        let layer = LayerConfig::Recurrent {
            transform: Transform::Spline(Spline {
                kind: SplineKind::RationalQuadratic,
                bins: 8,
            }),
        };
        let stack = Stack {
            layers: vec![layer, LayerConfig::Reverse, layer],
            hidden: vec![5],
            precision: Precision::F64,
            ..Stack::default()
        };
        rows.push(row(format!("recurrent splines d{dim}"), dim, stack.into()));
        if dim == 1 {
            rows.last_mut().expect("a row").idle = 2 * unseen(5, 25);
        }
    }
    rows
});

/// Parameters of a recurrent layer without effect where there is one coordinate and no context: its unit sees
/// nothing but zeros, and with the biases of the start its state is zero, so that what is left are the
/// biases of the output and of the state.
fn unseen(features: usize, outputs: usize) -> usize {
    let unit = 3 * features * (2 + features) + 2 * features;
    unit + (1 + features) * outputs
}

fn row(name: String, dim: usize, architecture: Architecture) -> Row {
    let flow = Flow::of(dim, architecture, 7).expect("a valid architecture");
    // Wider shifts and scales leave the base's tails rather than spread log_jac.
    let flow = far(flow, 7, 0.5);
    Row {
        name,
        flow,
        roots: false,
        idle: 0,
    }
}

/// Points whose coordinates are no nearer to the ends than 1e-3, where the quantiles of normal
/// distributions have steep slopes that differences cannot follow.
fn points(n: usize, seed: u64) -> Vec<f64> {
    let inner = |u: f64| 1e-3 + (1.0 - 2e-3) * u;
    uniform(n, seed).into_iter().map(inner).collect()
}

fn largest(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(0.0, f64::max)
}

#[test]
fn the_table_is_far_from_the_identity() {
    for row in TABLE.iter() {
        let dim = row.flow.dim();
        let spread = std_dev(&forward(&row.flow, &uniform(4096 * dim, 5)).1);
        println!("{}: log_jac spreads by {spread:.2}", row.name);
        let least = if dim == 1 { 0.4 } else { 1.0 };
        assert!((least..3.0).contains(&spread), "{}: {spread}", row.name);
    }
}

/// Distance of the nearest coordinate to an end of the unit interval.
fn room(x: &[f64]) -> f64 {
    x.iter().fold(1.0, |m, x| m.min(*x).min(1.0 - x))
}

/// One rounding of a coordinate near an end of the unit interval is a part of its distance from there,
/// and errors are measured in these where they are larger. What is within 1e-12 of an end is left out,
/// as its place among the reals is known to three digits or fewer.
#[test]
fn points_come_back() {
    for row in TABLE.iter() {
        let dim = row.flow.dim();
        let z = points(1000 * dim, 21);
        let (x, there) = forward(&row.flow, &z);
        let (again, back) = inverse(&row.flow, &x);
        let limit = if row.roots { 1e-6 } else { 1e-10 };
        let (mut worst, mut lost) = (0.0_f64, 0);
        for i in 0..1000 {
            let at = i * dim..(i + 1) * dim;
            let room = room(&x[at.clone()]);
            if room < 1e-12 {
                lost += 1;
                continue;
            }
            let pairs = z[at.clone()].iter().zip(&again[at]);
            let error = largest(pairs.map(|(a, b)| (a - b).abs()));
            let difference = (there[i] - back[i]).abs();
            let rounding = 40.0 * f64::EPSILON / room;
            worst = worst.max(error);
            let name = &row.name;
            assert!(error < limit + rounding, "{name}: {error:e}, {room:e}");
            assert!(
                difference < 10.0 * (limit + rounding),
                "{name}: {difference:e}, {room:e}"
            );
        }
        println!("{}: worst {worst:.1e}, {lost} at an end", row.name);
        assert!(lost <= 20, "{}: {lost} of 1000 at an end", row.name);
    }
}

/// log|det dx/dz| at one latent point by central differences; a context is held.
fn numeric_log_jac(flow: &Flow, z: &[f64], step: f64) -> f64 {
    let (all, dim) = (flow.dim(), flow.dim() - flow.architecture().context());
    let mut around = z.repeat(2 * dim);
    for axis in 0..dim {
        let step = step * z[axis].min(1.0 - z[axis]);
        around[2 * axis * all + axis] += step;
        around[(2 * axis + 1) * all + axis] -= step;
    }
    let (x, _) = forward(flow, &around);
    let derivative = |row: usize, axis: usize| {
        let (up, down) = (2 * axis * all, (2 * axis + 1) * all);
        (x[up + row] - x[down + row]) / (around[up + axis] - around[down + axis])
    };
    DMatrix::from_fn(dim, dim, derivative)
        .determinant()
        .abs()
        .ln()
}

/// Points whose differences straddle a knot or a kink, or are near an end at the other side, are
/// recognised by two steps that disagree; they must be few.
#[test]
fn log_jac_is_the_determinant() {
    for row in TABLE.iter() {
        let dim = row.flow.dim();
        let z = points(100 * dim, 24);
        let (x, log_jac) = forward(&row.flow, &z);
        let (mut skipped, mut worst) = (0, 0.0_f64);
        let points = z.chunks_exact(dim).zip(x.chunks_exact(dim));
        for ((z, x), log_jac) in points.zip(log_jac) {
            let [coarse, fine] = [1e-5, 5e-6].map(|step| numeric_log_jac(&row.flow, z, step));
            if room(x) < 1e-9 || (coarse - fine).abs() > 3e-7 {
                skipped += 1;
                continue;
            }
            let error = (fine - log_jac).abs();
            worst = worst.max(error);
            assert!(error < 1e-6, "{} at {z:?}: {fine} and {log_jac}", row.name);
        }
        println!("{}: worst {worst:.1e}, skipped {skipped}", row.name);
        assert!(skipped <= 15, "{}: {skipped} of 100 skipped", row.name);
    }
}

/// The gradient of `sum_i w_i log q(x_i)` with random weights, component by component; a kink between
/// the points of a difference is recognised by two steps that disagree.
#[test]
fn every_parameter_has_its_exact_gradient() {
    for row in TABLE.iter() {
        let dim = row.flow.dim();
        // Points everywhere, so that each bin of a spline has some.
        let (drawn, _) = forward(&row.flow, &points(64 * dim, 31));
        let x = [drawn, points(64 * dim, 33)].concat();
        let weights = uniform(128, 32);
        let (_, exact) = row.flow.gradient(&x, |i, _| weights[i]);
        let size = largest(exact.iter().map(|g| g.abs()));
        let mut changed = row.flow.clone();
        let mut sum = |p: usize, step: f64| -> f64 {
            let mut parameters = row.flow.parameters().to_vec();
            parameters[p] += step;
            changed.set_parameters(&parameters).expect("finite");
            let log_jac = inverse(&changed, &x).1;
            weights.iter().zip(log_jac).map(|(w, l)| -w * l).sum()
        };
        let (mut skipped, mut zeros, mut worst) = (0, 0, 0.0_f64);
        for (p, exact) in exact.iter().enumerate() {
            let [coarse, fine] = [1e-6, 5e-7].map(|h| (sum(p, h) - sum(p, -h)) / (2.0 * h));
            let scale = exact.abs().max(1e-3 * size);
            zeros += usize::from(*exact == 0.0);
            if (coarse - fine).abs() > 1e-5 * scale {
                skipped += 1;
                continue;
            }
            let error = (fine - exact).abs() / scale;
            worst = worst.max(error);
            assert!(
                error < 1e-5,
                "{}, parameter {p}: {fine} and {exact}",
                row.name
            );
        }
        let all = exact.len();
        println!(
            "{}: {all} parameters, worst {worst:.1e}, {skipped} skipped, {zeros} zeros",
            row.name
        );
        assert!(
            skipped <= 1 + all / 20,
            "{}: {skipped} of {all} skipped",
            row.name
        );
        let expected = hidden_weights(&row.flow) + row.idle;
        assert_eq!(zeros, expected, "{}: without effect", row.name);
    }
}

/// Parameters that stay zero whatever they are set to: weights that masks hide.
fn hidden_weights(flow: &Flow) -> usize {
    let mut changed = flow.clone();
    let ones = vec![1.0; flow.parameters().len()];
    changed.set_parameters(&ones).expect("finite");
    changed.parameters().iter().filter(|p| **p == 0.0).count()
}

#[test]
fn files_keep_every_bit() {
    for row in TABLE.iter() {
        let domain = Domain::unit(row.flow.dim());
        let sampler = Sampler::new(Box::new(row.flow.clone()), domain).unwrap();
        let again = Sampler::from_bytes(&sampler.to_bytes().unwrap()).unwrap();
        let (a, b) = (sampler.draw(100, 3, 0), again.draw(100, 3, 0));
        assert_eq!(a.points, b.points, "{}", row.name);
        assert_eq!(a.log_density, b.log_density, "{}", row.name);
    }
}

/// The integral of the density over the cube, given what there is of context: one random point in each
/// cell of a grid among the reals, x = Phi(t), as bins of splines can be narrower than the cells; with
/// half the parameters, so that they seldom are.
#[test]
fn densities_are_normalised() {
    let normal = Normal::standard();
    for row in TABLE.iter() {
        let context = row.flow.architecture().context();
        let dim = row.flow.dim() - context;
        if dim > 2 {
            continue;
        }
        let mut flow = row.flow.clone();
        let halved: Vec<f64> = flow.parameters().iter().map(|p| 0.5 * p).collect();
        flow.set_parameters(&halved).expect("finite");
        let (cells, reach): (usize, f64) = (if dim == 1 { 1 << 16 } else { 1500 }, 7.5);
        let width = 2.0 * reach / cells as f64;
        let mut total = 0.0;
        for first in 0..if dim == 1 { 1 } else { cells } {
            let jitter = uniform(cells * dim, 1000 + first as u64);
            let (mut x, mut weights) = (Vec::new(), Vec::new());
            for (second, jitter) in jitter.chunks_exact(dim).enumerate() {
                let mut weight = 1.0;
                for (cell, u) in [second, first].iter().zip(jitter) {
                    let t = (*cell as f64 + u).mul_add(width, -reach);
                    x.push(normal.cdf(t));
                    weight *= normal.pdf(t) * width;
                }
                x.extend(vec![0.3; context]);
                weights.push(weight);
            }
            let log_jac = inverse(&flow, &x).1;
            let parts = weights.iter().zip(log_jac);
            total += parts.map(|(w, l)| w * (-l).exp()).sum::<f64>();
        }
        // What the flow has beyond the grid's ends, by drawing.
        let draws = 100_000;
        let (x, _) = forward(&flow, &uniform(draws * row.flow.dim(), 41));
        let end = normal.cdf(-reach);
        let beyond = |x: &&[f64]| x[..dim].iter().any(|x| *x < end || *x > 1.0 - end);
        let beyond = x.chunks_exact(row.flow.dim()).filter(beyond).count() as f64;
        let (missing, error) = (beyond / draws as f64, beyond.sqrt() / draws as f64);
        println!("{}: {total:.7} and {missing:.7} beyond", row.name);
        let excess = total + missing - 1.0;
        assert!(
            excess.abs() < 3e-4 + 4.0 * error,
            "{}: {total}, {missing}",
            row.name
        );
    }
}
