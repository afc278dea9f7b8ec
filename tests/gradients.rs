//! Gradients by central differences: every parameter of every trainable map, every loss.
//!
//! The loss of a sample, L = mean of (q/s)(phi(r) + c) with r = t/q at fixed points, fixed
//! sampling density s and fixed target t, has the gradient -mean of (q/s)(`gradient(r)` +
//! phi'(1) - c) d log q. With c = phi'(1) it is the one of the control variate, with c = 0 the
//! plain one, and both are exact at finite samples.
#![expect(clippy::print_stdout, reason = "what was achieved is shown on demand")]

#[path = "common/flows.rs"]
mod flows;
#[path = "common/numbers.rs"]
mod numbers;
#[path = "common/passes.rs"]
mod passes;

use flows::{KINDS, random_flow};
use numbers::{std_dev, uniform};
use passes::{forward, inverse};
use thalweg::{
    Flow, FlowConfig, Map as _,
    flow::{Activation, Masks, Precision},
    train::LossKind,
};

/// Points of the sample.
const POINTS: usize = 160;
/// Steps of the differences.
const STEPS: [f64; 2] = [1e-6, 5e-7];

/// Fixed points with their sampling and target densities.
struct Sample {
    /// `[POINTS * dim]`
    x: Vec<f64>,
    /// `[POINTS]`
    log_s: Vec<f64>,
    /// `[POINTS]`
    log_t: Vec<f64>,
}

/// One way to weigh the points: a loss, with the control variate or without.
#[derive(Clone, Copy, Debug)]
struct Objective {
    loss: LossKind,
    control_variate: bool,
}

impl Objective {
    fn all() -> Vec<Self> {
        let pair = |loss| {
            [true, false].map(|control_variate| Self {
                loss,
                control_variate,
            })
        };
        LossKind::ALL.into_iter().flat_map(pair).collect()
    }

    /// One point's part of the loss.
    fn value(self, log_q: f64, log_s: f64, log_t: f64) -> f64 {
        let loss = self.loss.loss();
        let c = if self.control_variate {
            loss.slope_at_one()
        } else {
            0.0
        };
        (log_q - log_s).exp() * (loss.divergence(log_t - log_q) + c) / POINTS as f64
    }

    /// Its derivative with respect to log q.
    fn slope(self, log_q: f64, log_s: f64, log_t: f64) -> f64 {
        let loss = self.loss.loss();
        let c = if self.control_variate {
            0.0
        } else {
            loss.slope_at_one()
        };
        -(log_q - log_s).exp() * (loss.gradient(log_t - log_q) + c) / POINTS as f64
    }

    /// The whole loss at densities `log_q` (`[POINTS]`).
    fn sum(self, log_q: &[f64], sample: &Sample) -> f64 {
        let parts = log_q.iter().zip(&sample.log_s).zip(&sample.log_t);
        parts.map(|((q, s), t)| self.value(*q, *s, *t)).sum()
    }
}

/// Densities near those of the flow, so that no point outweighs the others.
fn sample(flow: &Flow) -> Sample {
    let dim = flow.dim();
    let (drawn, _) = forward(flow, &uniform(POINTS / 2 * dim, 31));
    let x = [drawn, uniform(POINTS / 2 * dim, 32)].concat();
    let log_q: Vec<f64> = inverse(flow, &x).1.iter().map(|l| -l).collect();
    let near = |width: f64, seed| -> Vec<f64> {
        log_q
            .iter()
            .zip(uniform(POINTS, seed))
            .map(|(l, u)| l + width * (u - 0.5))
            .collect()
    };
    Sample {
        log_s: near(1.0, 33),
        log_t: near(3.0, 34),
        x,
    }
}

/// log q at `x` with parameter `p` moved by `step`.
fn moved(flow: &mut Flow, parameters: &[f64], p: usize, step: f64, x: &[f64]) -> Vec<f64> {
    let mut changed = parameters.to_vec();
    changed[p] += step;
    flow.set_parameters(&changed).expect("finite parameters");
    inverse(flow, x).1.iter().map(|l| -l).collect()
}

/// What the comparison of one gradient gave.
struct Found {
    /// largest error of a component, relative to it or to a thousandth of the largest one
    error: f64,
    /// components that the differences cannot judge
    skipped: usize,
    /// components that vanish
    zeros: usize,
}

fn compare(flow: &Flow, objectives: &[Objective]) -> Vec<Found> {
    let sample = sample(flow);
    let parameters = flow.parameters().to_vec();
    let exact: Vec<Vec<f64>> = objectives
        .iter()
        .map(|objective| {
            let slope = |i: usize, log_q| objective.slope(log_q, sample.log_s[i], sample.log_t[i]);
            flow.gradient(&sample.x, slope).1
        })
        .collect();
    let mut changed = flow.clone();
    let mut numeric = vec![Vec::new(); objectives.len()];
    for p in 0..parameters.len() {
        let densities = STEPS
            .map(|step| [step, -step].map(|s| moved(&mut changed, &parameters, p, s, &sample.x)));
        for (numeric, objective) in numeric.iter_mut().zip(objectives) {
            let slopes = [0, 1].map(|i| {
                let [up, down] = [0, 1].map(|j| objective.sum(&densities[i][j], &sample));
                let width = (parameters[p] + STEPS[i]) - (parameters[p] - STEPS[i]);
                (up - down) / width
            });
            numeric.push(slopes);
        }
    }
    exact
        .iter()
        .zip(&numeric)
        .map(|(exact, numeric)| judge(exact, numeric))
        .collect()
}

/// A kink of an activation or a knot of a spline between the two points of a difference is
/// recognised by two steps that disagree.
fn judge(exact: &[f64], numeric: &[[f64; 2]]) -> Found {
    let floor = 1e-3 * exact.iter().fold(0.0, |m: f64, g| m.max(g.abs()));
    let mut found = Found {
        error: 0.0,
        skipped: 0,
        zeros: 0,
    };
    for (exact, [coarse, fine]) in exact.iter().zip(numeric) {
        let scale = exact.abs().max(floor);
        let disagree = (coarse - fine).abs() / scale;
        let error = (fine - exact).abs() / scale;
        found.zeros += usize::from(*exact == 0.0);
        if disagree > 3e-5 {
            found.skipped += 1;
        } else {
            found.error = found.error.max(error);
        }
    }
    found
}

/// Small architectures with double-precision conditioners.
fn base() -> FlowConfig {
    FlowConfig {
        bins: 5,
        hidden: vec![6, 5],
        precision: Precision::F64,
        ..FlowConfig::default()
    }
}

/// Counts of components: all of them, and those that the differences could not judge.
#[derive(Default)]
struct Count {
    all: usize,
    skipped: usize,
}

fn check(count: &mut Count, dim: usize, config: &FlowConfig, objectives: &[Objective]) {
    let flow = random_flow(dim, config, 19);
    let spread = std_dev(&forward(&flow, &uniform(2048 * dim, 35)).1);
    let least = if dim == 1 { 0.4 } else { 1.0 };
    assert!(
        (least..3.0).contains(&spread),
        "{config:?}: log_jac has the spread {spread}"
    );
    for (found, objective) in compare(&flow, objectives).iter().zip(objectives) {
        let Found {
            error,
            skipped,
            zeros,
        } = found;
        let all = flow.parameters().len();
        count.all += all;
        count.skipped += skipped;
        println!(
            "{} {objective:?}: error {error:.1e}, skipped {skipped}, {zeros} zeros",
            flow.describe()
        );
        assert!(*error < 3e-5, "{config:?} {objective:?}: {error}");
        // A unit of a ReLU layer may be off for all points; nothing else is ever without effect.
        let dead = if config.activation == Activation::Relu {
            all / 4
        } else {
            0
        };
        assert!(*zeros <= dead, "{config:?} {objective:?}: {zeros} zeros");
    }
}

#[test]
fn every_parameter_of_every_coupling() {
    let mut count = Count::default();
    let objective = [Objective {
        loss: LossKind::Kl,
        control_variate: true,
    }];
    for spline in KINDS {
        for activation in [Activation::LeakyRelu, Activation::Relu] {
            check(
                &mut count,
                3,
                &FlowConfig {
                    spline,
                    activation,
                    ..base()
                },
                &objective,
            );
        }
        let masks = Masks::Halves { couplings: 3 };
        check(
            &mut count,
            4,
            &FlowConfig {
                spline,
                masks,
                ..base()
            },
            &objective,
        );
    }
    assert!(
        200 * count.skipped < count.all,
        "{} of {} skipped",
        count.skipped,
        count.all
    );
}

#[test]
fn every_parameter_of_elementwise_splines() {
    let mut count = Count::default();
    let objective = [Objective {
        loss: LossKind::Kl,
        control_variate: true,
    }];
    for spline in KINDS {
        check(&mut count, 1, &FlowConfig { spline, ..base() }, &objective);
        check(
            &mut count,
            3,
            &FlowConfig {
                spline,
                elementwise_bins: 5,
                ..base()
            },
            &objective,
        );
    }
    assert!(
        200 * count.skipped < count.all,
        "{} of {} skipped",
        count.skipped,
        count.all
    );
}

#[test]
fn every_loss_with_and_without_control_variate() {
    let mut count = Count::default();
    check(&mut count, 3, &base(), &Objective::all());
    assert!(
        200 * count.skipped < count.all,
        "{} of {} skipped",
        count.skipped,
        count.all
    );
}

/// The gradient of single-precision conditioners as a whole.
#[test]
fn single_precision_points_the_same_way() {
    for spline in KINDS {
        let config = FlowConfig { spline, ..base() };
        let double = random_flow(4, &config, 19);
        let config = FlowConfig {
            precision: Precision::F32,
            ..config
        };
        let mut single = Flow::new(4, &config, 19).unwrap();
        single.set_parameters(double.parameters()).unwrap();
        let sample = sample(&double);
        let [a, b] = [&double, &single].map(|flow| flow.gradient(&sample.x, |_, l| l.exp()).1);
        let norm = |v: &mut dyn Iterator<Item = f64>| v.map(|g| g * g).sum::<f64>().sqrt();
        let error = norm(&mut a.iter().zip(&b).map(|(a, b)| a - b)) / norm(&mut a.iter().copied());
        println!("{spline:?}: single precision differs by {error:.1e}");
        assert!(error < 1e-3, "{spline:?}: {error}");
    }
}

#[test]
fn losses_vanish_at_the_target() {
    for kind in LossKind::ALL {
        let loss = kind.loss();
        assert!(loss.divergence(0.0).abs() < 1e-300, "{kind:?}");
        assert!(loss.gradient(0.0).abs() < 1e-300, "{kind:?}");
    }
}

/// r phi' - phi - phi'(1) from differences of phi, where phi' = d phi/d(ln r) / r.
#[test]
fn loss_gradients_are_those_of_the_divergences() {
    let step = 1e-5;
    for kind in LossKind::ALL {
        let loss = kind.loss();
        let pull = |l: f64| (loss.divergence(l + step) - loss.divergence(l - step)) / (2.0 * step);
        assert!((pull(0.0) - loss.slope_at_one()).abs() < 1e-8, "{kind:?}");
        for i in -40..=16 {
            let l = f64::from(i) / 4.0 + 0.1;
            let numeric = pull(l) - loss.divergence(l) - loss.slope_at_one();
            let error = (numeric - loss.gradient(l)).abs() / (1.0 + loss.gradient(l).abs());
            assert!(
                error < 1e-7,
                "{kind:?} at {l}: {numeric} and {}",
                loss.gradient(l)
            );
        }
    }
}

/// The divergences of two normalised discrete distributions are never negative, and the pull
/// grows with the ratio t/q.
#[test]
fn divergences_are_positive_and_pulls_rise() {
    for kind in LossKind::ALL {
        let loss = kind.loss();
        for seed in 0..50 {
            let normalise = |v: Vec<f64>| {
                let sum: f64 = v.iter().sum();
                v.iter().map(|p| p / sum).collect::<Vec<_>>()
            };
            let (t, q) = (
                normalise(uniform(20, seed)),
                normalise(uniform(20, seed + 100)),
            );
            let total: f64 = t
                .iter()
                .zip(&q)
                .map(|(t, q)| q * loss.divergence((t / q).ln()))
                .sum();
            assert!(total > 0.0, "{kind:?} {seed}: {total}");
        }
        if kind != LossKind::Exponential {
            let pulls: Vec<f64> = (-38..40)
                .map(|i| loss.gradient(f64::from(i) / 4.0))
                .collect();
            assert!(pulls.is_sorted(), "{kind:?}");
        }
    }
}

#[test]
fn a_vanishing_integrand_gives_finite_pulls() {
    for kind in LossKind::ALL {
        let loss = kind.loss();
        assert!(loss.divergence(f64::NEG_INFINITY).is_finite(), "{kind:?}");
        assert!(loss.gradient(f64::NEG_INFINITY).is_finite(), "{kind:?}");
    }
}
