//! Functions that break integrators, each with its exact integral and why it is hard.
//!
//! Exact values are closed forms or one-dimensional quadratures to 1e-10 or better. A value at a
//! point where the function diverges is 0: no such point has a probability.

mod correlated;
mod cuts;
mod dims;
mod empty;
mod exact;
mod missed;
mod scales;
mod sharp;
mod signed;
mod tails;
mod thin;

use thalweg_integrands::Problem;

/// A function that is hard to integrate.
#[derive(Debug)]
pub(crate) struct Nasty {
    pub(crate) name: &'static str,
    pub(crate) class: &'static str,
    pub(crate) problem: Problem,
    /// The share of the unit cube (infinite ranges mapped onto it) that the smallest part with
    /// more than 1 % of the integral fills, where that is small.
    ///
    /// Uniform points that are fewer than a few times its inverse do not see that part. Of a
    /// density p it is `1 / int p^2`: `(2 sqrt(pi) sigma)^d` for a normal one and `2 pi gamma`
    /// for a Lorentzian.
    pub(crate) feature: Option<f64>,
    pub(crate) why: &'static str,
}

impl Nasty {
    /// An entry; its class is that of the list it is in.
    fn new(
        name: &'static str,
        problem: Problem,
        feature: impl Into<Option<f64>>,
        why: &'static str,
    ) -> Self {
        Self {
            name,
            class: "",
            problem,
            feature: feature.into(),
            why,
        }
    }
}

/// A problem on the unit cube.
fn on_cube(
    name: &str,
    dim: usize,
    exact: f64,
    function: impl Fn(&[f64]) -> f64 + Send + Sync + 'static,
) -> Problem {
    Problem::new(name, vec![(0.0, 1.0); dim], function).with_exact(exact)
}

/// 1 where `inside` holds, else 0.
fn indicator(inside: bool) -> f64 {
    f64::from(u8::from(inside))
}

/// The squared distance of `x` from a centre with equal coordinates.
fn distance2(x: &[f64], centre: f64) -> f64 {
    x.iter().map(|x| (x - centre) * (x - centre)).sum()
}

/// The functions of every class.
pub(crate) fn zoo() -> Vec<Nasty> {
    let classes = [
        ("missed peak", missed::list()),
        ("tail", tails::list()),
        ("thin set", thin::list()),
        ("cut", cuts::list()),
        ("correlation", correlated::list()),
        ("sign", signed::list()),
        ("scale", scales::list()),
        ("dimension", dims::list()),
        ("empty", empty::list()),
        ("sharp", sharp::list()),
    ];
    classes
        .into_iter()
        .flat_map(|(class, list)| list.into_iter().map(move |nasty| Nasty { class, ..nasty }))
        .collect()
}
