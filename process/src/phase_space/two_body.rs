//! The decay of one system into two.
//!
//! ```text
//! d Phi_2 = 1/(8 pi) lambda^(1/2)(M^2, m1^2, m2^2)/M^2 d cos d phi/(4 pi)
//! ```
//!
//! with `d Phi_n = prod_i d^3p_i/((2 pi)^3 2 E_i) (2 pi)^4 delta^4(P - sum_i p_i)`, as everywhere in
//! this module. Byckling, Kajantie, "Particle kinematics", Wiley 1973, chapter V.

use std::f64::consts::{PI, TAU};

use crate::momentum::{Momentum, boost, kallen};

/// A decay: cosine and azimuth are flat in the rest frame of the parent, about the axis of the beams.
#[derive(Clone, Copy, Debug)]
pub struct TwoBody {
    /// of the parent, then of both daughters
    pub masses: [f64; 3],
}

impl TwoBody {
    /// Momentum of either daughter in the rest frame.
    pub fn momentum(&self) -> f64 {
        let [parent, first, second] = self.masses;
        0.5 * kallen(parent, first, second).sqrt() / parent
    }

    /// The volume: `lambda^(1/2)/(8 pi M^2)`.
    pub fn volume(&self) -> f64 {
        0.25 * self.momentum() / (PI * self.masses[0])
    }

    /// The daughters' momenta, where the parent has `parent`, at the random numbers `r`: cosine and
    /// azimuth. Their weight is [`TwoBody::volume`] everywhere.
    pub fn generate(&self, parent: Momentum, r: [f64; 2]) -> [Momentum; 2] {
        // 1 - cos^2 = 4 r (1 - r), without loss at the poles.
        let (cos, sin) = (2.0 * r[0] - 1.0, 2.0 * (r[0] * (1.0 - r[0])).sqrt());
        let (sin_phi, cos_phi) = (TAU * r[1]).sin_cos();
        self.at([sin * cos_phi, sin * sin_phi, cos], parent)
    }

    /// The daughters' momenta where the first one flies along `direction` (`[3]`, a unit vector in the
    /// rest frame of the parent).
    pub fn at(&self, direction: [f64; 3], parent: Momentum) -> [Momentum; 2] {
        let [mass, first, second] = self.masses;
        let p = self.momentum();
        let [x, y, z] = direction.map(|component| p * component);
        // Energies from the momentum: on shell to rounding.
        let rest = [[p.hypot(first), x, y, z], [p.hypot(second), -x, -y, -z]];
        rest.map(|daughter| boost(daughter, parent, mass))
    }
}

#[cfg(test)]
mod tests {
    use super::TwoBody;
    use crate::momentum::{mass2, sum};

    #[test]
    fn the_daughters_are_on_shell_and_make_up_the_parent() {
        let parent = [50.0, 10.0, -20.0, 30.0];
        let mass = mass2(parent).sqrt();
        let decay = TwoBody {
            masses: [mass, 3.0, 7.0],
        };
        for r in [[0.0, 0.0], [0.3, 0.9], [1.0, 0.5]] {
            let [p, q] = decay.generate(parent, r);
            assert!((mass2(p) - 9.0).abs() < 1e-11 && (mass2(q) - 49.0).abs() < 1e-11);
            for (total, expected) in sum(p, q).iter().zip(parent) {
                assert!((total - expected).abs() < 1e-13);
            }
        }
    }

    #[test]
    fn massless_daughters_have_the_known_volume() {
        let decay = TwoBody {
            masses: [3.0, 0.0, 0.0],
        };
        assert!((decay.volume() - 0.0397887358).abs() < 1e-10);
    }
}
