//! What turning the axes gains a VEGAS grid where an integrand runs along diagonals.
//!
//! Each grid sees 10 iterations of 20 000 points; the spread is that of 200 000 fresh weights,
//! sigma over mean, and the calls for an error go with its square. "rotation": the grid works in
//! turned normal scores, z -> grid -> rotation -> x. "linear scores": the same over a fixed normal
//! law of width .2, z -> grid -> rotation -> law -> x, whose scores are nearly linear in x. The axes
//! come from the points of a grid of 5 iterations without them, and "again" takes them once more
//! from the points that the turned grid drew.
//! `cargo run --release --example diagonal`.

use std::time::Instant;

use thalweg::{
    Map, Result,
    map::{Chain, Grid, GridTraining, Rotation},
    speed::uniform_points,
};
use thalweg_integrands::problem;

const POINTS: usize = 20_000;
const ITERATIONS: u64 = 10;

type Function = Box<dyn Fn(&[f64]) -> f64>;

/// Points and weights of a map over fresh numbers.
struct Sample {
    z: Vec<f64>,
    x: Vec<f64>,
    w: Vec<f64>,
}

fn sample(map: &dyn Map, f: &Function, first: u64, n: usize) -> Sample {
    let dim = map.dim();
    let mut z = vec![0.0; n * dim];
    uniform_points(first, dim, &mut z);
    let mut x = z.clone();
    let mut w = vec![0.0; n];
    map.forward(&z, &mut x, &mut w);
    for (w, x) in w.iter_mut().zip(x.chunks_exact(dim)) {
        *w = f(x) * w.exp();
    }
    Sample { z, x, w }
}

/// What lies between the grid and x.
struct Under {
    turn: Rotation,
    law: Option<Grid>,
}

impl Under {
    /// With the axes of a sample.
    fn new(drawn: &Sample, law: Option<Grid>, dim: usize) -> Result<Self> {
        let mut z = drawn.x.clone();
        if let Some(law) = &law {
            law.inverse(&drawn.x, &mut z, &mut vec![0.0; drawn.w.len()]);
        }
        let turn = Rotation::from_sample(&z, &drawn.w, dim)?;
        Ok(Self { turn, law })
    }

    fn chain(&self, grid: &Grid) -> Result<Chain> {
        let mut maps: Vec<Box<dyn Map>> = vec![Box::new(grid.clone()), Box::new(self.turn.clone())];
        if let Some(law) = &self.law {
            maps.push(Box::new(law.clone()));
        }
        Chain::new(maps)
    }
}

/// Adapts a grid over the maps under it; the whole map, and points that it drew.
fn adapt(f: &Function, under: &Under, iterations: u64) -> Result<(Chain, Sample)> {
    let mut grid = Grid::uniform(under.turn.dim(), 200)?;
    let mut iteration = 0;
    loop {
        let map = under.chain(&grid)?;
        let drawn = sample(&map, f, iteration * POINTS as u64, POINTS);
        iteration += 1;
        if iteration > iterations {
            return Ok((map, drawn));
        }
        let mut training = GridTraining::new(&grid);
        training.add(&grid, &drawn.z, &drawn.w);
        grid = grid.refined(&training, 0.5);
    }
}

/// sigma / mean of fresh weights.
fn spread(map: &dyn Map, f: &Function) -> f64 {
    let w = sample(map, f, 1 << 40, 10 * POINTS).w;
    let n = w.len() as f64;
    let mean = w.iter().sum::<f64>() / n;
    (w.iter().map(|w| (w - mean) * (w - mean)).sum::<f64>() / n).sqrt() / mean
}

/// A Gaussian in the middle of the cube: width .1 on each axis, `correlation` of each pair.
fn correlated(correlation: f64) -> Function {
    Box::new(move |x| {
        let n = x.len() as f64;
        let sum: f64 = x.iter().map(|x| x - 0.5).sum();
        let squares: f64 = x.iter().map(|x| (x - 0.5) * (x - 0.5)).sum();
        let along = sum * sum / n;
        let (long, short) = (1.0 + (n - 1.0) * correlation, 1.0 - correlation);
        (-50.0 * (along / long + (squares - along) / short)).exp()
    })
}

fn cases() -> Vec<(&'static str, usize, Function)> {
    let mut cases: Vec<(_, _, Function)> = Vec::new();
    for dim in [4, 8] {
        if let Ok(camel) = problem("camel", Some(dim), &[]) {
            cases.push(("camel", dim, Box::new(move |x| camel.eval(x))));
        }
    }
    cases.push(("Gaussian, correlation .95", 4, correlated(0.95)));
    let ridge = |x: &[f64]| (-((x[0] - x[1]) / 0.02).powi(2)).exp();
    cases.push(("ridge", 2, Box::new(ridge)));
    let product = |x: &[f64]| {
        let hump = |x: f64, c: f64| (-((x - c) / 0.1).powi(2)).exp();
        x.iter().map(|x| hump(*x, 0.25) + hump(*x, 0.75)).product()
    };
    cases.push(("product of two humps each", 4, Box::new(product)));
    cases
}

#[expect(clippy::print_stdout, reason = "an example shows its result")]
fn main() -> Result<()> {
    println!(
        "sigma/mean of the weights      grid  rotation (again)  linear scores (again)  gain in calls"
    );
    for (name, dim, f) in cases() {
        let none = Under {
            turn: Rotation::identity(dim)?,
            law: None,
        };
        let plain = spread(&adapt(&f, &none, ITERATIONS)?.0, &f);
        let pilot = adapt(&f, &none, ITERATIONS / 2)?.1;
        let law = Grid::truncated_normal(dim, 1000, 0.2)?;
        let mut spreads = Vec::new();
        for law in [None, Some(law)] {
            let (map, drawn) = adapt(&f, &Under::new(&pilot, law.clone(), dim)?, ITERATIONS)?;
            spreads.push(spread(&map, &f));
            let again = Under::new(&drawn, law, dim)?;
            spreads.push(spread(&adapt(&f, &again, ITERATIONS)?.0, &f));
        }
        let gain = |s: f64| (plain / s).powi(2);
        println!(
            "{name:26} d{dim} {plain:7.3} {:8.3} {:7.3} {:11.3} {:9.3} {:11.1} {:8.1}",
            spreads[0],
            spreads[1],
            spreads[2],
            spreads[3],
            gain(spreads[0]),
            gain(spreads[2])
        );
    }
    speed()
}

/// Nanoseconds per coordinate of the rotation alone.
#[expect(clippy::print_stdout, reason = "an example shows its result")]
fn speed() -> Result<()> {
    for dim in [2, 4, 8, 16, 32] {
        let n = 4096 / dim;
        let mut z = vec![0.0; n * dim];
        uniform_points(0, dim, &mut z);
        let pairs = z.repeat(2);
        let turn = Rotation::from_sample(&pairs[..z.len()], &vec![1.0; n], dim)?;
        let (mut x, mut log_jac) = (z.clone(), vec![0.0; n]);
        let rounds = 2000;
        let start = Instant::now();
        for _ in 0..rounds {
            turn.forward(&z, &mut x, &mut log_jac);
        }
        let ns = start.elapsed().as_secs_f64() * 1e9 / f64::from(rounds) / (n * dim) as f64;
        println!("rotation d{dim}: {ns:.1} ns per coordinate");
    }
    Ok(())
}
