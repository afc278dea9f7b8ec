//! Trained proposals q on exact samples of their targets p: whether mass is missing.
//!
//! Points from q do not tell what q has lost; points from p do. With x from p
//!
//! ```text
//! KL(p|q) = E_p[log p/q]     1 + chi2 = E_p[p/q]
//! ```
//!
//! in nats. A part of the cube is missed if it has more than 1 % of p but fewer than ten of n points are
//! expected there, n being those of the estimate. Tried are the parts A where p/q is above 100, 1000, ..:
//!
//! ```text
//! n q(A) = n E_p[q/p, A]
//! ```
//!
//! A run is silent if it misses a part and its status is good; it is within the blind volume if that
//! is at least the smallest volume `1/int p_k^2` of the normal densities that p is made of.
//! q is the frozen map of a `Sampler`, without what the estimate mixes in.

use std::time::Instant;

use thalweg::{Method, Sampler, stats::WeightStats};

use crate::numbers::uniform;
use crate::targets::{Target, targets};
use crate::{Arguments, run, seeds};

/// Calls of each run.
const CALLS: u64 = 100_000;
/// Exact points for each run.
const POINTS: usize = 100_000;
/// The share of p that counts.
const MISSING: f64 = 0.01;
/// Points of the estimate below which it does not see such a part.
const FEW: f64 = 10.0;
/// log p/q where it is cut for the moments of p/q, so that squares do not overflow.
const LARGEST: f64 = 300.0;

/// What exact points say of one proposal.
#[derive(Clone, Copy, Debug)]
struct Score {
    kl: f64,
    kl_error: f64,
    /// 1 + chi2
    ratio: f64,
    ratio_error: f64,
    khat: Option<f64>,
    /// shares with p/q above 10 and 100
    above: (f64, f64),
    /// log p/q at its largest
    largest: f64,
    missing: bool,
    good: bool,
    /// whether the blind volume is that of the smallest part of p
    blind: bool,
    seconds: f64,
}

fn score(all: &Arguments, target: &Target, method: Method, seed: u64) -> Score {
    let start = Instant::now();
    let calls = all.calls.unwrap_or(CALLS);
    let outcome = run::one(&target.problem(), method, calls, (seed, &all.options));
    let seconds = start.elapsed().as_secs_f64();
    let report = &outcome.report;
    let (good, drawn) = (report.status.is_good(), report.calls.estimate as f64);
    let blind = report.blind_volume >= target.smallest();
    let sampler = Sampler::from_outcome(outcome);
    let mut next = uniform(1000 + seed);
    let mut points = Vec::with_capacity(POINTS * target.dim);
    for _ in 0..POINTS {
        target.draw(&mut next, &mut points);
    }
    let logs: Vec<f64> = points
        .chunks_exact(target.dim)
        .zip(sampler.log_density(&points))
        .map(|(x, log_q)| target.log_density(x) - log_q)
        .collect();
    let ratios: Vec<f64> = logs.iter().map(|l| l.min(LARGEST).exp()).collect();
    let above = |r: f64| ratios.iter().filter(|x| **x > r).count() as f64 / POINTS as f64;
    let missed = |decade: &i32| {
        let least = 10.0_f64.powi(*decade);
        let inverse = ratios.iter().filter(|x| **x > least).map(|x| x.recip());
        above(least) > MISSING && drawn * inverse.sum::<f64>() / (POINTS as f64) < FEW
    };
    let (kl, kl_error) = mean(&logs);
    let (ratio, ratio_error) = mean(&ratios);
    Score {
        kl,
        kl_error,
        ratio,
        ratio_error,
        khat: WeightStats::from_slice(&ratios).khat(),
        above: (above(10.0), above(100.0)),
        missing: (2..=100).any(|decade| missed(&decade)),
        largest: logs.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        good,
        blind,
        seconds,
    }
}

/// The mean and its error.
fn mean(x: &[f64]) -> (f64, f64) {
    let n = x.len() as f64;
    let mean = x.iter().sum::<f64>() / n;
    let square = x.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>();
    (mean, (square / (n - 1.0) / n).sqrt())
}

/// The run in the middle by some number, and the largest of the numbers.
fn middle_and_most(scores: &[Score], what: impl Fn(&Score) -> f64) -> (Score, f64) {
    let mut sorted = scores.to_vec();
    sorted.sort_by(|a, b| what(a).total_cmp(&what(b)));
    (sorted[sorted.len() / 2], what(&sorted[sorted.len() - 1]))
}

/// Three decimals, or three digits where there are more than five before the point.
fn short(x: f64) -> String {
    if x.abs() < 1e5 {
        format!("{x:.3}")
    } else {
        format!("{x:.2e}")
    }
}

fn line(target: &Target, method: Method, scores: &[Score]) -> String {
    let n = scores.len() as f64;
    let average = |what: &dyn Fn(&Score) -> f64| scores.iter().map(what).sum::<f64>() / n;
    let (kl, most_kl) = middle_and_most(scores, |s| s.kl);
    let (ratio, most_ratio) = middle_and_most(scores, |s| s.ratio);
    let (_, khat) = middle_and_most(scores, |s| s.khat.unwrap_or(f64::NEG_INFINITY));
    let (_, most_10) = middle_and_most(scores, |s| s.above.0);
    let (_, most_100) = middle_and_most(scores, |s| s.above.1);
    let (_, largest) = middle_and_most(scores, |s| s.largest);
    let missing = scores.iter().filter(|s| s.missing);
    let silent = missing.clone().filter(|s| s.good);
    let blind = silent.clone().filter(|s| s.blind).count();
    let percent = |x: f64| format!("{:.2} %", 100.0 * x);
    format!(
        "| {} | {} | {} | {:.1} | {:.4} +- {:.4} | {:.3} | {} +- {} | {} | {khat:.2} | {} | {} | {} | {} | {:.0e} | {:.0} % | {} | {} | {blind} |",
        target.name,
        method.name(),
        scores.len(),
        average(&|s| s.seconds),
        kl.kl,
        kl.kl_error,
        most_kl,
        short(ratio.ratio),
        short(ratio.ratio_error),
        short(most_ratio),
        percent(average(&|s| s.above.0)),
        percent(most_10),
        percent(average(&|s| s.above.1)),
        percent(most_100),
        (-largest).exp(),
        100.0 * average(&|s| f64::from(u8::from(s.good))),
        missing.count(),
        silent.count()
    )
}

/// A row for each target and method.
#[expect(clippy::print_stdout, reason = "an example shows its result")]
pub(crate) fn table(all: &Arguments) {
    println!(
        "| target | method | runs | s | KL (median run) | most | 1 + chi2 (median run) | most | k-hat, most | p/q > 10, mean | most | > 100, mean | most | least q/p | good | missing | silent | blind |"
    );
    println!("|{}", "---|".repeat(18));
    for target in targets().iter().filter(|t| all.wants(t.name)) {
        for method in &all.methods {
            let scores = seeds::each(all.options.seeds, |seed| score(all, target, *method, seed));
            println!("{}", line(target, *method, &scores));
        }
    }
}
