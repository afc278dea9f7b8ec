//! No integrand is ever asked about the border of the open cube.

use std::sync::Mutex;

use proptest::{
    collection::vec,
    prelude::{Strategy, any},
    prop_assert, proptest,
    test_runner::Config,
};
use thalweg::{
    Flow, FlowConfig, Integrator, Map, Method, Placement, Settings, Sobol, from_fn,
    map::{Grid, Identity},
};

use super::harness::{CALLS, METHODS, small};

/// The outermost latent coordinates that are ever drawn.
const LOW: f64 = f64::EPSILON / 2.0;
const HIGH: f64 = 1.0 - f64::EPSILON / 2.0;

fn inside(x: &[f64]) -> bool {
    x.iter().all(|x| *x > 0.0 && *x < 1.0)
}

/// Whether a map keeps `z` and `x` inside, there and back, at finite densities.
fn keeps_inside(map: &dyn Map, z: &[f64]) -> bool {
    let mut log_jac = vec![0.0; z.len() / map.dim()];
    let mut x = vec![0.0; z.len()];
    let mut back = vec![0.0; z.len()];
    map.forward(z, &mut x, &mut log_jac);
    let there = inside(&x) && log_jac.iter().all(|l| l.is_finite());
    map.inverse(z, &mut back, &mut log_jac);
    there && inside(&back) && log_jac.iter().all(|l| l.is_finite())
}

/// Coordinates everywhere, and most of all at the ends.
fn coordinate() -> impl Strategy<Value = f64> {
    (any::<u64>(), 0..4_u8).prop_map(|(bits, place)| {
        let from_end = ((bits % 4096) as f64 + 0.5) * f64::EPSILON;
        match place {
            0 => LOW,
            1 => HIGH,
            2 => from_end,
            _ => ((bits >> 12) as f64 + 0.5) * f64::EPSILON,
        }
    })
}

/// Rising edges from 0 to 1 with bins down to 1e-290 at 0 and a rounding at 1.
fn edges() -> impl Strategy<Value = Vec<f64>> {
    vec(0.0..290.0_f64, 1..12).prop_map(|exponents| {
        let low = exponents.iter().map(|e| 10.0_f64.powf(-e) * 0.5);
        let high = exponents.iter().map(|e| 1.0 - 10.0_f64.powf(-e) * 0.5);
        let mut edges: Vec<f64> = low.chain(high).chain([0.0, 1.0]).collect();
        edges.sort_by(f64::total_cmp);
        edges.dedup();
        edges
    })
}

proptest! {
    #![proptest_config(Config::with_cases(200))]

    #[test]
    fn grids_with_bins_at_the_border(edges in edges(), z in vec(coordinate(), 1..200)) {
        let grid = Grid::from_edges(1, edges.clone()).unwrap();
        prop_assert!(keeps_inside(&grid, &z), "{edges:?}");
    }

    #[test]
    fn flows_far_from_the_identity(
        seed in any::<u64>(),
        spread in 0.0..30.0_f64,
        z in vec(coordinate(), 60),
    ) {
        let config = FlowConfig { hidden: vec![8], elementwise_bins: 6, ..FlowConfig::default() };
        let mut flow = Flow::new(3, &config, seed).unwrap();
        flow.randomise(seed, spread);
        prop_assert!(keeps_inside(&flow, &z), "seed {seed}, spread {spread}");
        prop_assert!(keeps_inside(&Identity::new(3), &z));
    }

    #[test]
    fn sobol_points_of_any_seed(
        seed in any::<u64>(),
        dim in 1..40_usize,
        first in any::<u32>(),
        second in 0..3_u64,
    ) {
        let mut z = vec![0.0; 64 * dim];
        Sobol::new(dim, seed).unwrap().fill(second << 32 | u64::from(first), &mut z);
        prop_assert!(z.iter().all(|z| (LOW..=HIGH).contains(z)), "{z:?}");
    }
}

/// Where f drives the points to the border they end before it, whatever places them.
#[test]
fn no_point_lies_on_the_border() {
    let ends: [fn(f64) -> f64; 3] = [
        |x| x.powf(-0.95),
        |x| (1.0 - x).powf(-0.95),
        |x| 1.0 / (x * x).max(1e-200) + 1.0 / (1.0 - x),
    ];
    let placements = [Placement::Random, Placement::Sobol, Placement::Strata];
    for method in METHODS {
        for placement in placements {
            let grid = matches!(method, Method::Auto | Method::Vegas);
            if placement == Placement::Strata && !grid {
                continue;
            }
            for (which, end) in ends.iter().enumerate() {
                let outside = Mutex::new(None);
                let f = from_fn(2, |x| {
                    if !inside(x) {
                        *outside.lock().expect("no panics") = Some(x.to_vec());
                    }
                    end(x[0]) * (1.0 + x[1])
                });
                let settings = Settings {
                    placement,
                    ..small(method, CALLS)
                };
                let report = Integrator::new(settings).unwrap().integrate(&f);
                let outside = outside.into_inner().unwrap();
                assert!(
                    outside.is_none() && report.is_ok(),
                    "{method:?} {placement:?} {which}: {outside:?} {report:?}"
                );
            }
        }
    }
}
