//! The six families of Genz, each with one kind of difficulty, on the unit cube.
//!
//! Every member has a difficulty `a_i > 0` and a place `u_i` in `[0, 1]` per dimension. The sum of
//! the `a_i` is the parameter `difficulty`. With seed 0, in 5 and 8 dimensions, `a` and `u` come
//! from a table; else they are drawn, `a_i` uniform in `[0.3, 1]` and scaled to the sum, then `u_i`
//! uniform in `[0.2, 0.8]`.
//!
//! Genz 1984, "Testing multidimensional integration routines", in Tools, Methods and Languages for
//! Scientific and Engineering Computation, North-Holland, 81; the default difficulties are those
//! of Barthelmann, Novak, Ritter 2000, Adv. Comput. Math. 12, 273.

pub(crate) mod continuous;
pub(crate) mod corner_peak;
pub(crate) mod discontinuous;
pub(crate) mod gaussian;
pub(crate) mod oscillatory;
pub(crate) mod product_peak;

use crate::{BuildError, Parameter, random::SplitMix64, settings::Settings};

const CITATION: &str = "Genz 1984, in Tools, Methods and Languages for Scientific and Engineering \
                        Computation, 81; Barthelmann, Novak, Ritter 2000, \
                        Adv. Comput. Math. 12, 273";

/// The numbers of one tabulated member, `[dim]` each.
struct Tabulated {
    a: &'static [f64],
    u: &'static [f64],
}

/// The numbers of one member.
struct Shape {
    /// Difficulties, `[dim]`.
    a: Vec<f64>,
    /// Places, `[dim]`.
    u: Vec<f64>,
}

/// The parameters of every family, with its own default difficulty.
const fn parameters(difficulty: f64) -> [Parameter; 2] {
    let seed = "0: the tabulated member in 5 and 8 dimensions; else one drawn, 0 to 2^53";
    [
        Parameter {
            name: "difficulty",
            default: difficulty,
            about: "sum of the a_i, > 0",
        },
        Parameter {
            name: "seed",
            default: 0.0,
            about: seed,
        },
    ]
}

impl Shape {
    fn new(settings: &Settings, table: &[Tabulated]) -> Result<Self, BuildError> {
        let difficulty = settings.positive("difficulty")?;
        let seed = settings.whole("seed", "a whole number from 0 to 2^53", |_| true)?;
        let Self { mut a, u } = table
            .iter()
            .find(|entry| seed == 0 && entry.a.len() == settings.dim)
            .map_or_else(
                || Self::drawn(settings.dim, seed),
                |entry| Self {
                    a: entry.a.to_vec(),
                    u: entry.u.to_vec(),
                },
            );
        let scale = difficulty / a.iter().sum::<f64>();
        for a in &mut a {
            *a *= scale;
        }
        Ok(Self { a, u })
    }

    fn drawn(dim: usize, seed: u64) -> Self {
        let mut rng = SplitMix64::new(seed);
        let a = (0..dim).map(|_| rng.uniform(0.3, 1.0)).collect();
        let u = (0..dim).map(|_| rng.uniform(0.2, 0.8)).collect();
        Self { a, u }
    }

    /// The pairs `(a_i, u_i)`.
    fn pairs(&self) -> impl Iterator<Item = (f64, f64)> {
        self.a.iter().copied().zip(self.u.iter().copied())
    }
}

/// `sum_i a_i x_i`
fn dot(a: &[f64], x: &[f64]) -> f64 {
    a.iter().zip(x).map(|(a, x)| a * x).sum()
}

#[cfg(test)]
mod tests {
    use crate::check::{assert_close, assert_exact_by_monte_carlo, build, exact};

    const NAMES: [&str; 6] = [
        "genz-oscillatory",
        "genz-product-peak",
        "genz-corner-peak",
        "genz-gaussian",
        "genz-continuous",
        "genz-discontinuous",
    ];

    #[test]
    fn drawn_members_have_the_exact_value_too() {
        for name in NAMES {
            assert_exact_by_monte_carlo(&build(name, Some(3), &[]), 20);
            let other = [("seed", 7.0), ("difficulty", 3.0)];
            assert_exact_by_monte_carlo(&build(name, Some(5), &other), 21);
        }
    }

    #[test]
    fn seed_and_difficulty_change_the_member() {
        for name in NAMES {
            let [first, second, third] =
                [[0.0, 3.0], [1.0, 3.0], [0.0, 4.0]].map(|[seed, difficulty]| {
                    let settings = [("seed", seed), ("difficulty", difficulty)];
                    exact(&build(name, Some(8), &settings))
                });
            assert!((first - second).abs() > 1e-6 * first.abs(), "{name}");
            assert!((first - third).abs() > 1e-6 * first.abs(), "{name}");
        }
    }

    #[test]
    fn a_tiny_difficulty_is_a_nearly_constant_function() {
        for name in ["genz-corner-peak", "genz-gaussian", "genz-continuous"] {
            let problem = build(name, Some(4), &[("difficulty", 1e-9)]);
            assert_close(exact(&problem), 1.0, 1e-8);
        }
    }
}
