//! Pareto shape: the tail index `k` of a generalised Pareto law fitted to the largest weights.
//!
//! Excesses `x` over a cutoff follow `p(x) = (1 + k x / sigma)^(-1/k - 1) / sigma`. The fit is the
//! quasi-Bayesian one of J. Zhang, M. A. Stephens, Technometrics 51 (2009) 316: with
//! `theta = -k / sigma` the shape is `k(theta) = mean ln(1 - theta x)`, and theta is averaged over a
//! grid with its profile likelihood. A. Vehtari et al., arXiv:1507.02646, add a weak prior worth
//! ten observations at `k = 1/2`. Moments of order `1/k` and above do not exist.
//!
//! Weakness: with few tail values the prior dominates and `k` stays near 1/2; for tails that reach
//! the Pareto form slowly the estimate is biased.

/// Fewest distinct tail values for which a fit is attempted.
const FEWEST: usize = 5;
/// Weak prior of Vehtari et al.: this many observations at [`PRIOR_SHAPE`].
const PRIOR_COUNT: f64 = 10.0;
const PRIOR_SHAPE: f64 = 0.5;

/// A tail as a generalised Pareto law.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ParetoTail {
    /// k: positive for a power tail (variance infinite from 1/2 on), near 0 for an exponential one,
    /// negative for a bounded one
    pub shape: f64,
    /// how many values above the largest one such a tail would have on average, with as many
    /// values: exponentially distributed with mean 1 if the tail is one, and far larger where it is
    /// cut off, as that of a bounded function is
    pub beyond: f64,
}

/// Tail index of the values above `cutoff`; `tail` is sorted in descending order.
///
/// `None` if fewer than five distinct values lie above the cutoff or the fit degenerates.
pub fn pareto_shape(tail: &[f64], cutoff: f64) -> Option<f64> {
    pareto_tail(tail, cutoff).map(|tail| tail.shape)
}

/// The law of the values above `cutoff`, as [`pareto_shape`].
pub fn pareto_tail(tail: &[f64], cutoff: f64) -> Option<ParetoTail> {
    let mut distinct = tail.to_vec();
    distinct.retain(|&w| w > cutoff);
    let largest = *distinct.first()?;
    // The shape has no scale; the largest excess is 1 so that no power of ten can overflow.
    let excess: Vec<f64> = distinct
        .iter()
        .rev()
        .map(|w| (w - cutoff) / (largest - cutoff))
        .collect();
    distinct.dedup();
    if distinct.len() < FEWEST {
        return None;
    }
    let n = excess.len() as f64;
    let theta = posterior_theta(&excess)?;
    let shape = shape_given(theta, &excess);
    let regularised = (n * shape + PRIOR_COUNT * PRIOR_SHAPE) / (n + PRIOR_COUNT);
    // The largest excess is 1, above which a part (1 - theta)^(-1/k) of the law lies.
    let beyond = n * (-(-theta).ln_1p() / shape).exp();
    let tail = ParetoTail {
        shape: regularised,
        beyond,
    };
    (regularised.is_finite() && beyond.is_finite()).then_some(tail)
}

/// Mean of `theta` under its profile likelihood on the grid of Zhang and Stephens.
fn posterior_theta(excess: &[f64]) -> Option<f64> {
    let n = excess.len() as f64;
    let points = 30.0 + n.sqrt().floor();
    let quartile = excess[(excess.len() + 2) / 4 - 1];
    let mut peak = f64::NEG_INFINITY;
    let mut grid = Vec::new();
    let mut j = 0.5;
    while j < points {
        // 1 / max(x) is the upper limit of theta, and max(x) = 1 here.
        let theta = 1.0 + (1.0 - (points / j).sqrt()) / (3.0 * quartile);
        let shape = shape_given(theta, excess);
        let log_likelihood = n * ((-theta / shape).ln() - shape - 1.0);
        if log_likelihood.is_finite() {
            peak = peak.max(log_likelihood);
            grid.push((theta, log_likelihood));
        }
        j += 1.0;
    }
    let (mut total, mut weighted) = (0.0, 0.0);
    for (theta, log_likelihood) in grid {
        let weight = (log_likelihood - peak).exp();
        total += weight;
        weighted += weight * theta;
    }
    (total > 0.0).then(|| weighted / total)
}

/// The shape that maximises the likelihood at fixed `theta`.
fn shape_given(theta: f64, excess: &[f64]) -> f64 {
    excess.iter().map(|x| (-theta * x).ln_1p()).sum::<f64>() / excess.len() as f64
}

#[cfg(test)]
mod tests {
    use super::{pareto_shape, pareto_tail};

    /// Quantiles of the generalised Pareto law of scale 1, largest first.
    fn ideal(n: u32, k: f64) -> Vec<f64> {
        (0..n)
            .map(|i| (((f64::from(i) + 0.5) / f64::from(n)).powf(-k) - 1.0) / k)
            .collect()
    }

    #[test]
    fn ideal_tails_are_recovered() {
        for k in [-0.5, 0.3, 0.6, 0.8, 1.2] {
            let fit = pareto_shape(&ideal(1000, k), 0.0).unwrap();
            assert!((fit - k).abs() < 0.03, "{k}: {fit}");
        }
    }

    #[test]
    fn a_tail_that_is_cut_off_misses_values() {
        let whole = ideal(1000, 0.7);
        let beyond = |tail: &[f64]| pareto_tail(tail, 0.0).unwrap().beyond;
        assert!((0.2..2.0).contains(&beyond(&whole)));
        let cut: Vec<f64> = whole.iter().map(|x| x.min(whole[50])).collect();
        assert!(beyond(&cut) > 20.0, "{}", beyond(&cut));
    }

    #[test]
    fn the_scale_does_not_matter() {
        let tail = ideal(200, 0.6);
        let shape = pareto_shape(&tail, 0.0).unwrap();
        for scale in [1e-290, 1e290] {
            let scaled: Vec<f64> = tail.iter().map(|x| x * scale).collect();
            assert!((pareto_shape(&scaled, 0.0).unwrap() - shape).abs() < 1e-9);
        }
    }

    #[test]
    fn degenerate_tails_have_no_shape() {
        assert_eq!(pareto_shape(&[], 0.0), None);
        assert_eq!(pareto_shape(&[1.0; 50], 0.5), None);
        assert_eq!(pareto_shape(&[1.0; 50], 1.0), None);
        assert_eq!(pareto_shape(&[4.0, 3.0, 3.0, 2.0, 1.0], 0.0), None);
    }
}
