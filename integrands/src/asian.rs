//! The price of an Asian call option on the geometric mean of n prices of a share.
//!
//! ```text
//! f(x) = e^(-r T) max(G(x) - K, 0)
//! G(x) = exp( 1/n sum_i ln S(t_i) ),  t_i = T i/n
//! ln S(t) = ln S_0 + (r - s^2/2) t + s W(t)
//! ```
//!
//! with T = 1, `S_0` = 100, the strike K, the interest r and the volatility s. W is a Brownian motion made
//! from the normal quantiles of x: step by step, or by a bridge, whose first coordinate is W(T) and whose
//! others halve the intervals that are left. ln G is normal, so that the price is known: A. Kemna, T. Vorst,
//! J. Banking Finance 14 (1990) 113. Bridge: R. Caflisch, W. Morokoff, A. Owen, J. Comput. Finance 1 (1997) 27.
//!
//! The longest of the integrands here: 252 coordinates, one per trading day. Step by step all matter
//! alike; by the bridge the first few carry nearly all of the variance.

use std::collections::VecDeque;
use std::f64::consts::SQRT_2;

use statrs::distribution::{ContinuousCDF as _, Normal};

use crate::{BuildError, Dims, Family, Parameter, Problem, settings::Settings, special::erf};

pub(crate) const FAMILY: Family = Family {
    name: "asian",
    title: "Asian option on the geometric mean of d prices",
    formula: "e^-r max(exp(mean of ln S(i/d)) - K, 0), ln S(t) = ln 100 + (r - s^2/2) t + s W(t), \
              K = strike, r = rate, s = volatility",
    citation: "Kemna, Vorst 1990, J. Banking Finance 14, 113",
    default_dim: 252,
    dims: Dims::Any,
    parameters: &[
        Parameter {
            name: "strike",
            default: 100.0,
            about: "strike price K, > 0; the share begins at 100",
        },
        Parameter {
            name: "rate",
            default: 0.05,
            about: "interest r, >= 0",
        },
        Parameter {
            name: "volatility",
            default: 0.2,
            about: "volatility s, > 0",
        },
        Parameter {
            name: "bridge",
            default: 0.0,
            about: "0: W is made step by step, 1: by a Brownian bridge",
        },
    ],
    build,
};

/// Price at the start.
const SPOT: f64 = 100.0;

/// W at one date, given those at its neighbours that are known.
#[derive(Clone, Copy)]
struct Step {
    /// number of the date
    at: usize,
    /// date 0 is the start, where W is 0
    left: usize,
    /// `None` beyond the last
    right: Option<usize>,
}

/// Dates from 1 to `n`, one after the other.
fn forward(n: usize) -> Vec<Step> {
    let step = |at| Step {
        at,
        left: at - 1,
        right: None,
    };
    (1..=n).map(step).collect()
}

/// The last date, then the middle of each interval that is left, the long ones first.
fn bridge(n: usize) -> Vec<Step> {
    let last = Step {
        at: n,
        left: 0,
        right: None,
    };
    let mut steps = vec![last];
    let mut intervals = VecDeque::from([(0, n)]);
    while let Some((left, right)) = intervals.pop_front() {
        if right - left < 2 {
            continue;
        }
        let at = left.midpoint(right);
        steps.push(Step {
            at,
            left,
            right: Some(right),
        });
        intervals.extend([(left, at), (at, right)]);
    }
    steps
}

/// d mean(W)/dz for each coordinate: mean(W) is linear in the normal numbers.
fn weights(steps: &[Step]) -> Vec<f64> {
    let n = steps.len();
    // From the last made to the first: what a date weighs is divided among those it was made from.
    let mut of_date = vec![1.0 / n as f64; n + 1];
    let mut of_number = vec![0.0; n];
    for (step, number) in steps.iter().zip(&mut of_number).rev() {
        let (weight, time) = (of_date[step.at], |date: usize| date as f64 / n as f64);
        let (t, a) = (time(step.at), time(step.left));
        match step.right {
            None => {
                of_date[step.left] += weight;
                *number = weight * (t - a).sqrt();
            }
            Some(right) => {
                let b = time(right);
                of_date[step.left] += weight * (b - t) / (b - a);
                of_date[right] += weight * (t - a) / (b - a);
                *number = weight * ((t - a) * (b - t) / (b - a)).sqrt();
            }
        }
    }
    of_number
}

/// The normal distribution function.
fn cdf(x: f64) -> f64 {
    0.5 * (1.0 + erf(x / SQRT_2))
}

fn build(settings: &Settings) -> Result<Problem, BuildError> {
    let (strike, volatility) = (
        settings.positive("strike")?,
        settings.positive("volatility")?,
    );
    let rate = settings.checked("rate", "at least 0", |r| r >= 0.0)?;
    let by_bridge = settings.checked("bridge", "0 or 1", |b| [0.0, 1.0].contains(&b))? > 0.0;
    let dim = settings.dim;
    let n = dim as f64;
    let normal = Normal::standard();
    let weights = weights(&if by_bridge { bridge(dim) } else { forward(dim) });
    let mean = SPOT.ln() + (rate - 0.5 * volatility * volatility) * (n + 1.0) / (2.0 * n);
    let discount = (-rate).exp();
    let function = move |x: &[f64]| {
        // The quantiles of 0 and 1 are infinite.
        let inside = |x: f64| x.clamp(1e-300, 1.0 - 0.5 * f64::EPSILON);
        let terms = x.iter().zip(&weights);
        let w: f64 = terms.map(|(x, c)| c * normal.inverse_cdf(inside(*x))).sum();
        discount * ((mean + volatility * w).exp() - strike).max(0.0)
    };
    let variance = volatility * volatility * (n + 1.0) * (2.0 * n + 1.0) / (6.0 * n * n);
    let deviation = variance.sqrt();
    let moneyness = (mean - strike.ln()) / deviation;
    let forward_price = (mean + 0.5 * variance).exp();
    let exact = forward_price * cdf(moneyness + deviation) - strike * cdf(moneyness);
    Ok(settings
        .problem(vec![(0.0, 1.0); dim], function)
        .with_exact(discount * exact))
}

#[cfg(test)]
mod tests {
    use super::{bridge, forward, weights};
    use crate::check::{assert_close, assert_exact_by_monte_carlo, build, exact};

    #[test]
    fn exact_is_the_published_value() {
        for (dates, value) in [(12, 5.9402002216), (252, 5.5655088313)] {
            for bridge in [0.0, 1.0] {
                let problem = build("asian", Some(dates), &[("bridge", bridge)]);
                assert_close(exact(&problem), value, 1e-10);
            }
        }
    }

    #[test]
    fn exact_is_the_integral() {
        for dates in [1, 2, 5] {
            for bridge in [0.0, 1.0] {
                let settings = [("bridge", bridge), ("strike", 95.0), ("volatility", 0.3)];
                assert_exact_by_monte_carlo(&build("asian", Some(dates), &settings), 1);
            }
        }
    }

    #[test]
    fn both_constructions_have_the_variance_of_the_mean() {
        for n in [1, 2, 3, 7, 12, 252] {
            let m = n as f64;
            let variance = (m + 1.0) * (2.0 * m + 1.0) / (6.0 * m * m);
            for steps in [forward(n), bridge(n)] {
                let mut dates: Vec<usize> = steps.iter().map(|step| step.at).collect();
                dates.sort_unstable();
                assert_eq!(dates, (1..=n).collect::<Vec<_>>());
                let sum: f64 = weights(&steps).iter().map(|w| w * w).sum();
                assert_close(sum, variance, 1e-12);
            }
        }
    }
}
