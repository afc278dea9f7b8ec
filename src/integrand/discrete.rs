//! A coordinate whose values are numbers of a list: helicities, flavours, channels.
//!
//! Of the unit interval the number k, of K numbers, has the part from `e_k` to `e_{k+1}`, and y = k there.
//! With `p_k = e_{k+1} - e_k`, the probability of k under a uniform x,
//!
//! ```text
//! sum_k f(k) = sum_k int_{e_k}^{e_{k+1}} f(k)/p_k dx
//! ```
//!
//! so that 1/`p_k` is the Jacobian of the axis. The parts are equal until a run has learned the
//! probabilities (`integrate::discrete`).

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result, check};

/// Most numbers of a list.
const MOST: usize = 1 << 16;

/// A discrete coordinate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Discrete {
    /// which coordinate
    pub(crate) axis: usize,
    /// K
    pub(crate) count: usize,
    /// `[K + 1]`, rising from 0 to 1, or empty for equal parts
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) edges: Vec<f64>,
}

impl Discrete {
    pub(crate) fn new(axis: usize, count: usize) -> Self {
        Self {
            axis,
            count,
            edges: Vec::new(),
        }
    }

    /// Takes on `probabilities` (`[K]`), which need not add up to 1.
    pub(crate) fn learn(&mut self, probabilities: &[f64]) -> Result<()> {
        let total: f64 = probabilities.iter().sum();
        let mut below = 0.0;
        let mut edges = vec![0.0];
        for p in probabilities {
            below += p;
            edges.push(below / total);
        }
        // The last one but for roundings.
        edges[probabilities.len()] = 1.0;
        let learned = Self {
            edges,
            ..Self::new(self.axis, self.count)
        };
        learned.validate()?;
        *self = learned;
        Ok(())
    }

    /// Refuses lists without numbers, with too many, and parts that are none.
    pub(crate) fn validate(&self) -> Result<()> {
        let Self { count, edges, .. } = self;
        let name = "the number of values of a discrete coordinate";
        check(
            (1..=MOST).contains(count),
            name,
            *count as f64,
            "1 to 65536",
        )?;
        if edges.is_empty() {
            return Ok(());
        }
        let fault = |value| Error::InvalidSetting {
            name: "a probability of a discrete coordinate",
            value,
            allowed: "positive, as many as there are values",
        };
        if edges.len() != count + 1 {
            return Err(fault(edges.len() as f64 - 1.0));
        }
        // Only 0 and 1 themselves will do.
        let ends = [edges[0], edges[*count] - 1.0];
        if let Some(end) = ends.iter().find(|end| end.abs().total_cmp(&0.0).is_ne()) {
            return Err(fault(*end));
        }
        let mut pairs = edges.windows(2);
        match pairs.find(|pair| pair[0].total_cmp(&pair[1]).is_ge()) {
            Some(pair) => Err(fault(pair[1] - pair[0])),
            None => Ok(()),
        }
    }

    /// The number that `x` in (0, 1) falls on.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a number of the list, kept within range by min"
    )]
    pub(crate) fn index(&self, x: f64) -> usize {
        let last = self.count - 1;
        if self.edges.is_empty() {
            return ((x * self.count as f64) as usize).min(last);
        }
        self.edges[1..=last].partition_point(|edge| *edge <= x)
    }

    /// The probability of the number `k` under a uniform x.
    pub(crate) fn probability(&self, k: usize) -> f64 {
        if self.edges.is_empty() {
            1.0 / self.count as f64
        } else {
            self.edges[k + 1] - self.edges[k]
        }
    }

    /// `(y, dy/dx)`.
    pub(crate) fn point(&self, x: f64) -> (f64, f64) {
        let k = self.index(x);
        (k as f64, self.probability(k).recip())
    }

    /// The middle of the part of `y`.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a number of the list, kept within range by clamp"
    )]
    pub(crate) fn unit(&self, y: f64) -> f64 {
        let k = y.clamp(0.0, (self.count - 1) as f64).round() as usize;
        if self.edges.is_empty() {
            (k as f64 + 0.5) / self.count as f64
        } else {
            0.5 * (self.edges[k] + self.edges[k + 1])
        }
    }

    /// Whether `y` is one of the numbers.
    pub(crate) fn has(&self, y: f64) -> bool {
        y.fract().abs() <= 0.0 && (0.0..self.count as f64).contains(&y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_their_parts() {
        let mut discrete = Discrete::new(0, 4);
        let numbers = |d: &Discrete, x: &[f64]| x.iter().map(|x| d.index(*x)).collect::<Vec<_>>();
        let x = [1e-16, 0.2499, 0.25, 0.6, 0.75, 1.0 - 1e-16];
        assert_eq!(numbers(&discrete, &x), [0, 0, 1, 2, 3, 3]);
        discrete.learn(&[1.0, 6.0, 1.0, 2.0]).unwrap();
        assert_eq!(numbers(&discrete, &x), [0, 1, 1, 1, 2, 3]);
        for k in 0..4 {
            let x = discrete.unit(k as f64);
            let (y, jacobian) = discrete.point(x);
            assert_eq!(y.to_bits(), (k as f64).to_bits());
            assert!((jacobian * discrete.probability(k) - 1.0).abs() < 1e-15);
        }
        assert!(discrete.has(3.0) && !discrete.has(4.0) && !discrete.has(0.5));
        assert!(!discrete.has(-1.0) && !discrete.has(f64::NAN));
    }

    #[test]
    fn what_is_no_list_is_refused() {
        assert!(Discrete::new(0, 0).validate().is_err());
        assert!(Discrete::new(0, MOST + 1).validate().is_err());
        let mut one = Discrete::new(0, 1);
        one.learn(&[0.3]).unwrap();
        assert_eq!((one.index(0.5), one.unit(0.0)), (0, 0.5));
        let mut two = Discrete::new(0, 2);
        for bad in [
            &[1.0][..],
            &[1.0, 0.0],
            &[1.0, -0.5],
            &[1.0, f64::NAN],
            &[1.0, f64::INFINITY],
            &[1.0; 3],
            &[],
        ] {
            assert!(two.learn(bad).is_err(), "{bad:?}");
            assert!(two.edges.is_empty());
        }
        for edges in [[0.0, 0.5, 0.9], [0.1, 0.5, 1.0], [0.0, 1.0, 1.0]] {
            two.edges = edges.to_vec();
            assert!(two.validate().is_err(), "{edges:?}");
        }
    }
}
