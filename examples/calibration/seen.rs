//! Features of which uniform points see little: found, flagged, or within the blind volume?
//!
//! `f = g(x) + b(x)`: a ground g of integral 1, and a feature b of integral 1 at a random place. The
//! ground is a slope, `(2/d) sum_i x_i`, to which proposals adapt little, or a normal density that
//! fills `1/int g^2` = 2 % of the cube, off which they draw few points. A box is 1/v on a cube of
//! volume v; a bump is `prod_i (1 + cos(2 pi u_i))/w` with `u_i = (x_i - c_i)/w` between -1/2 and
//! 1/2, where `w = 3/2 v^(1/d)` makes `1/int b^2 = v`.
//!
//! N is the number of uniform points that runs report which have no feature to find. v is chosen so
//! that N v is as wanted; features that do not fit into the cube are left out.

use std::f64::consts::{PI, TAU};

use thalweg::Method;
use thalweg_integrands::Problem;

use crate::families::exact::content;
use crate::numbers::uniform;
use crate::run::{self, Result};
use crate::{Arguments, seeds};

/// Calls of each run.
const CALLS: u64 = 50_000;
/// Uniform points that the feature is worth, N v.
const WORTH: [f64; 8] = [1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 50.0, 100.0];
const DIMS: [usize; 3] = [2, 4, 8];
/// The volume of the ground's peak.
const PEAK: f64 = 0.02;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Box,
    Bump,
}

impl Shape {
    fn name(self) -> &'static str {
        match self {
            Self::Box => "box",
            Self::Bump => "bump",
        }
    }

    /// Length of the sides.
    fn side(self, dim: usize, volume: f64) -> f64 {
        let side = volume.powf((dim as f64).recip());
        match self {
            Self::Box => side,
            Self::Bump => 1.5 * side,
        }
    }

    /// A feature that begins at `low`, along one axis.
    fn along(self, x: f64, low: f64, side: f64) -> f64 {
        let u = (x - low) / side;
        if !(0.0..1.0).contains(&u) {
            return 0.0;
        }
        match self {
            Self::Box => side.recip(),
            Self::Bump => (1.0 - (TAU * u).cos()) / side,
        }
    }
}

/// What lies beside the feature.
#[derive(Clone, Copy, Debug)]
enum Ground {
    Slope,
    Peak,
}

impl Ground {
    fn name(self) -> &'static str {
        match self {
            Self::Slope => "slope",
            Self::Peak => "peak",
        }
    }

    /// Its function on `dim` axes, of integral 1.
    fn function(self, dim: usize) -> impl Fn(&[f64]) -> f64 {
        let n = dim as f64;
        let sigma = PEAK.powf(n.recip()) / (4.0 * PI).sqrt();
        let log_norm = -n * (sigma * TAU.sqrt() * content(0.5, sigma)).ln();
        move |x: &[f64]| match self {
            Self::Slope => 2.0 * x.iter().sum::<f64>() / n,
            Self::Peak => {
                let square: f64 = x.iter().map(|x| (x - 0.5) * (x - 0.5)).sum();
                (log_norm - 0.5 * square / (sigma * sigma)).exp()
            }
        }
    }
}

/// A feature of a volume on its ground.
#[derive(Clone, Copy, Debug)]
struct Case {
    ground: Ground,
    shape: Shape,
    dim: usize,
    volume: f64,
}

impl Case {
    /// With the feature at a place that the seed tells.
    fn problem(self, seed: u64) -> Problem {
        let Self { shape, dim, .. } = self;
        let side = shape.side(dim, self.volume);
        let mut next = uniform(seed);
        let low: Vec<f64> = (0..dim).map(|_| (1.0 - side) * next()).collect();
        let ground = self.ground.function(dim);
        Problem::new("feature", vec![(0.0, 1.0); dim], move |x| {
            let axes = x
                .iter()
                .zip(&low)
                .map(|(x, low)| shape.along(*x, *low, side));
            ground(x) + axes.product::<f64>()
        })
        .with_exact(2.0)
    }
}

/// What became of a run.
#[derive(Clone, Copy, Debug)]
struct Seen {
    result: Result,
    /// whether the printed blind volume is that of the feature or more
    covered: bool,
}

/// Runs of one row.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    runs: usize,
    found: usize,
    flagged: usize,
    missed: usize,
    covered: usize,
}

impl Count {
    fn of(all: &[Seen]) -> Self {
        let count = |what: &dyn Fn(&Seen) -> bool| all.iter().filter(|s| what(s)).count();
        Self {
            runs: all.len(),
            found: count(&|s| !s.result.is_far()),
            flagged: count(&|s| s.result.is_far() && !s.result.good),
            missed: count(&|s| s.result.is_silent()),
            covered: count(&|s| s.result.is_silent() && s.covered),
        }
    }

    fn merged(self, other: &Self) -> Self {
        Self {
            runs: self.runs + other.runs,
            found: self.found + other.found,
            flagged: self.flagged + other.flagged,
            missed: self.missed + other.missed,
            covered: self.covered + other.covered,
        }
    }

    /// Shares found and flagged.
    fn seen(&self) -> String {
        let share = |count: usize| 100.0 * count as f64 / self.runs.max(1) as f64;
        format!("{:.1} + {:.1} %", share(self.found), share(self.flagged))
    }

    const HEADER: &str = "| ground | method | feature | dim | N | N v | runs | found | flagged | missed | of these within the blind volume |\n\
        |---|---|---|---|---|---|---|---|---|---|---|";

    fn line(&self, head: &str) -> String {
        let share = |count: usize| 100.0 * count as f64 / self.runs as f64;
        format!(
            "| {head} | {} | {:.1} % | {:.1} % | {:.1} % | {} of {} |",
            self.runs,
            share(self.found),
            share(self.flagged),
            share(self.missed),
            self.covered,
            self.missed
        )
    }
}

fn runs(all: &Arguments, method: Method, case: Case) -> Vec<Seen> {
    let calls = all.calls.unwrap_or(CALLS);
    seeds::each(all.options.seeds, |seed| {
        let report = run::one(&case.problem(seed), method, calls, (seed, &all.options)).report;
        Seen {
            result: Result::of(&report, 2.0),
            covered: report.blind_volume >= case.volume,
        }
    })
}

/// The median of the uniform points over a few runs without a feature.
fn uniform_points(all: &Arguments, method: Method, ground: Ground, dim: usize) -> u64 {
    let problem = Problem::new("ground", vec![(0.0, 1.0); dim], ground.function(dim));
    let calls = all.calls.unwrap_or(CALLS);
    let mut points = seeds::each(5, |seed| {
        let report = run::one(&problem, method, calls, (seed, &all.options)).report;
        report.exploration.map_or(0, |e| e.points)
    });
    points.sort_unstable();
    points[2]
}

/// A row for each ground, method, feature, dimension and N v, and what is found and what flagged
/// over features and dimensions.
#[expect(clippy::print_stdout, reason = "an example shows its result")]
pub(crate) fn table(all: &Arguments) {
    println!("{}", Count::HEADER);
    let mut sums = Vec::new();
    let grounds = [Ground::Slope, Ground::Peak];
    let grounds = grounds.into_iter().filter(|g| all.wants(g.name()));
    for ground in grounds {
        for method in &all.methods {
            let mut of_method = [Count::default(); WORTH.len()];
            for dim in DIMS {
                let points = uniform_points(all, *method, ground, dim);
                for shape in [Shape::Box, Shape::Bump] {
                    for (worth, sum) in WORTH.iter().zip(&mut of_method) {
                        let volume = worth / points as f64;
                        if shape.side(dim, volume) > 1.0 {
                            continue;
                        }
                        let case = Case {
                            ground,
                            shape,
                            dim,
                            volume,
                        };
                        let count = Count::of(&runs(all, *method, case));
                        let (ground, shape) = (ground.name(), shape.name());
                        let name = method.name();
                        let head =
                            format!("{ground} | {name} | {shape} | {dim} | {points} | {worth}");
                        println!("{}", count.line(&head));
                        *sum = sum.merged(&count);
                    }
                }
            }
            sums.push((ground.name(), method.name(), of_method));
        }
    }
    let worths = WORTH.map(|worth| format!(" {worth} |")).concat();
    println!("\n| ground | method |{worths} missed | of these within the blind volume |");
    println!("|{}", "---|".repeat(WORTH.len() + 4));
    for (ground, name, counts) in &sums {
        let cells = counts.map(|count| format!(" {} |", count.seen())).concat();
        let all = counts.iter().fold(Count::default(), Count::merged);
        let Count {
            missed, covered, ..
        } = all;
        println!("| {ground} | {name} |{cells} {missed} | {covered} |");
    }
}
