use super::*;
use crate::map::Chain;
use crate::rng::{Purpose, Streams};

/// Uniform points with log f.
fn sample(dim: usize, n: usize, log_f: impl Fn(&[f64]) -> f64) -> (Vec<f64>, Vec<f64>) {
    let mut x = vec![0.0; n * dim];
    Streams::new(4).fill_points(Purpose::Explore, 0, 0, dim, &mut x);
    let log_f = x.chunks_exact(dim).map(log_f).collect();
    (x, log_f)
}

/// Spread of f/q through the map of a fit.
fn spread(map: &Chain, dim: usize, log_f: impl Fn(&[f64]) -> f64) -> f64 {
    let n = 4096;
    let mut z = vec![0.0; n * dim];
    Streams::new(5).fill_points(Purpose::Estimate, 0, 0, dim, &mut z);
    let (mut x, mut log_jac) = (z.clone(), vec![0.0; n]);
    map.forward(&z, &mut x, &mut log_jac);
    let w: Vec<f64> = x
        .chunks_exact(dim)
        .zip(&log_jac)
        .map(|(x, l)| (log_f(x) + l).exp())
        .collect();
    let mean = w.iter().sum::<f64>() / n as f64;
    let square = w.iter().map(|w| (w / mean - 1.0).powi(2)).sum::<f64>() / n as f64;
    square.sqrt()
}

#[test]
fn a_product_is_found_from_uniform_points() {
    let log_f = |x: &[f64]| -> f64 {
        x.iter()
            .enumerate()
            .map(|(k, x)| -((x - 0.3 - 0.05 * k as f64) / 0.2).powi(2))
            .sum()
    };
    for (dim, n, most) in [(1, 512, 0.02), (4, 2048, 0.03), (8, 4096, 0.06)] {
        let (x, log) = sample(dim, n, log_f);
        let fit = Additive::fit(Sample {
            dim,
            x: &x,
            log_f: &log,
            log_w: &log,
        })
        .unwrap();
        let [law, grid] = fit.grids().unwrap();
        let map = Chain::new(vec![Box::new(law), Box::new(grid)]).unwrap();
        let s = spread(&map, dim, log_f);
        assert!(s < most, "d = {dim}: spread {s}");
    }
}

#[test]
fn nothing_comes_of_nothing() {
    let (x, log) = sample(2, 1000, |_| f64::NEG_INFINITY);
    let sample = Sample {
        dim: 2,
        x: &x,
        log_f: &log,
        log_w: &log,
    };
    assert!(Additive::fit(sample).is_none());
}

#[test]
fn an_axis_integrates_to_its_shares() {
    let axis = Axis {
        knots: vec![0.0, 0.2, 0.7, 1.0],
        values: vec![-1.0, 2.0, 2.0, -30.0],
        seen: vec![true; 4],
    };
    let shares: Vec<f64> = (1..1000).map(|k| f64::from(k) / 1000.0).collect();
    let edges = axis.edges(&shares);
    assert!(edges.windows(2).all(|e| e[1] > e[0]), "{edges:?}");
    // ln density at the middles of two bins on the flat part and the rising one.
    let density = |k: usize| -> f64 { (0.001 / (edges[k + 1] - edges[k])).ln() };
    let at = |x: f64| edges.partition_point(|e| *e <= x) - 1;
    let rise = density(at(0.5)) - density(at(0.1));
    assert!((rise - 1.5).abs() < 0.03, "{rise}");
}
