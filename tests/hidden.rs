//! Structure that uniform points hardly see: it must not be lost in silence.

use std::f64::consts::PI;

use thalweg::{CostClass, Integrator, Report, Settings, Stop, from_fn};

fn auto(dim: usize, seed: u64, f: impl Fn(&[f64]) -> f64 + Sync) -> Report {
    let settings = Settings {
        stop: Stop {
            max_calls: 2_000_000,
            ..Stop::rel_error(1e-2)
        },
        seed,
        cost_class: Some(CostClass::Free),
        ..Settings::default()
    };
    Integrator::new(settings)
        .and_then(|integrator| integrator.integrate(&from_fn(dim, f)))
        .expect("a run")
}

/// A normal density of independent coordinates.
fn normal(x: &[f64], centre: f64, width: f64) -> f64 {
    let square: f64 = x.iter().map(|x| ((x - centre) / width).powi(2)).sum();
    (-0.5 * square).exp() / (width * (2.0 * PI).sqrt()).powf(x.len() as f64)
}

#[test]
fn a_narrow_peak_beside_a_wide_one_is_found() {
    for seed in 1..=2 {
        let report = auto(6, seed, |x| {
            0.5 * (normal(x, 0.35, 0.1) + normal(x, 0.75, 0.03))
        });
        // What the wide peak has outside the cube is 0.1 % of it.
        let good = (report.estimate.value - 1.0).abs() < 0.06;
        assert!(good || !report.status.is_good(), "seed {seed}: {report}");
        assert!(good, "seed {seed}: {report}");
    }
}

#[test]
fn a_peak_out_of_all_proportion_to_uniform_points_does_not_overflow() {
    // Along the diagonal of eight axes, with correlations of 0.99: uniform points see 1e-280.
    let (n, width, rho) = (8.0, 0.08, 0.99);
    let (along, across): (f64, f64) = (1.0 + (n - 1.0) * rho, 1.0 - rho);
    let log_norm = -0.5 * n * (2.0 * PI * width * width).ln()
        - 0.5 * along.ln()
        - 0.5 * (n - 1.0) * across.ln();
    let report = auto(8, 2, |x| {
        let mean = x.iter().map(|x| x - 0.5).sum::<f64>() / n;
        let square = x.iter().map(|x| (x - 0.5) * (x - 0.5)).sum::<f64>();
        let chi2 = n * mean * mean / along + (square - n * mean * mean) / across;
        (log_norm - 0.5 * chi2 / (width * width)).exp()
    });
    let off = (report.estimate.value - 1.0).abs();
    assert!(off < 0.06, "{report}");
}
