//! Four-vectors `(E, px, py, pz)` in `GeV` with the metric (+, -, -, -).

/// A four-vector.
pub type Momentum = [f64; 4];

/// `p + q`
pub fn sum(p: Momentum, q: Momentum) -> Momentum {
    [p[0] + q[0], p[1] + q[1], p[2] + q[2], p[3] + q[3]]
}

/// `p - q`
pub fn difference(p: Momentum, q: Momentum) -> Momentum {
    [p[0] - q[0], p[1] - q[1], p[2] - q[2], p[3] - q[3]]
}

/// `p . q`
pub fn dot(p: Momentum, q: Momentum) -> f64 {
    p[0] * q[0] - space_dot(p, q)
}

/// The product of the space parts.
pub fn space_dot(p: Momentum, q: Momentum) -> f64 {
    p[1] * q[1] + p[2] * q[2] + p[3] * q[3]
}

/// `p . p`; below zero for the difference of two momenta, or by rounding.
pub fn mass2(p: Momentum) -> f64 {
    // As a product of differences: less is lost where the energy is large.
    let space = space_dot(p, p).sqrt();
    (p[0] - space) * (p[0] + space)
}

/// `p` with its space part the other way.
pub fn mirrored(p: Momentum) -> Momentum {
    [p[0], -p[1], -p[2], -p[3]]
}

/// `p`, known where a system of momentum `frame` and mass `mass` is at rest, as it is where the system
/// has that momentum.
pub fn boost(p: Momentum, frame: Momentum, mass: f64) -> Momentum {
    let along = space_dot(p, frame);
    let factor = (p[0] + along / (frame[0] + mass)) / mass;
    [
        (p[0] * frame[0] + along) / mass,
        p[1] + factor * frame[1],
        p[2] + factor * frame[2],
        p[3] + factor * frame[3],
    ]
}

/// `p` seen from a frame that moves along -z with `rapidity`.
pub fn boost_along_z(p: Momentum, rapidity: f64) -> Momentum {
    // In light-cone components, where nothing cancels.
    let (plus, minus) = (
        (p[0] + p[3]) * rapidity.exp(),
        (p[0] - p[3]) * (-rapidity).exp(),
    );
    [0.5 * (plus + minus), p[1], p[2], 0.5 * (plus - minus)]
}

/// `p` turned such that the z axis comes to lie along the space part of `axis`.
pub fn turn_from_z(p: Momentum, axis: Momentum) -> Momentum {
    let length = space_dot(axis, axis).sqrt();
    if length == 0.0 {
        return p;
    }
    let across = axis[1].hypot(axis[2]);
    let (cos, sin) = (axis[3] / length, across / length);
    let (cos_phi, sin_phi) = if across > 0.0 {
        (axis[1] / across, axis[2] / across)
    } else {
        (1.0, 0.0)
    };
    let x = cos * p[1] + sin * p[3];
    [
        p[0],
        cos_phi * x - sin_phi * p[2],
        sin_phi * x + cos_phi * p[2],
        cos * p[3] - sin * p[1],
    ]
}

/// Momentum transverse to the beams.
pub fn transverse(p: Momentum) -> f64 {
    p[1].hypot(p[2])
}

/// `1/2 ln((E + pz)/(E - pz))`, from the transverse mass so that nothing cancels.
pub fn rapidity(p: Momentum) -> f64 {
    let transverse2 = mass2(p).max(0.0) + p[1] * p[1] + p[2] * p[2];
    (p[3] / transverse2.sqrt()).asinh()
}

/// `-ln tan(theta/2)`
pub fn pseudorapidity(p: Momentum) -> f64 {
    (p[3] / transverse(p)).asinh()
}

/// `sqrt(Delta eta^2 + Delta phi^2)` in pseudorapidity and azimuth.
pub fn delta_r(p: Momentum, q: Momentum) -> f64 {
    let eta = pseudorapidity(p) - pseudorapidity(q);
    let phi = (p[1] * q[2] - p[2] * q[1]).atan2(p[1] * q[1] + p[2] * q[2]);
    eta.hypot(phi)
}

/// `lambda(a^2, b^2, c^2) = (a^2 - b^2 - c^2)^2 - 4 b^2 c^2` of three masses, as a product: exact where
/// `a` is hardly above `b + c`; zero below.
pub fn kallen(a: f64, b: f64, c: f64) -> f64 {
    ((a - b - c) * (a + b + c) * (a - b + c) * (a + b - c)).max(0.0)
}

#[cfg(test)]
mod tests {
    use std::f64::consts::FRAC_PI_2;

    use super::{
        Momentum, boost, boost_along_z, delta_r, dot, kallen, mass2, pseudorapidity, rapidity,
        transverse, turn_from_z,
    };

    fn assert_near(a: Momentum, b: Momentum) {
        for (a, b) in a.iter().zip(b) {
            assert!((a - b).abs() < 1e-13, "{a} is not {b}");
        }
    }

    #[test]
    fn a_boost_takes_a_system_at_rest_to_its_momentum() {
        let frame = [5.0, 1.0, -2.0, 3.0_f64];
        let mass = mass2(frame).sqrt();
        assert_near(boost([mass, 0.0, 0.0, 0.0], frame, mass), frame);
        let (p, q) = ([2.0, 0.3, -0.7, 1.1], [3.0, 1.0, 0.0, -2.0]);
        let boosted = dot(boost(p, frame, mass), boost(q, frame, mass));
        assert!((boosted - dot(p, q)).abs() < 1e-12);
    }

    #[test]
    fn a_boost_along_z_adds_to_the_rapidity() {
        let p = [5.0, 1.0, -2.0, 3.0];
        let moved = boost_along_z(p, 0.7);
        assert!((rapidity(moved) - rapidity(p) - 0.7).abs() < 1e-14);
        assert!((mass2(moved) - mass2(p)).abs() < 1e-12);
    }

    #[test]
    fn the_z_axis_is_turned_to_any_axis() {
        for axis in [
            [0.0, 0.0, 0.0, -2.0],
            [0.0, 1.0, 2.0, -2.0],
            [0.0, 0.0, 0.0, 3.0],
        ] {
            let length = -mass2([0.0, axis[1], axis[2], axis[3]]);
            let turned = turn_from_z([1.0, 0.0, 0.0, length.sqrt()], axis);
            assert_near(turned, [1.0, axis[1], axis[2], axis[3]]);
        }
    }

    #[test]
    fn angles_are_those_of_their_definitions() {
        let p = [3.0_f64.sqrt(), 1.0, 1.0, 1.0];
        let eta = -(0.5 * (1.0 / 3.0_f64.sqrt()).acos()).tan().ln();
        assert!((pseudorapidity(p) - eta).abs() < 1e-14);
        assert!((rapidity(p) - eta).abs() < 1e-7, "massless up to rounding");
        assert!((transverse(p) - 2.0_f64.sqrt()).abs() < 1e-15);
        let q = [3.0_f64.sqrt(), -1.0, 1.0, 1.0];
        assert!((delta_r(p, q) - FRAC_PI_2).abs() < 1e-14);
        assert!((kallen(5.0, 1.0, 2.0) - 384.0).abs() < 1e-12);
    }
}
