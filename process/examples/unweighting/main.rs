//! Unweighting efficiencies of VEGAS+ and of a flow, side by side, for a process of a library with the
//! UMAMI interface.
//!
//!     cargo run --release -p thalweg-process --example unweighting -- LIBRARY PROCESS.toml
//!         [--methods vegas,flow] [--calls 400000] [--seeds 4] [--first 1]
//!         [--hidden 32,32] [--bins 8] [--reuse 16] [--minibatch 512] [--rate R] [--couplings C]
//!         [--draws 100000] [--events 10000]
//!
//! Both samplers are trained with the same budget of calls, of which they may leave a part. For each, `draws`
//! fresh points give the mean weight over the largest one, over the median of the largest ones of
//! replicas of a tenth of the draws, and over the 99.9 % quantile; `events` unweighted events, from
//! other draws, tell what share of the weight lies above that quantile. One line per seed, then the
//! mean with its error over the seeds.

mod options;

use std::error::Error;
use std::process::ExitCode;
use std::time::Instant;

use options::Options;
use thalweg::event::{Sampler, Unweighting};
use thalweg::integrate::Silent;
use thalweg::stats::MaxWeight;
use thalweg::{Estimate, Integrand, Integrator, Method};
use thalweg_process::open;

/// What one sampler is worth.
struct Worth {
    /// by largest weight, by the median of replicas' largest, by the 99.9 % quantile
    efficiencies: [f64; 3],
    /// share of the weight above the quantile
    tail: f64,
    /// the largest weight over the quantile
    reach: f64,
    /// in pb, from fresh draws
    cross_section: Estimate,
    /// spread of the weights over their mean
    spread: f64,
    /// of the training
    calls: u64,
    seconds: f64,
}

fn measure(
    process: &dyn Integrand,
    method: Method,
    (seed, options): (u64, &Options),
) -> Result<Worth, Box<dyn Error>> {
    let begun = Instant::now();
    let settings = options.settings(method, seed);
    let outcome = Integrator::new(settings)?.train(process, None, &mut Silent)?;
    let seconds = begun.elapsed().as_secs_f64();
    let calls = outcome.report.calls.training();
    let sampler = Sampler::from_outcome(outcome);
    let how = Unweighting {
        max_weight: MaxWeight::Quantile(0.999),
        trials: options.draws,
        ..Unweighting::default()
    };
    // The training's own numbers are not drawn again.
    let drawn = sampler.unweighted(process, options.events, seed + 1_000_000, &how)?;
    let all = drawn.efficiencies;
    let value = drawn.integral;
    Ok(Worth {
        efficiencies: [all.by_max, all.by_bootstrap_median, all.by_quantile],
        tail: drawn.overweight_share,
        reach: drawn.overweight_reach,
        cross_section: drawn.pooled,
        spread: value.error / value.value * (options.draws as f64).sqrt(),
        calls,
        seconds,
    })
}

/// Mean and its error.
fn mean(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let n = values.clone().count() as f64;
    let mean = values.clone().sum::<f64>() / n;
    let squares: f64 = values.map(|v| (v - mean).powi(2)).sum();
    (mean, (squares / (n * (n - 1.0))).sqrt())
}

#[expect(clippy::print_stdout, reason = "an example shows its result")]
fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let process = open(&options.library, &options.file)?;
    println!(
        "method seed   by max  by median  by 99.9 %     tail  reach  spread   cross section [pb]   calls seconds"
    );
    for &method in &options.methods {
        let name = method.name();
        let mut all = Vec::new();
        for seed in options.first..options.first + options.seeds {
            let found = measure(&process, method, (seed, options))?;
            let [max, median, quantile] = found.efficiencies.map(|e| 100.0 * e);
            println!(
                "{name:6} {seed:4} {max:6.2} %   {median:6.2} %   {quantile:6.2} % {:7.3} % {:6.2} {:7.3} {:>20} {:7} {:7.1}",
                100.0 * found.tail,
                found.reach,
                found.spread,
                found.cross_section.to_string(),
                found.calls,
                found.seconds
            );
            all.push(found);
        }
        let column = |k: usize| mean(all.iter().map(|w| 100.0 * w.efficiencies[k]));
        let ((max, dm), (median, dn), (quantile, dq)) = (column(0), column(1), column(2));
        let (tail, dt) = mean(all.iter().map(|w| 100.0 * w.tail));
        println!(
            "{name}: by max {max:.2}({dm:.2}) %, by median {median:.2}({dn:.2}) %, by quantile {quantile:.2}({dq:.2}) %, tail {tail:.3}({dt:.3}) %"
        );
    }
    Ok(())
}

#[expect(clippy::print_stderr, reason = "an example tells its errors")]
fn main() -> ExitCode {
    match Options::of_command_line().and_then(|options| run(&options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
