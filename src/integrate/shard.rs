//! One of several parts of a job, for as many machines.
//!
//! Part i of n (from 1 on) takes the events `N (i-1)/n` to `N i/n` of N. Weighted events are the
//! draws of those numbers, so that the parts one after the other are the whole. How many draws
//! unweighted events take is not known before: their parts begin 2^63/n draws apart.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Part `index` of `of`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shard {
    index: u64,
    of: u64,
}

impl Default for Shard {
    /// All of it.
    fn default() -> Self {
        Self { index: 1, of: 1 }
    }
}

/// Most parts: each has a share of the draws that no run uses up.
const MOST: u64 = 1 << 20;

impl Shard {
    /// Part `index`, from 1 on, of `of`; `None` unless 1 <= index <= of <= 2^20.
    pub fn new(index: u64, of: u64) -> Option<Self> {
        let ok = (1..=MOST).contains(&of) && (1..=of).contains(&index);
        ok.then_some(Self { index, of })
    }

    /// The number of the part, from 1 on.
    pub fn index(self) -> u64 {
        self.index
    }

    /// The number of parts.
    pub fn of(self) -> u64 {
        self.of
    }

    /// First number and length of this part of `0..n`.
    #[expect(clippy::cast_possible_truncation, reason = "at most n")]
    pub fn range(self, n: u64) -> (u64, u64) {
        let at = |i: u64| (u128::from(n) * u128::from(i) / u128::from(self.of)) as u64;
        let first = at(self.index - 1);
        (first, at(self.index) - first)
    }

    /// Number of the first draw of this part where events are unweighted.
    pub fn first_draw(self) -> u64 {
        (self.index - 1) * ((1 << 63) / self.of)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}

impl FromStr for Shard {
    type Err = String;

    /// Reads `i/n`.
    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('/').and_then(|(i, n)| {
            let (i, n) = (i.parse().ok()?, n.parse().ok()?);
            Self::new(i, n)
        });
        parts
            .ok_or_else(|| format!("expected I/N, such as 2/4, with I from 1 to N, N up to {MOST}"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::{prop_assert_eq, proptest};

    use super::Shard;

    #[test]
    fn parts_are_written_and_read() {
        assert_eq!("2/4".parse(), Ok(Shard { index: 2, of: 4 }));
        assert_eq!(Shard::default().to_string(), "1/1");
        for wrong in ["0/4", "5/4", "1", "a/b", "1/0", "-1/2", "1/2000000"] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn parts_are_the_whole(n in 0..u64::MAX, of in 1..100_u64) {
            let mut next = 0;
            for index in 1..=of {
                let (first, length) = Shard::new(index, of).expect("in range").range(n);
                prop_assert_eq!(first, next);
                next += length;
            }
            prop_assert_eq!(next, n);
        }
    }
}
