//! The matrix element with a gluon where the gluon becomes soft or collinear, and integrated over the
//! lepton's angles.

use std::f64::consts::PI;

use thalweg_process::phase_space::TwoBody;
use thalweg_process::umami::{Umami, UmamiSettings};
use thalweg_process::{Kinematics, MatrixElement as _};

use super::provider;

const ALPHA_S: f64 = 0.118;
const COLOR: f64 = 4.0 / 3.0;

fn library(name: &str, particles: usize) -> Umami {
    let settings = UmamiSettings {
        alpha_s: particles == 5,
        flavor: true,
        ..UmamiSettings::default()
    };
    let path = provider(name).expect("it compiles");
    Umami::open(&path, particles, &settings).expect("it is a library")
}

/// |M|^2 of one event.
fn squared(library: &Umami, momenta: &[[f64; 4]], flavor: i32) -> f64 {
    let columns: Vec<f64> = (0..4)
        .flat_map(|component| momenta.iter().map(move |p| p[component]))
        .collect();
    let mut value = [0.0];
    let event = Kinematics {
        momenta: &columns,
        alpha_s: &[ALPHA_S],
        flavor,
    };
    library
        .evaluate(&event, &mut value)
        .expect("it is evaluated");
    value[0]
}

/// Quark and antiquark with energies in `GeV`, and leptons in the direction of `r`.
fn event(energies: [f64; 2], gluon: Option<[f64; 4]>, r: [f64; 2]) -> Vec<[f64; 4]> {
    let [a, b] = energies;
    let mut pair = [a + b, 0.0, 0.0, a - b];
    if let Some(gluon) = gluon {
        for (component, taken) in pair.iter_mut().zip(gluon) {
            *component -= taken;
        }
    }
    let mass2 = pair[0].powi(2) - pair[1..].iter().map(|p| p * p).sum::<f64>();
    let decay = TwoBody {
        masses: [mass2.sqrt(), 0.0, 0.0],
    };
    let [minus, plus] = decay.generate(pair, r);
    let mut momenta = vec![[a, 0.0, 0.0, a], [b, 0.0, 0.0, -b], minus, plus];
    momenta.extend(gluon);
    momenta
}

#[test]
fn a_soft_gluon_factorises() {
    // |M_g|^2 -> 4 pi alpha_s C_F 2 p1.p2/(p1.k p2.k) |M|^2
    let (with, without) = (library("qq_mumug", 5), library("qq_mumu", 4));
    for flavor in 0..5 {
        for r in [[0.2, 0.1], [0.7, 0.6]] {
            let plain = squared(&without, &event([50.0, 50.0], None, r), flavor);
            // What is left is of first order in the gluon's energy, and steep as 100 GeV is near the Z.
            let rest = |energy: f64| {
                let (cos, sin): (f64, f64) = (0.6, 0.8);
                let gluon = [energy, energy * sin, 0.0, energy * cos];
                let soft = squared(&with, &event([50.0, 50.0], Some(gluon), r), flavor);
                let product = 2500.0 * energy * energy * (1.0 - cos) * (1.0 + cos);
                let eikonal = 4.0 * PI * ALPHA_S * COLOR * 2.0 * 5000.0 / product;
                soft / (eikonal * plain) - 1.0
            };
            let (far, near) = (rest(1e-2), rest(1e-4));
            assert!(near.abs() < 1e-4, "{flavor}: {near}");
            assert!((far / near - 100.0).abs() < 5.0, "{flavor}: {far} {near}");
        }
    }
}

#[test]
fn a_collinear_gluon_factorises() {
    // |M_g|^2 -> 8 pi alpha_s/(2 p1.k) C_F (1 + z^2)/(1 - z) |M(z p1)|^2/z
    let (with, without) = (library("qq_mumug", 5), library("qq_mumu", 4));
    for (flavor, z) in [(0, 0.9), (1, 0.6), (3, 0.8)] {
        let r = [0.35, 0.15];
        let energy = (1.0 - z) * 50.0;
        let plain = squared(&without, &event([z * 50.0, 50.0], None, r), flavor);
        for (angle, tolerance) in [(1e-3, 3e-3), (1e-5, 3e-5)] {
            let (sin, cos) = f64::sin_cos(angle);
            let gluon = [energy, energy * sin, 0.0, energy * cos];
            let collinear = squared(&with, &event([50.0, 50.0], Some(gluon), r), flavor);
            let half = 0.5_f64 * angle;
            let invariant = 2.0 * 50.0 * energy * 2.0 * half.sin().powi(2);
            let splitting = COLOR * (1.0 + z * z) / (1.0 - z);
            let expected = 8.0 * PI * ALPHA_S / invariant * splitting * plain / z;
            let ratio = collinear / expected;
            assert!(
                (ratio - 1.0).abs() < tolerance,
                "{flavor} {z} {angle}: {ratio}"
            );
        }
    }
}

#[test]
fn without_the_leptons_angles_it_is_that_of_a_heavy_photon() {
    // (t^2 + u^2 + 2 s Q^2)/(t u), Altarelli, Ellis, Martinelli 1979, Nucl. Phys. B 157, 461.
    let with = library("qq_mumug", 5);
    let average = |gluon: [f64; 4]| {
        // |M|^2 is of second degree in the direction of a lepton in the rest frame of both: two Gauss
        // points are exact in the cosine, four even ones in the azimuth.
        let mut sum = 0.0;
        for cos in [-1.0, 1.0].map(|sign| sign / 3.0_f64.sqrt()) {
            for phi in [0.125, 0.375, 0.625, 0.875] {
                let r = [0.5 * (1.0 + cos), phi];
                sum += squared(&with, &event([50.0, 50.0], Some(gluon), r), 1);
            }
        }
        sum / 8.0
    };
    let shape = |energy: f64, cos: f64| {
        let (s, t, u) = (
            1e4,
            -100.0 * energy * (1.0 - cos),
            -100.0 * energy * (1.0 + cos),
        );
        let mass2 = s + t + u;
        (t * t + u * u + 2.0 * s * mass2) / (t * u)
    };
    // At the same mass of the pair, so that all couplings are the same.
    let gluon = |cos: f64| {
        let sin = (1.0 - cos * cos).sqrt();
        [20.0, 0.0, 20.0 * sin, 20.0 * cos]
    };
    let reference = average(gluon(0.0)) / shape(20.0, 0.0);
    for cos in [-0.95, -0.3, 0.5, 0.9] {
        let ratio = average(gluon(cos)) / shape(20.0, cos) / reference;
        assert!((ratio - 1.0).abs() < 1e-10, "{cos}: {ratio}");
    }
}
