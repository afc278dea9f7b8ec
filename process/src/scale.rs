//! The scale of a scattering: of the strong coupling, of parton densities, and what showers read.

use crate::momentum::{Momentum, mass2, transverse};

/// How the scale follows from the momenta.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scale {
    /// always the same, in `GeV`
    Fixed(f64),
    /// the mass of all that goes out
    Mass,
    /// half the sum of the transverse masses `sqrt(m^2 + pt^2)` of what goes out
    HalfHt,
}

impl Scale {
    /// The scale in `GeV`, of outgoing `momenta` (`[n]`) of total mass `mass`.
    pub fn of(&self, momenta: &[Momentum], mass: f64) -> f64 {
        match *self {
            Self::Fixed(scale) => scale,
            Self::Mass => mass,
            Self::HalfHt => {
                let transverse_mass =
                    |p: &Momentum| mass2(*p).max(0.0).sqrt().hypot(transverse(*p));
                0.5 * momenta.iter().map(transverse_mass).sum::<f64>()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Scale;

    #[test]
    fn scales_are_those_of_their_definitions() {
        let momenta = [[5.0, 3.0, 0.0, 0.0], [5.0, -3.0, 0.0, 0.0]];
        let scale = |scale: Scale| scale.of(&momenta, 10.0);
        assert!((scale(Scale::Fixed(91.0)) - 91.0).abs() < 1e-12);
        assert!((scale(Scale::Mass) - 10.0).abs() < 1e-12);
        assert!((scale(Scale::HalfHt) - 5.0).abs() < 1e-12);
    }
}
