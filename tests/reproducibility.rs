//! Same seed, same bits: for any number of threads and however draws are split.

#[path = "common/problems.rs"]
mod problems;

use problems::{problem, settings};
use rayon::ThreadPoolBuilder;
use thalweg::{
    CostClass, Flow, FlowConfig, Integrator, Method, Outcome, Report, Sampler, Settings,
    Unweighting, from_fn,
    integrate::{PerPhase, Silent},
};
use thalweg_integrands::Problem;

const METHODS: [Method; 4] = [Method::Plain, Method::Vegas, Method::Flow, Method::Auto];

/// A run whose method auto must not measure times to choose.
fn run(problem: &Problem, method: Method, seed: u64, threads: usize) -> Outcome {
    let settings = Settings {
        seed,
        threads: Some(threads),
        cost_class: Some(CostClass::Cheap),
        ..settings(problem, method, 16_000)
    };
    let integrand = from_fn(problem.dim, |y| problem.eval(y));
    Integrator::new(settings)
        .and_then(|i| i.run(&integrand, &mut Silent))
        .expect("a good run")
}

/// The report without what may differ: times and threads.
fn numbers(report: &Report) -> Report {
    Report {
        seconds: PerPhase::default(),
        threads: 0,
        ..report.clone()
    }
}

#[test]
fn threads_do_not_change_a_bit() {
    let problem = problem("camel", 3, &[("width", 0.1)]);
    for method in METHODS {
        let one = run(&problem, method, 3, 1);
        let sampled = Sampler::from_outcome(run(&problem, method, 3, 1)).draw(50, 1, 0);
        for threads in [2, 3, 8] {
            let other = run(&problem, method, 3, threads);
            // Value, error, weights, iterations, and all the rest.
            assert_eq!(
                numbers(&one.report),
                numbers(&other.report),
                "{method:?} {threads}"
            );
            let (a, b) = (one.report.estimate, other.report.estimate);
            assert_eq!(a.value.to_bits(), b.value.to_bits(), "{method:?} {threads}");
            assert_eq!(a.error.to_bits(), b.error.to_bits(), "{method:?} {threads}");
            let draws = Sampler::from_outcome(other).draw(50, 1, 0);
            assert_eq!(draws, sampled, "{method:?} {threads}");
        }
    }
}

#[test]
fn another_seed_is_another_run() {
    let problem = problem("camel", 2, &[]);
    for method in METHODS {
        let [a, b] = [1, 2].map(|seed| run(&problem, method, seed, 2).report.estimate);
        assert_ne!(a.value.to_bits(), b.value.to_bits(), "{method:?}");
        assert!(
            (a.value - b.value).abs() < 6.0 * a.error.hypot(b.error),
            "{method:?}"
        );
    }
}

#[test]
fn draws_do_not_depend_on_how_they_are_split() {
    let mut flow = Flow::new(3, &FlowConfig::default(), 5).unwrap();
    flow.randomise(5, 1.0);
    let problem = problem("camel", 3, &[]);
    let integrand = from_fn(3, |y| problem.eval(y));
    let domain = settings(&problem, Method::Flow, 5000).domain.unwrap();
    let sampler = Sampler::new(Box::new(flow), domain).unwrap();
    for (n, first) in [(100, 40), (3000, 1100)] {
        let rest = n - first;
        let whole = sampler.draw(n, 9, 0);
        let (a, b) = (
            sampler.draw(first, 9, 0),
            sampler.draw(rest, 9, first as u64),
        );
        assert_eq!(whole.points, [a.points, b.points].concat());
        assert_eq!(whole.log_density, [a.log_density, b.log_density].concat());
        let all = sampler.weighted(&integrand, n, 9, 0).unwrap();
        assert_eq!(all.points, whole.points);
        let a = sampler.weighted(&integrand, first, 9, 0).unwrap();
        let b = sampler.weighted(&integrand, rest, 9, first as u64).unwrap();
        assert_eq!(all.weights, [a.weights, b.weights].concat());
    }
    assert_ne!(sampler.draw(10, 9, 0), sampler.draw(10, 10, 0));
}

#[test]
fn unweighted_events_do_not_depend_on_threads() {
    let problem = problem("camel", 2, &[]);
    let integrand = from_fn(2, |y| problem.eval(y));
    let sampler = Sampler::from_outcome(run(&problem, Method::Vegas, 4, 2));
    let how = Unweighting::default();
    let draw = |threads| {
        let pool = ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| sampler.unweighted(&integrand, 3000, 2, &how).unwrap())
    };
    assert_eq!(draw(1), draw(5));
}
