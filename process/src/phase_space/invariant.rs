//! Maps of a mass squared `s` between two ends.
//!
//! ```text
//! flat          density 1
//! power         density (s + shift)^(-nu)
//! Breit-Wigner  density 1/((s - M^2)^2 + M^2 Gamma^2), s = M^2 + M Gamma tan(..)
//! ```
//!
//! each divided by its integral. Kleiss, Pittau 1994, Comput. Phys. Commun. 83, 141 (hep-ph/9405257);
//! Papadopoulos 2001, Comput. Phys. Commun. 137, 247 (hep-ph/0007335). Weakness: a Breit-Wigner has
//! next to nothing far from its peak, where another diagram may have something.

/// How a mass squared is distributed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Invariant {
    /// evenly
    Flat,
    /// as a power, for propagators of massless particles
    Power {
        /// the exponent
        nu: f64,
        /// in `GeV^2`, at least 0; where it and the lower end are 0, a millionth of the upper end
        shift: f64,
    },
    /// as a resonance
    BreitWigner {
        /// in `GeV`
        mass: f64,
        /// in `GeV`
        width: f64,
    },
}

impl Invariant {
    /// The mass squared between `low` and `high` at the random number `r`, and ds/dr.
    pub fn map(&self, r: f64, low: f64, high: f64) -> (f64, f64) {
        let (s, jacobian) = match *self {
            Self::Flat => (low + r * (high - low), high - low),
            Self::Power { nu, shift } => power(r, (low, high), nu, shift),
            Self::BreitWigner { mass, width } => {
                let scale = mass * width;
                let angle = |s: f64| ((s - mass * mass) / scale).atan();
                let (first, last) = (angle(low), angle(high));
                let tangent = (first + r * (last - first)).tan();
                let s = mass * mass + scale * tangent;
                (s, (last - first) * scale * (1.0 + tangent * tangent))
            }
        };
        (s.clamp(low, high), jacobian)
    }
}

/// `(s + shift)^(-nu)` between two ends.
fn power(r: f64, (low, high): (f64, f64), nu: f64, shift: f64) -> (f64, f64) {
    let shift = if low + shift > 0.0 || nu < 1.0 {
        shift
    } else {
        1e-6 * high
    };
    let (a, b) = (low + shift, high + shift);
    let p = 1.0 - nu;
    // Near nu = 1 the powers cancel, and the logarithm is exact to rounding.
    let u = if p.abs() < 1e-9 {
        a * (b / a).powf(r)
    } else {
        (a.powf(p) + r * (b.powf(p) - a.powf(p))).powf(1.0 / p)
    };
    let integral = if p.abs() < 1e-9 {
        (b / a).ln()
    } else {
        (b.powf(p) - a.powf(p)) / p
    };
    (u - shift, integral * u.powf(nu))
}

#[cfg(test)]
mod tests {
    use super::Invariant;

    const MAPS: [Invariant; 6] = [
        Invariant::Flat,
        Invariant::Power {
            nu: 1.0,
            shift: 0.0,
        },
        Invariant::Power {
            nu: 0.7,
            shift: 0.0,
        },
        Invariant::Power {
            nu: 2.0,
            shift: 3.0,
        },
        Invariant::BreitWigner {
            mass: 3.0,
            width: 0.1,
        },
        Invariant::BreitWigner {
            mass: 9.0,
            width: 1.0,
        },
    ];

    #[test]
    fn the_jacobian_is_the_derivative_and_the_ends_are_reached() {
        let (low, high) = (2.0, 50.0);
        for map in MAPS {
            assert!((map.map(0.0, low, high).0 - low).abs() < 1e-12, "{map:?}");
            assert!((map.map(1.0, low, high).0 - high).abs() < 1e-12, "{map:?}");
            for r in [0.1, 0.4, 0.8] {
                let step = 1e-6;
                let difference = map.map(r + step, low, high).0 - map.map(r - step, low, high).0;
                let jacobian = map.map(r, low, high).1;
                let error = difference / (2.0 * step) / jacobian - 1.0;
                assert!(error.abs() < 1e-6, "{map:?} {r}: {error}");
            }
        }
    }

    #[test]
    fn a_power_of_a_massless_propagator_may_begin_at_nothing() {
        for nu in [1.0, 1.5] {
            let (s, jacobian) = Invariant::Power { nu, shift: 0.0 }.map(0.5, 0.0, 4.0);
            assert!(s > 0.0 && jacobian.is_finite());
        }
    }
}
