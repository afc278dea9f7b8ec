//! Discrete coordinates: sums over numbers at any place, with learned probabilities.

use thalweg::{
    Domain, Error, Integrand, IntegrandError, Integrator, Method, NonFinite, Outcome, Points,
    Sampler, Settings, Status, Stop, from_fn, integrate::Silent,
};

/// Integrals of twelve functions of two variables: four decades, and one that vanishes.
const PARTS: [f64; 12] = [
    1.0, 0.3, 20.0, 0.01, 5.0, 0.002, 0.0, 2.0, 0.1, 8.0, 0.05, 0.7,
];

/// The function `k` at (a, b), which rises with another power for each k; alternating ones have a sign.
fn part(k: usize, a: f64, b: f64) -> f64 {
    let (p, q) = ((k % 5) as f64, (k % 3) as f64);
    PARTS[k] * (p + 1.0) * a.powf(p) * (q + 1.0) * (1.0 - b).powf(q)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an index, which is checked"
)]
fn index(y: f64, count: usize) -> usize {
    assert!(y.fract().abs() <= 0.0, "{y} is no index");
    assert!((0.0..count as f64).contains(&y), "{y} is beyond {count}");
    y as usize
}

/// A sum over coordinate 1, and its integral.
fn one() -> (impl Integrand, f64, Domain) {
    let f = from_fn(3, |y| part(index(y[1], 12), y[0], y[2]));
    let domain = Domain::unit(3).with_discrete(1, 12).expect("a list");
    (f, PARTS.iter().sum(), domain)
}

/// A sum over coordinates 3 and 0, of which the first has a part in the range of another coordinate, too.
fn two() -> (impl Integrand, f64, Domain) {
    let f = from_fn(4, |y| {
        let (j, k) = (index(y[0], 3), index(y[3], 12));
        let sign = if j == 2 { -0.5 } else { 1.0 };
        sign * part(k, y[1], 0.5 * y[2])
    });
    let axes = [(0.0, 1.0), (0.0, 1.0), (0.0, 2.0), (0.0, 1.0)];
    let domain = Domain::new(&axes).expect("a box");
    let domain = domain.with_discrete(3, 12).expect("a list");
    let domain = domain.with_discrete(0, 3).expect("a list");
    (f, 1.5 * 2.0 * PARTS.iter().sum::<f64>(), domain)
}

fn settings(method: Method, domain: Domain, calls: u64, seed: u64) -> Settings {
    Settings {
        domain: Some(domain),
        method,
        stop: Stop::calls(calls),
        seed,
        threads: Some(1),
        ..Settings::default()
    }
}

fn run(f: &dyn Integrand, settings: Settings) -> Outcome {
    let integrator = Integrator::new(settings).expect("good settings");
    integrator.run(f, &mut Silent).expect("the run ends")
}

/// Mean and standard deviation.
fn mean_and_std(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>();
    (mean, (squares / (n - 1.0)).sqrt())
}

/// Over seeds the mean of the values is the exact one, and the pulls (value - exact)/error have unit spread.
///
/// Means of n seeds scatter by `n^(-1/2)` standard deviations, of which four are allowed, and so do spreads
/// of pulls by `(2 n)^(-1/2)`; a tenth on top, for errors that come from few nets or with few effective points.
#[expect(clippy::print_stdout, reason = "says how good the errors are")]
fn assert_calibrated(
    (f, exact, domain): (impl Integrand, f64, Domain),
    (method, calls, seeds): (Method, u64, u64),
) {
    let estimate = |seed| {
        let settings = settings(method, domain.clone(), calls, seed);
        run(&f, settings).report.estimate
    };
    let estimates: Vec<_> = (0..seeds).map(estimate).collect();
    let pulls: Vec<f64> = estimates.iter().map(|e| e.pull(exact)).collect();
    let values: Vec<f64> = estimates.iter().map(|e| e.value).collect();
    let (n, (pull, spread), (mean, std)) =
        (seeds as f64, mean_and_std(&pulls), mean_and_std(&values));
    let off = (mean - exact) / std * n.sqrt();
    let relative = std / exact;
    println!(
        "{method:?}, {seeds} seeds: values off by {off:.2} of their error, spread {relative:.2e}; pulls \
         {pull:.3} +- {spread:.3}"
    );
    assert!(off.abs() < 4.0, "the mean is {mean}, {exact} is exact");
    let most = 4.0 / (2.0 * n).sqrt() + 0.1;
    assert!((spread - 1.0).abs() < most, "spread of the pulls {spread}");
}

#[test]
fn uniform_points_have_no_bias() {
    assert_calibrated(one(), (Method::Plain, 20_000, 400));
    assert_calibrated(two(), (Method::Plain, 20_000, 400));
}

#[test]
fn grids_have_no_bias() {
    assert_calibrated(one(), (Method::Vegas, 20_000, 400));
    assert_calibrated(two(), (Method::Vegas, 20_000, 400));
}

#[test]
fn the_choice_has_no_bias() {
    assert_calibrated(one(), (Method::Auto, 10_000, 200));
}

#[test]
#[ignore = "200 trainings"]
fn flows_have_no_bias() {
    assert_calibrated(one(), (Method::Flow, 16_384, 200));
}

#[test]
fn a_flow_and_the_choice_find_the_sum() {
    for method in [Method::Flow, Method::Auto] {
        let (f, exact, domain) = two();
        let report = run(&f, settings(method, domain, 40_000, 1)).report;
        assert!(report.estimate.pull(exact).abs() < 5.0, "{report}");
        assert_eq!(report.status, Status::Budget);
    }
}

/// int f^2 of [`part`].
fn square(k: usize) -> f64 {
    let (p, q) = ((k % 5) as f64, (k % 3) as f64);
    let factor = |p: f64| (p + 1.0).powi(2) / (2.0 * p + 1.0);
    PARTS[k].powi(2) * factor(p) * factor(q)
}

#[test]
fn probabilities_are_those_of_the_smallest_variance() {
    let learned = |seed| {
        let (f, _, domain) = one();
        let outcome = run(&f, settings(Method::Plain, domain, 140_000, seed));
        assert_eq!(outcome.domain.discrete(), [(1, 12)]);
        assert!(outcome.domain.probabilities(0).is_none());
        outcome.domain.probabilities(1).unwrap()
    };
    let all: Vec<Vec<f64>> = (0..40).map(learned).collect();
    let total: f64 = (0..12).map(|k| square(k).sqrt()).sum();
    for k in 0..12 {
        let here: Vec<f64> = all.iter().map(|p| p[k]).collect();
        let best = 0.05 / 12.0 + 0.95 * square(k).sqrt() / total;
        // Of the last 8000 points F of the largest one is known to 4 %, F^(1/2) to 2 %.
        let (mean, std) = mean_and_std(&here);
        assert!((mean - best).abs() < 0.005, "{k}: {mean}, {best} is best");
        assert!(std < 0.01, "{k}: {std}");
        // Nobody starves.
        assert!(here.iter().all(|p| *p >= 0.05 / 12.0 - 1e-12));
    }
    assert!((all[0].iter().sum::<f64>() - 1.0).abs() < 1e-12);
}

#[test]
fn numbers_are_drawn_as_often_as_they_contribute() {
    let (f, _, domain) = one();
    let outcome = run(&f, settings(Method::Vegas, domain, 400_000, 3));
    let sampler = Sampler::from_outcome(outcome);
    let drawn = sampler.draw(100_000, 5, 0);
    let mut often = [0.0; 12];
    for y in drawn.points.chunks_exact(3) {
        often[index(y[1], 12)] += 1e-5;
    }
    let total: f64 = PARTS.iter().sum();
    for (k, part) in PARTS.iter().enumerate() {
        // The best of a density that factorises lies between the share of the integral and that of F^(1/2).
        let (share, often) = (part / total, often[k]);
        assert!((often - share).abs() < 0.05, "{k}: {often}, {share}");
    }
}

#[test]
fn learning_saves_variance() {
    let (f, _, domain) = one();
    let equal = domain.clone();
    let equal = equal.with_probabilities(1, &[1.0; 12]).unwrap();
    let error = |domain| {
        let settings = settings(Method::Plain, domain, 100_000, 1);
        run(&f, settings).report.estimate.error
    };
    let (learned, given) = (error(domain), error(equal));
    assert!(learned < 0.5 * given, "{learned} and {given}");
}

#[test]
fn threads_change_no_bit_and_files_keep_what_was_learned() {
    for method in [Method::Plain, Method::Vegas] {
        let bits = |threads| {
            let (f, _, domain) = two();
            let settings = Settings {
                threads: Some(threads),
                ..settings(method, domain, 30_000, 7)
            };
            let outcome = run(&f, settings);
            let value = outcome.report.estimate.value.to_bits();
            (value, Sampler::from_outcome(outcome))
        };
        let ((one, sampler), (three, other)) = (bits(1), bits(3));
        assert_eq!(one, three);
        assert_eq!(sampler.domain(), other.domain());
        let bytes = sampler.to_bytes().unwrap();
        let back = Sampler::from_bytes(&bytes).unwrap();
        assert_eq!(back.domain(), sampler.domain());
        assert_eq!(back.domain().discrete(), [(3, 12), (0, 3)]);
        assert_eq!(back.draw(500, 3, 7), sampler.draw(500, 3, 7));
        assert_eq!(back.to_bytes().unwrap(), bytes);
        let (f, exact, _) = two();
        // The saved proposal makes events, and estimates again.
        let events = back.weighted(&f, 20_000, 1, 0).unwrap();
        let mean = events.weights.iter().sum::<f64>() / 20_000.0;
        assert!((mean / exact - 1.0).abs() < 0.1, "{mean}, {exact}");
        let domain = back.domain().clone();
        let integrator = Integrator::new(settings(method, domain.clone(), 20_000, 2)).unwrap();
        let outcome = integrator.estimate(&f, back.into_map(), &mut Silent);
        let outcome = outcome.unwrap();
        assert!(outcome.report.estimate.pull(exact).abs() < 5.0);
        assert_eq!(outcome.domain, domain);
    }
}

#[test]
fn densities_of_uniform_points_are_probabilities() {
    let domain = Domain::unit(3).with_discrete(1, 4).unwrap();
    let weights = [1.0, 2.0, 4.0, 1.0];
    let domain = domain.with_probabilities(1, &weights).unwrap();
    let f = from_fn(3, |_| 1.0);
    let outcome = run(&f, settings(Method::Plain, domain, 1000, 1));
    let sampler = Sampler::from_outcome(outcome);
    let drawn = sampler.draw(1000, 1, 0);
    let again = sampler.log_density(&drawn.points);
    let densities = drawn.log_density.iter().zip(&again);
    for (y, (log, back)) in drawn.points.chunks_exact(3).zip(densities) {
        let p = weights[index(y[1], 4)] / 8.0;
        assert!((log - p.ln()).abs() < 1e-12 && (log - back).abs() < 1e-12);
    }
    for nowhere in [[0.5, 4.0, 0.5], [0.5, 0.5, 0.5], [0.5, -1.0, 0.5]] {
        let log = sampler.log_density(&nowhere)[0];
        assert!(log.is_infinite() && log < 0.0, "{nowhere:?}");
    }
}

/// An integrand that says itself what is discrete.
struct Declared;

impl Integrand for Declared {
    fn dim(&self) -> usize {
        2
    }
    fn discrete(&self) -> Vec<(usize, usize)> {
        vec![(1, 3)]
    }
    fn eval(&self, points: &Points<'_>, values: &mut [f64]) -> Result<(), IntegrandError> {
        for (value, y) in values.iter_mut().zip(points) {
            *value = y[0] * (1 + index(y[1], 3)) as f64;
        }
        Ok(())
    }
}

#[test]
fn integrands_may_declare_their_coordinates() {
    let settings = Settings {
        stop: Stop::calls(5000),
        ..Settings::default()
    };
    let report = run(&Declared, settings.clone()).report;
    assert!(report.estimate.pull(3.0).abs() < 5.0, "{report}");
    let with = |domain| Settings {
        domain: Some(domain),
        ..settings.clone()
    };
    let range = Domain::new(&[(0.0, 2.0), (0.0, 1.0)]).unwrap();
    let outcome = run(&Declared, with(range.clone()));
    assert!(outcome.report.estimate.pull(12.0).abs() < 5.0);
    assert!(
        outcome
            .domain
            .is_same_box(&range.clone().with_discrete(1, 3).unwrap())
    );
    let other = Integrator::new(with(range.with_discrete(1, 4).unwrap())).unwrap();
    assert!(matches!(
        other.integrate(&Declared),
        Err(Error::InvalidSetting { value: 4.0, .. })
    ));
}

#[test]
fn what_makes_no_sense_is_refused() {
    let refused = |domain: Result<Domain, Error>, wrong: f64| match domain {
        Err(Error::InvalidSetting { value, .. }) => value.total_cmp(&wrong).is_eq(),
        _ => false,
    };
    let unit = || Domain::unit(2);
    assert!(refused(unit().with_discrete(0, 0), 0.0));
    assert!(refused(unit().with_discrete(0, 65_537), 65_537.0));
    assert!(refused(unit().with_discrete(2, 3), 2.0));
    let once = || unit().with_discrete(1, 3).unwrap();
    assert!(refused(once().with_discrete(1, 3), 1.0));
    assert!(refused(once().with_probabilities(0, &[1.0; 3]), 0.0));
    assert!(refused(once().with_probabilities(1, &[1.0; 2]), 2.0));
    assert!(once().with_probabilities(1, &[1.0, 0.0, 1.0]).is_err());
    assert!(once().with_probabilities(1, &[1.0, f64::NAN, 1.0]).is_err());
}

#[test]
fn nothing_and_what_is_not_finite_are_as_ever() {
    let domain = || Domain::unit(2).with_discrete(0, 5).unwrap();
    let zero = from_fn(2, |_| 0.0);
    let report = run(&zero, settings(Method::Plain, domain(), 20_000, 1)).report;
    assert_eq!(report.status, Status::NoSignal);
    // One value of five has a fault at some points.
    let faulty = from_fn(2, |y| {
        if y[0] > 3.5 && y[1] > 0.5 {
            f64::NAN
        } else {
            1.0
        }
    });
    let fail = Integrator::new(settings(Method::Plain, domain(), 20_000, 1)).unwrap();
    assert!(matches!(fail.integrate(&faulty), Err(Error::Integrand(_))));
    let lenient = Settings {
        non_finite: NonFinite::CountAsZero { max_share: 0.5 },
        ..settings(Method::Plain, domain(), 20_000, 1)
    };
    let report = run(&faulty, lenient).report;
    assert!(report.non_finite > 0);
    assert!(report.estimate.pull(4.5).abs() < 5.0, "{report}");
}

#[test]
fn the_budget_holds() {
    let (f, _, domain) = one();
    for calls in [512, 3000, 30_000] {
        for method in [Method::Plain, Method::Vegas, Method::Auto] {
            let report = run(&f, settings(method, domain.clone(), calls, 1)).report;
            assert!(report.calls.total() <= calls, "{report}");
        }
    }
    let exact: f64 = PARTS.iter().sum();
    assert!((exact - 37.162).abs() < 1e-12);
}
