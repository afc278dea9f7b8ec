//! Events of e+ e- -> mu+ mu-: the built-in integrand `ee-mumu` with momenta.
//!
//! y = (cos, phi) of the mu- against the e-, which flies along +z; massless leptons, no structure of
//! the beams. The scale is the centre-of-mass energy.

use thalweg::event::{Beam, Event, Particle, Process};
use thalweg::{Integrand, IntegrandError, Points};
use thalweg_integrands::Problem;

/// The electromagnetic coupling that the integrand is made with.
const ALPHA: f64 = 1.0 / 127.95;

/// The integrand, and the energy that it was made for.
pub(crate) struct EeMuMu {
    problem: Problem,
    sqrt_s: f64,
}

impl EeMuMu {
    /// The scatterings of `problem`; `None` if it is another one.
    pub(crate) fn new(problem: &Problem) -> Option<Self> {
        let mut parameters = problem.parameters.iter();
        let (_, sqrt_s) =
            parameters.find(|(name, _)| problem.name == "ee-mumu" && name == "sqrt_s")?;
        Some(Self {
            problem: problem.clone(),
            sqrt_s: *sqrt_s,
        })
    }
}

impl Integrand for EeMuMu {
    fn dim(&self) -> usize {
        2
    }

    fn eval(&self, points: &Points<'_>, values: &mut [f64]) -> Result<(), IntegrandError> {
        for (y, value) in points.iter().zip(values) {
            *value = self.problem.eval(y);
        }
        Ok(())
    }
}

impl Process for EeMuMu {
    fn beams(&self) -> [Beam; 2] {
        let energy = self.sqrt_s / 2.0;
        [11, -11].map(|id| Beam { id, energy, pdf: 0 })
    }

    fn event(&self, y: &[f64], _: f64) -> Result<Event, IntegrandError> {
        let (cos, energy) = (y[0], self.sqrt_s / 2.0);
        let sin = ((1.0 - cos) * (1.0 + cos)).sqrt();
        let (x, y, z) = (
            sin * y[1].cos() * energy,
            sin * y[1].sin() * energy,
            cos * energy,
        );
        let particle = |id, status, mothers, [px, py, pz]: [f64; 3]| Particle {
            id,
            status,
            mothers,
            colors: [0, 0],
            momentum: [energy, px, py, pz],
            mass: 0.0,
            lifetime: 0.0,
            spin: 9.0,
        };
        Ok(Event {
            process: 1,
            weight: 1.0,
            scale: self.sqrt_s,
            couplings: [ALPHA, -1.0],
            particles: vec![
                particle(11, -1, [0, 0], [0.0, 0.0, energy]),
                particle(-11, -1, [0, 0], [0.0, 0.0, -energy]),
                particle(13, 1, [1, 2], [x, y, z]),
                particle(-13, 1, [1, 2], [-x, -y, -z]),
            ],
            variations: Vec::new(),
        })
    }
}
