//! Tempering: training on |f|^beta with beta rising to 1.
//!
//! beta is the largest value at which the newest stage keeps a given effective fraction
//! ESS = (sum w)^2/(n sum w^2) of its weights w = |f|^beta/q, truncated at sqrt(n) times their
//! mean (Ionides 2008); it never falls, and rises at most to max(2.5 beta, beta + 0.02).
//! From a uniform start this finds narrow and far-apart structure that |f| itself would hide.
//! The root is found by Brent's method (argmin).

use argmin::{
    core::{CostFunction, Error, Executor, State as _},
    solver::brent::BrentRoot,
};

/// ESS(beta) - target for one stage.
struct Excess<'a> {
    log_f: &'a [f64],
    log_q: &'a [f64],
    target: f64,
}

impl CostFunction for Excess<'_> {
    type Param = f64;
    type Output = f64;
    fn cost(&self, param: &f64) -> Result<f64, Error> {
        Ok(ess_fraction(self.log_f, self.log_q, *param) - self.target)
    }
}

/// The effective fraction of the truncated weights |f|^beta/q; 0 if all vanish.
pub(crate) fn ess_fraction(log_f: &[f64], log_q: &[f64], beta: f64) -> f64 {
    let log_weight = |(f, q): (&f64, &f64)| beta * f - q;
    let points = || log_f.iter().zip(log_q);
    let max = points().map(log_weight).fold(f64::NEG_INFINITY, f64::max);
    if !max.is_finite() {
        return 0.0;
    }
    let n = log_f.len() as f64;
    let mean = points().map(|p| (log_weight(p) - max).exp()).sum::<f64>() / n;
    let cap = n.sqrt() * mean;
    let (first, second) = points().fold((0.0, 0.0), |(a, b), p| {
        let w = (log_weight(p) - max).exp().min(cap);
        (a + w, b + w * w)
    });
    first * first / (n * second)
}

/// The next beta after `beta`; `beta` is `None` before the first stage, which may go anywhere.
pub(crate) fn next_beta(log_f: &[f64], log_q: &[f64], beta: Option<f64>, target: f64) -> f64 {
    const SMALLEST: f64 = 0.01;
    let low = beta.unwrap_or(SMALLEST);
    let high = beta.map_or(1.0, |b| (2.5 * b).max(b + 0.02).min(1.0));
    let excess = Excess {
        log_f,
        log_q,
        target,
    };
    let at = |b: f64| ess_fraction(log_f, log_q, b) - target;
    if at(high) >= 0.0 {
        return high;
    }
    if at(low) <= 0.0 {
        return low;
    }
    Executor::new(excess, BrentRoot::new(low, high, 1e-3))
        .configure(|state| state.param(0.5 * (low + high)).max_iters(60))
        .run()
        .ok()
        .and_then(|run| run.state().get_best_param().copied())
        .map_or(low, |root| root.clamp(low, high))
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "exact results are compared")]
mod tests {
    use super::*;

    /// log f of a narrow Gaussian on uniform points.
    fn narrow(width: f64) -> Vec<f64> {
        (0..4000)
            .map(|i| -((f64::from(i) / 4000.0 - 0.5) / width).powi(2))
            .collect()
    }

    #[test]
    fn the_root_keeps_the_target() {
        let log_f = narrow(0.01);
        let log_q = vec![0.0; log_f.len()];
        let beta = next_beta(&log_f, &log_q, None, 0.1);
        assert!(beta > 0.01 && beta < 1.0);
        assert!(
            (ess_fraction(&log_f, &log_q, beta) - 0.1).abs() < 0.005,
            "beta {beta}"
        );
    }

    #[test]
    fn a_wide_function_needs_no_tempering() {
        let log_f = narrow(1.0);
        assert_eq!(next_beta(&log_f, &vec![0.0; log_f.len()], None, 0.1), 1.0);
    }

    #[test]
    fn beta_never_falls_and_grows_slowly() {
        let log_f = narrow(0.001);
        let log_q = vec![0.0; log_f.len()];
        assert_eq!(next_beta(&log_f, &log_q, Some(0.5), 0.1), 0.5);
        let wide = narrow(10.0);
        assert_eq!(next_beta(&wide, &log_q, Some(0.1), 0.1), 0.25);
    }
}
