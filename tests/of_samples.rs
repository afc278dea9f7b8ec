//! Flows trained on samples of a known density, distilled, kept in files; and what is refused.

#[path = "common/numbers.rs"]
mod numbers;

use std::f64::consts::TAU;

use numbers::{std_dev, uniform};
use statrs::distribution::{ContinuousCDF as _, Normal};
use thalweg::{
    Domain, Error, Flow, Map as _, Sampler,
    flow::{Base, Family, LayerConfig, Stack},
    train::{FitConfig, distill},
};

/// Samples of (u, .8 u + .6 v) + (3, -1) with normal u and v.
fn samples(n: usize, seed: u64) -> Vec<f64> {
    let normal = Normal::standard();
    uniform(2 * n, seed)
        .chunks_exact(2)
        .map(|p| (normal.inverse_cdf(p[0]), normal.inverse_cdf(p[1])))
        .flat_map(|(u, v)| [u + 3.0, 0.8 * u + 0.6 * v - 1.0])
        .collect()
}

/// ln of their density.
fn log_density(y: &[f64]) -> f64 {
    let (u, v) = (y[0] - 3.0, (y[1] + 1.0 - 0.8 * (y[0] - 3.0)) / 0.6);
    -0.5 * (u * u + v * v) - TAU.ln() - 0.6_f64.ln()
}

fn reals() -> Domain {
    let infinite = (f64::NEG_INFINITY, f64::INFINITY);
    let domain = Domain::new(&[infinite; 2]).expect("a domain");
    domain
        .with_normal(1, 0.0, 2.0)
        .and_then(|domain| domain.with_normal(0, 2.0, 2.0))
        .expect("infinite ranges")
}

fn quick() -> FitConfig {
    FitConfig {
        epochs: 15.0,
        ..FitConfig::default()
    }
}

/// Mean of ln p - ln q over samples that were not trained on, in nats.
fn loss(sampler: &Sampler) -> f64 {
    let y = samples(4000, 9);
    let pairs = y.chunks_exact(2).zip(sampler.log_density(&y));
    pairs.map(|(y, q)| log_density(y) - q).sum::<f64>() / 4000.0
}

#[test]
fn families_learn_a_correlated_normal_distribution() {
    let train = samples(6000, 1);
    for family in [
        Family::Affine,
        Family::RealNvp,
        Family::Maf,
        Family::SplineCoupling,
    ] {
        let stack = family.stack(2).into();
        let (sampler, report) = Sampler::of_samples(&train, reals(), stack, &quick(), 3).unwrap();
        let lost = loss(&sampler);
        // As many samples cannot tell more exactly; a flow that has learned nothing loses .5 or more.
        assert!((-0.01..0.03).contains(&lost), "{family:?}: {lost}");
        assert!(
            report.best_step > 0 && report.best_step <= report.steps,
            "{report:?}"
        );
        let drawn = sampler.draw(20_000, 5, 0);
        let second: Vec<f64> = drawn.points.iter().skip(1).step_by(2).copied().collect();
        assert!((std_dev(&second) - 1.0).abs() < 0.05, "{family:?}");
        // Draws say what density they have, and files keep it.
        let again = Sampler::from_bytes(&sampler.to_bytes().unwrap()).unwrap();
        let density = again.log_density(&drawn.points);
        for (a, b) in density.iter().zip(&drawn.log_density) {
            assert!((a - b).abs() < 1e-3, "{family:?}: {a} {b}");
        }
    }
}

#[test]
fn a_student_learns_what_its_teacher_draws() {
    let stack = Family::Maf.stack(2).into();
    let (teacher, _) = Sampler::of_samples(&samples(6000, 1), reals(), stack, &quick(), 3).unwrap();
    let mut student = Flow::of(2, Family::Iaf.stack(2).into(), 4).unwrap();
    let report = distill(teacher.map(), &mut student, 6000, &quick(), 5).unwrap();
    assert!((-0.03..0.01).contains(&report.holdout), "{report:?}");
    let student = Sampler::new(Box::new(student), reals()).unwrap();
    let lost = loss(&student);
    assert!((-0.01..0.05).contains(&lost), "{lost}");
}

#[test]
fn the_same_seed_gives_the_same_flow() {
    let fit = || {
        let stack = Family::RealNvp.stack(2).into();
        let config = FitConfig {
            epochs: 2.0,
            ..FitConfig::default()
        };
        Sampler::of_samples(&samples(1000, 1), reals(), stack, &config, 3).unwrap()
    };
    let ((a, _), (b, _)) = (fit(), fit());
    assert_eq!(a.to_bytes().unwrap(), b.to_bytes().unwrap());
}

#[test]
fn what_cannot_be_trained_on_is_refused() {
    let stack = || Family::Affine.stack(1).into();
    let of = |samples: &[f64], domain, config: &FitConfig| {
        Sampler::of_samples(samples, domain, stack(), config, 1).map(|_| ())
    };
    let good = samples(100, 1);
    for config in [
        FitConfig {
            epochs: 0.0,
            ..quick()
        },
        FitConfig {
            holdout: 1.0,
            ..quick()
        },
        FitConfig {
            minibatch: 0,
            ..quick()
        },
        FitConfig {
            decay: f64::NAN,
            ..quick()
        },
    ] {
        assert!(of(&good, reals(), &config).is_err(), "{config:?}");
    }
    for bad in [&[][..], &good[..3], &[f64::NAN; 4]] {
        assert!(of(bad, reals(), &quick()).is_err(), "{bad:?}");
    }
    assert!(
        of(&good, Domain::unit(2), &quick()).is_err(),
        "outside of the domain"
    );
    let unit = Domain::unit(2);
    assert!(
        unit.clone().with_normal(0, 0.0, 1.0).is_err(),
        "a finite range"
    );
    assert!(reals().with_normal(0, 0.0, 1.0).is_err(), "named twice");
}

#[test]
fn stacks_that_make_no_sense_are_refused() {
    let open = LayerConfig::Open(Base::Normal);
    let close = LayerConfig::Close(Base::Logistic);
    for layers in [
        vec![open],
        vec![close],
        vec![open, open, close],
        vec![LayerConfig::Diagonal],
        vec![open; 300],
    ] {
        let stack = Stack {
            layers: layers.clone(),
            ..Stack::default()
        };
        let found = Flow::of(2, stack.into(), 1).map(|_| ());
        assert!(
            matches!(found, Err(Error::InvalidSetting { .. })),
            "{layers:?}"
        );
    }
    assert!(
        Flow::of(1, Family::RealNvp.stack(1).into(), 1).is_err(),
        "nothing to couple"
    );
    let context = Stack {
        context: 2,
        ..Family::Maf.stack(1)
    };
    assert!(
        Flow::of(2, context.clone().into(), 1).is_err(),
        "nothing but context"
    );
    let flow = Flow::of(3, context.into(), 1).unwrap();
    assert_eq!(flow.given(&[0.1, 0.2]).unwrap().dim(), 1);
    assert!(flow.given(&[0.1]).is_err() && flow.given(&[0.1, 1.5]).is_err());
}
