//! f -> 2^k f changes the exponents of value and error, and nothing else.
//!
//! As long as no value of f becomes subnormal or infinite: those here that are not 0 lie between
//! 2^-70 and 2^3.

use std::f64::consts::PI;

use thalweg::{
    Domain, Integrand, Integrator, Method, Report, Settings, Stop, from_fn, from_vector_fn,
};

use super::harness::{CALLS, METHODS, small};

type Shape = fn(&[f64]) -> f64;

fn peak(x: &[f64]) -> f64 {
    let square: f64 = x.iter().map(|x| (x - 0.3).powi(2)).sum();
    (-square / 0.04).exp()
}

fn signed(x: &[f64]) -> f64 {
    (2.0 * PI * x[0]).sin() * x[1] + 0.1
}

fn cut(x: &[f64]) -> f64 {
    if x[0] + x[1] < 0.6 || x[0] > 0.9 {
        0.0
    } else {
        1.0 / (x[0] * x[1] + 0.2)
    }
}

const SHAPES: [(&str, Shape); 3] = [("peak", peak), ("signed", signed), ("cut", cut)];

/// 2^k, in two factors: the power function may be a digit off at the ends.
fn power(k: i32) -> f64 {
    let half = k / 2;
    2.0_f64.powi(half) * 2.0_f64.powi(k - half)
}

/// To spend the budget, and towards a target on another range.
fn settings(method: Method) -> [Settings; 2] {
    let stop = Stop {
        rel_error: Some(0.02),
        ..Stop::calls(2 * CALLS)
    };
    let range = (0.0, 0.75);
    let domain = Domain::new(&[range, range]).expect("a range");
    [
        small(method, CALLS),
        Settings {
            stop,
            domain: Some(domain),
            ..small(method, CALLS)
        },
    ]
}

fn run(settings: &Settings, f: &dyn Integrand) -> Report {
    Integrator::new(settings.clone())
        .and_then(|integrator| integrator.integrate(f))
        .expect("a report")
}

/// What differs between the reports of f and of 2^k f; each output has a k of its own.
fn difference(one: &Report, other: &Report, powers: &[i32]) -> Option<String> {
    for ((a, b), k) in one.outputs.iter().zip(&other.outputs).zip(powers) {
        let numbers = [
            (a.estimate.value, b.estimate.value),
            (a.estimate.error, b.estimate.error),
        ];
        for (a, b) in numbers {
            if (a * power(*k)).to_bits() != b.to_bits() {
                return Some(format!("{a:e} and {b:e} for k = {k}"));
            }
        }
        if a.weights != b.weights || a.consistency != b.consistency {
            return Some(format!("{:?} and {:?} for k = {k}", a.weights, b.weights));
        }
    }
    let ends = |r: &Report| (r.calls, r.status, r.stop, r.reasons.clone());
    let same = ends(one) == ends(other) && one.chosen == other.chosen;
    (!same).then(|| format!("{one}\nand\n{other}"))
}

fn scales_do_not_matter(powers: &[i32]) {
    let mut complaints = Vec::new();
    for method in METHODS {
        for (which, settings) in settings(method).iter().enumerate() {
            for (name, shape) in SHAPES {
                let one = run(settings, &from_fn(2, shape));
                for k in powers {
                    let scale = power(*k);
                    let other = run(settings, &from_fn(2, |x| scale * shape(x)));
                    let difference = difference(&one, &other, &[*k]);
                    complaints.extend(
                        difference.map(|d| format!("{name} {which}, {}: {d}", method.name())),
                    );
                }
            }
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

/// Outputs are scaled one by one.
fn outputs_have_scales_of_their_own(powers: &[[i32; 3]]) {
    let mut complaints = Vec::new();
    let run = |settings: &Settings, powers: [i32; 3]| {
        let scales = powers.map(power);
        let f = from_vector_fn(2, 3, move |x, f| {
            for ((f, (_, shape)), scale) in f.iter_mut().zip(SHAPES).zip(scales) {
                *f = scale * shape(x);
            }
        });
        run(settings, &f)
    };
    for method in METHODS {
        let settings = small(method, CALLS);
        let one = run(&settings, [0; 3]);
        for powers in powers {
            let difference = difference(&one, &run(&settings, *powers), powers);
            complaints.extend(difference.map(|d| format!("{}, {powers:?}: {d}", method.name())));
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn powers_of_two_change_exponents_only() {
    scales_do_not_matter(&[-900, -600, -300, -60, -1, 1, 60, 300, 600, 900]);
    outputs_have_scales_of_their_own(&[[-900, 0, 900], [900, -900, 1]]);
}

/// `cargo test --release --test edges -- --ignored`
#[test]
#[ignore = "slow: 10000 runs"]
fn all_powers_of_two_change_exponents_only() {
    let powers: Vec<i32> = (-900..=900).step_by(5).collect();
    scales_do_not_matter(&powers);
    let three: Vec<[i32; 3]> = powers.iter().map(|k| [*k, -k, 900 - k.abs()]).collect();
    outputs_have_scales_of_their_own(&three);
}
