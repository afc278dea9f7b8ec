//! Weight statistics: what a sample of weights says about its own quality, mergeable.
//!
//! Effective sample size `(sum |w|)^2 / sum w^2` (L. Kish, Survey Sampling, 1965), unweighting
//! efficiency, cancellation, and the Pareto shape `k-hat` of the largest weights
//! (A. Vehtari et al., arXiv:1507.02646). Weights are `w = f / q` without 1/N, may be negative, and
//! should be finite and of order one: `sum w^2` overflows beyond 1e154.
//!
//! Weakness: all of it sees only what was drawn; a missed peak looks like a perfect sample.

use serde::{Deserialize, Serialize};

use super::pareto::{ParetoTail, pareto_tail};
use super::sum::CompensatedSum;

/// Number of largest absolute weights that a summary remembers.
pub const TAIL: usize = 2000;
/// Fewest non-zero weights for which [`WeightStats::khat`] is given.
const FEWEST_FOR_KHAT: u64 = 25;
/// Partial sums side by side: one has to wait for its last addition.
const LANES: usize = 8;

/// Mergeable summary of signed weights; the default is the empty summary.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct WeightStats {
    calls: u64,
    nonzero: u64,
    /// Sum of the shares of the weights that are not zero.
    nonzero_shares: f64,
    positive: CompensatedSum,
    negative: CompensatedSum,
    squares: CompensatedSum,
    max_abs: f64,
    /// Smallest |w| that is not zero.
    #[serde(default)]
    min_abs: Option<f64>,
    /// Largest term of `sum |w|`: the largest weight, unless points count differently.
    max_term: f64,
    /// Contains the [`TAIL`] largest absolute weights, unsorted, among fewer than twice as many.
    largest: Vec<f64>,
    /// A weight must exceed this to be among the largest: the smallest one kept at the last pruning.
    floor: f64,
}

impl WeightStats {
    /// Statistics of a slice of signed weights.
    pub fn from_slice(weights: &[f64]) -> Self {
        Self::above(0.0, weights, &[])
    }

    /// Statistics of signed weights whose terms in the sums count `shares[i]` fold (`[n]`, or empty
    /// for 1 each), as where the points are denser in one place than in another; the shares should
    /// have a mean of 1. The tail is that of the terms; terms up to `floor` need not be remembered
    /// for it, because as many larger ones are known ([`Self::floor`]).
    pub(crate) fn above(floor: f64, weights: &[f64], shares: &[f64]) -> Self {
        let mut stats = Self {
            calls: weights.len() as u64,
            floor,
            ..Self::default()
        };
        let [mut positive, mut negative, mut squares] = [[0.0; LANES]; 3];
        let mut nonzero = [0_u64; LANES];
        let mut counted = [0.0; LANES];
        let mut least = [f64::INFINITY; LANES];
        let ones = [1.0; LANES];
        for (at, weights) in weights.chunks(LANES).enumerate() {
            let shares = match shares.get(at * LANES..) {
                Some(shares) if !shares.is_empty() => shares,
                _ => &ones,
            };
            for (lane, (w, share)) in weights.iter().zip(shares).enumerate() {
                let size = w.abs();
                let term = share * size;
                nonzero[lane] += u64::from(size != 0.0);
                counted[lane] += if size == 0.0 { 0.0 } else { *share };
                // (|w| + w) / 2 would round; NaN must reach the sums, so no f64::max here.
                positive[lane] += if *w < 0.0 { 0.0 } else { term };
                negative[lane] += if *w < 0.0 { term } else { 0.0 };
                squares[lane] += term * size;
                let smaller = size != 0.0 && size < least[lane];
                least[lane] = if smaller { size } else { least[lane] };
                stats.max_abs = if size > stats.max_abs {
                    size
                } else {
                    stats.max_abs
                };
                stats.max_term = if term > stats.max_term {
                    term
                } else {
                    stats.max_term
                };
                if term > stats.floor {
                    stats.remember(term);
                }
            }
        }
        let all = |lanes: [f64; LANES]| lanes.into_iter().collect();
        stats.nonzero = nonzero.iter().sum();
        stats.nonzero_shares = counted.iter().sum();
        let least = least.into_iter().fold(f64::INFINITY, f64::min);
        stats.min_abs = least.is_finite().then_some(least);
        (stats.positive, stats.negative, stats.squares) =
            (all(positive), all(negative), all(squares));
        stats
    }

    /// Weights of which the numbers of all and of those that are not zero, the smallest of these and
    /// the largest ones (descending) are known; the sums are zero.
    pub(crate) fn from_tail(
        (calls, nonzero): (u64, u64),
        min_abs: Option<f64>,
        largest: Vec<f64>,
    ) -> Self {
        let max_abs = largest.first().copied().unwrap_or(0.0);
        Self {
            calls,
            nonzero,
            nonzero_shares: nonzero as f64,
            max_abs,
            min_abs,
            max_term: max_abs,
            largest,
            ..Self::default()
        }
    }

    /// The same with other sums: of the positive weights, of the negative ones and of the squares.
    pub(crate) fn with_sums(&self, sums: [f64; 3]) -> Self {
        let [positive, negative, squares] = sums.map(|sum| [sum].into_iter().collect());
        Self {
            positive,
            negative,
            squares,
            ..self.clone()
        }
    }

    /// The smallest |w| that is not zero.
    pub(crate) fn least(&self) -> Option<f64> {
        self.min_abs
    }

    /// What a term must exceed to be among the largest ones, as far as is known.
    pub(crate) fn floor(&self) -> f64 {
        self.floor
    }

    /// Adds the weights summarised by `other`.
    pub fn merge_from(&mut self, other: &Self) {
        self.calls += other.calls;
        self.nonzero += other.nonzero;
        self.nonzero_shares += other.nonzero_shares;
        self.positive.merge_from(&other.positive);
        self.negative.merge_from(&other.negative);
        self.squares.merge_from(&other.squares);
        self.max_abs = self.max_abs.max(other.max_abs);
        let least = self.min_abs.into_iter().chain(other.min_abs);
        self.min_abs = least.min_by(f64::total_cmp);
        self.max_term = self.max_term.max(other.max_term);
        for &size in &other.largest {
            self.remember(size);
        }
    }

    /// Keeps `size` if it may be among the largest, and prunes at twice the wanted length.
    fn remember(&mut self, size: f64) {
        if size > self.floor {
            self.largest.push(size);
            if self.largest.len() >= 2 * TAIL {
                let descending = |a: &f64, b: &f64| b.total_cmp(a);
                let (_, smallest_kept, _) =
                    self.largest.select_nth_unstable_by(TAIL - 1, descending);
                self.floor = *smallest_kept;
                self.largest.truncate(TAIL);
            }
        }
    }

    /// Number of weights, zeros included.
    pub fn calls(&self) -> u64 {
        self.calls
    }

    /// Number of weights that are not zero.
    pub fn nonzero(&self) -> u64 {
        self.nonzero
    }

    /// Share of the points where the weight is not zero, at uniform density.
    pub(crate) fn nonzero_fraction(&self) -> f64 {
        ratio_or_zero(self.nonzero_shares, self.calls as f64)
    }

    /// Sum of the positive weights.
    pub fn positive(&self) -> f64 {
        self.positive.value()
    }

    /// Sum of the absolute values of the negative weights.
    pub fn negative(&self) -> f64 {
        self.negative.value()
    }

    /// `sum w`.
    pub fn sum(&self) -> f64 {
        self.positive() - self.negative()
    }

    /// `sum |w|`.
    pub fn sum_abs(&self) -> f64 {
        self.positive() + self.negative()
    }

    /// `sum w^2`.
    pub fn sum_squares(&self) -> f64 {
        self.squares.value()
    }

    /// `max |w|`, 0 for none.
    pub fn max_abs(&self) -> f64 {
        self.max_abs
    }

    /// The least that a weight may jump by at the edge of f's support: the smallest |w| that is
    /// not zero where there are zeros, and 0 where there are none.
    pub(crate) fn least_edge(&self) -> f64 {
        let edge = self.nonzero < self.calls;
        self.min_abs.filter(|_| edge).unwrap_or(0.0)
    }

    /// The largest absolute weights in descending order, at most [`TAIL`], zeros left out.
    pub fn largest(&self) -> Vec<f64> {
        let mut sorted = self.largest.clone();
        sorted.sort_unstable_by(|a, b| b.total_cmp(a));
        sorted.truncate(TAIL);
        sorted
    }

    /// Mean absolute weight over all calls, 0 for none.
    pub fn mean_abs(&self) -> f64 {
        ratio_or_zero(self.sum_abs(), self.calls as f64)
    }

    /// Effective sample size `(sum |w|)^2 / sum w^2`, 0 for no signal.
    pub fn ess(&self) -> f64 {
        ratio_or_zero(self.sum_abs().powi(2), self.sum_squares())
    }

    /// Effective sample size per call, up to rounding in [0, 1]; zeros count as calls.
    pub fn ess_fraction(&self) -> f64 {
        ratio_or_zero(self.ess(), self.calls as f64)
    }

    /// Share of the largest term in `sum |w|`, 0 for no signal.
    pub fn max_share(&self) -> f64 {
        ratio_or_zero(self.max_term, self.sum_abs())
    }

    /// Accepted share when unweighting |w| against the largest weight seen,
    /// `mean |w| / max |w|`; the policy is [`MaxWeight::Max`](super::MaxWeight::Max).
    pub fn unweighting_efficiency(&self) -> f64 {
        ratio_or_zero(self.mean_abs(), self.max_abs)
    }

    /// `|sum w| / sum |w|`: 1 without sign changes, 0 if everything cancels or nothing was found.
    pub fn cancellation(&self) -> f64 {
        ratio_or_zero(self.sum().abs(), self.sum_abs())
    }

    /// Pareto shape of the tail of |w|: the error bar is unreliable above 0.5, the estimate above 0.7.
    ///
    /// The tail is the largest `min(S / 5, 3 sqrt(S))` of the `S` non-zero weights (zeros carry no
    /// tail and would dilute it), at most [`TAIL`]` - 1`, over the next smaller one as the cutoff.
    /// `None` for `S < 25` or fewer than five distinct tail values, so also for equal weights.
    pub fn khat(&self) -> Option<f64> {
        self.tail().map(|tail| tail.shape)
    }

    /// The tail of |w| as a Pareto law, as [`WeightStats::khat`].
    pub fn tail(&self) -> Option<ParetoTail> {
        if self.nonzero < FEWEST_FOR_KHAT {
            return None;
        }
        let largest = self.largest();
        let s = self.nonzero as f64;
        let wanted = (0.2 * s).min(3.0 * s.sqrt()).ceil();
        let length = (1..TAIL).take_while(|&m| m as f64 <= wanted).count();
        let cutoff = *largest.get(length)?;
        pareto_tail(&largest[..length], cutoff)
    }
}

/// Equal as statistics: how the weights were grouped into chunks is not seen in the tail.
impl PartialEq for WeightStats {
    fn eq(&self, other: &Self) -> bool {
        let numbers = |s: &Self| (s.positive, s.negative, s.squares, s.max_abs);
        (self.calls, self.nonzero) == (other.calls, other.nonzero)
            && numbers(self) == numbers(other)
            && self.largest() == other.largest()
    }
}

/// `a / b`, or 0 where there is nothing to divide by.
fn ratio_or_zero(a: f64, b: f64) -> f64 {
    if b == 0.0 { 0.0 } else { a / b }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "exact results are compared")]
mod tests {
    use proptest::{prop_assert, prop_assert_eq, proptest};

    use super::super::testing::SplitMix;
    use super::{TAIL, WeightStats};

    fn folded(weights: &[f64], chunk: usize) -> WeightStats {
        let mut stats = WeightStats::default();
        for part in weights.chunks(chunk) {
            stats.merge_from(&WeightStats::from_slice(part));
        }
        stats
    }

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() <= 1e-14 * a.abs().max(b.abs())
    }

    #[test]
    fn known_values() {
        let stats = WeightStats::from_slice(&[3.0, -1.0, 0.0, 2.0]);
        assert_eq!((stats.calls(), stats.nonzero()), (4, 3));
        assert_eq!(
            (stats.positive(), stats.negative(), stats.max_abs()),
            (5.0, 1.0, 3.0)
        );
        assert_eq!(
            (stats.sum(), stats.sum_abs(), stats.sum_squares()),
            (4.0, 6.0, 14.0)
        );
        assert!(close(stats.ess(), 36.0 / 14.0));
        assert!(close(stats.ess_fraction(), 9.0 / 14.0));
        assert_eq!(
            (stats.max_share(), stats.unweighting_efficiency()),
            (0.5, 0.5)
        );
        assert!(close(stats.cancellation(), 2.0 / 3.0));
        assert_eq!(stats.largest(), [3.0, 2.0, 1.0]);
    }

    #[test]
    fn nothing_found_gives_zeros() {
        for stats in [WeightStats::default(), WeightStats::from_slice(&[0.0; 100])] {
            let numbers = [
                stats.ess(),
                stats.ess_fraction(),
                stats.max_share(),
                stats.mean_abs(),
            ];
            assert_eq!(numbers, [0.0; 4]);
            assert_eq!(
                (stats.unweighting_efficiency(), stats.cancellation()),
                (0.0, 0.0)
            );
            assert_eq!(stats.khat(), None);
        }
    }

    #[test]
    fn equal_weights_are_perfect() {
        let stats = folded(&[0.7; 2000].repeat(5), 1024);
        assert!(close(stats.ess_fraction(), 1.0));
        assert!(close(stats.unweighting_efficiency(), 1.0));
        assert_eq!(stats.khat(), None);
    }

    #[test]
    fn khat_finds_the_index_of_a_power_tail() {
        for k in [0.3, 0.6, 0.8] {
            let fits = (1..=5).map(|seed| {
                folded(&SplitMix(seed).pareto(50_000, k), 1024)
                    .khat()
                    .expect("a long tail has a shape")
            });
            let mean = fits.sum::<f64>() / 5.0;
            // One fit over 671 tail values scatters by (1 + k) / sqrt(671), the mean of five by .03.
            assert!((mean - k).abs() < 0.1, "{k}: {mean}");
        }
    }

    #[test]
    fn khat_of_bounded_weights_is_small() {
        let mut rng = SplitMix(7);
        let weights: Vec<f64> = (0..20_000).map(|_| 0.5 + rng.uniform()).collect();
        assert!(
            WeightStats::from_slice(&weights)
                .khat()
                .is_some_and(|k| k < -0.5)
        );
    }

    #[test]
    fn khat_ignores_sign_and_zeros() {
        let weights = SplitMix(3).pareto(4000, 0.6);
        let diluted: Vec<f64> = weights.iter().flat_map(|&w| [0.0, -w]).collect();
        let (plain, diluted) = (folded(&weights, 1024), folded(&diluted, 1024));
        assert_eq!(plain.khat(), diluted.khat());
    }

    #[test]
    fn khat_needs_a_sample() {
        let weights = SplitMix(5).pareto(25, 0.6);
        assert_eq!(WeightStats::from_slice(&weights[..24]).khat(), None);
        assert!(WeightStats::from_slice(&weights).khat().is_some());
    }

    #[test]
    fn the_tail_is_exact_past_its_length() {
        let mut weights = SplitMix(11).pareto(30_000, 0.5);
        let stats = folded(&weights, 1024);
        weights.sort_unstable_by(|a, b| b.total_cmp(a));
        assert_eq!(stats.largest(), weights[..TAIL]);
        assert!(stats.largest.len() < 2 * TAIL);
    }

    #[test]
    fn a_nan_shows_in_the_sums() {
        let stats = WeightStats::from_slice(&[1.0, f64::NAN]);
        assert!(stats.sum_abs().is_nan() && stats.ess().is_nan());
    }

    #[test]
    fn serialised_and_read_back() {
        let stats = folded(&SplitMix(2).pareto(9000, 0.5), 1000);
        let bytes = rmp_serde::to_vec(&stats).unwrap();
        assert!(rmp_serde::from_slice::<WeightStats>(&bytes).unwrap() == stats);
    }

    proptest! {
        #[test]
        fn grouping_does_not_matter(seed: u64, n in 1..9000_usize, a in 1..9000_usize, ties: bool) {
            let mut rng = SplitMix(seed);
            let mut weights = rng.pareto(n, 0.7);
            for w in &mut weights {
                *w = if ties { w.floor() } else { *w } * if rng.uniform() < 0.2 { -1.0 } else { 1.0 };
            }
            let (whole, parts) = (WeightStats::from_slice(&weights), folded(&weights, a));
            prop_assert_eq!(whole.largest(), parts.largest());
            prop_assert_eq!(whole.khat(), parts.khat());
            prop_assert_eq!((whole.calls(), whole.nonzero()), (parts.calls(), parts.nonzero()));
            prop_assert!(close(whole.sum_abs(), parts.sum_abs()) && close(whole.ess(), parts.ess()));
            prop_assert!(close(whole.negative(), parts.negative()));
        }

        #[test]
        fn merging_is_associative(seed: u64, n in 3..9000_usize, i in 0..9000_usize, j in 0..9000_usize) {
            let weights = SplitMix(seed).pareto(n, 0.7);
            let (i, j) = (i.min(j).min(n), i.max(j).min(n));
            let [a, b, c] = [&weights[..i], &weights[i..j], &weights[j..]].map(WeightStats::from_slice);
            let (mut left, mut right, mut tail) = (a.clone(), a, b.clone());
            left.merge_from(&b);
            left.merge_from(&c);
            tail.merge_from(&c);
            right.merge_from(&tail);
            prop_assert_eq!(left.largest(), right.largest());
            prop_assert!(close(left.ess(), right.ess()) && close(left.sum(), right.sum()));
        }
    }
}
