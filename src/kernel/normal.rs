//! The standard normal law on vectors of f64: Phi and its inverse.
//!
//! Phi(-t) = e^(-t^2/2) M(t) for t >= 0, with M a polynomial in (t - 5)/(t + 5). The inverse is
//! q A(0.425^2 - q^2) with q = p - 1/2 for |q| <= 0.425 and B(sqrt(-ln p)) for the smaller tail p,
//! both rational: the regions of M. J. Wichura, Appl. Stat. 37 (1988) 477 (AS 241), with two fits
//! instead of three because no tail is below 2^-53. The coefficients interpolate values of 120
//! digits at Chebyshev points; their largest relative errors are 8e-17 (M), 7e-17 (A) and
//! 6e-17 (B). At any level both functions are right to 4e-15 relative to the smaller tail or to
//! the quantile, and the inverse brings p back to 1e-13 of it.
//! Weakness: both are flat beyond +-8.5 and 2^-53.

use super::{
    dispatch::Kernel,
    lane::{Lane, Simd},
    math::{exp_below, ln, polynomial, power},
};

/// What the tail is kept above, so that it has a quantile.
const LEAST: f64 = f64::EPSILON / 2.0;
/// Where Phi stops falling; Phi(-8.5) = 9e-18.
const FAR: f64 = 8.5;
/// 0.425^2: quantiles of |p - 1/2| up to 0.425 are not tails.
const MIDDLE: f64 = 0.180625;
/// Origin of the fit in sqrt(-ln p).
const TAIL_ORIGIN: f64 = 1.6;

/// Coefficients, the highest power first, as in all that follow: numerator of A.
const MIDDLE_TOP: [f64; 9] = [
    3907.007639023816,
    74060.81462563902,
    214247.3801984238,
    213550.16248438213,
    95692.73551269759,
    21627.48116049056,
    2548.2248573022625,
    148.75654077063152,
    3.3871328727963665,
];
/// Denominator of A.
const MIDDLE_BOTTOM: [f64; 9] = [
    9398.46451720659,
    72342.69749284587,
    140376.82723612545,
    109244.70555458817,
    41169.98166790856,
    8176.878340636071,
    871.2838940641986,
    46.92338689522055,
    1.0,
];
/// Numerator of B, in sqrt(-ln p) - 1.6.
const TAIL_TOP: [f64; 10] = [
    3.2747083365224634e-06,
    0.00023949320095350258,
    0.005842055717385189,
    0.06843579813377679,
    0.4515411809169819,
    1.801957269159108,
    4.400992828569585,
    6.323484116476931,
    4.790558642173919,
    1.4234371107496837,
];
/// Denominator of B.
const TAIL_BOTTOM: [f64; 9] = [
    2.315536263139456e-06,
    0.00016565177426068817,
    0.0038732640339647325,
    0.042588899107281065,
    0.25840616640029407,
    0.9236906874513805,
    1.9305332162819309,
    2.1657507237748312,
    1.0,
];
/// M, in (t - 5)/(t + 5).
const MILLS: [f64; 18] = [
    3.1865804520807015e-08,
    2.1932068210854057e-07,
    3.9792516071132036e-07,
    -5.793468566263323e-07,
    -1.24351599677748e-06,
    6.639396390697775e-06,
    9.55044255352574e-07,
    -6.042893119402089e-05,
    0.00013427705887374301,
    0.00021955088619658538,
    -0.00237884434524314,
    0.008991370545794549,
    -0.023413900488486676,
    0.04785535228421939,
    -0.0808838772641134,
    0.11606881188600329,
    -0.14345755526401205,
    0.07691930497500629,
];

/// The x with Phi(x) = p for each lane; p is kept within [2^-53, 1 - 2^-53], and NaN is the lower end.
#[inline(always)]
pub(crate) fn quantile<V: Lane<Scalar = f64>>(p: V) -> V {
    let one = V::splat(1.0);
    // Of two operands the second is taken where one is NaN.
    let p = p.max(V::splat(LEAST)).min(V::splat(1.0 - LEAST));
    let q = p.sub(V::splat(0.5));
    let to_tail = V::splat(MIDDLE).sub(q.mul(q));
    let minus_log = V::splat(0.0).sub(ln(p.min(one.sub(p))));
    let r = minus_log.sqrt().sub(V::splat(TAIL_ORIGIN));
    let tail = polynomial(r, &TAIL_TOP);
    let tail = V::select(q.positive(), tail, V::splat(0.0).sub(tail));
    let is_middle = to_tail.ge(V::splat(0.0));
    let middle = q.mul(polynomial(to_tail, &MIDDLE_TOP));
    let top = V::select(is_middle, middle, tail);
    let bottom = V::select(
        is_middle,
        polynomial(to_tail, &MIDDLE_BOTTOM),
        polynomial(r, &TAIL_BOTTOM),
    );
    top.div(bottom)
}

/// Phi(x) for each lane; x is kept within +-8.5, and NaN is the lower end.
#[inline(always)]
pub(crate) fn cdf<V: Lane<Scalar = f64>>(x: V) -> V {
    let x = x.max(V::splat(-FAR)).min(V::splat(FAR));
    let t = x.max(V::splat(0.0).sub(x));
    let y = t.sub(V::splat(5.0)).div(t.add(V::splat(5.0)));
    let unit = power(V::splat(0.0));
    let gauss = exp_below(t.mul(t).mul(V::splat(-0.5)), unit);
    let tail = gauss.mul(polynomial(y, &MILLS));
    V::select(x.positive(), V::splat(1.0).sub(tail), tail)
}

/// values = Phi^-1(values), as [`quantile`].
pub(crate) struct Quantiles<'a>(
    /// whole vectors
    pub(crate) &'a mut [f64],
);

impl Kernel for Quantiles<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        for values in self.0.chunks_exact_mut(<S::F64 as Lane>::LANES) {
            quantile(<S::F64 as Lane>::load(values)).store(values);
        }
    }
}

/// values = Phi(values), as [`cdf`].
pub(crate) struct Cdfs<'a>(
    /// whole vectors
    pub(crate) &'a mut [f64],
);

impl Kernel for Cdfs<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        for values in self.0.chunks_exact_mut(<S::F64 as Lane>::LANES) {
            cdf(<S::F64 as Lane>::load(values)).store(values);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::{dispatch::run_at, level::Level};

    fn quantile_at(level: Level, p: f64) -> f64 {
        let mut values = [p; 8];
        run_at(level, Quantiles(&mut values));
        values[0]
    }

    fn cdf_at(level: Level, x: f64) -> f64 {
        let mut values = [x; 8];
        run_at(level, Cdfs(&mut values));
        values[0]
    }

    #[test]
    fn known_probabilities() {
        // By mpmath at 40 digits.
        for (x, p) in [
            (0.0, 0.5),
            (0.001, 0.500398942213911),
            (-0.5, 0.3085375387259869),
            (1.0, 0.8413447460685429),
            (-1.5, 0.06680720126885807),
            (2.5, 0.9937903346742238),
            (-3.0, 0.0013498980316300946),
            (-4.75, 1.0170832425687032e-06),
            (-6.0, 9.86587645037698e-10),
            (-7.5, 3.1908916729108963e-14),
            (-8.1, 2.7479593923982286e-16),
        ] {
            for level in Level::available() {
                let tail = f64::min(p, 1.0 - p);
                let error = (cdf_at(level, x) - p) / tail;
                assert!(error.abs() < 4e-15, "{level}, {x}: {error:e}");
            }
        }
    }

    #[test]
    fn known_quantiles() {
        // By mpmath at 120 digits.
        for (p, x) in [
            (1.2e-16, -8.200193700557573),
            (1e-14, -7.650628092935269),
            (1e-10, -6.361340902404057),
            (1e-06, -4.753424308822899),
            (0.001, -3.0902323061678136),
            (0.02, -2.053748910631823),
            (0.0749, -1.4402382675279637),
            (0.0751, -1.43882539275254),
            (0.1, -1.2815515655446004),
            (0.25, -0.6744897501960817),
            (0.4, -0.2533471031357997),
            (0.499, -0.002506630899571766),
            (0.4999999, -2.5066282747031063e-07),
        ] {
            for level in Level::available() {
                let error = quantile_at(level, p) / x - 1.0;
                assert!(error.abs() < 4e-15, "{level}, {p}: {error:e}");
            }
        }
    }

    #[test]
    fn probabilities_come_back_in_both_tails() {
        let half = (0..4000).map(|i| 0.5 * 10.0_f64.powf(-f64::from(i) / 260.0));
        for p in half.flat_map(|p| [p, 1.0 - p]) {
            for level in Level::available() {
                let x = quantile_at(level, p);
                let error = (cdf_at(level, x) - p).abs() / p.min(1.0 - p);
                // Near 1 neighbours are eps/2 apart.
                let spacing = if p > 0.5 {
                    f64::EPSILON / (1.0 - p)
                } else {
                    0.0
                };
                assert!(error < 1e-13 + spacing, "{level}, {p:e}: {error:e}");
                // Odd, bit for bit, wherever 1 - p is exact.
                let above = 1.0 - p;
                if (1.0 - above).to_bits() == p.to_bits() && x.abs() > 0.0 {
                    assert_eq!(quantile_at(level, above).to_bits(), (-x).to_bits());
                }
            }
        }
    }

    #[test]
    fn what_is_no_probability_harms_nobody() {
        for level in Level::available() {
            for p in [
                f64::NAN,
                -1.0,
                0.0,
                1.0,
                2.0,
                f64::INFINITY,
                f64::NEG_INFINITY,
            ] {
                assert!(quantile_at(level, p).abs() < 8.3);
                assert!((0.0..=1.0).contains(&cdf_at(level, p)));
            }
        }
    }
}
