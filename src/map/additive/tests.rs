use std::f64::consts::PI;

use super::*;
use crate::map::Chain;
use crate::rng::{Purpose, Streams};

/// A fit that nothing ends early.
fn of_seconds(seconds: f64) -> Patience<'static> {
    Patience {
        seconds,
        stop: &|| false,
    }
}

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
        let [law, grid] = fit.grids(1.0).unwrap();
        let map = Chain::new(vec![Box::new(law), Box::new(grid)]).unwrap();
        let s = spread(&map, dim, log_f);
        assert!(s < most, "d = {dim}: spread {s}");
    }
}

#[test]
fn the_smallest_density_is_where_all_axes_are_lowest() {
    let slopes = [1.5, 0.5];
    let (x, log) = sample(2, 512, |x| -slopes[0] * x[0] - slopes[1] * x[1]);
    let fit = Additive::fit(Sample {
        dim: 2,
        x: &x,
        log_f: &log,
        log_w: &log,
    });
    let least: f64 = slopes.map(|s: f64| s / s.exp_m1()).iter().product();
    let found = fit.unwrap().smallest_density().unwrap();
    assert!((found / least - 1.0).abs() < 1e-6, "{found} {least}");
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
    let (density, log_mass) = axis.density(1.0).unwrap();
    let edges: Vec<f64> = shares.iter().map(|s| density.quantile(*s)).collect();
    // 0.2 (e^2 - e^-1)/3 + 0.5 e^2 + 0.3 e^2/32
    let mass: f64 =
        0.2 * (2.0_f64.exp() - (-1.0_f64).exp()) / 3.0 + (0.5 + 0.3 / 32.0) * 2.0_f64.exp();
    assert!((log_mass - mass.ln()).abs() < 1e-9, "{log_mass}");
    assert!(edges.windows(2).all(|e| e[1] > e[0]), "{edges:?}");
    // ln density at the middles of two bins on the flat part and the rising one.
    let density = |k: usize| -> f64 { (0.001 / (edges[k + 1] - edges[k])).ln() };
    let at = |x: f64| edges.partition_point(|e| *e <= x) - 1;
    let rise = density(at(0.5)) - density(at(0.1));
    assert!((rise - 1.5).abs() < 0.03, "{rise}");
}

/// log of two humps of width `width` at 0.3 and 0.7 on every axis.
fn log_camel(x: &[f64], width: f64) -> f64 {
    let hump = |c: f64| -> f64 { x.iter().map(|x| -0.5 * ((x - c) / width).powi(2)).sum() };
    let (a, b) = (hump(0.3), hump(0.7));
    a.max(b) + (-(a - b).abs()).exp().ln_1p()
}

#[test]
fn two_humps_become_two_parts() {
    for dim in [2, 4] {
        let (x, log_f) = sample(dim, 4000, |x| log_camel(x, 0.12));
        let sample = Sample {
            dim,
            x: &x,
            log_f: &log_f,
            log_w: &log_f,
        };
        let mut patience = of_seconds(10.0);
        let fit = Peaked::fit(sample, &[], &mut patience).unwrap();
        assert!((0.0..10.0).contains(&patience.seconds));
        let mixture = fit.mixture(1.0).unwrap();
        // log f - log q is the same everywhere that matters.
        let mut log_jac = vec![0.0; 4000];
        mixture.inverse(&x, &mut x.clone(), &mut log_jac);
        let (mut sum, mut total) = (0.0, 0.0);
        for (f, l) in log_f.iter().zip(&log_jac) {
            let rest = f + l - fit.log_mass();
            sum += f.exp() * rest * rest;
            total += f.exp();
        }
        assert!(sum / total < 1e-3, "d = {dim}: {}", sum / total);
    }
}

#[test]
fn a_product_of_bumps_is_no_answer_to_two_peaks() {
    // Points near the two peaks alone: a product explains them, with 2^4 peaks.
    let near = |c: f64| {
        let (mut x, _) = sample(4, 1000, |_| 0.0);
        for x in &mut x {
            *x = c + 0.2 * (*x - 0.5);
        }
        x
    };
    let x: Vec<f64> = [near(0.3), near(0.7)].concat();
    let log_f: Vec<f64> = x.chunks_exact(4).map(|x| log_camel(x, 0.05)).collect();
    let sample = Sample {
        dim: 4,
        x: &x,
        log_f: &log_f,
        log_w: &log_f,
    };
    let product = Additive::fit(sample).unwrap().log_mass().unwrap();
    let mixture = Peaked::fit(sample, &[], &mut of_seconds(10.0))
        .unwrap()
        .log_mass();
    let exact = 2.0_f64.ln() + 4.0 * (0.05 * (2.0 * PI).sqrt()).ln();
    assert!((mixture - exact).abs() < 0.1, "{mixture} {exact}");
    assert!(product > exact + 1.0, "{product} {exact}");
}

#[test]
fn without_seconds_nothing_is_fitted() {
    let (x, log_f) = sample(2, 1000, |x| log_camel(x, 0.1));
    let sample = Sample {
        dim: 2,
        x: &x,
        log_f: &log_f,
        log_w: &log_f,
    };
    assert!(Peaked::fit(sample, &[], &mut of_seconds(0.0)).is_none());
}
