//! One table of every map, far from the identity: round trips, Jacobians, densities.
//!
//! One rounding of x (eps/2) comes back as |dz/dx| eps/2 in z, so errors are measured in units
//! of eps `exp|log_jac|`: where splines are nearly flat, their slopes of 1e-3 and less multiply,
//! and no inverse can do better.
#![expect(clippy::print_stdout, reason = "what was achieved is shown on demand")]

#[path = "common/flows.rs"]
mod flows;
#[path = "common/numbers.rs"]
mod numbers;
#[path = "common/passes.rs"]
mod passes;

use std::sync::{Arc, LazyLock};

use flows::{KINDS, random_flow};
use nalgebra::DMatrix;
use numbers::{std_dev, uniform};
use passes::{forward, inverse};
use thalweg::{
    Flow, FlowConfig, Map,
    flow::{Activation, Masks, Precision},
    map::{Chain, Grid, Identity, LogLinear, Permutation, ProductMixture, Rotation},
};

/// A row of the table.
struct Row {
    name: String,
    map: Box<dyn Map>,
    /// whether some of its layers see other coordinates
    coupled: bool,
    /// whether steps of 1e-6 can be seen through its conditioners
    smooth: bool,
}

/// Every map; built once for all tests.
static TABLE: LazyLock<Vec<Row>> = LazyLock::new(table);

fn table() -> Vec<Row> {
    let mut rows: Vec<Row> = configurations()
        .iter()
        .map(|(d, c)| flow_row(*d, c))
        .collect();
    let mut plain = |map: Box<dyn Map>| {
        rows.push(Row {
            name: map.describe(),
            map,
            coupled: false,
            smooth: true,
        });
    };
    plain(Box::new(Identity::new(3)));
    plain(Box::new(
        Permutation::new(vec![2, 0, 3, 1]).expect("a permutation"),
    ));
    plain(Box::new(grid(1, 7)));
    plain(Box::new(grid(2, 20)));
    plain(Box::new(grid(5, 100)));
    plain(Box::new(Rotation::new(1, vec![-1.0]).expect("a mirror")));
    for dim in [2, 4, 8] {
        plain(Box::new(rotation(dim, 12)));
    }
    for dim in [1, 3, 8] {
        plain(Box::new(mixture(dim, 14)));
    }
    for dim in [2, 5] {
        let maps: Vec<Box<dyn Map>> = vec![Box::new(grid(dim, 12)), Box::new(rotation(dim, 13))];
        plain(Box::new(Chain::new(maps).expect("one dimension")));
    }
    let shared: Arc<dyn Map> = Arc::new(grid(2, 15));
    let maps: Vec<Box<dyn Map>> = vec![Box::new(rotation(2, 13)), Box::new(shared)];
    plain(Box::new(Chain::new(maps).expect("one dimension")));
    let flow = |precision, seed| -> Box<dyn Map> {
        let config = FlowConfig {
            precision,
            ..FlowConfig::default()
        };
        Box::new(random_flow(2, &config, seed))
    };
    let swap = Permutation::new(vec![1, 0]).expect("a permutation");
    for precision in [Precision::F32, Precision::F64] {
        let maps: Vec<Box<dyn Map>> = vec![
            flow(precision, 3),
            Box::new(swap.clone()),
            Box::new(grid(2, 10)),
            Box::new(Identity::new(2)),
        ];
        let map = Box::new(Chain::new(maps).expect("one dimension"));
        let smooth = precision == Precision::F64;
        rows.push(Row {
            name: map.describe(),
            map,
            coupled: true,
            smooth,
        });
    }
    rows
}

/// Every architecture of the table with its dimension.
fn configurations() -> Vec<(usize, FlowConfig)> {
    let mut all = Vec::new();
    for spline in KINDS {
        for precision in [Precision::F32, Precision::F64] {
            let base = FlowConfig {
                spline,
                precision,
                ..FlowConfig::default()
            };
            for bins in [8, 10, 16] {
                all.push((
                    1,
                    FlowConfig {
                        bins,
                        ..base.clone()
                    },
                ));
                let random = Masks::Random { couplings: 4 };
                for masks in [Masks::Binary, Masks::Halves { couplings: 3 }, random] {
                    for dim in [2, 3, 5, 8] {
                        all.push((
                            dim,
                            FlowConfig {
                                bins,
                                masks,
                                ..base.clone()
                            },
                        ));
                    }
                }
            }
            let activation = Activation::Relu;
            let elementwise = FlowConfig {
                elementwise_bins: 12,
                activation,
                ..base
            };
            all.extend([1, 2, 5].map(|dim| (dim, elementwise.clone())));
        }
    }
    all
}

fn flow_row(dim: usize, config: &FlowConfig) -> Row {
    let FlowConfig {
        spline,
        bins,
        masks,
        precision,
        elementwise_bins,
        ..
    } = config;
    let name = format!("{spline:?} d{dim} {bins} {masks:?} {precision:?} +{elementwise_bins}");
    let map = Box::new(random_flow(dim, config, 7));
    Row {
        name,
        map,
        coupled: dim > 1,
        smooth: *precision == Precision::F64,
    }
}

/// A grid with random edges.
fn grid(dim: usize, bins: usize) -> Grid {
    let edges = uniform(dim * (bins - 1), 11)
        .chunks_exact(bins - 1)
        .flat_map(|inner| {
            let shift = |(k, u): (usize, &f64)| ((k + 1) as f64 + 0.9 * (u - 0.5)) / bins as f64;
            let mut axis = vec![0.0];
            axis.extend(inner.iter().enumerate().map(shift));
            axis.push(1.0);
            axis
        })
        .collect();
    Grid::from_edges(dim, edges).expect("rising edges")
}

/// A mixture of two products with random log densities.
fn mixture(dim: usize, seed: u64) -> ProductMixture {
    let knots = 9;
    let numbers = uniform(2 * dim * knots, seed);
    let mut axes = numbers.chunks_exact(knots).map(|values| {
        let knots = (0..knots).map(|k| k as f64 / (knots - 1) as f64).collect();
        let values = values.iter().map(|u| 3.0 * u).collect();
        LogLinear::new(knots, values).expect("rising knots")
    });
    let components = [1.0, 3.0].map(|share| (share, axes.by_ref().take(dim).collect()));
    ProductMixture::new(components.into()).expect("two products")
}

/// A rotation by random axes.
fn rotation(dim: usize, seed: u64) -> Rotation {
    let entries = uniform(dim * dim, seed);
    let random = DMatrix::from_fn(dim, dim, |i, j| entries[i * dim + j] - 0.5);
    let axes = random.qr().q().as_slice().to_vec();
    Rotation::new(dim, axes).expect("an orthogonal matrix")
}

/// Largest distance of two points on any axis, for each point.
fn distances(dim: usize, a: &[f64], b: &[f64]) -> Vec<f64> {
    let axes = a.chunks_exact(dim).zip(b.chunks_exact(dim));
    axes.map(|(a, b)| {
        a.iter()
            .zip(b)
            .fold(0.0, |m: f64, (a, b)| m.max((a - b).abs()))
    })
    .collect()
}

/// Largest of `errors` in units of eps exp|`log_jac`|.
fn in_roundings(errors: &[f64], log_jac: &[f64]) -> f64 {
    let relative = errors
        .iter()
        .zip(log_jac)
        .map(|(e, l)| e / (f64::EPSILON * l.abs().exp()));
    relative.fold(0.0, f64::max)
}

fn largest(values: &[f64]) -> f64 {
    values.iter().copied().fold(0.0, f64::max)
}

#[test]
fn the_table_is_far_from_the_identity() {
    for row in TABLE.iter().filter(|row| row.coupled) {
        let spread = std_dev(&forward(row.map.as_ref(), &uniform(4096 * row.map.dim(), 5)).1);
        assert!((1.0..3.0).contains(&spread), "{}: {spread}", row.name);
    }
}

#[test]
fn latent_points_come_back() {
    let mut worst = (0.0_f64, 0.0_f64, 0.0_f64);
    for row in TABLE.iter() {
        let (map, dim) = (row.map.as_ref(), row.map.dim());
        let z = uniform(1000 * dim, 21);
        let (x, there) = forward(map, &z);
        let (again, back) = inverse(map, &x);
        assert!(
            x.iter().chain(&again).all(|v| *v > 0.0 && *v < 1.0),
            "{}",
            row.name
        );
        let errors = distances(dim, &z, &again);
        let error = (largest(&errors), in_roundings(&errors, &there));
        // In the sum log_jac a steep layer can hide a flat one, which may be as flat as 1/1000.
        assert!(
            error.0 < 1e-12 && error.1 < 1000.0,
            "{}: {error:?}",
            row.name
        );
        let log_jac = largest(&distances(1, &there, &back));
        assert!(
            log_jac < 1e-10,
            "{}: log_jac differs by {log_jac}",
            row.name
        );
        worst = (
            error.0.max(worst.0),
            error.1.max(worst.1),
            log_jac.max(worst.2),
        );
    }
    let (error, roundings, log_jac) = worst;
    println!("z -> x -> z: worst {error:.1e}, {roundings:.1} eps exp|log_jac|, {log_jac:.1e}");
}

#[test]
fn data_points_come_back() {
    let mut worst = (0.0_f64, 0.0_f64);
    for row in TABLE.iter() {
        let (map, dim) = (row.map.as_ref(), row.map.dim());
        let x = uniform(1000 * dim, 22);
        let (z, there) = inverse(map, &x);
        let errors = distances(dim, &x, &forward(map, &z).0);
        let error = (largest(&errors), in_roundings(&errors, &there));
        worst = (error.0.max(worst.0), error.1.max(worst.1));
        // One-dimensional rows get their spread from extremes: two layers with dx/dz up to 1e10.
        let most = if dim == 1 { 1e-5 } else { 1e-9 };
        assert!(error.0 < most && error.1 < 100.0, "{}: {error:?}", row.name);
    }
    println!(
        "x -> z -> x: worst {:.1e}, {:.1} eps exp|log_jac|",
        worst.0, worst.1
    );
}

#[test]
fn corners_stay_strictly_inside() {
    for row in TABLE.iter() {
        let (low, high) = (f64::EPSILON / 2.0, 1.0 - f64::EPSILON / 2.0);
        for corner in [low, high] {
            let at = vec![corner; row.map.dim()];
            let (x, l) = forward(row.map.as_ref(), &at);
            let (z, m) = inverse(row.map.as_ref(), &at);
            assert!(
                x.iter().chain(&z).all(|v| *v > 0.0 && *v < 1.0),
                "{}",
                row.name
            );
            assert!(l[0].is_finite() && m[0].is_finite(), "{}", row.name);
        }
    }
}

#[test]
fn neighbours_in_a_batch_do_not_matter() {
    for row in TABLE.iter() {
        let (map, dim) = (row.map.as_ref(), row.map.dim());
        let z = uniform(131 * dim, 23);
        let (x, log_jac) = forward(map, &z);
        for i in [0, 63, 64, 127, 130] {
            let (own, l) = forward(map, &z[i * dim..(i + 1) * dim]);
            assert_eq!(own, x[i * dim..(i + 1) * dim], "{} point {i}", row.name);
            assert_eq!(
                l[0].to_bits(),
                log_jac[i].to_bits(),
                "{} point {i}",
                row.name
            );
        }
    }
}

/// log|det dx/dz| at one latent point by central differences.
fn numeric_log_jac(map: &dyn Map, z: &[f64], step: f64) -> f64 {
    let dim = map.dim();
    let mut around = z.repeat(2 * dim);
    for axis in 0..dim {
        around[2 * axis * dim + axis] += step;
        around[(2 * axis + 1) * dim + axis] -= step;
    }
    let (x, _) = forward(map, &around);
    let derivative = |row: usize, axis: usize| {
        let width = around[2 * axis * dim + axis] - around[(2 * axis + 1) * dim + axis];
        (x[2 * axis * dim + row] - x[(2 * axis + 1) * dim + row]) / width
    };
    DMatrix::from_fn(dim, dim, derivative)
        .determinant()
        .abs()
        .ln()
}

/// Points whose differences straddle a knot or a kink of an activation are recognised by two
/// steps that disagree; they must be few. Single-precision conditioners turn small steps into
/// stairs and are compared with double ones in the next test instead.
#[test]
fn log_jac_is_the_determinant() {
    let (mut points, mut skipped, mut worst) = (0.0, 0.0, 0.0_f64);
    for row in TABLE.iter().filter(|row| row.smooth) {
        let (map, dim) = (row.map.as_ref(), row.map.dim());
        let z = uniform(40 * dim, 24);
        let (_, log_jac) = forward(map, &z);
        for (z, log_jac) in z.chunks_exact(dim).zip(log_jac) {
            let [coarse, fine] = [1e-6, 5e-7].map(|step| numeric_log_jac(map, z, step));
            points += 1.0;
            if (coarse - fine).abs() > 1e-5 {
                skipped += 1.0;
                continue;
            }
            let error = (fine - log_jac).abs();
            worst = worst.max(error);
            assert!(error < 3e-5, "{} at {z:?}: {fine} and {log_jac}", row.name);
        }
    }
    println!("determinants: worst {worst:.1e}, skipped {skipped} of {points}");
    assert!(skipped < 0.02 * points, "{skipped} of {points} skipped");
}

#[test]
fn single_precision_is_near_double() {
    let mut worst = 0.0_f64;
    for (dim, config) in configurations()
        .iter()
        .filter(|(_, c)| c.precision == Precision::F32)
    {
        let single = random_flow(*dim, config, 7);
        let config = FlowConfig {
            precision: Precision::F64,
            ..config.clone()
        };
        let mut double = Flow::new(*dim, &config, 7).unwrap();
        double.set_parameters(single.parameters()).unwrap();
        // Backwards, because there the first layers see the very same points.
        let x = uniform(500 * dim, 25);
        let mut errors = distances(1, &inverse(&single, &x).1, &inverse(&double, &x).1);
        errors.sort_by(f64::total_cmp);
        // A knot may lie between the two: some points of linear splines differ by a step.
        worst = worst.max(errors[490]);
        assert!(errors[490] < 1e-3, "{dim} {config:?}: {:?}", &errors[480..]);
    }
    println!("single against double precision: {worst:.1e}");
}

/// The integral of the density over the cube by midpoints: cells whose four (or two) parts do
/// not add up to the whole are divided again, at most `depth` times.
fn total_density(map: &dyn Map, depth: usize) -> f64 {
    let dim = map.dim();
    let parts = 1 << dim;
    let cells: u32 = if dim == 1 { 1 << 14 } else { 256 };
    let mut width = 1.0 / f64::from(cells);
    let axis = |k: u32| (f64::from(k) + 0.5) / f64::from(cells);
    let mut centres: Vec<f64> = match dim {
        1 => (0..cells).map(axis).collect(),
        _ => (0..cells * cells)
            .flat_map(|i| [i / cells, i % cells].map(axis))
            .collect(),
    };
    let densities = |x: &[f64]| {
        inverse(map, x)
            .1
            .iter()
            .map(|l| (-l).exp())
            .collect::<Vec<_>>()
    };
    let mut whole = densities(&centres);
    let mut total = 0.0;
    for level in 0..=depth {
        let quarter = width / 4.0;
        let step = |part: usize, axis: usize| {
            if part >> axis & 1 == 1 {
                quarter
            } else {
                -quarter
            }
        };
        let halved: Vec<f64> = centres
            .chunks_exact(dim)
            .flat_map(|c| (0..parts).flat_map(move |p| (0..dim).map(move |a| c[a] + step(p, a))))
            .collect();
        let finer = densities(&halved);
        let cell = if dim == 1 { width } else { width * width };
        (centres, width) = (Vec::new(), width / 2.0);
        let mut next = Vec::new();
        for (i, (whole, finer)) in whole.iter().zip(finer.chunks_exact(parts)).enumerate() {
            let mean = finer.iter().sum::<f64>() / parts as f64;
            if level == depth || (mean - whole).abs() * cell < 2e-6 {
                total += mean * cell;
            } else {
                centres.extend_from_slice(&halved[i * parts * dim..(i + 1) * parts * dim]);
                next.extend_from_slice(finer);
            }
        }
        whole = next;
    }
    total
}

#[test]
fn densities_integrate_to_one() {
    let mut worst = (0.0, "");
    // In two dimensions some of the rows are enough: single precision, no 10 bins.
    let some = |row: &&Row| match row.map.dim() {
        1 => true,
        dim => dim == 2 && !(row.coupled && row.smooth) && !row.name.contains(" 10 "),
    };
    for row in TABLE.iter().filter(some) {
        let error = (total_density(row.map.as_ref(), 7) - 1.0).abs();
        if error > worst.0 {
            worst = (error, &row.name);
        }
        // Midpoints do not converge fast at the steps of linear splines.
        let most = if row.name.starts_with("Linear") {
            3e-2
        } else {
            1e-2
        };
        assert!(error < most, "{}: {error}", row.name);
    }
    println!("densities: {worst:?}");
}

#[test]
fn a_new_flow_is_the_identity() {
    for (dim, config) in configurations() {
        let flow = Flow::new(dim, &config, 5).unwrap();
        let z = uniform(200 * dim, 26);
        let (x, log_jac) = forward(&flow, &z);
        let (y, log_q) = inverse(&flow, &z);
        let worst = largest(&distances(dim, &z, &x)).max(largest(&distances(dim, &z, &y)));
        assert!(worst < 1e-14, "{config:?}: {worst:.1e}");
        assert!(
            log_jac.iter().chain(&log_q).all(|l| l.abs() < 1e-13),
            "{config:?}"
        );
    }
}

type Polynomial = fn(&[f64]) -> f64;

/// Means of polynomials over uniform z, against the exact ones of uniform x.
#[test]
fn rotations_preserve_the_measure() {
    let polynomials: [(Polynomial, f64); 5] = [
        (|x| x[0], 1.0 / 2.0),
        (|x| x[1] * x[1], 1.0 / 3.0),
        (|x| x[0] * x[1], 1.0 / 4.0),
        (|x| x[0].powi(3) * x[1], 1.0 / 8.0),
        (|x| (x[0] * x[1]).powi(4), 1.0 / 25.0),
    ];
    let (mut squares, mut largest, mut pulls) = (0.0, 0.0_f64, 0.0);
    for seed in 0..60 {
        let dim = [2, 3, 6][seed % 3];
        let seed = seed as u64;
        let n = 5000;
        let (x, log_jac) = forward(&rotation(dim, seed), &uniform(n * dim, 1000 + seed));
        assert!(log_jac.iter().all(|l| l.to_bits() == 0));
        for (polynomial, exact) in polynomials {
            let values: Vec<f64> = x.chunks_exact(dim).map(polynomial).collect();
            let mean = values.iter().sum::<f64>() / n as f64;
            let pull = (mean - exact) / (std_dev(&values) / (n as f64).sqrt());
            squares += pull * pull;
            largest = largest.max(pull.abs());
            pulls += 1.0;
        }
    }
    println!(
        "measure of rotations: pulls^2 {}, largest {largest}",
        squares / pulls
    );
    assert!(largest < 4.5, "{largest}");
    // Pulls of one seed are correlated: a wide band around 1.
    assert!(
        (0.7..1.4).contains(&(squares / pulls)),
        "{}",
        squares / pulls
    );
}
