use super::*;
use crate::rng::{Purpose, Streams};
use crate::stats::Moments;

/// A peak at `centre` of width `width` on every axis.
fn normal(centre: f64, width: f64) -> LogLinear {
    let knots: Vec<f64> = (0..=40).map(|k| f64::from(k) / 40.0).collect();
    let values = knots.iter().map(|x| -0.5 * ((x - centre) / width).powi(2));
    LogLinear::new(knots.clone(), values.collect()).unwrap()
}

fn camel(dim: usize) -> ProductMixture {
    let hump = |share, centre| (share, vec![normal(centre, 0.1); dim]);
    ProductMixture::new(vec![hump(1.0, 0.3), hump(2.0, 0.7)]).unwrap()
}

fn points(n: usize, dim: usize) -> Vec<f64> {
    let mut z = vec![0.0; n * dim];
    Streams::new(3).fill_points(Purpose::Explore, 0, 0, dim, &mut z);
    z
}

#[test]
fn points_come_back() {
    for dim in [1, 2, 5] {
        let map = camel(dim);
        let z = points(2000, dim);
        let (mut x, mut back) = (vec![0.0; z.len()], vec![0.0; z.len()]);
        let (mut there, mut log_jac) = (vec![0.0; 2000], vec![0.0; 2000]);
        map.forward(&z, &mut x, &mut there);
        map.inverse(&x, &mut back, &mut log_jac);
        assert_eq!(there, log_jac);
        for (a, b) in z.iter().zip(&back) {
            assert!((a - b).abs() < 1e-12, "{a} {b}");
        }
    }
}

#[test]
fn log_jac_is_that_of_the_numerical_determinant() {
    let map = camel(3);
    let z = points(200, 3);
    let value = |z: &[f64]| {
        let mut x = vec![0.0; 3];
        map.forward(z, &mut x, &mut [0.0]);
        x
    };
    for z in z.chunks_exact(3) {
        let mut log_jac = [0.0];
        map.forward(z, &mut [0.0; 3], &mut log_jac);
        // Lower triangular: the product of the diagonal.
        let mut found = 0.0;
        for j in 0..3 {
            let h = 1e-5 * z[j].min(1.0 - z[j]);
            let (mut low, mut high) = (z.to_vec(), z.to_vec());
            low[j] -= h;
            high[j] += h;
            found += ((value(&high)[j] - value(&low)[j]) / (2.0 * h)).ln();
        }
        // A kink of log p may lie in between.
        assert!((found - log_jac[0]).abs() < 2e-3, "{found} {log_jac:?}");
    }
}

#[test]
fn the_density_is_that_of_the_mixture() {
    let map = camel(2);
    let z = points(50_000, 2);
    let (mut x, mut log_jac) = (vec![0.0; z.len()], vec![0.0; 50_000]);
    map.forward(&z, &mut x, &mut log_jac);
    // q integrates to 1 over uniform points, and a third of it lies around the first hump.
    map.inverse(&z, &mut x.clone(), &mut log_jac);
    let q: Vec<f64> = log_jac.iter().map(|l| (-l).exp()).collect();
    let mass = Moments::from_slice(&q);
    assert!((mass.mean - 1.0).abs() < 4.0 * mass.error(), "{mass:?}");
    let first = |p: &[f64]| f64::from(u8::from(p[0] + p[1] < 1.0));
    let low: Vec<f64> = x.chunks_exact(2).map(first).collect();
    let low = Moments::from_slice(&low);
    assert!((low.mean - 1.0 / 3.0).abs() < 4.0 * low.error(), "{low:?}");
}

#[test]
fn quantiles_undo_the_distribution() {
    let axis = normal(0.4, 0.05);
    for k in 1..1000 {
        let u = f64::from(k) / 1000.0;
        let (back, _, _) = axis.at(axis.quantile(u));
        assert!((back - u).abs() < 1e-13, "{u}: {back}");
    }
}

#[test]
fn what_makes_no_mixture_is_refused() {
    let axis = || LogLinear::new(vec![0.0, 1.0], vec![0.0, 0.0]).unwrap();
    for share in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(ProductMixture::new(vec![(share, vec![axis()])]).is_err());
    }
    assert!(ProductMixture::new(vec![]).is_err());
    assert!(ProductMixture::new(vec![(1.0, vec![])]).is_err());
    let too_small = vec![(1e-320, vec![axis()]), (1.0, vec![axis()])];
    assert!(ProductMixture::new(too_small).is_err());
    let unequal = vec![(1.0, vec![axis()]), (1.0, vec![axis(), axis()])];
    assert!(ProductMixture::new(unequal).is_err());
    let hostile: [(&[f64], &[f64]); 9] = [
        (&[0.0], &[0.0]),
        (&[0.0, 1.0], &[0.0]),
        (&[0.1, 1.0], &[0.0, 0.0]),
        (&[0.0, 0.5, 0.5, 1.0], &[0.0; 4]),
        (&[0.0, f64::NAN, 1.0], &[0.0; 3]),
        (&[0.0, 1.0], &[0.0, f64::INFINITY]),
        (&[0.0, 1.0], &[1e308, -1e308]),
        (&[0.0, 1e-300, 1.0], &[0.0; 3]),
        (&[0.0, 1.0, 1.0], &[0.0; 3]),
    ];
    for (knots, values) in hostile {
        assert!(LogLinear::new(knots.to_vec(), values.to_vec()).is_err());
    }
}

#[test]
fn extreme_densities_stay_normalised() {
    for low in [-1e6, -800.0, -720.0, -1e-9, 800.0, 1e6] {
        let axis = LogLinear::new(vec![0.0, 0.5, 1.0], vec![low, 0.0, low]).unwrap();
        // Of a triangle of slopes +-2 low: 1 = p(top) (1 - e^-|low|)/|low|.
        let top = axis
            .values()
            .iter()
            .copied()
            .fold(f64::NEG_INFINITY, f64::max);
        let size = f64::abs(low);
        let wanted = size.ln() - (-(-size).exp_m1()).ln();
        assert!(
            (top - wanted).abs() < 1e-9 * size.max(1.0),
            "{low}: {top} {wanted}"
        );
        let again = LogLinear::new(axis.knots().to_vec(), axis.values().to_vec()).unwrap();
        assert_eq!(again, axis);
        let components = vec![(1e-300, vec![axis.clone(); 2]), (1.0, vec![axis; 2])];
        let map = ProductMixture::new(components).unwrap();
        let ends = [1e-300, f64::EPSILON, 0.5, 1.0 - f64::EPSILON];
        let z: Vec<f64> = ends
            .iter()
            .flat_map(|a| ends.map(|b| [*a, b]))
            .flatten()
            .collect();
        let n = z.len() / 2;
        let (mut x, mut log_jac) = (vec![0.0; z.len()], vec![0.0; n]);
        map.forward(&z, &mut x, &mut log_jac);
        assert!(x.iter().all(|x| *x > 0.0 && *x < 1.0), "{low}: {x:?}");
        assert!(log_jac.iter().all(|l| l.is_finite()), "{low}: {log_jac:?}");
    }
}
